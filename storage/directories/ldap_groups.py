"""Groups of an LDAP directory: who is in them and what they are in, nested ones included, and changing them.

It reads everything anew each time, comes to an end on groups nested in circles, and never gives a part as the whole.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Sized
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from storage.directories.base import Group
from storage.directories.described import MARK, Described, Where, bounded, lines_of
from storage.directories.ldap_names import (
    BadName,
    NameKey,
    all_of,
    any_of,
    any_value,
    equals,
    in_small_letters,
    is_under,
    name_key,
    own_name_filter,
)
from storage.directories.ldap_session import (
    ANYTHING,
    ATTRIBUTE_OR_VALUE_EXISTS,
    CONSTRAINT_VIOLATION,
    ENTRY_ALREADY_EXISTS,
    NO_SUCH_ATTRIBUTE,
    NOTHING,
    OBJECT_CLASS_VIOLATION,
    SUCCESS,
    Change,
    Entry,
    Session,
    add,
    delete,
)
from storage.directories.ldap_shape import LdapShape
from storage.faults import DirectoryUnavailable
from storage.sentences import template

# Names put into one filter: few enough for any server's limits, enough that thousands of members take seconds.
TOGETHER = 100
# More groups than this around one person or in one group is taken for a mistake, and the answer for unknown.
MOST_GROUPS = 5_000

_DONE_WHEN_ADDING = frozenset({SUCCESS, ATTRIBUTE_OR_VALUE_EXISTS, ENTRY_ALREADY_EXISTS})
_MAY_NOT_BE_EMPTY = frozenset({OBJECT_CLASS_VIOLATION, CONSTRAINT_VIOLATION})


@dataclass(frozen=True, kw_only=True)
class Above:
    """What an account is in. direct, groups: names, of the groups that hold it itself and of all, without those that
    another group has too. called: all names. powerful: whether one of them makes it privileged.
    """

    direct: frozenset[str]
    groups: frozenset[str]
    called: frozenset[str]
    powerful: bool


class Groups:
    """The groups below one base. label: the directory, for faults.

    found_with: attributes that a group is found with. done_when_removing: what servers of this kind answer when it is
    done, or was done before.
    """

    found_with: ClassVar[tuple[str, ...]] = NOTHING
    done_when_removing: ClassVar[frozenset[int]] = frozenset({SUCCESS, NO_SUCH_ATTRIBUTE})

    def __init__(self, shape: LdapShape, label: str) -> None:
        self._shape, self._label = shape, label
        names = shape.attributes
        self._read_with = (names.id, names.group_name, names.group_owner, shape.member_attribute)
        self._placeholder = name_key(shape.placeholder_member) if shape.placeholder_member else None

    def find(self, session: Session, name: str) -> Entry | None:
        """The group of this name; None if there is none. Two of one name are a DirectoryUnavailable."""
        if not name.strip():
            return None
        wanted = all_of(self._shape.group_filter, equals(self._shape.attributes.group_name, name))
        found = session.search(self._shape.groups_base, wanted, self.found_with)
        if len(found) > 1:
            raise DirectoryUnavailable(
                "The directory {directory} has {count} groups called {name}, so it is not clear which is meant.",
                directory=self._label,
                count=len(found),
                name=repr(name),
            )
        return next(iter(found), None)

    def wherever(self, session: Session, name: str) -> Entry | None:
        """The group of this name, to look for a membership that may stand and to end it."""
        return self.find(session, name)

    def names(self, session: Session) -> frozenset[str]:
        """The names of all groups, page by page, so that memory holds one page and the names."""
        shape = self._shape
        pages = session.pages(shape.groups_base, shape.group_filter, (shape.attributes.group_name,))
        return frozenset(name for page in pages for group in page for name in self._all_names(group))

    def described(self, session: Session, where: Where) -> tuple[Described, ...]:
        """The groups with lines for Wicket, page by page."""
        name, base = self._shape.attributes.group_name, where.base or self._shape.groups_base
        wanted = all_of(self._shape.group_filter, where.filter or ANYTHING, f"({where.attribute}=*{MARK}*)")
        pages = session.pages(base, wanted, (name, where.attribute))
        return bounded(
            self._label,
            (
                Described(names=tuple(sorted(self._all_names(group))), lines=lines)
                for page in pages
                for group in page
                if (lines := lines_of(group.all(where.attribute)))
            ),
        )

    def above(self, session: Session, account: Entry) -> Above:
        """The groups that hold the account itself, and all that it is in through those."""
        steps = list(self._closure(session, self._value_of(account), account.all("memberOf")))
        groups = [group for step in steps for group in step]
        powerful = any_value(self._names_of(groups), self._shape.admin_groups)
        return self._above(session, next(iter(steps), ()), groups, powerful=powerful)

    def read(self, session: Session, group: Entry, now: datetime) -> Group:
        """The group with everybody in it, as of `now`."""
        shape = self._shape
        entry = session.read(group.dn, self._read_with)
        if entry is None:
            raise DirectoryUnavailable(
                "The directory {directory} moved or deleted a group while it was read.", directory=self._label
            )
        direct, inner = self._direct(session, entry)
        name, *others = self._all_names(entry) or [""]
        return Group(
            id=shape.id_of(entry),
            name=name,
            others=frozenset(others),
            owner=next(iter(self._ids_by_name(session, entry.all(shape.attributes.group_owner)[:1])), None),
            direct=direct,
            inner=self._names_of(inner),
            members=direct | self._through(session, entry, inner),
            read_at=now,
        )

    def named_by(self, session: Session, group: Entry) -> tuple[list[str], list[Entry]]:
        """Who the group names itself: the names of people, there or not, and the groups."""
        entry = session.read(group.dn, (self._shape.member_attribute,))
        members = entry.all(self._shape.member_attribute) if entry else []
        inner = self._groups_named(session, members)
        return self._not_groups(members, inner), inner

    def holds(self, session: Session, group: Entry, account: Entry) -> bool:
        """Whether the group names the account itself."""
        wanted = equals(self._shape.member_attribute, self._value_of(account))
        return session.read(group.dn, NOTHING, wanted) is not None

    def add(self, session: Session, group: Entry, account: Entry) -> None:
        """Put the account into the group; fine if it is there already."""
        self._put(session, group, add(self._value_of(account)))

    def remove(self, session: Session, group: Entry, account: Entry) -> None:
        """Take the account out; fine if it is not there. The last one leaves the placeholder behind."""
        attribute, gone = self._shape.member_attribute, delete(self._value_of(account))
        answer = session.modify(group.dn, {attribute: gone})
        if answer.code in _MAY_NOT_BE_EMPTY and self._shape.placeholder_member:
            both = [*gone, *add(self._shape.placeholder_member)]
            answer = session.modify(group.dn, {attribute: both})
        if answer.code in _MAY_NOT_BE_EMPTY:
            raise DirectoryUnavailable(
                "The directory {directory} does not let go of the last member of {dn}; the setting "
                "placeholder_member names an entry to leave there.",
                directory=self._label,
                dn=repr(group.dn),
            )
        if answer.code not in self.done_when_removing:
            raise session.refusal(template("remove a member"), answer)

    def _put(self, session: Session, group: Entry, changes: Change) -> None:
        answer = session.modify(group.dn, {self._shape.member_attribute: changes})
        if answer.code not in _DONE_WHEN_ADDING:
            raise session.refusal(template("add a member"), answer)

    def _above(
        self, session: Session, direct: Iterable[Entry], groups: Sequence[Entry], *, powerful: bool
    ) -> Above:
        """A name that two groups have gives nobody what either may; what it takes away, it takes from both."""
        shared, called = self._shared(session, groups), self._names_of(groups)
        return Above(
            direct=self._names_of(direct) - shared, groups=called - shared, called=called, powerful=powerful
        )

    def _shared(self, session: Session, groups: Sequence[Entry]) -> frozenset[str]:
        """Those of these groups' names that more than one group has, here or elsewhere below the base."""
        attribute, here = self._shape.attributes.group_name, {group.dn: group for group in groups}
        others: set[str] = set()
        for some in batches(self._names_of(groups)):
            called = any_of(equals(attribute, name) for name in some)
            wanted = all_of(self._shape.group_filter, called)
            found = session.search(self._shape.groups_base, wanted, NOTHING)
            others.update(each.dn for each in found if each.dn not in here)
        named = [session.read(dn, (attribute,)) for dn in sorted(others)]
        counted = Counter(
            name
            for group in (*here.values(), *named)
            if group is not None
            for name in set(map(_called, self._all_names(group)))
        )
        return frozenset(name for name in self._names_of(groups) if counted[_called(name)] > 1)

    def _value_of(self, account: Entry) -> str:
        return account.dn if self._shape.nests else account.first(self._shape.attributes.login)

    def _all_names(self, group: Entry) -> list[str]:
        """All its names: a server gives several in any order."""
        return group.all(self._shape.attributes.group_name)

    def _names_of(self, groups: Iterable[Entry]) -> frozenset[str]:
        return frozenset(name for group in groups for name in self._all_names(group))

    def _direct(self, session: Session, group: Entry) -> tuple[frozenset[str], list[Entry]]:
        """The ids of the accounts, and the groups, that the group names itself."""
        members = group.all(self._shape.member_attribute)
        if not self._shape.nests:
            return self._ids_by_login(session, members), []
        inner = self._groups_named(session, members)
        return self._ids_by_name(session, self._not_groups(members, inner)), inner

    def _not_groups(self, members: Iterable[str], inner: Iterable[Entry]) -> list[str]:
        groups = {name_key(each.dn) for each in inner} | {self._placeholder}
        return [name for name in members if name_key(name) not in groups]

    def _groups_named(self, session: Session, names: Iterable[str]) -> list[Entry]:
        """Those of the names that are groups, with their members where these are followed."""
        followed = self._shape.membership == "member"
        base, filter_ = self._shape.groups_base, self._shape.group_filter
        return self._named(session, base, filter_, names, with_members=followed)

    def _through(self, session: Session, group: Entry, inner: list[Entry]) -> frozenset[str]:
        """The ids of all accounts in the group through these groups of its."""
        if not inner:
            return frozenset()
        if self._shape.membership == "memberOf":
            return self._ids_by_member_of(session, group)
        return self._ids_by_member(session, group, inner)

    def _closure(self, session: Session, value: str, member_of: Sequence[str]) -> Iterator[Sequence[Entry]]:
        """Every group above, once, step by step. A group met again is not followed again, so circles come to an end."""
        seen: set[NameKey] = set()
        by_attribute = self._shape.membership == "memberOf" and self._shape.nests
        frontier = list(member_of) if by_attribute else [value]
        while frontier:
            found = (
                self._named(session, self._shape.groups_base, self._shape.group_filter, frontier)
                if by_attribute
                else self._holding(session, self._shape.member_attribute, frontier)
            )
            fresh = [group for group in found if name_key(group.dn) not in seen]
            seen.update(name_key(group.dn) for group in fresh)
            self._check_size(seen)
            yield fresh
            frontier = [name for group in fresh for name in group.all("memberOf")]
            if not by_attribute:
                frontier = [group.dn for group in fresh] if self._shape.nests else []

    def _ids_by_member(self, session: Session, group: Entry, inner: list[Entry]) -> frozenset[str]:
        """Follow the members of the inner groups downwards, group by group."""
        seen = {name_key(group.dn)}
        people: dict[NameKey, str] = {}
        while fresh := [each for each in inner if name_key(each.dn) not in seen]:
            seen.update(name_key(each.dn) for each in fresh)
            self._check_size(seen)
            members = [name for each in fresh for name in each.all(self._shape.member_attribute)]
            inner = self._groups_named(session, members)
            people.update((name_key(name), name) for name in self._not_groups(members, inner))
        return self._ids_by_name(session, people.values())

    def _ids_by_member_of(self, session: Session, group: Entry) -> frozenset[str]:
        """Ask for the groups, then for the people, that say they are in one of these groups."""
        groups = {name_key(group.dn): group.dn}
        frontier = [group.dn]
        while frontier:
            found = self._holding(session, "memberOf", frontier)
            fresh = {name_key(each.dn): each.dn for each in found if name_key(each.dn) not in groups}
            groups.update(fresh)
            self._check_size(groups)
            frontier = list(fresh.values())
        ids: set[str] = set()
        for some in batches(groups.values()):
            within = any_of(equals("memberOf", dn) for dn in some)
            ids.update(self._ids(session, all_of(self._shape.people_filter, within)))
        return frozenset(ids)

    def _ids_by_login(self, session: Session, logins: Sequence[str]) -> frozenset[str]:
        ids: set[str] = set()
        for some in batches(logins):
            known = any_of(equals(self._shape.attributes.login, login) for login in some)
            ids.update(self._ids(session, all_of(self._shape.people_filter, known)))
        return frozenset(ids)

    def _ids_by_name(self, session: Session, names: Iterable[str]) -> frozenset[str]:
        """The ids of the people with these names. A name that nobody has (any more) is nobody."""
        left = {name_key(name): name for name in names if is_under(name, self._shape.people_base)}
        attribute = self._shape.attributes.id
        ids: set[str] = set()
        for person in self._named(
            session, self._shape.people_base, self._shape.people_filter, list(left.values())
        ):
            ids.add(self._shape.id_of(person))
            left.pop(name_key(person.dn), None)
        for name in left.values():
            # Perhaps written in a way that only the server sees through.
            person_there = session.read(name, (attribute,), self._shape.people_filter)
            if person_there is not None:
                ids.add(self._shape.id_of(person_there))
        return frozenset(ids - {""})

    def _named(
        self,
        session: Session,
        base: str,
        filter_: str,
        names: Iterable[str],
        *,
        with_members: bool = False,
    ) -> list[Entry]:
        """The entries that have these very names and fit the filter, many in one search."""
        shape = self._shape
        attributes = [shape.attributes.id, shape.attributes.group_name, "memberOf"]
        attributes += [shape.member_attribute] if with_members else []
        found: list[Entry] = []
        for some in batches(name for name in names if is_under(name, base)):
            wanted = {name_key(name) for name in some}
            if own_names := list(_own_names(some)):
                entries = session.search(base, all_of(filter_, any_of(own_names)), attributes)
                found += [entry for entry in entries if name_key(entry.dn) in wanted]
        return found

    def _holding(self, session: Session, attribute: str, values: Iterable[str]) -> list[Entry]:
        """The groups in which this attribute has one of the values."""
        found: list[Entry] = []
        for some in batches(values):
            holding = any_of(equals(attribute, value) for value in some)
            wanted = all_of(self._shape.group_filter, holding)
            found += session.search(self._shape.groups_base, wanted, (self._shape.attributes.group_name,))
        return found

    def _ids(self, session: Session, filter_: str) -> Iterator[str]:
        attribute = self._shape.attributes.id
        for page in session.pages(self._shape.people_base, filter_, (attribute,)):
            yield from (found for entry in page if (found := self._shape.id_of(entry)))

    def _check_size(self, groups: Sized) -> None:
        if len(groups) > MOST_GROUPS:
            raise DirectoryUnavailable(
                "The directory {directory} nests more than {most} groups into each other, so not all were "
                "followed.",
                directory=self._label,
                most=MOST_GROUPS,
            )


def _own_names(names: Iterable[str]) -> Iterator[str]:
    for name in names:
        try:
            yield own_name_filter(name)
        except BadName:
            continue


def _called(name: str) -> str:
    """The same for whatever names the rule of groups takes for one: `lower` alone tells a sigma at the end apart."""
    return in_small_letters(name).lower()


def batches(values: Iterable[str]) -> Iterator[list[str]]:
    """The values, each once, as many together as fit into one filter."""
    listed = list(dict.fromkeys(values))
    for start in range(0, len(listed), TOGETHER):
        yield listed[start : start + TOGETHER]
