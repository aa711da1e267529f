"""What is said of acts of the help desk: to whom they are about, and to the helper, who sees no link (R-6)."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.slack.forms.helping import help_form, read_help
from bot.slack.messages.helping import (
    HelpGiven,
    begin_message,
    help_given_message,
    helped_text,
    not_of_desk_text,
)
from bot.texts import read_in
from handlers.decisions.helping import Act
from handlers.help_desk.outcomes import (
    Checked,
    MayNotHelp,
    NotLockedNow,
    NotOfDesk,
    NotServed,
    Rechecked,
    ResetStarted,
    UnlockedFor,
)
from tests.bot.texts.pseudo import Pseudo, english, shown

GIVEN = HelpGiven(
    act=Act.UNLOCK, helper="Κόνραντ", ticket="λ-1", at=datetime(2026, 3, 2, 9, tzinfo=UTC), result="done", visit="h",
)  # fmt: skip
RESET = replace(GIVEN, act=Act.RESET, result="", page="https://wicket.example.com/p/x")
CHECK = replace(GIVEN, act=Act.RECHECK, result="", given_again=("α", "β"))
STANDINGS = (
    "as-it-should-be", "given-again", "under-way", "for-its-owner", "being-taken", "no-grant", "silent",
)  # fmt: skip
OUTCOMES: list[Any] = [
    UnlockedFor(name="α", known=True),
    UnlockedFor(name="α", known=False),
    NotLockedNow(name="α"),
    ResetStarted(name="α"),
    Rechecked(name="α", checked=()),
    Rechecked(name="α", checked=tuple(Checked(entitlement="β", standing=one, owner="γ") for one in STANDINGS), more=2),  # type: ignore[arg-type]
    NotOfDesk(ask=("α", "β")),
    NotOfDesk(ask=()),
    NotServed(name="α", ask=("β",)),
    NotServed(name="α", ask=()),
    MayNotHelp(name="α", reasons=("They are above you, so somebody else on the help desk does this.",)),
]  # fmt: skip


def test_the_person_reads_who_did_what_for_which_ticket_and_can_stop_it() -> None:
    """R-6."""
    said = help_given_message(GIVEN)
    assert "*Κόνραντ* of the help desk unlocked your account" in said.text
    assert "for ticket λ-1" in said.text
    assert "account.not_me" in str(said.body())


@pytest.mark.parametrize(
    ("result", "told"), [("changing", "is unlocking"), ("unknown", "I don't know whether")]
)
def test_nothing_is_claimed_that_is_not_known(result: str, told: str) -> None:
    assert told in help_given_message(replace(GIVEN, result=result)).text


def test_the_way_to_the_page_stands_in_the_persons_message_alone_and_while_it_works() -> None:
    assert "https://" in str(help_given_message(RESET).body())
    assert "https://" not in str(help_given_message(replace(RESET, page="")).body())
    assert not any("https://" in helped_text(one)[1] for one in OUTCOMES)


def test_hostile_names_stay_inert() -> None:
    """SL-9."""
    said = help_given_message(replace(GIVEN, helper="<!channel> *x*", ticket="<https://x|y>")).text
    assert "<!channel>" not in said
    assert "<https://x" not in said


@pytest.mark.parametrize("one", [GIVEN, RESET, CHECK, replace(CHECK, given_again=())])
def test_each_message_is_said_in_the_readers_language(one: HelpGiven) -> None:
    """SL-19."""
    with read_in(Pseudo()):
        message = help_given_message(one)
    assert english(message.text, *shown(message.body()["blocks"])) == []


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_each_outcome_is_said_in_the_readers_language(outcome: Any) -> None:
    with read_in(Pseudo()):
        title, told = helped_text(outcome)
    assert title
    assert told
    assert english(title, told) == []


@pytest.mark.parametrize("act", list(Act))
def test_each_form_is_shown_in_the_readers_language_and_carries_nothing(act: Act) -> None:
    with read_in(Pseudo()):
        form, begin = help_form(act), begin_message(act)
        wrong = read_help({})
    assert english(*shown(form.to_dict()), begin.text, *shown(begin.body()["blocks"])) == []
    assert english(*wrong.at.values()) == [] if hasattr(wrong, "at") else False
    assert form.private_metadata is None


def test_whoever_is_on_no_desk_hears_whom_to_ask() -> None:
    assert "Ask the Oslo desk" in not_of_desk_text(NotOfDesk(ask=("the Oslo desk",)))
