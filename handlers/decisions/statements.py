"""Cedar text, checked statement by statement, so that a mistake is named with its file and line.

It never evaluates a policy and never reads a file.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from string import Formatter
from typing import Any

import cedarpy

from handlers.decisions.pinpointing import conditions, line_and_column, offset_of, offset_of_name
from handlers.decisions.policy import Severity
from handlers.decisions.reading import Bound, Read, bound_of, guards_of, reads_of, texts_of
from storage.faults import PolicyFault

# A comment, a string, the end of a statement, or anything else: enough to find where statements end.
_PIECE = re.compile(r'//[^\n]*|"(?:\\.|[^"\\])*"|;|[^\s;"/]+|\s+|.', re.DOTALL)
# An error of type, which is found wherever it can be reached: behind what never holds, it cannot.
_REACHED = ' when { 1 < "" };'
ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
"""How an @id is written."""
SEVERITIES: Mapping[str, Severity] = {"high": "high", "medium": "medium", "low": "low"}
LONGEST_REASON = 500
"""Characters of a reason: a message with a few of them, told in any language, still fits into what Slack shows."""
PLACES = frozenset({"name", "owner", "conflicts"})
"""What a reason may name: who is to have it, the team that owns it, and what they have that it conflicts with."""


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One policy as written: its text, and where it starts (line from 1). begins: the line at which its text does."""

    file: str
    line: int
    text: str
    begins: int = 1

    @property
    def where(self) -> str:
        """Its file and line, in words."""
        return f"{self.file}, line {self.line}"

    def fault(self, wrong: str) -> PolicyFault:
        """The fault that says what is wrong here."""
        return PolicyFault(f"{self.where}: {wrong}")

    def fault_at(self, offset: int, wrong: str) -> PolicyFault:
        """The same for what is wrong after so many characters of its text."""
        line, column = line_and_column(self.text, offset)
        return PolicyFault(f"{self.file}, line {self.begins + line - 1}, column {column}: {wrong}")


@dataclass(frozen=True, kw_only=True)
class PolicyNote:
    """What a policy says of itself. severity: None when a refusal by it is nothing unusual.

    where: its file and line, in words. text: as written. actions: those that it is about; None if it does not say so
    with `action ==`, or with `action in` and a list. reason: with the places in it, if it has any. permits: otherwise
    it forbids. reads: every fact that it may come to read; guards: those of which it asks whether they are there.
    texts: all that it writes out. bound: the one fact without which it can never apply, if its first words say so.
    """

    id: str
    where: str
    text: str
    actions: frozenset[str] | None
    reason: str
    control: str | None
    severity: Severity | None
    permits: bool
    reads: frozenset[Read]
    guards: frozenset[Read]
    texts: frozenset[str]
    bound: Bound | None


def statements(file: str, text: str) -> Iterator[Statement]:
    """The statements of one file, in order; comments stay with the statement that follows them."""
    line, begins, start, pieces = 1, 1, None, []
    for match in _PIECE.finditer(text):
        piece = match.group()
        if start is None and not piece.isspace() and not piece.startswith("//"):
            start = line
        line += piece.count("\n")
        pieces.append(piece)
        if piece == ";":
            yield Statement(file=file, line=start or line, text="".join(pieces), begins=begins)
            begins, start, pieces = line, None, []
    if start is not None:
        yield Statement(file=file, line=start, text="".join(pieces), begins=begins)


def checked(
    file: str, text: str, schema: cedarpy.Schema, unknowable: frozenset[str] = frozenset()
) -> Iterator[PolicyNote]:
    """What each policy of a file says of itself; a PolicyFault at the first one that will not do.

    unknowable: the facts that may be unknown.
    """
    each = list(statements(file, text))
    # Cedar judges each policy by itself, and many at once in half the time; what is wrong is then looked for singly.
    sound = _all_sound(each, schema)
    for statement in each:
        note = _note(statement, unknowable)
        if not sound:
            _judge(statement, note.id, schema)
        yield note


def _all_sound(each: Sequence[Statement], schema: cedarpy.Schema) -> bool:
    """Whether all fit the schema, and each can apply. False as well where one cannot be read."""
    whole = "\n".join(statement.text for statement in each)
    if not cedarpy.validate_policies(whole, schema, release_gil=True).validation_passed:
        return False
    reached = "\n".join(_reached(statement.text) for statement in each)
    errors = cedarpy.validate_policies(reached, schema, release_gil=True).errors
    return {error.policy_id for error in errors} == {f"policy{number}" for number in range(len(each))}


