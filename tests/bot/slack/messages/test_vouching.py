"""What people read of vouching: whole, kind, without a code, and inert whatever somebody is called."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.slack.forms.parts import Wrong
from bot.slack.forms.vouching import prove_form, read_vouching, vouch_form
from bot.slack.messages.alerts.vouching import vouching
from bot.slack.messages.vouching import Word, begin_message, vouched_message, vouched_text, word_given_message
from bot.texts import read_in
from handlers.decisions.vouching import Spoken, VouchingLimits, plain_code, read_out
from handlers.exceptions.strange import Kind
from handlers.vouching.outcomes import AlreadyVouched, MayNot, Resting, Vouched
from storage.states import Ended
from tests.bot.slack.messages.alerts.test_message import alert
from tests.bot.slack.stories import NOW, clumsy, hears, problems, reads
from tests.bot.texts.pseudo import Pseudo, english, foreign, shown

WORD = Word(
    visit="h-1", purpose="reset", name="Ada Lovelace", voucher="Charles Babbage", spoken="video", at=NOW,
    counts_from=NOW + timedelta(hours=1), counts_until=NOW + timedelta(hours=9), counts=False, ended="",
    ended_at=None,
)  # fmt: skip
STATES = [WORD, replace(WORD, counts=True), *(replace(WORD, ended=one, ended_at=NOW) for one in Ended)]
OUTCOMES = [
    Vouched(name="Ada", counts_from=NOW, counts_until=NOW),
    MayNot(reasons=("Nobody vouches for themselves.",)),
    MayNot(reasons=()),
    AlreadyVouched(by="Bob"),
    AlreadyVouched(by=""),
    Resting(),
]
CAUSES = ("flood", "lost", "oneself", "report", "mutual", "wrong-codes", "guessing", "refused")


@pytest.mark.parametrize("word", STATES)
def test_each_state_of_a_word_is_told_to_both(word: Word) -> None:
    """P-13, P-6: the person can stop it as long as it is worth anything, or was used."""
    message = vouched_message(word)
    for one in (message, word_given_message(word)):
        assert (clumsy(hears(one)), problems(one)) == ([], [])
    stops = not word.ended or word.ended == Ended.USED
    assert ("[It wasn't me]" in reads(message)) == stops
    assert "Charles Babbage" in hears(message)


@pytest.mark.parametrize("spoken", Spoken)
def test_the_person_hears_how_they_are_said_to_have_spoken(spoken: Spoken) -> None:
    """Whoever did not meet anybody by video knows at once that something is wrong."""
    others = [hears(vouched_message(replace(WORD, spoken=one))) for one in Spoken if one != spoken]
    assert hears(vouched_message(replace(WORD, spoken=spoken))) not in others


def test_once_it_counts_a_reset_is_one_click_away() -> None:
    """By the button that asks nobody to set up a proof first."""
    message = vouched_message(replace(WORD, counts=True))
    assert "[Reset password]" in reads(message)
    assert "'ask.vouched'" in str(message.body())
    assert "[Reset password]" not in reads(vouched_message(replace(WORD, counts=True, purpose="unlock")))


def test_a_name_comes_alive_nowhere() -> None:
    """SL-9."""
    nasty = replace(WORD, voucher="<!channel> *✅ Approved*", name="<!channel>")
    for message in (vouched_message(nasty), word_given_message(nasty)):
        sent = [message.text, *(str(block.to_dict()) for block in message.blocks)]
        assert not any("<!channel>" in each or "*✅ Approved*" in each for each in sent)


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_each_outcome_is_one_kind_sentence(outcome: object) -> None:
    title, told = vouched_text(outcome)
    assert 0 < len(title) <= 24
    assert clumsy(told) == []


def test_the_forms_are_such_as_slack_takes() -> None:
    """SL-8; the code travels in nothing but its own field."""
    for form in (vouch_form(), prove_form("https://wicket.example.com/p/x")):
        form.validate_json()
        assert not form.private_metadata
    assert problems(begin_message()) == []


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("1234 5678", "12345678"),
        ("1234-5678", "12345678"),
        ("1234567", None),
        ("１２３４５６７８", None),
        ("abcdefgh", None),
    ],
)
def test_a_code_is_read_however_it_is_grouped(typed: str, code: str | None) -> None:
    assert plain_code(typed) == code
    assert code is None or plain_code(read_out(code)) == code


def test_every_unusual_cause_has_words_of_its_own() -> None:
    told = {vouching(alert(Kind.VOUCHING, {"reason": one, "whom": "Bob"})) for one in CAUSES}
    assert len(told) == len(CAUSES)


@pytest.mark.parametrize("word", STATES)
@pytest.mark.parametrize("spoken", Spoken)
@pytest.mark.parametrize("purpose", ["reset", "unlock"])
def test_each_state_of_a_word_is_told_in_the_readers_language(
    word: Word, spoken: Spoken, purpose: str
) -> None:
    """SL-19."""
    far = replace(word, name="Αδα", voucher="Βοβ", spoken=spoken, purpose=purpose)
    with read_in(Pseudo()):
        messages = [vouched_message(far), word_given_message(far)]
    assert [english(one.text, *shown(one.body()["blocks"])) for one in messages] == [[], []]


def test_what_is_answered_and_asked_of_a_voucher_is_said_in_the_readers_language() -> None:
    """SL-19: outcomes, forms, what is wrong at a field, and what security reads."""
    with read_in(Pseudo()):
        told = [*(vouched_text(foreign(one, keep=frozenset({"reasons"}))) for one in OUTCOMES)]
        told += [vouching(alert(Kind.VOUCHING, {"reason": one, "whom": "β"}, who="α")) for one in CAUSES]
        begun = begin_message()
        forms = [vouch_form(), prove_form("α")]
        wrong = read_vouching({"state": {"values": {}}})
    assert [english(*one) for one in told] == [[]] * len(told)
    assert english(begun.text, *shown(begun.body()["blocks"])) == []
    assert [english(*shown(one.to_dict())) for one in forms] == [[], []]
    assert isinstance(wrong, Wrong)
    assert wrong.at
    assert english(*wrong.at.values()) == []


def test_a_word_counts_from_the_cool_off_on() -> None:
    limits = VouchingLimits(cool_off=timedelta(minutes=10), counts_for=timedelta(hours=1))
    assert limits.counts(NOW) == (NOW + timedelta(minutes=10), NOW + timedelta(minutes=70))
