"""What is said while a request waits and a grant lasts: reminders, who stands in, extensions, and an early end.

It calls nobody by a mention: a reminder pings no one who cannot act.
"""

from datetime import datetime

from slack_sdk.models.blocks import ButtonElement

from bot.slack.actions import Action
from bot.slack.messages.naming import holder, name, owner_of, what
from bot.slack.messages.parts import Message, button, said, sure_button
from bot.slack.words import clock, day_and_clock, duration, either, inert, quoted, together, visible
from bot.texts import as_told, say
from handlers.decisions.cedar import NO_POLICY
from handlers.intents import RATIONALE_LIMIT
from handlers.outcomes import AlreadyExtended, EndedEarly, NotAllowed, TooLate
from handlers.requests.stories import GrantStory
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
    about = say("{entitlement} for {name}", entitlement=f"*{inert(name(story))}*", name=holder(story))
    told = say("✅ {about}: this is settled, see above.", about=about)
    if still_waits(story):
        waits = say(
            "⏳ {about} still waits for a decision, since {time}.",
            about=about,
            time=day_and_clock(story.requested_at),
        )
        lapses = say("It lapses {time}.", time=day_and_clock(story.lapses_at)) if story.lapses_at else ""
        told = together(waits, lapses, _goes_next(story), say("Decide it in the message above."))
    return Message(text=told, blocks=said(told).blocks, below=(APPROVAL, story.id), aloud=True)


def ending_message(story: GrantStory) -> Message:
    """To whoever holds it, before its end; afterwards how it went."""
    if story.extension is not None and story.extension.until is not None:
        until = day_and_clock(story.extension.until)
        return said(say("✅ {what} goes on until {time}.", what=what(story), time=until))
    if story.state != GrantState.ACTIVE:
        return said(
            say(
                "⌛ {what}: this reminder is settled. How it ended stands in the message about it.",
                what=what(story),
            )
        )
    if story.expires_at:
        ends = say("⏳ {what} ends {time}.", what=what(story), time=day_and_clock(story.expires_at))
    else:
        ends = say("⏳ {what} ends soon.", what=what(story))
    if story.extension is not None:
        waits = say("Your extension still waits for {owner}.", owner=owner_of(story))
        return said(together(ends, waits), buttons=[done_button(story)])
    # What was asked for a report is asked for anew, so that both are asked about.
    extend = [] if story.report else [extend_button(story)]
    return said(ends, buttons=[done_button(story), *extend])


def ended_early_message(story: GrantStory, *, to_report: bool = False) -> Message:
    """To whoever held it: who ended it, and why. to_report: to whom somebody else asked it for."""
    ended = say("⌛ {what} was ended by {whom}.", what=what(story), whom=ender(story, RATIONALE_LIMIT))
    if to_report:
        instead = say("What you can do: talk to them, or to {name}.", name=inert(story.requester.name))
        return said(f"{ended}\n{instead}")
    instead = say("What you can do: talk to them, or ask again and say more about why.")
    return said(f"{ended}\n{instead}", buttons=[button(say("Ask again…"), Action.ASK_AGAIN, story.id)])


def ended_by(story: GrantStory) -> str:
    """Who ended it and why, as a reason, without a full stop: "ended by Grace Hopper: “no longer needed”"."""
    return say("ended by {whom}", whom=ender(story))


def ended_sentence(story: GrantStory) -> str:
    """The same as a sentence of its own."""
    return say("Ended by {whom}.", whom=ender(story))


def ender(story: GrantStory, most: int = _MOST_OF_A_RATIONALE) -> str:
    """Who ended it, and at most so many characters of why, without a full stop."""
    who = inert(story.ended_by) or say("somebody")
    if not story.end_rationale:
        return who
    return say("{name}: {words}", name=who, words=quoted(story.end_rationale, most))


def goes_on(story: GrantStory) -> str:
    """How it is extended, in a sentence; empty if it is not."""
    if story.extension is None:
        return ""
    if story.extension.until is None:
        return say(
            "Extending it by {duration} waits for {owner}.",
            duration=duration(story.extension.minutes),
            owner=owner_of(story),
        )
    return say("It goes on until {time}.", time=day_and_clock(story.extension.until))


def sooner(story: GrantStory) -> str:
    """Why it does not last as long as was said when it was given; empty if it does."""
    if not story.ends_sooner:
        return ""
    return say("The clock was ahead when this was given, so it ends sooner than was said at first.")


