"""A policy set, looked through: everything that is wrong with it, each with its place and how to mend it.

It stops at nothing and loads nothing: loading takes a whole set or none of it.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import cedarpy

from handlers.decisions.pinpointing import (
    beginning,
    conditions,
    line_and_column,
    offset_of,
    offset_of_name,
    words_of_cedar,
)
from handlers.decisions.policy import Action
from handlers.decisions.stated_facts import nearest
from handlers.decisions.statements import ID, LONGEST_REASON, SEVERITIES, never_applies, statements
from storage.faults import PolicyFault

_ATTRIBUTE = re.compile(r"^\s*(\w+)\??\s*:", re.MULTILINE)
_NAMED = re.compile(r'`(?:Action::)?"?([^`"]+)"?`')
_ANONYMOUS = "for policy `policy0`, "


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """One thing to mend, or to look at. line, column: from 1. policy: its @id; "" where it has none.

    wrong, mend: sentences.
    """

    level: Literal["failed", "warning"]
    file: str
    line: int
    column: int
    policy: str
    wrong: str
    mend: str

    @property
    def where(self) -> str:
        """Its place, as editors take it."""
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """troubles: in the order of the files. places: where each policy begins, by its @id; the first if two have it.

    silent: the @ids of those that forbid without a @severity, so that the security channel does not hear of it.
    """

    troubles: tuple[Trouble, ...]
    places: Mapping[str, tuple[str, int, int]]
    silent: tuple[str, ...]

    def unreached(self, policy: str) -> Trouble:
        """The trouble with a policy that decides no case."""
        file, line, column = self.places[policy]
        wrong = "No case reaches it, so nothing shows that it does what it should."
        mend = "Write a case that it decides, and one just beside it that it must not."
        return Trouble(
            level="warning", file=file, line=line, column=column, policy=policy, wrong=wrong, mend=mend
        )


def inspect(sources: Mapping[str, str], schema: str) -> Inspection:
    """Look through these files. PolicyFault where the schema itself will not do."""
    try:
        parsed = cedarpy.Schema.from_str(schema)
    except ValueError as error:
        raise PolicyFault(f"the policy schema: {error}") from error
    look = _Look(schema=parsed, attributes=sorted(set(_ATTRIBUTE.findall(schema))), places={}, silent=[])
    troubles = [
        trouble
        for file, text in sorted(sources.items())
        for written in _written(file, text)
        for trouble in look.at(written)
    ]
    return Inspection(troubles=tuple(troubles), places=look.places, silent=tuple(look.silent))


@dataclass(frozen=True, kw_only=True)
class _Written:
    """One statement: its text, and the file that it starts so many characters into."""

    file: str
    whole: str
    start: int
    text: str

    def place(self, offset: int) -> tuple[int, int]:
        return line_and_column(self.whole, self.start + offset)


def _written(file: str, whole: str) -> Iterator[_Written]:
    start = 0
    for each in statements(file, whole):
        yield _Written(file=file, whole=whole, start=start, text=each.text)
        start += len(each.text)


@dataclass(frozen=True, kw_only=True)
class _Look:
    schema: cedarpy.Schema
    attributes: list[str]
    places: dict[str, tuple[str, int, int]]
    silent: list[str]

    def at(self, written: _Written) -> Iterator[Trouble]:
        """What is wrong with one statement."""
        wrong = words_of_cedar(written.text)
        if wrong:
            yield _trouble(written, "", wrong, self._mend(wrong), offset_of(written.text, wrong))
            return
        parsed = json.loads(cedarpy.policies_to_json_str(written.text))
        if parsed["templates"]:
            yield _trouble(
                written, "", "it is a template (?principal, ?resource)", "Write the policy out for each."
            )
            return
        (rule,) = parsed["staticPolicies"].values()
        name = str(rule.get("annotations", {}).get("id") or "")
        yield from self._annotations(written, name, rule)
        yield from self._against_schema(written, name)

    def _annotations(self, written: _Written, name: str, rule: Mapping[str, Any]) -> Iterator[Trouble]:
        notes: Mapping[str, str | None] = rule.get("annotations", {})
        if not ID.fullmatch(name):
            mend = 'Write @id("what-it-does") before it: small letters, digits and hyphens.'
            yield _trouble(written, "", f"@id is {_missing_or(name)}", mend, _offset(written, "@id"))
        elif name in self.places:
            file, line, _ = self.places[name]
            wrong = f"the @id `{name}` is already used at {file}:{line}"
            yield _trouble(written, name, wrong, "Give one of them another @id.", _offset(written, "@id"))
        else:
            self.places[name] = (written.file, *written.place(beginning(written.text)))
        for kind, mend in _NEEDED.items():
            if not (notes.get(kind) or "").strip():
                yield _trouble(written, name, f"@{kind} is missing", mend, _offset(written, f"@{kind}"))
        if (length := len(" ".join((notes.get("reason") or "").split()))) > LONGEST_REASON:
            wrong = f"@reason has {length} characters, and a message has room for {LONGEST_REASON}"
            mend = "Say it shorter: a person reads it in a chat."
            yield _trouble(written, name, wrong, mend, _offset(written, "@reason"))
        yield from self._severity(written, name, rule["effect"], notes)

    def _severity(
        self, written: _Written, name: str, effect: str, notes: Mapping[str, str | None]
    ) -> Iterator[Trouble]:
        at, severity = _offset(written, "@severity"), notes.get("severity") or ""
        if "severity" in notes and severity not in SEVERITIES:
            mend = "Write high, medium or low; or leave @severity out where a refusal is nothing unusual."
            yield _trouble(written, name, f"@severity is {_missing_or(severity)}", mend, at)
        elif "severity" in notes and effect == "permit":
            mend = "Take it out, or put it on the `forbid` that it belongs to."
            wrong = "@severity says how much a refusal matters, and this policy refuses nobody"
            yield _trouble(written, name, wrong, mend, at, level="warning")
        elif effect == "forbid" and not severity:
            self.silent.append(name)

    def _against_schema(self, written: _Written, name: str) -> Iterator[Trouble]:
        result = cedarpy.validate_policies(written.text, self.schema)
        said = dict.fromkeys(error.error.removeprefix(_ANONYMOUS) for error in result.errors)
        found = [
            _trouble(written, name, wrong, self._mend(wrong), offset_of_name(written.text, wrong))
            for wrong in said
            if len(said) == 1 or not wrong.startswith("unable to find an applicable action")
        ]
        yield from sorted(found, key=lambda trouble: (trouble.line, trouble.column))
        if not said and never_applies(written.text, self.schema):
            mend = "Look for two conditions that exclude each other, or for things of two kinds that are compared."
            yield _trouble(
                written, name, "it can never apply, whatever is asked", mend, conditions(written.text)
            )

    def _mend(self, wrong: str) -> str:
        """How to mend what Cedar says."""
        named = _NAMED.search(wrong)
        name = named[1] if named else ""
        if wrong.startswith("attribute"):
            return f"Policies know what schema.cedarschema has. {nearest(name, self.attributes)}"
        if wrong.startswith("unrecognized action"):
            return nearest(name, list(Action))
        if wrong.endswith("is not a valid method"):
            return nearest(name, _METHODS)
        return next((mend for start, mend in _MENDS.items() if wrong.startswith(start)), _ANY_MEND)


_METHODS = (
    "contains",
    "containsAll",
    "containsAny",
    "isEmpty",
    "toTime",
    "toDate",
    "offset",
    "durationSince",
)
_NEEDED = {
    "reason": 'Write @reason("…"): the sentence that a person reads when it decides.',
    "control": 'Write @control("…"): the rule or standard that it serves.',
}
_ANY_MEND = "Mend it as Cedar says; docs/policy.md explains what policies may speak about."
_MENDS = {
    "unexpected end": "Something is left open: a bracket, a quote, or the `;` at its end.",
    "unexpected token": "Cedar expects something else here. Look for a sign too much, or one missing before it.",
    "invalid token": "That is no sign of Cedar's. Look for a quote that is left open.",
    "'=' is": "Write `==` to compare.",
    "invalid policy condition": "A condition begins with `when` or `unless`.",
    "unable to guarantee safety": "It may be missing. Ask first whether it is there, with `has` and `&&` before it.",
    "unable to find an applicable action": "No action has this kind of principal and resource.",
    "unexpected type": "Compare like with like: numbers with numbers, texts with texts in quotes.",
    "the types": "Compare like with like: numbers with numbers, texts with texts in quotes.",
}


def _trouble(
    written: _Written,
    name: str,
    wrong: str,
    mend: str,
    offset: int | None = None,
    level: Literal["failed", "warning"] = "failed",
) -> Trouble:
    line, column = written.place(beginning(written.text) if offset is None else offset)
    sentence = f"{wrong[:1].upper()}{wrong[1:].rstrip('.')}."
    return Trouble(
        level=level, file=written.file, line=line, column=column, policy=name, wrong=sentence, mend=mend
    )


def _offset(written: _Written, annotation: str) -> int:
    """Where an annotation stands; where the statement begins if it has none."""
    found = re.search(rf"^[^/\n]*?({annotation})\b", written.text, re.MULTILINE)
    return found.start(1) if found else beginning(written.text)


def _missing_or(value: str) -> str:
    return f"not `{value}`" if value else "missing"
