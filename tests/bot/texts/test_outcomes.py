"""What is said at once to whoever clicked or sent a form, in a language that nobody speaks (SL-19)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from bot.slack.actions import Field
from bot.slack.choices import Choices
from bot.slack.forms.decision import read_less
from bot.slack.forms.drift import adoption_form, declaration_form, read_declaration
from bot.slack.forms.freezes import resume_form
from bot.slack.forms.inquiry import read_written
from bot.slack.forms.parts import Wrong
from bot.slack.forms.request import read_request
from bot.slack.messages import answers, deciding, during, freezes, notices
from bot.slack.messages.asking import asked_text, together_text
from bot.slack.messages.checkpoints import checkpoint_message
from bot.slack.messages.drift_decided import reconciled_text
from bot.slack.messages.inquiries import answered_text, enough_text
from bot.texts import read_in
from handlers import outcomes
from handlers.decisions.drift import Way
from handlers.decisions.freezing import UNCHECKED, Stopped
from handlers.questions.answers import NotHere
from storage.catalogue import Catalogue
from storage.states import FreezeKind, GrantState
from tests.bot.slack.messages.alerts import test_message
from tests.bot.slack.stories import NOW, OWNER, PROD_DB, story
from tests.bot.texts.pseudo import Pseudo, english, foreign, shown

NOT_ALLOWED = outcomes.NotAllowed(entitlement="α", owner_name="its owner", reasons=(), can=("β", "γ"))
MAY = outcomes.MayReconcile(exception="1", way="adopt", entitlement="α", who="β", longest=90, owner="γ")
STOPPED = [Stopped(id="1", kind=kind, since=NOW) for kind in (*FreezeKind, UNCHECKED)]
CATALOGUE = Catalogue(owners={OWNER.id: replace(OWNER, name="γ")}, entitlements={PROD_DB.id: PROD_DB})
FAR = replace(foreign(story(), keep=frozenset({"id", "state", "missing", "reasons"})), missing={"owner": 2})

TEXTS: list[Callable[[], str]] = [
    lambda: deciding.not_allowed_text(NOT_ALLOWED),
    lambda: deciding.not_allowed_text(replace(NOT_ALLOWED, reasons=("You are not among its approvers.",))),
    lambda: deciding.not_yet_text(outcomes.NotYet(grant="1", first={"manager": 1}), FAR),
    lambda: deciding.changed_text(FAR),
    lambda: during.not_ended_text(NOT_ALLOWED),
    lambda: during.ended_text(outcomes.EndedEarly(grant="1", still_until=NOW)),
    lambda: enough_text(outcomes.EnoughAsked(grant="1")),
    lambda: answered_text(outcomes.Answered(grant="1", before=True)),
    lambda: freezes.gone_text(outcomes.Unknown(what="x")),
    lambda: freezes.gone_text(outcomes.Unknown(what="x", lost=True)),
    lambda: reconciled_text(outcomes.NotPossible(reasons=("It may not stand.",))),
    lambda: reconciled_text(outcomes.NoLonger(by="", way="", at=None)),
    *(
        lambda way=way, at=at: reconciled_text(outcomes.NoLonger(by="α", way=way, at=at))  # type: ignore[misc]
        for way in (*Way, "confirm", "other")
        for at in (None, NOW)
    ),
    *(
        lambda at=at: during.already_extended_text(outcomes.AlreadyExtended(entitlement="α", until=at))  # type: ignore[misc]
        for at in (None, NOW)
    ),
    *(
        lambda text=text, state=state, by=by, at=at: text(  # type: ignore[misc]
            outcomes.TooLate(entitlement="α", state=state, by=by, at=at)
        )
        for text in (deciding.too_late_text, during.late_end_text)
        for state in GrantState
        for by in ("", "β")
        for at in (None, NOW)
    ),
    *(lambda one=one: freezes.stopped_text(one) for one in STOPPED),  # type: ignore[misc]
    *(lambda one=one: freezes.stopped_plainly(one) for one in STOPPED),  # type: ignore[misc]
    *(
        lambda at=at: freezes.resumed_text(outcomes.NoLonger(by="α", way="resume", at=at))  # type: ignore[misc]
        for at in (None, NOW)
    ),
    lambda: asked_text(outcomes.AlreadyHeld(entitlement="α", until=None)),
    lambda: asked_text(outcomes.AlreadyAsked(grant="1", entitlement="α")),
    *(
        lambda report=report: together_text(  # type: ignore[misc]
            outcomes.AskedTogether(
                each=(
                    ("α", outcomes.Asked(grant="1", state="pending")),
                    ("β", outcomes.Asked(grant="2", state="refused", reasons=("No policy allows this.",))),
                    ("γ", outcomes.AlreadyHeld(entitlement="γ", until=None)),
                    ("δ", outcomes.AlreadyAsked(grant="3", entitlement="δ")),
                    ("ε", outcomes.Unknown(what="entitlement")),
                ),
                report=report,
            )
        )
        for report in ("", "ζ")
    ),
]
MESSAGES = [
    *(lambda purpose=purpose: answers.page_message(purpose, "x", 10) for purpose in answers._OPENINGS),
    *(lambda one=one: notices.notice_message(*one, NOW) for one in (*notices.NOTICES, ("linked", "done"))),
    *(lambda several=several: answers.no_candidate_message(several) for several in (True, False)),
    *(
        lambda instead=instead: answers.not_here_message(
            NotHere(purpose="reset", reasons=("This account is not active.",), instead=instead)
        )
        for instead in ("set up proofs first", "governed way", "ask two people")
    ),
    answers.unlocked_message, answers.not_known_unlocked_message, answers.not_locked_message, answers.not_understood,
    *(
        lambda kind=kind, facts=facts: freezes.freeze_message(
            test_message.alert(
                test_message.Kind.ACCESS_STOPPED, {"kind": kind, "lost": 2, "signed": 1234, **facts},
                who="α", correlation="1",
            )
        )
        for kind in FreezeKind
        for facts in ({}, {"decided_by": "β", "decided_at": NOW.isoformat(), "rationale": "γ"}, {"decided_by": "β"})
    ),
    lambda: checkpoint_message(at=NOW, size=1234, signed="α\nβ\nγ\n"),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(TEXTS)))
def test_what_came_of_a_click_is_said_in_the_readers_language(number: int) -> None:
    with read_in(Pseudo()):
        assert english(TEXTS[number]()) == []


@pytest.mark.parametrize("number", range(len(MESSAGES)))
def test_each_message_about_an_account_or_the_records_is_said_in_the_readers_language(number: int) -> None:
    with read_in(Pseudo()):
        message = MESSAGES[number]()
    assert english(message.text, *shown(message.body()["blocks"])) == []


def test_each_form_of_the_security_team_is_shown_in_the_readers_language() -> None:
    with read_in(Pseudo()):
        forms = [
            adoption_form(MAY),
            declaration_form(MAY, CATALOGUE, review=date(2027, 1, 1)),
            *(
                resume_form(outcomes.MayResume(exception="1", kind=kind, since=NOW, lost=3))
                for kind in FreezeKind
            ),
        ]
    assert [english(*shown(one.to_dict())) for one in forms] == [[]] * len(forms)


def test_what_is_wrong_at_a_field_is_said_in_the_readers_language() -> None:
    long: Any = {"state": {"values": {one: {one: {"value": "α" * 2000}} for one in Field}}}
    with read_in(Pseudo()):
        wrongs = [
            *(read_request(view, CATALOGUE) for view in ({}, long)),
            *(read_declaration(view, CATALOGUE) for view in ({}, long)),
            *(read_less(view, asked=1) for view in ({}, long)),
            *(read_written(view, Field.QUESTION) for view in ({}, long)),
        ]
    assert all(isinstance(one, Wrong) for one in wrongs)
    assert [english(*one.at.values()) for one in wrongs if isinstance(one, Wrong)] == [[]] * len(wrongs)


def test_a_menu_that_is_cut_says_so_in_the_language_of_whoever_types_now() -> None:
    """The choices are kept for the next who types the same; the words above them are not."""
    choices = Choices(replace(PROD_DB, id=f"α-{number}", access="β", title="γ") for number in range(150))
    assert english(*shown(choices.offered("")))
    with read_in(Pseudo()):
        assert english(*shown(choices.offered(""))) == []
