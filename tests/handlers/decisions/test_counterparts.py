"""Whose account is whose in another directory: by number alone, exactly, and never by guess."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.decisions.counterparts import (
    Counterpart,
    NoCounterpart,
    Reason,
    counterpart_of,
    fit_to_hold,
    still_the_same,
)
from storage.directories.base import Account
from tests.handlers.decisions.cast import person

ADA = person("Ada", directory="corp", person="1815")
THERE = person("Somebody", id="l-1", directory="lab", person="1815", mail="", login="x")


def found(own: Account = ADA, at_home: list[Account] | None = None, *there: Account) -> Counterpart:
    """Who is meant in the directory lab."""
    return counterpart_of(own, "lab", at_home=[own] if at_home is None else at_home, there=there)


def reason(found: Counterpart) -> Reason | None:
    return found.reason if isinstance(found, NoCounterpart) else None


def other(name: str, **changes: Any) -> Account:
    return person(name, **{"directory": "lab", "person": "1815", **changes})


def test_the_one_account_with_the_number_is_theirs() -> None:
    """Whatever it is called; blanks around a number are none of it."""
    assert found(ADA, None, THERE) == THERE
    spaced = person("Ada", directory="corp", person=" 1815 ")
    assert found(spaced, None, THERE) == THERE


@pytest.mark.parametrize("number", ["", " ", "\t"])
def test_an_empty_number_is_nobodys(number: str) -> None:
    """Never "" == "": of a person without a number nobody knows which account is theirs."""
    own = person("Ada", directory="corp", person=number)
    alike = other("Ada", person=number)
    assert reason(found(own, None, alike)) == Reason.NO_NUMBER
    assert reason(found(ADA, None, alike)) == Reason.NONE


def test_who_has_the_number_among_others_leaves_it_uncertain_and_gets_nothing() -> None:
    """A directory finds by any of several numbers, and such an account has none of its own."""
    among = other("Somebody", id="l-2", person="")
    assert reason(found(ADA, None, among)) == Reason.NONE
    assert reason(found(ADA, None, THERE, among)) == Reason.SEVERAL
    at_home = person("Eve", directory="corp", person="")
    assert reason(found(ADA, [ADA, at_home], THERE)) == Reason.SHARED_NUMBER


@pytest.mark.parametrize("number", ["01815", "1815a", "181", "１８１５", "18 15"])
def test_a_number_is_compared_exactly(number: str) -> None:
    """A directory may compare with less care than we may."""
    assert reason(found(ADA, None, other("Ada", person=number))) == Reason.NONE
    letters = person("Ada", directory="corp", person="E1815")
    assert reason(found(letters, None, other("Ada", person="e1815"))) == Reason.NONE


def test_name_login_and_address_make_nobody_the_same() -> None:
    alike = other("Ada", id=ADA.id, login=ADA.login, mail=ADA.mail, person="1816")
    assert reason(found(ADA, None, alike)) == Reason.NONE
    called_by_her_number = other("Eve", id="1815", login="1815", person="1816")
    assert reason(found(ADA, None, called_by_her_number)) == Reason.NONE


def test_several_accounts_are_nobodys_switched_off_or_not() -> None:
    """A number that was given again is proof of neither."""
    gone = other("Old", id="l-0", active=False)
    assert found(ADA, None, THERE, gone) == NoCounterpart(
        reason=Reason.SEVERAL, directory="lab", home="corp", accounts=("l-0", "l-1")
    )
    twin = person("Ada-Admin", directory="corp", person="1815", active=False)
    no = found(ADA, [ADA, twin], THERE)
    assert isinstance(no, NoCounterpart)
    assert (no.reason, no.place, no.accounts) == (Reason.SHARED_NUMBER, "corp", ("ada", "ada-admin"))
    assert no.is_uncertain


def test_a_number_that_is_no_longer_theirs_at_home_counts_for_nothing() -> None:
    assert reason(found(ADA, [], THERE)) == Reason.NO_NUMBER
    heir = person("Bob", directory="corp", person="1815")
    assert reason(found(ADA, [heir], THERE)) == Reason.NO_NUMBER


def test_a_switched_off_account_is_given_nothing() -> None:
    off = other("Ada", active=False)
    assert found(ADA, None, off) == off
    assert reason(fit_to_hold(off, ADA)) == Reason.INACTIVE
    assert fit_to_hold(THERE, ADA) == THERE


def test_of_ones_own_switched_off_account_policy_is_asked() -> None:
    off = person("Ada", directory="corp", active=False)
    assert fit_to_hold(off, off) == off


def test_another_account_than_was_asked_for_is_not_taken_instead() -> None:
    assert still_the_same(THERE, ADA, "l-1") == THERE
    moved = still_the_same(THERE, ADA, "l-0")
    assert isinstance(moved, NoCounterpart)
    assert (moved.reason, moved.accounts, moved.is_uncertain) == (Reason.CHANGED, ("l-0", "l-1"), True)
    no = NoCounterpart(reason=Reason.NONE, directory="lab", home="corp")
    assert still_the_same(no, ADA, "l-1") == no


@pytest.mark.parametrize("why", list(Reason))
def test_every_reason_has_a_sentence_for_the_person_and_one_for_others(why: Reason) -> None:
    no = NoCounterpart(reason=why, directory="lab", home="corp", accounts=("l-0", "l-1"))
    for sentence in (no.advice, no.finding):
        assert "{" not in sentence
        assert sentence.endswith(".")
    assert "your" not in no.finding
    assert why == Reason.ELSEWHERE or "Ask the IT desk" in no.advice


NUMBERS = st.sampled_from(["", " ", "1", " 1", "01", "2"])


@given(own=NUMBERS, at_home=st.lists(NUMBERS, max_size=3), there=st.lists(NUMBERS, max_size=4))
def test_whoever_is_found_is_the_only_one_with_their_number(
    own: str, at_home: list[str], there: list[str]
) -> None:
    """Whatever two directories hold and answer."""
    me = person("Me", directory="corp", person=own)
    others = [person(f"H{n}", directory="corp", person=each) for n, each in enumerate(at_home)]
    accounts = [other(f"L{n}", person=each) for n, each in enumerate(there)]
    answer = found(me, [me, *others], *accounts)
    number = own.strip()
    alike = [each.strip() for each in there if each.strip() in (number, "")]
    shared = any(each.strip() in (number, "") for each in at_home)
    sure = bool(number) and not shared and alike == [number]
    assert isinstance(answer, Account) == sure
    if isinstance(answer, Account):
        assert answer.person.strip() == own.strip()
