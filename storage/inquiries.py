"""Questions about a request and their answers as rows: asked, answered once, found.

What is not as Wicket wrote it, nobody asked or answered. It does not decide who may ask or answer (handlers do).
"""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from storage.engine.changing import change, put
from storage.identifiers import new_id
from storage.records import Inquiry
from storage.signing import if_genuine, only_genuine


def ask(
    tx: Session, *, at: datetime, grant: str, asker: str, asker_name: str, slack_user: str, question: str
) -> Inquiry:
    """Keep a question."""
    row = Inquiry(
        id=new_id("i", at), grant=grant, asker=asker, asker_name=asker_name, slack_user=slack_user,
        question=question, asked_at=at,
    )  # fmt: skip
    return put(tx, row)


def answer(tx: Session, inquiry: Inquiry, *, at: datetime, text: str) -> None:
    """Keep the answer. ValueError if there is one: nobody changes what approvers have read."""
    if inquiry.answered_at is not None:
        raise ValueError("a question is answered once")
    change(tx, inquiry, answer=text, answered_at=at)


def get(tx: Session, inquiry: str) -> Inquiry | None:
    """The question with this id, if it counts, locked in a writing transaction."""
    return if_genuine(tx, tx.get(Inquiry, inquiry, with_for_update=True))


def about(tx: Session, grant: str) -> Sequence[Inquiry]:
    """What was asked about a request and counts, oldest first."""
    found = select(Inquiry).where(Inquiry.grant == grant).order_by(col(Inquiry.asked_at))
    return only_genuine(tx, tx.exec(found))
