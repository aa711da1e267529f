"""The local directory: people and groups in a SQLite file of its own, for the demo, tests and benchmarks.

It is not an identity store for a company, and it never blocks the event loop or answers late.
"""

import sqlite3
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from storage.clock import Clock, utc_now
from storage.directories import local_rows
from storage.directories.base import (
    Account,
    Capabilities,
    Finding,
    Group,
    Membership,
    Pair,
    PasswordRejected,
    TemporaryPass,
    about_group,
)
from storage.directories.described import Described, Where, bounded
from storage.directories.local_rows import Effect
from storage.directories.scrypt import Scrypt, matches
from storage.directories.worker import Work, Worker, attempt
from storage.faults import DirectoryUnavailable
from storage.sentences import Sentence

T = TypeVar("T")
# Wrong sign-ins in a row that lock an account.
LOCKOUT = 5
SHORTEST_PASSWORD = 8
# Memberships that are read or ended in one transaction of the file, within a few milliseconds.
AT_ONCE = 500
PASSWORD_LIFETIME = timedelta(days=90)


class LocalDirectory:
    """Fills the directory port (storage.directories.base.Directory) from one file, on a thread of its own.

    timeout: seconds within which every call answers or raises DirectoryUnavailable; what had no turn by then is never
    carried out. cost: of password hashes. Sign-ins that fail five times in a row lock.
    """

    capabilities = Capabilities(
        set_password=True,
        unlock=True,
        switch=True,
        sessions=True,
        ends_memberships=False,
        removal_takes_effect="at once",
        at_once=AT_ONCE,
    )

    def __init__(
        self,
        path: Path | str,
        name: str = "local",
        now: Clock = utc_now,
        timeout: float = 5.0,
        cost: Scrypt | None = None,
    ) -> None:
        self.name = name
        self._now, self._timeout, self._cost = now, timeout, cost or Scrypt()
        # Compared with when there is no such account or password, so that this takes as long (P-9).
        self._nobody = self._cost.of_nobody()
        self._worker = Worker(Path(path), schema=local_rows.SCHEMA, patience=timeout / 2, label=name)

    def close(self) -> None:
        """Finish what was begun and let go of the file."""
        self._worker.close()

    async def account(self, account_id: str) -> Account | None:
        """The account with this stable id, or None if there is none."""
        return await self._do(lambda rows: local_rows.read_account(rows, self.name, account_id, self._now()))

    async def accounts_by_mail(self, mail: str) -> list[Account]:
        """All accounts with this mail address, compared without case."""
        return await self._do(lambda rows: self._read_all(rows, local_rows.ids_by_mail(rows, mail)))

    async def accounts_of(self, person: str) -> list[Account]:
        """All accounts of the person with this number; none for the empty one."""
        return await self._do(lambda rows: self._read_all(rows, local_rows.ids_of_person(rows, person)))

    async def account_by_login(self, login: str) -> Account | None:
        """The account that signs in with this name, compared without case; None if there is none."""

        def work(rows: sqlite3.Connection) -> Account | None:
            found = local_rows.id_by_login(rows, login)
            return None if found is None else local_rows.read_account(rows, self.name, found, self._now())

        return await self._do(work)

    async def group(self, name: str) -> Group | None:
        """The group with everybody in it; None if there is no such group."""
        return await self._do(lambda rows: local_rows.read_group(rows, name, self._now()))

    async def group_names(self) -> frozenset[str]:
        """The names of all groups."""
        return await self._do(local_rows.names_of_groups)

    async def people(self) -> list[str]:
        """The ids of all accounts, sorted."""
        return await self._do(local_rows.ids_of_all)

    async def described(self, where: Where) -> tuple[Described, ...]:  # noqa: ARG002 - a file has one place for it
        """All groups with lines for Wicket."""
        return bounded(self.name, await self._do(local_rows.described))

    async def membership(self, account_id: str, group: str) -> Membership:
        """Whether the account is a direct member of the group."""
        (found,) = await self.memberships_of([(account_id, group)])
        return found

    async def memberships_of(self, pairs: Sequence[Pair]) -> list[Membership]:
        """Whether the accounts are direct members of the groups, all as of one moment."""

        def work(rows: sqlite3.Connection) -> list[Membership]:
            at = self._now()
            return [Membership(present=one, read_at=at) for one in local_rows.are_members(rows, pairs)]

        return await self._do(work)

    async def add_member(self, account_id: str, group: str, *, until: datetime | None = None) -> None:  # noqa: ARG002 - ends no memberships itself
        """Make it a direct member. Idempotent. DirectoryUnavailable if there is no such account or group."""

        def work(rows: sqlite3.Connection) -> None:
            changed = local_rows.put_member(rows, account_id, group)
            local_rows.note_effect(rows, self._now(), "add", account_id, group, changed=changed)

        await self._do(work)

    async def remove_member(self, account_id: str, group: str) -> None:
        """End its direct membership. Idempotent."""
        (refused,) = await self.remove_members([(account_id, group)])
        if refused is not None:
            raise refused

    async def remove_members(self, pairs: Sequence[Pair]) -> list[DirectoryUnavailable | None]:
        """End these direct memberships in one transaction, each undone alone if the file refuses it. Idempotent."""

        def work(rows: sqlite3.Connection) -> list[DirectoryUnavailable | None]:
            end = partial(local_rows.end_members, at=self._now())
            _, refused = attempt(rows, partial(end, pairs=pairs))
            if refused is None:
                return [None] * len(pairs)
            refusals = [attempt(rows, partial(end, pairs=[pair]))[1] for pair in pairs]
            return [
                None
                if one is None
                else DirectoryUnavailable(local_rows.NOT_ENDED, directory=self.name, why=str(one))
                for one in refusals
            ]

        return await self._do(work)

    async def verify_password(self, account_id: str, password: str) -> bool:
        """Whether this is the current password of an active account that is not locked and has not expired."""
        return await self._do(lambda rows: self._sign_in(rows, account_id, password))

    async def set_password(self, account_id: str, password: str) -> PasswordRejected | None:
        """Replace the password. A lockout stays: lifting it is `unlock`'s."""

        def work(rows: sqlite3.Connection) -> PasswordRejected | None:
            if not local_rows.has_account(rows, account_id):
                raise DirectoryUnavailable(local_rows.NO_ACCOUNT, account=account_id)
            if len(password) < SHORTEST_PASSWORD:
                return PasswordRejected(reason=Sentence(local_rows.TOO_SHORT, shortest=SHORTEST_PASSWORD))
            stored = _stored_password(rows, account_id)
            if stored is not None and matches(password, stored):
                return PasswordRejected(reason=local_rows.THE_SAME)
            at = self._now()
            values = {
                "password": self._cost.hash(password),
                "password_changed_at": at,
                "password_expires_at": at + PASSWORD_LIFETIME,
                "must_change_password": False,
            }
            local_rows.update_account(rows, account_id, values)
            local_rows.note_effect(rows, at, "set_password", account_id, changed=True)
            return None

        return await self._do(work)

    async def recover(self, account_id: str) -> TemporaryPass | None:  # noqa: ARG002 - the port's signature
        """There is no such way here: passwords are set."""
        raise DirectoryUnavailable(
            "The directory {directory} has no recovery of its own.", directory=self.name
        )

    async def unlock(self, account_id: str) -> None:
        """Lift a lockout and forget the wrong sign-ins. Idempotent."""

        def work(rows: sqlite3.Connection) -> None:
            changed = rows.execute(
                "UPDATE accounts SET locked = 0, failures = 0 WHERE id = ? AND (locked OR failures)",
                (account_id,),
            ).rowcount
            local_rows.note_effect(rows, self._now(), "unlock", account_id, changed=changed > 0)

        await self._do(work)

    async def switch(self, account_id: str, *, active: bool) -> None:
        """Switch the account on or off. Idempotent. DirectoryUnavailable if there is no such account."""

        def work(rows: sqlite3.Connection) -> None:
            found = local_rows.read_account(rows, self.name, account_id, self._now())
            if found is None:
                raise DirectoryUnavailable(local_rows.NO_ACCOUNT, account=account_id)
            local_rows.update_account(rows, account_id, {"active": active})
            what = "switch_on" if active else "switch_off"
            local_rows.note_effect(rows, self._now(), what, account_id, changed=found.active != active)

        await self._do(work)

    async def end_sessions(self, account_id: str) -> None:
        """Set the account's open sessions to none. Idempotent."""

        def work(rows: sqlite3.Connection) -> None:
            changed = rows.execute(
                "UPDATE accounts SET sessions = 0 WHERE id = ? AND sessions > 0", (account_id,)
            ).rowcount
            local_rows.note_effect(rows, self._now(), "end_sessions", account_id, changed=changed > 0)

        await self._do(work)

    async def health(self) -> None:
        """Return if the file can be read; DirectoryUnavailable otherwise."""
        await self._do(lambda rows: rows.execute("SELECT 1 FROM accounts LIMIT 1").fetchone())

    async def examine(self, groups: Collection[str]) -> list[Finding]:
        """Whether the file can be read and has these groups; a file needs no rights."""
        try:
            known = await self.group_names()
        except DirectoryUnavailable as fault:
            return [
                Finding(level="failed", about="file", found=str(fault), advice="See that it can be read.")
            ]
        found = [
            Finding(
                level="warning",
                about="kind",
                found='It is kept in a file (kind = "local").',
                advice="That is for trying Wicket out; use your company's directory for real work.",
            )
        ]
        return found + [about_group(name, exists=name in known, known=known) for name in sorted(groups)]

    async def add_account(
        self,
        account_id: str,
        *,
        login: str,
        name: str,
        mail: str,
        person: str = "",
        password: str | None = None,
        employment: str = "employee",
        team: str = "",
        company: str = "",
        manager: str | None = None,
        active: bool = True,
        privileged: bool = False,
        password_expires_at: datetime | None = None,
        location: str = "",
        environment: str = "",
        workload: str = "",
    ) -> None:
        """Write an account down. Without a password nobody signs in to it. A taken id or login is a ValueError.

        manager: the manager's account id. privileged: also without being in an administrators' group.
        """
        values: dict[str, Any] = {
            "login": login, "name": name, "mail": mail, "person": person, "employment": employment, "team": team,
            "company": company, "manager": manager, "active": active, "privileged": privileged,
            "password_expires_at": password_expires_at, "location": location, "environment": environment,
            "workload": workload,
        }  # fmt: skip

        def work(rows: sqlite3.Connection) -> None:
            hashed = None if password is None else self._cost.hash(password)
            local_rows.insert_account(rows, account_id, {**values, "password": hashed})

        await self._do(work)

    async def change_account(self, account_id: str, **values: Any) -> None:
        """Change what the directory says of an account ("mail", "active", "locked" …), as its keepers would.

        An unknown account or column is a ValueError.
        """

        def work(rows: sqlite3.Connection) -> None:
            if not local_rows.update_account(rows, account_id, values):
                raise ValueError(f"there is no account {account_id}")

        await self._do(work)

    async def add_group(self, name: str, *, admin: bool = False, owner: str | None = None) -> None:
        """Write a group down. admin: its members, nested ones too, are privileged. owner: an account id. Idempotent."""
        await self._do(
            lambda rows: rows.execute("INSERT OR REPLACE INTO groups VALUES (?, ?, ?)", (name, admin, owner))
        )

    async def describe_group(self, name: str, text: str) -> None:
        """Write lines for Wicket to a group in place of those there, as the directory's keepers would."""
        await self._do(lambda rows: local_rows.describe(rows, name, text))

    async def drop_group(self, name: str) -> None:
        """Delete a group with its memberships, as the directory's keepers would."""

        await self._do(lambda rows: local_rows.drop_group(rows, name))

    async def drop_account(self, account_id: str) -> None:
        """Delete an account with its memberships, as the directory's keepers would."""

        def work(rows: sqlite3.Connection) -> None:
            rows.execute("DELETE FROM accounts WHERE id = ?", (account_id,))
            rows.execute("DELETE FROM members WHERE kind = 'account' AND member = ?", (account_id,))

        await self._do(work)

    async def put_in_group(self, group: str, *accounts: str, groups: Iterable[str] = ()) -> None:
        """Make accounts, and groups, direct members of a group by other hands than Wicket's: the journal is silent."""

        def work(rows: sqlite3.Connection) -> None:
            for account in accounts:
                local_rows.put_member(rows, account, group)
            for inner in groups:
                local_rows.put_member(rows, inner, group, "group")

        await self._do(work)

    async def take_from_group(self, group: str, *accounts: str) -> None:
        """End direct memberships by other hands than Wicket's: the journal is silent."""

        def work(rows: sqlite3.Connection) -> None:
            for account in accounts:
                local_rows.take_member(rows, account, group)

        await self._do(work)

    async def memberships(self) -> frozenset[tuple[str, str]]:
        """Every direct membership, as (account id, group)."""
        statement = """SELECT member, "group" FROM members WHERE kind = 'account'"""
        return await self._do(lambda rows: frozenset((row[0], row[1]) for row in rows.execute(statement)))

    async def effects(self) -> list[Effect]:
        """Everything done through the port, oldest first; repeated calls that changed nothing included."""
        return await self._do(local_rows.read_effects)

    async def open_session(self, account_id: str) -> None:
        """Count one more open session of the account."""
        await self._do(
            lambda rows: local_rows.update_account(
                rows, account_id, {"sessions": local_rows.open_sessions(rows, account_id) + 1}
            )
        )

    async def sessions(self, account_id: str) -> int:
        """How many sessions of the account are open."""
        return await self._do(lambda rows: local_rows.open_sessions(rows, account_id))

    async def _do(self, work: Work[T]) -> T:
        """Have the worker do it in time. Running out of time takes a waiting call out of the queue."""
        job = self._worker.submit(work)
        return await job.answered(self._timeout, never_run=self._silent, perhaps_run=self._silent)

    def _silent(self) -> DirectoryUnavailable:
        timeout = f"{self._timeout:g}"
        return DirectoryUnavailable(local_rows.SILENT, directory=self.name, timeout=timeout)

    def _read_all(self, rows: sqlite3.Connection, ids: Iterable[str]) -> list[Account]:
        at = self._now()
        found = [local_rows.read_account(rows, self.name, account_id, at) for account_id in ids]
        return [account for account in found if account is not None]

    def _sign_in(self, rows: sqlite3.Connection, account: str, password: str) -> bool:
        found = local_rows.read_account(rows, self.name, account, self._now())
        stored = _stored_password(rows, account)
        right = matches(password, stored or self._nobody) and stored is not None
        if found is None or not found.active or found.locked:
            return False
        if not right:
            rows.execute(
                "UPDATE accounts SET failures = failures + 1, locked = failures + 1 >= ? WHERE id = ?",
                (LOCKOUT, account),
            )
            return False
        rows.execute("UPDATE accounts SET failures = 0 WHERE id = ?", (account,))
        expired = found.password_expires_at is not None and found.password_expires_at <= found.read_at
        return not expired and not found.must_change_password


def _stored_password(rows: sqlite3.Connection, account: str) -> str | None:
    row = rows.execute("SELECT password FROM accounts WHERE id = ?", (account,)).fetchone()
    return row[0] if row else None
