"""What somebody typed is erased wherever it stands, on record, unless it is needed; the log stays sound (A-16)."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session, SQLModel

from handlers.audit import erasing
from handlers.audit.erasable import Plan
from handlers.audit.erasing import Erased, NobodyKnown, NoSuchEntry, NoSuchText, OfEntry, OfPerson
from handlers.intents import AnswerInquiry, By, Inquire, Where
from handlers.recording import OPERATOR, record
from handlers.requests.inquiries import Inquiries
from storage import lift_words, records
from storage.audit import entry as audit
from storage.audit import log
from storage.audit.verification import verify_log
from storage.clock import utc_now
from storage.database import Database
from storage.engine.stores import Server
from storage.free_text_places import ERASED, places
from storage.records import ExceptionRecord, Grant
from storage.states import ExceptionState, GrantState
from storage.words_needed import Need
from tests.handlers import access_ground
from tests.handlers.access_ground import MACS, World
from tests.handlers.made_once import copy_empty_database

CANARY = "my mother is ill, CANARY-4711"
CLI = Where(transport="cli")
BY = By(name="Olga", why="PRIV-12", where=CLI)
NOW = utc_now()
AT = NOW - timedelta(days=60)
ADA, GRACE = "p-ada", "p-grace"
STORIES = ("g1", "h1", "b1", "b2", "f1", "x1")
# Of these rows nothing is erased as long as they are there.
STAYING = {"standings", "passkeys"}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with access_ground.world(tmp_path) as made:
        yield made


@pytest.fixture
def database(tmp_path: Path, server: Server | None) -> Any:
    if server is None:
        copy_empty_database(tmp_path / "wicket.db")
    made = Database(server or tmp_path / "wicket.db", macs=MACS)
    yield made
    made.close()


def row(table: type[Any], **said: Any) -> Any:
    """A row that says this, and of all else what says nothing."""
    plain: dict[str, Any] = {}
    for column in table.__table__.columns:
        if (
            column.name in said
            or column.nullable
            or column.default is not None
            or column.server_default is not None
        ):
            continue
        kind = column.type.python_type if not hasattr(column.type, "impl") else None
        name = type(column.type).__name__
        plain[column.name] = (
            AT if name == "UtcMicros" else "" if name == "SentenceText" else [] if "Json" in name or name == "JSON"
            else kind() if kind else ""
        )  # fmt: skip
    return table(**{**plain, **said})


def everywhere(tx: Session, who: str = ADA, words: str = CANARY) -> None:
    """One row of every kind in which people's words stand, all typed by one person, and all of it over."""
    h, r = {"handle": "h1"}, records
    whose = {"directory": "staff", "account": who}
    for one in (
        row(r.Handle, id="h1", **whose),
        row(r.Freeze, id="f1", lifted_at=AT, rationale=words, facts={}),
    ):
        tx.add(one)
    tx.add(
        row(
            Grant, id="g1", state=GrantState.ENDED, **whose, requester_directory="staff", requester_account=who,
            justification=words, ticket=words, end_rationale=words, missing={},
        )
    )  # fmt: skip
    tx.flush()
    tx.add(row(r.Alarm, **h, **whose, lifted_at=AT, rationale=words))
    tx.add(row(r.Petition, id="h1", **whose, explanation=words, end_words=words, ended_at=AT, missing={}))
    tx.flush()
    for one in (
        row(r.Approval, id="a1", grant="g1", approver=who, rationale=words),
        row(r.Inquiry, id="q1", grant="g1", asker=who, question=words, answer=words),
        row(r.StepUp, **h, about="g1", rationale=words),
        row(r.Attestation, petition="h1", **whose, rationale=words),
        row(
            r.Emergency, id="b1", **whose, state="granted", reason=words, review_words=words, reviewed_by=who,
            reviewed_at=AT, handle="h1",
        ),
        row(r.RestoreWord, emergency="b2", **whose, rationale=words, settles=True),
        row(r.LiftWord, freeze="f1", **whose, rationale=words),
        row(r.Vouching, id="v1", **h, **whose, voucher=who, ticket=words, ended_at=AT),
        row(r.DeskAct, id="d1", **h, **whose, helper=who, ticket=words),
        row(r.ProofChange, id="c1", **h, name=words),
        row(
            ExceptionRecord, id="x1", correlation="f1", words=words, state=ExceptionState.RESOLVED, count=1,
            facts={"why": words, "words": [{"name": "Ada", "why": words}], "left": 3},
        ),
    ):  # fmt: skip
        tx.add(one)
    tx.flush()
    for story in STORIES:
        said(tx, story, who, words)


