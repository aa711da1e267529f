"""The requester's one message about a request, in every state from draft to ended, edited in place.

It never shows another person's data beyond who decided and why.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from slack_sdk.models.blocks import ButtonElement

from bot.slack.actions import Action
from bot.slack.messages.during import by_whom, done_button, ended_by, extend_button, goes_on, passed_on
from bot.slack.messages.parts import Message, button, said
from bot.slack.words import (
    clock,
    counted,
    day_and_clock,
    duration,
    inert,
    listed,
    quoted,
    sentence,
)
from handlers.intents import RATIONALE_LIMIT
from handlers.stories import ENDED_EARLY, GrantStory, Said
from storage.states import GrantState

# How handlers say why a grant ended (handlers.revocation, handlers.access).
TIME_OVER = "its time is over"
GIVEN_BACK = "given back"
# Of several approvers' words, so many characters in all fit beside the facts.
_RATIONALES_TOGETHER = 600


def request_message(story: GrantStory) -> Message:
    """How the request stands, for the one who asked."""
    return _BY_STATE[story.state](story)


def what(story: GrantStory) -> str:
    """The entitlement as it is called, in bold: "*prod-db · read and write*", and whom it is for, if for another."""
    whose = f" for {inert(story.report.name)}" if story.report else ""
    return f"*{inert(name(story))}*{whose}"


def name(story: GrantStory) -> str:
    """The entitlement and what it lets one do."""
    if story.entitlement is None:
        return story.entitlement_id
    return f"{story.entitlement_id} · {story.entitlement.access}"


def needed(story: GrantStory, *, manager: str = "the requester's manager") -> str:
    """The approvals still needed in words: "one approval from Platform and one approval from the security team"."""
    return approvals_from(story.missing, owner=_owner(story), manager=manager)


def approvals_from(missing: Mapping[str, int], *, owner: str, manager: str) -> str:
    """So many approvals in words. owner: the team's name, inert."""
    words = [
        f"{_number(count)} {'approval' if count == 1 else 'approvals'} from {team}"
        for count, team in _teams(missing, owner, manager)
    ]
    return listed(words) or "no further approval"


def because(story: GrantStory) -> str:
    """Why policy asks for approval: "it is production and its risk is 4 of 5". May be empty."""
    return listed([inert(reason).rstrip(" .") for reason in story.reasons])


def whole(reason: str) -> str:
    """A reason as a sentence of its own: a capital first, a full stop last."""
    said = sentence(inert(reason))
    return said if said.endswith((".", "!", "?")) else f"{said}."


def named(one: Said, most: int = RATIONALE_LIMIT) -> str:
    """An approver's decision, without a full stop: who, when, and why in their words, at most so many characters."""
    why = f": {quoted(one.rationale, most)}" if one.rationale else ""
    return f"{inert(one.name)} at {clock(one.at)}{why}"


def approvals(story: GrantStory) -> str:
    """Who approved, when and why, without a full stop; "" if nobody did. Together they never outgrow a message."""
    given = [one for one in story.said if one.approved and not one.void]
    most = RATIONALE_LIMIT if len(given) < 2 else _RATIONALES_TOGETHER // len(given)
    return " and by ".join(named(one, most) for one in given)


def denial(story: GrantStory) -> str:
    """Who denied it, when and why, without a full stop; "" if nobody did."""
    denied = next((one for one in reversed(story.said) if not one.approved), None)
    return named(denied) if denied else ""


def void_approvals(story: GrantStory) -> str:
    """Whose approval counts no longer, and why: "Grace Hopper's approval is void: they have left." May be empty."""
    return " ".join(
        f"{inert(one.name)}'s approval is void: {inert(one.void)}." for one in story.said if one.void
    )


def removal(story: GrantStory) -> str:
    """When the end really takes hold, if it is not at once: some systems keep a session going (promise 8)."""
    if story.removal_takes_effect in ("", "at once"):
        return ""
    return f"The removal takes effect {inert(story.removal_takes_effect)}."


