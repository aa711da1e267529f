"""What the commands that question policy print: the answer, why, the facts, and what would change it; or JSON of it.

It asks nothing itself. What others wrote is shown literally, and nothing in it reaches the terminal as a command.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.cli.tables import say
from bot.slack.words import duration
from handlers.decisions.cedar import CedarPolicy
from handlers.decisions.explaining import Change, Kind, Turn, Verdict, answer_to, turns
from handlers.decisions.facts_used import FactUsed, facts_used
from handlers.decisions.policy import AccessQuestion, Approvals, Question
from handlers.decisions.statements import PolicyNote

OUTCOMES = {
    "automatic": "given at once",
    "approval": "carried to its owner",
    "refused": "refused",
    "allowed": "allowed",
}
_ROLES = {"owner": "its owner", "security": "security", "manager": "their manager"}


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """One question with its answer. notes: the policies that made it. turns: what would change it."""

    question: Question
    verdict: Verdict
    notes: tuple[PolicyNote, ...]
    facts: tuple[FactUsed, ...]
    turns: tuple[Turn, ...]
    policy_set: str


def explanation(policy: CedarPolicy, question: Question, *, whole: bool) -> Explanation:
    """All that there is to say of one question. whole: of a request as a whole."""
    verdict = answer_to(policy, question, whole=whole)
    notes = tuple(policy.notes[name] for name in verdict.decision.policy_ids if name in policy.notes)
    return Explanation(
        question=question,
        verdict=verdict,
        notes=notes,
        facts=facts_used(question, notes, policy.hours),
        turns=turns(policy, question, verdict, whole=whole),
        policy_set=policy.policy_set,
    )


def show_explanation(told: Explanation) -> None:
    """The answer first, then why, then what would change it."""
    say(f"{OUTCOMES[told.verdict.outcome].capitalize()}: {_asked(told.question)}")
    if told.verdict.missing:
        say(f"It needs {approvals(told.verdict.missing)}.", indent=2)
    for line in _because(told):
        say(line, indent=2)
    if told.facts:
        say("The facts that they read:")
        for fact in told.facts:
            say(f"{fact.name}: {value(fact.value)}", indent=2)
    if told.turns:
        say("What would change it:")
        for turn in told.turns:
            say(
                f"{OUTCOMES[turn.verdict.outcome]}: {changes_in_words(turn)}{_needing(turn.verdict)}",
                indent=2,
            )
    elif told.verdict.outcome in ("refused", "approval"):
        say("No single fact that people can change, and no two, would change it.")


def explained_as_json(told: Explanation) -> dict[str, Any]:
    """The same for programs."""
    return {
        "asked": {
            "action": told.question.action.value,
            "who": told.question.principal.id,
            "in_words": _asked(told.question),
        },
        "policy_set": told.policy_set,
        **_verdict_as_json(told.verdict),
        "policies": [
            {
                "id": one.id,
                "reason": one.reason,
                "control": one.control,
                "severity": one.severity,
                "where": one.where,
            }
            for one in told.notes
        ],
        "facts": {one.name: one.value for one in told.facts},
        "would_change": [
            {"changes": [_change_as_json(one) for one in turn.changes], **_verdict_as_json(turn.verdict)}
            for turn in told.turns
        ],
    }


def changes_in_words(turn: Turn) -> str:
    """All that would have to be so."""
    return " and ".join(_change(one) for one in turn.changes)


def approvals(count: Approvals) -> str:
    """ "1 approval of its owner and 1 of security"."""
    each = [(number, _ROLES[role]) for role, number in vars(count).items() if number]
    (first, whose), *others = each or [(0, "anybody")]
    more = "".join(f" and {number} of {role}" for number, role in others)
    return f"{first} approval{'' if first == 1 else 's'} of {whose}{more}"


def length(minutes: int) -> str:
    """ "2 hours 30 minutes"; "no end" for 0."""
    return duration(minutes) if minutes else "no end"


def value(fact: Any) -> str:
    """A fact on one line."""
    if isinstance(fact, bool):
        return "yes" if fact else "no"
    if isinstance(fact, list):
        return f"[{', '.join(map(str, fact))}]"
    if isinstance(fact, Mapping):
        return f"({', '.join(f'{name} {value(each)}' for name, each in fact.items())})"
    return str(fact) if fact != "" else '""'


def _asked(question: Question) -> str:
    who = question.principal.login or question.principal.id
    if not isinstance(question, AccessQuestion):
        return f"{question.action.value} by {who}"
    whose = (
        ""
        if question.requester == question.principal
        else f", asked by {question.requester.login or question.requester.id}"
    )
    return f"{question.action.value} {question.entitlement.id} for {length(question.minutes)} by {who}{whose}"


def _because(told: Explanation) -> Iterator[str]:
    known = {one.id: one for one in told.notes}
    ids = told.verdict.decision.policy_ids
    for name in ids:
        if name in known:
            note = known[name]
            yield f"{name} ({note.control or 'no control'}): {note.reason}"
        else:
            yield f"{name}: {' '.join(map(str, told.verdict.reasons))}"
    if not ids:
        yield " ".join(map(str, told.verdict.reasons))
    yield from told.verdict.decision.errors


def _needing(verdict: Verdict) -> str:
    return f", with {approvals(verdict.missing)}" if verdict.missing else ""


def _change(change: Change) -> str:
    match change.kind:
        case Kind.TIME:
            return f"for at most {length(change.minutes)}"
        case Kind.APPROVALS:
            return f"with {approvals(change.approvals)}"
        case Kind.PROOFS:
            return f"with {' and '.join(change.proofs)} shown afresh"
        case other:
            return _PLAIN[other]


_PLAIN = {
    Kind.JUSTIFICATION: "with a reason given",
    Kind.TICKET: "with a ticket named",
    Kind.ANEW: "asked anew once it has ended",
    Kind.RESET_IS_OLD: "once the password reset is longer ago",
    Kind.NOT_REPORTED: "once security lifted the report about the account",
    Kind.RATIONALE: "with a rationale",
    Kind.PROVED: "with a fresh proof of who the approver is",
    Kind.RETYPED: "with the code of the request retyped",
    Kind.ATTESTED: "once somebody of security and of the help desk said that it is them",
    Kind.UNLOCKS: "a day after the last unlock",
}


def _verdict_as_json(verdict: Verdict) -> dict[str, Any]:
    return {
        "decision": verdict.outcome,
        "by": list(verdict.decision.policy_ids),
        "reasons": list(map(str, verdict.reasons)),
        "missing": {role: number for role, number in vars(verdict.missing).items() if number}
        if verdict.missing
        else {},
        "errors": list(verdict.decision.errors),
    }


def _change_as_json(change: Change) -> dict[str, Any]:
    told: dict[str, Any] = {"fact": change.kind.value, "in_words": _change(change)}
    if change.kind == Kind.TIME:
        told["minutes"] = change.minutes
    if change.kind == Kind.APPROVALS:
        told["approvals"] = {role: number for role, number in vars(change.approvals).items() if number}
    if change.kind == Kind.PROOFS:
        told["proofs"] = list(change.proofs)
    return told
