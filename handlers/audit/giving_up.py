"""A SIEM's stream given up by whoever runs Wicket: archiving waits for it no more, and the record says who decided so.

It takes no place away: a stream that is set up again goes on where it stood, and is waited for again.
"""

from dataclasses import dataclass
from functools import partial

from sqlmodel import Session

from handlers.audit.streaming import SIEM
from handlers.exceptions.raising import Kind, cause_of
from handlers.intents import By
from handlers.recording import OPERATOR, record
from storage import streams
from storage.audit import log
from storage.audit.slices import GIVEN_UP, POSITION
from storage.database import Database
from storage.exceptions import SETTLED, decide_exceptions
from storage.macs import SENDING


@dataclass(frozen=True, kw_only=True)
class Unsent:
    """What the SIEM has yet to take. position: the index of the first entry of that. waits: how many they are."""

    position: int
    waits: int


def look(tx: Session) -> Unsent | None:
    """What would be given up; None where no stream ever began, or it was given up."""
    if not streams.has_begun(tx, SENDING):
        return None
    position = streams.position(tx, SENDING)
    return Unsent(position=position, waits=log.head(tx).size - position)


def give_up(database: Database, *, by: By) -> Unsent | None:
    """Give it up, as it stands by now; None, with nothing written, where there is none (any more)."""
    return database.write_now(partial(_give_up, database=database, by=by))


def _give_up(tx: Session, *, database: Database, by: By) -> Unsent | None:
    found, at = look(tx), database.now()
    if found is not None:
        record(
            tx, at=at, action=GIVEN_UP, outcome="done", actor=OPERATOR, where=by.where,
            correlation=SENDING, facts={POSITION: found.position, "waits": found.waits},
            texts={"rationale": by.why, "by": by.name},
        )  # fmt: skip
        over = {"given_up": at.isoformat(), SETTLED: at.isoformat()}
        decide_exceptions(tx, at=at, cause=cause_of(Kind.NOT_STREAMED, SIEM), facts=over)
    return found
