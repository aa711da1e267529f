"""The LDAP directory: the port filled from servers that speak RFC 4511, OpenLDAP first among them.

It does not know Active Directory, and it holds nothing between two calls but connections.
"""

import secrets
import time
from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from ldap3.protocol.rfc3062 import PasswdModifyRequestValue

from storage.clock import Clock, utc_now
from storage.directories import ldap_policy
from storage.directories.base import (
    Account,
    Capabilities,
    Finding,
    Group,
    Membership,
    Pair,
    PasswordRejected,
    TemporaryPass,
    one_by_one,
)
from storage.directories.described import Described, Where
from storage.directories.ldap_accounts import Accounts
from storage.directories.ldap_connections import Connections
from storage.directories.ldap_groups import Groups
from storage.directories.ldap_names import escape_value
from storage.directories.ldap_reach import examine_servers
from storage.directories.ldap_rights import Rights
from storage.directories.ldap_service import PASSWORD_POLICY
from storage.directories.ldap_session import (
    CONSTRAINT_VIOLATION,
    INVALID_CREDENTIALS,
    NO_SUCH_ATTRIBUTE,
    NO_SUCH_OBJECT,
    NOTHING,
    SUCCESS,
    UNWILLING,
    Answer,
    ChangeUnknown,
    Entry,
    Session,
    delete,
    replace,
)
from storage.directories.ldap_shape import LdapShape
from storage.faults import DirectoryUnavailable
from storage.sentences import template

_MODIFY_PASSWORD = "1.3.6.1.4.1.4203.1.11.1"  # noqa: S105 - an object identifier (RFC 3062)
# Seconds for reading the names of all groups: tens of thousands come by pages.
LISTING = 30.0
# What servers answer to a sign-in that they refuse: wrong, without a password, unwilling, over a limit, gone.
_NOT_SIGNED_IN = frozenset({INVALID_CREDENTIALS, CONSTRAINT_VIOLATION, NO_SUCH_OBJECT, UNWILLING, 48})
_NOT_AS_SAID = template("The directory {directory} said it was done, but reading it back shows it was not.")
_NO_ACCOUNT = template("The directory {directory} has no account {account}, so nothing was changed.")
_SWITCHED_OFF = template("The directory {directory} has switched off this account, so nothing was changed.")
_NOT_SHOWN = template("The directory {directory} has no {base}, or does not show it to Wicket's account.")


