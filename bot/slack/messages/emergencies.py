"""What people read of breaking the glass: the alert and its thread, how it stands for whoever did it, and answers.

The alert says what is so, and never more: that somebody was told only once they were.
"""

from collections.abc import Mapping

from slack_sdk.models.blocks import ButtonElement

from bot.slack.actions import Action
from bot.slack.messages.asked_back import ask_button
from bot.slack.messages.freezes import undone_text
from bot.slack.messages.parts import Message, button, link_button, said, story_button, sure_button
from bot.slack.messages.proofs import proved_by
from bot.slack.messages.requests import TIME_OVER, whole
from bot.slack.words import clock, day_and_clock, duration, inert, quoted, span, together
from bot.texts import as_known, as_told, say, template
from handlers.emergencies.outcomes import (
    ALERTED,
    BEGUN,
    EXTENDED,
    BeingTold,
    EmergencyRefused,
    EmergencyStory,
    HeldAlready,
    NotListed,
)
from handlers.requests.stories import GIVEN_BACK
from storage.states import EmergencyState, GrantState

INSTEAD = template(
    "What you can do: ask for access as always, and write to its owner or to the security team that it is urgent."
)
_OVER = (EmergencyState.REFUSED, EmergencyState.LAPSED)
_PRACTISED = "practised"
_CALM = (GrantState.ENDED, GrantState.VOIDED)


def emergency_message(
    story: EmergencyStory, *, more: str = "", buttons: tuple[ButtonElement, ...] = ()
) -> Message:
    """The alert, from before the access until after its end. more, buttons: what follows it, such as its review."""
    lines = [_headline(story), _facts(story), _why(story), _told(story), more]
    ways = [*([_end_button(story)] if _can_be_ended(story) else []), *buttons, story_button(story.id)]
    return said("\n".join(line for line in lines if line), buttons=ways)


def news_message(story: EmergencyStory, what: str) -> Message | None:
    """One thing that happened with it, in the alert's thread; None where it is not so (any more)."""
    if what == BEGUN:
        told = (
            say("The access is there since {time}.", time=clock(story.active_at)) if story.active_at else ""
        )
    elif what == EXTENDED:
        until = story.extended
        told = say("It was approved to go on until {time}.", time=day_and_clock(until)) if until else ""
    else:
        told = _ended(story)
    return Message(text=told, blocks=said(told).blocks, below=(ALERTED, story.id)) if told else None


def status_message(story: EmergencyStory, page: str) -> Message:
    """To whoever broke the glass. page: the address at which it is proven."""
    what, length = f"*{inert(story.title)}*", duration(story.minutes)
    if story.state == EmergencyState.ASKED:
        text = say(
            "🚨 You are breaking the glass: {what}, {duration}, incident {incident}. Nothing is given yet, and nobody "
            "has been told. Prove that it is you, and it goes on by itself.",
            what=what, duration=length, incident=inert(story.incident),
        )  # fmt: skip
        never = say("Was this not you? Then do not follow the link, and tell the security team now.")
        return said(f"{text}\n{never}", buttons=[link_button(say("Prove who I am"), page)])
    if story.state in _OVER:
        answer = say("⛔ {what} was not given.", what=what)
        why = whole(as_told(story.refused_why)) if story.refused_why else ""
        return said(f"{together(answer, why)}\n{say(INSTEAD)}", buttons=[ask_button(story.entitlement)])
    if story.state == EmergencyState.GRANTED and story.drill:
        return said(
            say("✅ The drill is over: everybody was told. No access was given; somebody else reviews it.")
        )
    if story.state == EmergencyState.GRANTED:
        return said(say("🚨 {what}: everybody was told. How it stands is said below.", what=what))
    return said(
        say(
            "⏳ {what}: it is you. Security and those on duty are being told; you have it as soon as they were.",
            what=what,
        )
    )


def begin_message(*, drill: bool = False) -> Message:
    """To whoever wrote it in plain words: the way to the form. drill: to practise it."""
    if drill:
        told = say(
            "A drill goes the same way as an emergency, and everybody reads that it is a DRILL. No access is given."
        )
        return said(told, buttons=[button(say("Begin a drill…"), Action.BREAK_GLASS, "drill")])
    text = say(
        "In an emergency, whoever is on the list takes access at once, for an hour at most. Security and those on duty "
        "hear of it first, and somebody else reviews it."
    )
    return said(text, buttons=[button(say("Break the glass…"), Action.BREAK_GLASS, "emergency")])


def not_asked_text(outcome: object) -> str:
    """What to tell whoever may not, or need not; "" for a repeat of the same click."""
    match outcome:
        case NotListed():
            not_listed = say(
                "⛔ Nothing can be taken by you in an emergency: you are on no list of those who may."
            )
            return f"{not_listed}\n{say(INSTEAD)}"
        case EmergencyRefused(reasons=reasons, again=again):
            answer = together(say("⛔ Nothing was given."), *map(whole, reasons))
            return answer if again else f"{answer}\n{say(INSTEAD)}"
        case BeingTold():
            return say("You asked for that already, and it is on its way. I did not ask twice.")
        case HeldAlready(entitlement=entitlement):
            return say(
                "You have *{entitlement}* already. Nothing was changed.", entitlement=inert(entitlement)
            )
        case _:
            return undone_text(outcome)


