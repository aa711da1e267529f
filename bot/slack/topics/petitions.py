"""The clicks and forms of petitions: somebody asks two people, and they approve, deny or stop it.

A button's value is an id to look up; nothing else in the payload is believed.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.slack import sentences
from bot.slack.actions import Action, Field
from bot.slack.door import PageLinks
from bot.slack.forms.decision import read_decision
from bot.slack.forms.parts import Answer, Wrong
from bot.slack.forms.petitions import attest_form, petition_form, read_petition
from bot.slack.incoming import Buttons, Click, Incoming
from bot.slack.messages.freezes import stopped_plainly, stopped_text
from bot.slack.messages.parts import said
from bot.slack.messages.petitions_told import (
    PROVE_FIRST,
    asked_text,
    decided_text,
    not_needed_message,
    prove_first_message,
)
from bot.slack.replies import Replies
from bot.texts import say
from handlers.decisions.freezing import Stopped
from handlers.decisions.policy import AttestWay
from handlers.ground import Ground
from handlers.intents import Actor, Intent
from handlers.petitions.asking import Petitioning
from handlers.petitions.attesting import Attesting
from handlers.petitions.outcomes import (
    AskPetition,
    DecidePetition,
    MayAsk,
    MayAttest,
    NotNeeded,
    OnPetition,
    Petitioned,
    ProveFirst,
    Said,
    Settled,
)
from handlers.petitions.stories import PetitionStory
from handlers.petitions.telling import story_of
from storage.states import PetitionKind


class PetitionClicks:
    """Carries them out, and whispers what came of it to the one who clicked."""

    def __init__(
        self,
        ground: Ground,
        *,
        petitioning: Petitioning,
        attesting: Attesting,
        pages: PageLinks,
        replies: Replies,
    ) -> None:
        self._ground, self._pages, self._replies = ground, pages, replies
        self._petitioning, self._attesting = petitioning, attesting
        self.table: Buttons = {
            Action.PETITION_PASSWORD: lambda click: self._open_asking(click, PetitionKind.PASSWORD),
            Action.PETITION_PROOFS: lambda click: self._open_asking(click, PetitionKind.PROOFS),
            Action.PETITION_APPROVE: lambda click: self._open(click, "approve"),
            Action.PETITION_DENY: lambda click: self._open(click, "deny"),
            Action.PETITION_CANCEL: self._cancel,
        }

    async def ask(self, actor: Actor, incoming: Incoming, view: Mapping[str, Any]) -> Answer:
        """A submitted form to ask; a sentence takes its place, "" closes it."""
        typed = read_petition(view)
        if typed is None:
            return say(sentences.GONE)
        if isinstance(typed, Wrong):
            return typed
        outcome = await self._petitioning.ask(
            AskPetition(**incoming.origin(actor), kind=typed.kind, explanation=typed.explanation)
        )
        return "" if isinstance(outcome, Petitioned) else asked_text(outcome)

    async def decide(
        self, actor: Actor, incoming: Incoming, view: Mapping[str, Any], *, approve: bool
    ) -> Answer:
        """A submitted approval or denial."""
        typed = read_decision(view)
        if isinstance(typed, Wrong):
            return typed
        outcome = await self._attesting.decide(
            DecidePetition(
                **incoming.origin(actor), petition=typed.grant, approve=approve, rationale=typed.rationale
            )
        )
        if isinstance(outcome, Stopped):
            return Wrong(at={Field.RATIONALE: stopped_plainly(outcome)})
        if isinstance(outcome, ProveFirst):
            self._prove_first(actor, outcome)
            return say(PROVE_FIRST)
        return "" if isinstance(outcome, Said | Settled) else decided_text(outcome)

    async def _open_asking(self, click: Click, kind: PetitionKind) -> None:
        intent = Intent(**click.origin)
        outcome = await self._petitioning.consider(intent, kind)
        if isinstance(outcome, NotNeeded):
            self._replies.tell(click.actor.slack_user, not_needed_message(outcome))
        elif not isinstance(outcome, MayAsk):
            if text := asked_text(outcome):
                self._replies.tell(click.actor.slack_user, said(text))
        else:
            await self._replies.form_or_word(click, petition_form(outcome))

    async def _open(self, click: Click, way: AttestWay) -> None:
        outcome = await self._attesting.consider(_about(click), way)
        if isinstance(outcome, ProveFirst):
            self._prove_first(click.actor, outcome)
            self._replies.answer(
                click, say("First show who you are: I sent you the link in our direct messages.")
            )
            return
        story = await self._story(click.value) if isinstance(outcome, MayAttest) else None
        if isinstance(outcome, MayAttest) and story is not None:
            story = replace(story, name=outcome.name, login=outcome.login)
            form = attest_form(story, approve=way == "approve", why=outcome.why)
            await self._replies.form_or_word(click, form)
            return
        self._replies.answer(
            click, stopped_text(outcome) if isinstance(outcome, Stopped) else decided_text(outcome)
        )

    async def _cancel(self, click: Click) -> None:
        self._replies.answer(click, decided_text(await self._attesting.cancel(_about(click))))

    async def _story(self, petition: str) -> PetitionStory | None:
        cool_off = self._ground.cool_off
        return await self._ground.database.read(lambda tx: story_of(tx, petition, cool_off=cool_off))

    def _prove_first(self, actor: Actor, outcome: ProveFirst) -> None:
        self._replies.tell(actor.slack_user, prove_first_message(self._pages.address(outcome.handle)))


def _about(click: Click) -> OnPetition:
    return OnPetition(**click.origin, petition=click.value)
