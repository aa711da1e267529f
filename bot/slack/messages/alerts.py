"""The security channel's messages: one for each exception, edited in place while its cause repeats.

They carry ids, names and policy's sentences, and no free text of a person.
"""

import re
from collections.abc import Callable, Sequence

from slack_sdk.models.blocks import ButtonElement

from bot.slack.messages.alert_facts import Alert, ended, fault, plain
from bot.slack.messages.alerts_accounts import address_changed
from bot.slack.messages.alerts_directory import SENTENCES
from bot.slack.messages.parts import Message, actions, note, section
from bot.slack.words import counted, day_and_clock, duration, listed, sentence
from handlers.strange import Kind


def alert_message(alert: Alert) -> Message:
    """What happened, who, what was done already, and the story's id."""
    return composed(alert, *_SENTENCES[alert.kind](alert))


def composed(alert: Alert, title: str, told: str, *, buttons: Sequence[ButtonElement] = ()) -> Message:
    """The message of an exception from its headline and its sentences, with how grave, when, and the story's id."""
    again = f"{counted(alert.count, 'time')}, last {day_and_clock(alert.last_at)}" if alert.count > 1 else ""
    story = f"story {plain(alert.correlation)}" if alert.correlation else ""
    about = [plain(alert.severity), day_and_clock(alert.first_at), again, story, _policies(alert)]
    tail = " · ".join(part for part in about if part)
    return Message(
        text=f"⚠️ {title}. {told} ({tail})",
        blocks=(section(f"⚠️ *{title}*\n{told}"), note(tail), *actions(buttons)),
    )


def _refused_request(alert: Alert) -> tuple[str, str]:
    employment, company = alert.fact("employment", "employee"), alert.fact("company")
    about = ", ".join(part for part in (employment, company) if part) if employment != "employee" else ""
    asker = f"{alert.whose}, {about}," if about else alert.whose
    minutes = int(alert.facts.get("minutes", 0))
    how_long = f", for {duration(minutes)}" if minutes else ""
    return (
        f"Refused: {alert.entitlement} asked by {alert.whose}",
        f"{asker} asked for {alert.entitlement}{how_long}. {_reasons(alert)} Nothing was granted.",
    )


def _refused_self_service(alert: Alert) -> tuple[str, str]:
    what = _PURPOSES.get(alert.fact("purpose"), "help with an account")
    return (
        f"Refused: {what}, asked by {alert.whose}",
        f"{alert.whose} asked for {what}. {_reasons(alert)} Nothing was changed.",
    )


def _wrong_approver(alert: Alert) -> tuple[str, str]:
    if alert.facts.get("drift"):
        why = _reasons(alert) if alert.facts.get("reasons") else "They are not among those who may."
        return (
            f"Wrong person clicked: {alert.entitlement}",
            f"{alert.whose} tried to decide about a membership of {alert.entitlement}. {why} Nothing was changed.",
        )
    if alert.facts.get("resume"):
        why = _reasons(alert) if alert.facts.get("reasons") else "They are not on the security team."
        return (
            f"Wrong person clicked: {alert.whose}",
            f"{alert.whose} tried to let new access begin again. {why} Nothing was changed.",
        )
    if released := alert.fact("release"):
        why = _reasons(alert) if alert.facts.get("reasons") else "They are not on the security team."
        return (
            f"Wrong person clicked: {alert.whose}",
            f"{alert.whose} tried to let {released} in again. {why} Nothing was changed.",
        )
    requester = alert.fact("requester")
    other = f"the request of {requester}" if requester else "a request"
    if alert.facts.get("ending"):
        why = _reasons(alert) if alert.facts.get("reasons") else "They are not among its approvers."
        whose = alert.fact("requester", "somebody")
        return (
            f"Wrong person clicked: {alert.entitlement}",
            f"{alert.whose} tried to end what {whose} has of {alert.entitlement}. {why} Nothing was changed.",
        )
    request = "their own request" if alert.facts.get("own") else other
    why = _reasons(alert) if alert.facts.get("reasons") else "They are not among its approvers."
    return (
        f"Wrong person clicked: {alert.entitlement}",
        f"{alert.whose} tried to decide {request} for {alert.entitlement}. {why} Nothing was changed.",
    )


