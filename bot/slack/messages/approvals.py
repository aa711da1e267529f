"""The approval message in the owner's channel, its aftermath, and what clickers are told.

What an approver must see is never cut short (promise 9): what does not fit is not sent.
"""

from collections.abc import Sequence
from dataclasses import replace

from slack_sdk.models.blocks import Block, ButtonElement, DividerBlock

from bot.slack.actions import Action
from bot.slack.messages.during import can_be_ended, end_button, ended_by, goes_on, going_on, passed_on
from bot.slack.messages.parts import (
    CONFIRM_LIMIT,
    HEADING_LIMIT,
    SECTION_LIMIT,
    TEXT_LIMIT,
    Message,
    actions,
    button,
    facts,
    heading,
    note,
    section,
    sure_button,
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
from bot.slack.words import (
    clock,
    counted,
    day,
    day_and_clock,
    duration,
    in_quotes,
    inert,
    listed,
    sentence,
    visible,
)
from handlers.decisions.cedar import NO_POLICY
from handlers.outcomes import NotAllowed, NotYet, TooLate
from handlers.stories import ENDED_EARLY, GrantStory, Report, Requester
from storage.states import GrantState

_HOLDS_SHOWN = 5
_NAMES_SHOWN = 5
_HOLDS_IN_DETAILS = 25


def approval_message(story: GrantStory, *, to_owner: bool = True) -> Message:
    """The request as its owner sees it: facts, why policy asks, and buttons while it can be decided.

    to_owner: in an owner's channel, where it can be ended as well; a manager who was asked alone could not.
    """
    rows = critical_facts(story)
    waiting = story.state == GrantState.PENDING
    stands = _still_needed if waiting else _what_became
    state = stands(story)
    about = sentence(going_on(story), _why_asked(story))
    why = [
        line
        for line in (was_reset(story), about, _background(story), _last_time(story), passed_on(story))
        if line
    ]
    blocks: list[Block] = [heading(_title(story)), facts(rows), section("\n".join(why))]
    if waiting:
        who_can = _who_can(story)
        remark = sentence(state, who_can)
        blocks += map(note, [remark] if len(remark) <= SECTION_LIMIT else [state, who_can])
        blocks += actions(_ways(story))
        why.append(who_can)
    else:
        blocks += [DividerBlock(), section(state)]
        blocks += actions([end_button(story)] if to_owner and can_be_ended(story) else [])
    told = f"{inert(_title(story))}. {'; '.join(f'{label}: {inert(value)}' for label, value in rows)}."
    whole_text = sentence(told, *why, state)
    # The facts and how it stands are never cut; what the blocks say besides may be, where words must be few.
    shorter = (whole_text, f"{told} {state}")
    text = next((one for one in shorter if len(one) <= TEXT_LIMIT), f"{told} {stands(_without_words(story))}")
    return Message(text=text, blocks=tuple(blocks))


def _without_words(story: GrantStory) -> GrantStory:
    """The same without what approvers wrote, and without who approved what it no longer is."""
    said = tuple(replace(one, rationale="") for one in story.said if not one.void)
    return replace(story, said=said, end_rationale="")


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
        ("How long", how_long(story)),
        ("Why", in_quotes(story.justification)),
        *ticket,
    ]


def was_reset(story: GrantStory) -> str:
    """A warning, where a password of theirs was reset lately (P-8)."""
    if story.reset_at is None:
        return ""
    whose = "The password of whoever asks or is to have it" if story.report else "Their password"
    return f"⚠️ {whose} was reset {day_and_clock(story.reset_at)}, less than a day ago: make sure that it is them."


def how_long(story: GrantStory) -> str:
    """The time that is decided about, and what was asked for if an approver made it shorter."""
    asked = f" ({duration(story.asked_minutes)} were asked for)" if story.asked_minutes else ""
    return f"{duration(story.minutes)} from approval{asked}"


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


def not_yet_text(outcome: NotYet, story: GrantStory) -> str:
    """To an approver whose turn it is not: nothing is wrong, somebody else comes first."""
    first = needed(replace(story, missing=outcome.first))
    return f"Not yet: {first} must come before yours. It is no fault of yours, and nothing was changed."


def changed_text(story: GrantStory | None) -> str:
    """To somebody whose form or message shows what the request no longer is."""
    now = f" It is {duration(story.minutes)} of *{inert(name(story))}* now." if story else ""
    return f"This request is no longer what you were shown, so nothing was decided.{now} Please look at it again."


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
    kind = "Extension" if story.goes_on_from else "Access request"
    title = f"{kind}: {name(story)}"
    return title if len(visible(title)) <= HEADING_LIMIT else kind


def _why_asked(story: GrantStory) -> str:
    why = because(story)
    return f"Policy asks because {why}." if why else ""


def _background(story: GrantStory) -> str:
    holder = story.report.name if story.report else story.requester.name
    return f"{inert(holder)} holds {_holdings(story)}, and {_had(story)}."


def _holdings(story: GrantStory) -> str:
    """What the requester holds besides: all of it if it is little, otherwise how much, and the riskiest."""
    if len(story.holds) <= _HOLDS_SHOWN:
        return listed([*map(inert, story.holds)]) or "nothing else"
    return (
        f"{len(story.holds)} other things, the riskiest {listed([*map(inert, story.holds[:_HOLDS_SHOWN])])}"
    )


