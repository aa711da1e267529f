"""Petitions in words: the facts whole, nothing called open before it is, and nobody's text alive (P-14)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.slack.forms.petitions import attest_form, petition_form
from bot.slack.messages.petitions import approval_message, needed, news_message, status_message
from bot.slack.messages.petitions_told import (
    asked_text,
    decided_text,
    lost_message,
    not_needed_message,
    prove_first_message,
)
from bot.texts import read_in
from handlers.outcomes import Repeated, Unknown
from handlers.petitions.outcomes import (
    AskedBefore,
    MayAsk,
    MayNot,
    NotForYou,
    NotNeeded,
    Petitioned,
    Said,
    SaidBefore,
    Settled,
    SettledBefore,
    Why,
)
from handlers.petitions.stories import PetitionStory, Word
from storage.states import PetitionKind, PetitionState
from tests.bot.slack.stories import NOW, clumsy, hears, problems, reads
from tests.bot.texts.pseudo import Pseudo, english, foreign, shown

SAM = Word(name="Sam Spade", role="security", rationale="I saw her", proof="passkey", at=NOW)
GRACE = Word(name="Grace Hopper", role="help_desk", rationale="We spoke", proof="totp", at=NOW)
STORY = PetitionStory(
    id="h-1", kind=PetitionKind.PROOFS, state=PetitionState.ASKED, account="p-ada", directory="local",
    name="Ada Lovelace", login="ada", team="Payments", employment="employee", manager="Charles Babbage",
    privileged=False, explanation="My phone fell into the sea", missing={"help_desk": 2}, said=(), asked_at=NOW,
    lapses_at=NOW + timedelta(hours=24), decided_at=None, opens_at=None, closes_at=None, ended_at=None, ended_by="",
    end_reason="", end_words="", cool_off=timedelta(hours=4),
)  # fmt: skip
OUTCOMES: list[Any] = [
    Said(approved=True, opens_at=NOW), Said(approved=False), SaidBefore(), Settled(who="α"), Unknown(what="petition"),
    Unknown(what="petition", lost=True),
    MayNot(who="α", reasons=("You are on the help desk.",)),
    *(SettledBefore(state=state, why=why, by=by, at=NOW) for state in PetitionState for why in Why for by in ("", "β")),
]  # fmt: skip
KEPT = frozenset({"id", "kind", "state", "end_reason", "role", "proof", "missing", "employment"})


def story(state: PetitionState, **changes: Any) -> PetitionStory:
    """Ada's petition in this state, with what goes with it."""
    approved = state not in (PetitionState.ASKED, PetitionState.DENIED)
    over = state not in (PetitionState.ASKED, PetitionState.APPROVED, PetitionState.OPEN)
    plain: dict[str, Any] = {
        "said": (SAM, GRACE) if approved else (),
        "decided_at": NOW if approved else None,
        "opens_at": NOW + timedelta(hours=4) if approved else None,
        "closes_at": NOW + timedelta(hours=28) if approved else None,
        "ended_at": NOW if over else None,
        "ended_by": "Charles Babbage" if over else "",
        "end_reason": Why.BY_APPROVER if over else "",
        "end_words": "Not her voice" if over else "",
    }
    return replace(STORY, state=state, **{**plain, **changes})


@pytest.mark.parametrize("state", list(PetitionState))
def test_what_must_be_known_stands_whole_in_every_state(state: PetitionState) -> None:
    """Promise 9."""
    message = approval_message(story(state))
    for fact in (
        "Ada Lovelace (ada, Payments, reports to Charles Babbage)",
        "ada in local",
        "fell into the sea",
    ):
        assert fact in hears(message)
        assert fact in reads(message)
    assert ("[Approve…]" in reads(message)) == (state == PetitionState.ASKED)
    assert problems(message) == []
    assert clumsy(hears(message)) == []
    assert problems(status_message(story(state), page="https://wicket.example/p/x")) == []


