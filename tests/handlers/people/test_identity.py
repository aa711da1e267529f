"""Who is speaking: the account, the pinned link and the person, each looked up; an address is only a proposal."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from handlers.decisions.identity import NotAPerson
from handlers.intents import Actor
from handlers.outcomes import Asked, Repeated
from handlers.people.identity import NotLinked, NotTold, Refused
from storage import links
from storage.directories.local import LocalDirectory
from storage.directories.scrypt import Scrypt
from storage.faults import DirectoryUnavailable
from storage.records import Handle, Link
from storage.states import LinkState
from tests.directories.faulty import FaultyDirectory
from tests.handlers.access_ground import SLACK, World, profile
from tests.handlers.access_ground import world as open_world
from tests.handlers.lab_ground import lab as open_lab


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


async def test_where_slack_says_that_somebody_is_is_remembered_and_nothing_fails_over_it(
    world: World,
) -> None:
    """SL-19: for letters, where nothing localises a time."""
    await linked(world, "ada")
    for zone in ("Europe/Berlin", "Europe/Berlin", "Asia/Tokyo"):
        assert isinstance(await establish(world, "ada", timezone=zone), Actor)
        for known in (
            await world.ground.database.read(lambda tx: links.zone_of(tx, "staff", "ada")),
            await world.ground.database.read(lambda tx: links.zone_of_user(tx, "Uada")),
        ):
            assert known == zone
    assert await world.ground.database.read(lambda tx: links.zone_of_user(tx, "Ubob")) == ""


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


async def test_an_address_that_is_only_alike_is_another_s(world: World) -> None:
    """strasse.example and straße.example are two domains, and the second may be anybody's."""
    await world.local.change_account("ada", mail="ada@strasse.example")
    looks_alike = {"mail": "ada@straße.example", "trust_mail": True}
    assert isinstance(await establish(world, "ada", **looks_alike), NotLinked)
    assert await world.rows(Link) == []
    await linked(world, "ada", mail="ada@strasse.example")
    found = await establish(world, "ada", **looks_alike)
    assert isinstance(found, NotLinked)
    assert found.suspended


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


@pytest.mark.parametrize("changes", [{"employment": "service"}, {"active": False}])
async def test_no_page_is_offered_for_a_service_or_whoever_left(
    world: World, changes: dict[str, Any]
) -> None:
    """SL-3: nobody signs in as such a one."""
    await world.local.change_account("ada", **changes)
    offered = await world.identity().offer_link(profile("ada"), SLACK, "d1", by_message=True)
    assert (offered.handle, offered.problem) == (None, "no match")


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


async def test_a_trusted_address_takes_no_link_over_that_was_made_while_it_was_looked_up(
    world: World,
) -> None:
    """They signed in as somebody else meanwhile: that was proved, and an address proves nothing."""
    world.faulty.hang("accounts_by_mail")
    establishing = asyncio.create_task(establish(world, "ada", trust_mail=True))
    await world.until_hanging()
    await linked(world, "charles", user="Uada")
    world.faulty.mend()
    assert isinstance(await establishing, NotLinked)
    (link,) = await world.rows(Link)
    assert (link.account, link.made_by) == ("charles", "test")


async def test_a_suspended_link_is_not_revived_by_a_trusted_address(world: World) -> None:
    await linked(world, "ada")
    await establish(world, "ada", mail="other@example.com")
    assert await establish(world, "ada", trust_mail=True) == NotLinked(profile=profile("ada"), suspended=True)


# Several directories: people sign in and are linked from their homes


async def test_an_address_in_a_directory_of_the_same_people_proposes_nobody(tmp_path: Path) -> None:
    """Only a home says who somebody is; the other is not even asked (SL-3)."""
    async with open_lab(tmp_path) as lab:
        await lab.local.change_account("l-ada", mail="newcomer@example.com")
        offered = await lab.world.identity().offer_link(profile("newcomer"), SLACK, "d", by_message=False)
        assert (offered.handle, offered.problem) == (None, "no match")
        await lab.local.change_account("l-ada", mail="bob@example.com")
        offered = await lab.world.identity().offer_link(profile("grace"), SLACK, "e", by_message=False)
        assert offered.problem == ""
        assert not lab.faulty.calls


