"""Taking over a store from a version that signed no rows: begun at the first start, ended by an operator (T-9).

Until that end what has no MAC counts and nothing is signed, since an older replica that writes beside would spoil what
it cannot sign anew; a MAC that does not fit counts in no case.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Unpack

from sqlmodel import Session

from handlers import recording
from handlers.exceptions.raising import Kind, Severity, Strange, cause_of, tell_security
from handlers.ground import Ground
from handlers.intents import Where
from storage.audit.checkpoint import Verifier
from storage.audit.verification import verify_log
from storage.audit.vouched import is_bound, needs_mac, vouch
from storage.database import Database
from storage.exceptions import is_open
from storage.faults import AuditFault, StorageUnavailable
from storage.macs import BOUND
from storage.signing import sign_unsigned, unsigned
from storage.taking_over import HEAD, LATER, SIGNED, STORY, not_yet, story, takes_over

AT_A_TIME = 200
_ANEW = timedelta(hours=24)
_CAUSE = "store"
_UNSOUND = (
    "Rows without a MAC would count, and the audit log that says so is not sound. Find out who could change the "
    "database (`wicket audit verify`), and run `wicket keys sign` once each row in it may count."
)

_MEANWHILE = "Other hands changed the database while it was looked at, so nothing was done."

Tell = Callable[[int, int | None], None]


async def begin(ground: Ground, verifier: Verifier) -> None:
    """Decide once in the life of a store, and put on record, whether rows without a MAC count until an operator signs.

    They do where a version was before that signed none; a new store has none and signs from its first row on. Not by a
    deadline, as where people wait: there may be very many rows to look at.

    AuditFault if rows without a MAC would count by a log that does not fit: its entries are what says so, and nobody
    else ever walks over all of them.
    """
    await asyncio.to_thread(begin_now, ground.database, verifier, ground.now())


def begin_now(database: Database, verifier: Verifier, at: datetime) -> None:
    """`begin` in this thread."""
    is_walked = database.read_now(_would_count)
    if is_walked:
        # With the key: without it, whatever says of itself that it is archived may be gone.
        report = database.read_now(partial(verify_log, verifier=verifier))
        if not report.fits:
            raise AuditFault(f"{_UNSOUND} {report.findings[0].detail}")
    database.write_now(partial(_begin, at=at, is_walked=is_walked))
    database.read_now(is_bound)  # from now on this process knows, whatever becomes of the record


def _would_count(tx: Session) -> bool:
    """Whether there are rows without a MAC, and nothing says that they do not count."""
    later = not_yet(tx)
    if SIGNED in story(tx) and not later:
        return False
    found = unsigned(tx)
    if needs_mac(tx):
        found[HEAD] = 1
    return any(table in found for table in later or found)


def _begin(tx: Session, at: datetime, is_walked: bool) -> None:
    if not is_walked and _would_count(tx):
        raise StorageUnavailable(_MEANWHILE)
    if story(tx):
        if later := not_yet(tx):
            _signed(tx, at, _sign_all(tx, later), **recording.BY_ITSELF)
        return
    found = unsigned(tx)
    if not found:
        _signed(tx, at, _sign_all(tx, LATER), **recording.BY_ITSELF)
        return
    recording.record(
        tx, at=at, action="rows.unsigned", outcome="done", **recording.BY_ITSELF, correlation=STORY, facts=dict(found)
    )  # fmt: skip


def _sign_all(tx: Session, tables: Iterable[str]) -> dict[str, int]:
    """Sign what of these has no MAC; how many of each, of those that a version before left unsigned even if none.

    The head is signed by the entry that says so.
    """
    counts = dict.fromkeys((one for one in tables if one in LATER), 0)
    for table in tables:
        if table == HEAD:
            if needs_mac(tx):
                vouch(tx)
                counts[HEAD] = 1
            continue
        while some := sign_unsigned(tx, table, limit=AT_A_TIME):
            counts[table] = counts.get(table, 0) + some
    return counts


def _signed(tx: Session, at: datetime, counts: Mapping[str, int], **by: Unpack[recording.By]) -> None:
    recording.record(
        tx, at=at, action="rows.signed", outcome="done", **by, correlation=STORY, facts=dict(counts)
    )  # fmt: skip


async def tell_daily(ground: Ground) -> None:
    """Have security hear once a day that rows without a MAC count still, how many, and what ends it."""
    if await ground.database.read(takes_over):
        await ground.database.write(partial(told_of_unsigned, at=ground.now()))


def told_of_unsigned(tx: Session, at: datetime) -> None:
    """Tell it, unless it was told in the day before."""
    if is_open(tx, cause_of(Kind.ROWS_UNSIGNED, _CAUSE), since=at - _ANEW):
        return
    strange = Strange(
        kind=Kind.ROWS_UNSIGNED,
        severity=Severity.MEDIUM,
        who="Wicket",
        cause=_CAUSE,
        correlation=STORY,
        facts={"rows": sum(unsigned(tx).values())},
        anew=True,
    )
    tell_security(tx, at, strange)


def sign_rows(database: Database, *, where: Where, tell: Tell) -> dict[str, int] | None:
    """Sign what has no MAC, some at a time beside running bots, and let no row count without one from then on.

    How many by table; None if that was done before. It can be broken off and begun again: the last transaction signs
    what came meanwhile and puts it on record, and there each replica reads it.
    """
    if SIGNED in database.read_now(story):
        return None
    total = sum(database.read_now(unsigned).values())
    done = dict[str, int]()
    for table in BOUND:
        while some := database.write_now(partial(sign_unsigned, name=table, limit=AT_A_TIME)):
            done[table] = done.get(table, 0) + some
            tell(sum(done.values()), max(total, sum(done.values())))
    return database.write_now(partial(_end, at=database.now(), done=done, where=where))


def _end(tx: Session, at: datetime, done: dict[str, int], where: Where) -> dict[str, int] | None:
    if SIGNED in story(tx):
        return None
    counts = _sign_all(tx, (*BOUND, HEAD))
    counts |= {table: counts.get(table, 0) + some for table, some in done.items()}
    _signed(tx, at, counts, actor=recording.OPERATOR, where=where)
    return counts
