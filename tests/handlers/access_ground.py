"""The access handlers without Slack: a real database, a real local directory that can fail, the shipped policies.

It pretends nothing but the time, which stands still until it is moved.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any, Literal

from sqlmodel import Session, select

from handlers.approvals.deciding import Deciding
from handlers.approvals.owners import Owners
from handlers.decisions.cedar import CedarPolicy
from handlers.decisions.identity import SlackProfile
from handlers.grants.effects import LEASE, Effects
from handlers.grants.ending import Ending
from handlers.grants.revocation import Revocation
from handlers.ground import Ground
from handlers.intents import Actor, AskAccess, Decide, DraftAccess, EndGrant, OnGrant, Where
from handlers.outcomes import Asked
from handlers.people.identity import Identity
from handlers.questions.checks import Checks
from handlers.requests.access import Access
from handlers.requests.asking import Asking
from handlers.requests.extending import Extending
from handlers.requests.reminding import Reminding
from handlers.secure_page.asking import Accounts
from handlers.secure_page.handles import Handles
from storage import alarms, grants
from storage.alarms import Effect
from storage.audit import log
from storage.audit.verification import verify_log
from storage.binding import mark
from storage.catalogue import Catalogue, Entitlement, Owner
from storage.database import Database
from storage.directories.base import Account, Directory
from storage.directories.local import LocalDirectory
from storage.directories.scrypt import Scrypt
from storage.engine.stores import Server
from storage.group_names import ALL_EXACT, GroupNames
from storage.handles import make_handle, move
from storage.macs import Macs
from storage.records import ExceptionRecord, Grant, Holding, Owed
from storage.secrets import Vault, generate_key
from storage.states import Purpose, Result
from tests.directories.faulty import FaultyDirectory
from tests.handlers.made_once import copy_empty_database, copy_people, unproven_policy
from tests.handlers.page_ground import Clock
from tests.storage.rows import next_due

SLACK = Where(transport="socket", team="T1", channel="C1")
HOUR = timedelta(hours=1)
MACS = Macs(Vault([generate_key()]))

# Who is in which group from the beginning.
GROUPS = {
    "data-owners": ("grace", "linus"),
    "security-team": ("sam",),
    "wiki-edit": (),
    "wiki-admins": (),
    "prod-db": (),
    "prod-admin": (),
}
STAFF = {
    "ada": {"manager": "charles"},
    "charles": {},
    "grace": {},
    "linus": {},
    "sam": {},
    "eve": {"employment": "contractor", "company": "Vendor Co"},
    "root": {"privileged": True},
}


def thing(name: str, **changes: Any) -> Entitlement:
    """Something harmless outside production, unless told otherwise."""
    plain: dict[str, Any] = {
        "id": name, "title": name, "directory": "staff", "group": name, "owner": "data", "risk": 1,
        "environment": "corporate", "kind": "tool", "access": "use", "max_duration": timedelta(hours=24),
    }  # fmt: skip
    return Entitlement(**{**plain, **changes})


CATALOGUE = Catalogue(
    entitlements={
        one.id: one
        for one in (
            thing("wiki-edit"),
            thing("prod-db", risk=4, environment="production", kind="database"),
            thing("prod-admin", risk=4, environment="production", kind="admin"),
            thing("elsewhere", directory="other", group="wiki-edit"),
        )
    },
    owners={"data": Owner(id="data", name="Data Platform", channel="C0DATA", approvers="data-owners")},
)


@dataclass
class World:
    """The handlers, the people they know, and what a test may look at. Everybody's Slack id is U and their login."""

    ground: Ground
    clock: Clock
    local: LocalDirectory
    faulty: FaultyDirectory
    late: list[float] = field(default_factory=list)
    tries: list[str] = field(default_factory=list)
    deliveries: "count[int]" = field(default_factory=count)

    def __post_init__(self) -> None:
        self.access = Access(self.ground)
        self.asking = Asking(self.ground)
        self.extending = Extending(self.ground, self.asking)
        self.ending = Ending(self.ground)
        self.owners = Owners(self.ground)
        self.reminding = Reminding(self.ground, self.owners)
        self.deciding = Deciding(self.ground)
        self.revocation = Revocation(self.ground)
        self.checks = Checks(self.ground)
        self.handles = Handles(vault=Vault([generate_key()]), lifetime=timedelta(minutes=10))
        self.accounts = Accounts(self.ground, handles=self.handles)
        self.effects = self.new_effects()

    def new_effects(self) -> Effects:
        """A worker, as a started process has one."""
        return Effects(
            self.ground,
            chance=lambda: 0.0,
            slot_free=lambda: None,
            revoked_late=self.late.append,
            tried=self.tries.append,
        )

    def identity(self, **changes: Any) -> Identity:
        """Who is speaking, in a workspace called T1."""
        plain: dict[str, Any] = {"teams": frozenset({"T1"}), "enterprise": None, "trust_mail": False}
        return Identity(self.ground, handles=self.handles, **{**plain, **changes})

    def delivery(self) -> str:
        """A payload's id that was never seen."""
        return f"d{next(self.deliveries)}"

    async def account(self, login: str) -> Account:
        """The person as the directory has them now."""
        found = await self.local.account(login)
        assert found is not None
        return found

    async def actor(self, login: str) -> Actor:
        """The person at their Slack account."""
        return Actor(account=await self.account(login), slack_team="T1", slack_user=f"U{login}")

    async def intent(self, login: str, delivery: str = "") -> dict[str, Any]:
        """What every intent of this person carries."""
        return {"actor": await self.actor(login), "where": SLACK, "delivery": delivery or self.delivery()}

    async def ask(
        self,
        login: str,
        entitlement: str,
        duration: timedelta = HOUR,
        why: str = "INC-1",
        draft: str | None = None,
        delivery: str = "",
    ) -> Any:
        """They send a request; the handler's outcome."""
        intent = AskAccess(
            **await self.intent(login, delivery),
            entitlement=entitlement, duration=duration, justification=why, draft=draft,
        )  # fmt: skip
        return await self.asking.ask(intent)

    async def asked(self, login: str, entitlement: str, duration: timedelta = HOUR) -> str:
        """They send a request, which is taken up; the grant's id."""
        outcome = await self.ask(login, entitlement, duration)
        assert isinstance(outcome, Asked), outcome
        return outcome.grant

    async def given(self, login: str, entitlement: str = "wiki-edit", duration: timedelta = HOUR) -> str:
        """They ask for what is automatic, and have it; the grant's id."""
        grant = await self.asked(login, entitlement, duration)
        await self.settle()
        assert await self.state(grant) == "active"
        return grant

    async def draft(
        self, login: str, entitlement: str, duration: timedelta | None = HOUR, why: str | None = "INC-1"
    ) -> Any:
        """They prepare a request; the handler's outcome."""
        intent = DraftAccess(
            **await self.intent(login), entitlement=entitlement, duration=duration, justification=why
        )
        return await self.asking.draft(intent)

    async def on(self, login: str, grant: str, delivery: str = "") -> OnGrant:
        """An intent of theirs about a grant."""
        return OnGrant(**await self.intent(login, delivery), grant=grant)

    async def decide(
        self, login: str, grant: str, *, approve: bool = True, delivery: str = "", rationale: str = "ok",
        minutes: int | None = None, shown: str | None = None,
    ) -> Any:  # fmt: skip
        """They submit their decision; the handler's outcome. shown: the mark of what they saw, if not of what is."""
        row = await self.ground.database.read(lambda tx: grants.get(tx, grant))
        shown = mark(row) if row and shown is None else shown or ""
        intent = Decide(
            **await self.intent(login, delivery), grant=grant, approve=approve, rationale=rationale,
            minutes=minutes, shown=shown,
        )  # fmt: skip
        return await self.deciding.decide(intent)

    async def extend(self, login: str, grant: str, delivery: str = "") -> Any:
        """They tap Extend; the handler's outcome."""
        return await self.extending.extend(await self.on(login, grant, delivery))

    async def end(
        self, login: str, grant: str, rationale: str = "no longer needed", delivery: str = ""
    ) -> Any:
        """They end somebody's grant; the handler's outcome."""
        intent = EndGrant(**await self.intent(login, delivery), grant=grant, rationale=rationale)
        return await self.ending.end(intent)

    async def approved(self, login: str, entitlement: str = "prod-db", duration: timedelta = HOUR) -> str:
        """They ask for what Grace approves, and have it; the grant's id."""
        grant = await self.asked(login, entitlement, duration)
        await self.decide("grace", grant)
        await self.settle()
        assert await self.state(grant) == "active"
        return grant

    async def settle(self, rounds: int = 8) -> None:
        """Let the worker do all it can do now."""
        for _ in range(rounds):
            taken = await self.effects.settle_due()
            await self.effects.finish()
            if not taken:
                return

    async def tick(self) -> None:
        """What the schedule does once."""
        await self.revocation.end_due()
        await self.revocation.lapse_unanswered()
        await self.settle()
        await self.revocation.tell_overdue()

    async def crash(self, begun: set["asyncio.Task[Any]"], *, restarts: bool = False) -> None:
        """The process dies with these calls out; another works on when their lease is over.

        restarts: or starts anew at once, where it is the only one on the database.
        """
        for task in begun:
            task.cancel()
        await asyncio.gather(*begun, return_exceptions=True)
        self.effects = self.new_effects()
        if restarts:
            await self.effects.resume(alone=True)
        else:
            self.clock.forward(seconds=LEASE.total_seconds() + 1)

    async def begin(self, method: str) -> set["asyncio.Task[Any]"]:
        """Let the worker begin, and stop at its next call of this method; the tasks that are under way."""
        before = asyncio.all_tasks()
        self.faulty.hang(method, times=1)
        await self.effects.settle_due()
        await self.until_hanging()
        return asyncio.all_tasks() - before

    async def until_hanging(self) -> None:
        """Wait until a call hangs."""
        for _ in range(1000):
            if self.faulty.hanging:
                return
            await asyncio.sleep(0.001)
        raise AssertionError("no call hangs")

    async def grant(self, grant: str) -> Grant:
        """The row."""
        row = await self.ground.database.read(lambda tx: grants.get(tx, grant))
        assert row is not None
        return row

    async def state(self, grant: str) -> str:
        """Where the grant stands."""
        return (await self.grant(grant)).state

    async def holding(self) -> Holding:
        """The one holding there is."""
        (row,) = await self.rows(Holding)
        assert isinstance(row, Holding)
        return row

    async def holds(self, login: str, group: str = "wiki-edit") -> bool:
        """Whether the directory has them directly in the group."""
        return (login, group) in await self.local.memberships()

    async def changes(self) -> list[str]:
        """What really changed in the directory through its port, oldest first: "add ada wiki-edit"."""
        journal = await self.local.effects()
        return [f"{one.what} {one.account} {one.group}".strip() for one in journal if one.changed]

    async def rows(self, table: type[Any]) -> list[Any]:
        """Every row of a table."""
        return await self.ground.database.read(lambda tx: list(tx.exec(select(table)).all()))

    async def rows_of_grants(self) -> list[Grant]:
        """Every grant."""
        return await self.rows(Grant)

    async def happened(self, way: Literal["reset", "reported"], login: str) -> None:
        """Their password was reset just now, or somebody said that another is in their account."""

        def work(tx: Session) -> None:
            at = self.clock()
            handle = make_handle(
                tx, at=at, expires_at=at + HOUR, purpose=Purpose.RESET, directory="staff", account=login,
                slack_team="T1", slack_user=f"U{login}",
            )  # fmt: skip
            if way == "reset":
                move(tx, handle.id, was=Result.OPEN, now=Result.DONE, at=at)
            else:
                alarms.sound(
                    tx, handle=handle.id, directory="staff", account=login, name=login.title(), door="slack",
                    disabled=Effect.UNABLE, at=at,
                )  # fmt: skip

        await self.ground.database.write(work)

    def reopen(self, *, catalogue: Catalogue) -> None:
        """The bot starts anew, with other settings, on the same database."""
        self.ground = replace(self.ground, catalogue=catalogue)
        self.__post_init__()

    async def exceptions(self) -> list[ExceptionRecord]:
        """The exceptions raised, oldest first."""
        return sorted(await self.rows(ExceptionRecord), key=lambda row: row.id)

    async def kinds(self) -> list[str]:
        """Their kinds."""
        return [row.kind for row in await self.exceptions()]

    async def owed(self) -> set[tuple[str, str]]:
        """The messages owed: kind and recipient."""
        return {(row.kind, row.recipient) for row in await self.rows(Owed)}

    async def audit(self) -> list[dict[str, Any]]:
        """What the audit log says, oldest first."""
        return [row.said() for row in await self.ground.database.read(lambda tx: log.rows(tx, limit=10_000))]

    async def actions(self, *beginnings: str) -> list[str]:
        """The entries whose action begins so, as "action outcome"."""
        return [
            f"{said['action']} {said['outcome']}"
            for said in await self.audit()
            if not beginnings or said["action"].startswith(beginnings)
        ]

    async def last(self, action: str) -> dict[str, Any]:
        """The newest entry of an action."""
        return [said for said in await self.audit() if said["action"] == action][-1]

    async def sound(self) -> bool:
        """Whether the audit log verifies."""
        return (await self.ground.database.read(verify_log)).sound

    async def unsettled(self) -> int:
        """How many holdings still want work."""
        due = await self.ground.database.read(next_due)
        return 0 if due is None else 1


