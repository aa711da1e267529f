"""A fresh proof for one decision: asked for in Slack, given on the secure page, spent by the decision it was for.

It knows no decision, and a proof for one thing, person or Slack account is none for another.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from handlers import recording
from handlers.intents import Actor, Where
from storage import step_ups
from storage.handles import Purpose, make_handle
from storage.step_ups import About, FreshProof, Whose


@dataclass(frozen=True, kw_only=True)
class SteppingUp:
    """fresh_for: how long a proof is fresh. link_life: how long the link to the page works that asks for it.

    Every method belongs to the caller's transaction.
    """

    fresh_for: timedelta = timedelta(minutes=5)
    link_life: timedelta = timedelta(minutes=10)

    def begin(
        self,
        tx: Session,
        actor: Actor,
        where: Where,
        *,
        about: str,
        kind: About,
        thing: str,
        whom: str,
        at: datetime,
    ) -> str:
        """The handle by which they may prove who they are for this; its link is `PageLinks.address` of it.

        One that is open for at least half its time is given again, so that forms opened twice make one visit. thing,
        whom: what it is about and whose, for the page; shown to nobody but whoever proved to be the actor.
        """
        whose = _whose(actor)
        known = step_ups.open_for(tx, whose, about, until=at + self.link_life / 2)
        if known is not None:
            return known.id
        handle = make_handle(
            tx, at=at, expires_at=at + self.link_life, purpose=Purpose.STEP_UP, directory=whose.directory,
            account=whose.account, slack_team=whose.slack_team, slack_user=whose.slack_user,
        )  # fmt: skip
        step_ups.ask_for(tx, handle, about=about, kind=kind, thing=thing, whom=whom)
        recording.record(
            tx,
            at=at,
            action="step_up.page_opened",
            outcome="done",
            actor=recording.person(actor),
            subject=actor.account.id,
            where=where,
            correlation=about,
            facts={"handle": handle.id, "kind": kind},
        )
        return handle.id

    def fresh_proof(self, tx: Session, actor: Actor, *, about: str, at: datetime) -> FreshProof | None:
        """What this person, from this Slack account, proved for this and did not use yet; None if nothing is fresh."""
        return step_ups.proven_since(tx, _whose(actor), about, at - self.fresh_for)

    def spend(self, tx: Session, proof: FreshProof, at: datetime) -> bool:
        """Let the decision of this transaction rest on it, once. False if another one was faster: then refuse."""
        return step_ups.spend(tx, proof.handle, at)


def _whose(actor: Actor) -> Whose:
    return Whose(
        directory=actor.account.directory,
        account=actor.account.id,
        slack_team=actor.slack_team,
        slack_user=actor.slack_user,
    )