def _policy_error(alert: Alert) -> tuple[str, str]:
    subject = (
        alert.entitlement if alert.facts.get("entitlement") else _PURPOSES.get(alert.fact("purpose"), "")
    )
    about = f", about {subject}" if subject else ""
    errors = "; ".join(plain(error) for error in alert.several("errors")) or "no more is known"
    return (
        "A policy could not be evaluated",
        f"It was asked for {alert.whose}{about}: {errors}. So it was refused, and it will be until the policy set is "
        "mended.",
    )


def _change_unsure(alert: Alert) -> tuple[str, str]:
    reset = alert.facts.get("purpose") == "reset"
    what, changed = ("password", "was changed") if reset else ("account", "was unlocked")
    if alert.facts.get("result") == "sessions-open":
        return (
            f"Signed in elsewhere still: {alert.whose}",
            f"The {what} of {alert.whose} {changed}, but their sessions could not be ended. "
            "They have been told; please end the sessions in the directory.",
        )
    return (
        f"Unknown: whether the {what} of {alert.whose} {changed}",
        "The directory did not answer in time, and Wicket does not try again by itself. "
        "They have been told; please look in the directory.",
    )


def _page_lockout(alert: Alert) -> tuple[str, str]:
    count = int(alert.facts.get("wrong_in_a_row", 0))
    return (
        f"Secure page locked for {alert.whose}",
        f"{count if count > 1 else 'Too many'} wrong codes or passwords in a row were given for {alert.whose}. "
        "No proof of theirs is accepted for 24 hours, and nothing was changed. If they are who they say, "
        "`wicket proofs unlock LOGIN` opens it earlier.",
    )


def _identity_mismatch(alert: Alert) -> tuple[str, str]:
    reason = alert.fact("reason", "it fits nobody for sure")
    return (
        f"Identity mismatch: {alert.whose}",
        f"The Slack account {_account(alert)} does not fit one person: {_MISMATCHES.get(reason, reason)}. "
        "It can do nothing until that is settled.",
    )


def _ambiguous_identity(alert: Alert) -> tuple[str, str]:
    place = f"the directory {alert.fact('directory')}" if alert.facts.get("directory") else "a directory"
    ids = list(alert.facts.get("accounts") or [])
    rest = len(ids) - _SHOWN
    shown = listed([*(f"`{plain(one)}`" for one in ids[:_SHOWN]), *([f"{rest} more"] if rest > 0 else [])])
    if alert.facts.get("reason") == "changed":
        found = f"In {place} their number led to another account when they asked than it does now"
        shown = f"first {listed([f'`{plain(one)}`' for one in ids], last='then')}" if ids else ""
    else:
        found = (
            f"In {place} {counted(len(ids), 'account') if ids else 'more than one account'} have their number"
        )
    return (
        f"Not certain whose account: {alert.whose} in {place}",
        f"{alert.whose} asked for {alert.entitlement}. {found}{': ' if shown else ''}{shown}. No account was taken "
        "for theirs, and nothing was granted. Please correct the numbers.",
    )


def _not_a_person(alert: Alert) -> tuple[str, str]:
    kind = {
        "guest": "a guest",
        "stranger": "somebody from outside the company",
        "deactivated": "somebody whose account is not active",
        "bot": "a bot",
    }.get(alert.fact("reason"), "nobody we know")
    return (
        f"Turned away: {alert.whose}",
        f"{alert.whose} ({_account(alert)}) is {kind} and tried to use Wicket. Nothing was done.",
    )


def _authority_lost(alert: Alert) -> tuple[str, str]:
    return (
        f"Not granted after approval: {alert.entitlement} for {alert.whose}",
        f"It was approved, but when policy was asked once more before giving it, the answer was no. {_reasons(alert)} "
        "Nothing was granted.",
    )


def _tampered(alert: Alert) -> tuple[str, str]:
    return (
        f"Forged click by {alert.whose}",
        f"{alert.whose} sent a button or form that Wicket never made. Nothing was done.",
    )