def profile(login: str, **changes: Any) -> SlackProfile:
    """What Slack says of a colleague's account."""
    plain: dict[str, Any] = {
        "user": f"U{login}", "team": "T1", "enterprise": "", "name": login.title(),
        "mail": f"{login}@example.com", "timezone": "UTC", "deleted": False, "bot": False, "guest": False,
        "stranger": False,
    }  # fmt: skip
    return SlackProfile(**{**plain, **changes})


@asynccontextmanager
async def world(
    folder: Path,
    *,
    patience: float = 5,
    policy: CedarPolicy | None = None,
    catalogue: Catalogue = CATALOGUE,
    beside: Mapping[str, Directory] | None = None,
    people_of: Mapping[str, str] | None = None,
    server: Server | None = None,
    at_once: int | None = None,
    group_names: GroupNames = ALL_EXACT,
) -> AsyncIterator[World]:
    """A company of seven. The handlers reach the directory through `faulty`, which lets every call through.

    patience: seconds after which `faulty` gives up on a hanging call. beside: more directories, and people_of:
    those of them whose people are these. server: instead of a file in the folder. at_once: how many memberships
    the directory takes in one call; 1: there are no rounds. group_names: of directories beside, or as if these were
    of another kind.
    """
    if server is None:
        copy_empty_database(folder / "wicket.db")
    clock = Clock()
    database = Database(server or folder / "wicket.db", macs=MACS, group_names=group_names)
    await copy_people(folder / "people.db", "seven", _seven)
    local = _staff(folder / "people.db", clock)
    faulty = FaultyDirectory(local, timeout=patience, at_once=at_once)
    ground = Ground(
        database=database,
        policy=policy or unproven_policy(),
        catalogue=catalogue,
        directories={"staff": faulty, **(beside or {})},
        people_of=people_of or {},
        security_group="security-team",
        lapse_after=timedelta(hours=24),
        now=clock,
    )
    try:
        yield World(ground=ground, clock=clock, local=local, faulty=faulty)
    finally:
        database.close()
        local.close()


def _staff(file: Path, clock: Clock) -> LocalDirectory:
    return LocalDirectory(file, name="staff", now=clock, cost=Scrypt(n=2))


async def _seven(file: Path) -> LocalDirectory:
    local = _staff(file, Clock())
    for login, more in STAFF.items():
        await local.add_account(
            login, login=login, name=login.title(), mail=f"{login}@example.com", **dict(more)
        )  # fmt: skip
    for group, members in GROUPS.items():
        await local.add_group(group)
        await local.put_in_group(group, *members)
    return local
