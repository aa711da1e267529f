"""Detectors over the record: each fires on its case and not just beside it, once, in order, over restarts (A-15)."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session

from bot.settings.detectors import DetectorsSection
from handlers import recording
from handlers.detectors.at_once import AT_ONCE, AtOnce
from handlers.detectors.detecting import Detecting
from handlers.detectors.dormant import DORMANT, Dormant
from handlers.detectors.each_other import EACH_OTHER, EachOther
from handlers.detectors.many_asked import MANY_ASKED, ManyAsked
from handlers.detectors.refusals import REFUSALS, Refusals
from handlers.detectors.resets import RESETS, Resets
from handlers.detectors.shape import Tuned
from handlers.exceptions.strange import Kind
from handlers.intents import SCHEDULE
from storage import streams
from storage.audit import entry as audit
from storage.audit.merkle import WIDTH
from storage.engine.stores import Server
from storage.macs import DETECTORS
from storage.records import ExceptionRecord
from tests.handlers.access_ground import World
from tests.handlers.access_ground import world as open_world
from tests.handlers.audit.stores import archive_what_is_old
from tests.handlers.audit.test_walking import a_round

ALL = tuple(DetectorsSection().tuned())


@pytest.fixture
async def world(tmp_path: Path, server: Server | None) -> AsyncIterator[World]:
    async with open_world(tmp_path, server=server) as made:
        yield made


@pytest.fixture
async def plain(tmp_path: Path) -> AsyncIterator[World]:
    """The same where one engine is enough."""
    async with open_world(tmp_path) as made:
        yield made


@dataclass
class Eye:
    """Detectors at work in a world, and entries put before them as the handlers write them."""

    world: World
    tuned: Sequence[Tuned[Any]] = ALL
    sender: str = "one"

    def __post_init__(self) -> None:
        self.detecting = Detecting(self.world.ground, self.tuned, sender=self.sender)

    async def begun(self) -> "Eye":
        """With what comes from now on."""
        await self.put("link.made", "ada")
        await self.detecting.look()
        return self

    async def put(
        self, action: str, who: str, *, whom: str = "", what: str | None = None, story: str = "c-1",
        outcome: str = "done", times: int = 1, after: float = 0,
    ) -> None:  # fmt: skip
        """Entries of one kind. after: seconds that pass before each."""

        def work(tx: Session) -> None:
            for _ in range(times):
                self.world.clock.forward(seconds=after)
                actor = recording.WICKET if who == "wicket" else audit.Actor(type="person", id=who)
                recording.record(
                    tx, at=self.world.clock(), action=action, outcome=outcome, actor=actor, where=SCHEDULE,
                    correlation=story, subject=whom or who, resource=what,
                )  # fmt: skip

        await self.world.ground.database.write(work)

    async def refused(self, who: str, times: int, after: float = 0) -> None:
        await self.put("grant.refused", who, what="prod-admin", outcome="refused", times=times, after=after)

    async def approves(self, who: str, whom: str, *, asked: float, story: str, what: str = "prod-db") -> None:
        """Somebody approves so many seconds after it was asked."""
        await self.put("grant.requested", whom, what=what, story=story)
        await self.put("approval.given", who, whom=whom, what=what, story=story, after=asked)

    async def sees(self) -> list[ExceptionRecord]:
        """What was raised by now, in the order of its kind and cause."""
        while await self.detecting.look():  # a visit is over after some seconds
            pass
        return sorted(await self.world.rows(ExceptionRecord), key=lambda one: one.cause)


def only(detector: Any, settings: Any) -> tuple[Tuned[Any], ...]:
    return (Tuned(detector=detector, settings=settings),)


async def test_a_burst_of_refusals_of_one_person_is_told_and_explains_itself(world: World) -> None:
    """A-15: who, how often, when, what is usual and what tunes it; it stops nobody."""
    eye = await Eye(world).begun()
    await eye.refused("eve", 9, after=60)
    assert await eye.sees() == []
    await eye.refused("eve", 1, after=60)
    (one,) = await eye.sees()
    facts = one.facts
    assert (one.kind, one.who, one.severity, one.correlation) == (
        Kind.MANY_REFUSALS,
        "Eve (eve)",
        "medium",
        "c-1",
    )
    assert facts["told"] == "Eve (eve) was refused 10 times within 1 hour, the last time over prod-admin."
    assert (facts["count"], facts["people"], facts["detector"]) == (10, ["eve"], "refusals")
    assert (facts["settings"], "Usually" in facts["usual"]) == (
        "person = 10, everybody = 60, minutes = 60",
        True,
    )
    assert facts["since"] < facts["until"] == world.clock().isoformat()
    said = await world.last("detector.noticed")
    assert (said["correlation"], said["subject"], said["facts"]["count"]) == ("c-1", "eve", 10)


async def test_a_refusal_over_nothing_in_particular_names_no_word_of_the_log(world: World) -> None:
    """A-15: whoever may not delegate or stop things at once was refused, but over no entitlement."""
    eye = await Eye(world).begun()
    await eye.put("delegation.refused", "eve", outcome="refused", times=10, after=60)
    (one,) = await eye.sees()
    assert one.facts["told"] == "Eve (eve) was refused 10 times within 1 hour."


@pytest.mark.parametrize(
    "how",
    [
        "UPDATE streams SET position = 10000",
        "UPDATE streams SET position = 500, mac = ''",
        "DELETE FROM streams",
    ],
)
async def test_a_place_that_other_hands_put_forward_passes_nothing_by(plain: World, how: str) -> None:
    """T-9, A-15: then it goes on from where the record says that it was when the last walk ended, and that is told."""
    eye = await Eye(plain).begun()
    await a_round(plain)
    await eye.refused("eve", 12)
    await plain.ground.database.write(lambda tx: tx.connection().execute(text(how)))
    (one,) = await eye.sees()
    assert one.who == "Eve (eve)"
    assert {doubt.table for doubt in plain.ground.database.doubts} == {"streams"}
    assert await plain.sound()


async def test_refusals_that_are_spread_out_or_of_several_or_of_wicket_itself_are_no_burst(
    plain: World,
) -> None:
    """A-15: just beside it."""
    eye = await Eye(plain).begun()
    await eye.refused("eve", 12, after=401)
    for who in ("ada", "charles", "grace", "linus"):
        await eye.refused(who, 9)
    await eye.put("grant.voided", "wicket", whom="eve", outcome="refused", times=100)
    await eye.put("grant.refused", "eve", outcome="failed", times=20)
    assert await eye.sees() == []


async def test_refusals_all_over_the_company_are_told_together(plain: World) -> None:
    eye = await Eye(plain).begun()
    for number in range(59):
        await eye.refused(f"person{number}", 1)
    assert await eye.sees() == []
    await eye.put("identity.refused", "unknown", outcome="refused")
    (one,) = await eye.sees()
    assert (one.who, one.facts["count"], one.facts["people"]) == ("Wicket", 60, ["everybody"])
    assert one.facts["told"].startswith("60 times people were refused within 1 hour")


async def test_thousands_of_refusals_are_told_a_few_times_with_their_whole_number(plain: World) -> None:
    """A-15: one line that grows; no more is held at once than a stretch of the log."""
    eye = await Eye(plain, only(REFUSALS, Refusals())).begun()
    await eye.refused("eve", 5500)
    of_eve, of_all = await eye.sees()
    assert (of_eve.facts["people"], of_all.facts["people"]) == (["eve"], ["everybody"])
    assert 2750 <= of_eve.facts["count"] <= 5500
    assert of_eve.count < 10
    assert await plain.ground.database.read(lambda tx: streams.position(tx, DETECTORS)) > 5500


async def test_a_burst_that_goes_on_is_told_again_when_it_has_doubled_and_a_later_one_anew(
    plain: World,
) -> None:
    eye = await Eye(plain, only(REFUSALS, Refusals())).begun()
    await eye.refused("eve", 10, after=1)
    assert [one.count for one in await eye.sees()] == [1]
    await eye.refused("eve", 9, after=1)
    assert [one.count for one in await eye.sees()] == [1]
    await eye.refused("eve", 1, after=1)
    (one,) = await eye.sees()
    assert (one.count, one.facts["count"]) == (2, 20)
    await eye.refused("eve", 10, after=300)
    assert [one.count for one in await eye.sees()] == [2]
    plain.clock.forward(seconds=7200)
    await eye.refused("eve", 10, after=1)
    (one,) = await eye.sees()
    assert (one.count, one.facts["count"]) == (3, 10)


async def test_names_that_look_alike_are_two_people_and_the_login_tells_them_apart(plain: World) -> None:
    """SL-3: people are counted by their accounts."""
    for login in ("ada-1", "ada-2"):
        await plain.local.add_account(login, login=login, name="Ada Lovelace", mail=f"{login}@example.com")
    eye = await Eye(plain).begun()
    for login in ("ada-1", "ada-2"):
        await eye.refused(login, 6)
    assert await eye.sees() == []
    await eye.refused("ada-2", 4)
    (one,) = await eye.sees()
    assert one.who == "Ada Lovelace (ada-2)"


async def test_a_directory_that_is_silent_costs_the_name_and_not_the_alert(plain: World) -> None:
    eye = await Eye(plain).begun()
    plain.faulty.error("account")
    await eye.refused("eve", 10)
    (one,) = await eye.sees()
    assert one.who == "eve"


async def test_many_resets_are_told_of_one_person_and_of_all(plain: World) -> None:
    eye = await Eye(plain).begun()
    await eye.put("password.changed", "wicket", whom="ada", times=2, after=600)
    await eye.put("password.changed", "wicket", whom="ada", outcome="failed")
    await eye.put("password.changed", "wicket", whom="ada", after=3001)
    assert await eye.sees() == []
    await eye.put("password.changed", "wicket", whom="ada", after=1)
    (one,) = await eye.sees()
    assert (one.kind, one.severity) == (Kind.MANY_RESETS, "high")
    assert one.facts["told"] == "The password of Ada (ada) was reset 3 times within 1 hour."
    for number in range(12):
        await eye.put("password.changed", "wicket", whom=f"person{number}")
    told = {one.facts["told"] for one in await eye.sees()}
    assert "15 passwords were reset within 1 hour." in told


@pytest.mark.both_engines
async def test_two_people_who_approve_each_other_are_told(world: World) -> None:
    """A-15: twice each way within a week; once is a chance, and a third person's approvals are none of it."""
    eye = await Eye(world).begun()
    for story, (who, whom) in enumerate((("grace", "linus"), ("linus", "grace"), ("grace", "linus"))):
        await eye.approves(who, whom, asked=60, story=f"g-{story}")
    await eye.approves("linus", "ada", asked=60, story="g-7")
    assert await eye.sees() == []
    world.clock.forward(seconds=86400)
    await eye.approves("linus", "grace", asked=60, story="g-8")
    (one,) = await eye.sees()
    assert (one.kind, one.correlation) == (Kind.APPROVING_EACH_OTHER, "g-8")
    assert one.facts["told"] == (
        "Within 7 days Linus (linus) approved requests of Grace (grace) (so many: 2), and Grace (grace) those of "
        "Linus (linus) (2)."
    )