def said(tx: Session, story: str, who: str = ADA, words: str = CANARY, **more: Any) -> str:
    """An entry of theirs, with these words."""
    plain: dict[str, Any] = {
        "at": AT, "action": "grant.requested", "outcome": "done", "where": CLI, "correlation": story, "subject": who,
        "actor": audit.Actor(type="person", id=who), "texts": {"justification": words},
    }  # fmt: skip
    return record(tx, **{**plain, **more})


def dump(tx: Session) -> str:
    """All that stands in any table."""
    found = (
        tx.connection().execute(text(f'SELECT * FROM "{name}"')).all() for name in SQLModel.metadata.tables
    )
    return "\n".join(str(tuple(one)) for table in found for one in table)


def looked(database: Database, wanted: OfPerson | OfEntry) -> Any:
    return database.read_now(lambda tx: erasing.look(tx, wanted, NOW))


def erased(database: Database, wanted: OfPerson | OfEntry) -> Erased:
    found = looked(database, wanted)
    assert isinstance(found, Plan), found
    return erasing.erase(database, found, BY, whom=getattr(wanted, "account", None), tell=lambda *_: None)


@pytest.mark.both_engines
def test_nothing_that_somebody_typed_stands_in_any_table(database: Database) -> None:
    database.write_now(everywhere)
    before = database.read_now(dump)
    tables = {one.table for one in places()} - STAYING
    assert all(CANARY in str(database.read_now(lambda tx, name=name: tx.connection().execute(
        text(f'SELECT * FROM "{name}"')).all())) for name in tables)  # fmt: skip
    done = erased(database, OfPerson(account=ADA))
    after = database.read_now(dump)
    assert (before.count(CANARY), CANARY in after, done.texts) == (28, False, len(STORIES))
    assert database.read_now(verify_log).sound
    again = looked(database, OfPerson(account=ADA))
    assert (again.size, again.left) == (0, {})


def test_a_signed_row_counts_after_its_words_are_erased_and_a_forged_one_does_not(tmp_path: Path) -> None:
    """T-9: a MAC is over the words; who erases them signs what was genuine, and nothing else."""
    copy_empty_database(tmp_path / "wicket.db")
    database = Database(tmp_path / "wicket.db", macs=MACS)
    forged = "UPDATE restore_words SET emergency = 'b3' WHERE account = 'p-eve'"

    def two(tx: Session) -> None:
        for who in (ADA, "p-eve"):
            tx.add(
                row(
                    records.RestoreWord,
                    emergency="b2",
                    directory="staff",
                    account=who,
                    rationale=CANARY,
                    settles=True,
                )
            )
            said(tx, "b2", who)
            said(tx, "b3", who)

    database.write_now(two)
    database.write_now(lambda tx: tx.connection().execute(text(forged)))
    for who in (ADA, "p-eve"):
        erased(database, OfPerson(account=who))
    assert CANARY not in database.read_now(dump)
    kept = database.read_now(lambda tx: [one.account for one in lift_words.of_lost(tx, ["b2", "b3"])])
    database.close()
    assert kept == [ADA]


def test_what_others_typed_stays_and_with_about_what_they_typed_about_somebody_goes(
    database: Database,
) -> None:
    theirs = "she told me CANARY-0815"

    def work(tx: Session) -> None:
        everywhere(tx)
        tx.add(row(records.Approval, id="a2", grant="g1", approver=GRACE, rationale=theirs))
        said(tx, "g1", GRACE, theirs, subject=ADA, action="approval.given", texts={"rationale": theirs})

    database.write_now(work)
    erased(database, OfPerson(account=ADA))
    assert database.read_now(dump).count("CANARY-0815") == 2
    erased(database, OfPerson(account=ADA, about=True))
    assert "CANARY" not in database.read_now(dump)
    assert (
        looked(database, OfPerson(account=ADA, about=True)).size == 0
    )  # nor why it was erased, again and again


NEEDED = {
    Need.HELD: "UPDATE grants SET state = 'active'",
    Need.OPEN: "UPDATE grants SET state = 'pending'",
    Need.REVIEW: "UPDATE emergencies SET reviewed_at = NULL, \"grant\" = 'g1'",
    Need.STOPPED: "UPDATE freezes SET lifted_at = NULL",
    Need.EXCEPTION: "UPDATE exceptions SET state = 'open'",
    Need.COUNTED: f"UPDATE desk_acts SET at = {int(NOW.timestamp() - 86400) * 1_000_000}",
}


