"""Why policy answered somebody so, what would change it, and what they can ask for, in words for that person alone.

First the answer, then why, then what to do next. It asks nothing and promises nothing.
"""

from bot.slack.messages.asked_back import ask_button
from bot.slack.messages.parts import Message, said
from bot.slack.messages.requests import approvals_from, clause, whole
from bot.slack.words import day_and_clock, duration, first, inert, listed, quoted, together
from bot.texts import as_told, say, say_counted
from handlers.decisions.explaining import Change, Kind, Turn
from handlers.decisions.freezing import Stopped, reason
from handlers.questions.explained import CanAsk, Explained, WhyApproval, WhyRefused

_SHOWN = 10


def refused_message(answer: WhyRefused) -> Message:
    """Why the last request came to nothing, and what policy says of the same now."""
    if answer.how == "never":
        return _never_refused(answer)
    name = inert(answer.entitlement)
    lines = [_what_happened(answer, name)]
    if answer.now is not None:
        lines += _now_lines(answer.now, answer.how)
    return said("\n".join(lines), buttons=[ask_button(answer.entitlement if answer.now else "")])


def approval_message(answer: WhyApproval) -> Message:
    """Why something needs approval, or that it does not."""
    now, name = answer.now, inert(answer.now.entitlement)
    length = duration(now.minutes)
    if now.held:
        first_line = say("✅ You hold *{name}* already, so there is nothing to approve.", name=name)
        return said(first_line)
    if now.outcome == "automatic":
        lines = [say("*{name}* needs no approval from anybody for {length}.", name=name, length=length)]
        lines.append(together(*map(whole, now.reasons)))
    elif now.outcome == "approval":
        lines = [_needs(now, name)]
    else:
        lines = [_not_possible(now, name)]
    return said(
        "\n".join([*filter(None, lines), *_turn_lines(now), *_stopped(now.stopped)]),
        buttons=[ask_button(now.entitlement)],
    )


def can_ask_message(answer: CanAsk) -> Message:
    """What one could have: at once, and with whose approval; what one cannot is counted and not named."""
    lines = [*_stopped(answer.stopped)]
    if answer.at_once:
        names = listed(first([f"*{inert(one)}*" for one in answer.at_once], _SHOWN))
        lines.append(say("✅ Given at once: {names}.", names=names))
    if answer.with_approval:
        lines.append(say("With approval:"))
        lines += [
            say("• *{name}*: {approvals}", name=inert(one.entitlement), approvals=_approvals(one))
            for one in answer.with_approval[:_SHOWN]
        ]
        lines += _and_more(len(answer.with_approval) - _SHOWN)
    if not answer.at_once and not answer.with_approval:
        lines.append(say("There is nothing that you could ask for right now and do not hold."))
    lines += _left_out(answer)
    return said(
        "\n".join(lines), remark=say("As policy says now; nothing was asked for."), buttons=[ask_button()]
    )


def _never_refused(answer: WhyRefused) -> Message:
    if answer.now is None:
        return said(
            say(
                "I know of no request of yours that was refused, denied or left without an answer.\n"
                "What you can do: write “why can't I have …?” with a name, or “what can I ask for?”."
            ),
            buttons=[ask_button()],
        )
    lines = [
        say("I know of no request of yours for *{name}* that was refused.", name=inert(answer.entitlement)),
        *_now_lines(answer.now, "never"),
    ]
    return said("\n".join(lines), buttons=[ask_button(answer.entitlement)])


def _what_happened(answer: WhyRefused, name: str) -> str:
    at = day_and_clock(answer.at) if answer.at else ""
    if answer.how == "denied":
        if not answer.by:
            return say("⛔ Your request for *{name}* was denied {time}.", name=name, time=at)
        return say(
            "⛔ Your request for *{name}* was denied {time} by {by}: {rationale}",
            name=name, time=at, by=inert(answer.by), rationale=quoted(answer.rationale),
        )  # fmt: skip
    if answer.how == "lapsed":
        return say(
            "⌛ Your request for *{name}* lapsed {time}: nobody answered it in time.", name=name, time=at
        )
    reasons = together(*map(whole, answer.reasons)) or say("No policy allows it.")
    return say(
        "⛔ Your request for *{name}* was refused {time}. {reasons}", name=name, time=at, reasons=reasons
    )


