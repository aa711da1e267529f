"""The security channel's messages: one for each exception, edited in place while its cause repeats.

They carry ids, names and policy's sentences, and no free text of a person.
"""

import re
from collections.abc import Callable, Sequence

from slack_sdk.models.blocks import ButtonElement

from bot.slack.actions import Action
from bot.slack.messages.alerts.accounts import address_changed
from bot.slack.messages.alerts.directory import SENTENCES
from bot.slack.messages.alerts.facts import GRAVE, Alert, fault, plain
from bot.slack.messages.alerts.helping import helping
from bot.slack.messages.alerts.people import SENTENCES as OF_PEOPLE
from bot.slack.messages.alerts.petitions import petition_alert
from bot.slack.messages.alerts.record import clock_ahead, not_looked_over, record_changed, unchecked
from bot.slack.messages.alerts.refused import SENTENCES as OF_REFUSALS
from bot.slack.messages.alerts.rules import SENTENCES as OF_RULES
from bot.slack.messages.alerts.rules import proposal_message
from bot.slack.messages.alerts.seen import SENTENCES as OF_DETECTORS
from bot.slack.messages.alerts.vouching import vouching
from bot.slack.messages.alerts.work import mark, state_line, ways
from bot.slack.messages.parts import Message, actions, button, note, section
from bot.slack.words import day_and_clock, listed, together
from bot.texts import say, say_counted, template
from handlers.exceptions.strange import Kind


def alert_message(alert: Alert) -> Message:
    """What happened, who, what was done already, and the story's id."""
    if alert.kind == Kind.RULES_PROPOSED:
        return proposal_message(alert, _tail(alert))
    return composed(alert, *_SENTENCES[alert.kind](alert), apart=_ends(alert))


def _ends(alert: Alert) -> list[ButtonElement]:
    """A button for each grant that is left of something, where security works on it."""
    is_left = alert.kind == Kind.LEFT_CATALOGUE and alert.moment("settled") is None
    if not is_left or alert.work is None or not alert.work.here:
        return []
    return [
        button(say("End that of {name}…", name=plain(holder, _MOST_OF_A_HOLDER)), Action.END_LEFT, str(grant))
        for grant, holder in alert.pairs("grants", _MOST_ENDED)
    ]


def composed(
    alert: Alert,
    title: str,
    told: str,
    *,
    buttons: Sequence[ButtonElement] = (),
    apart: Sequence[ButtonElement] = (),
) -> Message:
    """The message of an exception from its headline and its sentences, with its state, how grave, when, and its story.

    buttons: those that decide what it asks. apart: the same where all are one action, of which a row takes one.
    """
    tail, symbol, line = _tail(alert), mark(alert.work), state_line(alert.work)
    return Message(
        text=f"{symbol} {together(f'{title}.', told, line)} ({tail})",
        blocks=(
            section(f"{symbol} *{title}*\n{told}"),
            *((note(line),) if line else ()),
            note(tail),
            *(row for one in apart for row in actions([one])),
            *actions(ways(alert.work, alert.id, buttons, apart=bool(apart))),
        ),
    )


_MOST_ENDED = 3
_MOST_OF_A_HOLDER = 50


def _tail(alert: Alert) -> str:
    """How grave, when, how often, and the story's id."""
    grave = say(GRAVE[alert.severity]) if alert.severity in GRAVE else plain(alert.severity)
    again = ""
    if alert.count > 1:
        last = day_and_clock(alert.last_at)
        again = say_counted("{count} time, last {time}", "{count} times, last {time}", alert.count, time=last)
    story = say("story {id}", id=plain(alert.correlation))
    about = [grave, day_and_clock(alert.first_at), again, story, _policies(alert)]
    return " · ".join(part for part in about if part)