def _undeliverable(alert: Alert) -> tuple[str, str]:
    if alert.facts.get("courier") == "mail":
        return (
            f"Undeliverable: a mail to {alert.whose}",
            f"The letter about their account could not be delivered: {fault(alert) or 'no more is known.'} Wicket "
            "gave up; please tell them another way, and look at their address in the directory.",
        )
    place = f"<#{alert.who}>" if _CHANNEL.fullmatch(alert.who) else alert.whose
    why = _FAULTS.get(str(alert.facts.get("fault"))) or fault(alert) or "Slack does not take it."
    return (
        f"Undeliverable: a message to {place}",
        f"{why} The message is kept and tried again every few minutes.",
    )


def _owner_unreachable(alert: Alert) -> tuple[str, str]:
    title = f"{alert.whose} cannot be reached"
    if settled := alert.moment("settled"):
        return title, f"It can be again, since {day_and_clock(settled)}. Requests go to it as before."
    channel = str(alert.facts.get("channel"))
    place = f"<#{channel}>" if _CHANNEL.fullmatch(channel) else "its channel"
    group = f"the group {alert.fact('group', 'of its approvers')}"
    why, mend = _OWNER_TROUBLES.get(alert.fact("trouble"), ("It cannot decide.", "Run `wicket check`."))
    fallback = alert.fact("fallback")
    goes = (
        f"What waits for it is passed on to {fallback}."
        if fallback
        else "Nobody stands in for it, so what waits for it will lapse."
    )
    return title, sentence(why.format(place=place, group=group), goes, mend.format(place=place, group=group))


_OWNER_TROUBLES = {
    "no-group": ("There is no {group} in the directory.", "Make it again, or correct wicket.toml."),
    "nobody": ("Nobody in {group} is active and allowed to decide.", "Put two people into it."),
    "no-channel": ("Slack does not show {place}.", "Invite Wicket, or correct the channel in wicket.toml."),
    "archived": ("The channel {place} is archived.", "Take it out of the archive, or name another."),
    "shared": ("The channel {place} is shared outside.", "End the sharing, or name another."),
    "not-in": ("Wicket is not in {place}.", "Invite it."),
}
_SENTENCES: dict[Kind, Callable[[Alert], tuple[str, str]]] = {
    **SENTENCES,
    Kind.REFUSED_REQUEST: _refused_request,
    Kind.REFUSED_SELF_SERVICE: _refused_self_service,
    Kind.WRONG_APPROVER: _wrong_approver,
    Kind.POLICY_ERROR: _policy_error,
    Kind.CHANGE_UNSURE: _change_unsure,
    Kind.PAGE_LOCKOUT: _page_lockout,
    Kind.IDENTITY_MISMATCH: _identity_mismatch,
    Kind.AMBIGUOUS_IDENTITY: _ambiguous_identity,
    Kind.NOT_A_PERSON: _not_a_person,
    Kind.AUTHORITY_LOST: _authority_lost,
    Kind.TAMPERED: _tampered,
    Kind.UNDELIVERABLE: _undeliverable,
    Kind.OWNER_UNREACHABLE: _owner_unreachable,
    Kind.ADDRESS_CHANGED: address_changed,
}

_PURPOSES = {
    "reset": "a password reset",
    "unlock": "an unlock",
    "enrol": "a new authenticator",
    "link": "a link to a Slack account",
}
_MISMATCHES = {
    "no match": "nobody in the directory has its e-mail address",
    "several matches": "several people in the directory have its e-mail address",
    "the e-mail address changed": "its e-mail address changed since it was linked",
    "people no longer sign in from its directory": "it was linked in a directory that people no longer sign in from",
}
_FAULTS = {
    "externally shared channel": "The channel is shared with another company, so nothing is posted there.",
    "not_in_channel": "Wicket is not in that channel: invite it.",
    "channel_not_found": "Wicket cannot see that channel: invite it, or correct the id.",
    "is_archived": "The channel is archived.",
}
_CHANNEL = re.compile(r"[CG][A-Z0-9]{2,}")
_SHOWN = 3


def _account(alert: Alert) -> str:
    return f"`{alert.fact('slack_user', 'unknown')}`"


def _reasons(alert: Alert) -> str:
    return " ".join(ended(plain(reason)) for reason in alert.several("reasons")) or "No policy allows it."


def _policies(alert: Alert) -> str:
    ids = [f"`{plain(one)}`" for one in alert.several("policies")]
    return f"policy {listed(ids)}" if ids else ""
