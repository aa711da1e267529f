"""What somebody reads while they fill in the request form, and when they have sent it.

It promises nothing: what is foreseen is asked again when the form is sent.
"""

from slack_sdk.models.blocks import Block

from bot.slack import sentences
from bot.slack.messages.freezes import undone_text
from bot.slack.messages.parts import SECTION_LIMIT, note, section
from bot.slack.messages.requests import approvals_from, at_most, clause, stopped_now, whole
from bot.slack.words import duration, inert, listed, together
from bot.texts import say, template
from handlers.outcomes import AlreadyAsked, AlreadyHeld, Asked, AskedTogether
from handlers.requests.foreseen import Foreseen, Foresight
from storage.states import GrantState

UNKNOWN = template(
    "I can't read the directory right now, so I can't say what would happen. You can send it all the same."
)
TICKET_WANTED = template("A ticket is needed for this. Name it above.")


def foresight_blocks(foresight: Foresight | str, remark: str = "") -> list[Block]:
    """What would happen, a paragraph for each thing, or a sentence in its place. remark: what stands before it."""
    said: list[Block] = [section(_fitting(remark))] if remark else []
    not_yet = say("Nothing is sent yet.")
    if isinstance(foresight, str):
        return [*said, section(foresight)]
    if foresight.no_report:
        return [*said, section(_no_report())]
    if foresight.stopped is not None:
        return [*said, section(stopped_now(foresight.stopped)), note(not_yet)]
    if not foresight.each:
        choose = say("Choose what you need and for how long, and I will say here what would happen.")
        return [*said, section(choose)]
    lines = [_fitting(_line(one, foresight)) for one in foresight.each]
    wanted = together(say(TICKET_WANTED), not_yet) if foresight.ticket_wanted else not_yet
    return [*said, *map(section, lines), note(wanted)]


def _no_report() -> str:
    return say(
        "⛔ I can ask for somebody else only if the directory says that they report to you, and if their Slack account "
        "is linked. Leave that field empty to ask for yourself."
    )


def _line(one: Foreseen, foresight: Foresight) -> str:
    name, who = inert(one.entitlement.id), inert(foresight.report)
    match one.outcome:
        case "automatic":
            return _at_once(name, who, duration(foresight.minutes))
        case "approval":
            return _by_approval(name, one)
        case "held" if who:
            return say("✅ *{name}*: {who} already holds it, standing. It is left out.", name=name, who=who)
        case "held":
            return say("✅ *{name}*: you already hold it, standing. It is left out.", name=name)
        case "waiting":
            return say("⏳ *{name}*: it is asked for already and waits. It is left out.", name=name)
        case "unsaid":
            return say("*{name}*: say for how long.", name=name)
        case _:
            reasons = together(*map(whole, one.reasons)) or say("No policy allows it.")
            reasons = together(reasons, at_most(one.entitlement, foresight.minutes))
            return say("⛔ *{name}*: not possible. {reasons}", name=name, reasons=reasons)


def _at_once(name: str, who: str, length: str) -> str:
    if who:
        return say(
            "✅ *{name}*: {who} will have it at once, for {duration}. It needs nobody's approval.",
            name=name, who=who, duration=length,
        )  # fmt: skip
    return say(
        "✅ *{name}*: you will have it at once, for {duration}. It needs nobody's approval.",
        name=name, duration=length,
    )  # fmt: skip


def _by_approval(name: str, one: Foreseen) -> str:
    needed = approvals_from(one.missing, owner=inert(one.owner.name), manager=say("your manager"))
    why = listed([clause(reason) for reason in one.reasons])
    if not why:
        return say("⏳ *{name}*: needs {approvals}.", name=name, approvals=needed)
    return say("⏳ *{name}*: needs {approvals}, because {why}.", name=name, approvals=needed, why=why)


def together_text(outcome: AskedTogether) -> str:
    """What to say when several things were asked for and not all of them went; "" when all did."""
    went = [name for name, one in outcome.each if _went(one)]
    lines = [
        say("• *{name}*: {why}", name=inert(name), why=_why_not(one, outcome.report))
        for name, one in outcome.each
        if not _went(one)
    ]
    if not lines:
        return ""
    if went:
        sent = say("Sent: {names}.", names=listed([f"*{inert(name)}*" for name in went]))
    else:
        sent = say("Nothing was sent.")
    return _fitting("\n".join([sent, say("Not sent:"), *lines]))


def _went(one: object) -> bool:
    return isinstance(one, Asked) and one.state != GrantState.REFUSED


def _why_not(one: object, report: str) -> str:
    match one:
        case Asked(reasons=reasons):
            return together(*map(whole, reasons)) or say("no policy allows it.")
        case AlreadyHeld() if report:
            return say("{name} already holds it, standing.", name=inert(report))
        case AlreadyHeld():
            return say("you already hold it, standing.")
        case AlreadyAsked():
            return say("it is asked for already and waits.")
        case _:
            return say("it is no longer there.")


def asked_text(outcome: object) -> str:
    """What to say to somebody who asked for one thing; "" when the status message says it all."""
    match outcome:
        case AlreadyHeld(entitlement=entitlement):
            return say(
                "You already hold *{entitlement}*, standing. There is nothing to ask for.",
                entitlement=inert(entitlement),
            )
        case AlreadyAsked():
            return say(sentences.ALREADY_ASKED)
        case _:
            return undone_text(outcome)


def _fitting(text: str) -> str:
    return text if len(text) <= SECTION_LIMIT else f"{text[: SECTION_LIMIT - 1]}…"
