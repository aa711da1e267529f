"""The couriers out of Slack, against real receivers: at least once, recorded, shown, stopped in time."""

import base64
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import sqlalchemy as sa
from prometheus_client import CollectorRegistry
from sqlmodel import select

from bot.couriers.incidents import Mailing, Webhook
from bot.couriers.mail import Smtp
from bot.couriers.outside import TELL_AFTER, OutsideCourier
from bot.couriers.rendering import Rendering
from bot.metrics import Metrics
from bot.settings.incidents import read_keys
from bot.slack.door import PageLinks
from handlers.exceptions.escalating import Escalating
from handlers.exceptions.outside import Outside
from storage import exception_work as work
from storage.clock import utc_now
from storage.exceptions import raise_exception
from storage.records import ExceptionRecord, Owed
from tests.bot.couriers.receivers import Receiver, receiving
from tests.bot.couriers.test_mail import Mailbox, mailing
from tests.handlers.access_ground import World
from tests.handlers.access_ground import world as open_world

SECRET = f"whsec_{base64.b64encode(b's' * 32).decode()}"
AFTER = timedelta(minutes=15)
ADA = work.Worker(directory="staff", account="p-ada", name="Ada Lovelace")


@dataclass
class Out:
    """The two channels, their couriers, and what stands behind them."""

    world: World
    receiver: Receiver
    mailbox: Mailbox
    rendering: Rendering
    escalating: Escalating
    webhook: OutsideCourier
    mail: OutsideCourier

    async def raised(
        self,
        *,
        severity: str = "high",
        cause: str = "t",
        kind: str = "tampered",
        facts: Mapping[str, Any] = {},
    ) -> ExceptionRecord:
        return await self.world.ground.database.write(
            lambda tx: raise_exception(
                tx, at=self.world.clock(), kind=kind, cause=cause, severity=severity, who="Eve <b>Example</b>",
                correlation="g-1", facts=facts,
            )
        )  # fmt: skip

    async def unheeded(self, cause: str = "t") -> ExceptionRecord:
        """One whose time is over, owed."""
        row = await self.raised(cause=cause)
        self.world.clock.forward(minutes=15)
        await self.escalating.owe_due()
        return row

    async def acknowledge(self, row: ExceptionRecord) -> None:
        await self.world.ground.database.write(
            lambda tx: work.acknowledge(tx, tx.get_one(ExceptionRecord, row.id), ADA, at=self.world.clock())
        )

    async def owed(self, courier: str) -> list[Owed]:
        return [one for one in await self.world.rows(Owed) if one.courier == f"outside:{courier}"]

    async def message(self, row: ExceptionRecord) -> str:
        found = [
            one for one in await self.world.rows(Owed) if one.subject == row.id and one.courier == "slack"
        ]
        message = await self.rendering.message(found[0])
        assert message is not None
        return message.text


@pytest.fixture
async def out(tmp_path: Path) -> AsyncIterator[Out]:
    async with (
        open_world(tmp_path) as world, receiving(SECRET) as receiver, mailing() as mailbox,
        aiohttp.ClientSession() as session,
    ):  # fmt: skip
        pages = PageLinks(public_url="http://localhost", handles=world.handles, minutes=10)
        rendering = Rendering(world.ground, checks=world.checks, pages=pages)
        smtp = Smtp(host="127.0.0.1", port=mailbox.port, sender="w@example.com", encryption="none")
        webhook = Webhook(session, receiver.url, keys=read_keys(SECRET) or (), now=utc_now, within=0.5)

        def courier(channel: Outside) -> OutsideCourier:
            return OutsideCourier(
                world.ground, channel, write=partial(rendering.notice, minutes=15),
                metrics=Metrics.in_registry(CollectorRegistry()), chance=lambda: 1.0,
            )  # fmt: skip

        yield Out(
            world, receiver, mailbox, rendering,
            Escalating(world.ground, channels=["webhook", "mail"], after=AFTER),
            courier(webhook), courier(Mailing(smtp, ["duty@example.com"], now=utc_now)),
        )  # fmt: skip


async def test_what_nobody_acknowledged_is_told_in_each_channel_once(out: Out) -> None:
    """O-6: recorded, and shown on its own message."""
    row = await out.unheeded()
    for _ in range(2):
        await out.escalating.owe_due()
        await out.webhook.deliver_due()
        await out.mail.deliver_due()
    [notice] = [taken["data"] for taken in out.receiver.taken]
    assert (notice["id"], notice["kind"]) == (f"{row.id}-0-webhook", "exception.tampered")
    assert notice["title"] == "click or form that was never made: Eve <b>Example</b>"
    assert notice["told"].endswith("Nobody acknowledged it in Slack within 15 minutes.")
    assert "Eve <b>Example</b>" in notice["told"]
    assert out.mailbox.to == [("duty@example.com", f"Wicket: {notice['title']}")]
    assert await out.world.actions("exception") == ["exception.escalated done"] * 2
    assert "in time: sent by mail (" in await out.message(row)
    assert "and to the incident tool (" in await out.message(row)


