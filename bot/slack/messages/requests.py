"""The requester's one message about a request, in every state from draft to ended, edited in place.

It never shows another person's data beyond who decided and why.
"""

from collections.abc import Mapping
from datetime import timedelta

from slack_sdk.models.blocks import ButtonElement

from bot.slack.actions import Action
from bot.slack.messages.during import done_button, ended_by, ender, extend_button, goes_on, passed_on, sooner
from bot.slack.messages.naming import owner_of, what
from bot.slack.messages.parts import Message, button, said
from bot.slack.messages.who_decided import approvals, approved_by, denial
from bot.slack.words import clock, day_and_clock, duration, ended, inert, listed, quoted, span, together
from bot.texts import as_known, as_told, say, say_counted
from handlers.decisions.freezing import Stopped, reason
from handlers.intents import whole_minutes
from handlers.requests.stories import ENDED_EARLY, GIVEN_BACK, GrantStory
from storage.catalogue import Entitlement
from storage.states import GrantState

# How handlers say why a grant ended (handlers.grants.revocation, handlers.requests.access).
TIME_OVER = "its time is over"


def request_message(story: GrantStory) -> Message:
    """How the request stands, for the one who asked."""
    return _BY_STATE[story.state](story)


def needed(story: GrantStory) -> str:
    """The approvals still needed in words: "one approval from Platform and one approval from the security team"."""
    return approvals_from(story.missing, owner=owner_of(story), manager=say("the requester's manager"))


def approvals_from(missing: Mapping[str, int], *, owner: str, manager: str) -> str:
    """So many approvals in words. owner: the team's name, inert."""
    words = [
        say_counted("one approval from {team}", "{count} approvals from {team}", count, team=team)
        for count, team in _teams(missing, owner, manager)
    ]
    return listed(words) or say("no further approval")


def because(story: GrantStory) -> str:
    """Why policy asks for approval: "it is production and its risk is 4 of 5". May be empty."""
    return listed([clause(reason) for reason in story.reasons])


def clause(reason: str) -> str:
    """A reason fit to follow "because", as policy has it."""
    return inert(as_told(reason)).rstrip(" .")


def whole(reason: str) -> str:
    """A reason as a sentence of its own: a capital first, a full stop last."""
    said = inert(as_told(reason))
    return ended(said[:1].upper() + said[1:])


def void_approvals(story: GrantStory) -> str:
    """Whose approval counts no longer, and why: "Grace Hopper's approval is void: they have left." May be empty."""
    return together(
        *(
            say("{name}'s approval is void: {why}.", name=inert(one.name), why=clause(one.void))
            for one in story.said
            if one.void
        )
    )


def removal(story: GrantStory) -> str:
    """When the end really takes hold, if it is not at once: some systems keep a session going (promise 8)."""
    if story.removal_takes_effect in ("", "at once"):
        return ""
    return say("The removal takes effect {when}.", when=inert(as_told(story.removal_takes_effect)))


def stopped_now(stopped: Stopped) -> str:
    """What lets nothing be sent now, to whoever is about to."""
    return f"⛔ {as_told(reason(stopped))}"


def _draft(story: GrantStory) -> Message:
    cancel = button(say("Cancel"), Action.CANCEL_DRAFT, story.id)
    if not story.minutes or not story.justification:
        return said(
            together(
                _asking(story) if story.minutes else say("You are asking for {what}.", what=what(story)),
                _left_out(story),
                stopped_now(story.stopped) if story.stopped else "",
                say("Nothing is sent yet."),
            ),
            buttons=[button(say("Fill in…"), Action.CHANGE_DRAFT, story.id, primary=True), cancel],
        )
    why = say("Why: {words}", words=quoted(as_known(story.justification)))
    happens = together(_will_happen(story), say("Nothing is sent yet."))
    return said(
        f"{_asking(story)}\n{why}\n{happens}",
        buttons=[
            button(say("Send request"), Action.SEND_DRAFT, story.id, primary=True),
            button(say("Change…"), Action.CHANGE_DRAFT, story.id),
            cancel,
        ],
    )


def _asking(story: GrantStory) -> str:
    return say(
        "You are asking for {what} for *{duration}*.", what=what(story), duration=duration(story.minutes)
    )


def _left_out(story: GrantStory) -> str:
    if story.minutes:
        return say("Still needed: why.")
    return say("Still needed: how long.") if story.justification else say("Still needed: how long and why.")


def _will_happen(story: GrantStory) -> str:
    if story.stopped is not None:
        return stopped_now(story.stopped)
    if story.foreseen == "automatic":
        return say("This needs nobody's approval: you will have it at once.")
    still, why = _needed_of_you(story), because(story)
    if not why:
        return say("This needs {approvals}.", approvals=still)
    return say("This needs {approvals}, because {why}.", approvals=still, why=why)


