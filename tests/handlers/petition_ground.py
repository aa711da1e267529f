"""The ground of petitions: the secure page with its people, and those who say of them that it is them.

It pretends nothing but the time, and the mail server, of which it says when it takes a letter.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyotp
from sqlmodel import Session

from handlers.alarms.raising import Alarms, StopLinks
from handlers.decisions.policy import AttestWay, PolicyEngine
from handlers.ground import Ground
from handlers.intents import Actor, Report, Where
from handlers.petitions import ends
from handlers.petitions.asking import Petitioning
from handlers.petitions.attesting import Attesting
from handlers.petitions.openings import Openings
from handlers.petitions.outcomes import AskPetition, DecidePetition, OnPetition, Petitioned, ProveFirst
from handlers.petitions.standing_by import StandingBy
from handlers.secure_page.ceremonies import relying_party
from handlers.secure_page.regaining import Regaining
from handlers.secure_page.visits import Proven, Visitor
from storage import petitions, proofs
from storage.catalogue import Catalogue
from storage.engine.stores import Server
from storage.records import ExceptionRecord, Petition
from storage.states import PetitionKind
from tests.handlers.page_ground import OLD_PASSWORD, World, world

WHERE = Where(transport="socket", team="T1", channel="C1")
HELPERS = {
    "sam": ("security-team",),
    "joan": ("security-team",),
    "grace": ("help-desk",),
    "konrad": ("help-desk",),
    "eve": ("help-desk",),
    "charles": (),
}


@dataclass
class Square:
    """Where petitions are asked and decided. Ada has proofs and reports to Charles; Root is privileged, and so does."""

    page: World
    ground: Ground
    petitioning: Petitioning
    attesting: Attesting
    openings: Openings
    alarms: Alarms
    regaining: Regaining
    count: int = field(default=0)

    async def actor(self, login: str) -> Actor:
        account = await self.page.local.account(login)
        assert account is not None
        return Actor(account=account, slack_team="T1", slack_user=f"U{login}")

    def delivery(self) -> str:
        self.count += 1
        return f"d{self.count}"

    async def ask(self, login: str = "ada", kind: PetitionKind = PetitionKind.PROOFS, **changes: Any) -> Any:
        """Somebody asks two people; what came of it."""
        given = {"explanation": "My phone fell into the sea", "delivery": self.delivery(), **changes}
        return await self.petitioning.ask(
            AskPetition(actor=await self.actor(login), where=WHERE, kind=kind, **given)
        )

    async def asked(self, login: str = "ada", kind: PetitionKind = PetitionKind.PROOFS) -> str:
        """The id of a petition that was taken up."""
        outcome = await self.ask(login, kind)
        assert isinstance(outcome, Petitioned), outcome
        return outcome.petition

    async def consider(self, petition: str, by: str, way: AttestWay = "approve") -> Any:
        return await self.attesting.consider(await self._on(petition, by), way)

    async def prove(self, petition: str, by: str) -> None:
        """An approver shows on the page who they are, for this petition."""
        outcome = await self.consider(petition, by)
        assert isinstance(outcome, ProveFirst), outcome
        visitor = Visitor(text=self.page.ground.handles.handle_text(outcome.handle))
        done = await self.page.proving.give_totp(visitor, self.page.code(by))
        assert isinstance(done, Proven)
        self.page.clock.forward(seconds=31)

    async def decide(self, petition: str, by: str, *, approve: bool = True, why: str = "I saw her") -> Any:
        about = await self._on(petition, by)
        return await self.attesting.decide(DecidePetition(**vars(about), approve=approve, rationale=why))

    async def approve(self, petition: str, by: str) -> Any:
        """With a fresh proof, as it should be."""
        await self.prove(petition, by)
        return await self.decide(petition, by)

    async def cancel(self, petition: str, by: str) -> Any:
        return await self.attesting.cancel(await self._on(petition, by))

    async def not_me(self, petition: str, by: str = "ada") -> Any:
        return await self.alarms.by_slack(
            Report(actor=await self.actor(by), where=WHERE, delivery=self.delivery(), handle=petition)
        )

    def link(self, petition: str) -> str:
        """The link in a letter."""
        return StopLinks(self.page.ground.vault).text(petition)

    async def approved(self, login: str = "ada", kind: PetitionKind = PetitionKind.PROOFS) -> str:
        """A petition that security and the help desk approved."""
        petition = await self.asked(login, kind)
        await self.approve(petition, "sam")
        await self.approve(petition, "grace")
        return petition

    async def mailed(self, petition: str, opens_at: datetime | None = None) -> None:
        """A mail server takes the letter about its hour."""
        await self.page.ground.database.write(
            lambda tx: ends.mailed(tx, petition, opens_at=opens_at, at=self.page.clock())
        )

    async def opened(self, login: str = "ada", kind: PetitionKind = PetitionKind.PROOFS) -> str:
        """A petition whose hour has come."""
        petition = await self.approved(login, kind)
        await self.mailed(petition)
        self.page.clock.forward(hours=4)
        await self.openings.settle_due()
        return petition

    async def row(self, petition: str) -> Petition:
        found = await self.page.ground.database.read(lambda tx: petitions.look(tx, petition))
        assert found is not None
        return found

    def visitor(self, petition: str) -> Visitor:
        """Whoever opens the page of this petition."""
        return Visitor(text=self.page.ground.handles.handle_text(petition))

    async def shown(self, petition: str, password: str = OLD_PASSWORD) -> Visitor:
        """The person shows their password, which is what they have left."""
        visitor = self.visitor(petition)
        done = await self.regaining.give_password(visitor, password)
        assert isinstance(done, Proven)
        return replace(visitor, session=done.session)

    async def alerts(self) -> list[tuple[str, str, str]]:
        """Kind, severity and why or stage of each exception."""
        rows = await self.page.rows(ExceptionRecord)
        return [(one.kind, one.severity, one.facts.get("why") or one.facts.get("stage", "")) for one in rows]

    async def _on(self, petition: str, by: str) -> OnPetition:
        return OnPetition(
            actor=await self.actor(by), where=WHERE, delivery=self.delivery(), petition=petition
        )


@asynccontextmanager
async def square(
    folder: Path, *, server: Server | None = None, policy: PolicyEngine | None = None
) -> AsyncIterator[Square]:
    """Everybody, and no petition. policy: another than the shipped one."""
    async with world(folder, server=server, enrolled=False, earlier=_helpers) as page:
        page.ground = replace(page.ground, policy=policy or page.ground.policy)
        ground = Ground(
            database=page.ground.database,
            policy=page.ground.policy,
            catalogue=Catalogue(owners={}, entitlements={}),
            directories=page.ground.directories,
            security_group="security-team",
            help_desk="help-desk",
            lapse_after=timedelta(hours=24),
            now=page.clock,
            stepping_up=page.ground.stepping_up,
        )
        page.ground = replace(page.ground, behind=StandingBy(ground).behind)
        page.__post_init__()
        attesting, party = Attesting(ground), relying_party("https://wicket.example.com")
        yield Square(
            page=page,
            ground=ground,
            petitioning=Petitioning(ground),
            attesting=attesting,
            openings=Openings(ground, page.ground, attesting),
            alarms=Alarms(ground, page.ground),
            regaining=Regaining(page.ground, party),
        )


async def _has_authenticator(page: World, login: str) -> None:
    """Set up at once: the recovery codes beside it would take longer than all the rest."""
    page.seeds[login] = pyotp.random_base32()
    sealed = page.ground.vault.seal(page.seeds[login])

    def work(tx: Session) -> None:
        theirs = {"handle": f"h-{login}", "directory": "staff", "account": login}
        proofs.keep_pending_seed(tx, **theirs, sealed=sealed, at=page.clock())
        proofs.replace_seed(tx, **theirs, step=0)

    await page.ground.database.write(work)


async def _helpers(page: World) -> None:
    for group in ("security-team", "help-desk"):
        await page.local.add_group(group)
    for login, groups in HELPERS.items():
        await page.local.add_account(
            login, login=login, name=login.title(), mail=f"{login}@example.com", password=OLD_PASSWORD
        )
        for group in groups:
            await page.local.add_member(login, group)
        await page.linked(login)
    await page.local.add_account(
        "root", login="root", name="Root Rootson", mail="root@example.com", password=OLD_PASSWORD
    )
    await page.linked("root")
    for login in (*HELPERS, "root", "ada"):
        await _has_authenticator(page, login)
    await page.local.change_account("root", privileged=True, manager="charles")
    await page.local.change_account("ada", manager="charles")
    await page.local.change_account("eve", employment="contractor")
