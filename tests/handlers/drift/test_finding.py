"""Drift: what a directory has and nothing explains is told once, and what anybody is at is left alone."""

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import Session

from handlers import recording
from handlers.drift.finding import Drift
from handlers.exceptions.raising import Kind
from storage import standings
from storage.catalogue import Catalogue
from storage.directories.base import Directory, Group
from storage.directories.local import LocalDirectory
from storage.directories.scrypt import Scrypt
from storage.engine.stores import Server
from storage.group_names import GroupNames
from storage.records import ExceptionRecord, Grant, Standing
from storage.states import GrantState
from tests.directories.faulty import FaultyDirectory
from tests.handlers.access_ground import CATALOGUE, World, thing
from tests.handlers.access_ground import world as open_world


@pytest.fixture
async def world(tmp_path: Path, server: Server | None) -> AsyncIterator[World]:
    async with open_world(tmp_path, patience=1, server=server) as made:
        yield made
        assert await made.sound()


@pytest.fixture
async def watched(world: World) -> World:
    """Everything was looked at once, when there was nothing to find."""
    await look(world)
    assert await world.exceptions() == []
    return world


async def look(world: World) -> None:
    await Drift(world.ground).look("staff")


async def told(world: World, kind: Kind) -> list[ExceptionRecord]:
    return [row for row in await world.exceptions() if row.kind == kind]


# The first look.


@pytest.mark.both_engines
async def test_what_stood_before_is_told_once_for_all_of_it(world: World) -> None:
    """Twelve of them: one exception, ten names, two more counted; afterwards none is news by itself."""
    for number in range(12):
        await world.local.add_account(f"p{number:02}", login=f"p{number:02}", name=f"P {number:02}", mail="")
    await world.local.put_in_group("wiki-edit", *(f"p{number:02}" for number in range(12)))
    await look(world)
    (found,) = await world.exceptions()
    assert (found.kind, found.severity) == (Kind.FOUND_STANDING, "medium")
    assert found.facts["count"] == 12
    assert found.facts["names"] == [f"P {number:02} (p{number:02})" for number in range(10)]
    await look(world)
    assert len(await world.exceptions()) == 1
    assert len(await world.rows(Standing)) == 12


@pytest.mark.parametrize(("others", "place"), [((), {}), (("lab",), {"directory": "staff"})])
async def test_where_there_are_several_directories_drift_says_which(
    world: World, others: tuple[str, ...], place: dict[str, str]
) -> None:
    """A group of one name may be in each."""
    world.ground = replace(
        world.ground, directories={**world.ground.directories, **dict.fromkeys(others, world.faulty)}
    )
    grant = await world.given("charles")
    await world.local.put_in_group("wiki-edit", "ada")
    await look(world)
    await world.local.put_in_group("wiki-edit", "linus")
    await world.local.take_from_group("wiki-edit", "charles")
    await look(world)
    await world.local.drop_group("wiki-edit")
    await look(world)
    found = {row.kind: row.facts for row in await world.exceptions()}
    assert {*found} == {Kind.FOUND_STANDING, Kind.UNEXPLAINED, Kind.VANISHED, Kind.GROUP_GONE}, grant
    for facts in found.values():
        assert {key: facts[key] for key in ("directory", "group") if key in facts} == {
            **place,
            "group": "wiki-edit",
        }


async def test_what_may_stand_is_of_little_weight_at_the_first_look(world: World) -> None:
    world.ground = _with(world, wiki={"standing_allowed": True})
    await world.local.put_in_group("wiki-edit", "ada")
    await look(world)
    assert [row.severity for row in await world.exceptions()] == ["low"]


async def test_what_we_gave_is_nothing_to_find_at_the_first_look(world: World) -> None:
    await world.given("ada")
    await look(world)
    assert await world.exceptions() == []