def _headline(story: EmergencyStory) -> str:
    told = say(
        _HEADLINES[_stands(story)],
        who=inert(story.who),
        what=inert(story.title),
        incident=inert(story.incident),
        duration=duration(story.minutes),
        time=clock(story.until) if story.until else "",
    )
    return together(say("*This is a DRILL.*"), told) if story.drill else told


def _stands(story: EmergencyStory) -> str:
    """How it stands, by the state of the emergency, and of its grant once there is one."""
    if story.state == EmergencyState.GRANTED and story.drill:
        return _PRACTISED
    if story.state == EmergencyState.GRANTED:
        return story.held if story.held in _HEADLINES else GrantState.ACTIVE
    return EmergencyState.REFUSED if story.state in _OVER else EmergencyState.TELLING


_HEADLINES: Mapping[str, str] = {
    EmergencyState.REFUSED: template(
        "⛔ *Break-glass refused: {what} was not given to {who}*, incident {incident}."
    ),
    EmergencyState.TELLING: template(
        "🚨 *Break-glass: {who} takes {what} for {duration}*, incident {incident}. Nothing is given yet."
    ),
    _PRACTISED: template("✅ *Break-glass practised: {who}, for {what}*. No access was given."),
    GrantState.APPROVED: template(
        "🚨 *Break-glass: {what} is being given to {who} until {time}*, incident {incident}."
    ),
    GrantState.ACTIVE: template("🚨 *Break-glass: {what} held by {who} until {time}*, incident {incident}."),
    GrantState.ENDING: template(
        "⌛ *Break-glass ending: {what} is being taken back from {who}*, incident {incident}."
    ),
    GrantState.ENDED: template("⌛ *Break-glass over: {what} was held by {who}*, incident {incident}."),
    GrantState.VOIDED: template(
        "⛔ *Break-glass refused at the last: {what} was not given to {who}*, incident {incident}."
    ),
}


def _facts(story: EmergencyStory) -> str:
    proved = proved_by(story.proof) if story.proof else ""
    asked = say("Asked at {time}, {proved}.", time=clock(story.asked_at), proved=proved) if proved else ""
    return together(asked, _ended(story) if story.held in _CALM else "", _goes_on(story))


def _goes_on(story: EmergencyStory) -> str:
    return (
        say("It was approved to go on until {time}.", time=day_and_clock(story.extended))
        if story.extended
        else ""
    )


def _why(story: EmergencyStory) -> str:
    refused = whole(as_told(story.refused_why)) if story.refused_why else ""
    return together(say("Why: {words}", words=quoted(as_known(story.reason))), refused)


def _told(story: EmergencyStory) -> str:
    security, outside = story.told_security_at, story.told_outside_at
    if security and outside:
        return say(
            "Told before access: here at {here}, outside Slack at {there}.",
            here=clock(security),
            there=clock(outside),
        )
    if outside and story.state == EmergencyState.GRANTED:
        return say(
            "Told before access outside Slack alone, at {there}: this channel could not be reached, and the settings "
            "name that as enough.",
            there=clock(outside),
        )
    if security and story.state == EmergencyState.GRANTED:
        return say(
            "Told before access here alone, at {here}: nobody outside Slack could be reached, and the settings name "
            "that as enough.",
            here=clock(security),
        )
    return ""


def _ended(story: EmergencyStory) -> str:
    """That it ended, when, after how long, and by whom; "" while it goes on."""
    at = story.ended_at
    if at is None:
        return ""
    if story.held == GrantState.VOIDED:
        why = whole(as_told(story.why_ended)) if story.why_ended else ""
        return together(say("The access was not given after all."), why)
    held = span(round((at - story.active_at).total_seconds())) if story.active_at else span(0)
    if story.ended_by:
        return say(
            "Ended at {time} by {name}, after {span}.", time=clock(at), name=inert(story.ended_by), span=held
        )
    if story.why_ended == GIVEN_BACK:
        return say("Given back at {time}, after {span}.", time=clock(at), span=held)
    if story.why_ended == TIME_OVER:
        return say("Ended at {time} as agreed, after {span}.", time=clock(at), span=held)
    return together(
        say("Ended at {time}, after {span}.", time=clock(at), span=held), whole(as_told(story.why_ended))
    )


def _can_be_ended(story: EmergencyStory) -> bool:
    return story.held in (GrantState.APPROVED, GrantState.ACTIVE)


def _end_button(story: EmergencyStory) -> ButtonElement:
    return sure_button(
        say("End now"),
        Action.END_EMERGENCY,
        story.id,
        title=say("End it now?"),
        facts=say("{what} is taken back from {name} at once.", what=story.title, name=story.who),
        yes=say("Yes, end it"),
    )
