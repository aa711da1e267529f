"""What a form to decide asks for beside the rationale: a fresh proof on the secure page, and the request's code.

No proof or password passes through it; the code is worth nothing but to whom it was shown, for the request beside it.
"""

from dataclasses import dataclass

from slack_sdk.models.blocks import Block

from bot.slack.actions import Field
from bot.slack.forms.parts import text_input
from bot.slack.messages.parts import actions, link_button, section
from bot.slack.messages.proofs import proved_by
from bot.slack.words import together
from bot.texts import say
from handlers.outcomes import NOTHING_MORE, Demand, NeedsMore

_LONGEST_CODE = 40


@dataclass(frozen=True, kw_only=True)
class More:
    """demand: what is asked for. link: of the page, where there is one. lacking: what the form sent before lacked."""

    demand: Demand = NOTHING_MORE
    link: str = ""
    lacking: NeedsMore | None = None


NO_MORE = More()


def proof_blocks(more: More) -> list[Block]:
    """Where to prove who one is, or that one has; nothing where policy asks for no proof."""
    if more.demand.proof is not None:
        return [
            section(
                say("✅ It is you: {proved}. Nothing is approved yet.", proved=proved_by(more.demand.proof))
            )
        ]
    if not more.link:
        return []
    return [section(_proof_text(more)), *actions([link_button(say("Prove who I am"), more.link)])]


def _proof_text(more: More) -> str:
    lacks = more.lacking is not None and more.lacking.proof
    first = (
        say("⏳ *Nothing is approved yet.* This needs a fresh proof of who you are, for this request alone.")
        if lacks
        else say("This needs a fresh proof of who you are, for this request alone.")
    )
    weak = say("What you showed is not enough for it: show it another way.") if more.demand.weak else ""
    if more.demand.enrolled:
        then = say(
            "Prove it on the secure page, then come back and press Approve. What you type here is kept."
        )
        return together(first, weak, then)
    none = say(
        "You have set up nothing to prove it by. Say `/wicket enrol`: it takes two minutes. Then prove it on the "
        "secure page, come back and press Approve. What you type here is kept."
    )
    return together(first, none, say("Others who may decide this can do so meanwhile."))


def code_blocks(more: More) -> list[Block]:
    """The request's code and where to retype it; nothing where policy does not ask for that."""
    code = more.demand.code
    if not code:
        return []
    wrong = more.lacking is not None and more.lacking.code
    again = (
        say("⏳ *Nothing is approved yet:* that was not this code. Please type it again.") if wrong else ""
    )
    return [
        section(together(say("The code of this request, for you: *{code}*", code=code), again)),
        text_input(
            Field.CODE,
            say("Type the code of this request"),
            _LONGEST_CODE,
            hint=say("It makes sure that you mean this one. Capitals and spaces do not matter."),
        ),
    ]