async def test_approvals_of_each_other_long_ago_or_one_way_alone_are_not_told(plain: World) -> None:
    eye = await Eye(plain, only(EACH_OTHER, EachOther())).begun()
    for story in range(6):
        await eye.approves("grace", "linus", asked=60, story=f"g-{story}")
    plain.clock.forward(seconds=8 * 86400)
    for story in range(6, 12):
        await eye.approves("linus", "grace", asked=60, story=f"g-{story}")
    assert await eye.sees() == []


async def test_approvals_within_seconds_again_and_again_are_told(world: World) -> None:
    """A-15: the request may be of before the detectors' place; slow ones between them change nothing."""
    eye = await Eye(world).begun()
    for story in range(4):
        await eye.approves("grace", "ada", asked=10, story=f"g-{story}")
        await eye.approves("grace", "ada", asked=300, story=f"s-{story}")
    await eye.approves("linus", "ada", asked=1, story="g-8")
    assert await eye.sees() == []
    await eye.put("grant.requested", "ada", what="prod-db", story="g-9")
    assert await eye.sees() == []
    await eye.put("approval.given", "grace", whom="ada", what="prod-db", story="g-9", after=9)
    (one,) = await eye.sees()
    assert one.kind == Kind.APPROVED_AT_ONCE
    assert one.facts["told"] == (
        "Grace (grace) approved 5 requests within 24 hours, each within 10 seconds of its being asked; the last one "
        "was for prod-db."
    )


