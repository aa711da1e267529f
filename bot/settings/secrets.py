"""The secrets of a running Wicket: read from `WICKET_…` or the file that `WICKET_…_FILE` names.

They are never read from anywhere else, and never appear in a repr, a log line or an error.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from bot.settings.incidents import read_keys
from bot.settings.problems import Problem
from storage.audit.checkpoint import BadKey, Signer, read_signer
from storage.faults import SettingsFault
from storage.secrets import Vault, generate_key

SecretName = Literal[
    "slack_bot_token",
    "slack_app_token",
    "slack_signing_secret",
    "secret_keys",
    "audit_key",
    "smtp_password",
    "database_password",
    "oidc_client_secret",
    "siem_token",
    "incident_secret",
]


class Secrets(BaseModel):
    """What must stay secret. None: not given, which only `need` complains about.

    secret_keys: comma-separated keys of 32 bytes in URL-safe base64, newest first. audit_key: the text
    of an Ed25519 signer, which signs checkpoints. incident_secret: comma-separated secrets of Standard Webhooks, each
    of which signs. directory_passwords: of Wicket's accounts, by directory.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    slack_bot_token: SecretStr | None = None
    slack_app_token: SecretStr | None = None
    slack_signing_secret: SecretStr | None = None
    secret_keys: SecretStr | None = None
    audit_key: SecretStr | None = None
    smtp_password: SecretStr | None = None
    database_password: SecretStr | None = None
    oidc_client_secret: SecretStr | None = None
    siem_token: SecretStr | None = None
    incident_secret: SecretStr | None = None
    directory_passwords: Mapping[str, SecretStr] = Field(default_factory=dict)

    def need(self, name: SecretName) -> SecretStr:
        """The secret of this name. Raises SettingsFault, naming its variable, when it was not given."""
        found = getattr(self, name)
        if isinstance(found, SecretStr):
            return found
        raise SettingsFault(missing(name).line)

    def need_for(self, directory: str) -> SecretStr:
        """The password of Wicket's account in this directory. Raises SettingsFault when it was not given."""
        if directory in self.directory_passwords:
            return self.directory_passwords[directory]
        raise SettingsFault(missing_password(directory).line)

    def vault(self) -> Vault:
        """What seals secrets at rest. Raises SettingsFault without a key."""
        return Vault(_split(self.need("secret_keys").get_secret_value()))

    def signer(self) -> Signer:
        """What signs the checkpoints of the audit store. Raises SettingsFault without a key."""
        read = read_signer(self.need("audit_key").get_secret_value())
        if isinstance(read, BadKey):
            raise SettingsFault(f"{variable('audit_key')}: {read.reason}. Set it to {_WHERE['audit_key']}.")
        return read

    def incident_keys(self) -> tuple[bytes, ...]:
        """What signs what the incident tool is told, each of them at once. Raises SettingsFault without one."""
        return read_keys(self.need("incident_secret").get_secret_value()) or ()

    def values(self) -> tuple[str, ...]:
        """Every secret in clear, single keys apart, for whoever must keep them out of logs."""
        given = [
            found.get_secret_value() for name in NAMES if isinstance(found := getattr(self, name), SecretStr)
        ]
        given += [password.get_secret_value() for password in self.directory_passwords.values()]
        return tuple(dict.fromkeys(part for value in given for part in (value, *_split(value))))


NAMES: tuple[SecretName, ...] = get_args(SecretName)
_WHERE: Mapping[SecretName, str] = {
    "slack_bot_token": 'the "Bot User OAuth Token" of your Slack app',
    "slack_app_token": "an app-level token of your Slack app with connections:write",
    "slack_signing_secret": "the signing secret of your Slack app",
    "secret_keys": "a key that `wicket keygen` made",
    "audit_key": "a key that `wicket keygen` made",
    "smtp_password": "the password of [mail] username",
    "database_password": "the password of the user in [database] url",
    "oidc_client_secret": "the secret of [oidc] client_id, or its private key in PEM",
    "siem_token": "the token that [siem] url asks for",
    "incident_secret": "the secret that [incidents] webhook verifies signatures by",
}


def new_key() -> str:
    """A fresh key fit for WICKET_SECRET_KEYS."""
    return generate_key()


def new_audit_key(log: str = "wicket") -> str:
    """A fresh Ed25519 key for the log of this name, fit for WICKET_AUDIT_KEY. ValueError for an unfit name."""
    return Signer.generate(log).secret_text()


