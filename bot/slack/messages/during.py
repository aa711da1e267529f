"""What is said while a request waits and a grant lasts: reminders, who stands in, extensions, and an early end.

It calls nobody by a mention: a reminder pings no one who cannot act.
"""

from datetime import datetime

from slack_sdk.models.blocks import ButtonElement

from bot.slack.actions import Action
from bot.slack.messages.parts import Message, button, said, sure_button
from bot.slack.words import clock, day_and_clock, duration, inert, quoted, sentence
from handlers.decisions.cedar import NO_POLICY
from handlers.intents import RATIONALE_LIMIT
from handlers.outcomes import AlreadyExtended, EndedEarly, NotAllowed, TooLate
from handlers.stories import GrantStory
from storage.states import GrantState

# Beside the facts and the approvers' words, so much of the words of whoever ended it fits.
_MOST_OF_A_RATIONALE = 300

APPROVAL = "approval"
"""The kind of the message in whose thread the reminder of a request stands."""


def still_waits(story: GrantStory) -> bool:
    """Whether there is anything to remind an owner of."""
    return story.state == GrantState.PENDING


def still_ends(story: GrantStory, *, now: datetime) -> bool:
    """Whether there is an end to remind its holder of: it lasts, and nothing goes on from it."""
    ahead = story.expires_at is not None and story.expires_at > now
    goes_on = story.extension is not None and story.extension.until is not None
    return story.state == GrantState.ACTIVE and ahead and not goes_on


def reminder_message(story: GrantStory) -> Message:
    """Beside the request, half-way to its lapse; afterwards that it is settled."""
    about = f"*{_name(story)}* for {inert(story.report.name if story.report else story.requester.name)}"
    if not still_waits(story):
        return Message(
            text=f"✅ {about}: this is settled, see above.",
            blocks=said(f"✅ {about}: this is settled, see above.").blocks,
            below=(APPROVAL, story.id),
            aloud=True,
        )
    lapses = f"It lapses {day_and_clock(story.lapses_at)}." if story.lapses_at else ""
    told = sentence(f"⏳ {about} still waits for a decision, since {day_and_clock(story.requested_at)}.", lapses,
                    _goes_next(story), "Decide it in the message above.")  # fmt: skip
    return Message(text=told, blocks=said(told).blocks, below=(APPROVAL, story.id), aloud=True)


def ending_message(story: GrantStory) -> Message:
    """To whoever holds it, before its end; afterwards how it went."""
    what = f"*{_name(story)}*{_whose(story)}"
    if story.extension is not None and story.extension.until is not None:
        return said(f"✅ {what} goes on until {day_and_clock(story.extension.until)}.")
    if story.state != GrantState.ACTIVE:
        return said(f"⌛ {what}: this reminder is settled. How it ended stands in the message about it.")
    at = day_and_clock(story.expires_at) if story.expires_at else "soon"
    if story.extension is not None:
        owner = f" for {inert(story.owner.name)}" if story.owner else ""
        text = f"⏳ {what} ends {at}. Your extension still waits{owner}."
        return said(text, buttons=[done_button(story)])
    # What was asked for a report is asked for anew, so that both are asked about.
    extend = [] if story.report else [extend_button(story)]
    return said(f"⏳ {what} ends {at}.", buttons=[done_button(story), *extend])


def ended_early_message(story: GrantStory, *, to_report: bool = False) -> Message:
    """To whoever held it: who ended it, and why. to_report: to whom somebody else asked it for."""
    ended = f"⌛ *{_name(story)}*{_whose(story)} was {ended_by(story, RATIONALE_LIMIT)}.\n"
    if to_report:
        return said(f"{ended}What you can do: talk to them, or to {inert(story.requester.name)}.")
    return said(
        f"{ended}What you can do: talk to them, or ask again and say more about why.",
        buttons=[button("Ask again…", Action.ASK_AGAIN, story.id)],
    )


def ended_by(story: GrantStory, most: int = _MOST_OF_A_RATIONALE) -> str:
    """ "ended by Grace Hopper: “no longer needed”", without a full stop."""
    return f"ended {by_whom(story, most)}"