def _now_lines(now: Explained, how: str) -> list[str]:
    """What policy says now, and what would change it."""
    name, length = inert(now.entitlement), duration(now.minutes)
    if now.held:
        line = say("You hold it now.")
        return [line]
    if now.outcome == "automatic":
        line = say("If you ask now for {length}, it is given at once.", length=length)
    elif now.outcome == "approval":
        line = _needs(now, name)
    elif how == "refused":
        line = say("It would be refused now as well.")
    else:
        line = _not_possible(now, name)
    return [line, *_turn_lines(now), *_stopped(now.stopped)]


def _needs(now: Explained, name: str) -> str:
    why = listed([clause(each) for each in now.reasons])
    needed, length = _approvals(now), _length(now.minutes)
    if not why:
        return say("*{name}* for {length} needs {approvals}.", name=name, length=length, approvals=needed)
    return say(
        "*{name}* for {length} needs {approvals}: {why}.", name=name, length=length, approvals=needed, why=why
    )


def _not_possible(now: Explained, name: str) -> str:
    reasons = together(*map(whole, now.reasons)) or say("No policy allows it.")
    return say(
        "⛔ *{name}* for {length} is not possible. {reasons}",
        name=name,
        length=_length(now.minutes),
        reasons=reasons,
    )


def _length(minutes: int) -> str:
    return duration(minutes) if minutes else say("always")


def _approvals(now: Explained) -> str:
    return approvals_from(now.missing, owner=inert(now.owner), manager=say("your manager"))


def _turn_lines(now: Explained) -> list[str]:
    """What one can do: each change that betters the answer, and what it is then."""
    if not now.turns:
        if now.outcome != "refused":
            return []
        return [
            say("What you can do: ask its owner, {owner}, what there is instead.", owner=inert(now.owner))
        ]
    return [say("What you can do:"), *(_turn_line(turn, now) for turn in now.turns)]


def _turn_line(turn: Turn, now: Explained) -> str:
    how = listed([_change(one) for one in turn.changes])
    if turn.verdict.outcome == "automatic":
        return say("• Ask {how}: then it is given at once.", how=how)
    missing = (
        {role: count for role, count in vars(turn.verdict.missing).items() if count}
        if turn.verdict.missing
        else {}
    )
    needed = approvals_from(missing, owner=inert(now.owner), manager=say("your manager"))
    return say("• Ask {how}: then it needs {approvals}.", how=how, approvals=needed)


def _change(change: Change) -> str:
    """How to ask, to follow "Ask"."""
    match change.kind:
        case Kind.TIME:
            return say("for {length} or less", length=duration(change.minutes))
        case Kind.TICKET:
            return say("with the number of a ticket")
        case Kind.JUSTIFICATION:
            return say("with your reason")
        case Kind.ANEW:
            return say("anew once it has ended")
        case Kind.NOT_REPORTED:
            return say("after security has lifted the report about your account")
        case Kind.RESET_IS_OLD:
            return say("when the reset of your password is longer ago")
        case _:
            raise ValueError("nobody who asks for access can do anything about that")


def _left_out(answer: CanAsk) -> list[str]:
    lines = [
        say(
            "I can't read the directory {directory} right now. Ask me again in a few minutes.",
            directory=inert(one),
        )
        for one in answer.unknown
    ]
    if answer.refused:
        lines.append(
            say_counted(
                "{count} thing is not possible for you. Ask “why can't I have …?” with a name.",
                "{count} things are not possible for you. Ask “why can't I have …?” with a name.",
                answer.refused,
            )
        )  # fmt: skip
    return lines + _and_more(answer.more)


def _and_more(count: int) -> list[str]:
    if count <= 0:
        return []
    return [
        say_counted(
            "… and {count} more: the form finds it by name.", "… and {count} more: the form finds them by name.", count
        )
    ]  # fmt: skip


def _stopped(stopped: Stopped | None) -> list[str]:
    return [f"⛔ {as_told(reason(stopped))}"] if stopped else []
