"""The approval message in the owner's channel, and its aftermath.

What an approver must see is never cut short (promise 9): what does not fit is not sent.
"""

from dataclasses import replace

from slack_sdk.models.blocks import Block, ButtonElement, DividerBlock

from bot.slack.actions import Action
from bot.slack.messages.critical import (
    background,
    critical_facts,
    for_whom,
    how_long,
    last_time,
    some,
    thing,
    who,
)
from bot.slack.messages.during import (
    can_be_ended,
    end_button,
    ended_by,
    ender,
    goes_on,
    going_on,
    passed_on,
    sooner,
)  # fmt: skip
from bot.slack.messages.naming import name, owner_of
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
    story_button,
    sure_button,
)
from bot.slack.messages.requests import (
    TIME_OVER,
    because,
    clause,
    needed,
    removal,
    void_approvals,
    whole,
)
from bot.slack.messages.who_decided import approvals, approved_by, called, denial
from bot.slack.words import clock, day_and_clock, either, inert, together, visible
from bot.texts import say, say_counted
from handlers.requests.stories import ENDED_EARLY, GIVEN_BACK, GrantStory
from storage.states import GrantState


def approval_message(story: GrantStory, *, to_owner: bool = True) -> Message:
    """The request as its owner sees it: facts, why policy asks, and buttons while it can be decided.

    Afterwards one asks what happened with it; while it waits, that stands behind Details: five buttons are enough.

    to_owner: in an owner's channel, where it can be ended as well; a manager who was asked alone could not.
    """
    rows = critical_facts(story)
    waiting = story.state == GrantState.PENDING
    stands = _still_needed if waiting else _what_became
    state = stands(story)
    about = together(going_on(story), _why_asked(story))
    lines = (was_reset(story), about, background(story), last_time(story), passed_on(story))
    why = [line for line in lines if line]
    blocks: list[Block] = [heading(_title(story)), facts(rows), section("\n".join(why))]
    if waiting:
        who_can = _who_can(story)
        remark = together(state, who_can)
        blocks += map(note, [remark] if len(remark) <= SECTION_LIMIT else [state, who_can])
        blocks += actions(_ways(story))
        why.append(who_can)
    else:
        blocks += [DividerBlock(), section(state)]
        end = [end_button(story)] if to_owner and can_be_ended(story) else []
        blocks += actions([*end, story_button(story.id)])
    told = f"{inert(_title(story))}. {'; '.join(f'{label}: {inert(value)}' for label, value in rows)}."
    whole_text = together(told, *why, state)
    # The facts and how it stands are never cut; what the blocks say besides may be, where words must be few.
    shorter = (whole_text, f"{told} {state}")
    text = next((one for one in shorter if len(one) <= TEXT_LIMIT), f"{told} {stands(_without_words(story))}")
    return Message(text=text, blocks=tuple(blocks))


def _without_words(story: GrantStory) -> GrantStory:
    """The same without what approvers wrote, and without who approved what it no longer is."""
    said = tuple(replace(one, rationale="") for one in story.said if not one.void)
    return replace(story, said=said, end_rationale="")


def was_reset(story: GrantStory) -> str:
    """A warning, where a password of theirs was reset lately (P-8)."""
    if story.reset_at is None:
        return ""
    when = day_and_clock(story.reset_at)
    if story.report:
        return say(
            "⚠️ The password of whoever asks or is to have it was reset {time}, less than a day ago: make sure that it "
            "is them.",
            time=when,
        )
    return say(
        "⚠️ Their password was reset {time}, less than a day ago: make sure that it is them.", time=when
    )


def _title(story: GrantStory) -> str:
    """The headline; one that would not fit leaves the name to the facts below it."""
    called = visible(name(story))
    if story.goes_on_from:
        title, kind = say("Extension: {entitlement}", entitlement=called), say("Extension")
    else:
        title, kind = say("Access request: {entitlement}", entitlement=called), say("Access request")
    return title if len(title) <= HEADING_LIMIT else kind


def _why_asked(story: GrantStory) -> str:
    why = because(story)
    return say("Policy asks because {why}.", why=why) if why else ""


def _who_can(story: GrantStory) -> str:
    """Who may decide now, by name and without a ping. It is asked again at the click."""
    roles = [
        say("{names} for {team}", names=either(some(names)), team=decides_for(story, role))
        for role, names in story.can.items()
        if names
    ]
    return say("Can decide now: {who}.", who="; ".join(roles)) if roles else ""


def decides_for(story: GrantStory, role: str) -> str:
    """Whom an approver speaks for: "Data Platform", "security", "the requester, as their manager"."""
    if role == "security":
        return say("security")
    return say("the requester, as their manager") if role == "manager" else owner_of(story)


def _ways(story: GrantStory) -> list[ButtonElement]:
    """The buttons of a request that waits: at most five, and one click is enough where policy wants no more."""
    less = [button(say("Approve for less…"), Action.APPROVE_LESS, story.id)] if story.minutes > 1 else []
    return [
        _at_once(story) or button(say("Approve…"), Action.APPROVE, story.id, primary=True),
        *less,
        button(say("Deny…"), Action.DENY, story.id),
        button(say("Ask a question…"), Action.INQUIRE, story.id),
        button(say("Details"), Action.DETAILS, story.id),
    ]