def _needed_of_you(story: GrantStory) -> str:
    """The approvals still needed, to the requester."""
    return approvals_from(story.missing, owner=owner_of(story), manager=say("your manager"))


def _pending(story: GrantStory) -> Message:
    lines = [_waiting(story), _so_far(story), void_approvals(story), _shorter(story), passed_on(story)]
    return said(
        "\n".join(line for line in lines if line),
        buttons=[withdraw_button(story)],
    )


def withdraw_button(story: GrantStory) -> ButtonElement:
    """The way to take back what waits."""
    return button(say("Withdraw"), Action.WITHDRAW, story.id)


def _waiting(story: GrantStory) -> str:
    """For whom it waits, since when, and until when."""
    teams = listed([f"*{team}*" for _, team in _teams(story.missing, owner_of(story), say("your manager"))])
    whom = teams or f"*{owner_of(story)}*"
    if story.missing.get("owner") or not story.missing:  # whoever else decides is not asked in that channel
        whom = _in_channel(story, whom)
    since, length = clock(story.requested_at), duration(story.minutes)
    if story.goes_on_from:
        waits = say(
            "⏳ {what}, extending by {duration}: waiting for {whom} since {time}.",
            what=what(story), duration=length, whom=whom, time=since,
        )  # fmt: skip
    else:
        waits = say(
            "⏳ {what}, {duration}: waiting for {whom} since {time}.",
            what=what(story), duration=length, whom=whom, time=since,
        )  # fmt: skip
    return together(waits, lapses(story))


def lapses(story: GrantStory) -> str:
    """When it lapses, in a sentence; empty if it does not."""
    return say("It lapses {time}.", time=day_and_clock(story.lapses_at)) if story.lapses_at else ""


def _so_far(story: GrantStory) -> str:
    approved = listed([inert(one.name) for one in story.said if one.approved and not one.void])
    if not approved:
        return ""
    return say(
        "Approved so far by {names}; still needed: {approvals}.",
        names=approvals(story) if story.asked_minutes else approved,
        approvals=_needed_of_you(story),
    )


def _approved(story: GrantStory) -> Message:
    return said(
        together(say("⏳ {what} is being set up.", what=what(story)), _by_whom(story), _shorter(story))
    )


def _active(story: GrantStory) -> Message:
    return said(
        together(_held_until(story), _by_whom(story), _shorter(story), sooner(story), goes_on(story)),
        buttons=[done_button(story), *([] if story.extension or story.report else [extend_button(story)])],
    )


def _held_until(story: GrantStory) -> str:
    if story.expires_at is None:
        return say("✅ {what} until its end.", what=what(story))
    until = clock(story.expires_at) if story.minutes < 720 else day_and_clock(story.expires_at)
    return say("✅ {what} until {time}.", what=what(story), time=until)


def _shorter(story: GrantStory) -> str:
    """That an approver made the time shorter; their reason stands beside their name."""
    if not story.asked_minutes:
        return ""
    return say(
        "An approver made it {duration} instead of the {asked} that you asked for.",
        duration=duration(story.minutes),
        asked=duration(story.asked_minutes),
    )


def _ending(story: GrantStory) -> Message:
    if story.end_reason == GIVEN_BACK:
        ending = say("⌛ {what} is being taken back, as you asked.", what=what(story))
    else:
        ending = say("⌛ {what} is being taken back: {why}.", what=what(story), why=_why_ended(story))
    return said(together(ending, goes_on(story)))


def _ended(story: GrantStory) -> Message:
    after = goes_on(story) if _is_covered(story) else removal(story)
    return said(
        together(_how_it_ended(story), _held_for(story), sooner(story), after), buttons=[_again(story)]
    )


def _is_covered(story: GrantStory) -> bool:
    """Whether an extension gives it still."""
    return story.extension is not None and story.extension.until is not None


def _how_it_ended(story: GrantStory) -> str:
    """When it ended, and whether that was when it should, to the minute."""
    at, in_time = story.ended_at, story.end_reason == TIME_OVER
    if at is None and in_time:
        return say("⌛ {what} ended as agreed.", what=what(story))
    if at is None:
        return say("⌛ {what} ended before its time: {why}.", what=what(story), why=_why_ended(story))
    if story.end_reason == ENDED_EARLY:
        return say(
            "⌛ {what} was ended at {time} by {whom}.", what=what(story), time=clock(at), whom=ender(story)
        )
    if not in_time:
        return say(
            "⌛ {what} ended at {time} before its time: {why}.",
            what=what(story), time=clock(at), why=_why_ended(story),
        )  # fmt: skip
    late = (at - story.expires_at) // timedelta(minutes=1) if story.expires_at else 0
    if late <= 0:
        return say("⌛ {what} ended at {time} as agreed.", what=what(story), time=clock(at))
    return say(
        "⌛ {what} ended at {time}, {late} after its time.",
        what=what(story), time=clock(at), late=duration(late),
    )  # fmt: skip