class LdapDirectory:
    """Fills the directory port (storage.directories.base.Directory) from LDAP servers, on threads of its own.

    connections: to the servers, as the service account; `close` closes them. shape: what stands where.
    """

    def __init__(
        self,
        connections: Connections,
        shape: LdapShape,
        *,
        name: str = "ldap",
        now: Clock = utc_now,
        groups: Groups | None = None,
        accounts: Accounts | None = None,
    ) -> None:
        self.name = name
        self.capabilities = Capabilities(
            set_password=shape.password_changes,
            unlock=True,
            switch=True,
            sessions=False,
            ends_memberships=False,
            removal_takes_effect=shape.removal_takes_effect,
        )
        self._connections, self._shape, self._now = connections, shape, now
        self._groups = groups or Groups(shape, name)
        self._accounts = accounts or Accounts(shape, self._groups, name)

    def close(self) -> None:
        """Let go of the servers. Idempotent."""
        self._connections.close()

    async def account(self, account_id: str) -> Account | None:
        """The account with this stable id, or None if the directory says there is none."""
        return await self._account(lambda session: self._accounts.by_id(session, account_id))

    async def account_by_login(self, login: str) -> Account | None:
        """The account that signs in with this name; DirectoryUnavailable if there are several."""
        return await self._account(lambda session: self._accounts.by_login(session, login))

    async def accounts_by_mail(self, mail: str) -> list[Account]:
        """All accounts with this mail address, compared as the server compares: without case."""
        return await self._all(lambda session: self._accounts.by_mail(session, mail))

    async def accounts_of(self, person: str) -> list[Account]:
        """All accounts of the person with this number, if the directory keeps such numbers."""
        return await self._all(lambda session: self._accounts.of_person(session, person))

    async def group(self, name: str) -> Group | None:
        """The group of this name with everybody in it; None if there is none."""

        def work(session: Session) -> Group | None:
            now = self._now()
            found = self._groups.find(session, name)
            return None if found is None else self._groups.read(session, found, now)

        return await self._connections.run(work)

    async def group_names(self) -> frozenset[str]:
        """The names of all groups below the base."""
        return await self._connections.run(self._groups.names, within=LISTING)

    async def people(self) -> list[str]:
        """The ids of all people below the base, sorted."""
        return await self._connections.run(self._accounts.ids, within=LISTING)

    async def described(self, where: Where) -> tuple[Described, ...]:
        """All groups with lines for Wicket in this attribute."""
        return await self._connections.run(
            lambda session: self._groups.described(session, where), within=LISTING
        )

    async def membership(self, account_id: str, group: str) -> Membership:
        """Whether the account is a direct member of the group."""

        def work(session: Session) -> Membership:
            now = self._now()
            account, found = self._wherever(session, account_id, group)
            if account is None or found is None:
                return Membership(present=False, read_at=now)
            return self._membership(session, found, account, now)

        return await self._connections.run(work)

    async def add_member(self, account_id: str, group: str, *, until: datetime | None = None) -> None:
        """Make it a direct member, and see on the same server that it is one. Idempotent."""

        def work(session: Session) -> None:
            account, found = self._accounts.by_id(session, account_id), self._groups.find(session, group)
            if account is None or found is None:
                missing = f"account {account}" if account is None else f"group {group}"
                raise DirectoryUnavailable(
                    "The directory {directory} has no {missing}, so nobody was added.",
                    directory=self.name,
                    missing=missing,
                )
            self._add(session, found, account, until)
            self._read_back(session, account_id, group, wanted=True)

        await self._connections.run(work)

    async def remove_member(self, account_id: str, group: str) -> None:
        """End its direct membership, and see on the same server that it ended. Idempotent."""

        def work(session: Session) -> None:
            account, found = self._wherever(session, account_id, group)
            if account is not None and found is not None:
                self._groups.remove(session, found, account)
                self._read_back(session, account_id, group, wanted=False)

        await self._connections.run(work)

    async def memberships_of(self, pairs: Sequence[Pair]) -> list[Membership | DirectoryUnavailable]:
        """One after another: each is looked for by itself."""
        return await one_by_one(self.membership, pairs, within=self._connections.timeout)

    async def remove_members(self, pairs: Sequence[Pair]) -> list[DirectoryUnavailable | None]:
        """One after another."""
        return await one_by_one(self.remove_member, pairs, within=self._connections.timeout)

    async def verify_password(self, account_id: str, password: str) -> bool:
        """Whether this password signs the account in now: by a bind on a connection of its own.

        A password that must be changed first does not count: whoever gave it out knows it too.
        """

        def work(session: Session) -> bool:
            entry = self._accounts.by_id(session, account_id)
            answer = session.sign_in(entry.dn if entry else self._nobody(), password)
            if not self._signed_in(session, answer) or entry is None or ldap_policy.must_change_first(answer):
                return False
            standing = self._accounts.standing(session, entry, self._now())
            return self._accounts.is_active(entry, standing) and not standing.must_change

        # Servers take a bind without a password for an anonymous one, and say yes (RFC 4513, 5.1.2).
        return bool(password) and await self._connections.run(work, repeat=False)

    async def set_password(self, account_id: str, password: str) -> PasswordRejected | None:
        """Replace the password, so that the server's own rules apply.

        When the connection breaks in the middle, signing in with it shows whether it was changed.
        """
        started = time.monotonic()
        try:
            return await self._connections.run(
                lambda session: self._set_password(session, self._known(session, account_id), password),
                repeat=False,
            )
        except ChangeUnknown:
            left = self._connections.timeout - (time.monotonic() - started)
            if left > 0 and await self._signs_in(account_id, password, left):
                return None
            raise

    async def recover(self, account_id: str) -> TemporaryPass | None:  # noqa: ARG002 - the port's signature
        """There is no such way here: passwords are set."""
        raise DirectoryUnavailable(
            "The directory {directory} has no recovery of its own.", directory=self.name
        )

    async def unlock(self, account_id: str) -> None:
        """Lift a lockout. Idempotent. A lock that an administrator set for good is left alone."""

        def work(session: Session) -> None:
            entry = self._accounts.by_id(session, account_id)
            if entry is not None:
                self._unlock(session, entry)

        await self._connections.run(work)

    async def switch(self, account_id: str, *, active: bool) -> None:
        """Switch the account on or off, and see that it is.

        What else switches accounts off here (`inactive_when`) is its administrators' alone.
        """

        def work(session: Session) -> None:
            self._switch(session, self._known(session, account_id), active=active)
            now = self._accounts.by_id(session, account_id)
            standing = None if now is None else self._accounts.standing(session, now, self._now())
            if now is None or standing is None or self._accounts.is_active(now, standing) != active:
                raise DirectoryUnavailable(_NOT_AS_SAID, directory=self.name)

        await self._connections.run(work)

    async def end_sessions(self, account_id: str) -> None:  # noqa: ARG002 - the port's signature
        """LDAP knows of no sessions, so there are none to end; DirectoryUnavailable if even that cannot be said."""
        await self.health()

    async def health(self) -> None:
        """Return if the directory shows where people and groups stand; raise DirectoryUnavailable otherwise."""

        def work(session: Session) -> None:
            for base in (self._shape.people_base, self._shape.groups_base):
                if session.read(base, NOTHING) is None:
                    raise DirectoryUnavailable(_NOT_SHOWN, directory=self.name, base=repr(base))

        await self._connections.run(work)

    async def examine(self, groups: Collection[str]) -> list[Finding]:
        """Its servers, each on its own; then on one that answers, these groups and the rights of Wicket's account."""
        servers, any_answers = await examine_servers(self._connections, self._now())
        if not any_answers:
            return servers
        try:
            return servers + await self._connections.run(
                lambda session: self._examine(session, groups), within=LISTING
            )
        except DirectoryUnavailable as fault:
            away = Finding(
                level="failed", about="rights", found=str(fault), advice="Mend this, and look again."
            )
            return [*servers, away]

    async def _all(self, find: Callable[[Session], list[Entry]]) -> list[Account]:
        def work(session: Session) -> list[Account]:
            now = self._now()
            return [self._accounts.read(session, entry, now) for entry in find(session)]

        return await self._connections.run(work)

    async def _account(self, find: Callable[[Session], Entry | None]) -> Account | None:
        def work(session: Session) -> Account | None:
            now = self._now()
            entry = find(session)
            return None if entry is None else self._accounts.read(session, entry, now)

        return await self._connections.run(work)

    def _known(self, session: Session, account_id: str) -> Entry:
        entry = self._accounts.by_id(session, account_id)
        if entry is None:
            raise DirectoryUnavailable(_NO_ACCOUNT, directory=self.name, account=account_id)
        return entry

    def _is_member(self, session: Session, account_id: str, group: str) -> bool:
        account, found = self._wherever(session, account_id, group)
        return account is not None and found is not None and self._groups.holds(session, found, account)

    def _wherever(self, session: Session, account_id: str, group: str) -> tuple[Entry | None, Entry | None]:
        """Also what was moved away from the others: what it is in, or who is in it, has not changed."""
        return self._accounts.wherever(session, account_id), self._groups.wherever(session, group)

    def _read_back(self, session: Session, account_id: str, group: str, *, wanted: bool) -> None:
        """By id and name again: either may have been moved since we looked."""
        if self._is_member(session, account_id, group) != wanted:
            raise DirectoryUnavailable(_NOT_AS_SAID, directory=self.name)

    def _nobody(self) -> str:
        """A name that nobody has, so that asking about nobody takes the same steps (P-9)."""
        login = escape_value(secrets.token_hex(16))
        return f"{self._shape.attributes.login}={login},{self._shape.people_base}"

    # What another kind of server does in another way.

    def _membership(self, session: Session, group: Entry, account: Entry, now: datetime) -> Membership:
        return Membership(present=self._groups.holds(session, group, account), read_at=now)

    def _examine(self, session: Session, names: Collection[str]) -> list[Finding]:
        return Rights(self._shape, self._groups, self._accounts).examine(session, names)

    def _add(self, session: Session, group: Entry, account: Entry, until: datetime | None) -> None:  # noqa: ARG002 - ends no memberships itself
        self._groups.add(session, group, account)

    def _signed_in(self, session: Session, answer: Answer) -> bool:
        """What a server's answer to a sign-in means. DirectoryUnavailable if that is not known."""
        if answer.code != SUCCESS and answer.code not in _NOT_SIGNED_IN:
            raise session.refusal(template("check a sign-in"), answer)
        return answer.code == SUCCESS

    def _unlock(self, session: Session, entry: Entry) -> None:
        at = entry.first("pwdAccountLockedTime")
        if at in ("", ldap_policy.FOR_GOOD):
            return
        # This very lock: one that an administrator sets meanwhile stays.
        answer = session.modify(entry.dn, {"pwdAccountLockedTime": delete(at)})
        if answer.code not in (SUCCESS, NO_SUCH_ATTRIBUTE):
            raise session.refusal(template("lift a lockout"), answer)

    def _switch(self, session: Session, entry: Entry, *, active: bool) -> None:
        """By the lock that an administrator sets for good."""
        for_good = entry.first("pwdAccountLockedTime") == ldap_policy.FOR_GOOD
        if for_good != active:
            return
        change = delete(ldap_policy.FOR_GOOD) if active else replace(ldap_policy.FOR_GOOD)
        answer = session.modify(entry.dn, {"pwdAccountLockedTime": change})
        if answer.code not in (SUCCESS, NO_SUCH_ATTRIBUTE):
            raise session.refusal(template("switch an account"), answer)

    def _set_password(self, session: Session, entry: Entry, password: str) -> PasswordRejected | None:
        """By the operation made for it (RFC 3062), so that the server's own rules apply."""
        if entry.first("pwdAccountLockedTime") == ldap_policy.FOR_GOOD:
            # OpenLDAP lifts every lock when a new password is set, an administrator's too.
            raise DirectoryUnavailable(_SWITCHED_OFF, directory=self.name)
        value = PasswdModifyRequestValue()
        value["userIdentity"] = entry.dn.encode()
        value["newPasswd"] = password.encode(errors="surrogatepass")
        answer = session.extended(_MODIFY_PASSWORD, value, [(PASSWORD_POLICY, False, None)])
        if answer.code != SUCCESS:
            if (reason := ldap_policy.reason(answer)) is not None:
                return PasswordRejected(reason=reason)
            raise self._no_password(answer)
        self._take_off_reset(session, entry)
        return None

    def _no_password(self, answer: Answer) -> DirectoryUnavailable:
        return DirectoryUnavailable(
            "The directory {directory} refused to change a password ({code}).",
            directory=self.name,
            code=answer.name,
        )

    def _take_off_reset(self, session: Session, entry: Entry) -> None:
        """Where the policy has passwords of others' making changed at the next sign-in: the person made this one.

        Without the right to say so the password is changed all the same, and the directory asks for another.
        """
        now = session.read(entry.dn, ("pwdReset",))
        if now is not None and now.first("pwdReset").upper() == "TRUE":
            session.modify(entry.dn, {"pwdReset": delete()})

    async def _signs_in(self, account_id: str, password: str, seconds: float) -> bool:
        def work(session: Session) -> bool:
            entry = self._accounts.by_id(session, account_id)
            return entry is not None and session.sign_in(entry.dn, password).code == SUCCESS

        try:
            return await self._connections.run(work, repeat=False, within=seconds)
        except DirectoryUnavailable:
            return False
