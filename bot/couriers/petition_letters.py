"""The letters about petitions: asked, approved, open, used, over. Each but the last leads to where it can be stopped.

Facts in, paragraphs out; it sends nothing. The page that one of them leads to opens nothing by itself.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from bot.slack.messages.alerts.petitions import WHYS
from bot.slack.words import in_full, listed
from bot.texts import say, template
from handlers.decisions.petitioning import opening_hour
from handlers.petitions.outcomes import APPROVED, ASKED, ENDED, OPENED, USED
from storage import petitions
from storage.states import PetitionKind, PetitionState


@dataclass(frozen=True, kw_only=True)
class Told:
    """What these letters are written from. opens_at, closes_at, ended_at: aware UTC. page: where it can be used."""

    kind: PetitionKind
    state: PetitionState
    explanation: str
    approvers: tuple[str, ...]
    asked_at: datetime
    opens_at: datetime | None
    closes_at: datetime | None
    ended_at: datetime | None
    ended_by: str
    why: str
    words: str
    page: str

    def is_current(self, kind: str) -> bool:
        """Whether it still is as the letter of this kind says; what was overtaken only confuses."""
        return _WHILE.get(kind, self.state) == self.state


_WHILE = {APPROVED: PetitionState.APPROVED, OPENED: PetitionState.OPEN}


def told_of(tx: Session, petition_id: str, page: str, at: datetime) -> Told | None:
    """The petition as its letters tell of it; None if there is none. at: when the letter goes out."""
    petition = petitions.look(tx, petition_id)
    if petition is None:
        return None
    opens_at = petition.opens_at
    if petition.decided_at is not None and opens_at is not None and petition.mailed_at is None:
        opens_at = opening_hour(petition.decided_at, opens_at, at)
    return Told(
        kind=PetitionKind(petition.kind),
        state=PetitionState(petition.state),
        explanation=petition.explanation,
        approvers=tuple(one.name for one in petitions.attestations(tx, petition_id)),
        asked_at=petition.asked_at,
        opens_at=opens_at,
        closes_at=petition.closes_at,
        ended_at=petition.ended_at,
        ended_by=petition.ended_by,
        why=petition.end_reason,
        words=petition.end_words,
        page=page,
    )


_WANTED: Mapping[PetitionKind, str] = {
    PetitionKind.PASSWORD: template("a new password for your account"),
    PetitionKind.PROOFS: template("new proofs for your account, because the ones you had are lost"),
}


def _asked(told: Told) -> tuple[str, ...]:
    return (
        say("Two people are asked whether it is you"),
        say(
            "On {time} somebody asked in your name for {wanted}. Two people are asked whether it is you; they "
            "should speak to you before they say so.",
            time=in_full(told.asked_at),
            wanted=say(_WANTED[told.kind]),
        ),
        say("This was given as the reason: “{words}”", words=" ".join(told.explanation.split())),
        say("Nothing is open yet, and nothing was changed."),
    )


def _approved(told: Told) -> tuple[str, ...]:
    opens = in_full(told.opens_at) if told.opens_at else say("in some hours")
    return (
        say("Two people said that it is you"),
        say(
            "{people} said that it is you who asked for {wanted}.",
            people=_people(told),
            wanted=say(_WANTED[told.kind]),
        ),
        say("It opens on {time}. Until then you can stop it, and nothing was changed.", time=opens),
    )


def _opened(told: Told) -> tuple[str, ...]:
    closes = in_full(told.closes_at) if told.closes_at else say("tomorrow")
    todo = (
        say("Open this page and show who you are; then choose a new password.")
        if told.kind == PetitionKind.PASSWORD
        else say("Open this page, show what you have left, and set up a new passkey or authenticator.")
    )
    return (
        say("Your page is open"),
        say("The page for {wanted} is open until {time}, once.", wanted=say(_WANTED[told.kind]), time=closes),
        f"{todo}\n{told.page}",
    )


def _used(told: Told) -> tuple[str, ...]:
    when = in_full(told.ended_at or told.asked_at)
    return (
        say("Your page was used"),
        say("The page for {wanted} was used on {time}.", wanted=say(_WANTED[told.kind]), time=when),
    )


def _ended(told: Told) -> tuple[str, ...]:
    why = say(WHYS[told.why]) if told.why in WHYS else say("it was stopped")
    if told.state == PetitionState.DENIED:
        over = say("{name} denied it: “{words}”", name=told.ended_by, words=" ".join(told.words.split()))
    else:
        over = say("It is over: {why}.", why=why)
    return (
        say("Nothing was opened for you"),
        say(
            "On {time} somebody asked in your name for {wanted}.",
            time=in_full(told.asked_at),
            wanted=say(_WANTED[told.kind]),
        ),
        over,
        say("Nothing was changed."),
    )


def _people(told: Told) -> str:
    return listed([" ".join(one.split()) for one in told.approvers]) or say("Two people")


PETITION_LETTERS: Mapping[str, Callable[[Told], tuple[str, ...]]] = {
    ASKED: _asked,
    APPROVED: _approved,
    OPENED: _opened,
    USED: _used,
    ENDED: _ended,
}