@pytest.mark.both_engines
async def test_who_was_found_and_comes_back_later_is_news(world: World) -> None:
    await world.local.put_in_group("wiki-edit", "ada")
    await look(world)
    await world.local.take_from_group("wiki-edit", "ada")
    await look(world)
    (first,) = await world.exceptions()
    assert "settled" in first.facts
    assert (await world.last("drift.found_left"))["facts"] == {"members": 1}
    await world.local.put_in_group("wiki-edit", "ada")
    await look(world)
    assert set(await world.kinds()) == {Kind.FOUND_STANDING, Kind.UNEXPLAINED}


# Unexplained.


async def test_a_newcomer_whom_nothing_explains_is_told_once_and_left_alone(watched: World) -> None:
    """Promise 8: nothing is removed without a decision."""
    await watched.local.put_in_group("prod-db", "ada")
    for _ in range(3):
        await look(watched)
    (row,) = await watched.exceptions()
    assert (row.kind, row.severity, row.who, row.count) == (Kind.UNEXPLAINED, "high", "Ada (ada)", 1)
    assert "directory" not in row.facts  # there is one alone
    assert await watched.holds("ada", "prod-db")
    assert await watched.changes() == []
    assert await watched.actions("drift.unexplained") == ["drift.unexplained done"]


async def test_a_group_that_was_put_in_is_told_as_a_group(watched: World) -> None:
    await watched.local.put_in_group("prod-db", groups=["wiki-admins"])
    await look(watched)
    (row,) = await watched.exceptions()
    assert (row.who, row.facts["kind"]) == ("wiki-admins", "group")


async def test_whoever_is_in_through_another_group_is_not_told_singly(watched: World) -> None:
    await watched.local.put_in_group("prod-db", groups=["data-owners"])
    await look(watched)
    assert [row.who for row in await watched.exceptions()] == ["data-owners"]


async def test_what_is_compared_in_a_look_grows_with_the_groups_and_no_faster(tmp_path: Path) -> None:
    """Of each group it was found out anew how all of them are written, where a directory tells no capitals apart."""
    compared = list[int]()
    for count in (8, 32):
        things = {one.id: one for one in (thing(f"thing-{number}") for number in range(count))}
        keys = list[str]()
        names = GroupNames({"staff": lambda name, keys=keys: keys.append(name) or name.lower()})
        folder = tmp_path / str(count)
        folder.mkdir()
        catalogue = replace(CATALOGUE, entitlements=things)
        async with open_world(folder, catalogue=catalogue, group_names=names) as world:
            for one in things:
                await world.local.add_group(one)
            await look(world)
            keys.clear()
            await look(world)
            compared.append(len(keys))
    few, many = compared
    assert 0 < many <= 5 * few


async def test_drift_that_went_away_by_itself_is_settled_and_recurring_it_is_news(watched: World) -> None:
    await watched.local.put_in_group("prod-db", "ada")
    await look(watched)
    await watched.local.take_from_group("prod-db", "ada")
    await look(watched)
    (row,) = await watched.exceptions()
    assert "settled" in row.facts
    await watched.local.put_in_group("prod-db", "ada")
    await look(watched)
    assert len(await watched.exceptions()) == 2


async def test_what_goes_on_is_told_anew_the_next_day(watched: World) -> None:
    await watched.local.put_in_group("prod-db", "ada")
    await look(watched)
    watched.clock.forward(hours=25)
    await look(watched)
    assert await watched.kinds() == [Kind.UNEXPLAINED, Kind.UNEXPLAINED]


async def test_a_grant_explains_its_member_until_the_directory_has_followed(watched: World) -> None:
    """Approved, active and being taken back: somebody of ours is at it."""
    grant = await watched.asked("ada", "wiki-edit")
    await look(watched)
    await watched.settle()
    await look(watched)
    watched.faulty.lie("remove_member")
    await watched.access.give_back(await watched.on("ada", grant))
    await watched.settle()
    assert await watched.state(grant) == GrantState.ENDING
    await look(watched)
    assert await told(watched, Kind.UNEXPLAINED) == []


