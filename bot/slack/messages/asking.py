"""What somebody reads while they fill in the request form, and when they have sent it.

It promises nothing: what is foreseen is asked again when the form is sent.
"""

from slack_sdk.models.blocks import Block

from bot.slack import sentences
from bot.slack.messages.approvals import too_late_text
from bot.slack.messages.freezes import gone_text, stopped_text
from bot.slack.messages.parts import SECTION_LIMIT, note, section
from bot.slack.messages.requests import approvals_from, whole
from bot.slack.words import duration, inert, listed
from handlers.decisions.freezing import Stopped, reason
from handlers.foreseen import Foreseen, Foresight
from handlers.outcomes import AlreadyAsked, AlreadyHeld, Asked, AskedTogether, TooLate, Unknown
from storage.states import GrantState

NOTHING_CHOSEN = "Choose what you need and for how long, and I will say here what would happen."
NO_REPORT = (
    "⛔ I can ask for somebody else only if the directory says that they report to you, and if their Slack account is "
    "linked. Leave that field empty to ask for yourself."
)
UNKNOWN = (
    "I can't read the directory right now, so I can't say what would happen. You can send it all the same."
)
TICKET_WANTED = "A ticket is needed for this. Name it above."
_NOT_YET = "Nothing is sent yet."


def foresight_blocks(foresight: Foresight | str, remark: str = "") -> list[Block]:
    """What would happen, a paragraph for each thing, or a sentence in its place. remark: what stands before it."""
    said: list[Block] = [section(_fitting(remark))] if remark else []
    if isinstance(foresight, str):
        return [*said, section(foresight)]
    if foresight.no_report:
        return [*said, section(NO_REPORT)]
    if foresight.stopped is not None:
        return [*said, section(f"⛔ {reason(foresight.stopped)}"), note(_NOT_YET)]
    if not foresight.each:
        return [*said, section(NOTHING_CHOSEN)]
    lines = [_fitting(_line(one, foresight)) for one in foresight.each]
    wanted = f"{TICKET_WANTED} {_NOT_YET}" if foresight.ticket_wanted else _NOT_YET
    return [*said, *map(section, lines), note(wanted)]


def _line(one: Foreseen, foresight: Foresight) -> str:
    name = f"*{inert(one.entitlement.id)}*"
    who = inert(foresight.report)
    match one.outcome:
        case "automatic":
            gets = f"{who} will have it" if who else "you will have it"
            return (
                f"✅ {name}: {gets} at once, for {duration(foresight.minutes)}. It needs nobody's approval."
            )
        case "approval":
            needed = approvals_from(one.missing, owner=inert(one.owner.name), manager="your manager")
            why = listed([inert(reason).rstrip(" .") for reason in one.reasons])
            return f"⏳ {name}: needs {needed}{f', because {why}' if why else ''}."
        case "held":
            return f"✅ {name}: {who or 'you'} already {'holds' if who else 'hold'} it, standing. It is left out."
        case "waiting":
            return f"⏳ {name}: it is asked for already and waits. It is left out."
        case "unsaid":
            return f"{name}: say for how long."
        case _:
            reasons = " ".join(map(whole, one.reasons)) or "No policy allows it."
            return f"⛔ {name}: not possible. {reasons}"


def together_text(outcome: AskedTogether) -> str:
    """What to say when several things were asked for and not all of them went; "" when all did."""
    went = [name for name, one in outcome.each if _went(one)]
    lines = [
        f"• *{inert(name)}*: {_why_not(one, outcome.report)}" for name, one in outcome.each if not _went(one)
    ]
    if not lines:
        return ""
    sent = f"Sent: {listed([f'*{inert(name)}*' for name in went])}." if went else "Nothing was sent."
    text = "\n".join([sent, "Not sent:", *lines])
    return _fitting(text)


def _went(one: object) -> bool:
    return isinstance(one, Asked) and one.state != GrantState.REFUSED


def _why_not(one: object, report: str) -> str:
    match one:
        case Asked(reasons=reasons):
            return " ".join(map(whole, reasons)) or "no policy allows it."
        case AlreadyHeld():
            return (
                f"{inert(report)} already holds it, standing." if report else "you already hold it, standing."
            )
        case AlreadyAsked():
            return "it is asked for already and waits."
        case _:
            return "it is no longer there."


def asked_text(outcome: object) -> str:
    """What to say to somebody who asked for one thing; "" when the status message says it all."""
    match outcome:
        case AlreadyHeld(entitlement=entitlement):
            return f"You already hold *{inert(entitlement)}*, standing. There is nothing to ask for."
        case AlreadyAsked():
            return sentences.ALREADY_ASKED
        case TooLate():
            return too_late_text(outcome)
        case Unknown():
            return gone_text(outcome)
        case Stopped():
            return stopped_text(outcome)
        case _:
            return ""


def _fitting(text: str) -> str:
    return text if len(text) <= SECTION_LIMIT else f"{text[: SECTION_LIMIT - 1]}…"
