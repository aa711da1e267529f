"""A fresh proof for one decision: asked for in Slack, given on the secure page, spent by the decision it was for.

It knows no decision, and a proof for one thing, person or Slack account is none for another.
"""

import hmac
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlmodel import Session

from handlers import recording
from handlers.decisions.policy import GivenProof
from handlers.intents import Actor, Where
from storage import step_ups
from storage.fresh import FreshProof
from storage.handles import make_handle
from storage.passkeys import working_passkeys
from storage.proofs import seed_of
from storage.secrets import Vault, generate_key
from storage.states import Purpose
from storage.step_ups import About, Whose

# Replicas' clocks, and one that is set right, are no further apart.
APART = timedelta(seconds=5)
_CODE = "request-code"
_CODE_LENGTH = 6
_LETTERS = "CDFGHJKMNPQRTVWXY34679"


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What somebody had typed when they were asked for a proof."""

    rationale: str = ""
    minutes: int | None = None


@dataclass(frozen=True, kw_only=True)
class SteppingUp:
    """fresh_for: how long a proof is fresh. link_life: how long the link to the page works that asks for it.

    vault: derives the codes of requests; one with a key of its own, if none is given, knows nobody else's codes.
    sign_in_apart: signing in at the company's provider is such a proof, so that everybody has one.
    Every method belongs to the caller's transaction.
    """

    fresh_for: timedelta = timedelta(minutes=5)
    link_life: timedelta = timedelta(minutes=10)
    vault: Vault = field(default_factory=lambda: Vault([generate_key()]))
    sign_in_apart: bool = False

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
        return step_ups.proven_since(tx, _whose(actor), about, at - self.fresh_for, until=at + APART)

    def proof_of(self, tx: Session, whose: Whose, *, about: str, at: datetime) -> FreshProof | None:
        """The same of somebody who is not here: the proof itself is what goes on."""
        return step_ups.proven_since(tx, whose, about, at - self.fresh_for, until=at + APART)

    def why_none(self, tx: Session, actor: Actor, *, about: str) -> str:
        """Why nothing is fresh, for the record: "none", "other_account" (of Slack), "spent" or "stale"."""
        found = step_ups.last_proven(tx, actor.account.directory, actor.account.id, about)
        if found is None:
            return "none"
        handle, row = found
        if (handle.slack_team, handle.slack_user) != (actor.slack_team, actor.slack_user):
            return "other_account"
        return "spent" if row.spent_at is not None else "stale"

    def can_prove(self, tx: Session, actor: Actor) -> bool:
        """Whether they have set up anything to prove it by."""
        if self.sign_in_apart:
            return True
        directory, account = actor.account.directory, actor.account.id
        return seed_of(tx, directory, account) is not None or bool(working_passkeys(tx, directory, account))

    def keep(
        self, tx: Session, actor: Actor, handle: str, *, about: str, rationale: str, minutes: int | None
    ) -> int:
        """Keep what they had typed until they come back; how often they came without a proof by now."""
        step_ups.keep(tx, handle, rationale=rationale, minutes=minutes)
        return step_ups.tries(tx, _whose(actor), about)

    def kept(self, tx: Session, actor: Actor, *, about: str) -> Kept:
        """What they had typed."""
        found = step_ups.kept(tx, _whose(actor), about)
        return Kept(rationale=found.rationale, minutes=found.minutes) if found is not None else Kept()

    def forget(self, tx: Session, actor: Actor | None, *, about: str) -> None:
        """Erase what this person, or everybody, had typed about it."""
        step_ups.erase(tx, about, None if actor is None else _whose(actor))

    def code(self, actor: Actor, *, about: str, shown: str) -> str:
        """What this person retypes to decide about this as it is shown; another for anybody and anything else."""
        return _readable(self.vault.derive(_CODE, _coded(actor, about, shown)))

    def is_code(self, typed: str, actor: Actor, *, about: str, shown: str) -> bool:
        """Whether that is what was typed; case, spaces and hyphens do not matter."""
        plain = _plain(typed)
        derived = self.vault.derive_all(_CODE, _coded(actor, about, shown))
        return any(hmac.compare_digest(plain.encode(), _plain(_readable(one)).encode()) for one in derived)

    def spend(self, tx: Session, proof: FreshProof, at: datetime) -> bool:
        """Let the decision of this transaction rest on it, once. False if another one was faster: then refuse."""
        return step_ups.spend(tx, proof.handle, at)


def _coded(actor: Actor, about: str, shown: str) -> str:
    return f"{actor.account.directory}\0{actor.account.id}\0{about}\0{shown}"


def _readable(derived: bytes) -> str:
    """Six letters and digits in two groups, none of which looks like another; no vowels, so that it is no word."""
    number, letters = int.from_bytes(derived, "big"), ""
    for _ in range(_CODE_LENGTH):
        number, left = divmod(number, len(_LETTERS))
        letters += _LETTERS[left]
    half = _CODE_LENGTH // 2
    return f"{letters[:half]} {letters[half:]}"


def _plain(typed: str) -> str:
    return re.sub(r"[\s-]+", "", typed.casefold())


def _whose(actor: Actor) -> Whose:
    return Whose(
        directory=actor.account.directory,
        account=actor.account.id,
        slack_team=actor.slack_team,
        slack_user=actor.slack_user,
    )


def as_given(proof: FreshProof | None, at: datetime) -> GivenProof | None:
    """A proof as policy hears of it, by whoever decided then."""
    if proof is None:
        return None
    return GivenProof(kinds=frozenset(proof.kinds), seconds=max(0, int((at - proof.at).total_seconds())))


def proof_facts(proof: FreshProof) -> dict[str, recording.Fact]:
    """What the record of a decision says of the proof that it rests on: by which handle, how, and when."""
    return {"proof": proof.handle, "proved_by": list(proof.kinds), "proved_at": proof.at.isoformat()}
