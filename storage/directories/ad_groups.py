"""Groups of Active Directory: nested ones asked of the directory itself, primary groups, members with an end.

It never gives a part as the whole, and never takes a group's name for its power.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import ClassVar

from storage.directories.ad_shape import AdShape
from storage.directories.ad_values import (
    Link,
    changes_for,
    is_powerful_group,
    last_part,
    octets,
    primary_group,
    read_link,
    sid,
)
from storage.directories.ldap_groups import Above, Groups, batches
from storage.directories.ldap_names import all_of, any_of, any_value, equals, filter_text, is_under, name_key
from storage.directories.ldap_session import ANYTHING, UNWILLING, Control, Entry, Session
from storage.faults import DirectoryUnavailable

# Finds everything above or below, however deep and in whatever circles: LDAP_MATCHING_RULE_IN_CHAIN.
_IN_CHAIN = "1.2.840.113556.1.4.1941"
# Shows how long each member stays: LDAP_SERVER_LINK_TTL_OID.
_WITH_TIMES: Control = ("1.2.840.113556.1.4.2309", True, None)


class AdGroups(Groups):
    """The groups of a domain below one base; power comes from groups anywhere in the domain."""

    found_with: ClassVar[tuple[str, ...]] = ("objectSid",)
    # Of who is not in it the directory says that it is unwilling to remove them; reading back tells.
    done_when_removing: ClassVar[frozenset[int]] = frozenset({*Groups.done_when_removing, UNWILLING})

    def __init__(self, shape: AdShape, label: str) -> None:
        super().__init__(shape, label)
        self._domain = shape.domain
        names = shape.attributes
        self._read_with = (names.id, names.group_name, names.group_owner, "objectSid")

    def above(self, session: Session, account: Entry) -> Above:
        """The groups that hold the account itself, its primary group too, and all that it is in through those."""
        primary = octets("objectSid", primary_group(account))
        direct = self._anywhere(session, any_of([equals("member", account.dn), primary]))
        starts = [account.dn, *(each.dn for each in direct if self._is_primary(each, account))]
        found = {name_key(each.dn): each for each in direct}
        found |= {
            name_key(each.dn): each
            for each in self._anywhere(session, any_of(in_chain("member", dn) for dn in starts))
        }
        self._check_size(found)
        return self._above(
            session,
            self._here(direct),
            self._here(found.values()),
            powerful=any(self._is_powerful(each) for each in found.values()),
        )

    def wherever(self, session: Session, name: str) -> Entry | None:
        """The group of this name, also if it was moved away from the others here: whoever was in it still is."""
        found = self.find(session, name)
        if found is not None or not self._are_unique:
            return found
        return next(iter(self.called(session, name.strip())), None) if name.strip() else None

    def called(self, session: Session, name: str) -> list[Entry]:
        """The groups of this name anywhere in the domain."""
        return self._anywhere(session, equals(self._shape.attributes.group_name, name))

    def powerful(self, session: Session) -> list[Entry]:
        """The groups whose members are privileged, as far as power can be seen from the group itself."""
        marked = [equals("adminCount", "1"), equals("isCriticalSystemObject", "TRUE")]
        named = [equals(self._shape.attributes.group_name, name) for name in self._shape.admin_groups]
        return [
            each for each in self._anywhere(session, any_of([*marked, *named])) if self._is_powerful(each)
        ]

    def holds(self, session: Session, group: Entry, account: Entry) -> bool:
        """Whether the group names the account itself, or is its primary group."""
        return self._is_primary(group, account) or super().holds(session, group, account)

    def remove(self, session: Session, group: Entry, account: Entry) -> None:
        """Take the account out; fine if it is not there."""
        if self._is_primary(group, account):
            raise DirectoryUnavailable(
                "The directory {directory} takes nobody out of their primary group: an administrator must give "
                "this account another one first.",
                directory=self._label,
            )
        super().remove(session, group, account)

    def add_until(self, session: Session, group: Entry, account: Entry, seconds: int | None) -> None:
        """Put the account into the group, where the directory ends memberships itself.

        seconds: until it does; None: it does not. A membership without an end stays as it is.
        """
        if changes := changes_for(account.dn, self.link(session, group, account), seconds):
            self._put(session, group, changes)

    def link(self, session: Session, group: Entry, account: Entry) -> Link | None:
        """The account's own membership and how long it lasts; None if there is none."""
        wanted = name_key(account.dn)
        values = all_values(session, group.dn, "member", [_WITH_TIMES])
        return next((link for link in map(read_link, values) if name_key(link.dn) == wanted), None)

    def _is_powerful(self, group: Entry) -> bool:
        return is_powerful_group(sid(group)) or any_value(self._all_names(group), self._shape.admin_groups)

    def _is_primary(self, group: Entry, account: Entry) -> bool:
        return sid(group) == primary_group(account)

    def _anywhere(self, session: Session, filter_: str) -> list[Entry]:
        """The groups anywhere in the domain that fit."""
        wanted = (self._shape.attributes.group_name, "objectSid")
        return session.search(self._domain, all_of(self._shape.group_filter, filter_), wanted)

    def _here(self, groups: Iterable[Entry]) -> list[Entry]:
        return [each for each in groups if is_under(each.dn, self._shape.groups_base)]

    def _shared(self, session: Session, groups: Sequence[Entry]) -> frozenset[str]:
        return frozenset() if self._are_unique else super()._shared(session, groups)

    @property
    def _are_unique(self) -> bool:
        """Whether the directory itself sees that no two groups of a domain have one name."""
        return self._shape.attributes.group_name.lower() == "samaccountname"

    def _direct(self, session: Session, group: Entry) -> tuple[frozenset[str], list[Entry]]:
        """The ids of the accounts, and the groups here, that the group names itself.

        They are asked for their groups, a page at a time; the group's own list would come in pieces of names alone.
        """
        inner = self._anywhere(session, equals("memberOf", group.dn))
        return self._people_in(session, [group]), self._here(inner)

    def _through(self, session: Session, group: Entry, inner: list[Entry]) -> frozenset[str]:  # noqa: ARG002 - those elsewhere in the domain count too
        """The ids of all accounts in the group through groups of its, wherever in the domain those stand."""
        within = self._anywhere(session, in_chain("memberOf", group.dn))
        self._check_size(within)
        return self._people_in(session, within)

    def _people_in(self, session: Session, groups: Sequence[Entry]) -> frozenset[str]:
        """The ids of the people that one of these groups names itself, or whose primary group it is."""
        ids: set[str] = set()
        filters = chain.from_iterable(
            (equals("memberOf", each.dn), equals("primaryGroupID", str(last_part(sid(each)))))
            for each in groups
        )
        for some in batches(filters):
            ids.update(self._ids(session, all_of(self._shape.people_filter, any_of(some))))
        return frozenset(ids)


def in_chain(attribute: str, dn: str) -> str:
    """The filter for entries from which the attribute leads to this name, in however many steps."""
    return f"({attribute}:{_IN_CHAIN}:={filter_text(dn)})"


def all_values(
    session: Session, dn: str, attribute: str, controls: Sequence[Control] = (), *, size: int | None = None
) -> Iterator[str]:
    """All values of an attribute, also where the server gives them in pieces ([MS-ADTS] 3.1.1.3.1.3.3).

    size: how many to ask for at a time, if not as many as the server likes to give.
    """
    start = 0
    while True:
        end = "*" if size is None else str(start + size - 1)
        found = session.search(
            dn, ANYTHING, (f"{attribute};range={start}-{end}",), scope="BASE", controls=controls
        )
        pieces = [
            name for entry in found for name in entry.values if name.startswith(f"{attribute.lower()};range=")
        ]
        if not pieces:
            return
        values = found[0].all(pieces[0])
        yield from values
        if pieces[0].endswith("-*") or not values:
            return
        start += len(values)
