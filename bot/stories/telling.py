"""One entry of the audit log as a plain sentence, with the policy that decided and the words that people left.

It says what the leaf says and nothing that the leaf does not; free text is quoted as it is kept, or called erased.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.slack.messages.proofs import proofs_told
from bot.slack.words import duration, in_quotes, listed, span, together, visible
from bot.stories.of_emergencies import FOLLOW_UPS
from bot.stories.of_exceptions import EXCEPTIONS
from bot.stories.of_people import NOT_DONE, PEOPLE
from bot.stories.of_requests import (
    AT_ONCE,
    AT_ONCE_FOR_ANOTHER,
    FOR_ANOTHER,
    OVERTAKEN,
    REQUESTS,
    STOOD_BEFORE,
)
from bot.stories.of_rules import RULES
from bot.texts import as_told, say, template

SENTENCES: Mapping[str, str] = {**REQUESTS, **PEOPLE, **RULES, **EXCEPTIONS, **FOLLOW_UPS}
"""By action. Whatever stands in the record without one is told by its action's own name."""

# Longer than any form takes: what is longer did not come by a form, and the record has it whole.
_MOST_OF_WORDS = 1000
_MOST_OF_A_NAME = 150
_MINUTE_MS = 60_000


@dataclass(frozen=True, kw_only=True)
class Step:
    """One entry, ready to be told. id: the entry's own, by which it is proven.

    who, whom: names to show. own: whom it is about is who did it, or nobody. facts: as the leaf has them. policies:
    ids; policy_set: the hash of all that shaped the decision. words: texts by their names, None for what was erased.
    withheld: they are not for whoever reads it, who hears only that there are some.
    """

    at: datetime
    id: str = ""
    action: str
    outcome: str
    who: str
    whom: str
    own: bool
    what: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    policies: tuple[str, ...] = ()
    policy_set: str = ""
    words: tuple[tuple[str, str | None], ...] = ()
    withheld: bool = False


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page of a story. about: what was asked for. page: from 0; pages, entries: how many there are.

    archived: until when entries of it may be archived, so that it is told in part; None if all are here.
    """

    about: str
    correlation: str
    steps: tuple[Step, ...]
    page: int
    pages: int
    entries: int
    archived: datetime | None = None


def told(step: Step) -> str:
    """What happened, as one sentence, and what belongs to it: how late, by which proof, what went wrong."""
    minutes = step.facts.get("minutes")
    length = duration(minutes) if isinstance(minutes, int) and minutes > 0 else say("some time")
    values = {"who": step.who, "whom": step.whom, "what": step.what, "length": length}
    found = _template(step)
    if found is None:
        sentence = say("The record names it {action}, by {who}.", action=short(step.action), who=step.who)
    else:
        sentence = say(found, **values)
    return together(sentence, *_besides(step))


def decided_by(step: Step, reasons: Mapping[str, str]) -> str:
    """Which policy decided, with its own reason where that is known; "" where none was asked.

    reasons: by the ids of policies, of the very set that decided.
    """
    known = [
        f"{short(one)} ({visible(as_told(reasons[one])).rstrip('.')})"
        for one in step.policies
        if one in reasons
    ]
    others = [short(one) for one in step.policies if one not in reasons]
    named = listed([*known, *others][:5])
    return say("Policy: {policies}.", policies=named) if named else ""


def words_of(step: Step) -> list[str]:
    """What people wrote, in quotation marks, one a line, as the record holds it."""
    if step.withheld:
        return [say("{label}: not for you to read", label=_label(name)) for name, _ in step.words]
    return [_words(name, text) for name, text in step.words]


def _words(name: str, text: str | None) -> str:
    label = _label(name)
    if text is None:
        return say("{label}: erased from the record", label=label)
    if len(text) > _MOST_OF_WORDS:
        return say(
            "{label}: {words} and more, which the record holds whole",
            label=label, words=in_quotes(f"{text[:_MOST_OF_WORDS]}…"),
        )  # fmt: skip
    return say("{label}: {words}", label=label, words=in_quotes(text))


def _label(name: str) -> str:
    return say(_LABELS[name]) if name in _LABELS else visible(name)


_LABELS = {
    "justification": template("Why"),
    "rationale": template("Their reason"),
    "ticket": template("Ticket"),
    "question": template("Question"),
    "answer": template("Answer"),
    "explanation": template("In their words"),
    "name": template("Called"),
    "by": template("In the name of"),
}


def _template(step: Step) -> str | None:
    facts = step.facts
    if step.action == "grant.approved" and facts.get("automatic") is True:
        return AT_ONCE if step.own else AT_ONCE_FOR_ANOTHER
    if step.action == "access.given" and facts.get("stood_before") is True:
        return STOOD_BEFORE
    if step.action in ("access.given", "access.removed") and facts.get("overtaken") is True:
        return OVERTAKEN
    if step.outcome == "refused" and step.action in NOT_DONE:
        return NOT_DONE[step.action]
    if not step.own and step.action in FOR_ANOTHER:
        return FOR_ANOTHER[step.action]
    return SENTENCES.get(step.action)


def _besides(step: Step) -> list[str]:
    """Whole sentences about what else the entry says."""
    late, given, tries = (step.facts.get(name) for name in ("late_ms", "proofs", "tries"))
    shown = given if isinstance(given, list) else str(given).split() if given else []
    proofs = proofs_told(shown)
    cause = next((step.facts[one] for one in ("why", "fault", "reason") if step.facts.get(one)), "")
    failed = step.outcome == "failed" and step.action not in ("access.change_failed", "message.undeliverable")
    return [
        say("It was {time} late.", time=span(late // 1000))
        if isinstance(late, int) and late > _MINUTE_MS
        else "",
        say("Shown for it: {proofs}.", proofs=proofs) if proofs else "",
        say("Tries so far: {count}.", count=tries) if isinstance(tries, int) and tries > 1 else "",
        say("On record as the cause: {cause}.", cause=short(cause))
        if isinstance(cause, str) and cause
        else "",
        say("It did not succeed.") if failed else "",
        say("Policy could not be evaluated, so it was refused.") if step.facts.get("errors") else "",
    ]


def short(text: str) -> str:
    """A name or an id: a very long one must not keep the rest from being read."""
    plain = visible(text)
    return plain if len(plain) <= _MOST_OF_A_NAME else f"{plain[: _MOST_OF_A_NAME - 1]}…"