def _draft(story: GrantStory) -> Message:
    cancel = button("Cancel", Action.CANCEL_DRAFT, story.id)
    if not story.minutes or not story.justification:
        missing = listed(
            [*([] if story.minutes else ["how long"]), *([] if story.justification else ["why"])]
        )
        return said(
            f"You are asking for {what(story)}. Still needed: {missing}. Nothing is sent yet.",
            buttons=[button("Fill in…", Action.CHANGE_DRAFT, story.id, primary=True), cancel],
        )
    return said(
        f"You are asking for {what(story)} for *{duration(story.minutes)}*.\n"
        f"Why: {quoted(story.justification)}\n{_will_happen(story)} Nothing is sent yet.",
        buttons=[
            button("Send request", Action.SEND_DRAFT, story.id, primary=True),
            button("Change…", Action.CHANGE_DRAFT, story.id),
            cancel,
        ],
    )


def _will_happen(story: GrantStory) -> str:
    if story.foreseen == "automatic":
        return "This needs nobody's approval: you will have it at once."
    why = because(story)
    return f"This needs {needed(story, manager='your manager')}{f', because {why}' if why else ''}."


def _pending(story: GrantStory) -> Message:
    teams = [f"*{team}*" for _, team in _missing(story, "your manager")] or [f"*{_owner(story)}*"]
    lapses = f" It lapses {day_and_clock(story.lapses_at)}." if story.lapses_at else ""
    approved = listed([inert(one.name) for one in story.said if one.approved and not one.void])
    still = needed(story, manager="your manager")
    shorter = _shorter(story)
    by = approvals(story) if shorter else approved
    so_far = f"\nApproved so far by {by}; still needed: {still}." if approved else ""
    so_far += f"\n{void}" if (void := void_approvals(story)) else ""
    so_far += f"\n{shorter}" if shorter else ""
    so_far += f"\n{passed}" if (passed := passed_on(story)) else ""
    extending = "extending by " if story.goes_on_from else ""
    # Whoever else decides is asked where they are, and not in the owner's channel.
    where = _in_channel(story) if story.missing.get("owner") or not story.missing else ""
    return said(
        f"⏳ {what(story)}, {extending}{duration(story.minutes)}: waiting for {listed(teams)}{where} "
        f"since {clock(story.requested_at)}.{lapses}{so_far}",
        buttons=[button("Withdraw", Action.WITHDRAW, story.id)],
    )


def _approved(story: GrantStory) -> Message:
    return said(sentence(f"⏳ {what(story)} is being set up.", _by_whom(story), _shorter(story)))


def _active(story: GrantStory) -> Message:
    return said(
        sentence(
            f"✅ {what(story)} until {_until(story)}.", _by_whom(story), _shorter(story), goes_on(story)
        ),
        buttons=[done_button(story), *([] if story.extension or story.report else [extend_button(story)])],
    )


def _shorter(story: GrantStory) -> str:
    """That an approver made the time shorter; their reason stands beside their name."""
    if not story.asked_minutes:
        return ""
    asked = f"{duration(story.minutes)} instead of the {duration(story.asked_minutes)} that you asked for"
    return f"An approver made it {asked}."


def _ending(story: GrantStory) -> Message:
    why = ", as you asked" if story.end_reason == GIVEN_BACK else f": {_why_ended(story)}"
    return said(sentence(f"⌛ {what(story)} is being taken back{why}.", goes_on(story)))


def _ended(story: GrantStory) -> Message:
    ended = f" at {clock(story.ended_at)}" if story.ended_at else ""
    how = _in_time(story) if story.end_reason == TIME_OVER else f" before its time: {_why_ended(story)}"
    came = f"was ended{ended} {by_whom(story)}" if story.end_reason == ENDED_EARLY else f"ended{ended}{how}"
    return said(
        sentence(
            f"⌛ {what(story)} {came}.",
            _held_for(story),
            goes_on(story) if _is_covered(story) else removal(story),
        ),
        buttons=[_again(story)],
    )


def _is_covered(story: GrantStory) -> bool:
    """Whether an extension gives it still."""
    return story.extension is not None and story.extension.until is not None


