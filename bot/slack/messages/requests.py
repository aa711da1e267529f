"""The requester's one message about a request, in every state from draft to ended, edited in place.

It never shows another person's data beyond who decided and why.
"""

from datetime import datetime

from slack_sdk.models.blocks import ButtonElement

from bot.slack.actions import Action
from bot.slack.messages.parts import Message, button, note, said, sure_button
from bot.slack.words import (
    clock,
    counted,
    day_and_clock,
    duration,
    inert,
    listed,
    quoted,
)
from handlers.stories import GrantStory, Said
from storage.states import GrantState


def request_message(story: GrantStory) -> Message:
    """How the request stands, for the one who asked."""
    return _BY_STATE[story.state](story)


def what(story: GrantStory) -> str:
    """The entitlement as it is called, in bold: "*prod-db · read and write*"."""
    return f"*{inert(name(story))}*"


def name(story: GrantStory) -> str:
    """The entitlement and what it lets one do."""
    if story.entitlement is None:
        return story.entitlement_id
    return f"{story.entitlement_id} · {story.entitlement.access}"


def needed(story: GrantStory) -> str:
    """The approvals still needed in words: "one approval from Data Platform and one from the security team"."""
    owner = inert(story.owner.name) if story.owner else "its owner"
    teams = {"owner": owner, "security": "the security team", "manager": "the requester's manager"}
    wanted = [(count, teams[role]) for role, count in story.missing.items() if count]
    words = [
        f"{_number(count)} {'approval' if count == 1 else 'approvals'} from {team}" for count, team in wanted
    ]
    return listed(words) or "no further approval"


def because(story: GrantStory) -> str:
    """Why policy asks for approval: "it is production and its risk is 3 of 5 or more"."""
    return listed([inert(reason) for reason in story.reasons])


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
    will = (
        "I will do this at once."
        if story.foreseen == "automatic"
        else f"This needs {needed(story)}, because {because(story)}."
    )
    return said(
        f"You are asking for {what(story)} for *{duration(story.minutes)}*.\n"
        f"Why: {quoted(story.justification)}\n{will}",
        note("Nothing is sent yet."),
        buttons=[
            button("Send request", Action.SEND_DRAFT, story.id, primary=True),
            button("Change…", Action.CHANGE_DRAFT, story.id),
            cancel,
        ],
    )


def _pending(story: GrantStory) -> Message:
    owner = inert(story.owner.name) if story.owner else "its owner"
    place = f" in <#{story.owner.channel}>" if story.owner else ""
    lapses = f" It lapses {day_and_clock(story.lapses_at)}." if story.lapses_at else ""
    so_far = (
        f"\nApproved so far by {listed([inert(s.name) for s in story.said])}; still needed: {needed(story)}."
    )
    return said(
        f"⏳ {what(story)}, {duration(story.minutes)}: waiting for *{owner}*{place} "
        f"since {clock(story.requested_at)}.{lapses}{so_far if story.said else ''}",
        buttons=[button("Withdraw", Action.WITHDRAW, story.id)],
    )


def _approved(story: GrantStory) -> Message:
    return said(f"⏳ {what(story)}: {_by_whom(story)} Your access is being set up.")


def _active(story: GrantStory) -> Message:
    return said(
        f"✅ {what(story)} until {_until(story)}. {_by_whom(story)}",
        buttons=[
            sure_button(
                "I'm done",
                Action.GIVE_BACK,
                story.id,
                title="Give it back now?",
                facts=f"{name(story)} ends now instead of at its time. You can ask again.",
                yes="Yes, I'm done",
            )
        ],
    )


def _ending(story: GrantStory) -> Message:
    return said(f"⌛ {what(story)}: {inert(story.end_reason)}. It is being taken back.")


def _ended(story: GrantStory) -> Message:
    how = "you gave it back" if story.end_reason == "given back" else "as agreed"
    held = _held_for(story)
    later = (
        ""
        if story.removal_takes_effect == "at once"
        else f" The removal takes effect {story.removal_takes_effect}."
    )
    ended = clock(story.ended_at) if story.ended_at else "its time"
    text = f"⌛ {what(story)} ended at {ended}: {how}.{held}{later}"
    return said(text, buttons=[_again(story)])


def _denied(story: GrantStory) -> Message:
    denied = next((one for one in reversed(story.said) if not one.approved), None)
    who = f" by {_named(denied)}" if denied else ""
    return said(
        f"⛔ {what(story)} was denied{who}\nWhat you can do: talk to them, or ask again with more about why.",
        buttons=[_again(story)],
    )


def _lapsed(story: GrantStory) -> Message:
    owner = inert(story.owner.name) if story.owner else "its owner"
    return said(
        f"⌛ {what(story)}: {owner} did not answer in time, so the request lapsed. Nothing was granted.\n"
        "What you can do: ask them in their channel, then ask again.",
        buttons=[_again(story)],
    )


def _withdrawn(story: GrantStory) -> Message:
    return said(f"⌛ {what(story)}: you took it back. Nothing was granted.", buttons=[_again(story)])


def _voided(story: GrantStory) -> Message:
    return said(
        f"⛔ {what(story)} is not granted after all: {inert(story.end_reason)}\n"
        "What you can do: ask again, and it will be looked at anew.",
        buttons=[_again(story)],
    )


def _refused(story: GrantStory) -> Message:
    reasons = " ".join(inert(reason) for reason in story.reasons) or "No policy allows it."
    owner = inert(story.owner.name) if story.owner else "its owner"
    return said(
        f"⛔ I can't give {what(story)}. {reasons}\nWhat you can do: change what you ask for, or talk to {owner}.",
        buttons=[_again(story)],
    )


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
        return "Done at once: policy needs no approval for this."
    approvals = [_named(one) for one in story.said if one.approved]
    return f"Approved by {' and '.join(approvals)}" if approvals else ""


def _named(one: Said) -> str:
    why = f": {quoted(one.rationale)}" if one.rationale else "."
    return f"{inert(one.name)} at {clock(one.at)}{why}"


def _held_for(story: GrantStory) -> str:
    if story.active_at is None or story.ended_at is None:
        return ""
    return f" You held it for {_span(story.active_at, story.ended_at)}."


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
