"""The shapes that a sample company is written in: people, channels and groups.

They hold data; nothing here is sown anywhere.
"""

import base64
import hashlib
from dataclasses import dataclass

from storage.catalogue import Entitlement, Owner

MAIL_DOMAIN = "lovelace.example"


@dataclass(frozen=True, kw_only=True)
class Person:
    """One person in Slack, in the directory, or in both.

    slack: Slack id. login: also the local part of the address. in_directory: has an account there.
    linked: the Slack account is already pinned to the directory's. manager: login of somebody here.
    locked: too many wrong sign-ins. team_id: another workspace's, for a stranger.
    """

    slack: str
    login: str
    name: str
    title: str
    team: str = ""
    company: str = "Lovelace Ltd"
    employment: str = "employee"
    manager: str | None = None
    domain: str = MAIL_DOMAIN
    in_directory: bool = True
    linked: bool = True
    guest: bool = False
    team_id: str | None = None
    locked: bool = False
    password_days: int = 60

    @property
    def account(self) -> str:
        """The id of the directory account."""
        return account_of(self.login)

    @property
    def mail(self) -> str:
        """The address, the same in Slack and in the directory."""
        return f"{self.login}@{self.domain}"

    @property
    def password(self) -> str:
        """The password to begin with. Everybody can work it out: nothing of the demo leaves this machine."""
        return f"{self.login} walks through the small door"

    @property
    def seed(self) -> str:
        """The key of the authenticator that a linked person has set up, in base32; as little of a secret."""
        return base64.b32encode(hashlib.sha256(f"wicket demo {self.login}".encode()).digest()[:20]).decode()


@dataclass(frozen=True, kw_only=True)
class Channel:
    """One Slack channel. members: logins. shared: with another company's workspace."""

    id: str
    name: str
    members: tuple[str, ...]
    topic: str = ""
    private: bool = False
    shared: bool = False


@dataclass(frozen=True, kw_only=True)
class Group:
    """One directory group: who is in it before Wicket comes. people: logins. admin: its members are privileged."""

    name: str
    people: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    admin: bool = False


@dataclass(frozen=True, kw_only=True)
class Company:
    """A whole company. directory: the name that entitlements use. security: the group that decides for security.

    help_desk: the group of those who speak to people who cannot help themselves. petition_channel: where they decide.
    on_call: the login of whoever is told by mail what nobody acknowledges in Slack.
    """

    name: str
    slack_team: str
    directory: str
    security: str
    security_channel: str
    people: tuple[Person, ...]
    channels: tuple[Channel, ...]
    groups: tuple[Group, ...]
    owners: tuple[Owner, ...]
    entitlements: tuple[Entitlement, ...]
    help_desk: str = ""
    petition_channel: str = ""
    on_call: str = ""

    def person(self, login: str) -> Person:
        """The person with this login. LookupError if there is none."""
        for person in self.people:
            if person.login == login:
                return person
        raise LookupError(f"nobody here has the login {login}")

    def channel(self, name: str) -> Channel:
        """The channel with this name. LookupError if there is none."""
        for channel in self.channels:
            if channel.name == name:
                return channel
        raise LookupError(f"there is no channel {name}")


def account_of(login: str) -> str:
    """The id of a directory account: it outlives a new login, so it is not the login."""
    return f"p-{login}"