def _at_once(story: GrantStory) -> ButtonElement | None:
    """Approve in one click, which asks first with the facts; None where policy wants words, or they do not fit."""
    report = [say("For {name}", name=for_whom(story.report))] if story.report else []
    whom = "\n".join([who(story.requester), *report, thing(story), how_long(story)])
    if not story.one_click or not story.shown or len(whom) > CONFIRM_LIMIT:
        return None
    return sure_button(
        say("Approve"),
        Action.APPROVE_AT_ONCE,
        sealed(story),
        title=say("Approve this request?"),
        facts=whom,
        yes=say("Approve"),
        no=say("Cancel"),
        primary=True,
    )


def sealed(story: GrantStory) -> str:
    """The id of a request with the mark of what is shown of it: a decision binds nothing else."""
    return f"{story.id}~{story.shown}" if story.shown else story.id


def _still_needed(story: GrantStory) -> str:
    given = [one for one in story.said if one.approved and not one.void]
    so_far = [
        say(
            "{name} approved at {time} for {team}.",
            name=called(one), time=clock(one.at), team=decides_for(story, one.role),
        )
        for one in given
    ]  # fmt: skip
    lapses = say("Lapses {time}.", time=day_and_clock(story.lapses_at)) if story.lapses_at else ""
    counted = len(given) if story.counted is None else story.counted
    how_far = say("{given} of {all}:", given=counted, all=counted + sum(story.missing.values()))
    still = say("Needed: {approvals}.", approvals=needed(story))
    return together(how_far if given else "", *so_far, void_approvals(story), still, _asked(story), lapses)


def _asked(story: GrantStory) -> str:
    """What was asked about it, which stands in the thread."""
    if not story.asked:
        return ""
    count = len(story.asked)
    waiting = sum(one.answered_at is None for one in story.asked)
    if not waiting:
        return say_counted(
            "{count} question in the thread, answered.", "{count} questions in the thread, answered.", count
        )
    return say_counted(
        "{count} question in the thread, {waiting} not answered yet.",
        "{count} questions in the thread, {waiting} not answered yet.",
        count,
        waiting=waiting,
    )


def _what_became(story: GrantStory) -> str:
    """How it ended, or that it is given: one sentence for the state, then what belongs to it."""
    by = approved_by(story)
    match story.state:
        case GrantState.APPROVED:
            return together(_approved(story), say("Being set up."))
        case GrantState.ACTIVE:
            until = day_and_clock(story.expires_at) if story.expires_at else ""
            active = say("Active until {time}.", time=until) if until else ""
            return together(_approved(story), active, sooner(story), goes_on(story))
        case GrantState.ENDING:
            return together(say("⌛ *Being taken back*: {why}.", why=_why_ended(story)), by)
        case GrantState.ENDED:
            return together(_ended(story), removal(story), by)
        case GrantState.DENIED:
            return together(_denied(story), say("Nothing was granted."))
        case GrantState.LAPSED:
            if by:
                lapsed = say("⌛ *Lapsed*: not enough approvals came in time. Nothing was granted.")
            else:
                lapsed = say("⌛ *Lapsed*: nobody answered in time. Nothing was granted.")
            return together(lapsed, by)
        case GrantState.WITHDRAWN:
            return together(_withdrawn(story), say("Nothing was granted."), by)
        case GrantState.VOIDED:
            why = whole(story.end_reason) if story.end_reason else say("Something changed.")
            return together(say("⛔ *Not granted*: {why}", why=why), by)
        case _:
            return say("This is not waiting for anybody.")


def _approved(story: GrantStory) -> str:
    by = approvals(story)
    if by:
        return say("✅ *Approved* by {approvals}.", approvals=by)
    return say("✅ *Approved* at once, as policy says.") if story.automatic else say("✅ *Approved*.")


def _ended(story: GrantStory) -> str:
    if story.ended_at is None:
        return say("⌛ *Ended*: {why}.", why=_why_ended(story))
    if story.end_reason == ENDED_EARLY:
        return say("⌛ *Ended* at {time} by {whom}.", time=clock(story.ended_at), whom=ender(story))
    return say("⌛ *Ended* at {time}: {why}.", time=clock(story.ended_at), why=_why_ended(story))


def _denied(story: GrantStory) -> str:
    by = denial(story)
    return say("⛔ *Denied* by {denial}.", denial=by) if by else say("⛔ *Denied*.")


def _withdrawn(story: GrantStory) -> str:
    if story.ended_at is None:
        return say("⌛ *Withdrawn* by the requester.")
    return say("⌛ *Withdrawn* by the requester at {time}.", time=clock(story.ended_at))


def _why_ended(story: GrantStory) -> str:
    if story.end_reason == GIVEN_BACK:
        return say("given back before its time")
    return ended_by(story) if story.end_reason == ENDED_EARLY else clause(story.end_reason or TIME_OVER)
