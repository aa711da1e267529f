"""The two little languages of LDAP, written and read: distinguished names (RFC 4514) and filters (RFC 4515).

They are plain functions of text; none asks a server, and no value ever becomes syntax.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

# One relative name: its pairs of attribute type and value, several for "cn=a+uid=b".
Rdn = tuple[tuple[str, str], ...]
# A name in a form in which equal names are equal.
NameKey = tuple[tuple[tuple[str, str], ...], ...]

_NOT_PLAIN = re.compile(rb"[^A-Za-z0-9_.@,=-]")
_TYPE = re.compile(r"[A-Za-z][A-Za-z0-9-]*|\d+(\.\d+)+")
_HEX = re.compile(r"[0-9A-Fa-f]{2}")
# Letters that servers of any age take for the same as small ones: Latin, Greek and Cyrillic, all but a few.
_CAPITALS = str.maketrans(
    {
        letter: letter.lower()
        for letter in map(chr, (*range(0x41, 0x180), *range(0x386, 0x3AC), *range(0x401, 0x430)))
        if letter not in "\u0130\u040d" and letter.lower() != letter
    }
)
# "=" need not be escaped, but Samba wants it so.
_ESCAPED_IN_DN = frozenset('"+,;<=>\\')


class BadName(ValueError):
    """This is not a distinguished name."""


def filter_text(value: str) -> str:
    """A value for a filter: every byte that is not a letter, a digit or one of "-_.@,=" as backslash and digits.

    RFC 4515 asks for less, but parsers differ about spaces at the ends and about "~=", ">=" and ":=" within values.
    """
    written = _NOT_PLAIN.sub(lambda found: b"\\%02x" % found[0][0], value.encode(errors="surrogatepass"))
    return written.decode("ascii")


def equals(attribute: str, value: str) -> str:
    """The filter for entries whose attribute has this value, by the server's own rule of comparison."""
    return f"({attribute}={filter_text(value)})"


def any_of(filters: Iterable[str]) -> str:
    """The filter for entries that fit at least one; of no filter at all, "(|)" fits nothing (RFC 4526)."""
    return _joined("|", list(filters))


def all_of(*filters: str) -> str:
    """The filter for entries that fit every one."""
    return _joined("&", list(filters))


def escape_value(value: str) -> str:
    """An attribute value as it stands in a distinguished name (RFC 4514, 2.4)."""
    written = "".join(_escaped(char) for char in value)
    if written.startswith((" ", "#")):
        written = "\\" + written
    if written.endswith(" ") and value != " ":
        written = written[:-1] + "\\ "
    return written


def parse_dn(dn: str) -> tuple[Rdn, ...]:
    """The relative names of a distinguished name, the entry's own first. BadName if it is none; "" is the root."""
    if not dn.strip():
        return ()
    return tuple(tuple(_pair(part) for part in _split(rdn, "+")) for rdn in _split(dn, ","))


@lru_cache(maxsize=10_000)
def name_key(dn: str) -> NameKey:
    """What two spellings of one name have in common: without regard to case, spaces and ways to escape.

    A text that is no name is its own key. Two names with one key may still be two to a server that looks at case.
    """
    try:
        rdns = parse_dn(dn)
    except BadName:
        return (((dn, ""),),)
    return tuple(
        # Not casefold(), to which "ß" is "ss": servers tell these apart.
        tuple(sorted((kind.lower(), " ".join(value.split()).lower()) for kind, value in rdn))
        for rdn in rdns
    )


def is_under(dn: str, base: str) -> bool:
    """Whether the name is that of the base or of something below it."""
    inner, outer = name_key(dn), name_key(base)
    return inner[len(inner) - len(outer) :] == outer if len(inner) >= len(outer) else False


def own_name_filter(dn: str) -> str:
    """The filter for entries with the same relative name, wherever they stand. BadName if there is none."""
    rdns = parse_dn(dn)
    if not rdns:
        raise BadName("the root has no name of its own")
    return all_of(*(equals(kind, value) for kind, value in rdns[0]))


def is_filter(text: str) -> bool:
    """Whether a filter that an operator wrote is one: whole, and with each bracket closed."""
    depth = 0
    for at, char in enumerate(text):
        depth += {"(": 1, ")": -1}.get(char, 0)
        if depth < 0 or (depth == 0 and at < len(text) - 1):
            return False
    return depth == 0 and text.startswith("(") and "=" in text


def in_small_letters(value: str) -> str:
    """The value with small letters for its capitals, where no server tells the two apart.

    Newer capitals are told apart by servers that were made before them, and so they stay.
    """
    return value.translate(_CAPITALS)


def any_value(values: Iterable[str], wanted: Iterable[str]) -> bool:
    """Whether one of the values is wanted, compared without case."""
    known = {each.casefold() for each in wanted}
    return any(value.casefold() in known for value in values)


def _joined(sign: str, filters: list[str]) -> str:
    return filters[0] if len(filters) == 1 else f"({sign}{''.join(filters)})"


def _escaped(char: str) -> str:
    if char in _ESCAPED_IN_DN:
        return "\\" + char
    return (
        char
        if char.isprintable()
        else "".join(f"\\{byte:02x}" for byte in char.encode(errors="surrogatepass"))
    )


def _split(text: str, sign: str) -> list[str]:
    """Cut at each sign that is not escaped."""
    if "\\" not in text:
        return text.split(sign)
    parts, start, at = [], 0, 0
    while at < len(text):
        if text[at] == "\\":
            at += 1
        elif text[at] == sign:
            parts.append(text[start:at])
            start = at + 1
        at += 1
    return [*parts, text[start:]]


def _pair(written: str) -> tuple[str, str]:
    kind, equal, value = written.partition("=")
    kind = kind.strip()
    if not equal or not _TYPE.fullmatch(kind):
        raise BadName("a part of the name is not of the form type=value")
    return kind, _unescaped(_stripped(value))


def _stripped(value: str) -> str:
    """Without the spaces around it, except one that is escaped."""
    value = value.lstrip(" ")
    short = value.rstrip(" ")
    odd = (len(short) - len(short.rstrip("\\"))) % 2 == 1
    return short + " " if odd and len(short) < len(value) else short


def _unescaped(value: str) -> str:
    if value.startswith("#"):
        return value  # BER in hexadecimal: kept as it is, equal only to itself
    if "\\" not in value:
        return value
    found, at = bytearray(), 0
    while at < len(value):
        if value[at] != "\\":
            found += value[at].encode(errors="surrogatepass")
            at += 1
        elif _HEX.match(value, at + 1):
            found.append(int(value[at + 1 : at + 3], 16))
            at += 3
        elif at + 1 < len(value):
            found += value[at + 1].encode(errors="surrogatepass")
            at += 2
        else:
            raise BadName("the name ends in the middle of an escape")
    return found.decode(errors="surrogateescape")
