"""The security channel's messages: one for each exception, edited in place while its cause repeats.

They carry ids, names and policy's sentences, and no free text of a person.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.slack.messages.parts import Message, note, section
from bot.slack.words import counted, day_and_clock, duration, inert, listed
from handlers.strange import Kind


@dataclass(frozen=True, kw_only=True)
class Alert:
    """One exception with its count. facts: as handlers gave them."""

    id: str
    kind: Kind
    severity: str
    who: str
    facts: Mapping[str, Any]
    correlation: str
    count: int
    first_at: datetime
    last_at: datetime


def alert_message(alert: Alert) -> Message:
    """What happened, who, what was done already, and the story's id."""
    title, sentence = _SENTENCES[alert.kind](alert)
    repeated = (
        f" · {counted(alert.count, 'time')}, last {day_and_clock(alert.last_at)}" if alert.count > 1 else ""
    )
    tail = f"{alert.severity} · {day_and_clock(alert.first_at)}{repeated} · story {alert.correlation}"
    return Message(
        text=f"⚠️ {title}. {sentence} ({tail})",
        blocks=(section(f"⚠️ *{title}*\n{sentence}"), note(f"{tail}{_policies(alert)}")),
    )


def _refused_request(alert: Alert) -> tuple[str, str]:
    facts = alert.facts
    employment = str(facts.get("employment", "employee"))
    who = f"{inert(alert.who)}, {inert(employment)}"
    company = facts.get("company")
    asker = f"{who} ({inert(str(company))})" if employment != "employee" and company else who
    how_long = duration(int(facts.get("minutes", 0)))
    return (
        f"Refused: {_entitlement(alert)} asked by {inert(alert.who)}",
        f"{asker}, asked for {_entitlement(alert)} for {how_long}. {_reasons(alert)} Nothing was granted.",
    )


def _refused_self_service(alert: Alert) -> tuple[str, str]:
    what = {"reset": "a password reset", "unlock": "an unlock"}.get(
        str(alert.facts.get("purpose")), "self-service"
    )
    return (
        f"Refused: {what} of {inert(alert.who)}",
        f"{inert(alert.who)} asked for {what} of their own account. {_reasons(alert)} Nothing was changed.",
    )


def _wrong_approver(alert: Alert) -> tuple[str, str]:
    requester = inert(str(alert.facts.get("requester", "")))
    own = " their own request" if alert.facts.get("own") else f" {requester}'s request"
    return (
        f"Wrong person clicked: {_entitlement(alert)}",
        f"{inert(alert.who)} tried to decide{own} for {_entitlement(alert)}. {_reasons(alert)} Nothing was changed.",
    )


def _policy_error(alert: Alert) -> tuple[str, str]:
    errors = listed([inert(str(error)) for error in alert.facts.get("errors", [])]) or "unknown"
    return (
        "A policy could not be evaluated",
        f"While deciding for {inert(alert.who)} ({_entitlement(alert)}): {errors}. It was refused; "
        "check the policy set.",
    )


def _revocation_overdue(alert: Alert) -> tuple[str, str]:
    return (
        f"Revocation overdue: {_entitlement(alert)} of {inert(alert.who)}",
        f"The removal was due and is not confirmed; {_tried(alert)} {inert(str(alert.facts.get('fault', '')))} "
        "They may still have it. Wicket goes on trying.",
    )


def _effect_failed(alert: Alert) -> tuple[str, str]:
    doing = "Taking back" if alert.facts.get("removal") else "Giving"
    return (
        f"The directory does not follow: {_entitlement(alert)} of {inert(alert.who)}",
        f"{doing} {_entitlement(alert)} does not succeed; {_tried(alert)} "
        f"{inert(str(alert.facts.get('fault', '')))} Wicket goes on trying.",
    )


def _change_unsure(alert: Alert) -> tuple[str, str]:
    what = "password" if alert.facts.get("purpose") == "reset" else "account"
    changed = "was changed" if what == "password" else "was unlocked"
    if alert.facts.get("result") == "sessions-open":
        return (
            f"Signed in elsewhere still: {inert(alert.who)}",
            f"The {what} of {inert(alert.who)} {changed}, but their sessions could not be ended. "
            "They have been told; please end the sessions in the directory.",
        )
    return (
        f"Unknown: whether the {what} of {inert(alert.who)} {changed}",
        "The directory did not answer in time and Wicket does not try again by itself. "
        "They have been told; please look in the directory.",
    )


