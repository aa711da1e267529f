"""Groups whose description in the directory cannot be used: told once each, and settled when they can be again.

It reads no directory and holds no rule.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from sqlmodel import Session

from handlers import recording
from handlers.exceptions.raising import Kind, Severity, Strange, cause_of, tell_security
from handlers.ground import Ground
from storage.exceptions import open_of, open_under, settle_exceptions

# The fact that says when the look began that told of it: looks of replicas are told in another order than they began,
# and what changed settings make of the same look is told again, and settles what it had told.
LOOKED = "looked"


class Undiscovered:
    """One exception for each group; one without a group for a directory that could not be looked through."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def note(self, directory: str, wrong: Mapping[str, str], *, began: datetime) -> None:
        """What a look came to. wrong: by group what is wrong with what it says; all else that was told is over.

        began: when that look began. It may have been a while ago, and what a later one told, of another replica, lasts.
        """
        if await self._ground.database.read(lambda tx: self._is_news(tx, directory, wrong)):
            await self._ground.database.write(lambda tx: self._note(tx, directory, wrong, began))

    def _is_news(self, tx: Session, directory: str, wrong: Mapping[str, str]) -> bool:
        return _open(tx, directory) != {_cause(directory, group): why for group, why in wrong.items()}

    def _note(self, tx: Session, directory: str, wrong: Mapping[str, str], began: datetime) -> None:
        now, known = self._ground.now(), _open(tx, directory)
        for group, why in sorted(wrong.items()):
            if known.pop(_cause(directory, group), None) != why:
                self._tell(tx, directory, group, why, began)
        over = [one for one in known if _looked(tx, one) <= began]
        if over:
            settle_exceptions(tx, at=now, causes=over)

    def _tell(self, tx: Session, directory: str, group: str, why: str, began: datetime) -> None:
        now, facts = self._ground.now(), {"directory": directory, "group": group, "wrong": why}
        settle_exceptions(tx, at=now, causes=[_cause(directory, group)])
        recording.record(
            tx, at=now, action="rules.undiscovered", outcome="failed", **recording.BY_ITSELF, correlation=directory,
            facts=facts,
        )  # fmt: skip
        strange = Strange(
            kind=Kind.NOT_DISCOVERED, severity=Severity.MEDIUM, who=directory, cause=f"{directory}:{group}",
            correlation=directory, facts={**facts, LOOKED: began.isoformat()},
        )  # fmt: skip
        tell_security(tx, now, strange)


def _looked(tx: Session, cause: str) -> datetime:
    """When the look began that told of this; a version before did not say, and any look settles what it told."""
    told = [row.facts[LOOKED] for row in open_of(tx, cause) if LOOKED in row.facts]
    return max(map(datetime.fromisoformat, told), default=datetime.min.replace(tzinfo=UTC))


def _cause(directory: str, group: str) -> str:
    return cause_of(Kind.NOT_DISCOVERED, f"{directory}:{group}")


def _open(tx: Session, directory: str) -> dict[str, str]:
    """What was told and is not over, by cause."""
    found = open_under(tx, _cause(directory, ""))
    return {_cause(directory, str(row.facts.get("group"))): str(row.facts.get("wrong")) for row in found}
