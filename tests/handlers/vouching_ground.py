"""The secure page with people who can vouch for each other: a manager, a help desk, a report, and time that passed.

Ada reports to Gil, and Gil to Ina. Bob is on the help desk, and so is Dee, who reports to Ada. Nobody else is anybody.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Literal

from sqlmodel import Session

from handlers.alarms.raising import Alarms
from handlers.decisions.vouching import VouchingLimits
from handlers.ground import Ground
from handlers.intents import Actor, Vouch, Where
from handlers.secure_page.visits import Proven, Refused, Visitor
from handlers.vouching.being_vouched import BeingVouched, code_of
from handlers.vouching.cooling import Cooling
from handlers.vouching.giving import Vouching
from handlers.vouching.outcomes import Outcome, ProveFirst
from handlers.vouching.vouchers import Vouchers
from storage import alarms
from storage.alarms import Effect
from storage.catalogue import Catalogue
from storage.engine.stores import Server
from storage.handles import make_handle, move
from storage.records import ExceptionRecord
from storage.records import Vouching as Row
from storage.states import Purpose, Result
from tests.handlers.page_ground import OLD_PASSWORD, World, world

SLACK = Where(transport="socket", channel="D1")
LIMITS = VouchingLimits()


@dataclass
class Company:
    """The page and what vouches on it."""

    page: World
    ground: Ground
    vouching: Vouching
    being: BeingVouched
    cooling: Cooling
    alarms: Alarms
    count: int = 0

    async def actor(self, login: str) -> Actor:
        """Somebody in Slack, as the directory has them now."""
        account = await self.page.local.account(login)
        assert account is not None
        return Actor(account=account, slack_team="T1", slack_user=f"U{login}")

    async def visit(self, login: str = "ada", purpose: Purpose = Purpose.RESET) -> Visitor:
        """They open a link in a browser of their own."""
        return replace(await self.page.opened(purpose, login), form_cookie=f"browser of {login}")

    async def ask(self, login: str = "ada", visitor: Visitor | None = None) -> str:
        """They ask to be vouched for; the code that their page shows."""
        visitor = visitor or await self.visit(login)
        assert await self.being.ask(visitor)
        shown = await self.being.shown(visitor)
        assert shown is not None
        return shown.code

    async def send(
        self,
        by: str,
        code: str,
        *,
        whom: str = "ada",
        spoken: str = "in_person",
        ticket: str = "",
        delivery: str = "",
    ) -> Outcome:
        """The form is sent once."""
        self.count += 1
        return await self.vouching.vouch(
            Vouch(
                actor=await self.actor(by), where=SLACK, delivery=delivery or f"view:{self.count}",
                whom=f"U{whom}", code=code.replace(" ", ""), spoken=spoken, ticket=ticket,
            )
        )  # fmt: skip

    async def prove(self, by: str, handle: str) -> Proven | Refused:
        """They show their authenticator by this handle."""
        self.page.clock.forward(seconds=61)
        visitor = Visitor(text=self.page.ground.handles.handle_text(handle))
        return await self.page.proving.give_totp(visitor, self.page.code(by))

    async def vouch(self, by: str, code: str, *, whom: str = "ada", **form: str) -> Outcome:
        """The form is sent, the voucher proves who they are, and it is sent again."""
        delivery = form.pop("delivery", "") or f"form:{by}:{self.count}"
        first = await self.send(by, code, whom=whom, delivery=delivery, **form)
        if not isinstance(first, ProveFirst):
            return first
        assert isinstance(await self.prove(by, first.handle), Proven)
        return await self.send(by, code, whom=whom, delivery=delivery, **form)

    async def vouched(self, by: str = "gil", *, cooled: bool = True) -> Row:
        """Ada asked, and somebody vouched. cooled: its time came as well."""
        await self.vouch(by, await self.ask(), ticket="INC-1")
        if cooled:
            self.page.clock.forward(minutes=61)
        return await self.row()

    async def give(
        self, login: str = "ada", *, visitor: Visitor | None = None
    ) -> tuple[Visitor, Proven | Refused]:
        """They come back by a new link, have a code sent by mail, and type it."""
        visitor = visitor or await self.visit(login)
        await self.page.proving.send_mail_code(visitor)
        answer = await self.being.give(visitor, await self.page.mailed())
        session = answer.session if isinstance(answer, Proven) else ""
        return replace(visitor, session=session), answer

    async def happened(self, way: Literal["reset", "reported"], login: str) -> None:
        """Their password was reset just now, or somebody said that another is in their account."""

        def work(tx: Session) -> None:
            at = self.page.clock()
            handle = make_handle(
                tx, at=at, expires_at=at, purpose=Purpose.RESET, directory="staff", account=login, slack_team="T1",
                slack_user=f"U{login}",
            )  # fmt: skip
            if way == "reset":
                move(tx, handle.id, was=Result.OPEN, now=Result.DONE, at=at)
            else:
                alarms.sound(
                    tx, handle=handle.id, directory="staff", account=login, name=login, door="slack",
                    disabled=Effect.UNABLE, at=at,
                )  # fmt: skip

        await self.page.ground.database.write(work)

    async def row(self) -> Row:
        """The newest asking."""
        rows: list[Row] = await self.page.rows(Row)
        return max(rows, key=lambda one: one.id)

    async def code(self) -> str:
        """The newest code."""
        return code_of(self.page.ground.vault, (await self.row()).id)

    async def reasons(self) -> list[str]:
        """Of the exceptions about vouching."""
        found = [one for one in await self.page.rows(ExceptionRecord) if one.kind == "vouching"]
        return [str(one.facts["reason"]) for one in found]


async def _staff(page: World) -> None:
    await page.local.add_account(
        "dee", login="dee", name="Dee Dee", mail="dee@example.com", password=OLD_PASSWORD, manager="ada"
    )
    for login, manager in (("ada", "gil"), ("gil", "ina")):
        await page.local.change_account(login, manager=manager)
    await page.local.add_group("help-desk")
    for login in ("bob", "dee"):
        await page.local.add_member(login, "help-desk")
    await page.linked("dee")
    page.clock.forward(hours=96)
    for login in ("gil", "bob", "dee"):
        await page.enrol(login)


@asynccontextmanager
async def company(
    folder: Path, *, server: Server | None = None, limits: VouchingLimits = LIMITS
) -> AsyncIterator[Company]:
    """Everybody was linked four days ago; whoever vouches has an authenticator."""
    async with world(folder, server=server, enrolled=False, earlier=_staff) as page:
        ground = Ground(
            database=page.ground.database,
            policy=page.ground.policy,
            catalogue=Catalogue(owners={}, entitlements={}),
            directories=page.ground.directories,
            security_group="security-team",
            lapse_after=timedelta(hours=24),
            now=page.clock,
            help_desk="help-desk",
        )
        page.ground = replace(page.ground, vouching=limits, objection=Vouchers(ground).objection)
        page.__post_init__()
        yield Company(
            page=page,
            ground=ground,
            vouching=Vouching(ground, page.ground.vault, limits),
            being=BeingVouched(page.ground),
            cooling=Cooling(page.ground),
            alarms=Alarms(ground, page.ground),
        )