async def test_approvals_that_took_their_time_or_came_before_the_request_are_not_told(plain: World) -> None:
    """A-15: a clock that was set back between the two says nothing of how long it took."""
    eye = await Eye(plain, only(AT_ONCE, AtOnce())).begun()
    for story in range(10):
        await eye.approves("grace", "ada", asked=11, story=f"g-{story}")
        await eye.approves("grace", "ada", asked=-3600, story=f"b-{story}")
    assert await eye.sees() == []


async def test_a_privileged_request_after_a_long_silence_is_told(world: World) -> None:
    """A-15: looking around on the day before is no sign of life; what is harmless may be asked for at any time."""
    eye = await Eye(world, only(DORMANT, Dormant())).begun()
    await eye.put("question.asked", "charles")
    world.clock.forward(seconds=61 * 86400)
    await eye.put("question.asked", "charles", times=3, after=3600)
    await eye.put("grant.requested", "charles", what="wiki-edit")
    assert await eye.sees() == []
    await eye.put("grant.requested", "charles", what="prod-db", story="g-1")
    (one,) = await eye.sees()
    assert (one.kind, one.severity, one.correlation) == (Kind.DORMANT, "high", "g-1")
    assert one.facts["told"] == (
        "Charles (charles) asked for prod-db (risk 4 of 5), after nothing of theirs was on record for 61 days."
    )


