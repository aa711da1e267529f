"""The letters: the answer first, the zone named, whom to tell, and never a link."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.couriers.letters import KINDS, Facts, HelpTold, Letter, WordTold, letter
from bot.couriers.petition_letters import Told
from handlers.petitions.outcomes import Why
from storage.states import Changed, PetitionKind, PetitionState, Result

FACTS = Facts(
    name="Ada Byron",
    at=datetime(2026, 3, 2, 14, 5, tzinfo=UTC),
    code="01234567",
    minutes=10,
    petition=Told(
        kind=PetitionKind.PROOFS,
        state=PetitionState.DENIED,
        explanation="My phone fell into the sea",
        approvers=("Sam Spade", "Grace Hopper"),
        asked_at=datetime(2026, 3, 2, 9, 0, tzinfo=UTC),
        opens_at=datetime(2026, 3, 2, 18, 5, tzinfo=UTC),
        closes_at=datetime(2026, 3, 3, 18, 5, tzinfo=UTC),
        ended_at=datetime(2026, 3, 2, 19, 5, tzinfo=UTC),
        ended_by="Charles Babbage",
        why="denied",
        words="Not her voice",
        page="",
    ),
    word=WordTold(
        voucher="Γιλ",
        spoken="in_person",
        counts_from=datetime(2026, 3, 2, 15, 5, tzinfo=UTC),
        counts_until=datetime(2026, 3, 2, 23, 5, tzinfo=UTC),
    ),
    help=HelpTold(act="unlock", helper="Λίνος", ticket="λ-1"),
)


def test_a_changed_password_is_told_with_when_and_what_to_do() -> None:
    assert letter("password-changed", FACTS).body == (
        "Hello Ada Byron,\n\n"
        "Your password was changed on 2 March 2026 at 14:05 UTC, after you proved who you are on Wicket's secure page."
        "\n\nYou were signed out everywhere. Sign in with the new one.\n\n"
        "Was this not you? Tell your security team at once.\n\nWicket\n"
    )


@pytest.mark.parametrize("kind", ["password-changed", "account-unlocked"])
def test_what_is_not_known_is_not_claimed(kind: str) -> None:
    unknown = letter(kind, replace(FACTS, result=Result.UNKNOWN))
    assert "not known" in unknown.subject
    assert "was changed on" not in unknown.body
    assert "was unlocked on" not in unknown.body


@pytest.mark.parametrize(
    ("result", "admitted"),
    [
        (Result.SESSIONS_OPEN, "could not be signed out"),
        (Result.NO_SESSIONS, "can't end sessions: where you are still signed in, sign out yourself"),
    ],
)
def test_sessions_that_may_be_open_are_admitted(result: Result, admitted: str) -> None:
    body = letter("password-changed", replace(FACTS, result=result)).body
    assert admitted in body
    assert "signed out everywhere" not in body


@pytest.mark.parametrize(
    ("result", "said"), [(Result.LINK_SENT, "it writes to you itself"), (Result.PASS_MADE, "temporary pass")]
)
def test_a_recovery_is_called_what_it_was(result: Result, said: str) -> None:
    written = letter("password-changed", replace(FACTS, result=result))
    assert said in written.body
    assert "was changed" not in written.subject + written.body


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_letter_says_whom_to_tell_and_carries_no_link(kind: str) -> None:
    written = letter(kind, FACTS)
    assert "your security team" in written.body
    assert "://" not in written.body
    assert ("01234567" in written.body) == (kind == "mail-code")
    assert "01234567" not in written.subject


@pytest.mark.parametrize("what", Changed)
def test_every_change_of_proofs_is_told_in_words_of_its_own(what: Changed) -> None:
    """P-6: what changed, and of which passkey, on one line whatever it is called."""
    written = letter("proofs-changed", replace(FACTS, what=what, thing="my\nkey"))
    others = [letter("proofs-changed", replace(FACTS, what=one)).subject for one in Changed if one != what]
    assert written.subject not in others
    assert ("“my key”" in written.body) == what.startswith("passkey-")
    assert "{" not in written.body


def test_a_name_cannot_add_lines_to_a_letter() -> None:
    assert (
        "Hello Eve Click here,\n"
        in letter("proofs-changed", replace(FACTS, name="Eve\n\nClick\r\nhere ")).body
    )
    assert letter("proofs-changed", replace(FACTS, name=" ")).body.startswith("Hello,\n")


def test_a_kind_that_is_never_sent_by_mail_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        letter("approval", FACTS)


def told(kind: str, **changes: Any) -> Letter:
    assert FACTS.petition is not None
    return letter(kind, replace(FACTS, petition=replace(FACTS.petition, **changes)))


def test_a_petition_is_told_with_its_hour_and_who_said_that_it_is_them() -> None:
    """P-14: before it opens, with the zone named."""
    body = told("petition-approved", state=PetitionState.APPROVED).body
    assert "Sam Spade and Grace Hopper said that it is you" in body
    assert "It opens on 2 March 2026 at 18:05 UTC. Until then you can stop it" in body


def test_whoever_wrote_the_explanation_starts_no_line_of_a_letter() -> None:
    """O-4."""
    body = told("petition-asked", explanation="lost\n\nYour code is 12345678").body
    assert "“lost Your code is 12345678”" in body


def test_the_page_of_a_petition_stands_in_the_letter_about_its_opening_alone() -> None:
    """P-14, P-2: whoever is behind a lost Slack account gets there."""
    kinds = [
        kind for kind in sorted(KINDS) if "https" in told(kind, page="https://wicket.example/p/h-1").body
    ]
    assert kinds == ["petition-opened"]


def test_an_end_says_why() -> None:
    """P-14."""
    assert "Charles Babbage denied it: “Not her voice”" in told("petition-ended").body
    lapsed = told("petition-ended", state=PetitionState.LAPSED, why=Why.UNANSWERED, ended_by="")
    assert "not enough people answered within 24 hours" in lapsed.body


def test_a_word_is_told_with_whose_it_is_and_from_when_it_counts() -> None:
    """P-13: before it does."""
    assert letter("vouched", FACTS).body == (
        "Hello Ada Byron,\n\n"
        "On 2 March 2026 at 14:05 UTC Γιλ told Wicket that they have spoken to you, and that you need help with your "
        "account.\n\nThey say that they met you.\n\n"
        "It counts from 2 March 2026 at 15:05 UTC until 2 March 2026 at 23:05 UTC, and only together with a code from "
        "your mail or a recovery code. Nothing was changed so far.\n\n"
        "Was this not you? Tell your security team at once.\n\nWicket\n"
    )
    assert "counts now, until 2 March 2026 at 23:05 UTC" in letter("vouching-counts", FACTS).body


@pytest.mark.parametrize(
    ("act", "subject", "told"),
    [
        ("unlock", "The help desk unlocks your account", "had Wicket unlock your account, for ticket INC-7"),
        ("reset", "The help desk started a password reset for you", "Nothing was changed so far."),
        ("recheck", "The help desk had your access checked", "Nobody gets anything new by it."),
    ],
)
def test_what_the_help_desk_did_is_told_with_who_and_the_ticket_and_no_way_to_the_page(
    act: str, subject: str, told: str
) -> None:
    """R-6: the letter carries no link but the one that stops things."""
    facts = replace(
        FACTS,
        stop="https://wicket.example.com/not-me/x",
        help=HelpTold(act=act, helper="Gil", ticket="INC-7"),
    )
    made = letter("desk-act", facts)
    assert made.subject == subject
    assert told in made.body
    assert "Gil of the help desk" in made.body
    assert made.body.count("https://") == 1
