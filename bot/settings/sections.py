"""The sections of `wicket.toml`: what may stand in each, its default and its limits.

No secret has a place here; secrets come from the environment alone.
"""

from datetime import time
from pathlib import Path
from typing import Annotated, Literal, Self, get_args

from pydantic import Field, SecretStr, model_validator

from bot.settings.database import EXAMPLE, is_server, wrong_with
from bot.settings.detectors import DetectorsSection
from bot.settings.directories import DirectorySection
from bot.settings.exceptions import ExceptionsSection
from bot.settings.help_desk import HelpDeskSection
from bot.settings.incidents import IncidentsSection
from bot.settings.oidc import OidcSection
from bot.settings.policies import PolicySection
from bot.settings.replica import replica_here
from bot.settings.section import Section
from bot.settings.shapes import (
    ChannelId,
    EnterpriseId,
    Line,
    MailAddress,
    Network,
    Origin,
    Slug,
    TeamId,
    TimeOfDay,
    WebAddress,
    ZoneName,
    is_loopback,
)
from bot.settings.siem import SiemSection
from storage.engine.stores import Server, Store

Transport = Literal["socket", "http"]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)
Port = Annotated[int, Field(ge=1, le=65535)]


class SlackSection(Section):
    """[slack]: which workspace, how its payloads arrive, and where exceptions go."""

    transport: Transport = Field(default="socket", examples=["socket"])
    teams: tuple[TeamId, ...] = Field(min_length=1, examples=[["T0123ABCD"]])
    enterprise: EnterpriseId | None = Field(default=None, examples=["E0123ABCD"])
    api_url: WebAddress | None = Field(default=None, examples=["https://slack.com/api/"])
    security_channel: ChannelId = Field(examples=["C0123ABCD"])
    trust_email: bool = Field(default=False, examples=[False])
    translation: Path | None = Field(default=None, examples=["wicket.mo"])
    time_zone: ZoneName = Field(default="UTC", examples=["Europe/Berlin"])


class ServerSection(Section):
    """[server]: where the web server listens, and the one origin by which people reach its secure page."""

    host: Line = Field(default="127.0.0.1", examples=["127.0.0.1"])
    port: Port = Field(default=8080, examples=[8080])
    public_url: Origin = Field(examples=["https://wicket.example.com"])
    trusted_proxies: tuple[Network, ...] = Field(default=(), examples=[["10.0.0.5"]])
    translations: tuple[Path, ...] = Field(default=(), examples=[["wicket-de.mo"]])
    replica: Slug = Field(default_factory=replica_here, examples=["wicket-1"])

    @model_validator(mode="after")
    def _plain_only_at_home(self) -> Self:
        if self.public_url.startswith("http:") and not is_loopback(self.host):
            raise ValueError(
                "public_url may begin with http:// only while host is this machine alone. "
                'Write, under [server]: host = "127.0.0.1", or a public_url with https://'
            )
        return self


class DatabaseSection(Section):
    """[database]: where the tables are kept: a SQLite file, or a PostgreSQL database that replicas share."""

    url: Line = Field(default="wicket.db", examples=["wicket.db"])

    @model_validator(mode="after")
    def _usable(self) -> Self:
        if is_server(self.url):
            if wrong := wrong_with(self.url):
                raise ValueError(wrong)
            return self
        scheme, found, _ = self.url.partition("://")
        if found and scheme != "sqlite":
            raise ValueError(
                "is neither a file nor an address of PostgreSQL. "
                f'Write, under [database]: url = "wicket.db" or url = "{EXAMPLE}"'
            )
        if ":memory:" in self.url or self.path.name == "":
            raise ValueError(
                'needs a file that outlives the process. Write, under [database]: url = "wicket.db"'
            )
        return self

    @property
    def path(self) -> Path:
        """The SQLite file. ValueError where PostgreSQL keeps the tables."""
        if is_server(self.url):
            raise ValueError("PostgreSQL keeps the tables in no file of ours")
        return Path(self.url.removeprefix("sqlite:///"))

    def store(self, password: SecretStr | None) -> Store:
        """Where the tables are, with what opens it."""
        if not is_server(self.url):
            return self.path
        return Server(url=self.url, password=password.get_secret_value() if password is not None else None)