def _denied(story: GrantStory) -> Message:
    denied = denial(story)
    if denied:
        answer = say(
            "⛔ {what} was denied by {denial}. Nothing was granted.", what=what(story), denial=denied
        )
    else:
        answer = say("⛔ {what} was denied. Nothing was granted.", what=what(story))
    instead = say("What you can do: talk to them, or ask again and say more about why.")
    return said(f"{answer}\n{instead}", buttons=[_again(story)])


def _lapsed(story: GrantStory) -> Message:
    answer = say(
        "⌛ {what}: {owner} did not answer in time, so the request lapsed. Nothing was granted.",
        what=what(story),
        owner=owner_of(story),
    )
    if story.owner:
        instead = say("What you can do: ask them in {channel}, then ask again here.", channel=_channel(story))
    else:
        instead = say("What you can do: ask them, then ask again here.")
    return said(f"{answer}\n{instead}", buttons=[_again(story)])


def _withdrawn(story: GrantStory) -> Message:
    if story.lapses_at:
        text = say("⌛ {what}: you took it back. Nothing was granted.", what=what(story))
    else:
        text = say("⌛ {what}: you took it back. Nothing was sent.", what=what(story))
    return said(text, buttons=[_again(story)])


def _voided(story: GrantStory) -> Message:
    why = whole(story.end_reason) if story.end_reason else say("Something changed meanwhile.")
    answer = together(say("⛔ {what} is not granted after all.", what=what(story)), why)
    instead = say("What you can do: ask again, and it will be looked at anew.")
    return said(f"{answer}\n{instead}", buttons=[_again(story)])


def _refused(story: GrantStory) -> Message:
    if story.goes_on_from:
        answer = say("⛔ I can't extend {what}.", what=what(story))
    else:
        answer = say("⛔ I can't give {what}.", what=what(story))
    reasons = together(*map(whole, story.reasons)) or say("No policy allows it.")
    reasons = together(reasons, at_most(story.entitlement, story.minutes))
    instead = say(
        "What you can do: change what you ask for, or talk to {owner}.",
        owner=_in_channel(story, owner_of(story)),
    )
    return said(f"{together(answer, reasons, _unchanged(story))}\n{instead}", buttons=[_again(story)])


def at_most(entitlement: Entitlement | None, minutes: int) -> str:
    """How long it is given for, where more was asked; "" otherwise. A reason of policy cannot name it."""
    if entitlement is None or timedelta(minutes=minutes) <= entitlement.max_duration:
        return ""
    return say(
        "It is given for {duration} at most.", duration=duration(whole_minutes(entitlement.max_duration))
    )


def _unchanged(story: GrantStory) -> str:
    """What a refusal leaves as it was."""
    until = story.goes_on_from.until if story.goes_on_from else None
    if until is None:
        return say("Nothing was granted.")
    return say("It still ends {time}.", time=day_and_clock(until))


_BY_STATE = {
    GrantState.DRAFT: _draft,
    GrantState.PENDING: _pending,
    GrantState.APPROVED: _approved,
    GrantState.ACTIVE: _active,
    GrantState.ENDING: _ending,
    GrantState.ENDED: _ended,
    GrantState.DENIED: _denied,
    GrantState.LAPSED: _lapsed,
    GrantState.WITHDRAWN: _withdrawn,
    GrantState.VOIDED: _voided,
    GrantState.REFUSED: _refused,
}


def _by_whom(story: GrantStory) -> str:
    if story.automatic:
        return say("Policy needs nobody's approval for this.")
    return approved_by(story)


def _why_ended(story: GrantStory) -> str:
    if story.end_reason == ENDED_EARLY:
        return ended_by(story)
    return (
        say("you gave it back") if story.end_reason == GIVEN_BACK else clause(story.end_reason or TIME_OVER)
    )


def _channel(story: GrantStory) -> str:
    return f"<#{story.owner.channel}>" if story.owner else ""


def _in_channel(story: GrantStory, team: str) -> str:
    return say("{team} in {channel}", team=team, channel=_channel(story)) if story.owner else team


def _teams(missing: Mapping[str, int], owner: str, manager: str) -> list[tuple[int, str]]:
    """How many approvals are still needed from whom."""
    teams = {"owner": owner, "security": say("the security team"), "manager": manager}
    return [(count, teams[role]) for role, count in missing.items() if count]


def _held_for(story: GrantStory) -> str:
    if story.active_at is None or story.ended_at is None or story.ends_sooner:
        return ""  # by two clocks that differ nobody knows how long
    held = span(round((story.ended_at - story.active_at).total_seconds()))
    if story.report is None:
        return say("You held it for {span}.", span=held)
    return say("{name} held it for {span}.", name=inert(story.report.name), span=held)


def _again(story: GrantStory) -> ButtonElement:
    return button(say("Ask again…"), Action.ASK_AGAIN, story.id)
