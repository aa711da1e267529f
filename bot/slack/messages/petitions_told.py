"""What somebody reads whose click or form about a petition came to something, or did not.

Kind, with what to do next, and that nothing was changed where nothing was.
"""

from bot.slack.actions import Action
from bot.slack.messages.alerts.petitions import WHYS
from bot.slack.messages.freezes import LOST
from bot.slack.messages.parts import Message, button, link_button, said
from bot.slack.messages.requests import whole
from bot.slack.words import clock, day_and_clock, inert, together
from bot.texts import as_told, say, template
from handlers.outcomes import Unknown
from handlers.petitions.outcomes import (
    AskedBefore,
    MayNot,
    NotForYou,
    NotNeeded,
    Petitioned,
    Said,
    SaidBefore,
    Settled,
    SettledBefore,
)
from storage.states import PetitionKind, PetitionState

ASKED_NOW = template(
    "You asked two people. How it stands is in our direct messages, and you hear of every step by mail as well."
)


def asked_text(outcome: object) -> str:
    """To whoever asked; "" for a repeat."""
    match outcome:
        case Petitioned():
            return say(ASKED_NOW)
        case AskedBefore():
            return say(
                "You have asked already, and it is not over: how it stands is in our direct messages. Nothing was sent "
                "twice."
            )
        case NotNeeded(kind=PetitionKind.PASSWORD):
            return say(
                "You can do that alone: write “reset my password”. If you lost what you prove yourself with, write “I "
                "lost my authenticator”."
            )
        case NotNeeded():
            return say("You can do that alone: write “manage my proofs”.")
        case NotForYou(reasons=reasons):
            return together(say("I can't take that up."), *(inert(as_told(one)) for one in reasons))
        case _:
            return ""


def lost_message() -> Message:
    """To whoever lost what they prove themselves with: first what may still be there, then two people."""
    return said(
        say(
            "If one of your proofs is left, a passkey on another device, an authenticator or a recovery code, use it: "
            "that is quickest. If all are lost, ask two people to say that it is you; some hours later you "
            "set up new ones."
        ),
        buttons=[
            button(say("I have one left"), Action.CARE_FOR_PROOFS, "lost"),
            button(say("Ask two people…"), Action.PETITION_PROOFS, "lost", primary=True),
        ],
    )


def not_needed_message(outcome: NotNeeded) -> Message:
    """They can do it alone: with the button for it."""
    way = Action.RESET_PASSWORD if outcome.kind == PetitionKind.PASSWORD else Action.CARE_FOR_PROOFS
    return said(asked_text(outcome), buttons=[button(say("Do it now"), way, "petition", primary=True)])


PROVE_FIRST = template(
    "Before you approve, show on the secure page who you are: it counts for this petition alone, for some minutes. "
    "Then come back and press *Approve…* once more. Nothing is decided yet."
)


def prove_first_message(address: str) -> Message:
    """To an approver, privately: first who they are, then the approval."""
    return said(say(PROVE_FIRST), buttons=[link_button(say("Prove who I am"), address)])


def decided_text(outcome: object) -> str:
    """To whoever decided; "" for a repeat."""
    match outcome:
        case Said(approved=True, opens_at=opens_at) if opens_at is not None:
            return say(
                "Your approval counts, and it was the last one: it opens {time}.",
                time=day_and_clock(opens_at),
            )
        case Said():
            return say("Your approval counts. It needs others as well.")
        case SaidBefore():
            return say("You approved this before, and you count once. Somebody else has to approve it too.")
        case Settled(who=who):
            return say("It is stopped: nothing opens for {name}.", name=inert(who))
        case MayNot(who=who, reasons=reasons):
            return together(
                say("You can't decide about the petition of {name}.", name=inert(who)),
                *map(whole, reasons),
                say("Nothing was changed."),
            )
        case SettledBefore():
            return together(_settled(outcome), say("Nothing more to do."))
        case Unknown(lost=True):
            return say(LOST)
        case Unknown():
            return say("This petition is no longer there, so nothing was changed.")
        case _:
            return ""


def _settled(outcome: SettledBefore) -> str:
    if outcome.state == PetitionState.DENIED and outcome.at is not None:
        return say("{name} denied this at {time}.", name=inert(outcome.by), time=clock(outcome.at))
    if outcome.state in (PetitionState.APPROVED, PetitionState.OPEN):
        return say("This is approved already.")
    if outcome.state == PetitionState.USED:
        return say("This was used already. If it was not its person, they press “It wasn't me”.")
    if outcome.by and outcome.at is not None:
        return say("{name} stopped this at {time}.", name=inert(outcome.by), time=clock(outcome.at))
    why = say(WHYS[outcome.why]) if outcome.why in WHYS else say("it was stopped")
    return say("This is over: {why}.", why=why)
