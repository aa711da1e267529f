"""Cedar text, checked statement by statement, so that a mistake is named with its file and line.

It never evaluates a policy and never reads a file.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import cedarpy

from handlers.decisions.places import line_and_column, offset_of
from handlers.decisions.policy import Severity
from storage.faults import PolicyFault

# A comment, a string, the end of a statement, or anything else: enough to find where statements end.
_PIECE = re.compile(r'//[^\n]*|"(?:\\.|[^"\\])*"|;|[^\s;"/]+|\s+|.', re.DOTALL)
_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_SEVERITIES: Mapping[str, Severity] = {"high": "high", "medium": "medium", "low": "low"}


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

    def fault_in(self, wrong: str, about: str = "") -> PolicyFault:
        """The same for what Cedar says, with the column where it can be found, else that of the statement."""
        line, column = line_and_column(self.text, offset_of(self.text, wrong, _cedars_words))
        return PolicyFault(f"{self.file}, line {self.begins + line - 1}, column {column}: {about}{wrong}")


@dataclass(frozen=True, kw_only=True)
class PolicyNote:
    """What a policy says of itself. severity: None when a refusal by it is nothing unusual.

    where: its file and line, in words. text: as written. actions: those that it is about; None if it does not say so
    with `action ==`, or with `action in` and a list.
    """

    id: str
    where: str
    text: str
    actions: frozenset[str] | None
    reason: str
    control: str | None
    severity: Severity | None


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


def checked(file: str, text: str, schema: cedarpy.Schema) -> Iterator[PolicyNote]:
    """What each policy of a file says of itself; a PolicyFault at the first one that will not do."""
    for statement in statements(file, text):
        note = _note(statement)
        result = cedarpy.validate_policies(statement.text, schema, release_gil=True)
        if not result.validation_passed:
            # Cedar numbers policies by their place in what it was given; ours stands alone and has a name.
            wrong = "; ".join(error.error.removeprefix("for policy `policy0`, ") for error in result.errors)
            raise statement.fault_in(wrong, f"policy `{note.id}`: ")
        yield note


def _note(statement: Statement) -> PolicyNote:
    parsed = _parsed(statement)
    annotations: dict[str, str | None] = parsed.get("annotations", {})
    name = annotations.get("id") or ""
    if not _ID.fullmatch(name):
        raise statement.fault("every policy needs an @id of small letters, digits and hyphens")
    reason = " ".join((annotations.get("reason") or "").split())
    if not reason:
        raise statement.fault(f"policy `{name}` needs a @reason that people can read")
    severity = annotations.get("severity")
    if severity is not None and severity not in _SEVERITIES:
        raise statement.fault(f"policy `{name}`: @severity is high, medium or low, not `{severity}`")
    return PolicyNote(
        id=name,
        where=statement.where,
        text=statement.text,
        actions=_actions(parsed["action"]),
        reason=reason,
        control=annotations.get("control"),
        severity=None if severity is None else _SEVERITIES[severity],
    )


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


def _cedars_words(text: str) -> str:
    """What Cedar says of a text that is no policy; "" if it is one."""
    try:
        cedarpy.policies_to_json_str(text)
    except ValueError as error:
        return str(error)
    return ""


def _parsed(statement: Statement) -> dict[str, Any]:
    """The one policy in a statement, as Cedar's JSON."""
    try:
        parsed = json.loads(cedarpy.policies_to_json_str(statement.text))
    except ValueError as error:
        raise statement.fault_in(str(error)) from error
    if parsed["templates"]:
        raise statement.fault("templates (?principal, ?resource) are not used here: write the policy out")
    (policy,) = parsed["staticPolicies"].values()
    return dict(policy)