def going_on(story: GrantStory) -> str:
    """Of an extension, since and until when it is held without it; empty for what is none."""
    held = story.goes_on_from
    if held is None or held.until is None:
        return ""
    who, until = inert(story.requester.name), clock(held.until)
    if held.since is None:
        return say("{name} has it until {until}.", name=who, until=until)
    return say(
        "{name} has it until {until}, since {since}.", name=who, until=until, since=day_and_clock(held.since)
    )


def passed_on(story: GrantStory) -> str:
    """To whom the request was passed on, and why, in a sentence; empty if it was not."""
    if story.passed_on is None:
        return ""
    return say(
        "Passed on to *{owner}* at {time}, because {why}.",
        owner=inert(story.passed_on.owner.name),
        time=clock(story.passed_on.at),
        why=inert(as_told(story.passed_on.why)),
    )


def extend_button(story: GrantStory) -> ButtonElement:
    """One tap asks for the same again."""
    return button(say("Extend"), Action.EXTEND, story.id)


def done_button(story: GrantStory) -> ButtonElement:
    """Gives it back before its time."""
    return give_back_button(story.id, name(story))


def give_back_button(grant: str, called: str, tells: str = "") -> ButtonElement:
    """For whoever has it, as it is called. tells: the name of whoever asked for it, if it was another."""
    what = visible(called)
    if tells:
        ends = say(
            "{what} ends now instead of at its time. {name} hears of it.", what=what, name=visible(tells)
        )
    else:
        ends = say("{what} ends now instead of at its time. You can ask again.", what=what)
    return sure_button(
        say("I'm done"),
        Action.GIVE_BACK,
        grant,
        title=say("Give it back now?"),
        facts=ends,
        yes=say("Yes, I'm done"),
    )


def end_button(story: GrantStory) -> ButtonElement:
    """For the owner and security: it opens a form that asks why."""
    return button(say("End now…"), Action.END_NOW, story.id)


def can_be_ended(story: GrantStory) -> bool:
    """Whether there is anything to end before its time."""
    return story.state == GrantState.ACTIVE


def ended_text(outcome: EndedEarly) -> str:
    """To whoever ended it, where that is not the whole story: another grant covers the same (promise 8)."""
    if outcome.still_until is None:
        return ""
    return say(
        "This one is being ended. They still have the same by another grant until {time}: end that one, too.",
        time=day_and_clock(outcome.still_until),
    )


def _whose(outcome: NotAllowed) -> str:
    """Who else could; what left the catalogue has no owner any more."""
    entitlement = inert(outcome.entitlement)
    if not outcome.owner_name:
        return say(
            "*{entitlement}* is not in the catalogue any more, so only the security team of the directory of whoever "
            "has it can end it.",
            entitlement=entitlement,
        )
    owner = inert(as_told(outcome.owner_name))
    return say("*{entitlement}* belongs to {owner}.", entitlement=entitlement, owner=owner)


def not_ended_text(outcome: NotAllowed) -> str:
    """To someone who may not end it: kind, with whom to ask, and that nothing happened."""
    can = either([inert(one) for one in outcome.can[:2]])
    why = together(*(inert(as_told(reason)) for reason in outcome.reasons if reason != NO_POLICY))
    return together(
        say("You can't end this one."),
        why or _whose(outcome),
        say("Ask {names}.", names=can) if can else "",
        say("Nothing was changed."),
    )


def late_end_text(outcome: TooLate) -> str:
    """To the second who ends it."""
    if not outcome.by:
        ended = say("This access has ended already.")
    elif outcome.at is None:
        ended = say("{name} ended this.", name=inert(outcome.by))
    else:
        ended = say("{name} ended this at {time}.", name=inert(outcome.by), time=clock(outcome.at))
    return together(ended, say("Nothing more to do."))


def already_extended_text(outcome: AlreadyExtended) -> str:
    """To whoever taps Extend twice."""
    if outcome.until is None:
        return say(
            "*{entitlement}* goes on already. I did not ask twice.", entitlement=inert(outcome.entitlement)
        )
    return say(
        "*{entitlement}* goes on until {time} already. I did not ask twice.",
        entitlement=inert(outcome.entitlement),
        time=day_and_clock(outcome.until),
    )


def _goes_next(story: GrantStory) -> str:
    """Who hears of it next if nobody decides; empty if nobody does."""
    if story.passed_on or not story.fallback:
        return ""
    return say("If nobody decides, it goes to {owner}.", owner=inert(story.fallback))
