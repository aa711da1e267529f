"""What people type in Slack, from a request to a stop of everything, is in no table once it is erased (A-16)."""

import asyncio

from sqlalchemy import text
from sqlmodel import SQLModel

from handlers.audit import erasing
from handlers.audit.erasable import Plan
from handlers.audit.erasing import OfPerson
from handlers.intents import By, Where
from storage.audit.verification import verify_log
from storage.words_needed import Need
from tests.wire.steps import SECURITY, approve, ask
from tests.wire.test_halting import lift

DATA = "C0DATAOWN"
WHO = ("ada", "alan", "joan", "grace")


def found_in(tx, words: str) -> list[str]:
    """The tables in which this stands."""
    tables = {
        name: str(tx.connection().execute(text(f'SELECT * FROM "{name}"')).all())
        for name in SQLModel.metadata.tables
    }
    return sorted(name for name, rows in tables.items() if words in rows)


async def erase(world, login: str) -> Plan:
    """What the command does for one person; what it found."""

    def work() -> Plan:
        database = world.database
        found = database.read_now(
            lambda tx: erasing.look(tx, OfPerson(account=f"p-{login}"), world.clock.now())
        )
        assert isinstance(found, Plan)
        by = By(name="Olga", why="PRIV-12", where=Where(transport="cli"))
        erasing.erase(database, found, by, whom=f"p-{login}", tell=lambda *_: None)
        return found

    return await asyncio.to_thread(work)


async def test_what_four_people_typed_is_in_no_table_and_its_story_says_erased(world):
    """Beside a running bot, by the rows and entries that it really makes; the log verifies."""
    ada, alan, joan, grace = (world.person(login) for login in WHO)
    await ask(ada, "I need prod-db for 2h because INC-4711 CANARY ill")
    await approve(grace, DATA, "prod-db", "CANARY ok for her")
    active = await grace.sees("Active until", channel=DATA)
    assert (await erase(world, "ada")).left == {Need.HELD: 1}
    await grace.click(active, "grant.end")
    await grace.submit(await grace.sees_view("End"), {"rationale": "CANARY enough"})
    over = await grace.sees("ended", channel=DATA)
    await alan.slash("/wicket", "freeze")
    await alan.submit(await alan.sees_view("Two people of the security team"), {"rationale": "CANARY is in"})
    stopped = await joan.sees("New access is stopped", channel=SECURITY)
    await lift(alan, stopped, "CANARY a drill")
    assert (await erase(world, "alan")).left == {Need.STOPPED: 2}
    await lift(joan, await joan.sees("One of two", channel=SECURITY), "CANARY I asked")
    await joan.sees("Started again by", channel=SECURITY)
    await world.told()
    before = await world.database.read(lambda tx: found_in(tx, "CANARY"))
    assert before == ["approvals", "audit_texts", "exceptions", "freezes", "grants", "lift_words"]
    for login in WHO:
        await erase(world, login)
    assert await world.database.read(lambda tx: found_in(tx, "CANARY")) == []
    assert (await world.database.read(verify_log)).sound
    await grace.click(over, "story.tell")
    told = (await grace.sees_view("What happened")).plain
    assert "erased from the record" in told
    assert "CANARY" not in told
