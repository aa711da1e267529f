"""What people and security read of resets: whole, kind, and never more than is known."""

from typing import Any

import pytest

from bot.slack.messages.notices import notice_message
from bot.slack.messages.resets import alarm_message, announced_message, released_text, reported_text
from handlers.alarms.reported import NotReleased, Released, Stopped
from handlers.exceptions.strange import Kind
from handlers.outcomes import NoLonger, NotAllowed, Repeated, Unknown
from storage.alarms import Effect
from tests.bot.slack.messages.alerts.test_message import alert
from tests.bot.slack.stories import NOW, clumsy, hears, problems, reads


def test_before_the_change_it_is_said_that_it_is_about_to_be_and_one_click_stops_it() -> None:
    """P-6: the click asks first, with what it does."""
    message = announced_message("h-1", NOW)
    assert hears(message).startswith("⏳ A new password is being set for your account")
    (button,) = [
        one for block in message.body()["blocks"] for one in block.get("elements", ()) if "confirm" in one
    ]
    assert (button["action_id"], button["value"]) == ("account.not_me", "h-1")
    assert "switched off at once" in button["confirm"]["text"]["text"]
    assert problems(message) == []


def test_after_it_the_same_button_stands_there() -> None:
    """P-6."""
    assert "[It wasn't me]" in reads(notice_message("password-changed", "done", NOW, handle="h-1"))
    assert "[It wasn't me]" not in reads(notice_message("linked", "", NOW))


@pytest.mark.parametrize("disabled", list(Effect))
@pytest.mark.parametrize("sessions", list(Effect))
def test_an_alarm_says_what_was_done_and_what_was_not(disabled: Effect, sessions: Effect) -> None:
    """P-6: what security has to do itself stands out."""
    facts: dict[str, Any] = {"purpose": "reset", "door": "mail", "disabled": disabled, "sessions": sessions}
    message = alarm_message(alert(Kind.NOT_ME, facts, severity="high"))
    assert "Ada Lovelace (ada) says of a reset of their password that it was not theirs" in hears(message)
    assert ("*" in message.text) == (disabled in (Effect.UNABLE, Effect.HELD))
    assert "[Let them in again…]" in reads(message)
    assert problems(message) == []
    assert clumsy(hears(message)) == []


def test_who_lifted_it_stands_in_the_same_message_without_buttons() -> None:
    decided = {"decided_by": "Alan Turing", "decided_at": NOW.isoformat(), "rationale": "I *called* her"}
    message = alarm_message(alert(Kind.NOT_ME, {"purpose": "reset", "disabled": "done", **decided}))
    assert "Lifted by Alan Turing at 14:02" in hears(message)
    assert "[Let" not in reads(message)
    assert problems(message) == []


@pytest.mark.parametrize("disabled", list(Effect))
def test_nothing_of_a_lifted_alarm_is_told_as_if_it_still_held(disabled: Effect) -> None:
    """P-6: who reads it a week later must not think that somebody is locked out, or that there is work to do."""
    decided = {"decided_by": "Alan Turing", "decided_at": NOW.isoformat(), "rationale": "I called her"}
    facts = {"purpose": "reset", "disabled": disabled, "sessions": Effect.WANTED, **decided}
    told = hears(alarm_message(alert(Kind.NOT_ME, facts)))
    for present in (
        " is switched off",
        " is not switched off",
        " are closed",
        "goes on trying",
        "please ",
        "is asked",
    ):
        assert present not in told


def test_every_outcome_has_a_sentence_or_needs_none() -> None:
    assert "It is stopped" in reported_text(Stopped())
    assert "before" in reported_text(Stopped(again=True))
    assert "your account is not switched off" in reported_text(Stopped(held=True))
    assert "not about your account" in reported_text(Unknown(what="visit"))
    assert "no longer hold" in reported_text(Unknown(what="visit", lost=True))
    assert [reported_text(Repeated()), released_text(Repeated()), released_text(Released(who="Ada"))] == [
        ""
    ] * 3
    assert "The alarm stands" in released_text(NotReleased())
    assert "Alan lifted this" in released_text(NoLonger(by="Alan", way="release", at=NOW))
    refused = NotAllowed(entitlement="this", owner_name="the security team", reasons=())
    assert "can't decide" in released_text(refused)