@pytest.mark.parametrize("state", list(PetitionState))
def test_nothing_is_called_open_before_it_is(state: PetitionState) -> None:
    """P-14: nor is there a way to the page."""
    message = status_message(story(state), page="https://wicket.example/p/x")
    assert ("[Continue securely]" in reads(message)) == (state == PetitionState.OPEN)
    assert ("Your page is open" in hears(message)) == (state == PetitionState.OPEN)
    over = (PetitionState.DENIED, PetitionState.CANCELLED, PetitionState.LAPSED, PetitionState.VOIDED)
    assert ("[It wasn't me]" in reads(message)) == (state not in over)


def test_the_hardest_text_fits_whole_and_stays_text() -> None:
    """Promise 9, SL-9: as long as may be, of what Slack escapes; what approvers wrote is cut before a fact is."""
    hard = "<!channel> *&* "
    long = (hard * 40)[:500]
    words = tuple(replace(SAM, rationale="&" * 500, name="&" * 80) for _ in range(3))
    for state in PetitionState:
        told = story(state, explanation=long, said=words, end_words="&" * 500, privileged=True)
        message = approval_message(told)
        assert "<!channel>" not in message.text
        assert problems(message) == []
        assert problems(status_message(told, page="https://wicket.example/p/x")) == []


def test_whose_word_is_missing_is_said_as_it_is() -> None:
    """P-14, P-4."""
    assert needed(STORY) == "2 of these: the help desk, security, their manager"
    root = replace(STORY, privileged=True, missing={"security": 1, "help_desk": 1})
    assert needed(root) == "1 of security and 1 of the help desk, or their manager"
    assert needed(replace(STORY, missing={"help_desk": 1})) == "1 of the help desk, security or their manager"


def test_whoever_asked_reads_of_their_own_manager() -> None:
    asked = status_message(STORY).text
    assert "Needed: 2 of these: the help desk, security, your manager." in asked
    root = replace(STORY, privileged=True, missing={"security": 1, "help_desk": 1})
    assert "1 of security and 1 of the help desk, or your manager." in status_message(root).text


def test_news_stands_below_the_message_that_it_is_about() -> None:
    """P-6: an edit alone is easily missed."""
    message = news_message(story(PetitionState.APPROVED))
    assert (message.below, message.aloud) == (("petition", "h-1"), True)


def test_every_outcome_has_a_sentence_or_needs_none() -> None:
    assert [asked_text(Repeated()), decided_text(Repeated())] == ["", ""]
    asked = [
        Petitioned(petition="1"), AskedBefore(petition="1"), NotForYou(reasons=("Go.",)),
        *(NotNeeded(kind=kind) for kind in PetitionKind),
    ]  # fmt: skip
    assert all(asked_text(one) for one in asked)
    assert all(decided_text(one) for one in OUTCOMES)
    assert "no longer hold" in decided_text(Unknown(what="petition", lost=True))
    assert "no longer there" in decided_text(Unknown(what="petition"))


@pytest.mark.parametrize("state", list(PetitionState))
@pytest.mark.parametrize("kind", list(PetitionKind))
def test_it_is_told_in_the_readers_language(state: PetitionState, kind: PetitionKind) -> None:
    """SL-19."""
    for privileged in (True, False):
        far = foreign(story(state, kind=kind, privileged=privileged, employment="contractor"), keep=KEPT)
        with read_in(Pseudo()):
            messages = [approval_message(far), status_message(far)]
            forms = [
                attest_form(far, approve=approve, why=("You are on the help desk.",))
                for approve in (True, False)
            ]
        for message in messages:
            assert english(message.text, *shown(message.body()["blocks"])) == []
        assert [english(*shown(one.to_dict())) for one in forms] == [[], []]


def test_what_is_answered_at_once_is_said_in_the_readers_language() -> None:
    """SL-19."""
    with read_in(Pseudo()):
        said = [decided_text(one) for one in OUTCOMES]
        said += [asked_text(one) for one in (Petitioned(petition="1"), AskedBefore(petition="1"))]
        messages = [
            lost_message(),
            prove_first_message("α"),
            *(not_needed_message(NotNeeded(kind=k)) for k in PetitionKind),
        ]
        forms = [petition_form(MayAsk(kind=kind, privileged=True)) for kind in PetitionKind]
    assert english(*said) == []
    assert [english(one.text, *shown(one.body()["blocks"])) for one in messages] == [[]] * 4
    assert [english(*shown(one.to_dict())) for one in forms] == [[], []]
