"""What follows an emergency: its review by somebody else, reminders, the lapse without it, and its end (B-3)."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, text
from sqlmodel import Session

from handlers.audit.digesting import digest_of
from handlers.decisions.emergencies import EmergencyRules
from handlers.decisions.emergency_reviews import Finding, Lapse, WorkingDays
from handlers.emergencies.followups import REMINDER, EmergencyFollowups
from handlers.emergencies.records import ByHand, EmergencyRecords, PutOnRecord
from handlers.emergencies.reviewed import (
    MayRestore,
    MayReview,
    NothingToRestore,
    NotOver,
    Restored,
    RestoreEligibility,
    ReviewedBefore,
    ReviewEmergency,
    ReviewKept,
)
from handlers.emergencies.reviewers import Reviewers
from handlers.emergencies.reviewers import lapse as lapse_now
from handlers.emergencies.reviews import EmergencyReviews
from handlers.exceptions.workable import can_be_resolved
from handlers.intents import SCHEDULE
from handlers.outcomes import NotAllowed, Repeated, Unknown
from handlers.patience import OTHERWISE
from handlers.recording import WICKET, record
from storage import emergencies
from storage.audit.tables import ARCHIVES, ENTRIES
from storage.catalogue import Catalogue
from storage.emergency_reviews import GRANTED
from storage.records import Emergency
from storage.states import EmergencyState
from tests.handlers.access_ground import CATALOGUE, World
from tests.handlers.access_ground import world as open_world

# Every day counts here: the calendar has tests of its own.
DAYS = WorkingDays(off=frozenset())
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path) as made:
        made.ground = replace(made.ground, emergencies=EmergencyRules(days=DAYS))
        yield made
        assert await made.sound()


def reviews(world: World) -> EmergencyReviews:
    return EmergencyReviews(world.ground, Reviewers(world.ground))


async def look(world: World, drill_every: timedelta | None = None) -> None:
    await EmergencyFollowups(world.ground, Reviewers(world.ground), drill_every=drill_every).look()


async def took(world: World, login: str = "ada", emergency: str = "b-1", **changes: Any) -> str:
    """They broke the glass for an hour, which is over now."""
    now, account = world.ground.now(), await world.account(login)
    plain: dict[str, Any] = {
        "id": emergency, "state": EmergencyState.GRANTED, "directory": "staff", "account": login, "login": login,
        "name": account.name, "slack_team": "T1", "slack_user": f"U{login}", "entitlement": "prod-db",
        "incident": "INC-4711", "reason": "orders stand still", "minutes": 60, "handle": "h-1", "proved_by": "totp",
        "asked_at": now - HOUR, "ask_by": now, "opened_at": now - HOUR, "ends_at": now,
    }  # fmt: skip

    def work(tx: Session) -> None:
        row = Emergency(**{**plain, **changes})
        assert emergencies.add(tx, row)
        record(
            tx, at=now, action=GRANTED, outcome="done", actor=WICKET, where=SCHEDULE, correlation=row.id,
            subject=row.account, resource=row.entitlement,
        )  # fmt: skip

    await world.ground.database.write(work)
    return emergency


async def review(world: World, login: str, finding: Finding = Finding.JUSTIFIED, **how: Any) -> Any:
    intent = ReviewEmergency(
        **await world.intent(login, how.get("delivery", "")), emergency=how.get("about", "b-1"),
        finding=finding, words="alert earlier",
    )  # fmt: skip
    return await reviews(world).review(intent)


async def restore(world: World, login: str) -> Any:
    intent = RestoreEligibility(**await world.intent(login), emergency="b-1", rationale="we spoke")
    return await reviews(world).restore(intent)


async def lapse(world: World, login: str = "ada") -> Lapse | None:
    return await lapse_now(world.ground, await world.account(login))


async def row(world: World, emergency: str = "b-1") -> Emergency:
    found = await world.ground.database.read(lambda tx: emergencies.get(tx, emergency))
    assert found is not None
    return found


async def asked(world: World) -> Any:
    return [one for one in await world.exceptions() if one.kind == "emergency-review"]


async def test_when_it_is_over_a_review_is_asked_for_with_who_can_give_it(world: World) -> None:
    """B-3: once, in both channels, with the names of people who may: neither hers nor those who report to her."""
    await world.local.change_account("grace", manager="ada")
    await took(world)
    await look(world)
    await look(world)
    (alert,) = await asked(world)
    assert (alert.severity, alert.count, alert.owner) == ("medium", 1, "data")
    assert alert.facts["reviewers"] == ["Linus", "Sam"]
    due = (await row(world)).review_due_at
    assert due == world.ground.now() + 2 * DAY
    assert await world.owed() == {("exception", "security"), ("exception", "owner:data")}
    assert await world.actions("emergency.review") == ["emergency.review_owed done"]
    assert not can_be_resolved(world.ground, alert)  # only by the review itself


async def test_a_busy_directory_is_waited_for_until_it_says_who_can_give_it(world: World) -> None:
    """B-3: nobody waits for this message, so that it has names even where an answer in Slack would go without."""
    world.faulty.timeout = 60
    world.faulty.slow(OTHERWISE + 0.2, "group", times=1)
    await took(world)
    await look(world)
    (alert,) = await asked(world)
    assert alert.facts["reviewers"]


async def test_where_it_does_not_say_the_review_is_asked_for_without_names(world: World) -> None:
    """B-3: a directory that fails keeps nobody from being told."""
    world.faulty.error("group")
    await took(world)
    await look(world)
    (alert,) = await asked(world)
    assert alert.facts["reviewers"] == []


async def test_while_somebody_holds_it_there_is_nothing_to_review(world: World) -> None:
    grant = await world.approved("ada")
    now = world.ground.now()
    await took(world, grant=grant, opened_at=now, ends_at=now + HOUR)
    await look(world)
    assert await asked(world) == []
    assert await review(world, "sam") == NotOver()
    await world.end("grace", grant, "the incident is over")
    await look(world)
    assert len(await asked(world)) == 1
    may = await reviews(world).consider(ReviewEmergency(**await world.intent("sam"), emergency="b-1"))
    assert isinstance(may, MayReview)
    assert (may.looked.ended_by, may.looked.ended_why) == ("Grace", "the incident is over")
    assert may.looked.due_at == now + 2 * DAY


@pytest.mark.parametrize(("login", "role"), [("sam", "security"), ("grace", "owner")])
async def test_somebody_else_of_either_team_reviews_it(world: World, login: str, role: str) -> None:
    """B-3: with what they found and what is to be changed, on the record and in the message that asked."""
    await took(world)
    await look(world)
    outcome = await review(world, login)
    assert isinstance(outcome, ReviewKept)
    assert not outcome.lapsed
    found = await row(world)
    assert (found.reviewed_by, found.finding, found.review_words) == (login, "justified", "alert earlier")
    said = await world.last("emergency.reviewed")
    assert said["facts"] | {"finding": "justified", "late": False} == said["facts"]
    assert said["subject"] == "ada"
    (alert,) = await asked(world)
    assert {
        "decided_by": login.title(),
        "settled": world.ground.now().isoformat(),
    }.items() <= alert.facts.items()
    assert said["policy"]["ids"] == [f"review-emergency-as-{role}"]


async def test_nobody_reviews_what_they_did_themselves(world: World) -> None:
    """B-3, R-1: neither by their own account nor by another one of theirs, whatever team that is in."""
    await took(world, "sam")
    assert isinstance(await review(world, "sam"), NotAllowed)
    await world.local.add_account("sam2", login="sam2", name="Sam II", mail="sam@example.com")
    await world.local.put_in_group("security-team", "sam2")
    assert isinstance(await review(world, "sam2"), NotAllowed)
    assert await world.actions("emergency") == [
        "emergency.granted done",
        *["emergency.review_refused refused"] * 2,
    ]
    assert await world.kinds() == ["wrong-approver"] * 2
    assert (await row(world)).reviewed_at is None


async def test_nobody_reviews_what_their_boss_did_however_far_up(world: World) -> None:
    """B-3: whoever depends on somebody does not judge them."""
    await took(world)
    await world.local.change_account("linus", manager="ada")
    await world.local.change_account("grace", manager="linus")
    for login in ("linus", "grace"):
        outcome = await review(world, login)
        assert isinstance(outcome, NotAllowed)
        assert outcome.reasons == ("You report to them, so somebody else has to review it.",)
    assert isinstance(await review(world, "sam"), ReviewKept)


async def test_nobody_reviews_what_their_boss_did_by_another_account(world: World) -> None:
    """B-3, R-1: the directory names the boss by one account, and the other one broke the glass."""
    await world.local.add_account("ada2", login="ada2", name="Ada II", mail="ADA@example.com")
    await took(world, "ada2")
    await world.local.change_account("linus", manager="ada")
    await world.local.change_account("grace", manager="linus")
    for login in ("linus", "grace"):
        assert isinstance(await review(world, login), NotAllowed)
    assert isinstance(await review(world, "sam"), ReviewKept)


@pytest.mark.parametrize("theirs", [{"mail": "GRACE@example.com"}, {"person": "n-7"}])
async def test_nobody_reviews_what_their_boss_did_from_an_account_that_has_no_boss(
    world: World, theirs: dict[str, str]
) -> None:
    """B-3, R-1: accounts for administration seldom name a manager; whoever signs in by them has one all the same."""
    await took(world)
    await world.local.change_account("grace", manager="ada", person="n-7")
    await world.local.add_account("grace2", login="grace2", name="Grace II", **{"mail": "", **theirs})
    await world.local.put_in_group("data-owners", "grace2")
    outcome = await review(world, "grace2")
    assert isinstance(outcome, NotAllowed)
    assert outcome.reasons == ("You report to them, so somebody else has to review it.",)
    assert isinstance(await review(world, "linus"), ReviewKept)


@pytest.mark.parametrize("login", ["charles", "eve"])
async def test_nobody_of_another_team_reviews_it(world: World, login: str) -> None:
    """Her manager neither; nor a contractor, though of the security team."""
    await world.local.put_in_group("security-team", "eve")
    await took(world)
    assert isinstance(await review(world, login), NotAllowed)


async def test_authority_that_went_between_form_and_answer_counts_no_more(world: World) -> None:
    """Promise 3: asked at the click and on submit."""
    await took(world)
    intent = ReviewEmergency(**await world.intent("sam"), emergency="b-1")
    assert isinstance(await reviews(world).consider(intent), MayReview)
    await world.local.take_from_group("security-team", "sam")
    assert isinstance(await review(world, "sam"), NotAllowed)


async def test_the_second_review_hears_who_gave_the_first(world: World) -> None:
    """Promise 6: and four deliveries of one are one."""
    await took(world)
    assert isinstance(await review(world, "sam", delivery="d"), ReviewKept)
    assert await review(world, "sam", delivery="d") == Repeated()
    again = await review(world, "grace", Finding.NOT_JUSTIFIED)
    assert isinstance(again, ReviewedBefore)
    assert (again.by, again.finding) == ("Sam", "justified")
    assert (await row(world)).finding == "justified"
    assert await world.actions("emergency.review_late") == ["emergency.review_late refused"]


async def test_without_its_review_eligibility_lapses_and_security_hears_of_it(world: World) -> None:
    """B-3: reminded of twice, then a graver exception of its own; a late review gives it back."""
    await took(world)
    await look(world)
    assert await lapse(world) is None
    for step in (DAY, DAY - 4 * HOUR):
        world.clock.at += step
        await look(world)
        await look(world)
    assert await world.actions("emergency.review_reminded") == ["emergency.review_reminded done"] * 2
    assert (REMINDER, "security") in await world.owed()
    assert (REMINDER, "owner:data") in await world.owed()
    assert await lapse(world) is None
    world.clock.forward(hours=4)
    assert await lapse(world) == Lapse.OVERDUE
    assert await lapse(world, "grace") is None
    await look(world)
    await look(world)
    before, late = await asked(world)
    assert (before.severity, late.severity, late.facts["overdue"]) == ("medium", "high", True)
    assert "renewed" in before.facts
    assert isinstance(await review(world, "sam"), ReviewKept)
    assert (await world.last("emergency.reviewed"))["facts"]["late"] is True
    assert await lapse(world) is None
    await look(world)
    assert len(await asked(world)) == 2


async def test_of_two_looks_at_one_time_the_later_one_tells_of_nothing_again(world: World) -> None:
    """Promise 6: two replicas found it due; what the other has done by then is not done once more."""
    await took(world)
    await look(world)
    for step in (DAY, DAY - 4 * HOUR, 4 * HOUR):
        world.clock.at += step
        earlier = await hanging(world, look(world))
        await look(world)
        before = await world.actions("emergency.review")
        world.faulty.release()
        await earlier
        assert await world.actions("emergency.review") == before
    assert [one.count for one in await asked(world)] == [1, 1]


async def hanging(world: World, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    """It has begun, and waits for an answer of the directory."""
    world.faulty.hang("group", times=1)
    task = asyncio.create_task(work)
    await world.until_hanging()
    return task


async def test_how_often_somebody_broke_the_glass_is_counted_from_the_record(world: World) -> None:
    """B-4: in the week and in the month, whatever became of the table."""
    await took(world)
    world.clock.at += 20 * DAY
    begins = world.ground.now()
    await took(world, emergency="b-2")
    await took(world, "grace", emergency="b-3")
    ends = begins + 7 * DAY
    counted = await world.ground.database.read(lambda tx: digest_of(tx, begins, ends).broken)
    assert [(one.who, one.what, one.times, one.in_month) for one in counted] == [
        ("Ada", "prod-db", 1, 2),
        ("Grace", "prod-db", 1, 1),
    ]
    await world.ground.database.write(lambda tx: tx.connection().execute(text("DELETE FROM emergencies")))
    again = await world.ground.database.read(lambda tx: digest_of(tx, begins, ends).broken)
    assert [(one.who, one.in_month) for one in again] == [("ada", 2), ("grace", 1)]


async def test_a_schedule_that_stood_still_lets_nobody_through(world: World) -> None:
    """Promise 3: what follows from the end is so, whether anybody wrote it down or not; a late look catches up."""
    await took(world)
    world.clock.at += 2 * DAY
    assert await lapse(world) == Lapse.OVERDUE
    await look(world)
    assert [one.severity for one in await asked(world)] == ["high"]


async def test_another_account_of_the_same_person_has_lapsed_too(world: World) -> None:
    """R-1."""
    await took(world)
    world.clock.at += 2 * DAY
    await world.local.add_account("ada2", login="ada2", name="Ada II", mail="ADA@example.com")
    assert await lapse(world, "ada2") == Lapse.OVERDUE


@pytest.mark.parametrize(
    "how",
    [
        "UPDATE emergencies SET finding = 'justified', reviewed_at = 1, reviewed_by = 'sam'",
        "UPDATE emergencies SET account = 'grace'",
        "UPDATE emergencies SET state = 'refused'",
        "DELETE FROM emergencies",
    ],
)
async def test_a_row_that_other_hands_changed_gives_nobody_back(world: World, how: str) -> None:
    """T-9: the record tells of it, and what does not stand in the table as Wicket wrote it was not reviewed."""
    await took(world)
    await world.ground.database.write(lambda tx: tx.connection().execute(text(how)))
    assert await lapse(world) == Lapse.OVERDUE


async def test_a_row_that_was_put_back_to_before_its_review_gives_nobody_back(world: World) -> None:
    """T-9: as Wicket wrote it, but not the newest that Wicket wrote; another review settles it."""
    await took(world)
    columns = "review_due_at, reviewed_at, reviewed_by, reviewed_by_name, finding, review_words, mac"
    kept = f"CREATE TABLE kept AS SELECT {columns} FROM emergencies"
    put_back = f"UPDATE emergencies SET ({columns}) = (SELECT {columns} FROM kept)"
    await world.ground.database.write(lambda tx: tx.connection().execute(text(kept)))
    await review(world, "sam", Finding.NOT_JUSTIFIED)
    await world.ground.database.write(lambda tx: tx.connection().execute(text(put_back)))
    assert (await row(world)).reviewed_at is None
    assert await lapse(world) == Lapse.OVERDUE
    assert isinstance(await review(world, "sam"), ReviewKept)
    assert await lapse(world) is None


async def test_what_was_put_on_record_by_hand_stands_for_nothing_else(world: World) -> None:
    """T-9: it is counted by itself, and never in the place of a row that is gone."""
    await took(world)
    await review(world, "sam")
    records = EmergencyRecords(world.ground)
    now = world.ground.now()
    told = ByHand(
        person=await world.account("ada"), second=await world.account("linus"), entitlement="prod-db",
        incident="INC-1", reason="it burned", begins=now - HOUR, ends=now,
    )  # fmt: skip
    assert isinstance(await records.put(told, SCHEDULE), PutOnRecord)
    assert await lapse(world) is None
    await world.ground.database.write(
        lambda tx: tx.connection().execute(text("DELETE FROM emergencies WHERE id = 'b-1'"))
    )
    assert await lapse(world) == Lapse.OVERDUE


async def test_an_incident_that_was_put_on_record_by_hand_is_used_however_it_was_written(
    world: World,
) -> None:
    """B-1, B-5: by the same reading as in the form."""
    now = world.ground.now()
    told = ByHand(
        person=await world.account("ada"), second=await world.account("linus"), entitlement="prod-db",
        incident=" inc-1 ", reason="it burned", begins=now - HOUR, ends=now,
    )  # fmt: skip
    await EmergencyRecords(world.ground).put(told, SCHEDULE)
    used = await world.ground.database.read(lambda tx: emergencies.granted_for(tx, "INC-1"))
    assert len(used) == 1


async def test_what_was_not_justified_lapses_until_security_gives_it_back(world: World) -> None:
    """B-3: told at once, high; the owner's team does not, nor the person; security does, with a reason."""
    await took(world)
    outcome = await review(world, "grace", Finding.NOT_JUSTIFIED)
    assert isinstance(outcome, ReviewKept)
    assert outcome.lapsed
    assert await lapse(world) == Lapse.NOT_JUSTIFIED
    alert = (await world.exceptions())[-1]
    assert (alert.kind, alert.severity) == ("emergency-unjustified", "high")
    for login in ("grace", "ada"):
        assert isinstance(await restore(world, login), NotAllowed)
    may = await reviews(world).consider_restoring(
        RestoreEligibility(**await world.intent("sam"), emergency="b-1")
    )
    assert isinstance(may, MayRestore)
    assert (may.reviewed_by, may.words) == ("Grace", "alert earlier")
    assert await restore(world, "sam") == Restored(who="Ada (ada)")
    assert await lapse(world) is None
    again = await restore(world, "sam")
    assert isinstance(again, NothingToRestore)
    assert again.by == "Sam"
    alert = next(one for one in await world.exceptions() if one.kind == "emergency-unjustified")
    assert {"decided_by": "Sam", "rationale": "we spoke"}.items() <= alert.facts.items()


