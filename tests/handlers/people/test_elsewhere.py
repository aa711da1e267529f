"""What somebody has, across directories: each answers for itself, and unknown is never none (promise 7, N-11)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from handlers.intents import Ask
from handlers.outcomes import Repeated
from handlers.patience import answering_within
from handlers.questions.answers import AccessList, Answer, Elsewhere, Membership
from handlers.questions.checks import Checks, Kind
from storage.catalogue import Catalogue
from storage.directories.local import LocalDirectory
from storage.directories.scrypt import Scrypt
from storage.faults import DirectoryUnavailable
from storage.records import Question
from tests.handlers.access_ground import HOUR, thing
from tests.handlers.lab_ground import Lab
from tests.handlers.lab_ground import lab as open_lab

KEPT_IN_LAB = ("lab-db", "lab-notes")


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[Lab]:
    async with open_lab(tmp_path) as made:
        yield made


async def answer(lab: Lab, login: str, kind: Kind, *about: str) -> Answer:
    """They ask, and hear this: at once and by message alike."""
    checks = lab.world.checks
    with answering_within(0.2):
        at_once = await checks.ask(Ask(**await lab.world.intent(login), kind=kind, about=about))
        question = await checks.owe_answer(Ask(**await lab.world.intent(login), kind=kind, about=about))
        assert isinstance(question, Question)
    with answering_within(0.2):
        assert await checks.answer(question) == at_once
    assert not isinstance(at_once, Repeated)
    return at_once


async def access(lab: Lab, login: str = "ada") -> tuple[list[tuple[str, object]], tuple[Elsewhere, ...]]:
    """What they hear that they hold and until when, and how it stands elsewhere."""
    found = await answer(lab, login, Kind.ACCESS)
    assert isinstance(found, AccessList)
    return [(one.entitlement, one.until) for one in found.held], found.elsewhere


async def member(lab: Lab, about: str, login: str = "ada") -> Membership:
    found = await answer(lab, login, Kind.MEMBERSHIP, about)
    assert isinstance(found, Membership)
    return found


async def test_what_one_has_is_told_across_directories(lab: Lab) -> None:
    """Granted and standing, here and there."""
    await lab.world.local.put_in_group("wiki-edit", "ada")
    await lab.local.put_in_group("lab-db", "l-ada")
    await lab.world.given("ada", "lab-notes")
    end = lab.world.clock() + HOUR
    held, elsewhere = await access(lab)
    assert held == [("lab-notes", end), ("lab-db", None), ("wiki-edit", None)]
    assert elsewhere == (Elsewhere(directory="lab", read_at=lab.world.clock()),)
    notes = await member(lab, "lab-notes")
    assert (notes.member, notes.until) == (True, end)
    assert (await member(lab, "prod-db")).member is False


async def test_what_was_given_to_another_account_is_not_called_ones_own(lab: Lab) -> None:
    """The number leads elsewhere since: what stands there is not what was granted."""
    await lab.world.given("ada", "lab-notes")
    await lab.local.change_account("l-ada", person="")
    await lab.add("l-other", "1815")
    assert (await access(lab))[0] == []
    await lab.local.put_in_group("lab-notes", "l-other")
    assert (await access(lab))[0] == [("lab-notes", None)]


@pytest.mark.parametrize("fault", ["error", "hang"])
async def test_one_that_does_not_answer_is_unknown_and_the_rest_is_told(lab: Lab, fault: str) -> None:
    """Not a failure of the whole answer, and never "none"."""
    await lab.world.local.put_in_group("wiki-edit", "ada")
    await lab.local.put_in_group("lab-db", "l-ada")
    getattr(lab.faulty, fault)()
    held, elsewhere = await access(lab)
    assert held == [("wiki-edit", None)]
    assert elsewhere == (Elsewhere(directory="lab", read_at=None, unknown=KEPT_IN_LAB),)
    with pytest.raises(DirectoryUnavailable):
        await answer(lab, "ada", Kind.MEMBERSHIP, "lab-db")
    assert (await member(lab, "wiki-edit")).member is True


async def test_who_has_no_account_there_has_nothing_there(lab: Lab) -> None:
    """That is an answer, as old as the look."""
    assert await access(lab, "grace") == ([], (Elsewhere(directory="lab", read_at=lab.world.clock()),))
    assert (await member(lab, "lab-db", "grace")).member is False


async def test_where_it_is_not_certain_whose_account_it_is_nothing_is_claimed(lab: Lab) -> None:
    await lab.local.put_in_group("lab-db", "l-ada")
    await lab.add("l-ada2", "1815")
    _, (elsewhere,) = await access(lab)
    assert (elsewhere.read_at, elsewhere.unknown) == (None, KEPT_IN_LAB)
    assert "two accounts with your staff number" in elsewhere.advice
    asked = await member(lab, "lab-db")
    assert (asked.member, asked.until) == (None, None)
    assert "Ask the IT desk" in asked.advice


async def test_without_a_number_it_is_unknown_what_one_has_there(lab: Lab) -> None:
    """An account may well be there; nobody knows which."""
    _, (elsewhere,) = await access(lab, "eve")
    assert elsewhere.unknown == KEPT_IN_LAB
    assert (await member(lab, "lab-db", "eve")).member is None


async def test_a_switched_off_account_still_holds_what_it_holds(lab: Lab) -> None:
    await lab.local.put_in_group("lab-db", "l-ada")
    await lab.local.change_account("l-ada", active=False)
    assert (await access(lab))[0] == [("lab-db", None)]


async def test_questions_that_lead_nowhere_else_ask_nobody_else(lab: Lab) -> None:
    lab.faulty.hang()
    for kind, about in (
        (Kind.PASSWORD_EXPIRY, ()),
        (Kind.OWNER, ("lab-db",)),
        (Kind.MEMBERSHIP, ("wiki-edit",)),
    ):
        await answer(lab, "ada", kind, *about)
    assert not lab.faulty.calls


@asynccontextmanager
async def with_a_third(lab: Lab, folder: Path) -> AsyncIterator[tuple[LocalDirectory, Checks]]:
    """A third directory, "shop", of the same people, in which ada is in the one group there is."""
    shop = LocalDirectory(folder / "shop.db", name="shop", now=lab.world.clock, cost=Scrypt(n=2))
    try:
        await shop.add_account("s-ada", login="a", name="a", mail="", person="1815")
        await shop.add_group("till")
        await shop.put_in_group("till", "s-ada")
        ground = lab.world.ground
        catalogue = Catalogue(
            entitlements={**ground.catalogue.entitlements, "till": thing("till", directory="shop")},
            owners=ground.catalogue.owners,
        )
        ground = replace(
            ground,
            catalogue=catalogue,
            directories={**ground.directories, "shop": shop},
            people_of={"lab": "staff", "shop": "staff"},
        )
        yield shop, Checks(ground)
    finally:
        shop.close()


async def test_of_two_others_the_one_that_answers_is_told(lab: Lab, tmp_path: Path) -> None:
    """They are asked at once, and the age of the answer is each one's own."""
    async with with_a_third(lab, tmp_path) as (_, checks):
        lab.faulty.hang()
        began = lab.world.clock()
        intent = Ask(**await lab.world.intent("ada"), kind=Kind.ACCESS)
        lab.world.clock.forward(seconds=3)
        with answering_within(0.3):
            found = await checks.ask(intent)
        assert isinstance(found, AccessList)
        assert [one.entitlement for one in found.held] == ["till"]
        assert (found.read_at, found.elsewhere) == (
            began,
            (
                Elsewhere(directory="lab", read_at=None, unknown=KEPT_IN_LAB),
                Elsewhere(directory="shop", read_at=began + timedelta(seconds=3)),
            ),
        )
