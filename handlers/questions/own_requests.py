"""What a person asked for and is not settled, and, where nothing is, the last thing they asked for.

It tells them of their own requests alone, as each one's own message would, and changes nothing.
"""

from sqlmodel import Session

from handlers.ground import Ground
from handlers.questions.answers import OwnRequests
from handlers.requests.storytelling import tell
from storage import overviews

MOST = 5


def own_requests(tx: Session, ground: Ground, directory: str, account: str) -> OwnRequests:
    """As they stand now. account: whose, by the account that they sign in with."""
    found = overviews.requests_of(tx, directory, account, MOST + 1)
    open_ones = tuple(told for one in found[:MOST] if (told := tell(tx, ground, one.id)) is not None)
    last = None if found else overviews.last_of(tx, directory, account)
    return OwnRequests(
        open=open_ones, more=len(found) > MOST, last=tell(tx, ground, last.id) if last is not None else None
    )