SAID = "Eve's laptop was stolen in Ghent"
WORD = {"name": "Sam", "at": "2026-11-03T14:02:00+00:00", "why": SAID, "operator": False}


@pytest.mark.parametrize(
    ("kind", "facts"),
    [
        ("access-stopped", {"kind": "emergency", "by": "Linus", "why": SAID, "words": [WORD]}),
        ("not-me", {"door": "security", "by": "Linus", "why": SAID}),
        ("emergency-unjustified", {"reviewer": "Linus", "incident": "INC-1", "words": SAID}),
    ],
)
async def test_what_a_person_wrote_stays_in_slack(out: Out, kind: str, facts: dict[str, Any]) -> None:
    """O-5: why somebody stopped, revoked or reviewed is free text, and may hold anything."""
    row = await out.raised(kind=kind, facts=facts)
    assert SAID in await out.message(row)
    notice = await out.rendering.notice(row.id, f"{row.id}-0-webhook", 15)
    assert notice is not None
    assert "Linus" in notice.told
    assert "Ghent" not in f"{notice.title}{notice.told}"


async def test_what_somebody_acknowledged_is_not_told(out: Out) -> None:
    """O-6: neither before it is owed, nor after."""
    row = await out.raised()
    await out.acknowledge(row)
    out.world.clock.forward(minutes=15)
    await out.escalating.owe_due()
    assert await out.owed("webhook") == []
    other = await out.unheeded("another")
    await out.acknowledge(other)
    assert await out.webhook.deliver_due() == 0
    assert (out.receiver.asked, await out.owed("webhook")) == (0, [])
    assert await out.world.actions("exception") == []


async def test_a_channel_that_refuses_first_is_told_again_with_the_same_id(out: Out) -> None:
    """O-6: 500, then 200."""
    await out.unheeded()
    out.receiver.answers = [500]
    assert await out.webhook.deliver_due() == 0
    assert await out.webhook.deliver_due() == 0  # not before its time
    out.world.clock.forward(seconds=2)
    assert await out.webhook.deliver_due() == 1
    assert len(set(out.receiver.ids)) == 1
    assert len(out.receiver.ids) == 2


async def test_a_channel_that_takes_nothing_is_told_in_slack_and_to_the_other(out: Out) -> None:
    """O-6: tried for as long as nobody acknowledges; told once, and over when it takes something again."""
    row = await out.unheeded()
    out.receiver.hangs = True
    for _ in range(TELL_AFTER + 2):
        await out.webhook.deliver_due()
        out.world.clock.forward(minutes=5)
    [told] = [one for one in await out.world.rows(ExceptionRecord) if one.kind == "undeliverable"]
    assert (told.severity, told.count, told.facts["channel"]) == ("high", 1, "webhook")
    assert "could not be reached" in await out.message(told)
    out.world.clock.forward(minutes=15)
    await out.escalating.owe_due()
    assert [one.subject for one in await out.owed("webhook")] == [row.id]
    assert [one.subject for one in await out.owed("mail")] == [row.id, told.id]
    out.receiver.hangs = False
    assert await out.webhook.deliver_due() == 1
    [told] = [one for one in await out.world.rows(ExceptionRecord) if one.kind == "undeliverable"]
    assert told.state == "resolved"
    assert "message.undeliverable failed" in await out.world.actions("message")


async def test_what_two_replicas_told_is_recorded_once(out: Out) -> None:
    """O-6, promise 6: the lease ran out under the one that hung; both told it, with one id."""
    await out.unheeded()
    first = (await out.owed("webhook"))[0]
    out.receiver.answers = [200, 200]
    assert await out.webhook.deliver_due() == 1
    await out.world.ground.database.write(lambda tx: tx.add(Owed(**first.model_dump(exclude={"id"}))))
    rows = await out.world.ground.database.read(lambda tx: tx.exec(select(Owed)).all())
    assert [one for one in rows if one.courier == "outside:webhook"]
    await out.webhook.deliver_due()
    assert len(set(out.receiver.ids)) == 1


async def test_an_alert_that_other_hands_changed_is_shown_nowhere(out: Out) -> None:
    """T-9: whoever decides by its buttons reads nothing that Wicket did not write."""
    row = await out.raised(kind="access-stopped", facts={"freeze": "z-1", "kind": "mismatch"})
    (owed,) = [one for one in await out.world.rows(Owed) if one.subject == row.id]
    assert await out.rendering.message(owed) is not None
    await out.world.ground.database.write(
        lambda tx: tx.connection().execute(sa.text("UPDATE exceptions SET who = 'Bob'"))
    )
    assert await out.rendering.message(owed) is None
    assert await out.rendering.notice(row.id, "x", 15) is None
