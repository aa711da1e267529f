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
from storage.audit.vouched import is_by_older_key
from storage.database import Database
from storage.identifiers import new_id
from storage.macs import BOUND
from storage.records import Proof
from storage.secrets import SealBroken, Vault
from storage.signing import sign_by_newest

AT_A_TIME = 200

Tell = Callable[[int, int | None], None]


@dataclass(frozen=True, kw_only=True)
class Resealed:
    """What came of it. seen: all secrets; moved: those that an older key had sealed; lost: those that no key opens.

    signed: rows that an older key had signed. doubtful: those that are not as Wicket wrote them, which stay so.
    """

    seen: int
    moved: int
    lost: int
    signed: int = 0
    doubtful: int = 0


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
            signed, doubtful = _sign_anew(database, where=where, correlation=correlation)
            return Resealed(seen=seen, moved=moved, lost=lost, signed=signed, doubtful=doubtful)
        seen, moved, lost, last = seen + len(rows), moved + now_moved, lost + now_lost, rows[-1]
        tell(seen, max(total, seen))


def _sign_anew(database: Database, *, where: Where, correlation: str) -> tuple[int, int]:
    """Put every row that an older key signed under the newest; how many, and how many are not sound."""
    signed, doubtful = 0, 0
    for table in BOUND if database.signs else ():
        skip = 0
        while True:
            moved, unsound = database.write_now(
                partial(sign_by_newest, name=table, limit=AT_A_TIME, skip=skip)
            )
            if not (moved or unsound):
                break
            signed, skip = signed + moved, skip + unsound
        doubtful += skip
    # The entry itself puts the log under the newest key, where nothing else was added since there is one.
    if signed or doubtful or database.read_now(is_by_older_key):
        facts = {"signed": signed, "lost": doubtful}
        database.write_now(
            lambda tx: record(
                tx,
                at=database.now(),
                action="keys.resealed",
                outcome="failed" if doubtful else "done",
                actor=OPERATOR,
                where=where,
                correlation=correlation,
                facts=facts,
            )
        )
    return signed, doubtful


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
