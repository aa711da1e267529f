"""What is read while new access is stopped: why, what goes on, what to do next, and who let it begin again."""

from datetime import timedelta
from typing import Any

import pytest

from bot.slack.messages.freezes import freeze_message, resumed_text, stopped_plainly, stopped_text
from handlers.decisions.freezing import UNCHECKED, Stopped
from handlers.exceptions.strange import Kind
from handlers.outcomes import MayResume, NoLonger, NotAllowed, Unknown
from storage.states import FreezeKind
from tests.bot.slack.messages.alerts.test_message import alert
from tests.bot.slack.stories import NOW, clumsy, hears, problems, reads


def frozen(kind: str = "restored", **facts: Any) -> Any:
    told = {"kind": kind, "detail": "An operator restored a backup.", "signed": 1200, "lost": 41, **facts}
    return freeze_message(alert(Kind.ACCESS_STOPPED, told, who="Wicket", severity="high"))


def test_a_restore_is_told_with_what_is_lost_and_what_goes_on():
    message = frozen()
    said = hears(message)
    assert said.startswith("⚠️ New access is stopped: the records were restored from an older copy.")
    assert "Of 1,200 entries that were signed, 41 are gone" in said
    assert "Ends, removals, answers and checks go on." in said
    assert message.text.count("\n\n") == 2  # what was found, what goes on, what to do
    assert "[Let new access begin again…]" in reads(message)
    assert "signed, 1 is gone, and with it" in hears(frozen(lost=1))


def test_stopped_resets_stop_nothing_else_and_say_so():
    said = hears(frozen("resets", detail="", lost=0))
    assert "Everything else goes on: requests, ends, unlocks and answers." in said
    assert "let resets begin again." in said


@pytest.mark.parametrize("kind", list(FreezeKind))
@pytest.mark.parametrize(
    "facts", [{}, {"lost": 0, "signed": 0}, {"detail": ""}, {"detail": "<!channel> " * 400}]
)
def test_every_kind_reads_well_whatever_is_known(kind: FreezeKind, facts: dict[str, Any]):
    message = frozen(kind, **facts)
    assert problems(message) == []
    assert clumsy(hears(message)) == []


def test_who_let_it_begin_again_stands_in_the_same_message_without_buttons():
    at = (NOW + timedelta(minutes=30)).isoformat()
    message = frozen(decided_by="Alan Turing", decided_at=at, rationale="compared *all* of it", settled=at)
    assert "Started again by Alan Turing at 14:32" in hears(message)
    assert "compared" in reads(message)
    assert "[Let" not in reads(message)
    assert problems(message) == []


@pytest.mark.parametrize("kind", list(FreezeKind))
def test_a_stop_that_was_lifted_no_longer_says_that_anything_is_stopped(kind: FreezeKind):
    at = (NOW + timedelta(minutes=30)).isoformat()
    headline = hears(frozen(kind, decided_by="Alan Turing", decided_at=at, rationale="looked", settled=at))[
        :80
    ]
    assert " was stopped" in headline or " were stopped" in headline
    assert "is stopped" not in headline


@pytest.mark.parametrize("kind", list(FreezeKind))
def test_whoever_is_stopped_hears_why_since_when_and_that_nothing_is_lost(kind: FreezeKind):
    said = stopped_text(Stopped(id="z-1", kind=kind, since=NOW))
    stopped = "Nobody can reset" if kind == FreezeKind.RESETS else "no new access is given"
    assert stopped in said
    assert "Stopped since" in said
    assert "nothing is lost" in said
    assert len(said) < 600


def test_whoever_is_stopped_by_what_the_process_alone_knows_waits_for_nobody_to_confirm():
    """T-2: security has heard nothing of it, so it is for whoever is stopped to tell them."""
    for told in (stopped_text, stopped_plainly):
        said = told(Stopped(id=UNCHECKED, kind=UNCHECKED, since=NOW))
        assert "no new access is given" in said
        assert "nothing is lost: do this once more in some minutes" in said
        assert "If it still says this then, tell your security team" in said
        assert "confirmed" not in said


def test_whose_click_did_not_count_hears_why():
    assert "Alan Turing let new access begin again" in resumed_text(
        NoLonger(by="Alan Turing", way="resume", at=NOW)
    )
    assert "can't decide" in resumed_text(
        NotAllowed(entitlement="this", owner_name="the security team", reasons=("You are not on it.",))
    )
    assert "no longer hold" in resumed_text(Unknown(what="exception", lost=True))
    assert "no longer there" in resumed_text(Unknown(what="exception"))
    assert "no longer as I wrote it" in resumed_text(Unknown(what="exception", changed=True))
    assert resumed_text(MayResume(exception="x-1", kind="restored", since=NOW, lost=0)) == ""
