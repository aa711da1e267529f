"""From an LDAP entry to an Account: finding it by id, login or mail, and what its attributes and groups mean.

It changes nothing, and an attribute that cannot be read is never made up.
"""

from datetime import datetime

from storage.directories import ldap_policy
from storage.directories.base import Account
from storage.directories.ldap_groups import Groups
from storage.directories.ldap_names import all_of, equals
from storage.directories.ldap_policy import Policy, Standing
from storage.directories.ldap_session import Entry, Session
from storage.directories.ldap_shape import LdapShape
from storage.faults import DirectoryUnavailable


class Accounts:
    """The people below one base. label: the directory's name. attributes: what is read of a person."""

    def __init__(self, shape: LdapShape, groups: Groups, label: str) -> None:
        self._shape, self._groups, self._label = shape, groups, label
        names = shape.attributes
        wanted = [
            names.id, names.login, names.name, names.mail, names.team, names.company, names.manager,
            names.employment, *([names.person] if names.person else []), "memberOf", *ldap_policy.ATTRIBUTES,
            *(pair[0] for pair in shape.inactive_when),
        ]  # fmt: skip
        self.attributes = tuple(dict.fromkeys(wanted))

    def by_id(self, session: Session, account_id: str) -> Entry | None:
        """The entry with this stable id, wherever it stands now and whatever it is called."""
        return self._one(session, self._shape.attributes.id, account_id)

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
        direct, groups = self._groups.above(session, entry)
        standing = self.standing(session, entry, now)
        return Account(
            id=self._id_of(entry),
            directory=self._label,
            person=entry.first(names.person) if names.person else "",
            login=entry.first(names.login),
            name=entry.first(names.name),
            mail=entry.first(names.mail),
            employment=self._employment(entry, groups),
            team=entry.first(names.team),
            company=entry.first(names.company),
            manager=self._manager(session, entry.first(names.manager)),
            active=self.is_active(entry, standing),
            locked=standing.locked,
            privileged=any_value(groups, self._shape.admin_groups),
            must_change_password=standing.must_change,
            direct_groups=direct,
            groups=groups,
            password_changed_at=standing.changed_at,
            password_expires_at=standing.expires_at,
            read_at=now,
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

    def _one(self, session: Session, attribute: str, value: str) -> Entry | None:
        found = self._matching(session, attribute, value)
        if len(found) > 1:
            raise self._fault(
                f"has {len(found)} people with the same {attribute}, so it is not clear who is meant"
            )
        return next(iter(found), None)

    def _matching(self, session: Session, attribute: str, value: str) -> list[Entry]:
        wanted = value.strip()
        if not wanted:
            return []
        filter_ = all_of(self._shape.people_filter, equals(attribute, wanted))
        return session.search(self._shape.people_base, filter_, self.attributes)

    def _policy(self, session: Session, entry: Entry) -> Policy:
        dn = entry.first("pwdPolicySubentry") or self._shape.password_policy
        if not dn:
            return Policy()
        found = session.read(dn, ("pwdMaxAge", "pwdLockoutDuration"))
        if found is None:
            raise self._fault(f"has no password policy {dn!r}, or does not show it to Wicket's account")
        return ldap_policy.read_policy(found)

    def _manager(self, session: Session, dn: str) -> str | None:
        """The manager's id; None if there is none, or the one named is not (any more) among the people."""
        attribute = self._shape.attributes.id
        found = session.read(dn, (attribute,), self._shape.people_filter) if dn else None
        return (found.first(attribute) or None) if found else None

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
        found = entry.first(self._shape.attributes.id)
        if not found:
            raise self._fault(f"does not show the attribute {self._shape.attributes.id} to Wicket's account")
        return found

    def _fault(self, what: str) -> DirectoryUnavailable:
        return DirectoryUnavailable(f"The directory {self._label} {what}.")


def any_value(values: frozenset[str] | list[str], wanted: tuple[str, ...]) -> bool:
    """Whether one of the values is wanted, compared without case."""
    known = {each.casefold() for each in wanted}
    return any(value.casefold() in known for value in values)
