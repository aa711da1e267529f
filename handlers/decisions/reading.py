"""Which facts a policy reads, found in Cedar's own JSON of it; and which of the schema's may be unknown.

It evaluates nothing: that a policy reads a fact does not say that it comes to reading it.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

Read: TypeAlias = tuple[str, str]
"""Of whom or what, and which fact: ("principal", "team"), ("context.requester", "active"); ("", …) if it depends."""

Bound: TypeAlias = tuple[Read, str]
"""A fact, and the only value of it with which a policy can apply, as `literal` writes it. Who asks, and what it is
about, is the fact "" of theirs.
"""

# Facts that the schema marks so may be unknown.
_LOOKED_UP = re.compile(r"@looked_up\s+(\w+)\s*:")
# A line of the schema that is about a fact, and not about what an action applies to.
_FACT = re.compile(r"^(\s+)(?:@looked_up\s+)?(?!(?:principal|resource|context)\b)(\w+)\s*:", re.MULTILINE)
_ANY_FACT = re.compile(r"^\s+(?:@looked_up\s+)?(\w+)\??\s*:", re.MULTILINE)


def looked_up(schema: str) -> frozenset[str]:
    """The facts that this schema marks as looked up."""
    return frozenset(_LOOKED_UP.findall(schema))


def facts_in(schema: str) -> frozenset[str]:
    """Every fact that this schema has, by name."""
    return frozenset(_ANY_FACT.findall(schema))


def as_asked(schema: str) -> str:
    """The schema that questions must fit: the same, without what no policy reads and without what is unknown.

    Policies are held against the schema itself, where such facts are no more optional than the others. So no policy can
    pass over one that is missing: it fails over it, and what failed refuses.
    """
    return _FACT.sub(r"\1\2?:", schema)


def reads_of(policy: Mapping[str, Any]) -> frozenset[Read]:
    """All facts that a policy reads. policy: Cedar's JSON of it."""
    return frozenset(read for read, _ in _reads(policy["conditions"]))


def guards_of(policy: Mapping[str, Any]) -> frozenset[Read]:
    """Those among them that it asks about with `has`."""
    return frozenset(read for read, guarded in _reads(policy["conditions"]) if guarded)


def texts_of(policy: Mapping[str, Any]) -> frozenset[str]:
    """All texts that a policy writes out in its conditions."""
    return frozenset(_texts(policy["conditions"]))


def bound_of(policy: Mapping[str, Any]) -> Bound | None:
    """What a policy is bound to, if its scope says so, or the first thing that it asks.

    `resource == …` and `principal == …`, or `when { principal.team == "…" && …`: with any other value nothing that
    stands behind it is come to, so it neither applies nor fails. policy: Cedar's JSON of it.
    """
    for whose in ("resource", "principal"):
        if policy[whose]["op"] == "==":
            return (whose, ""), literal({"__entity": policy[whose]["entity"]})
    match policy["conditions"]:
        case [{"kind": "when", "body": body}, *_]:
            return _first_equality(body)
    return None


def literal(value: object) -> str:
    """A value of Cedar's JSON, as text that is the same for the same value."""
    return json.dumps(value, sort_keys=True)


def _first_equality(asked: Any) -> Bound | None:
    match asked:
        case {"&&": {"left": first}}:
            return _first_equality(first)
        case {
            "==": {"left": {".": {"left": {"Var": str(whose)}, "attr": str(fact)}}, "right": {"Value": value}}
        }:
            return (whose, fact), literal(value)
    return None


def _reads(part: Any) -> Iterator[tuple[Read, bool]]:
    if isinstance(part, list):
        for one in part:
            yield from _reads(one)
    elif isinstance(part, dict):
        for operator in (".", "has"):
            match part.get(operator):
                case {"left": left, "attr": str(fact)}:
                    yield (_path(left), fact), operator == "has"
        for one in part.values():
            yield from _reads(one)


def _texts(part: Any) -> Iterator[str]:
    if isinstance(part, list):
        for one in part:
            yield from _texts(one)
    elif isinstance(part, dict):
        if isinstance(part.get("Value"), str):
            yield part["Value"]
        for one in part.values():
            yield from _texts(one)


def _path(part: Any) -> str:
    match part:
        case {"Var": str(name)}:
            return name
        case {".": {"left": left, "attr": str(fact)}}:
            before = _path(left)
            return f"{before}.{fact}" if before else ""
    return ""
