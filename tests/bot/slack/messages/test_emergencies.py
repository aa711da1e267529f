"""What people read of breaking the glass, in every state: the alert claims nothing that is not so."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.slack.messages.emergencies import emergency_message, news_message, not_asked_text, status_message
from handlers.emergencies.outcomes import BEGUN, EXTENDED, OVER, EmergencyRefused, EmergencyStory, NotListed
from storage.fresh import FreshProof
from storage.states import EmergencyState, GrantState
from tests.bot.slack.stories import NOW, clumsy, problems, reads

AN_HOUR = timedelta(hours=1)
TOLD = EmergencyStory(
    id="g-1", who="Ada Lovelace (ada)", slack_user="U0ADA", entitlement="prod-db", title="Production database",
    owner="Data Platform", incident="INC-1", reason="it is <!channel> down", minutes=60, drill=False, handle="h-1",
    state=EmergencyState.TELLING, held="", proof=FreshProof(handle="h-1", kinds=("passkey",), at=NOW), asked_at=NOW,
    told_security_at=None, told_outside_at=None, told_by="", fallback="", refused_why="", opened_at=None,
    active_at=None, until=None, ended_at=None, why_ended="", ended_by="", extended=None, review_due_at=None,
    reviewed_by="", finding="",
)  # fmt: skip
HELD = replace(
    TOLD, state=EmergencyState.GRANTED, held=GrantState.ACTIVE, told_security_at=NOW, told_outside_at=NOW,
    told_by="mail", opened_at=NOW, active_at=NOW, until=NOW + AN_HOUR,
)  # fmt: skip
OVER_NOW = replace(HELD, held=GrantState.ENDED, ended_at=NOW + AN_HOUR / 2, ended_by="Grace Hopper")


@pytest.mark.parametrize(
    ("story", "begins", "ends"),
    [
        (TOLD, "🚨 Break-glass: Ada Lovelace (ada) takes Production database for 1 hour", False),
        (
            replace(HELD, held=GrantState.APPROVED),
            "🚨 Break-glass: Production database is being given to Ada",
            True,
        ),
        (HELD, "🚨 Break-glass: Production database held by Ada Lovelace (ada) until 15:02", True),
        (replace(HELD, held=GrantState.ENDING), "⌛ Break-glass ending", False),
        (OVER_NOW, "⌛ Break-glass over", False),
        (replace(HELD, held=GrantState.VOIDED, ended_at=NOW), "⛔ Break-glass refused at the last", False),
        (replace(TOLD, state=EmergencyState.REFUSED, refused_why="No."), "⛔ Break-glass refused: ", False),
        (replace(HELD, drill=True, held=""), "This is a DRILL. ✅ Break-glass practised", False),
    ],
)
def test_the_alert_says_how_it_stands(story: EmergencyStory, begins: str, ends: bool) -> None:
    """B-2: whoever may ends it while there is something to end; what somebody wrote as their reason calls nobody."""
    message = emergency_message(story)
    shown = reads(message)
    assert shown.startswith(begins), shown
    assert ("[End now]" in shown) is ends
    assert "[What happened?]" in shown
    assert "<!channel>" not in message.text
    assert (problems(message), clumsy(shown)) == ([], [])


@pytest.mark.parametrize(
    "story", [TOLD, replace(TOLD, told_outside_at=NOW), replace(TOLD, told_security_at=NOW)]
)
def test_nobody_is_said_to_be_told_before_the_access_who_was_not(story: EmergencyStory) -> None:
    """B-2."""
    assert "Told before access" not in reads(emergency_message(story))
    assert "Told before access: here at" in reads(emergency_message(HELD))
    alone = reads(emergency_message(replace(HELD, told_security_at=None)))
    assert "outside Slack alone" in alone
    assert "here at" not in alone


def test_the_thread_says_what_is_so_and_only_then() -> None:
    assert news_message(TOLD, BEGUN) is None
    assert news_message(HELD, OVER) is None
    assert news_message(HELD, EXTENDED) is None
    told = news_message(OVER_NOW, OVER)
    assert told is not None
    assert told.below == ("emergency", "g-1")
    assert reads(told) == "Ended at 14:32 UTC by Grace Hopper, after 30 minutes."


def test_whoever_did_it_reads_what_it_takes_and_what_became_of_it() -> None:
    asked = reads(status_message(replace(TOLD, state=EmergencyState.ASKED), "http://localhost/p/x"))
    assert "Was this not you?" in asked
    refused = reads(status_message(replace(TOLD, state=EmergencyState.LAPSED, refused_why="Too late."), ""))
    assert refused.startswith("⛔ Production database was not given. Too late.")
    assert "What you can do" in refused


def test_a_refusal_says_what_to_do_instead() -> None:
    for outcome in (NotListed(), EmergencyRefused(entitlement="prod-db", reasons=("No.",))):
        assert "What you can do" in not_asked_text(outcome)
