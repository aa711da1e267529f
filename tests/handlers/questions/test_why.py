"""Why somebody was refused, why approval is needed and what they can ask for: about the asker alone, as it is now."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from handlers.decisions.explaining import Kind as Changed
from handlers.exceptions.raising import Kind as Kinds
from handlers.exceptions.raising import Severity, Strange, tell_security
from handlers.intents import Ask
from handlers.questions.checks import Kind
from handlers.questions.explained import CanAsk, WhyApproval, WhyRefused
from storage.grants import add
from storage.records import Grant
from tests.handlers.access_ground import HOUR, World
from tests.handlers.access_ground import world as open_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path) as made:
        yield made
        assert await made.sound()


async def answer(world: World, login: str, kind: Kind, *about: str) -> object:
    """What they hear, at once."""
    return await world.checks.ask(Ask(**await world.intent(login), kind=kind, about=about))


async def refused(world: World, login: str, *about: str) -> WhyRefused:
    found = await answer(world, login, Kind.WHY_REFUSED, *about)
    assert isinstance(found, WhyRefused)
    return found


async def test_a_refusal_is_explained_with_what_would_change_it(world: World) -> None:
    """Thirty hours were too long: a day would be carried to the owner."""
    await world.ask("ada", "prod-db", 30 * HOUR)
    told = await refused(world, "ada")
    assert (told.how, told.entitlement) == ("refused", "prod-db")
    assert len(told.reasons) == 2  # the longest of all such access, and of this one
    assert told.now is not None
    assert (told.now.outcome, told.now.reasons) == ("refused", told.reasons)
    ((change,),) = [turn.changes for turn in told.now.turns]
    assert (change.kind, change.minutes) == (Changed.TIME, 24 * 60)
    assert vars(told.now.turns[0].verdict.missing) == {"owner": 1, "security": 0, "manager": 0}


async def test_a_denial_names_who_denied_it_as_the_requests_own_message_does(world: World) -> None:
    grant = await world.asked("ada", "prod-db")
    await world.decide("grace", grant, approve=False, rationale="use staging")
    told = await refused(world, "ada")
    assert (told.how, told.by, told.rationale) == ("denied", "Grace", "use staging")


async def test_a_request_that_nobody_answered_is_told_as_that(world: World) -> None:
    await world.asked("ada", "prod-db")
    world.clock.forward(hours=25)
    await world.tick()
    told = await refused(world, "ada")
    assert (told.how, told.now and told.now.outcome) == ("lapsed", "approval")


async def test_the_last_one_counts_and_a_name_asks_about_that_alone(world: World) -> None:
    await world.ask("eve", "prod-admin")
    world.clock.forward(minutes=1)
    await world.ask("eve", "prod-db", 30 * HOUR)
    assert (await refused(world, "eve")).entitlement == "prod-db"
    assert (await refused(world, "eve", "prod-admin")).entitlement == "prod-admin"


async def test_nobody_hears_of_anybody_elses_refusal(world: World) -> None:
    """Eve was refused, and Ada asked for Charles's report in vain: neither tells another, nor of one (SL-1)."""
    await world.ask("eve", "prod-admin")
    assert await refused(world, "ada") == WhyRefused(how="never")
    told = await refused(world, "ada", "prod-admin")
    assert (told.how, told.now and told.now.outcome) == ("never", "approval")


async def test_what_somebody_asked_for_a_report_is_not_told_as_their_own(world: World) -> None:
    """Why that was refused may rest on facts about the report: the request's own message said what may be said."""
    await world.ask("charles", "prod-db", 30 * HOUR)
    (own,) = await world.rows_of_grants()
    later = {"id": "g-2", "target_account": "eve", "entitlement": "prod-admin"}
    for_eve = Grant(**{**own.model_dump(), **later, "requested_at": own.requested_at + HOUR})
    await world.ground.database.write(lambda tx: add(tx, for_eve))
    assert (await refused(world, "charles")).entitlement == "prod-db"


async def test_approval_is_explained_by_the_facts_of_now(world: World) -> None:
    """Production asks for it; what is harmless does not, and for longer than 8 hours it would."""
    told = await answer(world, "ada", Kind.WHY_APPROVAL, "prod-db")
    assert isinstance(told, WhyApproval)
    assert (told.now.outcome, told.now.owner, told.now.missing) == ("approval", "Data Platform", {"owner": 1})
    assert told.now.reasons
    plain = await answer(world, "ada", Kind.WHY_APPROVAL, "wiki-edit")
    assert isinstance(plain, WhyApproval)
    assert plain.now.outcome == "automatic"


async def test_what_can_be_asked_for_leaves_out_what_is_held_and_counts_what_is_not_possible(
    world: World,
) -> None:
    """`elsewhere` is in a directory that nobody has here."""
    told = await answer(world, "eve", Kind.CAN_ASK)
    assert isinstance(told, CanAsk)
    names = {one.entitlement for one in told.with_approval}
    assert (told.at_once, names, told.refused, told.unknown) == ((), {"wiki-edit", "prod-db"}, 2, ())
    await world.given("ada")
    ada = await answer(world, "ada", Kind.CAN_ASK)
    assert isinstance(ada, CanAsk)
    assert (ada.at_once, ada.held) == ((), 1)


async def test_an_owed_answer_is_found_when_it_is_made(world: World) -> None:
    """By message: the same, from what is true then, and on the record once."""
    question = await world.checks.owe_answer(Ask(**await world.intent("ada"), kind=Kind.CAN_ASK, about=()))
    before = await world.checks.answer(question)  # type: ignore[arg-type]  # it was not asked twice
    await world.given("ada")
    after = await world.checks.answer(question)  # type: ignore[arg-type]
    assert isinstance(before, CanAsk)
    assert isinstance(after, CanAsk)
    assert (before.at_once, after.at_once) == (("wiki-edit",), ())
    assert (await world.actions("question")) == ["question.asked done"]


async def test_asking_why_changes_nothing(world: World) -> None:
    await world.ask("ada", "prod-db", 30 * HOUR)
    before = await world.rows_of_grants()
    await refused(world, "ada")
    await answer(world, "ada", Kind.WHY_APPROVAL, "prod-db")
    assert await world.rows_of_grants() == before


async def test_what_nobody_can_give_just_now_is_not_told_as_possible(world: World) -> None:
    """The group is gone: refused with what is in the way, and no change of the question is promised to help."""
    gone = Strange(
        kind=Kinds.GROUP_GONE, severity=Severity.MEDIUM, who="", cause="wiki-edit", correlation="x", facts={}
    )
    await world.ground.database.write(lambda tx: tell_security(tx, world.clock(), gone))
    told = await answer(world, "ada", Kind.WHY_APPROVAL, "wiki-edit")
    assert isinstance(told, WhyApproval)
    assert (told.now.outcome, told.now.turns) == ("refused", ())
    assert "Its group is not in the directory" in told.now.reasons[0]
