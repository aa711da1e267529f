"""What clickers are told whose decision does not count: they may not, it is not their turn, it changed, or it is over.

Kind, with who can instead, and that nothing was changed.
"""

from dataclasses import replace

from bot.slack.messages.naming import name
from bot.slack.messages.requests import needed, whole
from bot.slack.words import clock, duration, inert, listed, together
from bot.texts import as_told, say, template
from handlers.decisions.cedar import NO_POLICY
from handlers.outcomes import NotAllowed, NotYet, TooLate
from handlers.requests.stories import GrantStory
from storage.states import GrantState


def not_allowed_text(outcome: NotAllowed) -> str:
    """To someone who may not decide: kind, with whom to ask, and that nothing happened."""
    reasons = [reason for reason in outcome.reasons if reason != NO_POLICY]
    entitlement, owner = inert(outcome.entitlement), inert(as_told(outcome.owner_name))
    if reasons:
        why = say(
            "You can't decide this one: *{entitlement}* belongs to {owner}.",
            entitlement=entitlement,
            owner=owner,
        )
    else:
        why = say(
            "You can't decide this one: *{entitlement}* belongs to {owner}, and you are not among its approvers.",
            entitlement=entitlement,
            owner=owner,
        )
    others = say("{names} can.", names=listed([inert(one) for one in outcome.can])) if outcome.can else ""
    return together(why, *map(whole, reasons), others, say("Nothing was changed."))


def not_yet_text(outcome: NotYet, story: GrantStory) -> str:
    """To an approver whose turn it is not: nothing is wrong, somebody else comes first."""
    return say(
        "Not yet: {approvals} must come before yours. It is no fault of yours, and nothing was changed.",
        approvals=needed(replace(story, missing=outcome.first)),
    )


def changed_text(story: GrantStory | None) -> str:
    """To somebody whose form or message shows what the request no longer is."""
    now = ""
    if story:
        now = say(
            "It is {duration} of *{entitlement}* now.",
            duration=duration(story.minutes),
            entitlement=inert(name(story)),
        )
    return together(
        say("This request is no longer what you were shown, so nothing was decided."),
        now,
        say("Please look at it again."),
    )


def too_late_text(outcome: TooLate) -> str:
    """To the second clicker: who settled it and when, or what it came to."""
    # Only who approved it is told so while others have to.
    if outcome.state == GrantState.PENDING and outcome.by:
        return say("You approved this already. It waits for somebody else's approval now.")
    return together(_settled(outcome), say("Nothing more to do."))


def _settled(outcome: TooLate) -> str:
    state, by = GrantState(outcome.state), inert(outcome.by)
    if not by or state in _ENDED_BY_NOBODY:
        return say(_SETTLED[state]) if state in _SETTLED else say("This was decided already.")
    if state == GrantState.DENIED:
        if outcome.at is None:
            return say("{name} denied this.", name=by)
        return say("{name} denied this at {time}.", name=by, time=clock(outcome.at))
    if outcome.at is None:
        return say("{name} approved this.", name=by)
    return say("{name} approved this at {time}.", name=by, time=clock(outcome.at))


# However many had approved it by then.
_ENDED_BY_NOBODY = frozenset({GrantState.LAPSED, GrantState.WITHDRAWN, GrantState.VOIDED})
_SETTLED = {
    GrantState.LAPSED: template("This request lapsed: nobody answered in time."),
    GrantState.WITHDRAWN: template("The requester took this back."),
    GrantState.VOIDED: template("This request can no longer be granted."),
    GrantState.REFUSED: template("This request was refused."),
    GrantState.PENDING: template("This request is sent and waits for its owner."),
    GrantState.APPROVED: template("This is approved and is being set up."),
    GrantState.ACTIVE: template("This is approved and active."),
    GrantState.ENDING: template("This access is being taken back already."),
    GrantState.ENDED: template("This access has ended already."),
}