@pytest.mark.both_engines
async def test_a_removal_between_the_reading_and_the_telling_is_no_drift(watched: World) -> None:
    """The group was read while she was in it; by the time it is compared, her grant has ended and she is out."""
    grant = await watched.given("ada")
    drift = Drift(watched.ground)
    watched.faulty.hang("group")
    looking = asyncio.create_task(drift.look("staff"))
    await watched.until_hanging()
    read = await watched.local.group("wiki-edit")
    assert read is not None
    assert "ada" in read.direct
    watched.faulty.mend()
    watched.faulty.slow(0.05, "membership", times=1)
    await watched.access.give_back(await watched.on("ada", grant))
    await watched.settle()
    await looking
    assert await watched.exceptions() == []


async def test_a_stranger_who_is_gone_at_the_second_reading_is_none(watched: World) -> None:
    """Of whoever was ever ours to change, one reading is not enough."""
    await watched.given("ada")
    watched.clock.forward(hours=1)
    await watched.tick()
    await watched.local.put_in_group("wiki-edit", "ada")
    watched.faulty.hang("membership", times=1)
    looking = asyncio.create_task(look(watched))
    await watched.until_hanging()
    await watched.local.take_from_group("wiki-edit", "ada")
    watched.faulty.release()
    await looking
    assert await watched.exceptions() == []


@pytest.mark.both_engines
async def test_access_given_between_the_two_readings_is_not_told_as_drift(watched: World) -> None:
    """She is put in by other hands, and while we look again a grant of hers is being given: it explains her."""
    await watched.given("ada")
    watched.clock.forward(hours=1)
    await watched.tick()
    await watched.local.put_in_group("wiki-edit", "ada")
    watched.faulty.hang("membership", times=1)  # the second reading, since she has a holding
    looking = asyncio.create_task(look(watched))
    await watched.until_hanging()
    await watched.local.take_from_group("wiki-edit", "ada")
    await watched.asked("ada", "wiki-edit")
    await watched.settle()
    watched.faulty.release()
    await looking
    assert await watched.exceptions() == []


async def test_the_catalogue_may_say_that_strangers_are_taken_away(watched: World) -> None:
    """Told, on the record, and read back like any removal; a group is left for somebody to decide."""
    watched.ground = _with(watched, db={"drift": "remove"})
    watched.effects = watched.new_effects()
    await watched.local.put_in_group("prod-db", "ada", groups=["wiki-admins"])
    await look(watched)
    await watched.settle()
    assert not await watched.holds("ada", "prod-db")
    assert await watched.changes() == ["remove ada prod-db"]
    ada, group = sorted(await told(watched, Kind.UNEXPLAINED), key=lambda row: row.who)
    assert ada.facts["decided_by"] == "the catalogue"
    assert "settled" in ada.facts
    assert "decided_by" not in group.facts
    assert (await watched.last("access.removed"))["facts"]["read_back"] is True


async def test_what_was_found_at_the_first_look_is_never_taken_away_unasked(world: World) -> None:
    world.ground = _with(world, db={"drift": "remove"})
    await world.local.put_in_group("prod-db", "ada")
    for _ in range(2):
        await look(world)
        await world.settle()
    assert await world.holds("ada", "prod-db")
    assert await world.rows(Grant) == []


# Vanished.


async def test_a_grant_whose_membership_is_gone_is_told(watched: World) -> None:
    grant = await watched.given("ada")
    await watched.local.take_from_group("wiki-edit", "ada")
    for _ in range(2):
        await look(watched)
    (row,) = await watched.exceptions()
    assert (row.kind, row.severity, row.correlation, row.count) == (Kind.VANISHED, "medium", grant, 1)
    assert await watched.state(grant) == GrantState.ACTIVE


async def test_what_is_just_being_given_has_not_vanished(watched: World) -> None:
    await watched.asked("ada", "wiki-edit")
    tasks = await watched.begin("add_member")
    await look(watched)
    watched.faulty.release()
    await asyncio.gather(*tasks)
    await look(watched)
    assert await watched.exceptions() == []


async def test_what_vanished_and_is_back_is_settled(watched: World) -> None:
    await watched.given("ada")
    await watched.local.take_from_group("wiki-edit", "ada")
    await look(watched)
    await watched.local.put_in_group("wiki-edit", "ada")
    await look(watched)
    (row,) = await watched.exceptions()
    assert "settled" in row.facts


