"""Words that it takes two of, as they are kept: that an emergency stop may be lifted, or an emergency is accounted for.

It does not decide whose word counts, nor how many are needed.
"""

from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import select as pick
from sqlmodel import Session, SQLModel, col, select

from storage.engine import upserts
from storage.engine.plain import Plain, rows, run
from storage.records import LiftWord, RestoreWord
from storage.signing import only_genuine, signed

_WORDS = SQLModel.metadata.tables[LiftWord.__tablename__]
_OF_LOST = SQLModel.metadata.tables[RestoreWord.__tablename__]
_SPOKEN_OF = Plain(pick(_OF_LOST.c.emergency).distinct())
_SAY = upserts.or_nothing(_WORDS)
_KEEP = upserts.or_replace(_OF_LOST, ("name", "rationale", "settles", "at", "mac"))


def say_so(tx: Session, word: LiftWord) -> bool:
    """Keep a word. False if they gave it before: the first one stands."""
    return run(tx.connection(), _SAY, signed(tx, _WORDS.name, word.model_dump())) == 1


def said_of(tx: Session, freeze: str) -> Sequence[LiftWord]:
    """The words about this stop that are as Wicket wrote them, the first one first."""
    found = tx.exec(
        select(LiftWord).where(LiftWord.freeze == freeze).order_by(col(LiftWord.at), col(LiftWord.account))
    )
    return only_genuine(tx, found)


def keep_each(tx: Session, words: Iterable[RestoreWord]) -> None:
    """Keep one person's word about each of these, in the place of what they said before."""
    for word in words:
        run(tx.connection(), _KEEP, signed(tx, _OF_LOST.name, word.model_dump()))


def spoken_of(tx: Session) -> Sequence[str]:
    """The emergencies about which there is a word, sound or not."""
    return [emergency for (emergency,) in rows(tx.connection(), _SPOKEN_OF)]


def of_lost(tx: Session, emergencies: Collection[str]) -> Sequence[RestoreWord]:
    """The words about these emergencies that are as Wicket wrote them, the first one first."""
    if not emergencies:
        return ()
    wanted = select(RestoreWord).where(col(RestoreWord.emergency).in_(emergencies))
    found = tx.exec(wanted.order_by(col(RestoreWord.at), col(RestoreWord.account)))
    return only_genuine(tx, found)
