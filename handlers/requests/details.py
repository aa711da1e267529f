"""Looking at what stands behind a request: for the one who asked and for those who could decide it.

It shows facts about a person to nobody else, a draft to its author alone, and changes nothing.
"""

from sqlmodel import Session

from handlers import recording
from handlers.exceptions.forged import refuse_forged
from handlers.ground import Ground
from handlers.intents import Actor, OnGrant
from handlers.outcomes import NotAllowed, Repeated, Unknown
from handlers.questions.concerned import could_decide, was_carried
from handlers.requests.own import find_own, owns
from handlers.requests.stories import GrantStory
from handlers.requests.storytelling import tell
from storage import deliveries, grants
from storage.records import Grant

NOT_FOR_YOU = "Its details are for the one who asked and for those who can decide it."


class Details:
    """Tells the story of a request to whom it concerns; a look by anybody else is refused and on the record."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def look(self, intent: OnGrant) -> GrantStory | NotAllowed | Unknown | Repeated:
        """The story, for the requester, and once it was carried to its owner for the approvers and security."""
        grant, story = await self._read(intent)
        if grant is not None and story is not None:
            if owns(intent.actor, grant) or await self._could_decide(intent.actor, grant, story):
                return story
            if was_carried(grant):
                return await self._ground.database.write(lambda tx: self._refuse(tx, intent, story))
        return await refuse_forged(self._ground, intent, "approval.tampered", what="request")

    async def own(self, intent: OnGrant) -> GrantStory | Unknown | Repeated:
        """The story of one's own draft or request, to change it or to ask again. Nothing is taken: a form opens."""
        grant, story = await self._read(intent)
        if grant is not None and story is not None and owns(intent.actor, grant):
            return story
        found = await self._ground.database.write(lambda tx: find_own(tx, self._ground, intent))
        return Unknown(what="request") if isinstance(found, Grant) else found

    async def _read(self, intent: OnGrant) -> tuple[Grant | None, GrantStory | None]:
        return await self._ground.database.read(
            lambda tx: (grants.get(tx, intent.grant), tell(tx, self._ground, intent.grant))
        )

    async def _could_decide(self, actor: Actor, grant: Grant, story: GrantStory) -> bool:
        by_manager = "manager" in story.missing or any(one.role == "manager" for one in story.said)
        return await could_decide(self._ground, actor, grant, by_manager=by_manager)

    def _refuse(self, tx: Session, intent: OnGrant, story: GrantStory) -> NotAllowed | Repeated:
        if not deliveries.take(tx, intent.delivery, self._ground.now()):
            return Repeated()
        recording.record(
            tx,
            at=self._ground.now(),
            action="request.look_refused",
            outcome="refused",
            **recording.by(intent),
            resource=story.entitlement_id,
            correlation=story.id,
        )
        owner = story.owner.name if story.owner else "its owner"
        return NotAllowed(entitlement=story.entitlement_id, owner_name=owner, reasons=(NOT_FOR_YOU,))