async def test_the_end_of_its_grant_settles_what_vanished(watched: World) -> None:
    await watched.given("ada")
    await watched.local.take_from_group("wiki-edit", "ada")
    await look(watched)
    watched.clock.forward(hours=1)
    await watched.tick()
    (row,) = await watched.exceptions()
    assert "settled" in row.facts


# Standing, reviews, groups that are gone.


@pytest.mark.both_engines
async def test_a_declared_member_is_explained_until_long_after_the_review(watched: World) -> None:
    """A late review is an exception of its own, and no reason to call the member a stranger."""
    await declare(watched, "ada", days=90)
    await watched.local.put_in_group("wiki-edit", "ada")
    await look(watched)
    assert await watched.exceptions() == []
    watched.clock.forward(days=90, seconds=1)
    await look(watched)
    (row,) = await watched.exceptions()
    assert (row.kind, row.facts["names"]) == (Kind.REVIEW_DUE, ["Ada (ada)"])
    await declare(watched, "ada", days=90)
    await look(watched)
    (row,) = await watched.exceptions()
    assert "settled" in row.facts


@pytest.mark.both_engines
async def test_a_group_that_is_gone_is_told_with_what_is_on_it(watched: World) -> None:
    """Its grants have not vanished each by itself: there is one thing to mend."""
    await watched.given("ada")
    await watched.local.drop_group("wiki-edit")
    await look(watched)
    (row,) = await watched.exceptions()
    assert (row.kind, row.severity, row.facts["count"]) == (Kind.GROUP_GONE, "high", 1)
    await watched.local.add_group("wiki-edit")
    await watched.local.put_in_group("wiki-edit", "ada")
    await look(watched)
    (row,) = await watched.exceptions()
    assert "settled" in row.facts


# Unknown is never none.


@pytest.mark.parametrize("fault", ["error", "hang"])
@pytest.mark.parametrize("method", ["group", "membership", "account"])
async def test_a_directory_that_does_not_answer_is_no_finding(
    watched: World, fault: str, method: str
) -> None:
    """Promise 7: whatever it is that could not be asked."""
    await watched.given("ada")
    await watched.local.take_from_group("wiki-edit", "ada")
    await watched.local.put_in_group("prod-db", "charles")
    getattr(watched.faulty, fault)(method)
    await look(watched)
    spoken = {row.kind for row in await watched.exceptions()}
    assert spoken <= ({Kind.UNEXPLAINED} if method == "membership" else set())
    watched.faulty.mend()
    await look(watched)
    assert sorted(await watched.kinds()) == [Kind.UNEXPLAINED, Kind.VANISHED]


async def test_what_was_told_is_not_settled_by_a_directory_that_is_silent(watched: World) -> None:
    await watched.local.put_in_group("prod-db", "ada")
    await look(watched)
    watched.faulty.error("group")
    await look(watched)
    (row,) = await watched.exceptions()
    assert "settled" not in row.facts


async def test_a_hung_directory_delays_no_other(watched: World, tmp_path: Path) -> None:
    other = LocalDirectory(tmp_path / "other.db", name="other", now=watched.clock, cost=Scrypt(n=2))
    await other.add_group("wiki-edit")
    watched.ground = replace(
        watched.ground,
        directories={**watched.ground.directories, "other": FaultyDirectory(other, timeout=5)},
    )
    drift = Drift(watched.ground)
    await drift.look("other")
    await other.add_account("zoe", login="zoe", name="Zoe", mail="")
    await other.put_in_group("wiki-edit", "zoe")
    watched.faulty.timeout = 5
    watched.faulty.hang("group")
    hung = asyncio.create_task(drift.look("staff"))
    await watched.until_hanging()
    async with asyncio.timeout(1):
        await drift.look("other")
    assert [row.who for row in await watched.exceptions()] == ["Zoe (zoe)"]
    watched.faulty.mend()
    await hung
    other.close()


