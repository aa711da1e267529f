"""From an LDAP entry to an Account: finding it by id, login or mail, and what its attributes and groups mean.

It changes nothing, and an attribute that cannot be read is never made up.
"""

from collections.abc import Sequence
from datetime import datetime

from storage.directories import ldap_policy
from storage.directories.base import Account
from storage.directories.ldap_groups import Groups
from storage.directories.ldap_names import all_of, any_value
from storage.directories.ldap_policy import Policy, Standing
from storage.directories.ldap_session import Entry, Session
from storage.directories.ldap_shape import LdapShape
from storage.faults import DirectoryUnavailable


class Accounts:
    """The people below one base. label: the directory's name. standing_in: the attributes that `standing` reads.

    attributes: what is read of a person.
    """

    def __init__(
        self,
        shape: LdapShape,
        groups: Groups,
        label: str,
        *,
        standing_in: Sequence[str] = ("memberOf", *ldap_policy.ATTRIBUTES),
    ) -> None:
        self._shape, self._groups, self._label = shape, groups, label
        names = shape.attributes
        wanted = [
            names.id, names.login, names.name, names.mail, names.team, names.company, names.manager,
            names.employment, names.location, *filter(None, (names.person, names.environment, names.workload)),
            *standing_in,
            *(pair[0] for pair in shape.inactive_when),
        ]  # fmt: skip
        self.attributes = tuple(dict.fromkeys(wanted))

    def by_id(self, session: Session, account_id: str) -> Entry | None:
        """The entry with this stable id, wherever it stands now and whatever it is called."""
        return self._one(session, self._shape.attributes.id, account_id)

    def wherever(self, session: Session, account_id: str) -> Entry | None:
        """The entry with this stable id, also if it is none of the people any more: what groups it is in, it stays in.

        It was moved to where those who left stand, or the filter for people leaves it out now.
        """
        if (entry := self.by_id(session, account_id)) is not None:
            return entry
        having = self._shape.having(self._shape.attributes.id, account_id.strip())
        if having is None or not account_id.strip():
            return None
        return self._only(
            self._shape.attributes.id, session.search(self._shape.domain, having, self.attributes)
        )

    def ids(self, session: Session) -> list[str]:
        """Everybody's stable id, sorted, found page by page."""
        wanted = (self._shape.attributes.id,)
        pages = session.pages(self._shape.people_base, self._shape.people_filter, wanted)
        return sorted({self._id_of(entry) for page in pages for entry in page})

    def by_login(self, session: Session, login: str) -> Entry | None:
        """The entry that signs in with this name."""
        return self._one(session, self._shape.attributes.login, login)

    def by_mail(self, session: Session, mail: str) -> list[Entry]:
        """Every entry with this address, be it one of several."""
        return self._matching(session, self._shape.attributes.mail, mail)

    def of_person(self, session: Session, person: str) -> list[Entry]:
        """Every entry of the person with this number; none where no such numbers are kept."""
        attribute = self._shape.attributes.person
        return self._matching(session, attribute, person) if attribute else []

    def read(self, session: Session, entry: Entry, now: datetime) -> Account:
        """The entry as an Account, with its groups and what follows from them, as of `now`."""
        names = self._shape.attributes
        above = self._groups.above(session, entry)
        standing = self.standing(session, entry, now)
        return Account(
            id=self._id_of(entry),
            directory=self._label,
            person=self._number(entry),
            login=entry.first(names.login),
            name=entry.first(names.name),
            mail=entry.first(names.mail),
            employment=self._employment(entry, above.called),
            team=entry.first(names.team),
            company=entry.first(names.company),
            manager=self._manager(session, entry.first(names.manager)),
            active=self.is_active(entry, standing),
            locked=standing.locked,
            privileged=above.powerful or self._is_marked(entry),
            must_change_password=standing.must_change,
            direct_groups=above.direct,
            groups=above.groups,
            password_changed_at=standing.changed_at,
            password_expires_at=standing.expires_at,
            read_at=now,
            mail_changed_at=self._mail_changed_at(entry),
            location=entry.first(names.location),
            environment=entry.first(names.environment) if names.environment else "",
            workload=entry.first(names.workload) if names.workload else "",
            group_key=self._shape.group_key,
        )

    def standing(self, session: Session, entry: Entry, now: datetime) -> Standing:
        """How the account stands with its password policy: its own, else the default one."""
        return ldap_policy.standing(entry, self._policy(session, entry), now)

    def is_active(self, entry: Entry, standing: Standing) -> bool:
        """Whether nobody switched the account off: by an attribute, or by a lock that is meant to last."""
        off = any(
            value.casefold() == meant.casefold()
            for attribute, meant in self._shape.inactive_when
            for value in entry.all(attribute)
        )
        return not off and not standing.for_good

    def is_privileged(self, session: Session, entry: Entry) -> bool:
        """Whether the account has administrative power."""
        return self._is_marked(entry) or self._groups.above(session, entry).powerful

    def _one(self, session: Session, attribute: str, value: str) -> Entry | None:
        return self._only(attribute, self._matching(session, attribute, value))

    def _only(self, attribute: str, found: Sequence[Entry]) -> Entry | None:
        if len(found) > 1:
            raise DirectoryUnavailable(
                "The directory {directory} has {count} people with the same {attribute}, so it is not clear who is "
                "meant.",
                directory=self._label,
                count=len(found),
                attribute=attribute,
            )
        return next(iter(found), None)

    def _matching(self, session: Session, attribute: str, value: str) -> list[Entry]:
        wanted = value.strip()
        if not wanted:
            return []
        if (having := self._shape.having(attribute, wanted)) is None:
            return []
        filter_ = all_of(self._shape.people_filter, having)
        return session.search(self._shape.people_base, filter_, self.attributes)

    def _is_marked(self, entry: Entry) -> bool:  # noqa: ARG002 - for servers that mark some accounts
        """Whether the entry itself says that it has administrative power."""
        return False

    def _mail_changed_at(self, entry: Entry) -> datetime | None:  # noqa: ARG002 - for servers that keep it
        """When the mail address last took the place of another, where the server says so."""
        return None

    def _policy(self, session: Session, entry: Entry) -> Policy:
        dn = entry.first("pwdPolicySubentry") or self._shape.password_policy
        if not dn:
            return Policy()
        found = session.read(dn, ("pwdMaxAge", "pwdLockoutDuration"))
        if found is None:
            raise DirectoryUnavailable(
                "The directory {directory} has no password policy {dn}, or does not show it to Wicket's account.",
                directory=self._label,
                dn=repr(dn),
            )
        return ldap_policy.read_policy(found)

    def _number(self, entry: Entry) -> str:
        """The person's number; empty for several, of which a server may give any first."""
        found = entry.all(self._shape.attributes.person) if self._shape.attributes.person else []
        return found[0] if len(found) == 1 else ""

    def _manager(self, session: Session, dn: str) -> str | None:
        """The manager's id; None if there is none, or the one named is not (any more) among the people."""
        attribute = self._shape.attributes.id
        found = session.read(dn, (attribute,), self._shape.people_filter) if dn else None
        return (self._shape.id_of(found) or None) if found else None

    def _employment(self, entry: Entry, groups: frozenset[str]) -> str:
        shape = self._shape
        said = entry.all(shape.attributes.employment)
        if any_value(said, shape.service_values) or any_value(groups, shape.service_groups):
            return "service"
        if any_value(said, shape.contractor_values) or any_value(groups, shape.contractor_groups):
            return "contractor"
        # Where employees are marked, an unmarked person gets what a contractor gets: less.
        unmarked = bool(shape.employee_values) and not any_value(said, shape.employee_values)
        return "contractor" if unmarked else "employee"

    def _id_of(self, entry: Entry) -> str:
        found = self._shape.id_of(entry)
        if not found:
            raise DirectoryUnavailable(
                "The directory {directory} does not show the attribute {attribute} to Wicket's account.",
                directory=self._label,
                attribute=self._shape.attributes.id,
            )
        return found
