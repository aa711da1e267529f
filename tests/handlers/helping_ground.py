"""The company of seven with a help desk: Linus is on it and serves Payments in Oslo, which Ada, Eve and Charles are of.

Grace is of another team. Everybody has a linked Slack account, called U and their login.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from handlers.decisions.helping import Act, Desk, HelpDesks
from handlers.help_desk.helping import Helping
from handlers.help_desk.outcomes import ConsiderHelp, HelpFor, MayHelp, NotOfDesk, Outcome
from handlers.secure_page.visits import PageGround
from storage import links
from storage.engine.stores import Server
from storage.records import DeskAct
from tests.handlers.access_ground import STAFF, World
from tests.handlers.access_ground import world as open_world

OSLO = Desk(
    id="oslo",
    name="the Oslo desk",
    group="help-desk",
    may=frozenset(Act),
    teams=frozenset({"Payments"}),
    locations=frozenset({"Oslo"}),
)
BERLIN = Desk(
    id="berlin",
    name="the Berlin desk",
    group="help-desk-berlin",
    may=frozenset({Act.UNLOCK}),
    locations=frozenset({"Berlin"}),
)
DESKS = HelpDesks(desks=(OSLO, BERLIN))


@dataclass
class Desks:
    """What the help desk does."""

    world: World
    helping: Helping
    count: int = field(default=0)

    async def help(
        self,
        act: Act = Act.UNLOCK,
        whom: str = "ada",
        *,
        by: str = "linus",
        ticket: str = "INC-1234",
        why: str = "asked at the desk",
        what: str = "",
        delivery: str = "",
    ) -> Outcome:
        """The form is sent once."""
        intent = await self.world.intent(by, delivery)
        return await self.helping.help(
            HelpFor(**intent, act=act, whom=f"U{whom}", ticket=ticket, rationale=why, entitlement=what)
        )

    async def consider(self, by: str, act: Act = Act.UNLOCK, whom: str = "") -> MayHelp | NotOfDesk:
        """They begin."""
        return await self.helping.consider(ConsiderHelp(**await self.world.intent(by), act=act, whom=whom))

    async def lock(self, login: str = "ada") -> None:
        """Too many wrong passwords."""
        await self.world.local.change_account(login, locked=True)

    async def acts(self) -> list[DeskAct]:
        """What was done, the oldest first."""
        return sorted(await self.world.rows(DeskAct), key=lambda one: one.id)

    async def locked(self, login: str = "ada") -> bool:
        """As the directory has it."""
        return (await self.world.account(login)).locked

    async def reasons(self) -> list[str]:
        """Of the exceptions about acts for others."""
        return [str(one.facts["reason"]) for one in await self.world.exceptions() if one.kind == "help-desk"]

    def page(self) -> PageGround:
        """The secure page beside it."""
        ground = self.world.ground
        return PageGround(
            database=ground.database, directories=ground.directories, policy=ground.policy,
            vault=self.world.handles._vault, handles=self.world.handles, now=ground.now,
        )  # fmt: skip


@asynccontextmanager
async def desks(
    folder: Path, *, server: Server | None = None, limits: HelpDesks = DESKS
) -> AsyncIterator[Desks]:
    """Ada is locked."""
    async with open_world(folder, server=server, patience=1) as world:
        await world.local.add_group("help-desk")
        await world.local.put_in_group("help-desk", "linus")
        for login in ("ada", "charles", "eve", "linus", "root"):
            await world.local.change_account(login, team="Payments", location="Oslo")
        await world.local.change_account("grace", team="Data", location="Berlin")
        for login in STAFF:
            mail = f"{login}@example.com"
            await world.ground.database.write(
                lambda tx, login=login, mail=mail: links.make_link(  # type: ignore[misc]
                    tx, at=world.clock(), slack_team="T1", slack_user=f"U{login}", directory="staff",
                    account=login, mail=mail, made_by="test",
                )
            )  # fmt: skip
        made = Desks(world=world, helping=Helping(world.ground, handles=world.handles, desks=limits))
        await made.lock()
        yield made
        assert await world.sound()