async def test_a_preview_says_the_same_and_writes_nothing(watched: World) -> None:
    """`wicket drift`, beside a running bot."""
    await watched.local.put_in_group("prod-db", "ada")
    before = len(await watched.audit())
    looks = {one.entitlement.id: one for one in await Drift(watched.ground).preview()}
    assert [one.id for one in looks["prod-db"].found.unexplained] == ["ada"]
    assert await watched.exceptions() == []
    assert len(await watched.audit()) == before


async def declare(world: World, login: str, days: int) -> None:
    """Somebody declares them standing in wiki-edit."""
    now = world.clock()
    await world.ground.database.write(
        lambda tx: standings.declare(
            tx, at=now, directory="staff", group="wiki-edit", entitlement="wiki-edit",
            members=[("account", login)], owner="data", declared_by="sam", rationale="ok",
            review_at=now + timedelta(days=days),
        )
    )  # fmt: skip


def _with(world: World, wiki: dict[str, object] | None = None, db: dict[str, object] | None = None):
    """The same ground with other words in the catalogue."""
    changed = {
        "wiki-edit": thing("wiki-edit", **(wiki or {})),
        "prod-db": replace(CATALOGUE.entitlements["prod-db"], **(db or {})),
    }
    catalogue = Catalogue(entitlements={**CATALOGUE.entitlements, **changed}, owners=CATALOGUE.owners)
    return replace(world.ground, catalogue=catalogue)


async def test_one_reading_that_shows_nobody_does_not_unmake_what_was_found(world: World) -> None:
    """A group that is read empty once, and whole again later: who stood there is still no newcomer."""
    world.ground = _with(world, db={"drift": "remove"})
    await world.local.put_in_group("prod-db", "ada", "charles")
    await look(world)
    reading = world.ground.directories["staff"]
    world.ground = replace(world.ground, directories={"staff": EmptyGroups(world.local)})
    await look(world)
    world.ground = replace(world.ground, directories={"staff": reading})
    await look(world)
    await world.settle()
    (row,) = await world.exceptions()
    assert (row.kind, "settled" in row.facts) == (Kind.FOUND_STANDING, False)
    assert await world.holds("ada", "prod-db")


async def test_a_first_look_needs_two_readings_that_agree(world: World) -> None:
    """Whoever the first one does not show would be a newcomer for good."""
    world.ground = _with(world, db={"drift": "remove"})
    await world.local.put_in_group("prod-db", "ada")
    reading = world.ground.directories["staff"]
    world.ground = replace(world.ground, directories={"staff": EmptyGroups(world.local, times=1)})
    await look(world)
    world.ground = replace(world.ground, directories={"staff": reading})
    for _ in range(2):
        await look(world)
        await world.settle()
    assert await world.holds("ada", "prod-db")
    assert await world.kinds() == [Kind.FOUND_STANDING]


async def test_what_stood_before_a_grant_stands_at_the_first_look_too(world: World) -> None:
    """The grant explains it only while it lasts; afterwards it is no newcomer to take away (promise 8)."""
    world.ground = _with(world, db={"drift": "remove"})
    grant = await world.asked("ada", "prod-db")
    await world.local.put_in_group("prod-db", "ada")
    await world.decide("linus", grant)
    await world.settle()
    assert (await world.holding()).stood_before is True
    await look(world)
    world.clock.forward(hours=2)
    await world.tick()
    assert await world.holds("ada", "prod-db")
    await look(world)
    await world.settle()
    assert await world.holds("ada", "prod-db")
    assert await world.kinds() == [Kind.FOUND_STANDING]


async def test_a_grant_explains_its_member_though_its_entitlement_is_called_otherwise_now(
    watched: World,
) -> None:
    """The catalogue gave it another id while the grant was live: nobody else's hands were in it."""
    await watched.given("ada")
    (old,) = [one for one in CATALOGUE.entitlements.values() if one.id == "wiki-edit"]
    catalogue = Catalogue(
        entitlements={"handbook": replace(old, id="handbook", drift="remove")}, owners=CATALOGUE.owners
    )
    watched.ground = replace(watched.ground, catalogue=catalogue)
    await look(watched)
    assert await watched.exceptions() == []