class MailSection(Section):
    """[mail]: the SMTP server that tells people, outside Slack, what happened to their account."""

    host: Line = Field(examples=["smtp.example.com"])
    port: Port = Field(default=587, examples=[587])
    sender: MailAddress = Field(examples=["wicket@example.com"])
    encryption: Literal["starttls", "tls", "none"] = Field(default="starttls", examples=["starttls"])
    username: Line | None = Field(default=None, examples=["wicket"])

    @model_validator(mode="after")
    def _never_in_clear(self) -> Self:
        if self.encryption == "none" and not is_loopback(self.host):
            raise ValueError(
                'encryption = "none" is only for a server on this machine. Write "starttls" or "tls" instead'
            )
        return self


class SecuritySection(Section):
    """[security]: who acts for security, and how narrow the secure page and open requests are held."""

    approvers_group: Line = Field(examples=["security-team"])
    # Who speaks to people who cannot help themselves; without a group nobody counts as the help desk.
    help_desk: Line | None = Field(default=None, examples=["help-desk"])
    # A code sent to a person is worth ten minutes at most (SP 800-63B-4, 3.1.3), so the page it opens is too.
    link_minutes: int = Field(default=10, ge=1, le=10, examples=[10])
    # An emergency stop is lifted by two people; so that one who is left can, an operator's word may be one of the two.
    operators_lift: bool = Field(default=False, examples=[False])
    # For one decision at once after it: what is older is no proof of who decides now.
    fresh_proof_minutes: int = Field(default=5, ge=1, le=10, examples=[5])
    wrong_code_limit: int = Field(default=10, ge=1, le=100, examples=[10])
    company_words: tuple[Line, ...] = Field(default=(), examples=[["acme", "wicket"]])
    request_lapse_hours: int = Field(default=24, ge=1, le=168, examples=[24])
    # Over everybody (P-7). unusual_times: 0 goes by the two numbers alone.
    resets_an_hour: int = Field(default=30, ge=1, le=100_000, examples=[30])
    wrong_proofs_an_hour: int = Field(default=100, ge=10, le=100_000, examples=[100])
    unusual_times: int = Field(default=10, ge=0, le=1000, examples=[10])
    alarms_an_hour: int = Field(default=10, ge=1, le=1000, examples=[10])
    # Of petitions (P-14): nobody has less than four hours to object.
    cool_off_hours: int = Field(default=4, ge=4, le=72, examples=[4])
    petition_channel: ChannelId | None = Field(default=None, examples=["C0HELPDESK"])


class FrontDoorSection(Section):
    """[front_door]: the way to the page without Slack, for whoever forgot the password that Slack is behind."""

    open: bool = Field(default=True, examples=[True])
    directory: Slug | None = Field(default=None, examples=["corp"])
    an_hour: int = Field(default=5, ge=1, le=100, examples=[5])
    an_hour_from_one_address: int = Field(default=60, ge=1, le=10_000, examples=[60])


class VouchingSection(Section):
    """[vouching]: whether, and how narrowly, somebody's manager or the help desk can vouch for them."""

    open: bool = Field(default=True, examples=[True])
    # A code that is read out is worth ten minutes at most (SP 800-63B-4, 4.2).
    code_minutes: int = Field(default=10, ge=1, le=10, examples=[10])
    # Never nothing: the person has to hear of it first.
    cool_off_minutes: int = Field(default=60, ge=10, le=1440, examples=[60])
    counts_hours: int = Field(default=8, ge=1, le=24, examples=[8])
    asked_a_day: int = Field(default=5, ge=1, le=50, examples=[5])


class EmergenciesSection(Section):
    """[emergencies]: breaking the glass: what incident ids look like, how much at a time, and who must have heard."""

    # Of incident ids like INC-4711; without any, every such key will do.
    incidents: tuple[Slug, ...] = Field(default=(), examples=[["inc"]])
    most_of_one_person: int = Field(default=1, ge=1, le=5, examples=[1])
    most_in_all: int = Field(default=3, ge=1, le=20, examples=[3])
    # The same by the same person sooner than this needs a second person (B-1).
    again_hours: int = Field(default=24, ge=1, le=168, examples=[24])
    # Nothing is granted until the alert was taken, nor if that takes longer (B-2).
    tell_within_seconds: int = Field(default=60, ge=20, le=300, examples=[60])
    fallback: Literal["none", "outside", "security"] = Field(default="none", examples=["none"])
    # Of reviews and drills (B-3, B-4). weekend: days that do not count, by [slack] time_zone. 0: no drill is missed.
    weekend: tuple[Weekday, ...] = Field(
        default=WEEKDAYS[5:], max_length=6, examples=[["saturday", "sunday"]]
    )
    drill_every_days: int = Field(default=30, ge=0, le=366, examples=[30])


