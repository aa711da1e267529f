"""What security reads of people and their accounts: who is who, who was turned away, and changes nobody is sure of.

Headlines and sentences only; bot.slack.messages.alerts.message makes messages of them.
"""

from collections.abc import Callable, Mapping
from functools import reduce

from bot.slack.messages.alerts.facts import Alert, plain
from bot.slack.words import first, listed, together
from bot.texts import say, say_counted, template
from handlers.exceptions.strange import Kind

_SHOWN = 3


def _change_unsure(alert: Alert) -> tuple[str, str]:
    reset, who = alert.facts.get("purpose") == "reset", alert.whose
    told = say("They have been told; please look in the directory.")
    if alert.facts.get("result") == "sessions-open":
        title = say("Signed in elsewhere still: {name}", name=who)
        if reset:
            done = say("The password of {name} was changed, but their sessions could not be ended.", name=who)
        else:
            done = say("The account of {name} was unlocked, but their sessions could not be ended.", name=who)
        return title, together(done, say("They have been told; please end the sessions in the directory."))
    if reset:
        title = say("Unknown: whether the password of {name} was changed", name=who)
    else:
        title = say("Unknown: whether the account of {name} was unlocked", name=who)
    unsure = say("The directory did not answer in time, and Wicket does not try again by itself.")
    return title, together(unsure, told)


def _page_lockout(alert: Alert) -> tuple[str, str]:
    count = int(alert.facts.get("wrong_in_a_row", 0))
    if count > 1:
        wrong = say_counted(
            "{count} wrong code or password in a row was given for {name}.",
            "{count} wrong codes or passwords in a row were given for {name}.",
            count, name=alert.whose,
        )  # fmt: skip
    else:
        wrong = say("Too many wrong codes or passwords in a row were given for {name}.", name=alert.whose)
    if not alert.facts.get("until_lifted"):
        locked = say(
            "No proof of theirs is accepted for 24 hours, and nothing was changed. If they are who they say, "
            "`wicket proofs unlock LOGIN` opens it earlier."
        )
    else:
        locked = say(
            "Somebody has guessed for days: no proof of theirs is accepted any more, and nothing was changed. Speak to "
            "them; `wicket proofs unlock LOGIN` opens it, and it is time for new proofs."
        )
    return say("Secure page locked for {name}", name=alert.whose), together(wrong, locked)


def _cloned_passkey(alert: Alert) -> tuple[str, str]:
    return (
        say("A second one seems to exist of a passkey of {name}", name=alert.whose),
        say(
            "It was shown with the count {shown} after {before}: its key is in two authenticators, and nobody can say "
            "which is theirs. It was refused and stopped, and they have been told. Ask them, and look at what was "
            "done with it before.",
            shown=alert.number("count_shown"),
            before=alert.number("count_before"),
        ),
    )


def _identity_mismatch(alert: Alert) -> tuple[str, str]:
    reason = alert.fact("reason")
    why = say(_MISMATCHES[reason]) if reason in _MISMATCHES else reason or say("it fits nobody for sure")
    return (
        say("Not certain who this is: {name}", name=alert.whose),
        say(
            "The Slack account {account} does not fit one person: {why}. It can do nothing until that is settled.",
            account=_account(alert), why=why,
        ),
    )  # fmt: skip


_MISMATCHES = {
    "no match": template("nobody in the directory has its e-mail address"),
    "several matches": template("several people in the directory have its e-mail address"),
    "the e-mail address changed": template("its e-mail address changed since it was linked"),
    "people no longer sign in from its directory": template(
        "it was linked in a directory that people no longer sign in from"
    ),
}


def _ambiguous_identity(alert: Alert) -> tuple[str, str]:
    where = alert.fact("directory")
    place = say("the directory {directory}", directory=where) if where else say("a directory")
    return (
        say("Not certain whose account: {name} in {place}", name=alert.whose, place=place),
        together(
            say("{name} asked for {entitlement}.", name=alert.whose, entitlement=alert.entitlement),
            _whose_number(alert, place),
            say("No account was taken for theirs, and nothing was granted. Please correct the numbers."),
        ),
    )


def _whose_number(alert: Alert, place: str) -> str:
    """Which accounts could be meant."""
    ids = [f"`{plain(one)}`" for one in alert.facts.get("accounts") or []]
    if alert.facts.get("reason") == "changed":
        found = say(
            "In {place} their number led to another account when they asked than it does now.", place=place
        )
        if not ids:
            return found
        order = reduce(lambda before, one: say("{before}, then {next}", before=before, next=one), ids)
        return together(found, say("First {ids}.", ids=order))
    if not ids:
        return say("In {place} more than one account has their number.", place=place)
    return say_counted(
        "In {place} {count} account has their number: {ids}.",
        "In {place} {count} accounts have their number: {ids}.",
        len(ids), place=place, ids=listed(first(ids, _SHOWN)),
    )  # fmt: skip


def _not_a_person(alert: Alert) -> tuple[str, str]:
    reason = alert.fact("reason")
    if reason in _STRANGERS:
        who = say(_STRANGERS[reason], name=alert.whose, account=_account(alert))
    else:
        who = say("{name} ({account}) is nobody we know.", name=alert.whose, account=_account(alert))
    return (
        say("Turned away: {name}", name=alert.whose),
        together(who, say("They tried to use Wicket. Nothing was done.")),
    )


_STRANGERS = {
    "guest": template("{name} ({account}) is a guest."),
    "stranger": template("{name} ({account}) is somebody from outside the company."),
    "deactivated": template("{name} ({account}) is somebody whose account is not active."),
    "bot": template("{name} ({account}) is a bot."),
}

SENTENCES: Mapping[Kind, Callable[[Alert], tuple[str, str]]] = {
    Kind.CHANGE_UNSURE: _change_unsure,
    Kind.PAGE_LOCKOUT: _page_lockout,
    Kind.CLONED_PASSKEY: _cloned_passkey,
    Kind.IDENTITY_MISMATCH: _identity_mismatch,
    Kind.AMBIGUOUS_IDENTITY: _ambiguous_identity,
    Kind.NOT_A_PERSON: _not_a_person,
}
"""For each of these kinds, what becomes headline and sentences."""


def _account(alert: Alert) -> str:
    return f"`{alert.fact('slack_user') or say('unknown')}`"
