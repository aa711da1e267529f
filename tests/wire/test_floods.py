"""A flood of exceptions over the wire, into a channel that takes one message a second; and what goes outside Slack."""

import asyncio
import time

from sqlmodel import func, select

from storage.floods import ALONE
from storage.records import ExceptionRecord
from tests.wire.hostile import clicked
from tests.wire.steps import SECURITY

MANY = 40


def guests(world) -> list[str]:
    """Accounts that Wicket turns away, each of which is an exception."""
    for number in range(MANY):
        world.slack.add_user(
            f"U0GUEST{number}",
            name=f"guest{number}",
            real_name=f"Guest {number:02}",
            email="",
            is_restricted=True,
        )
    return [f"U0GUEST{number}" for number in range(MANY)]


async def test_a_flood_is_one_line_and_what_is_grave_is_told_at_once(world):
    """O-7, promise 2: each refusal is on the record, each exception has its row, and the channel can be read."""
    alan, ada = world.person("alan"), world.person("ada")
    world.slack.faults.one_a_second()
    words = [world.slack.person(user).slash("/wicket", "what access do I have?") for user in guests(world)]
    flood = asyncio.gather(*words)
    await alan.sees("Turned away: Guest", channel=SECURITY)
    began = time.monotonic()
    await world.slack.send(clicked("U0ADA", "approval.approve", "g-never-made"), kind="interactive")
    grave = await alan.sees("sent by Ada Lovelace", channel=SECURITY, timeout=10)
    told_within = time.monotonic() - began
    await flood
    lead = await alan.sees(
        f"And {MANY - ALONE} more of one kind: somebody turned away", channel=SECURITY, timeout=60
    )
    assert f"about {MANY - ALONE} people" in lead.plain
    assert "wicket exceptions --kind not-a-person" in lead.plain
    told = [one for one in alan.messages(SECURITY) if one.says("urned away")]
    assert len(told) == ALONE + 1
    assert grave.ts < told[-1].ts
    assert told_within < 5  # after those that are told alone it would come in twice as long
    assert (await world.actions()).count("identity.refused refused") == MANY
    rows = await world.database.read(
        lambda tx: tx.exec(
            select(func.count())
            .select_from(ExceptionRecord)
            .where(ExceptionRecord.cause.startswith("not-a-person"))
        ).one()
    )
    assert rows == MANY
    await ada.say("help")
    await ada.sees("Things you can say to me")


async def test_what_nobody_acknowledges_is_mailed_to_who_is_on_duty(world):
    """O-6: and what somebody acknowledged is not."""
    alan = world.person("alan")
    await world.slack.send(clicked("U0ADA", "approval.approve", "g-never-made"), kind="interactive")
    await world.slack.send(clicked("U0BOB", "approval.approve", "g-never-made"), kind="interactive")
    taken = await alan.sees("sent by Bob", channel=SECURITY)
    await alan.sees("sent by Ada", channel=SECURITY)
    await alan.click(taken, "exception.acknowledge")
    await alan.sees("sent by Bob", "cknowledged", channel=SECURITY)
    world.clock.skip(minutes=15)
    shown = await alan.sees("sent by Ada", "in time: sent by mail", channel=SECURITY, timeout=20)
    assert "Acknowledged" not in shown.plain
    [mail] = world.phones.mailbox("U0JOAN")
    assert mail["subject"].endswith("Ada Lovelace (ada)")
    assert "Nobody acknowledged it in Slack within 15 minutes." in mail["text"]
    assert (await world.actions()).count("exception.escalated done") == 1