def _page_lockout(alert: Alert) -> tuple[str, str]:
    return (
        f"Secure page locked for {inert(alert.who)}",
        f"Too many wrong codes or passwords for {inert(alert.who)}. The page is closed for them for 24 hours; an "
        "operator can open it earlier with `wicket proofs unlock`.",
    )


def _identity_mismatch(alert: Alert) -> tuple[str, str]:
    return (
        f"Identity mismatch: {inert(alert.who)}",
        f"The Slack account `{inert(str(alert.facts.get('slack_user', '')))}` does not fit one person: "
        f"{inert(str(alert.facts.get('reason', 'unknown')))}. It can do nothing until that is settled.",
    )


def _not_a_person(alert: Alert) -> tuple[str, str]:
    kind = {
        "guest": "a guest",
        "stranger": "someone from outside the company",
        "deactivated": "a deactivated account",
        "bot": "a bot",
    }.get(str(alert.facts.get("reason")), "an unknown account")
    return (
        f"Turned away: {inert(alert.who)}",
        f"{inert(alert.who)} (`{inert(str(alert.facts.get('slack_user', '')))}`), {kind}, tried to use Wicket. "
        "Nothing was done.",
    )


def _authority_lost(alert: Alert) -> tuple[str, str]:
    return (
        f"Not granted after approval: {_entitlement(alert)} for {inert(alert.who)}",
        f"Asked again before giving access, policy no longer allows it. {_reasons(alert)} Nothing was granted.",
    )


def _tampered(alert: Alert) -> tuple[str, str]:
    return (
        f"Forged click by {inert(alert.who)}",
        f"{inert(alert.who)} sent a button or form that Wicket never made. Nothing was done.",
    )


def _undeliverable(alert: Alert) -> tuple[str, str]:
    fault = inert(str(alert.facts.get("fault", "unknown")))
    if alert.facts.get("courier") == "mail":
        return (
            f"Undeliverable: a mail to {inert(alert.who)}",
            f"The letter about their account could not be delivered: {fault}. It was given up; "
            "please tell them another way and look at their address in the directory.",
        )
    return (
        f"Undeliverable: a message to {inert(alert.who)}",
        f"Slack does not take it: {fault}. It is kept and tried again every few minutes; "
        "is the bot in that channel, and is the channel ours alone?",
    )


_SENTENCES: dict[Kind, Callable[[Alert], tuple[str, str]]] = {
    Kind.REFUSED_REQUEST: _refused_request,
    Kind.REFUSED_SELF_SERVICE: _refused_self_service,
    Kind.WRONG_APPROVER: _wrong_approver,
    Kind.POLICY_ERROR: _policy_error,
    Kind.REVOCATION_OVERDUE: _revocation_overdue,
    Kind.EFFECT_FAILED: _effect_failed,
    Kind.CHANGE_UNSURE: _change_unsure,
    Kind.PAGE_LOCKOUT: _page_lockout,
    Kind.IDENTITY_MISMATCH: _identity_mismatch,
    Kind.NOT_A_PERSON: _not_a_person,
    Kind.AUTHORITY_LOST: _authority_lost,
    Kind.TAMPERED: _tampered,
    Kind.UNDELIVERABLE: _undeliverable,
}


def _tried(alert: Alert) -> str:
    return f"tried {counted(int(alert.facts.get('tries', 0)), 'time')} so far."


def _entitlement(alert: Alert) -> str:
    return inert(str(alert.facts.get("entitlement", "an account")))


def _reasons(alert: Alert) -> str:
    return " ".join(inert(str(reason)) for reason in alert.facts.get("reasons", [])) or "No policy allows it."


def _policies(alert: Alert) -> str:
    ids = [f"`{inert(str(one))}`" for one in alert.facts.get("policies", [])]
    return f" · policy {listed(ids)}" if ids else ""
