"""The approval message in the owner's channel, its aftermath, and what clickers are told.

What an approver must see is never cut short (promise 9): what does not fit is not sent.
"""

from slack_sdk.models.blocks import Block, DividerBlock

from bot.slack.actions import Action
from bot.slack.messages.parts import (
    HEADING_LIMIT,
    TEXT_LIMIT,
    Message,
    actions,
    button,
    facts,
    heading,
    note,
    section,
)
from bot.slack.messages.requests import (
    GIVEN_BACK,
    TIME_OVER,
    approvals,
    because,
    denial,
    name,
    needed,
    removal,
    void_approvals,
    whole,
)
from bot.slack.words import clock, day, day_and_clock, duration, in_quotes, inert, listed, sentence, visible
from handlers.decisions.cedar import NO_POLICY
from handlers.outcomes import NotAllowed, TooLate
from handlers.stories import GrantStory, Report, Requester
from storage.states import GrantState

_HOLDS_SHOWN = 5
_HOLDS_IN_DETAILS = 25


def approval_message(story: GrantStory) -> Message:
    """The request as its owner sees it: facts, why policy asks, and buttons while it can be decided."""
    rows = critical_facts(story)
    waiting = story.state == GrantState.PENDING
    state = _still_needed(story) if waiting else _what_became(story)
    why = sentence(_why_asked(story), _background(story))
    blocks: list[Block] = [heading(_title(story)), facts(rows), section(why)]
    if waiting:
        blocks.append(note(state))
        blocks += actions(
            [
                button("Approve…", Action.APPROVE, story.id, primary=True),
                button("Deny…", Action.DENY, story.id),
                button("Details", Action.DETAILS, story.id),
            ]
        )
    else:
        blocks += [DividerBlock(), section(state)]
    told = f"{inert(_title(story))}. {'; '.join(f'{label}: {inert(value)}' for label, value in rows)}."
    whole_text = f"{told} {why} {state}"
    # The facts and how it stands are never cut; what the blocks say besides may be, where words must be few.
    text = whole_text if len(whole_text) <= TEXT_LIMIT else f"{told} {state}"
    return Message(text=text, blocks=tuple(blocks))


def critical_facts(story: GrantStory) -> list[tuple[str, str]]:
    """Who, what, how long, why and how risky: whole, in this order."""
    entitlement = story.entitlement
    where = f", {entitlement.environment}, risk {entitlement.risk} of 5" if entitlement else ""
    if story.directory:
        where += f", in the directory {story.directory}"
    report = [("For", for_whom(story.report))] if story.report else []
    ticket = [("Ticket", story.ticket)] if story.ticket else []
    return [
        ("Who", who(story.requester)),
        *report,
        ("What", f"{name(story)}{where}"),
        ("How long", f"{duration(story.minutes)} from approval"),
        ("Why", in_quotes(story.justification)),
        *ticket,
    ]


def who(requester: Requester) -> str:
    """The requester; the login stands beside the name, since names can be made to look alike (SL-3)."""
    about = [requester.login, requester.team]
    if requester.employment != "employee":
        about.append(requester.employment)
    if requester.manager:
        about.append(f"reports to {requester.manager}")
    known = ", ".join(part for part in map(visible, about) if part)
    return f"{visible(requester.name)} ({known})" if known else visible(requester.name)


def for_whom(report: Report) -> str:
    """A report whom the requester asked for: they hold it, and the requester does not."""
    return f"{visible(report.name)} ({visible(report.login)}), who reports to the requester"


def details_text(story: GrantStory) -> str:
    """What stands behind the request, for the Details form (mrkdwn)."""
    holds = _held(story, _HOLDS_IN_DETAILS) or "nothing else in the catalogue"
    lines = [
        f"*Title*  {inert(story.entitlement.title) if story.entitlement else 'no longer in the catalogue'}",
        f"*Goes to*  the account `{inert(story.account)}` of the directory {inert(story.directory)}"
        if story.account
        else "",
        f"*Asked*  {day_and_clock(story.requested_at)}",
        f"*Holds now*  {holds}",
        f"*Had this before*  {_had_before(story)}",
        f"*Still needed*  {needed(story)}" if story.state == GrantState.PENDING else "",
        f"*When it ends*  the removal takes effect {inert(story.removal_takes_effect) or 'at an unknown time'}",
        f"*Request*  `{story.id}`",
    ]
    return "\n".join(line for line in lines if line)


def not_allowed_text(outcome: NotAllowed) -> str:
    """To someone who may not decide: kind, with whom to ask, and that nothing happened."""
    others = f"{listed([inert(one) for one in outcome.can])} can." if outcome.can else ""
    belongs = (
        f"You can't decide this one: *{inert(outcome.entitlement)}* belongs to {inert(outcome.owner_name)}"
    )
    reasons = [reason for reason in outcome.reasons if reason != NO_POLICY]
    why = f"{belongs}." if reasons else f"{belongs}, and you are not among its approvers."
    return sentence(why, *map(whole, reasons), others, "Nothing was changed.")