class EmptyGroups(FaultyDirectory):
    """Every group is there and has nobody in it, says this one; asked about one membership, it tells the truth.

    times: so often, of each group. Then it tells the truth there too.
    """

    def __init__(self, inner: Directory, *, times: float = math.inf) -> None:
        super().__init__(inner)
        self.times = times

    async def group(self, name: str) -> Group | None:
        found = await self.inner.group(name)
        self.calls[name] += 1
        if self.calls[name] > self.times:
            return found
        return replace(found, members=frozenset(), direct=frozenset(), inner=frozenset()) if found else None


# Looks that go side by side.


async def beside(world: World, change: Callable[[], Awaitable[None]]) -> None:
    """A look whose answers come late, as of another replica; meanwhile a change, and a look that sees it."""
    world.faulty.answer_late("group", times=3)
    earlier = asyncio.create_task(look(world))
    await world.until_hanging()
    world.clock.forward(seconds=1)
    await change()
    await look(world)
    world.clock.forward(seconds=1)
    world.faulty.release()
    await earlier


@pytest.mark.both_engines
@pytest.mark.parametrize("what", ["a newcomer", "somebody gone", "a group gone", "a late review"])
async def test_a_look_that_began_earlier_settles_nothing_that_a_later_one_told(
    world: World, what: str
) -> None:
    """Promise 8: it read how it was before, and said that it was over while it lasted."""
    await world.given("charles")
    if what == "a late review":
        await world.ground.database.write(
            lambda tx: standings.declare(
                tx, at=world.clock(), directory="staff", group="wiki-edit", entitlement="wiki-edit",
                members=[("account", "ada")], owner="data", declared_by="sam", rationale="always",
                review_at=world.clock() + timedelta(milliseconds=1),
            )
        )  # fmt: skip
    await look(world)
    assert await world.exceptions() == []
    changes: dict[str, Callable[[], Awaitable[None]]] = {
        "a newcomer": lambda: world.local.put_in_group("wiki-edit", "linus"),
        "somebody gone": lambda: world.local.take_from_group("wiki-edit", "charles"),
        "a group gone": lambda: world.local.drop_group("wiki-edit"),
        "a late review": lambda: world.local.put_in_group("wiki-edit", "ada"),
    }
    await beside(world, changes[what])
    (row,) = await world.exceptions()
    assert "settled" not in row.facts
    await look(world)
    (row,) = await world.exceptions()
    assert "settled" not in row.facts


async def test_a_look_that_began_earlier_tells_nothing_anew_that_a_later_one_settled(watched: World) -> None:
    """It read how it was before; the next look tells of whatever came back."""

    async def over() -> None:
        await look(watched)
        await watched.local.take_from_group("wiki-edit", "linus")

    await watched.local.put_in_group("wiki-edit", "linus")
    await beside(watched, over)
    (row,) = await watched.exceptions()
    assert "settled" in row.facts
    await watched.local.put_in_group("wiki-edit", "linus")
    await look(watched)
    assert len(await watched.exceptions()) == 2


async def test_a_clock_that_is_set_back_keeps_nothing_from_being_told_or_settled(watched: World) -> None:
    """What was told or over later than now was so before that: it took as long again until anybody heard."""
    await watched.local.put_in_group("wiki-edit", "linus")
    await look(watched)
    watched.clock.forward(hours=-1)
    await watched.local.take_from_group("wiki-edit", "linus")
    await look(watched)
    (row,) = await watched.exceptions()
    assert "settled" in row.facts
    watched.clock.forward(hours=-1)
    await watched.local.put_in_group("wiki-edit", "linus")
    await look(watched)
    assert len(await watched.exceptions()) == 2


# Rows that others wrote (T-9).

