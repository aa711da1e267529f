"""What a request was when somebody saw it, as a short mark: an approval binds exactly that and nothing else.

It decides nothing; whoever counts approvals compares the marks.
"""

import hashlib
import json
from functools import lru_cache
from operator import itemgetter

from sqlalchemy.orm.attributes import instance_dict

from storage.records import Approval, Grant

_LENGTH = 20
_SHOWN = (
    "entitlement", "directory", "account", "group", "minutes", "justification", "ticket", "target_account",
)  # fmt: skip
_shown = itemgetter(*_SHOWN)


def mark(grant: Grant) -> str:
    """The mark of what is asked: what, whose account gets it where, for whom, for how long, and why. Hex digits."""
    try:
        shown = _shown(instance_dict(grant))  # read without the ORM: one click asks several times
    except KeyError:  # what a new row was not given, or the session let go of
        shown = tuple(getattr(grant, name) for name in _SHOWN)
    return _mark(*shown)


@lru_cache(maxsize=64)
def _mark(*shown: str | int) -> str:
    """Likewise."""
    return hashlib.sha256(json.dumps(shown, ensure_ascii=True).encode()).hexdigest()[:_LENGTH]


def binds(approval: Approval, grant: Grant) -> bool:
    """Whether it was given to the request as it is now.

    One without a mark is of a version that could not change a request; it binds what has not changed since.
    """
    return approval.shown == mark(grant) or (not approval.shown and not grant.asked_minutes)