def too_late_text(outcome: TooLate) -> str:
    """To the second clicker: who settled it and when, or what it came to."""
    at = f" at {clock(outcome.at)}" if outcome.at else ""
    state = GrantState(outcome.state)
    if outcome.by and state not in _ENDED_BY_NOBODY:
        did = "denied" if state == GrantState.DENIED else "approved"
        return f"{inert(outcome.by)} {did} this{at}. Nothing more to do."
    return f"{_SETTLED.get(state, 'This was decided already')}. Nothing more to do."


# However many had approved it by then.
_ENDED_BY_NOBODY = frozenset({GrantState.LAPSED, GrantState.WITHDRAWN, GrantState.VOIDED})
_SETTLED = {
    GrantState.LAPSED: "This request lapsed: nobody answered in time",
    GrantState.WITHDRAWN: "The requester took this back",
    GrantState.VOIDED: "This request can no longer be granted",
    GrantState.REFUSED: "This request was refused",
    GrantState.PENDING: "This request is sent and waits for its owner",
    GrantState.APPROVED: "This is approved and is being set up",
    GrantState.ACTIVE: "This is approved and active",
    GrantState.ENDING: "This access is being taken back already",
    GrantState.ENDED: "This access has ended already",
}


def _title(story: GrantStory) -> str:
    """The headline; one that would not fit leaves the name to the facts below it."""
    title = f"Access request: {name(story)}"
    return title if len(visible(title)) <= HEADING_LIMIT else "Access request"


def _why_asked(story: GrantStory) -> str:
    why = because(story)
    return f"Policy asks because {why}." if why else ""


def _background(story: GrantStory) -> str:
    holds = _held(story, _HOLDS_SHOWN) or "nothing else"
    holder = story.report.name if story.report else story.requester.name
    return f"{inert(holder)} holds {holds}, and {_had(story)}."


def _held(story: GrantStory, most: int) -> str:
    shown, rest = story.holds[:most], len(story.holds) - most
    return listed([*map(inert, shown), *([f"{rest} more"] if rest > 0 else [])])


def _had(story: GrantStory) -> str:
    if not story.had:
        return "has never had this before"
    return f"has had this {_had_before(story)}"


def _had_before(story: GrantStory) -> str:
    if not story.had:
        return "never"
    times = {1: "once", 2: "twice"}.get(story.had, f"{story.had} times")
    last = f", {'last ' if story.had > 1 else ''}until {day(story.had_last)}" if story.had_last else ""
    return f"{times} before{last}"


def _still_needed(story: GrantStory) -> str:
    given = [one for one in story.said if one.approved and not one.void]
    so_far = [f"{inert(one.name)} approved at {clock(one.at)}." for one in given]
    lapses = f"Lapses {day_and_clock(story.lapses_at)}." if story.lapses_at else ""
    return sentence(*so_far, void_approvals(story), sentence(f"{needed(story)} needed."), lapses)


def _what_became(story: GrantStory) -> str:
    decided = approvals(story)
    by = f" by {decided}" if decided else ""
    approved = f"Approved{by}." if decided else ""
    ended = f" at {clock(story.ended_at)}" if story.ended_at else ""
    until = f"Active until {day_and_clock(story.expires_at)}." if story.expires_at else ""
    denied = f" by {denial(story)}" if denial(story) else ""
    nobody = "not enough approvals came" if decided else "nobody answered"
    sentences = {
        GrantState.APPROVED: ("✅ *Approved*" + by + ".", "Being set up."),
        GrantState.ACTIVE: ("✅ *Approved*" + by + ".", until),
        GrantState.ENDING: (f"⌛ *Being taken back*: {_why_ended(story)}.", approved),
        GrantState.ENDED: (f"⌛ *Ended*{ended}: {_why_ended(story)}.", removal(story), approved),
        GrantState.DENIED: (f"⛔ *Denied*{denied}. Nothing was granted.",),
        GrantState.LAPSED: (f"⌛ *Lapsed*: {nobody} in time. Nothing was granted.", approved),
        GrantState.WITHDRAWN: (f"⌛ *Withdrawn* by the requester{ended}. Nothing was granted.", approved),
        GrantState.VOIDED: (f"⛔ *Not granted*: {whole(story.end_reason or 'something changed')}", approved),
    }
    return sentence(*sentences.get(story.state, ("This is not waiting for anybody.",)))


def _why_ended(story: GrantStory) -> str:
    if story.end_reason == GIVEN_BACK:
        return "given back before its time"
    return inert(story.end_reason) or TIME_OVER
