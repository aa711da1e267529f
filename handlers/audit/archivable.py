"""Which entries leave the store once they are archived, and which stay because something may still be asked about them.

It reads nothing. What is not named here stays: an action that is new stays until somebody decides otherwise.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta

# The end of a grant or a request is what shows that its row was put back to what it was before. No grant lasts longer
# than a year, and none waits longer, so after this long the row itself says that its time is over.
YOUNGEST = timedelta(days=400)

# Many entries, and none that is asked about once its story is over and so old: who asked for what, who decided, what
# was given and taken back; visits of the page; questions; what was said to whom.
_FAMILIES = frozenset(
    {
        "approval", "effect", "ending", "grant", "identity", "mail_code", "message", "password", "proof", "question",
        "request", "reset", "sign_in", "step_up", "unlock",
    }
)  # fmt: skip
_ACTIONS = frozenset(
    {
        "access.change_failed", "access.given", "access.kept", "access.removal_overdue", "access.removed",
        "account.proven_unlock_started", "account.unlock_started", "account.unlocked", "care.page_opened",
        "click.refused", "enrol.page_opened", "link.offered", "link.page_opened", "link.proven",
        "owner.unreachable", "regain.page_opened", "story.refused",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Brief:
    """What is looked at of an entry."""

    index: int
    action: str
    story: str


def leaves(action: str) -> bool:
    """Whether entries of this action leave once their story is over."""
    return action in _ACTIONS or action.partition(".")[0] in _FAMILIES


def staying(entries: Iterable[Brief], needed: Collection[str]) -> list[int]:
    """The indexes of those that stay. needed: the stories that are not over."""
    return [one.index for one in entries if not leaves(one.action) or one.story in needed]