class LimitsSection(Section):
    """[limits]: how much one person may ask before Wicket asks them to wait."""

    requests_a_minute: int = Field(default=30, ge=1, le=1_000_000, examples=[30])


class HoursSection(Section):
    """[hours]: when the company works, for policies that ask. Without this section such a policy refuses."""

    time_zone: ZoneName = Field(examples=["Europe/Berlin"])
    days: tuple[Weekday, ...] = Field(default=WEEKDAYS[:5], min_length=1, examples=[["monday", "friday"]])
    begins: TimeOfDay = Field(default=time(9), examples=["09:00"])
    ends: TimeOfDay = Field(default=time(17), examples=["17:00"])

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.begins >= self.ends:
            raise ValueError(
                'begins must be before ends, on the same day. Write begins = "09:00", ends = "17:00"'
            )
        return self


class DriftSection(Section):
    """[drift]: how often the directories are compared with what was granted and declared."""

    every_minutes: int = Field(default=15, ge=1, le=1440, examples=[15])


class AuditSection(Section):
    """[audit]: where checkpoints are published outside the database, and how often the store is held against them.

    published: None for a place of Wicket's own (bot.settings.own_place).
    walk_hours: within how many the whole of it is walked over, entry by entry.
    """

    published: Path | None = Field(default=None, examples=["/mnt/elsewhere/wicket-checkpoints.txt"])
    every_seconds: int = Field(default=30, ge=1, le=3600, examples=[30])
    walk_hours: int = Field(default=24, ge=1, le=168, examples=[24])


class BulletinsSection(Section):
    """[bulletins]: when the security channel gets its digest each week, and its checkpoint each day."""

    day: Weekday = Field(default="monday", examples=["monday"])
    hour: int = Field(default=9, ge=0, le=23, examples=[9])

    @property
    def weekday(self) -> int:
        """The day as a number, from 0 for Monday."""
        return WEEKDAYS.index(self.day)


class LogsSection(Section):
    """[logs]: how much is logged, and for whom it is laid out."""

    level: Literal["debug", "info", "warning", "error"] = Field(default="info", examples=["info"])
    layout: Literal["json", "console"] = Field(default="json", examples=["json"])


class CatalogueSection(Section):
    """[catalogue]: where entitlements are written down, and the words they may use.

    The two lists are closed because policies compare these words: a misspelt "production" would be no production.
    """

    file: Path | None = Field(default=None, examples=["catalogue.toml"])
    directory: Path | None = Field(default=None, examples=["catalogue"])
    environments: tuple[Slug, ...] = Field(
        default=("production", "staging", "test", "development", "corporate"),
        examples=[["production", "staging"]],
    )
    kinds: tuple[Slug, ...] = Field(
        default=("admin", "application", "database", "group", "network", "repository", "server", "tool"),
        examples=[["admin", "database"]],
    )


class Sections(Section):
    """The sections that the program runs by."""

    slack: SlackSection
    server: ServerSection
    database: DatabaseSection = DatabaseSection()
    directories: dict[Slug, DirectorySection] = Field(min_length=1, examples=["local"])
    mail: MailSection
    security: SecuritySection
    oidc: OidcSection | None = Field(default=None, examples=[None])
    front_door: FrontDoorSection = FrontDoorSection()
    vouching: VouchingSection = VouchingSection()
    emergencies: EmergenciesSection = EmergenciesSection()
    help_desk: HelpDeskSection = HelpDeskSection()
    limits: LimitsSection = LimitsSection()
    hours: HoursSection | None = Field(default=None, examples=[None])
    drift: DriftSection = DriftSection()
    audit: AuditSection = AuditSection()
    bulletins: BulletinsSection = BulletinsSection()
    exceptions: ExceptionsSection = ExceptionsSection()
    policy: PolicySection = PolicySection()
    incidents: IncidentsSection = IncidentsSection()
    detectors: DetectorsSection = DetectorsSection()
    siem: SiemSection | None = Field(default=None, examples=[None])
    logs: LogsSection = LogsSection()