async def test_the_person_never_gives_it_back_to_themselves(world: World) -> None:
    """B-3: though they are of security."""
    await took(world, "sam")
    await review(world, "grace", Finding.NOT_JUSTIFIED)
    assert isinstance(await restore(world, "sam"), NotAllowed)


async def test_a_drill_is_reviewed_alike_and_held_against_nobody(world: World) -> None:
    """B-4: lighter: a low exception, and what it came to lapses nothing; left without a review it lapses alike."""
    await took(world, drill=True)
    await look(world)
    (alert,) = await asked(world)
    assert (alert.severity, alert.facts["drill"]) == ("low", True)
    world.clock.at += 2 * DAY
    assert await lapse(world) == Lapse.OVERDUE
    outcome = await review(world, "sam", Finding.NOT_JUSTIFIED)
    assert isinstance(outcome, ReviewKept)
    assert not outcome.lapsed
    assert await lapse(world) is None
    assert "emergency-unjustified" not in await world.kinds()


async def test_whoever_left_is_reviewed_all_the_same(world: World) -> None:
    await took(world)
    await world.local.drop_account("ada")
    assert isinstance(await review(world, "sam"), ReviewKept)


async def test_what_left_the_catalogue_is_reviewed_by_security(world: World) -> None:
    await took(world, entitlement="gone")
    await look(world)
    assert isinstance(await review(world, "grace"), NotAllowed)
    assert isinstance(await review(world, "sam"), ReviewKept)