@pytest.mark.parametrize("need", NEEDED)
def test_what_is_still_needed_is_left_and_told_and_goes_once_it_is_over(
    database: Database, need: Need
) -> None:
    """Promise 9: whoever decides or reviews sees why it was asked."""
    database.write_now(everywhere)
    database.write_now(lambda tx: tx.connection().execute(text(NEEDED[need])))
    left = sum(looked(database, OfPerson(account=ADA)).left.values())
    assert set(looked(database, OfPerson(account=ADA)).left) == {need}
    assert erased(database, OfPerson(account=ADA)).texts == len(STORIES) - left
    assert database.read_now(dump).count(CANARY) > left
    over = (
        "UPDATE grants SET state = 'ended'", "UPDATE emergencies SET reviewed_at = 1",
        "UPDATE freezes SET lifted_at = 1", "UPDATE exceptions SET state = 'resolved'", "UPDATE desk_acts SET at = 1",
    )  # fmt: skip
    for statement in over:
        database.write_now(lambda tx, one=statement: tx.connection().execute(text(one)))
    assert erased(database, OfPerson(account=ADA)).texts == left
    assert CANARY not in database.read_now(dump)


def test_a_fact_that_only_reads_like_their_words_stays(database: Database) -> None:
    """Messages are made of facts: a kind is a kind, whatever somebody typed beside it."""
    facts = {"kind": "resets", "why": "resets", "words": [{"name": "resets", "why": "resets"}], "by": ""}

    def work(tx: Session) -> None:
        tx.add(
            row(
                ExceptionRecord,
                id="x1",
                correlation="f1",
                state=ExceptionState.RESOLVED,
                count=1,
                facts=facts,
            )
        )
        said(tx, "f1", words="resets")
        said(tx, "f1", words="")

    database.write_now(work)
    erased(database, OfPerson(account=ADA))
    kept = database.read_now(lambda tx: tx.get(ExceptionRecord, "x1"))
    assert kept is not None
    assert kept.facts == {
        "kind": "resets",
        "why": ERASED,
        "words": [{"name": "resets", "why": ERASED}],
        "by": "",
    }


def test_the_name_of_a_passkey_that_is_there_stays(database: Database) -> None:
    def work(tx: Session) -> None:
        tx.add(row(records.Handle, id="h1", directory="staff", account=ADA))
        tx.add(row(records.Passkey, id="k1", directory="staff", account=ADA, name=CANARY))
        said(tx, "h1", action="proofs.changed", texts={"name": CANARY})
        said(tx, "h1", action="proofs.changed", texts={"name": "an old one"})

    database.write_now(work)
    found = looked(database, OfPerson(account=ADA))
    assert (found.kinds, found.left) == ({"name": 1}, {Need.STANDS: 1})
    erased(database, OfPerson(account=ADA))
    assert (CANARY in database.read_now(dump), "an old one" in database.read_now(dump)) == (True, False)


def test_one_text_of_one_entry_goes_with_its_copies_and_nothing_else_of_the_story(database: Database) -> None:
    def work(tx: Session) -> str:
        tx.add(
            row(
                Grant, id="g1", state=GrantState.DENIED, requester_account=ADA, justification=f"INC-7 {CANARY}",
                ticket="INC-7", missing={},
            )
        )  # fmt: skip
        return said(tx, "g1", texts={"justification": f"INC-7 {CANARY}", "ticket": "T-2"})

    entry = database.write_now(work)
    assert isinstance(looked(database, OfEntry(entry="e-none")), NoSuchEntry)
    assert looked(database, OfEntry(entry=entry, name="rationale")) == NoSuchText(
        names=["justification", "ticket"]
    )
    assert erased(database, OfEntry(entry=entry, name="justification")) == Erased(texts=1, elsewhere=2)
    kept = database.read_now(lambda tx: tx.get(Grant, "g1"))
    assert (kept.justification, kept.ticket) == (ERASED, ERASED)
    stored = database.read_now(lambda tx: log.row(tx, entry))
    assert stored is not None
    assert (stored.texts["justification"].text, stored.texts["ticket"].text) == (None, "T-2")
    assert looked(database, OfEntry(entry=entry, name="justification")).size == 0


