"""A group whose name the catalogue writes otherwise by now: OpenLDAP tells no capitals apart, and to it it is one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from handlers.drift.finding import Drift
from storage import standings
from storage.catalogue import Catalogue
from storage.database import Database
from storage.directories.ldap_shape import LdapShape
from storage.group_names import GroupNames, Key, exact
from storage.records import Grant, Holding
from tests.handlers.access_ground import CATALOGUE, HOUR, MACS, World, thing, world
from tests.storage.directories.ldap_stage import LdapStage, ldap_stage

THERE, LATER = "Prod-DB-Admins-Ü", "prod-db-ADMINS-ü"


def written(group: str) -> Catalogue:
    """The catalogue, as it writes the group of the server."""
    there = thing("tree", directory="corp", group=group)
    guarded = thing("vault", directory="corp", group=f"vault-{group}", risk=4, environment="production")
    return Catalogue(
        entitlements={**CATALOGUE.entitlements, "tree": there, "vault": guarded}, owners=CATALOGUE.owners
    )


class _Exact(LdapShape):
    """How a version before took the names of groups."""

    @property
    def group_key(self) -> Key:
        return exact


@dataclass
class Company:
    """The seven, of whom Ada has an account on the server "corp"; file: of the database."""

    made: World
    corp: LdapStage
    ada: str
    file: Path

    def rewrite(self, group: str) -> None:
        """The catalogue writes the group so from now on."""
        self.made.reopen(catalogue=written(group))

    async def holds(self, group: str = THERE) -> bool:
        """Whether the server has her in the group."""
        found = await self.corp.directory.group(group)
        assert found is not None
        return self.ada in found.direct

    async def later(self, hours: float = 1) -> None:
        """Time passes, and what is due is done."""
        self.made.clock.forward(hours=hours)
        await self.made.tick()

    @asynccontextmanager
    async def of_before(self) -> AsyncIterator[None]:
        """A version that took each way to write a name for another group works on the same database meanwhile."""
        ground = self.made.ground
        corp = self.corp.open(_Exact(**vars(self.corp.shape)))
        with closing(Database(self.file, macs=MACS)) as old:
            self.made.ground = replace(ground, database=old, directories={**ground.directories, "corp": corp})
            self.made.__post_init__()
            yield
        self.made.ground = replace(ground, catalogue=self.made.ground.catalogue)
        self.made.__post_init__()


@pytest.fixture
async def company(tmp_path: Path) -> AsyncIterator[Company]:
    async with ldap_stage() as corp:
        await corp.group(THERE)
        await corp.group(f"vault-{THERE}")
        ada = await corp.person("countess", person="E1815")
        names = GroupNames({"corp": corp.shape.group_key})
        async with world(
            tmp_path, catalogue=written(THERE), beside={"corp": corp.directory}, people_of={"corp": "staff"},
            group_names=names,
        ) as made:  # fmt: skip
            await made.local.change_account("ada", person="E1815")
            yield Company(made=made, corp=corp, ada=ada, file=tmp_path / "wicket.db")
            assert await made.sound()


async def test_the_first_end_takes_nothing_away_and_the_last_one_does(company: Company) -> None:
    """Promise 8: nobody loses access early, nobody keeps it; it is one membership, however its group is written."""
    made = company.made
    first = await made.given("ada", "tree", HOUR)
    company.rewrite(LATER)
    second = await made.given("ada", "tree", 2 * HOUR)
    await company.later()
    assert [await made.state(one) for one in (first, second)] == ["ended", "active"]
    assert await company.holds()
    assert (await made.last("access.kept"))["facts"]["covered_by_another"] is True
    await company.later()
    assert await made.state(second) == "ended"
    assert not await company.holds()
    assert len(await made.rows(Holding)) == 1
    assert await made.kinds() == []


async def test_what_a_version_before_held_apart_is_one_membership(company: Company) -> None:
    """The rows of both ways stay as they are written, and are found by either."""
    made = company.made
    async with company.of_before():
        first = await made.given("ada", "tree", HOUR)
        company.rewrite(LATER)
        second = await made.given("ada", "tree", 2 * HOUR)
        assert {one.group for one in await made.rows(Holding)} == {THERE, LATER}
    await company.later()
    assert [await made.state(one) for one in (first, second)] == ["ended", "active"]
    assert await company.holds()
    await company.later()
    assert await made.state(second) == "ended"
    assert not await company.holds()
    assert {one.group for one in await made.rows(Grant)} == {THERE, LATER}
    assert not await made.unsettled()


async def test_what_a_version_before_held_apart_ends_singly_too(company: Company) -> None:
    """By a click: what the other grant gives stays, and is said."""
    made = company.made
    async with company.of_before():
        first = await made.approved("ada", "vault", 2 * HOUR)
        company.rewrite(LATER)
        second = await made.approved("ada", "vault", HOUR)
    ended = await made.end("grace", second)
    assert ended.still_until == (await made.grant(first)).expires_at
    await made.settle()
    assert await company.holds(f"vault-{THERE}")
    assert (await made.end("grace", first)).still_until is None
    await made.settle()
    assert not await company.holds(f"vault-{THERE}")


async def test_what_stood_before_us_stays_in_whatever_way_it_is_written(company: Company) -> None:
    """Promise 8: she is put in by other hands between the asking and the doing."""
    made = company.made
    await made.asked("ada", "tree", HOUR)
    await company.corp.put(THERE, company.ada)
    await made.settle()
    company.rewrite(LATER)
    await made.asked("ada", "tree", 2 * HOUR)
    await made.settle()
    await company.later(2)
    assert await company.holds()


async def test_a_request_is_not_void_because_its_group_is_written_otherwise(company: Company) -> None:
    """Whoever approves approves the same group."""
    made = company.made
    asked = await made.asked("ada", "vault")
    company.rewrite(LATER)
    await made.decide("grace", asked)
    await made.settle()
    assert await made.state(asked) == "active"


async def test_it_is_extended_in_whatever_way_it_is_written(company: Company) -> None:
    """What goes on is the same group."""
    made = company.made
    first = await made.given("ada", "tree", HOUR)
    await company.later(0.5)
    company.rewrite(LATER)
    more = await made.extend("ada", first)
    await made.settle()
    assert await made.state(more.grant) == "active"
    await company.later(0.7)
    assert await made.state(first) == "ended"
    assert await company.holds()


async def test_a_request_is_void_when_its_group_is_another(company: Company) -> None:
    """An accent more is another group to the server, so it is one here."""
    made = company.made
    asked = await made.asked("ada", "vault")
    company.rewrite("prod-db-admins-u")
    await made.decide("grace", asked)
    assert await made.state(asked) == "voided"


async def test_it_is_held_and_going_on_in_whatever_way_it_is_written(company: Company) -> None:
    """N-5: what is asked for while it is held goes on, and what is shown of it says until when."""
    made = company.made
    first = await made.given("ada", "tree", HOUR)
    company.rewrite(LATER)
    second = await made.asked("ada", "tree", 2 * HOUR)
    assert (await made.grant(second)).held_since == (await made.grant(first)).decided_at


async def test_its_members_are_explained_and_newcomers_are_drift(company: Company) -> None:
    """What was known of the group is known of it still: who was given it, who stood there, that it was looked at."""
    made, corp = company.made, company.corp
    stood = await corp.person("stood")
    await corp.put(THERE, stood)
    await made.given("ada", "tree", 8 * HOUR)
    drift = Drift(made.ground)
    await drift.look("corp")
    assert await made.kinds() == ["found-standing"]
    company.rewrite(LATER)
    drift = Drift(made.ground)
    await drift.look("corp")
    assert await made.kinds() == ["found-standing"]
    await corp.put(THERE, await corp.person("mallory"))
    await drift.look("corp")
    assert sorted(await made.kinds()) == ["found-standing", "unexplained"]
    read = made.ground.database.read
    assert len(await read(lambda tx: standings.of_group(tx, "corp", LATER))) == 1


async def test_where_capitals_are_told_apart_there_are_two_groups(company: Company) -> None:
    """The local directory compares exactly: what one group gives, the other does not."""
    made = company.made
    await made.local.add_group("Wiki-Edit")
    await made.given("ada", "wiki-edit", HOUR)
    other = thing("wiki-edit", group="Wiki-Edit")
    made.reopen(catalogue=replace(CATALOGUE, entitlements={**CATALOGUE.entitlements, "wiki-edit": other}))
    await made.given("ada", "wiki-edit", 2 * HOUR)
    await company.later()
    assert (await made.holds("ada", "wiki-edit"), await made.holds("ada", "Wiki-Edit")) == (False, True)
    await company.later()
    assert not await made.holds("ada", "Wiki-Edit")