def variable(name: SecretName) -> str:
    """The environment variable of a secret."""
    return f"WICKET_{name.upper()}"


def password_variable(directory: str) -> str:
    """The environment variable of the password of Wicket's account in a directory."""
    return f"WICKET_DIRECTORY_{re.sub('[^A-Z0-9]', '_', directory.upper())}_PASSWORD"


def missing_password(directory: str) -> Problem:
    """That the password for a directory was not given."""
    return _missing(password_variable(directory), f"the password of bind_dn in [directories.{directory}]")


def missing(name: SecretName) -> Problem:
    """That a needed secret was not given."""
    return _missing(variable(name), _WHERE[name])


def _missing(wanted: str, what: str) -> Problem:
    return Problem(name=wanted, wrong="is missing", mend=f"Set it, or {wanted}_FILE, to {what}.")


def read_secrets(
    environ: Mapping[str, str], directories: Iterable[str] = ()
) -> tuple[Secrets, list[Problem]]:
    """The secrets that were given, and what is wrong with them; a wrong one is left out.

    directories: the names of those in which Wicket has an account with a password.
    """
    found: dict[str, SecretStr] = {}
    problems: list[Problem] = []
    for name in NAMES:
        value, problem = _read(variable(name), _WHERE[name], environ)
        problem = problem or (_misshapen(name, value) if value is not None else None)
        if problem is not None:
            problems.append(problem)
        elif value is not None:
            found[name] = SecretStr(value)
    passwords: dict[str, SecretStr] = {}
    for directory in directories:
        what = f"the password of bind_dn in [directories.{directory}]"
        value, problem = _read(password_variable(directory), what, environ)
        if problem is not None:
            problems.append(problem)
        elif value is not None:
            passwords[directory] = SecretStr(value)
    return Secrets(**found, directory_passwords=passwords), problems


def _read(direct: str, what: str, environ: Mapping[str, str]) -> tuple[str | None, Problem | None]:
    by_file = f"{direct}_FILE"
    if direct in environ and by_file in environ:
        return None, Problem(name=direct, wrong=f"is set and so is {by_file}", mend="Keep one of them.")
    if by_file in environ:
        return _read_file(by_file, environ[by_file])
    if direct not in environ:
        return None, None
    value = environ[direct].strip()
    return (
        (value, None) if value else (None, Problem(name=direct, wrong="is empty", mend=f"Set it to {what}."))
    )


def _read_file(name: str, path: str) -> tuple[str | None, Problem | None]:
    try:
        value = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        # The path is not repeated: a secret put here by mistake would be shown.
        return None, Problem(
            name=name, wrong="names a file that cannot be read", mend="Check the path and its rights."
        )
    return (
        (value, None) if value else (None, Problem(name=name, wrong="names an empty file", mend="Fill it."))
    )


def _token(prefix: str, what: str) -> Callable[[str], str | None]:
    def check(value: str) -> str | None:
        return (
            None
            if re.fullmatch(rf"{prefix}[A-Za-z0-9._-]+", value)
            else f"is not {what}: that begins with {prefix}"
        )

    return check


def _keys(value: str) -> str | None:
    try:
        Vault(_split(value))
    except SettingsFault:
        return "is not one or several keys of 32 bytes in URL-safe base64, with commas between"
    return None


def _audit(value: str) -> str | None:
    read = read_signer(value)
    return f"is not a signing key: {read.reason}" if isinstance(read, BadKey) else None


def _incident(value: str) -> str | None:
    if read_keys(value) is not None:
        return None
    return "is not one or several of whsec_ and 24 to 64 bytes in base64, with commas between"


def _signing(value: str) -> str | None:
    return (
        None
        if re.fullmatch(r"[A-Za-z0-9]{16,}", value)
        else "is not a signing secret: letters and digits alone"
    )


_SHAPES: Mapping[SecretName, Callable[[str], str | None]] = {
    "slack_bot_token": _token("xoxb-", "a bot token"),
    "slack_app_token": _token("xapp-", "an app-level token"),
    "slack_signing_secret": _signing,
    "secret_keys": _keys,
    "audit_key": _audit,
    "incident_secret": _incident,
}


def _misshapen(name: SecretName, value: str) -> Problem | None:
    check = _SHAPES.get(name)
    wrong = check(value) if check is not None else None
    return Problem(name=variable(name), wrong=wrong, mend=f"Set it to {_WHERE[name]}.") if wrong else None


def _split(written: str) -> tuple[str, ...]:
    return tuple(part for raw in written.split(",") if (part := raw.strip()))
