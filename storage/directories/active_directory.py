"""Active Directory: the port filled from a domain's controllers, by LDAP alone.

It holds nothing between two calls but connections and what the forest can do; passwords go over TLS only.
"""

from collections.abc import Collection
from dataclasses import replace as changed
from datetime import datetime, timedelta

from storage.clock import Clock, utc_now
from storage.directories import ad_values
from storage.directories.ad_accounts import AdAccounts
from storage.directories.ad_forest import POLICY_HINTS, Forest
from storage.directories.ad_groups import AdGroups
from storage.directories.ad_rights import AdRights
from storage.directories.ad_shape import AdShape
from storage.directories.base import Finding, Membership, PasswordRejected
from storage.directories.ldap import LdapDirectory
from storage.directories.ldap_connections import Connections
from storage.directories.ldap_session import SUCCESS, Answer, Control, Entry, Session, replace
from storage.sentences import template

# The directory ends a membership itself this long after its time: we come first, and it comes should we not.
MARGIN = timedelta(minutes=15)
# PolicyHintsRequestValue with its only flag ([MS-ADTS] 3.1.1.3.4.1.27): SEQUENCE of INTEGER 1.
_WITH_HISTORY: Control = (POLICY_HINTS, False, bytes.fromhex("3003020101"))
_SAME_AGAIN = PasswordRejected(
    reason=template("This is the password that the account has already. Choose another one.")
)


class ActiveDirectory(LdapDirectory):
    """Fills the directory port (storage.directories.base.Directory) from a domain of Active Directory.

    connections: to its domain controllers, as the service account, with references="ignore": a domain's own entry
    always points to others. shape: what stands where. Whether it ends memberships is known from the first one on.
    """

    def __init__(
        self, connections: Connections, shape: AdShape, *, name: str = "ad", now: Clock = utc_now
    ) -> None:
        self._members = AdGroups(shape, name)
        accounts = AdAccounts(shape, self._members, name)
        self._rights = AdRights(shape, self._members, accounts)
        super().__init__(connections, shape, name=name, now=now, groups=self._members, accounts=accounts)
        self._forest = Forest()

    def _examine(self, session: Session, names: Collection[str]) -> list[Finding]:
        return self._rights.examine(session, names, ends_memberships=self._ends_memberships(session))

    def _ends_memberships(self, session: Session) -> bool:
        able = self._forest.abilities(session).ends_memberships
        self.capabilities = changed(self.capabilities, ends_memberships=able)
        return able

    def _membership(self, session: Session, group: Entry, account: Entry, now: datetime) -> Membership:
        held = super()._membership(session, group, account, now)
        if not held.present or not self._ends_memberships(session):
            return held
        link = self._members.link(session, group, account)
        seconds = link.seconds if link else None
        return held if seconds is None else changed(held, until=now + timedelta(seconds=seconds))

    def _add(self, session: Session, group: Entry, account: Entry, until: datetime | None) -> None:
        if not self._ends_memberships(session):
            super()._add(session, group, account, until)
            return
        seconds = None if until is None else int((until + MARGIN - self._now()).total_seconds())
        self._members.add_until(session, group, account, seconds)

    def _signed_in(self, session: Session, answer: Answer) -> bool:
        if answer.code != SUCCESS and not ad_values.is_refusal(answer):
            raise session.refusal(template("check a sign-in"), answer)
        return answer.code == SUCCESS

    def _nobody(self) -> str:
        return "CN=" + super()._nobody().partition("=")[2]

    def _unlock(self, session: Session, entry: Entry) -> None:
        if self._is_locked(session, entry):
            answer = session.modify(entry.dn, {"lockoutTime": replace("0")})
            if answer.code != SUCCESS:
                raise session.refusal(template("lift a lockout"), answer)

    def _switch(self, session: Session, entry: Entry, *, active: bool) -> None:
        now = ad_values.flags(entry)
        wanted = now & ~ad_values.SWITCHED_OFF if active else now | ad_values.SWITCHED_OFF
        if wanted != now:
            answer = session.modify(entry.dn, {"userAccountControl": replace(str(wanted))})
            if answer.code != SUCCESS:
                raise session.refusal(template("switch an account"), answer)

    def _set_password(self, session: Session, entry: Entry, password: str) -> PasswordRejected | None:
        """A reset counts as the person's own choice: it sets pwdLastSet, so that no further change is asked for."""
        keeps_history = self._forest.abilities(session).keeps_history
        if not keeps_history and self._is_the_present_one(session, entry, password):
            return _SAME_AGAIN
        written = {"unicodePwd": replace(ad_values.quoted(password))}
        answer = session.modify(entry.dn, written, [_WITH_HISTORY])
        if answer.code == SUCCESS:
            return None
        if (reason := ad_values.why_refused(answer)) is not None:
            return PasswordRejected(reason=reason)
        raise self._no_password(answer)

    def _is_the_present_one(self, session: Session, entry: Entry, password: str) -> bool:
        """Where a reset is not held against the history: whether the password is the same again, found by signing in.

        That counts as a wrong sign-in if it is another one, and is forgotten again: it was none.
        """
        if not password or self._is_locked(session, entry):
            return False
        answer = session.sign_in(entry.dn, password)
        if answer.code == SUCCESS or ad_values.is_right_password(answer):
            return True
        if not ad_values.was_locked(answer):  # a lock that came about meanwhile is not ours to lift
            session.modify(entry.dn, {"lockoutTime": replace("0")})
        return False

    def _is_locked(self, session: Session, entry: Entry) -> bool:
        return self._accounts.standing(session, entry, self._now()).locked
