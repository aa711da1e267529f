"""What one connection to an LDAP server is asked during one call: read, search by pages, change.

It knows no kind of server, and every fault leaves it as a DirectoryUnavailable without credentials in it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import ldap3

from storage.directories.ldap_tls import ConnectionLost, plain_words
from storage.faults import DirectoryUnavailable

Scope = Literal["BASE", "LEVEL", "SUBTREE"]
Control = tuple[str, bool, bytes | None]
Value = str | bytes
# The changes of an attribute's values, in their order; and such changes by the attribute's name: ldap3's own shape.
Change = Sequence[tuple[str, Sequence[Value]]]
Changes = Mapping[str, Change]

SUCCESS = 0
NO_SUCH_ATTRIBUTE = 16
CONSTRAINT_VIOLATION = 19
ATTRIBUTE_OR_VALUE_EXISTS = 20
NO_SUCH_OBJECT = 32
INVALID_CREDENTIALS = 49
INSUFFICIENT_ACCESS = 50
UNWILLING = 53
OBJECT_CLASS_VIOLATION = 65
ENTRY_ALREADY_EXISTS = 68
# "busy" and "unavailable": this server cannot, another one might.
_TRY_ANOTHER = frozenset({51, 52})
_LIMITS = {
    3: "its time limit", 4: "its size limit", 11: "an administrative limit",
}  # fmt: skip

PAGE = 500
# A search that finds more than this is no answer that anybody could use.
MOST_ENTRIES = 50_000
ANYTHING = "(objectClass=*)"
NOTHING = ("1.1",)


class ChangeUnknown(DirectoryUnavailable):
    """The connection broke after a change was sent, so it is not known whether it was made."""


class GivenUp(DirectoryUnavailable):
    """The call's time was over before its next step, which was therefore not begun."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One entry as the server gave it. values: attribute names in small letters, values as bytes."""

    dn: str
    values: Mapping[str, Sequence[bytes]] = field(repr=False)

    def all(self, name: str) -> list[str]:
        """The values of an attribute as text; none if it has none, or none that we may read."""
        return [value.decode(errors="replace") for value in self.values.get(name.lower(), ())]

    def first(self, name: str) -> str:
        """The first value, or the empty text."""
        return next(iter(self.all(name)), "")


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the server said to a change or a sign-in. controls: the values of response controls, by their id."""

    code: int
    name: str
    message: str
    controls: Mapping[str, bytes]


class Session:
    """A connection, for the length of one call.

    may_go_on: raises GivenUp once the call's time is over; asked before every step, so that nothing is begun late.
    sign_in: binds as somebody on a connection of its own to the same server. references: "refuse" when an answer
    that points to other servers counts as unknown, "ignore" where the server always points to others.
    """

    def __init__(
        self,
        connection: Any,
        *,
        label: str,
        may_go_on: Callable[[], None],
        sign_in: Callable[[str, str], Answer],
        references: Literal["refuse", "ignore"] = "refuse",
    ) -> None:
        self._connection, self._label, self._references = connection, label, references
        self._may_go_on, self._sign_in = may_go_on, sign_in
        # Whether a change, or a sign-in that counts towards a lockout, was sent: then it is not sent again unasked.
        self.changing = False

    def search(
        self,
        base: str,
        filter_: str,
        attributes: Sequence[str],
        *,
        scope: Scope = "SUBTREE",
        controls: Sequence[Control] = (),
    ) -> list[Entry]:
        """All entries that fit. DirectoryUnavailable when the server gives less than all, or more than is sane."""
        found: list[Entry] = []
        for page in self.pages(base, filter_, attributes, scope=scope, controls=controls):
            found.extend(page)
            if len(found) > MOST_ENTRIES:
                raise DirectoryUnavailable(
                    "The directory {directory} found more than {most} entries where a few were expected.",
                    directory=self._label,
                    most=MOST_ENTRIES,
                )
        return found

    def pages(
        self,
        base: str,
        filter_: str,
        attributes: Sequence[str],
        *,
        scope: Scope = "SUBTREE",
        controls: Sequence[Control] = (),
        size: int = PAGE,
    ) -> Iterator[list[Entry]]:
        """The entries that fit, a page at a time (RFC 2696), so that memory stays bounded."""
        cookie: bytes | None = None
        while True:
            result, response = self._search(base, filter_, attributes, scope, controls, size, cookie)
            yield [_entry(item) for item in response if item["type"] == "searchResEntry"]
            paging = result.get("controls", {}).get("1.2.840.113556.1.4.319")
            cookie = paging["value"]["cookie"] if paging else None
            if not cookie:
                return

    def read(self, dn: str, attributes: Sequence[str], filter_: str = ANYTHING) -> Entry | None:
        """The entry of this name if it fits the filter; None if there is none (that we may see)."""
        result, response = self._search(dn, filter_, attributes, "BASE", (), None, None, absent_is_fine=True)
        if result["result"] == NO_SUCH_OBJECT:
            return None
        return next((_entry(item) for item in response if item["type"] == "searchResEntry"), None)

    def modify(self, dn: str, changes: Changes, controls: Sequence[Control] = ()) -> Answer:
        """Change an entry. The caller judges the answer; only a broken connection is a fault."""
        self.changing = True
        given = {name: [(kind, list(values)) for kind, values in each] for name, each in changes.items()}
        return self._answer(lambda: self._connection.modify(dn, given, controls=list(controls) or None))

    def extended(self, name: str, value: Any, controls: Sequence[Control] = ()) -> Answer:
        """An extended operation that changes something (RFC 4511, 4.12). value: an ASN.1 value."""
        self.changing = True
        return self._answer(lambda: self._connection.extended(name, value, controls=list(controls) or None))

    def sign_in(self, dn: str, password: str) -> Answer:
        """Bind as somebody, on a connection of its own: never on this one, which is the service account's."""
        self._may_go_on()
        self.changing = True
        return self._sign_in(dn, password)

    def refusal(self, what: str, answer: Answer) -> DirectoryUnavailable:
        """The fault that a change was refused for a reason that is not the person's to mend."""
        said = f": {answer.message}" if answer.message else ""
        return DirectoryUnavailable(
            "The directory {directory} refused to {what} ({code}{said}).",
            directory=self._label,
            what=what,
            code=answer.name,
            said=said,
        )

    def _answer(self, operation: Callable[[], Any]) -> Answer:
        return read_answer(self._ask(operation)[0])

    def _search(
        self,
        base: str,
        filter_: str,
        attributes: Sequence[str],
        scope: Scope,
        controls: Sequence[Control],
        size: int | None,
        cookie: bytes | None,
        *,
        absent_is_fine: bool = False,
    ) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        result, response = self._ask(
            lambda: self._connection.search(
                base, filter_, search_scope=scope, dereference_aliases="NEVER", attributes=list(attributes),
                controls=list(controls) or None, paged_size=size, paged_cookie=cookie,
            )
        )  # fmt: skip
        code = result["result"]
        if code in _LIMITS:
            raise DirectoryUnavailable(
                "The directory {directory} stopped at {limit}, so the answer would not be whole.",
                directory=self._label,
                limit=_LIMITS[code],
            )
        if code == NO_SUCH_OBJECT and not absent_is_fine:
            raise DirectoryUnavailable(
                "The directory {directory} has no {base}, or does not show it to Wicket's account.",
                directory=self._label,
                base=repr(base),
            )
        if code not in (SUCCESS, NO_SUCH_OBJECT):
            raise DirectoryUnavailable(
                "The directory {directory} refused a search ({code}).",
                directory=self._label,
                code=result["description"],
            )
        if self._references == "refuse" and any(item["type"] == "searchResRef" for item in response):
            raise DirectoryUnavailable(
                "The directory {directory} keeps a part of the answer on another server, which Wicket does not "
                "follow.",
                directory=self._label,
            )
        return result, response

    def _ask(self, operation: Callable[[], Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        self._may_go_on()
        with plain_words(self._label):
            operation()
            result, response = self._connection.result, self._connection.response or []
        if result["result"] in _TRY_ANOTHER:
            code = result["description"]
            raise ConnectionLost(
                "The directory {directory} is {code} right now.", directory=self._label, code=code
            )
        return result, response


def read_answer(result: Mapping[str, Any]) -> Answer:
    """ldap3's result of an operation as an Answer."""
    controls = {
        oid: control["value"]
        for oid, control in (result.get("controls") or {}).items()
        if isinstance(control["value"], bytes)
    }
    return Answer(
        code=result["result"],
        name=result["description"],
        message=result.get("message") or "",
        controls=controls,
    )


def replace(*values: Value) -> list[tuple[str, Sequence[Value]]]:
    """The change after which an attribute has these values alone."""
    return [(ldap3.MODIFY_REPLACE, values)]


def add(*values: Value) -> list[tuple[str, Sequence[Value]]]:
    """The change that adds values."""
    return [(ldap3.MODIFY_ADD, values)]


def delete(*values: Value) -> list[tuple[str, Sequence[Value]]]:
    """The change that takes values away; without any, all of them."""
    return [(ldap3.MODIFY_DELETE, values)]


def _entry(item: Mapping[str, Any]) -> Entry:
    return Entry(
        dn=item["dn"], values={name.lower(): values for name, values in item["raw_attributes"].items()}
    )