def _undeliverable(alert: Alert) -> tuple[str, str]:
    if alert.facts.get("courier") == "mail":
        why = fault(alert) or say("No more is known.")
        return (
            say("Undeliverable: a mail to {name}", name=alert.whose),
            together(
                say("The letter about their account could not be delivered: {fault}", fault=why),
                say(
                    "Wicket gave up; please tell them another way, and look at their address in the directory."
                ),
            ),
        )
    if alert.facts.get("courier") == "outside":
        return (
            say("Undeliverable: a notice outside Slack, by {channel}", channel=alert.fact("channel")),
            together(
                fault(alert) or say("No more is known."),
                say("It is tried again until somebody acknowledges in Slack what it tells of."),
                say("`wicket check --tell-outside` tries the way."),
            ),
        )
    place = f"<#{alert.who}>" if _CHANNEL.fullmatch(alert.who) else alert.whose
    known = str(alert.facts.get("fault"))
    why = say(_FAULTS[known]) if known in _FAULTS else fault(alert) or say("Slack does not take it.")
    return (
        say("Undeliverable: a message to {place}", place=place),
        together(why, say("The message is kept and tried again every few minutes.")),
    )


_FAULTS = {
    "externally shared channel": template(
        "The channel is shared with another company, so nothing is posted there."
    ),
    "not_in_channel": template("Wicket is not in that channel: invite it."),
    "channel_not_found": template("Wicket cannot see that channel: invite it, or correct the id."),
    "is_archived": template("The channel is archived."),
}


def _owner_unreachable(alert: Alert) -> tuple[str, str]:
    title = say("{owner} cannot be reached", owner=alert.whose)
    if settled := alert.moment("settled"):
        since = say("It can be again, since {time}.", time=day_and_clock(settled))
        return title, together(since, say("Requests go to it as before."))
    channel = str(alert.facts.get("channel"))
    place = f"<#{channel}>" if _CHANNEL.fullmatch(channel) else say("its channel")
    group, trouble = alert.fact("group") or say("of its approvers"), alert.fact("trouble")
    if trouble in _OWNER_TROUBLES:
        why = say(_OWNER_TROUBLES[trouble], place=place, group=group)
    else:
        why = say("It cannot decide.")
    fallback = alert.fact("fallback")
    if fallback:
        goes = say("What waits for it is passed on to {owner}.", owner=fallback)
    else:
        goes = say("Nobody stands in for it, so what waits for it will lapse.")
    mend = say(_MENDING[trouble]) if trouble in _MENDING else say("Run `wicket check`.")
    return title, together(why, goes, mend)


_OWNER_TROUBLES = {
    "no-group": template("There is no group {group} in the directory."),
    "nobody": template("Nobody in the group {group} is active and allowed to decide."),
    "no-channel": template("Slack does not show {place}."),
    "archived": template("The channel {place} is archived."),
    "shared": template("The channel {place} is shared outside."),
    "not-in": template("Wicket is not in {place}."),
}
_MENDING = {
    "no-group": template("Make it again, or correct wicket.toml."),
    "nobody": template("Put two people into it."),
    "no-channel": template("Invite Wicket, or correct the channel in wicket.toml."),
    "archived": template("Take it out of the archive, or name another."),
    "shared": template("End the sharing, or name another."),
    "not-in": template("Invite it."),
}
_SENTENCES: dict[Kind, Callable[[Alert], tuple[str, str]]] = {
    **SENTENCES,
    **OF_PEOPLE,
    **OF_REFUSALS,
    **OF_RULES,
    **OF_DETECTORS,
    Kind.UNDELIVERABLE: _undeliverable,
    Kind.OWNER_UNREACHABLE: _owner_unreachable,
    Kind.ADDRESS_CHANGED: address_changed,
    Kind.PETITION: petition_alert,
    Kind.VOUCHING: vouching,
    Kind.HELP_DESK: helping,
    Kind.RECORD_CHANGED: record_changed,
    Kind.NOT_LOOKED_OVER: not_looked_over,
    Kind.UNCHECKED: unchecked,
    Kind.CLOCK_AHEAD: clock_ahead,
}
_CHANNEL = re.compile(r"[CG][A-Z0-9]{2,}")


def _policies(alert: Alert) -> str:
    ids = listed([f"`{plain(one)}`" for one in alert.several("policies")])
    return say("policy {ids}", ids=ids) if ids else ""