async def test_whoever_was_never_heard_of_is_dormant_once_the_record_is_old_enough(plain: World) -> None:
    eye = await Eye(plain).begun()
    await eye.put("grant.requested", "charles", what="prod-db")
    assert await eye.sees() == []
    plain.clock.forward(seconds=60 * 86400)
    await eye.put("grant.refused", "linus", what="prod-admin", outcome="refused")
    (one,) = await eye.sees()
    assert "nothing of theirs was ever on record before, in 60 days" in one.facts["told"]


async def test_of_whom_all_is_archived_it_is_not_said_that_nothing_ever_was(
    plain: World, tmp_path: Path
) -> None:
    """A-17: what left is no silence, and how long that lasted before nobody can say; it is told all the same."""
    eye = await Eye(plain, only(DORMANT, Dormant(days=450))).begun()
    await eye.put("grant.requested", "charles", what="wiki-edit", times=2 * WIDTH)
    await eye.sees()
    plain.clock.forward(seconds=460 * 86400)
    await eye.put("question.asked", "ada")
    await eye.sees()
    done = await asyncio.to_thread(archive_what_is_old, plain.ground.database, tmp_path, plain.clock())
    assert done.gone > WIDTH
    await eye.put("grant.requested", "linus", what="prod-db")
    (one,) = await eye.sees()
    assert one.facts["told"] == (
        "Linus (linus) asked for prod-db (risk 4 of 5), and nothing of theirs was on record for 460 days. What is "
        "older is archived."
    )


async def test_a_privileged_request_of_somebody_active_is_not_told(plain: World) -> None:
    eye = await Eye(plain).begun()
    for _ in range(5):
        plain.clock.forward(seconds=30 * 86400)
        await eye.put("question.asked", "charles")
        plain.clock.forward(seconds=2 * 86400)
        await eye.put("grant.requested", "charles", what="prod-db")
    await eye.put("grant.requested", "charles", what="left-the-catalogue")
    assert await eye.sees() == []


async def test_many_different_things_asked_for_by_one_person_are_told(plain: World) -> None:
    """A-15: the same thing again and again is one, and what somebody approves for others is not asked for."""
    eye = await Eye(plain).begun()
    for number in range(7):
        await eye.put("grant.requested", "eve", what=f"thing-{number}", after=60)
        await eye.put("grant.approved", "grace", whom="eve", what=f"thing-{number}")
    await eye.put("grant.approved", "grace", whom="ada", what="thing-8")
    await eye.put("grant.requested", "eve", what="thing-3", times=5)
    assert await eye.sees() == []
    await eye.put("grant.approved", "eve", what="thing-7")
    (one,) = await eye.sees()
    assert (one.kind, one.facts["count"]) == (Kind.MANY_ASKED, 8)


async def test_a_clock_that_is_set_back_makes_and_hides_no_burst(plain: World) -> None:
    """A-15: what counts is the order of the record, and the time that passed between its entries."""
    eye = await Eye(plain, only(REFUSALS, Refusals())).begun()
    await eye.refused("eve", 6, after=60)
    plain.clock.forward(seconds=-7 * 86400)
    await eye.refused("eve", 4, after=60)
    assert [one.facts["count"] for one in await eye.sees()] == [10]
    await eye.refused("ada", 1)
    plain.clock.forward(seconds=-7 * 86400)
    await eye.refused("ada", 10, after=460)
    assert [one.facts["people"] for one in await eye.sees()] == [["eve"]]


