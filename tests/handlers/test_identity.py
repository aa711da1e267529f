"""Who is speaking: the account, the pinned link and the person, each looked up; an address is only a proposal."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from handlers.decisions.identity import NotAPerson
from handlers.identity import NotLinked, NotTold, Refused
from handlers.intents import Actor
from handlers.outcomes import Repeated
from storage import links
from storage.faults import DirectoryUnavailable
from storage.records import Handle, Link
from storage.states import LinkState
from tests.handlers.access_ground import SLACK, World, profile
from tests.handlers.access_ground import world as open_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path) as made:
        yield made
        assert await made.sound()


async def linked(world: World, login: str, *, user: str = "", mail: str = "") -> None:
    """This Slack account is pinned to this person."""
    await world.ground.database.write(
        lambda tx: links.make_link(
            tx, at=world.clock(), slack_team="T1", slack_user=user or f"U{login}", directory="staff",
            account=login, mail=mail or f"{login}@example.com", made_by="test",
        )
    )  # fmt: skip


async def establish(
    world: World, login: str, *, trust_mail: bool = False, delivery: str = "", **changes: Any
) -> Any:
    """Who this is."""
    identity = world.identity(trust_mail=trust_mail)
    return await identity.establish(profile(login, **changes), SLACK, delivery or world.delivery())


async def test_a_linked_person_is_read_from_the_directory_now(world: World) -> None:
    await linked(world, "ada")
    await world.local.change_account("ada", name="Ada King", team="Engines")
    actor = await establish(world, "ada", name="Grace Hopper")
    assert isinstance(actor, Actor)
    assert (actor.account.name, actor.account.team) == ("Ada King", "Engines")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"guest": True}, NotAPerson.GUEST),
        ({"stranger": True}, NotAPerson.STRANGER),
        ({"team": "T2"}, NotAPerson.STRANGER),
        ({"deleted": True}, NotAPerson.DEACTIVATED),
    ],
)
async def test_who_may_not_speak_is_refused_recorded_and_told(
    world: World, changes: dict[str, Any], reason: NotAPerson
) -> None:
    """Promise 5: a link does not help."""
    await linked(world, "ada")
    assert await establish(world, "ada", **changes) == Refused(reason=reason)
    assert await world.actions("identity") == ["identity.refused refused"]
    assert await world.kinds() == ["not-a-person"]


async def test_four_deliveries_of_a_stranger_are_one_refusal(world: World) -> None:
    """Promise 6."""
    outcomes = [await establish(world, "eve", guest=True, delivery="d") for _ in range(4)]
    assert outcomes == [Refused(reason=NotAPerson.GUEST)] + [Repeated()] * 3
    assert len(await world.actions("identity")) == 1


async def test_another_bot_is_refused_without_a_word(world: World) -> None:
    assert await establish(world, "robot", bot=True) == Refused(reason=NotAPerson.BOT)
    assert await world.audit() == []


@pytest.mark.parametrize("gone", [True, False])
async def test_a_person_who_left_is_refused(world: World, gone: bool) -> None:
    if gone:
        await linked(world, "nobody")
    else:
        await linked(world, "ada")
        await world.local.change_account("ada", active=False)
    assert await establish(world, "nobody" if gone else "ada") == Refused(reason=NotAPerson.DEACTIVATED)


async def test_a_directory_that_fails_makes_nobody_of_anybody(world: World) -> None:
    """Promise 7: unknown, never "no such person"."""
    await linked(world, "ada")
    world.faulty.error("account")
    with pytest.raises(DirectoryUnavailable):
        await establish(world, "ada")
    assert await world.audit() == []


@pytest.mark.parametrize("side", ["slack", "directory"])
async def test_a_changed_address_suspends_the_link(world: World, side: str) -> None:
    """It suspends once, however many deliveries find it at the same moment."""
    await linked(world, "ada")
    if side == "directory":
        await world.local.change_account("ada", mail="other@example.com")
    mail = "other@example.com" if side == "slack" else "ada@example.com"
    found = await asyncio.gather(*(establish(world, "ada", mail=mail) for _ in range(3)))
    assert all(isinstance(one, NotLinked) and one.suspended for one in found)
    assert await world.actions("link") == ["link.suspended refused"]
    assert [(row.kind, row.count) for row in await world.exceptions()] == [("identity-mismatch", 1)]
    assert isinstance(await establish(world, "ada"), NotLinked)


async def test_an_address_that_slack_does_not_tell_refuses_and_suspends_nothing(world: World) -> None:
    """Unconfirmed, or the bot lost the right to read addresses: unknown is not different, or everybody would rest."""
    await linked(world, "ada")
    outcomes = [await establish(world, "ada", mail="", delivery="d") for _ in range(4)]
    assert outcomes == [NotTold()] + [Repeated()] * 3
    assert await world.actions() == ["identity.not_told refused"]
    assert await world.exceptions() == []
    assert isinstance(await establish(world, "ada"), Actor)


async def test_letter_case_of_an_address_is_no_change(world: World) -> None:
    await linked(world, "ada")
    assert isinstance(await establish(world, "ada", mail=" ADA@Example.com "), Actor)


async def test_a_link_that_was_made_anew_meanwhile_is_not_suspended(world: World) -> None:
    """The person signed in again between the look-up and the suspension."""
    await linked(world, "ada", mail="old@example.com")
    (old,) = await world.rows(Link)
    await linked(world, "ada")
    assert not await world.ground.database.write(lambda tx: links.suspend(tx, old.id, mail=old.mail))
    assert isinstance(await establish(world, "ada"), Actor)


async def test_an_address_alone_links_nobody(world: World) -> None:
    assert await establish(world, "ada") == NotLinked(profile=profile("ada"), suspended=False)
    assert await world.rows(Link) == []


async def test_a_page_is_offered_to_whoever_has_one_address_that_fits(world: World) -> None:
    identity = world.identity()
    offered = await identity.offer_link(profile("ada"), SLACK, "d1", by_message=True)
    (handle,) = await world.rows(Handle)
    assert (offered.handle, handle.account, handle.slack_user) == (handle.id, "ada", "Uada")
    assert await world.owed() == {("page", "Uada")}
    again = await identity.offer_link(profile("ada"), SLACK, "d1", by_message=True)
    assert again.problem == "repeated"
    assert await world.actions("link") == ["link.offered done"]


@pytest.mark.parametrize("mail", ["", "who@else.example"])
async def test_an_address_that_fits_nobody_is_an_exception(world: World, mail: str) -> None:
    offered = await world.identity().offer_link(profile("ada", mail=mail), SLACK, "d1", by_message=True)
    assert (offered.handle, offered.problem) == (None, "no match")
    assert await world.kinds() == ["identity-mismatch"]


async def test_two_people_with_one_address_are_nobody(world: World) -> None:
    await world.local.add_account("twin", login="twin", name="Twin", mail="Ada@example.com")
    offered = await world.identity().offer_link(profile("ada"), SLACK, "d1", by_message=True)
    assert offered.problem == "several matches"
    assert isinstance(await establish(world, "ada", trust_mail=True), NotLinked)


async def test_a_trusted_address_links_an_employee_on_the_record(world: World) -> None:
    """The setting that allowed it is in the hash that stands in the entry."""
    found = await asyncio.gather(*(establish(world, "ada", trust_mail=True) for _ in range(3)))
    assert all(isinstance(one, Actor) for one in found)
    assert await world.actions("link") == ["link.made done"]
    facts = (await world.last("link.made"))["facts"]
    assert facts["made_by"] == "trusted e-mail"
    assert facts["policy_set"] == world.ground.policy.policy_set


@pytest.mark.parametrize("login", ["eve", "root"])
async def test_a_trusted_address_is_not_enough_for_contractors_and_the_privileged(
    world: World, login: str
) -> None:
    assert isinstance(await establish(world, login, trust_mail=True), NotLinked)
    assert await world.rows(Link) == []


@pytest.mark.parametrize("suspended", [False, True])
async def test_a_trusted_address_takes_no_link_over(world: World, suspended: bool) -> None:
    """A second Slack account with her address: she signs in, whichever of the two is hers."""
    await linked(world, "ada", user="U0OLD", mail="before@example.com")
    if suspended:
        (old,) = await world.rows(Link)
        await world.ground.database.write(lambda tx: links.suspend(tx, old.id, mail=old.mail))
    assert isinstance(await establish(world, "ada", trust_mail=True), NotLinked)
    (link,) = await world.rows(Link)
    assert (link.slack_user, link.state == LinkState.SUSPENDED) == ("U0OLD", suspended)


async def test_a_suspended_link_is_not_revived_by_a_trusted_address(world: World) -> None:
    await linked(world, "ada")
    await establish(world, "ada", mail="other@example.com")
    assert await establish(world, "ada", trust_mail=True) == NotLinked(profile=profile("ada"), suspended=True)
