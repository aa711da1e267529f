"""What people read of delegations: the one message about each, the lists, and what came of making or ending one.

It claims nothing of who may decide: that is asked anew at every click.
"""

from collections.abc import Iterable, Sequence

from slack_sdk.models.blocks import Block, DividerBlock

from bot.slack.actions import Action
from bot.slack.messages.freezes import stopped_text, undone_text
from bot.slack.messages.parts import (
    Message,
    actions,
    button,
    facts,
    heading,
    note,
    said,
    section,
    story_button,
    sure_button,
)
from bot.slack.words import day_and_clock, duration, first, inert, listed, together, visible
from bot.texts import as_told, say, say_counted, template
from handlers.decisions.freezing import Stopped
from handlers.delegations.outcomes import (
    DelegationStory,
    EndedBefore,
    EndedNow,
    Made,
    MayNotDelegate,
    MayNotEnd,
    ScopeStory,
)
from handlers.outcomes import Unknown
from storage.states import DelegationEnd

_THINGS_SHOWN = 20
_LISTED = 10
BEGIN = template(
    "You can let a colleague, or a group, approve for your team while you are away: for named things, up to a risk and "
    "a time, and for 14 days at most."
)


def delegation_message(story: DelegationStory) -> Message:
    """One delegation wherever it is told of, edited in place: who lets whom decide what, until when; then its end."""
    rows = [
        (say("Who delegates"), visible(story.by)),
        (say("To whom"), _to(story)),
        (say("What"), _things(story)),
        (say("At most"), _limits(story)),
    ]
    title = say("Approvals delegated: {team}", team=story.owner)
    state = _state(story)
    told = "; ".join(f"{label}: {inert(value)}" for label, value in rows)
    blocks: list[Block] = [heading(title), facts(rows)]
    if story.ended:
        blocks += [DividerBlock(), section(state), *actions([story_button(story.id)])]
        return Message(text=f"{inert(title)}. {told}. {state}", blocks=tuple(blocks))
    remark = say(
        "They approve with the owner's word and within these limits alone, cannot pass it on, and never decide what "
        "{name} asks for. It is worth something only while {name} could decide themselves.",
        name=inert(story.by),
    )
    end = sure_button(
        say("End it"), Action.END_DELEGATION, story.id, title=say("End this delegation?"),
        facts=say(
            "{to} cannot approve by it any more. What was approved by it counts no more where it was not given yet.",
            to=inert(story.to),
        ),
        yes=say("End it"), no=say("Cancel"),
    )  # fmt: skip
    blocks += [section(state), note(remark), *actions([end, story_button(story.id)])]
    return Message(text=f"{inert(title)}. {told}. {state} {remark}", blocks=tuple(blocks))


def begin_message() -> Message:
    """To whoever says so in a direct message, from which no form opens by itself."""
    return said(
        say(BEGIN),
        remark=say("Nothing is delegated yet."),
        buttons=[button(say("Delegate approvals…"), Action.DELEGATE, "delegate", primary=True)],
    )


def delegations_message(found: Sequence[DelegationStory], scopes: Sequence[ScopeStory]) -> Message:
    """Those that concern whoever asks, and the standing scopes that they decide by."""
    if not found and not scopes:
        return said(say("No approvals are delegated by you or to you."))
    lines = [f"• {line(one)}" for one in found[:_LISTED]]
    if len(found) > _LISTED:
        more = len(found) - _LISTED
        lines.append(say_counted("and {count} more", "and {count} more", more))
    lines += [f"• {scope_line(one)}" for one in scopes[:_LISTED]]
    return said("\n".join([say("*Delegated approvals*"), *lines]))


def line(story: DelegationStory) -> str:
    """One delegation on a line."""
    return say(
        "{by} lets {to} approve for *{team}* ({things}; {limits}) until {time}",
        by=inert(visible(story.by)), to=inert(_to(story)), team=inert(story.owner), things=inert(_things(story)),
        limits=_limits(story), time=day_and_clock(story.until),
    )  # fmt: skip


def scope_line(scope: ScopeStory) -> str:
    """One standing scope on a line."""
    named = inert(_named(scope.things.values()))
    return say(
        "{name}: the group {group} approves for *{team}* ({things}; {limits}), by the catalogue",
        name=inert(scope.name), group=inert(scope.group), team=inert(scope.owner), things=named or say("nothing now"),
        limits=_at_most(scope.risk, scope.minutes),
    )  # fmt: skip


def made_text(outcome: object) -> tuple[str, str]:
    """The title and the sentence that take the form's place; both "" if it closes."""
    match outcome:
        case Made():
            return say("Delegated"), say(
                "✅ It holds from now on. The owner's channel, security and whoever may approve now are told."
            )
        case MayNotDelegate(reasons=reasons):
            return say("Nothing was delegated"), together(*(inert(as_told(one)) for one in reasons))
        case Stopped():
            return say("Nothing was delegated"), stopped_text(outcome)
        case Unknown():
            return say("Nothing was delegated"), say(
                "One of these is not in the catalogue any more. Choose again."
            )
        case _:
            return "", ""


def ended_text(outcome: object) -> str:
    """To whoever ended one; "" for a repeat."""
    match outcome:
        case EndedNow():
            return say("Ended: nobody approves by it any more.")
        case EndedBefore(by=by, at=at) if by:
            return say("{name} ended it {time}. Nothing more to do.", name=inert(by), time=day_and_clock(at))
        case EndedBefore(at=at):
            return say("It ended {time}. Nothing more to do.", time=day_and_clock(at))
        case MayNotEnd(owner=owner):
            return say(
                "You can't end this one: {team}'s approvers, security and those whom it is between can. Nothing was "
                "changed.",
                team=inert(owner),
            )
        case _:
            return undone_text(outcome)


def _state(story: DelegationStory) -> str:
    if not story.ended or story.ended_at is None:
        return say("✅ *Delegated* until {time}.", time=day_and_clock(story.until))
    when = day_and_clock(story.ended_at)
    if story.ended == DelegationEnd.EXPIRED:
        return say("⌛ *Ended* {time}: its time is over.", time=when)
    if story.ended == DelegationEnd.REVOKED_ALL:
        return say("⌛ *Ended* {time}: everything of one of them was revoked.", time=when)
    if story.ended == DelegationEnd.LEFT:
        return say("⌛ *Ended* {time}: one of them is no longer in the directory.", time=when)
    if story.ended == DelegationEnd.SWITCHED_OFF:
        return say("⌛ *Ended* {time}: the account of one of them is switched off.", time=when)
    return say("⌛ *Ended* {time} by {name}.", time=when, name=inert(story.ended_by))


def _to(story: DelegationStory) -> str:
    return say("the group {group}", group=visible(story.to)) if story.to_group else visible(story.to)


def _things(story: DelegationStory) -> str:
    return _named(story.things.values())


def _named(titles: Iterable[str]) -> str:
    return listed([visible(one) for one in first([*titles], _THINGS_SHOWN)])


def _limits(story: DelegationStory) -> str:
    return _at_most(story.risk, story.minutes)


def _at_most(risk: int, minutes: int) -> str:
    return say("risk {risk} of 5, {duration} each", risk=risk, duration=duration(minutes))
