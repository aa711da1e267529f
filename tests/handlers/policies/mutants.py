"""A policy set, changed in every small way that its language has: what somebody might do to it by accident.

It works on Cedar's own JSON, so that no mutant is one of the wording alone, and judges none of them.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cedarpy

from handlers.decisions.cases import Case
from handlers.decisions.facts import put_whole
from handlers.decisions.reading import as_asked
from handlers.decisions.statements import PolicyNote

Json = dict[str, Any]

_NEXT_TO = {">=": ">", ">": ">=", "<=": "<", "<": "<=", "==": "!=", "!=": "=="}
_FAILED = re.compile(r"while evaluating policy `([^`]+)`:")
_PARTS = ("left", "right", "arg")


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """A policy that somebody changed. name: its @id and what was done. rule: what became of it; None if it is gone."""

    policy: str
    name: str
    rule: Json | None


@dataclass(frozen=True, kw_only=True)
class Applied:
    """The names of the rules that apply to one case, and of those that cannot be evaluated."""

    names: frozenset[str]
    failed: frozenset[str]


def rules_of(notes: Iterable[PolicyNote]) -> dict[str, Json]:
    """Every policy as Cedar's JSON, by its @id."""
    read = (json.loads(cedarpy.policies_to_json_str(note.text)) for note in notes)
    rules = [rule for one in read for rule in one["staticPolicies"].values()]
    return {rule["annotations"]["id"]: rule for rule in rules}


def mutants(rules: Mapping[str, Json], schema: cedarpy.Schema) -> list[Mutant]:
    """Each once, and only those that fit the schema: what does not load cannot be put in by accident."""
    seen, made = set[str](), dict[str, Mutant]()
    for one in (each for name, rule in rules.items() for each in _each(name, rule)):
        whole = json.dumps([one.policy, one.rule], sort_keys=True)
        if whole not in seen:
            seen.add(whole)
            made[one.name] = one
    changed = {name: one.rule for name, one in made.items() if one.rule is not None}
    refused = _refused(changed, schema)
    return [one for name, one in made.items() if name not in refused]


def applying(rules: Mapping[str, Json], schema: str, cases: Sequence[Case]) -> list[Applied]:
    """Which rules apply to each case: put all at once, as permissions, which hide nothing."""
    policies = cedarpy.PolicySet.from_json_str(
        _as_set({name: {**rule, "effect": "permit"} for name, rule in rules.items()})
    )
    asked = cedarpy.Schema.from_str(as_asked(schema))
    found = []
    for case in cases:
        request, entities = put_whole(case.question, schema)
        diagnostics = cedarpy.is_authorized(request, policies, entities, asked).diagnostics
        failed = frozenset(name for error in diagnostics.errors for name in _FAILED.findall(error))
        assert len(failed) == len(diagnostics.errors)
        found.append(Applied(names=frozenset(diagnostics.reasons), failed=failed))
    return found


def text_of(rule: Json) -> str:
    """A rule as Cedar's text."""
    return cedarpy.policies_from_json_str(_as_set({"": rule}))


def _refused(rules: Mapping[str, Json], schema: cedarpy.Schema) -> set[str]:
    """The names of those that the schema refuses. Validated is text, in which each has a number by its place."""
    marked = {name: {**rule, "annotations": {"name": name}} for name, rule in rules.items()}
    text = cedarpy.policies_from_json_str(_as_set(marked))
    numbered = json.loads(cedarpy.policies_to_json_str(text))["staticPolicies"]
    assert len(numbered) == len(rules)
    errors = cedarpy.validate_policies(text, schema).errors
    return {numbered[error.policy_id]["annotations"]["name"] for error in errors}


def _as_set(rules: Mapping[str, Json]) -> str:
    return json.dumps({"templates": {}, "staticPolicies": rules, "templateLinks": []})


def _each(policy: str, rule: Json) -> Iterator[Mutant]:
    def changed(change: str, **parts: Any) -> Mutant:
        return Mutant(policy=policy, name=f"{policy}: {change}", rule={**rule, **parts})

    yield Mutant(policy=policy, name=f"{policy}: taken out", rule=None)
    actions = rule["action"].get("entities", [])
    for action in actions:
        kept = [each for each in actions if each != action]
        yield changed(f"not about {action['id']}", action={"op": "in", "entities": kept})
    conditions = rule["conditions"]
    for at, condition in enumerate(conditions):
        word, before, after = condition["kind"], conditions[:at], conditions[at + 1 :]
        yield changed(f"no {word}", conditions=[*before, *after])
        for change, body in _changes(condition["body"]):
            yield changed(f"{word} {change}", conditions=[*before, {"kind": word, "body": body}, *after])


def _changes(body: Any) -> Iterator[tuple[str, Any]]:
    """Every expression that differs from this one in one place, and how."""
    if not isinstance(body, dict) or len(body) != 1:
        return
    ((kind, inner),) = body.items()
    if kind in ("&&", "||"):
        yield f"without {_text(inner['left'])}", inner["right"]
        yield f"without {_text(inner['right'])}", inner["left"]
    elif kind in _NEXT_TO:
        changed = {_NEXT_TO[kind]: inner}
        yield f"{_text(changed)}", changed
    elif kind == "!":
        yield f"{_text(inner['arg'])}", inner["arg"]
    elif kind == "Set":
        for at, each in enumerate(inner):
            yield f"without {_text(each)} in {_text(body)}", {"Set": [*inner[:at], *inner[at + 1 :]]}
    if isinstance(inner, dict):
        for side in _PARTS:
            for change, part in _changes(inner.get(side)):
                yield change, {kind: {**inner, side: part}}
            yield from ((f"{_text(each)}", each) for each in _numbers(kind, inner, side))


def _numbers(kind: str, inner: Json, side: str) -> Iterator[Json]:
    """The comparison with the number beside the one that is written, on either side."""
    value = inner.get(side, {}).get("Value") if isinstance(inner.get(side), dict) else None
    if kind in _NEXT_TO and isinstance(value, int) and not isinstance(value, bool):
        for other in (value - 1, value + 1):
            yield {kind: {**inner, side: {"Value": other}}}


def _text(expression: Any) -> str:
    """An expression as Cedar writes it, on one line."""
    rule = {
        "effect": "permit",
        **{part: {"op": "All"} for part in ("principal", "action", "resource")},
        "conditions": [{"kind": "when", "body": expression}],
    }
    _, _, rest = text_of(rule).partition("when {")
    return " ".join(rest.rpartition("}")[0].split())
