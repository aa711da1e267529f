"""What is told to the person for whom a help desk did something: with the act, in Slack and by mail, never after it.

It decides nothing; each call belongs to the caller's transaction.
"""

from datetime import datetime

from sqlmodel import Session

from storage.outbox import ALERT, owe
from storage.records import DeskAct

DESK_ACT = "desk-act"
"""The message in Slack to the person, from the first word to the last, and the letter."""


def tell(tx: Session, act: DeskAct, at: datetime) -> None:
    """Owe the person both."""
    show(tx, act, at)
    owe(tx, at=at, courier="mail", kind=DESK_ACT, subject=act.id, recipient=act.account, urgency=ALERT)


def show(tx: Session, act: DeskAct, at: datetime) -> None:
    """Owe the message as it is now."""
    owe(tx, at=at, courier="slack", kind=DESK_ACT, subject=act.id, recipient=act.slack_user, urgency=ALERT)
