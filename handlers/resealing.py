"""Putting every sealed secret under the newest key, so that an older one can be thrown away.

What no key opens is counted and left as it is; no secret leaves the vault on the way.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from sqlmodel import Session

from handlers.intents import Where
from handlers.recording import OPERATOR, record
from storage import proofs
from storage.database import Database
from storage.identifiers import new_id
from storage.records import Proof
from storage.secrets import SealBroken, Vault

AT_A_TIME = 200

Tell = Callable[[int, int | None], None]


@dataclass(frozen=True, kw_only=True)
class Resealed:
    """What came of it. seen: all secrets; moved: those that an older key had sealed; lost: those that no key opens."""

    seen: int
    moved: int
    lost: int


def reseal(database: Database, vault: Vault, *, where: Where, tell: Tell) -> Resealed:
    """Reseal everything, some at a time, beside a running bot. It can be broken off and begun again.

    tell: how many were looked at, of how many. Each round stands on the record with what it moved.
    """
    correlation, total = new_id("n", database.now()), database.write_now(proofs.count_seeds)
    seen, moved, lost, last = 0, 0, 0, ""
    while True:
        rows, now_moved, now_lost = database.write_now(
            partial(_round, database=database, vault=vault, last=last, where=where, correlation=correlation)
        )
        if not rows:
            return Resealed(seen=seen, moved=moved, lost=lost)
        seen, moved, lost, last = seen + len(rows), moved + now_moved, lost + now_lost, rows[-1]
        tell(seen, max(total, seen))


def _round(
    tx: Session, *, database: Database, vault: Vault, last: str, where: Where, correlation: str
) -> tuple[list[str], int, int]:
    rows = proofs.seeds_after(tx, last, AT_A_TIME)
    outcomes = [_moved(tx, vault, row) for row in rows]
    moved, lost = outcomes.count(True), outcomes.count(None)
    if moved or lost:
        record(
            tx,
            at=database.now(),
            action="keys.resealed",
            outcome="failed" if lost else "done",
            actor=OPERATOR,
            where=where,
            correlation=correlation,
            facts={"moved": moved, "lost": lost},
        )
    return [row.id for row in rows], moved, lost


def _moved(tx: Session, vault: Vault, row: Proof) -> bool | None:
    """Whether it was put under the newest key; None if no key opens it."""
    was = row.secret
    if vault.is_newest(was):
        return False
    try:
        sealed = vault.seal(vault.open(was))
    except SealBroken:
        return None
    return proofs.reseal_seed(tx, row.id, was=was, sealed=sealed)