def _last_time(story: GrantStory) -> str:
    """When this was held last, for how long, by whose approval, and how it ended."""
    last = story.last
    if last is None:
        return ""
    by = (
        f"approved by {listed([inert(one) for one in last.by[:_NAMES_SHOWN]])}"
        if last.by
        else "given at once"
    )
    how = {TIME_OVER: "ended on time", GIVEN_BACK: "given back early"}.get(
        last.end_reason, f"ended: {inert(last.end_reason)}" if last.end_reason else "ended"
    )
    return f"Last time: until {day(last.at)}, for {duration(last.minutes)}, {by}, {how}."


def _who_can(story: GrantStory) -> str:
    """Who may decide now, by name and without a ping. It is asked again at the click."""
    roles = [
        f"{listed([inert(one) for one in _some(names)], 'or')} for {decides_for(story, role)}"
        for role, names in story.can.items()
        if names
    ]
    return f"Can decide now: {'; '.join(roles)}." if roles else ""


def decides_for(story: GrantStory, role: str) -> str:
    """Whom an approver speaks for: "Data Platform", "security", "the requester as their manager"."""
    owner = inert(story.owner.name) if story.owner else "its owner"
    return {"owner": owner, "security": "security", "manager": "the requester, as their manager"}.get(
        role, owner
    )


def _some(names: Sequence[str]) -> list[str]:
    rest = len(names) - _NAMES_SHOWN
    return [*names[:_NAMES_SHOWN], *([f"{rest} more"] if rest > 0 else [])]


def _ways(story: GrantStory) -> list[ButtonElement]:
    """The buttons of a request that waits: at most five, and one click is enough where policy wants no more."""
    less = [button("Approve for less…", Action.APPROVE_LESS, story.id)] if story.minutes > 1 else []
    return [
        _at_once(story) or button("Approve…", Action.APPROVE, story.id, primary=True),
        *less,
        button("Deny…", Action.DENY, story.id),
        button("Ask a question…", Action.INQUIRE, story.id),
        button("Details", Action.DETAILS, story.id),
    ]


def _at_once(story: GrantStory) -> ButtonElement | None:
    """Approve in one click, which asks first with the facts; None where policy wants words, or they do not fit."""
    report = [f"For {for_whom(story.report)}"] if story.report else []
    what = dict(critical_facts(story))["What"]
    whom = "\n".join([who(story.requester), *report, what, how_long(story)])
    if not story.one_click or not story.shown or len(whom) > CONFIRM_LIMIT:
        return None
    return sure_button(
        "Approve",
        Action.APPROVE_AT_ONCE,
        sealed(story),
        title="Approve this request?",
        facts=whom,
        yes="Approve",
        no="Cancel",
        primary=True,
    )


def sealed(story: GrantStory) -> str:
    """The id of a request with the mark of what is shown of it: a decision binds nothing else."""
    return f"{story.id}~{story.shown}" if story.shown else story.id


def _held(story: GrantStory, most: int) -> str:
    shown, rest = story.holds[:most], len(story.holds) - most
    return listed([*map(inert, shown), *([f"{rest} more"] if rest > 0 else [])])


def _had(story: GrantStory) -> str:
    if not story.had:
        return "has never had this before"
    return f"has had this {_times(story)}" if story.last else f"has had this {_had_before(story)}"


def _had_before(story: GrantStory) -> str:
    if not story.had:
        return "never"
    last = f", {'last ' if story.had > 1 else ''}until {day(story.had_last)}" if story.had_last else ""
    return f"{_times(story)}{last}"


def _times(story: GrantStory) -> str:
    times = {1: "once", 2: "twice"}.get(story.had, f"{story.had} times")
    return f"{times} before"


def _still_needed(story: GrantStory) -> str:
    given = [one for one in story.said if one.approved and not one.void]
    so_far = [
        f"{inert(one.name)} approved at {clock(one.at)} for {decides_for(story, one.role)}." for one in given
    ]
    lapses = f"Lapses {day_and_clock(story.lapses_at)}." if story.lapses_at else ""
    how_far = f"{len(given)} of {len(given) + sum(story.missing.values())}:" if given else ""
    still = sentence(f"{needed(story)} needed.")
    return sentence(how_far, *so_far, void_approvals(story), still, _asked(story), lapses)


def _asked(story: GrantStory) -> str:
    """What was asked about it, which stands in the thread."""
    if not story.asked:
        return ""
    waiting = sum(one.answered_at is None for one in story.asked)
    how = f"{waiting} not answered yet" if waiting else "answered"
    return f"{counted(len(story.asked), 'question')} in the thread, {how}."


def _what_became(story: GrantStory) -> str:
    decided = approvals(story)
    by = f" by {decided}" if decided else " at once, as policy says" if story.automatic else ""
    approved = f"Approved{by}." if decided else ""
    ended = f" at {clock(story.ended_at)}" if story.ended_at else ""
    until = f"Active until {day_and_clock(story.expires_at)}." if story.expires_at else ""
    denied = f" by {denial(story)}" if denial(story) else ""
    nobody = "not enough approvals came" if decided else "nobody answered"
    sentences = {
        GrantState.APPROVED: ("✅ *Approved*" + by + ".", "Being set up."),
        GrantState.ACTIVE: ("✅ *Approved*" + by + ".", until, goes_on(story)),
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
    if story.end_reason == ENDED_EARLY:
        return ended_by(story)
    return inert(story.end_reason) or TIME_OVER
