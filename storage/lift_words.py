"""Words that an emergency stop may be lifted, as they are kept: one of each person about each stop.

It does not decide whose word counts, nor how many are needed.
"""

from collections.abc import Sequence

from sqlmodel import Session, SQLModel, col, select

from storage.engine import upserts
from storage.engine.plain import run
from storage.records import LiftWord
from storage.signing import only_genuine, signed

_WORDS = SQLModel.metadata.tables[LiftWord.__tablename__]
_SAY = upserts.or_nothing(_WORDS)


def say_so(tx: Session, word: LiftWord) -> bool:
    """Keep a word. False if they gave it before: the first one stands."""
    return run(tx.connection(), _SAY, signed(tx, _WORDS.name, word.model_dump())) == 1


def said_of(tx: Session, freeze: str) -> Sequence[LiftWord]:
    """The words about this stop that are as Wicket wrote them, the first one first."""
    found = tx.exec(
        select(LiftWord).where(LiftWord.freeze == freeze).order_by(col(LiftWord.at), col(LiftWord.account))
    )
    return only_genuine(tx, found)