async def test_a_button_that_names_no_emergency_is_told_of_and_a_spoilt_row_is_not(world: World) -> None:
    """Whoever clicks what others changed in the database is no forger."""
    assert await review(world, "sam", about="b-9") == Unknown(what="button")
    assert await world.kinds() == ["tampered"]
    await took(world, emergency="b-2")
    await world.ground.database.write(
        lambda tx: tx.connection().execute(text("UPDATE emergencies SET incident = 'INC-1'"))
    )
    assert await review(world, "sam", about="b-2") == Unknown(what="emergency")
    assert await world.kinds() == ["tampered"]


def practised(world: World) -> None:
    things = dict(CATALOGUE.entitlements)
    things["prod-db"] = replace(things["prod-db"], break_glass=("data-owners",))
    world.reopen(catalogue=Catalogue(entitlements=things, owners=CATALOGUE.owners))


async def test_security_hears_once_of_a_drill_that_is_missing_and_that_it_took_place(world: World) -> None:
    """B-4: counted from the last one; off by setting, and where nobody may break glass."""
    await took(world, drill=True)
    month = 30 * DAY
    world.clock.at += month
    await look(world, month)
    assert "drill-missed" not in await world.kinds()
    practised(world)
    await look(world)
    assert "drill-missed" not in await world.kinds()
    await look(world, month)
    await look(world, month)
    beside = EmergencyFollowups(world.ground, Reviewers(world.ground), drill_every=month)
    await world.ground.database.write(beside._tell_of_drill)  # of one that found it missing at the same time
    (alert,) = [one for one in await world.exceptions() if one.kind == "drill-missed"]
    assert (alert.count, alert.facts["days"], alert.severity) == (1, 30, "low")
    assert datetime.fromisoformat(alert.facts["last"])
    await took(world, drill=True, emergency="b-2")
    await look(world, month)
    (alert,) = [one for one in await world.exceptions() if one.kind == "drill-missed"]
    assert "settled" in alert.facts


async def test_a_drill_is_missed_as_well_where_the_first_entries_are_archived(world: World) -> None:
    """B-4, A-17: what is counted from there, if there never was a drill, is the first entry that is here still."""
    practised(world)
    month = 30 * DAY
    await world.ask("ada", "wiki-edit")
    await world.ask("ada", "wiki-edit")
    world.clock.at += month

    def leave(tx: Session) -> dict[str, Any]:
        stated = {"first": 0, "size": 1, "note": "", "frontier": b"", "stay": b""}
        tx.connection().execute(insert(ARCHIVES), stated)
        [first] = tx.connection().execute(select(ENTRIES).where(ENTRIES.c.index == 0)).mappings()
        tx.connection().execute(delete(ENTRIES).where(ENTRIES.c.index == 0))
        return dict(first)

    left = await world.ground.database.write(leave)
    await look(world, month)
    assert "drill-missed" in await world.kinds()

    def put_back(tx: Session) -> None:
        tx.connection().execute(insert(ENTRIES), left)
        tx.connection().exec_driver_sql("DROP TRIGGER audit_archives_delete")
        tx.connection().execute(delete(ARCHIVES))

    await world.ground.database.write(put_back)
