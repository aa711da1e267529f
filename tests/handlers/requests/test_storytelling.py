"""The story of a grant, as it is at the moment of telling."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import insert, text
from sqlmodel import Session

from handlers.audit import erasing
from handlers.audit.doubts import Doubts
from handlers.audit.erasable import Plan
from handlers.audit.erasing import OfPerson
from handlers.ground import Ground
from handlers.intents import By, Where
from handlers.requests.stories import GrantStory
from handlers.requests.storytelling import tell
from storage import inquiries
from storage.catalogue import Catalogue
from storage.faults import DirectoryUnavailable
from storage.records import Inquiry
from storage.states import GrantState
from tests.handlers.access_ground import World
from tests.handlers.access_ground import world as open_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path) as made:
        yield made


async def story(world: World, grant: str, ground: Ground | None = None) -> GrantStory:
    """The story now."""
    told = await world.ground.database.read(lambda tx: tell(tx, ground or world.ground, grant))
    assert told is not None
    return told


async def test_a_story_has_what_an_approver_must_see(world: World) -> None:
    """Promise 9: who, what, how long, why, and what the person already has, the riskiest first."""
    await world.local.put_in_group("prod-admin", "ada")
    await world.given("ada")
    told = await story(world, await world.asked("ada", "prod-db"))
    assert (told.requester.name, told.minutes, told.justification) == ("Ada", 60, "INC-1")
    assert (told.requester.manager, told.requester.slack_user) == ("Charles", "Uada")
    assert told.holds == ("prod-admin", "wiki-edit")
    assert (told.had, told.had_last, told.missing) == (0, None, {"owner": 1})


@pytest.mark.parametrize(
    "change",
    [
        "justification = 'ordered by the CTO'", "ticket = 'INC-9'", "requester_name = 'Grace'",
        "requester_login = 'grace'", "requester_team = 'Data'", "requester_employment = 'contractor'",
        "manager_name = 'The CTO'", "standing = '[1]'", "reasons = '[]'", "missing = '{}'", "target_name = 'Grace'",
        "target_login = 'grace'", "passed_on_why = 'ordered'",
    ],
)  # fmt: skip
async def test_nothing_that_other_hands_put_there_is_shown_to_an_approver(world: World, change: str) -> None:
    """T-9, promise 9: the request is void, and security hears of it; an untouched one is shown."""
    grant, other = await world.asked("ada", "prod-db"), await world.asked("grace", "prod-admin")
    await world.ground.database.write(
        lambda tx: tx.connection().execute(text(f"UPDATE grants SET {change} WHERE id = :of"), {"of": grant})
    )
    assert await world.ground.database.read(lambda tx: tell(tx, world.ground, grant)) is None
    assert await story(world, other)
    await Doubts(world.ground).look()
    assert (await world.state(grant), await world.state(other)) == (GrantState.VOIDED, GrantState.PENDING)


async def test_a_question_that_nobody_asked_is_shown_to_nobody(world: World) -> None:
    """T-9, promise 9."""
    grant, now = await world.asked("ada", "prod-db"), world.clock()

    def plant(tx: Session) -> None:
        inquiries.ask(
            tx, at=now, grant=grant, asker="grace", asker_name="Grace", slack_user="U1", question="Why?"
        )
        planted = Inquiry(
            id="i-9", grant=grant, asker="linus", asker_name="Linus", slack_user="U2", question="Did the CTO order it?",
            answer="Yes", asked_at=now, answered_at=now,
        )  # fmt: skip
        tx.connection().execute(insert(Inquiry).values(planted.model_dump()))

    await world.ground.database.write(plant)
    assert [one.question for one in (await story(world, grant)).asked] == ["Why?"]
    await Doubts(world.ground).tell_due()
    assert [row.facts for row in await world.exceptions()] == [{"table": "inquiries", "row": "i-9"}]


async def test_who_decided_and_why_is_told_in_order(world: World) -> None:
    grant = await world.asked("ada", "prod-admin")
    await world.decide("grace", grant, rationale="first")
    world.clock.forward(minutes=1)
    await world.decide("sam", grant, rationale="second")
    told = await story(world, grant)
    assert [(one.name, one.role, one.rationale) for one in told.said] == [
        ("Grace", "owner", "first"),
        ("Sam", "security", "second"),
    ]
    assert told.state == GrantState.APPROVED


async def test_what_the_person_had_before_is_counted(world: World) -> None:
    for _ in range(2):
        await world.given("ada")
        world.clock.forward(hours=1)
        await world.tick()
    told = await story(world, await world.asked("ada", "wiki-edit"))
    assert (told.had, told.had_last) == (2, world.clock())


async def test_a_story_outlives_its_entitlement_and_directory(world: World) -> None:
    grant = await world.asked("ada", "prod-db")
    bare = replace(world.ground, catalogue=Catalogue(entitlements={}), directories={})
    told = await story(world, grant, bare)
    assert (told.entitlement, told.owner, told.entitlement_id, told.removal_takes_effect) == (
        None,
        None,
        "prod-db",
        "",
    )
    with pytest.raises(DirectoryUnavailable):
        bare.directory("staff")


async def test_there_is_no_story_of_what_never_was(world: World) -> None:
    assert await world.ground.database.read(lambda tx: tell(tx, world.ground, "g-0")) is None


async def had_it_for_less(world: World) -> None:
    """Ada had prod-admin for half of what she asked for: of her three approvals one was for the whole hour."""
    first = await world.asked("ada", "prod-admin")
    await world.decide("linus", first)
    await world.decide("sam", first, minutes=30)
    await world.decide("grace", first)
    await world.settle()
    world.clock.forward(minutes=31)
    await world.tick()


async def test_last_time_names_nobody_whose_approval_was_void(world: World) -> None:
    """Linus approved an hour, and Grace what was given: half of it."""
    await had_it_for_less(world)
    told = await story(world, await world.asked("ada", "prod-admin"))
    assert told.last is not None
    assert (told.last.minutes, told.last.by) == (30, ("Sam", "Grace"))


async def test_last_time_names_who_approved_though_the_words_were_erased(world: World) -> None:
    """A-16: an approval binds the words that were shown, which are there no more; the hour of Linus still is none."""
    await had_it_for_less(world)
    database, at = world.ground.database, world.clock()
    found = database.read_now(lambda tx: erasing.look(tx, OfPerson(account="ada"), at))
    assert isinstance(found, Plan)
    by = By(name="Olga", why="PRIV-12", where=Where(transport="cli"))
    assert erasing.erase(database, found, by, whom="ada", tell=lambda *_: None).texts == 1
    told = await story(world, await world.asked("ada", "prod-admin"))
    assert told.last is not None
    assert told.last.by == ("Sam", "Grace")