def _judge(statement: Statement, name: str, schema: cedarpy.Schema) -> None:
    """A PolicyFault if the policy of this name does not fit the schema, or can apply to nothing."""
    result = cedarpy.validate_policies(statement.text, schema, release_gil=True)
    if not result.validation_passed:
        # Cedar numbers policies by their place in what it was given; ours stands alone and has a name.
        wrongs = [error.error.removeprefix("for policy `policy0`, ") for error in result.errors]
        at = offset_of_name(statement.text, wrongs[0])
        raise statement.fault_at(at, f"policy `{name}`: {'; '.join(wrongs)}")
    # A `forbid` that never applies leaves open what its author believes shut.
    if never_applies(statement.text, schema):
        at = conditions(statement.text)
        raise statement.fault_at(at, f"policy `{name}`: it can never apply, whatever is asked")


def never_applies(text: str, schema: cedarpy.Schema) -> bool:
    """Whether a policy that fits the schema can apply to no question."""
    return cedarpy.validate_policies(_reached(text), schema, release_gil=True).validation_passed


def _reached(text: str) -> str:
    return text.rstrip().removesuffix(";") + _REACHED


def _note(statement: Statement, unknowable: frozenset[str]) -> PolicyNote:
    parsed = _parsed(statement)
    annotations: dict[str, str | None] = parsed.get("annotations", {})
    name = annotations.get("id") or ""
    if not ID.fullmatch(name):
        raise statement.fault("every policy needs an @id of small letters, digits and hyphens")
    reason = " ".join((annotations.get("reason") or "").split())
    if not reason:
        raise statement.fault(f"policy `{name}` needs a @reason that people can read")
    if len(reason) > LONGEST_REASON:
        raise statement.fault(
            f"policy `{name}`: its @reason has {len(reason)} characters, and a message has room for {LONGEST_REASON}"
        )
    if wrong := _misplaced(reason):
        raise statement.fault(f"policy `{name}`: {wrong}")
    guards = guards_of(parsed)
    for _, fact in sorted(guards):
        if fact in unknowable:
            raise statement.fault(
                f"policy `{name}`: leave out `has {fact}`; where it is unknown, the answer is a refusal that says so"
            )
    # Without its value it is no less meant: security would not hear of what somebody wanted it to.
    severity = (annotations["severity"] or "") if "severity" in annotations else None
    if severity is not None and severity not in SEVERITIES:
        raise statement.fault(f"policy `{name}`: @severity is high, medium or low, not `{severity}`")
    return PolicyNote(
        id=name,
        where=statement.where,
        text=statement.text,
        actions=_actions(parsed["action"]),
        reason=reason,
        control=annotations.get("control"),
        severity=None if severity is None else SEVERITIES[severity],
        permits=parsed["effect"] == "permit",
        reads=reads_of(parsed),
        guards=guards,
        texts=texts_of(parsed),
        bound=bound_of(parsed),
    )


def _misplaced(reason: str) -> str:
    """What is wrong with the places in a reason; empty if nothing is."""
    known = " or ".join(f"{{{name}}}" for name in sorted(PLACES))
    try:
        plain = all(
            name is None or (name in PLACES and not form and not conversion)
            for _, name, form, conversion in Formatter().parse(reason)
        )
    except ValueError:
        plain = False
    return "" if plain else f"@reason may hold {known}, and no other braces"


def _actions(scope: Mapping[str, Any]) -> frozenset[str] | None:
    """Those that a policy can be about: the schema has no groups of actions, so none stands for another."""
    if scope["op"] == "==":
        return frozenset({scope["entity"]["id"]})
    if scope["op"] == "in" and "entities" in scope:
        return frozenset(each["id"] for each in scope["entities"])
    return None


def id_of(statement: Statement) -> str:
    """Its @id; "" if it has none or cannot be read."""
    try:
        return str(_parsed(statement).get("annotations", {}).get("id") or "")
    except PolicyFault:
        return ""


def _parsed(statement: Statement) -> dict[str, Any]:
    """The one policy in a statement, as Cedar's JSON."""
    try:
        parsed = json.loads(cedarpy.policies_to_json_str(statement.text))
    except ValueError as error:
        raise statement.fault_at(offset_of(statement.text, str(error)), str(error)) from error
    if parsed["templates"]:
        raise statement.fault("templates (?principal, ?resource) are not used here: write the policy out")
    (policy,) = parsed["staticPolicies"].values()
    return dict(policy)