def test_each_text_has_its_record_in_its_transaction_and_one_entry_says_why(database: Database) -> None:
    """Promise 2: of an erasure that is broken off, what is gone is on record, and the rest is there."""

    def many(tx: Session) -> None:
        for number in range(erasing.AT_A_TIME + 5):
            said(tx, f"g{number}")

    database.write_now(many)
    found = looked(database, OfPerson(account=ADA))

    def stop(done: int, total: int | None) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        erasing.erase(database, found, BY, whom=ADA, tell=stop)
    entries = database.read_now(lambda tx: log.rows(tx, limit=1000))
    records_ = [one for one in entries if one.action == audit.TEXT_ERASED]
    gone = {one.id: kept.erased_by for one in entries for kept in one.texts.values() if kept.erased_by}
    assert len(gone) == erasing.AT_A_TIME
    assert {one.said()["facts"]["entry"]: one.id for one in records_} == gone
    (begun,) = [one for one in entries if one.action == erasing.BEGUN]
    assert {one.correlation for one in records_} == {begun.correlation}
    assert (begun.texts["rationale"].text, begun.texts["by"].text, begun.subject) == ("PRIV-12", "Olga", ADA)
    assert begun.actor == OPERATOR.id
    assert database.read_now(verify_log).sound
    assert erased(database, OfPerson(account=ADA)).texts == 5


def test_somebody_whom_the_record_does_not_know_is_told_of(database: Database) -> None:
    assert isinstance(looked(database, OfPerson(account="p-nobody")), NobodyKnown)
    database.write_now(lambda tx: said(tx, "g1", texts={}))
    assert looked(database, OfPerson(account=ADA)).size == 0


async def test_a_real_request_from_its_question_to_its_end_holds_none_of_their_words(world: World) -> None:
    """The handlers' own rows and entries, with what an approver asked and why security ended it."""
    await world.ask("ada", "prod-db", why=f"INC-1 {CANARY}")
    (grant,) = [one.id for one in await world.rows_of_grants()]
    inquiries = Inquiries(world.ground)
    await inquiries.ask(Inquire(**await world.intent("grace"), grant=grant, question=f"Really? {CANARY}"))
    (asked,) = await world.rows(records.Inquiry)
    await inquiries.answer(
        AnswerInquiry(**await world.intent("ada"), inquiry=asked.id, answer=f"Yes. {CANARY}")
    )
    await world.decide("grace", grant, rationale=CANARY)
    await world.settle()
    database = world.ground.database
    held = database.read_now(lambda tx: erasing.look(tx, OfPerson(account="ada"), world.clock()))
    assert isinstance(held, Plan)
    assert (held.size, held.left) == (0, {Need.HELD: 2})
    await world.end("grace", grant, rationale=CANARY)
    await world.settle()
    for who in ("ada", "grace"):
        found = database.read_now(lambda tx, who=who: erasing.look(tx, OfPerson(account=who), world.clock()))
        assert isinstance(found, Plan)
        erasing.erase(database, found, BY, whom=who, tell=lambda *_: None)
    assert "CANARY" not in database.read_now(dump)
    assert await world.sound()


def test_of_one_entry_too_the_reason_of_a_membership_that_stands_is_left(database: Database) -> None:
    def work(tx: Session) -> str:
        tx.add(row(records.Standing, id="s1", declared_by=ADA, rationale=CANARY))
        return said(tx, "x1", action="drift.declared", texts={"rationale": CANARY})

    entry = database.write_now(work)
    found = looked(database, OfEntry(entry=entry))
    assert (found.size, found.left) == (0, {Need.STANDS: 1})
    database.write_now(lambda tx: tx.connection().execute(text("DELETE FROM standings")))
    assert erased(database, OfEntry(entry=entry)).texts == 1


def test_what_has_come_to_be_needed_since_it_was_shown_is_left(database: Database) -> None:
    """Between the question and the answer somebody may be given it anew."""
    database.write_now(everywhere)
    found = looked(database, OfPerson(account=ADA))
    database.write_now(lambda tx: tx.connection().execute(text(NEEDED[Need.HELD])))
    done = erasing.erase(database, found, BY, whom=ADA, tell=lambda *_: None)
    kept = database.read_now(lambda tx: tx.get(Grant, "g1"))
    assert kept is not None
    assert (done.texts, kept.justification) == (len(STORIES) - 1, CANARY)