def by_whom(story: GrantStory, most: int = _MOST_OF_A_RATIONALE) -> str:
    """ "by Grace Hopper: “no longer needed”", without a full stop."""
    why = f": {quoted(story.end_rationale, most)}" if story.end_rationale else ""
    return f"by {inert(story.ended_by) or 'somebody'}{why}"


def goes_on(story: GrantStory) -> str:
    """How it is extended, in a sentence; empty if it is not."""
    if story.extension is None:
        return ""
    if story.extension.until is None:
        owner = inert(story.owner.name) if story.owner else "its owner"
        return f"Extending it by {duration(story.extension.minutes)} waits for {owner}."
    return f"It goes on until {day_and_clock(story.extension.until)}."


def going_on(story: GrantStory) -> str:
    """Of an extension, since and until when it is held without it; empty for what is none."""
    held = story.goes_on_from
    if held is None:
        return ""
    since = f", since {day_and_clock(held.since)}" if held.since else ""
    return f"{inert(story.requester.name)} has it until {clock(held.until)}{since}." if held.until else ""


def passed_on(story: GrantStory) -> str:
    """To whom the request was passed on, and why, in a sentence; empty if it was not."""
    if story.passed_on is None:
        return ""
    name, why = inert(story.passed_on.owner.name), inert(story.passed_on.why)
    return f"Passed on to *{name}* at {clock(story.passed_on.at)}, because {why}."


def extend_button(story: GrantStory) -> ButtonElement:
    """One tap asks for the same again."""
    return button("Extend", Action.EXTEND, story.id)


def done_button(story: GrantStory) -> ButtonElement:
    """Gives it back before its time."""
    ends = f"{_called(story)} ends now instead of at its time. You can ask again."
    return sure_button(
        "I'm done", Action.GIVE_BACK, story.id, title="Give it back now?", facts=ends, yes="Yes, I'm done"
    )


def end_button(story: GrantStory) -> ButtonElement:
    """For the owner and security: it opens a form that asks why."""
    return button("End now…", Action.END_NOW, story.id)


def can_be_ended(story: GrantStory) -> bool:
    """Whether there is anything to end before its time."""
    return story.state == GrantState.ACTIVE


def ended_text(outcome: EndedEarly) -> str:
    """To whoever ended it, where that is not the whole story: another grant covers the same (promise 8)."""
    if outcome.still_until is None:
        return ""
    until = day_and_clock(outcome.still_until)
    return f"This one is being ended. They still have the same by another grant until {until}: end that one, too."


def not_ended_text(outcome: NotAllowed) -> str:
    """To someone who may not end it: kind, with whom to ask, and that nothing happened."""
    can = [inert(name) for name in outcome.can]
    who = f" Ask {' or '.join(can[:2])}." if can else ""
    reasons = " ".join(inert(reason) for reason in outcome.reasons if reason != NO_POLICY)
    why = reasons or f"*{inert(outcome.entitlement)}* belongs to {inert(outcome.owner_name)}."
    return f"You can't end this one. {why}{who} Nothing was changed."


def late_end_text(outcome: TooLate) -> str:
    """To the second who ends it."""
    if outcome.by:
        at = f" at {clock(outcome.at)}" if outcome.at else ""
        return f"{inert(outcome.by)} ended this{at}. Nothing more to do."
    return "This access has ended already. Nothing more to do."


def already_extended_text(outcome: AlreadyExtended) -> str:
    """To whoever taps Extend twice."""
    until = f" until {day_and_clock(outcome.until)}" if outcome.until else ""
    return f"*{inert(outcome.entitlement)}* goes on{until} already. I did not ask twice."


def _goes_next(story: GrantStory) -> str:
    """Who hears of it next if nobody decides; empty if nobody does."""
    return (
        ""
        if story.passed_on or not story.fallback
        else f"If nobody decides, it goes to {inert(story.fallback)}."
    )


def _whose(story: GrantStory) -> str:
    return f" for {inert(story.report.name)}" if story.report else ""


def _name(story: GrantStory) -> str:
    return inert(_called(story))


def _called(story: GrantStory) -> str:
    access = story.entitlement.access if story.entitlement else ""
    return f"{story.entitlement_id} · {access}" if access else story.entitlement_id