_STANDING = (
    'INSERT INTO standings (id, directory, "group", entitlement, kind, member, owner, declared_by, rationale,'
    " review_at, at) SELECT 's-1', directory, \"group\", entitlement, 'account', account, 'it', 'sam', 'ok',"
    " 9000000000000000, requested_at FROM grants"
)
_FORGED = {
    "over": ["UPDATE grants SET state = 'ended', mac = ''"],
    "denied": ["UPDATE grants SET state = 'denied', mac = ''"],
    "no state": ["UPDATE grants SET state = 'Active'"],
    "gone": ["DELETE FROM grants", "DELETE FROM holdings"],
    "never looked at": ["DELETE FROM grants", "DELETE FROM holdings", "DELETE FROM watched"],
    "over and declared": [_STANDING, "UPDATE grants SET state = 'ended', mac = ''"],
    "under change": ["DELETE FROM grants", "UPDATE holdings SET settled = false, stood_before = NULL"],
    "stood before": ["DELETE FROM grants", "UPDATE holdings SET stood_before = true"],
}


async def _by_hand(world: World, *statements: str) -> None:
    await world.ground.database.write(
        lambda tx: [tx.connection().execute(text(each)) for each in statements] and None
    )


@pytest.mark.parametrize("forged", _FORGED)
async def test_what_wicket_gave_is_taken_back_whatever_others_wrote_of_its_grant(
    watched: World, forged: str
) -> None:
    """T-9, promise 1: the record knows who gave it, and that nothing took it back."""
    await watched.given("ada")
    await _by_hand(watched, *_FORGED[forged])
    await watched.settle()
    await look(watched)
    await watched.settle()
    assert not await watched.holds("ada")
    (row,) = await told(watched, Kind.UNEXPLAINED)
    assert (row.facts["decided_by"], row.facts["given"]) == ("the record", True)
    assert (await watched.last("drift.unexplained"))["facts"] == {"removed": True, "given": True}


@pytest.mark.both_engines
async def test_a_declaration_by_other_hands_explains_nobody(watched: World) -> None:
    """T-9: whom Wicket did not give it stays until somebody decides."""
    await watched.given("charles")
    await watched.local.put_in_group("wiki-edit", "ada")
    await _by_hand(watched, _STANDING.replace("'account', account", "'account', 'ada'"))
    await look(watched)
    (row,) = await told(watched, Kind.UNEXPLAINED)
    assert (row.who, row.facts.get("decided_by")) == ("Ada (ada)", None)
    assert {one.table for one in watched.ground.database.doubts} == {"standings"}
    assert await watched.holds("ada")


def _recorded(world: World, tx: Session, action: str, grant: str) -> None:
    recording.record(
        tx, at=world.clock(), action=action, outcome="done", **recording.BY_ITSELF, subject="ada",
        resource="wiki-edit", correlation=grant,
    )  # fmt: skip


@pytest.mark.parametrize("over", ["taken back", "vanished", "to be given again", "in another group"])
async def test_who_came_back_by_other_hands_is_not_what_wicket_gave(watched: World, over: str) -> None:
    """Promise 8: it was taken back, or went, or the grant is about another group, and somebody is to decide."""
    grant = await watched.given("ada")
    if over == "taken back":
        watched.clock.forward(hours=3)
        await watched.tick()
        await watched.local.put_in_group("wiki-edit", "ada")
    elif over != "in another group":
        await watched.local.take_from_group("wiki-edit", "ada")
        if over == "vanished":
            await look(watched)
        else:
            await watched.ground.database.write(lambda tx: _recorded(watched, tx, "desk.given_again", grant))
        await _by_hand(watched, f"UPDATE grants SET state = 'voided', mac = '' WHERE id = '{grant}'")
        await watched.local.put_in_group("wiki-edit", "ada")
    else:
        await watched.local.put_in_group("wiki-admins", "ada")
        watched.ground = _with(watched, wiki={"group": "wiki-admins"})
    for _ in range(2):
        await look(watched)
        await watched.settle()
    there = "wiki-admins" if over == "in another group" else "wiki-edit"
    assert await watched.holds("ada", there)
    assert all("decided_by" not in row.facts for row in await watched.exceptions())