async def test_a_hung_directory_of_the_same_people_delays_nobodys_identity(tmp_path: Path) -> None:
    """Promise 7."""
    async with open_lab(tmp_path) as lab:
        await linked(lab.world, "ada")
        lab.faulty.hang()
        assert isinstance(await establish(lab.world, "ada"), Actor)
        assert (await lab.world.identity().offer_link(profile("grace"), SLACK, "d", by_message=False)).handle
        assert not lab.faulty.calls


async def test_a_link_in_what_is_no_home_any_more_rests_until_it_is_made_anew(tmp_path: Path) -> None:
    """The settings say since whose people these are; the old link speaks for nobody."""
    async with open_lab(tmp_path) as lab:
        world = lab.world
        await world.ground.database.write(
            lambda tx: links.make_link(
                tx, at=world.clock(), slack_team="T1", slack_user="Uada", directory="lab", account="l-ada",
                mail="ada@example.com", made_by="test",
            )
        )  # fmt: skip
        await lab.local.change_account("l-ada", mail="ada@example.com")
        known = await establish(world, "ada")
        assert known == NotLinked(profile=profile("ada"), suspended=True)
        assert await world.kinds() == ["identity-mismatch"]
        assert await establish(world, "ada") == known
        (link,) = await world.rows(Link)
        assert link.state == LinkState.SUSPENDED
        await linked(world, "ada")
        assert isinstance(await establish(world, "ada"), Actor)


@pytest.fixture
async def two_homes(tmp_path: Path) -> AsyncIterator[tuple[World, LocalDirectory, FaultyDirectory]]:
    """A second company beside the first, whose people sign in from a directory of their own."""
    field = LocalDirectory(tmp_path / "field.db", name="field", cost=Scrypt(n=2))
    faulty = FaultyDirectory(field)
    try:
        async with open_world(tmp_path, beside={"field": faulty}) as made:
            yield made, field, faulty
    finally:
        field.close()


async def offer(world: World, login: str) -> Any:
    return await world.identity().offer_link(profile(login), SLACK, world.delivery(), by_message=False)


async def test_every_home_is_asked_whose_address_it_is(two_homes: Any) -> None:
    """One match in either is a proposal; one in each is ambiguous."""
    world, field, _ = two_homes
    await field.add_account("f-hedy", login="hedy", name="Hedy", mail="hedy@example.com")
    assert (await offer(world, "hedy")).problem == ""
    (handle,) = await world.rows(Handle)
    assert (handle.directory, handle.account) == ("field", "f-hedy")
    await field.add_account("f-ada", login="ada", name="Ada", mail="ADA@example.com")
    assert (await offer(world, "ada")).problem == "several matches"
    assert await world.kinds() == ["identity-mismatch"]


async def test_a_home_that_does_not_answer_leaves_it_unknown_whose_address_it_is(two_homes: Any) -> None:
    """One match among those that answered is not the only one."""
    world, _, faulty = two_homes
    faulty.error("accounts_by_mail")
    with pytest.raises(DirectoryUnavailable):
        await offer(world, "ada")
    assert await world.rows(Handle) == []


async def test_homes_are_asked_at_once(two_homes: Any) -> None:
    """The second is not kept waiting by the first."""
    world, _, faulty = two_homes
    world.faulty.hang("accounts_by_mail")
    asking = asyncio.create_task(offer(world, "ada"))
    await world.until_hanging()
    for _ in range(100):
        if faulty.calls["accounts_by_mail"]:
            break
        await asyncio.sleep(0.001)
    assert faulty.calls["accounts_by_mail"] == 1
    world.faulty.release()
    assert (await asking).problem == ""


async def test_a_refusal_takes_no_delivery_from_what_is_sent_again(world: World) -> None:
    """A form that stayed open has the same delivery when it is sent again, and does then what it is for."""
    await linked(world, "ada")
    assert await establish(world, "ada", mail="", delivery="view:1") == NotTold()
    assert await establish(world, "ada", guest=True, delivery="view:1") == Refused(reason=NotAPerson.GUEST)
    assert isinstance(await establish(world, "ada", delivery="view:1"), Actor)
    assert isinstance(await world.ask("ada", "wiki-edit", delivery="view:1"), Asked)
