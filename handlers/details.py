"""Looking at what stands behind a request: for the one who asked and for those who could decide it.

It shows facts about a person to nobody else, and changes nothing.
"""

from sqlmodel import Session

from handlers import recording
from handlers.ground import Ground
from handlers.intents import Actor, OnGrant
from handlers.outcomes import NotAllowed, Repeated, Unknown
from handlers.stories import GrantStory
from handlers.storytelling import tell
from storage import deliveries

NOT_FOR_YOU = "Its details are for the one who asked and for those who can decide it."


class Details:
    """Tells the story of a request to whom it concerns; a look by anybody else is refused and on the record."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def look(self, intent: OnGrant) -> GrantStory | NotAllowed | Unknown | Repeated:
        """The story, for the requester, the owner's approvers and the security team."""
        story = await self._ground.database.read(lambda tx: tell(tx, self._ground, intent.grant))
        if story is None:
            return Unknown(what="request")
        if self._concerns(intent.actor, story):
            return story
        return await self._ground.database.write(lambda tx: self._refuse(tx, intent, story))

    def _concerns(self, actor: Actor, story: GrantStory) -> bool:
        own = story.requester.slack_user == actor.slack_user
        deciding = {self._ground.security_group, *([story.owner.approvers] if story.owner else [])}
        return own or bool(deciding & actor.account.groups)

    def _refuse(self, tx: Session, intent: OnGrant, story: GrantStory) -> NotAllowed | Repeated:
        if not deliveries.take(tx, intent.delivery, self._ground.now()):
            return Repeated()
        recording.record(
            tx,
            at=self._ground.now(),
            action="request.look_refused",
            outcome="refused",
            actor=recording.person(intent.actor),
            resource=story.entitlement_id,
            correlation=story.id,
            where=intent.where,
        )
        owner = story.owner.name if story.owner else "its owner"
        return NotAllowed(entitlement=story.entitlement_id, owner_name=owner, reasons=(NOT_FOR_YOU,))