@pytest.mark.both_engines
async def test_what_came_before_is_not_told_and_a_restart_misses_and_repeats_nothing(world: World) -> None:
    """A-15: an existing record is no news; the place survives, and a burst over a restart is one."""
    eye = Eye(world, only(REFUSALS, Refusals()))
    await eye.refused("eve", 12)
    assert await eye.sees() == []
    world.clock.forward(seconds=86400)
    await eye.refused("eve", 6)
    assert await eye.sees() == []
    restarted = Eye(world, eye.tuned, sender="restarted")
    await restarted.refused("eve", 4)
    assert [one.count for one in await restarted.sees()] == [1]
    again = Eye(world, eye.tuned, sender="again")
    assert [one.count for one in await again.sees()] == [1]


async def test_before_the_first_walk_a_place_of_other_hands_makes_no_old_record_news(plain: World) -> None:
    """A-15: that is told, and they begin with what comes, as on the first day."""
    eye = Eye(plain, only(REFUSALS, Refusals()))
    await eye.refused("eve", 12)
    assert await eye.sees() == []
    await plain.ground.database.write(
        lambda tx: tx.connection().execute(text("UPDATE streams SET position = 3"))
    )
    await eye.refused("bob", 1)
    assert await eye.sees() == []
    assert {doubt.table for doubt in plain.ground.database.doubts} == {"streams"}


async def test_a_replica_of_before_goes_on_with_its_own_place(plain: World) -> None:
    """A-15: it knows no MAC, so neither takes the other's place for the work of other hands."""
    older = "INSERT INTO streams (name, position, sender) VALUES ('detectors', 3, 'older')"
    await plain.ground.database.write(lambda tx: tx.connection().execute(text(older)))
    eye = await Eye(plain).begun()
    await eye.refused("eve", 12)
    assert [one.who for one in await eye.sees()] == ["Eve (eve)"]
    assert not plain.ground.database.doubts


async def test_of_two_replicas_one_tells(plain: World) -> None:
    """A-15: what is found and where the place is are one transaction, so the slower one's finding is dropped."""
    eye, other = await Eye(plain).begun(), Eye(plain, sender="two")
    await eye.refused("eve", 10)
    plain.faulty.hang("account", times=1)
    slow = asyncio.create_task(eye.detecting.look())
    await plain.until_hanging()
    assert await other.detecting.look() == 0
    plain.clock.forward(seconds=61)
    assert [one.count for one in await other.sees()] == [1]
    plain.faulty.release()
    assert await slow == 0
    assert [one.count for one in await eye.sees()] == [1]


async def test_a_detector_that_breaks_is_told_once_and_the_others_go_on(plain: World) -> None:
    """A-15: it says over which entries, and nothing of what stood in them."""

    def breaks(*_: object) -> None:
        raise KeyError("p-secret")

    broken = Tuned(detector=replace(MANY_ASKED, find=breaks), settings=ManyAsked())
    eye = await Eye(plain, (broken, *only(REFUSALS, Refusals()))).begun()
    for _ in range(2):
        await eye.put("grant.requested", "eve", what="prod-db")
        await eye.detecting.look()
    await eye.refused("eve", 10)
    failed, refusals = await eye.sees()
    assert (failed.kind, failed.count, failed.facts["error"]) == (Kind.DETECTOR_FAILED, 1, "KeyError")
    assert "p-secret" not in str(failed.facts)
    noted = await plain.last("detector.failed")
    assert (noted["correlation"], noted["facts"]) == (failed.correlation, failed.facts)
    assert refusals.kind == Kind.MANY_REFUSALS
    assert await eye.detecting.look() <= 1


async def test_one_that_is_switched_off_looks_no_more() -> None:
    section = DetectorsSection.model_validate({"refusals": {"on": False}, "resets": {"person": 5}})
    tuned = {one.detector.name: one.settings for one in section.tuned()}
    assert sorted(tuned) == ["at_once", "dormant", "each_other", "many_asked", "resets"]
    assert tuned["resets"] == Resets(person=5)


def test_each_detector_is_in_the_settings_with_its_own_numbers() -> None:
    """A-15: as many as there are, and what the file shows is what the detector goes by."""
    assert {one.detector.name for one in ALL} == set(DetectorsSection.model_fields)
    assert all(one.settings == one.detector.settings() for one in ALL)
    assert RESETS in [one.detector for one in ALL]
