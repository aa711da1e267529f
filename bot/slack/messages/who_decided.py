"""Who approved or denied a request, when, by which proof and delegation, and why in their words, as it is read.

It never decides who counts, and names nobody but who decided.
"""

from functools import reduce

from bot.slack.messages.proofs import proved_by
from bot.slack.words import clock, day_and_clock, inert, quoted
from bot.texts import say
from handlers.intents import RATIONALE_LIMIT
from handlers.requests.stories import GrantStory, Said

# Of several approvers' words, so many characters in all fit beside the facts.
_RATIONALES_TOGETHER = 600


def called(one: Said) -> str:
    """An approver by name, with the delegation by which they had the owner's word, if it was by one."""
    name, by = inert(one.name), one.delegation
    if by is None:
        return name
    if by.scope or by.until is None:
        return say("{name} (by the standing scope {scope})", name=name, scope=inert(by.scope))
    return say(
        "{name} (by delegation from {other} until {time})",
        name=name, other=inert(by.by), time=day_and_clock(by.until),
    )  # fmt: skip


def named(one: Said, most: int = RATIONALE_LIMIT) -> str:
    """An approver's decision, without a full stop: who, when, how they proved who they are, and why in their words.

    most: at most so many characters of these.
    """
    name, time = called(one), clock(one.at)
    words = quoted(one.rationale, most) if one.rationale else ""
    if one.proof is None:
        if not words:
            return say("{name} at {time}", name=name, time=time)
        return say("{name} at {time}: {words}", name=name, time=time, words=words)
    proved = proved_by(one.proof)
    if not words:
        return say("{name} at {time} ({proved})", name=name, time=time, proved=proved)
    return say("{name} at {time} ({proved}): {words}", name=name, time=time, proved=proved, words=words)


def approvals(story: GrantStory) -> str:
    """Who approved, when and why, without a full stop; "" if nobody did. Together they never outgrow a message."""
    given = [one for one in story.said if one.approved and not one.void]
    most = RATIONALE_LIMIT if len(given) < 2 else _RATIONALES_TOGETHER // len(given)
    by = [named(one, most) for one in given]
    return (
        reduce(lambda before, one: say("{before} and by {next}", before=before, next=one), by) if by else ""
    )


def approved_by(story: GrantStory) -> str:
    """Who approved, in a sentence; empty if nobody did."""
    by = approvals(story)
    return say("Approved by {approvals}.", approvals=by) if by else ""


def denial(story: GrantStory) -> str:
    """Who denied it, when and why, without a full stop; "" if nobody did."""
    denied = next((one for one in reversed(story.said) if not one.approved), None)
    return named(denied) if denied else ""
