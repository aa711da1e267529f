"""Owners that nobody can reach: no group, nobody in it who may decide, or a channel in which nothing can be posted.

It tells the security channel, settles that when it is over, and passes on what waits; channels are looked at elsewhere.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from sqlmodel import Session

from handlers import recording
from handlers.approvals.owner_deciders import Deciders, first_able
from handlers.exceptions.raising import Kind, Severity, Strange, cause_of, tell_security
from handlers.ground import Ground
from handlers.patience import in_time
from handlers.requests.passing import pass_on
from storage.catalogue import Owner
from storage.exceptions import SAME_CAUSE, open_of, open_under, settle_exceptions
from storage.faults import DirectoryUnavailable
from storage.reminders import waiting_for


class Trouble(StrEnum):
    """What keeps an owner from deciding. Each has its sentence in bot.slack.messages."""

    NO_GROUP = "no-group"
    NOBODY = "nobody"
    NO_CHANNEL = "no-channel"
    ARCHIVED = "archived"
    SHARED = "shared"
    NOT_IN = "not-in"


# Why a request was passed on, fit to follow "passed on because".
WHY: Mapping[Trouble, str] = MappingProxyType(
    {
        Trouble.NO_GROUP: "its approvers' group is gone",
        Trouble.NOBODY: "nobody among its approvers can decide",
        Trouble.NO_CHANNEL: "its channel is gone",
        Trouble.ARCHIVED: "its channel is archived",
        Trouble.SHARED: "its channel is shared outside",
        Trouble.NOT_IN: "I am not in its channel",
    }
)
CHANNEL = "channel"


def approvers_in(home: str) -> str:
    """The side of an owner that its approvers in this home directory are."""
    return f"approvers:{home}"


class Owners:
    """Looks at the approvers of owners, and keeps what is known of each side of an owner: approvers and channel."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def approvers(self, owner: str) -> Mapping[str, Trouble | None]:
        """By side, whether somebody can decide for this owner; a home that does not answer is left out (promise 7)."""
        ground = self._ground
        deciders = Deciders(
            policy=ground.policy,
            catalogue=ground.catalogue,
            security_group=ground.security_group,
            home_of=ground.home_of,
            now=ground.now(),
        )
        found: dict[str, Trouble | None] = {}
        for (body, home), entitlements in deciders.bodies().items():
            if body != owner:
                continue
            group = ground.catalogue.owners[owner].approvers
            can = deciders.who_may("owner", entitlements, owner)
            try:
                able = await in_time(first_able(ground.home(home), group, can, most=1))
            except DirectoryUnavailable:
                continue
            found[approvers_in(home)] = Trouble.NO_GROUP if able is None else None if able else Trouble.NOBODY
        return found

    def keep(
        self,
        tx: Session,
        owner_id: str,
        looked: Mapping[str, Trouble | None],
        *,
        began: datetime | None = None,
    ) -> None:
        """What was found of an owner: told if it is news, settled if it is over; what waits for it is passed on.

        began: when it was begun to look, if that may be a while ago.
        """
        owner = self._ground.catalogue.owners.get(owner_id)
        if owner is None or self._ground.is_behind(tx):
            return  # they may have another group and another channel by now
        for side, trouble in looked.items():
            if trouble is not None:
                self._tell(tx, owner, side, trouble)
        well = [self._cause(owner, side) for side, trouble in looked.items() if trouble is None]
        settle_exceptions(tx, at=self._ground.now(), causes=well, began=began)
        if any(looked.values()):
            self._pass_on_all(tx, owner, looked)

    def troubled(self, tx: Session) -> list[str]:
        """The ids of owners of whom something is open."""
        return [
            owner
            for owner in self._ground.catalogue.owners
            if open_under(tx, cause_of(Kind.OWNER_UNREACHABLE, f"{owner}:"))
        ]

    def _pass_on_all(self, tx: Session, owner: Owner, looked: Mapping[str, Trouble | None]) -> None:
        """What its people in that home were to decide, or all of it where its channel is at fault."""
        own = [one.id for one in self._ground.catalogue.entitlements.values() if one.owner == owner.id]
        for grant in waiting_for(tx, owner.id, own):
            trouble = looked.get(CHANNEL) or looked.get(approvers_in(grant.requester_directory))
            if trouble is not None:
                pass_on(tx, self._ground, grant, why=WHY[trouble])

    def _tell(self, tx: Session, owner: Owner, side: str, trouble: Trouble) -> None:
        now, fallback = self._ground.now(), self._ground.catalogue.owners.get(owner.fallback)
        known = open_of(tx, self._cause(owner, side))
        if any(one.facts.get("trouble") == trouble and one.first_at > now - SAME_CAUSE for one in known):
            return  # each look would count it once more
        recording.record(
            tx,
            at=now,
            action="owner.unreachable",
            outcome="failed",
            **recording.BY_ITSELF,
            correlation=owner.id,
            facts={"side": side, "trouble": trouble, "fallback": owner.fallback},
        )
        strange = Strange(
            kind=Kind.OWNER_UNREACHABLE,
            severity=Severity.MEDIUM if fallback else Severity.HIGH,
            who=owner.name,
            cause=f"{owner.id}:{side}",
            correlation=owner.id,
            facts={
                "trouble": trouble,
                "group": owner.approvers,
                "channel": owner.channel,
                "fallback": fallback.name if fallback else "",
            },
        )
        tell_security(tx, now, strange)

    def _cause(self, owner: Owner, side: str) -> str:
        return cause_of(Kind.OWNER_UNREACHABLE, f"{owner.id}:{side}")