def _in_time(story: GrantStory) -> str:
    """Whether it ended when it should, to the minute."""
    late = story.ended_at - story.expires_at if story.ended_at and story.expires_at else timedelta()
    minutes = late // timedelta(minutes=1)
    return f", {duration(minutes)} after its time" if minutes > 0 else " as agreed"


def _denied(story: GrantStory) -> Message:
    denied = denial(story)
    by = f" by {denied}" if denied else ""
    return said(
        f"⛔ {what(story)} was denied{by}. Nothing was granted.\n"
        "What you can do: talk to them, or ask again and say more about why.",
        buttons=[_again(story)],
    )


def _lapsed(story: GrantStory) -> Message:
    return said(
        f"⌛ {what(story)}: {_owner(story)} did not answer in time, so the request lapsed. Nothing was granted.\n"
        f"What you can do: ask them{_in_channel(story)}, then ask again here.",
        buttons=[_again(story)],
    )


def _withdrawn(story: GrantStory) -> Message:
    nothing = "Nothing was granted." if story.lapses_at else "Nothing was sent."
    return said(f"⌛ {what(story)}: you took it back. {nothing}", buttons=[_again(story)])


def _voided(story: GrantStory) -> Message:
    return said(
        f"⛔ {what(story)} is not granted after all. {whole(story.end_reason or 'Something changed meanwhile')}\n"
        "What you can do: ask again, and it will be looked at anew.",
        buttons=[_again(story)],
    )


def _refused(story: GrantStory) -> Message:
    reasons = " ".join(map(whole, story.reasons)) or "No policy allows it."
    return said(
        f"⛔ I can't {'extend' if story.goes_on_from else 'give'} {what(story)}. {reasons} {_unchanged(story)}\n"
        f"What you can do: change what you ask for, or talk to {_owner(story)}{_in_channel(story)}.",
        buttons=[_again(story)],
    )


def _unchanged(story: GrantStory) -> str:
    """What a refusal leaves as it was."""
    until = story.goes_on_from.until if story.goes_on_from else None
    return f"It still ends {day_and_clock(until)}." if until else "Nothing was granted."


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
        return "Policy needs nobody's approval for this."
    by = approvals(story)
    return f"Approved by {by}." if by else ""


def _why_ended(story: GrantStory) -> str:
    if story.end_reason == ENDED_EARLY:
        return ended_by(story)
    return "you gave it back" if story.end_reason == GIVEN_BACK else inert(story.end_reason) or TIME_OVER


def _owner(story: GrantStory) -> str:
    return inert(story.owner.name) if story.owner else "its owner"


def _in_channel(story: GrantStory) -> str:
    return f" in <#{story.owner.channel}>" if story.owner else ""


def _missing(story: GrantStory, manager: str) -> list[tuple[int, str]]:
    """How many approvals are still needed from whom."""
    return _teams(story.missing, _owner(story), manager)


def _teams(missing: Mapping[str, int], owner: str, manager: str) -> list[tuple[int, str]]:
    teams = {"owner": owner, "security": "the security team", "manager": manager}
    return [(count, teams[role]) for role, count in missing.items() if count]


def _held_for(story: GrantStory) -> str:
    if story.active_at is None or story.ended_at is None:
        return ""
    who = f"{inert(story.report.name)} held" if story.report else "You held"
    return f"{who} it for {_span(story.active_at, story.ended_at)}."


def _span(start: datetime, end: datetime) -> str:
    seconds = max(1, round((end - start).total_seconds()))
    return counted(seconds, "second") if seconds < 60 else duration(round(seconds / 60))


def _until(story: GrantStory) -> str:
    if story.expires_at is None:
        return "its end"
    return clock(story.expires_at) if story.minutes < 720 else day_and_clock(story.expires_at)


def _again(story: GrantStory) -> ButtonElement:
    return button("Ask again…", Action.ASK_AGAIN, story.id)


def _number(count: int) -> str:
    return {1: "one", 2: "two", 3: "three"}.get(count, str(count))
