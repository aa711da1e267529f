"""What security reads of what was refused: requests, self-service, clicks by others, forged ones, broken policies.

Headlines and sentences only; bot.slack.messages.alerts.message makes messages of them.
"""

from collections.abc import Callable, Mapping

from bot.slack.messages.alerts.facts import Alert, plain, reasons, reasons_about
from bot.slack.words import duration, together
from bot.texts import as_told, say, say_counted, template
from handlers.exceptions.strange import Kind


def _refused_request(alert: Alert) -> tuple[str, str]:
    title = say("Refused: {entitlement} asked by {name}", entitlement=alert.entitlement, name=alert.whose)
    minutes = int(alert.facts.get("minutes", 0))
    if minutes:
        asked = say(
            "{who} asked for {entitlement}, for {duration}.",
            who=_asker(alert), entitlement=alert.entitlement, duration=duration(minutes),
        )  # fmt: skip
    else:
        asked = say("{who} asked for {entitlement}.", who=_asker(alert), entitlement=alert.entitlement)
    again = ""
    if times := alert.number("times"):
        again = say("They were refused it {count} times within a day.", count=times)
    return title, together(asked, _reasons(alert), again, say("Nothing was granted."))


def _emergency_refused(alert: Alert) -> tuple[str, str]:
    what, who, incident = alert.entitlement, alert.whose, alert.fact("incident")
    if alert.fact("stage") == "listed":
        title = say("Break-glass tried by {name}", name=who)
        return title, together(
            say("{name} is on no list of those who may take something in an emergency.", name=who),
            say("Nothing was given."),
        )
    title = say("Break-glass refused: {entitlement} for {name}", entitlement=what, name=who)
    if alert.facts.get("drill"):
        title = say("DRILL of break-glass refused: {entitlement} for {name}", entitlement=what, name=who)
    came = say(_STAGES[alert.fact("stage")]) if alert.fact("stage") in _STAGES else ""
    about = say("Incident {incident}.", incident=incident) if incident else ""
    return title, together(about, came, _reasons(alert), say("Nothing was given."))


_STAGES = {
    "unproven": template("They did not prove who they are: it may have been somebody else."),
    "proven": template("They had proved who they are."),
    "told": template("They had proved who they are, and the alert was on its way."),
}


def _asker(alert: Alert) -> str:
    """Who it is; of whoever is no employee also what they are and of which company."""
    employment = alert.fact("employment", "employee")
    if employment == "employee":
        return alert.whose
    about = ", ".join(part for part in (as_told(employment), alert.fact("company")) if part)
    return f"{alert.whose} ({about})"


def _refused_self_service(alert: Alert) -> tuple[str, str]:
    what = _purpose(alert) or say("help with an account")
    return (
        say("Refused: {purpose}, asked by {name}", purpose=what, name=alert.whose),
        together(
            say("{name} asked for {purpose}.", name=alert.whose, purpose=what),
            _reasons(alert),
            say("Nothing was changed."),
        ),
    )


def _wrong_approver(alert: Alert) -> tuple[str, str]:
    who, what, facts = alert.whose, alert.entitlement, alert.facts
    is_about_all = any(facts.get(one) for one in ("resume", "release", "stop"))
    title = say("Wrong person clicked: {about}", about=who if is_about_all else what)
    requester = alert.fact("requester")
    others = say("They are not among its approvers.")
    if facts.get("drift"):
        tried = say("{name} tried to decide about a membership of {entitlement}.", name=who, entitlement=what)
        others = say("They are not among those who may.")
    elif facts.get("resume"):
        tried = say("{name} tried to let new access begin again.", name=who)
        others = say("They are not on the security team.")
    elif (stop := alert.fact("stop")) and stop in _STOPS:
        tried = say(_STOPS[stop], name=who)
    elif released := alert.fact("release"):
        tried = say("{name} tried to let {other} in again.", name=who, other=released)
        others = say("They are not on the security team.")
    elif petition := alert.fact("petition"):
        title = say("Wrong person clicked: the petition of {name}", name=petition)
        tried = say("{name} tried to decide about the petition of {other}.", name=who, other=petition)
        others = say("They are not among those who may.")
    elif facts.get("emergency"):
        tried = say("{name} tried to review an emergency about {entitlement}.", name=who, entitlement=what)
        others = say("They are not among those who may.")
    elif facts.get("ending"):
        whose = requester or say("somebody")
        tried = say(
            "{name} tried to end what {other} has of {entitlement}.", name=who, other=whose, entitlement=what
        )
    elif facts.get("own"):
        tried = say("{name} tried to decide their own request for {entitlement}.", name=who, entitlement=what)
    elif requester:
        tried = say(
            "{name} tried to decide the request of {other} for {entitlement}.",
            name=who, other=requester, entitlement=what,
        )  # fmt: skip
    else:
        tried = say("{name} tried to decide a request for {entitlement}.", name=who, entitlement=what)
    about = reasons_about(alert) if alert.fact("stop") in _BY_SECURITY else reasons(alert)
    return title, together(tried, about or others, say("Nothing was changed."))


_STOPS = {
    "exception": template("{name} tried to act on an exception."),
    "freeze": template("{name} tried to stop all new access."),
    "revoke_all": template("{name} tried to revoke everything of somebody."),
    "delegation": template("{name} tried to delegate approvals."),
}
# What is security's alone: no policy is asked, and why not is written for security.
_BY_SECURITY = frozenset({"exception", "freeze", "revoke_all"})


def _unproven(alert: Alert) -> tuple[str, str]:
    who, what = alert.whose, alert.entitlement
    requester, tries = alert.fact("requester"), int(alert.facts.get("tries", 0))
    tried = say_counted(
        "{name} pressed Approve {count} time on the request of {other} for {entitlement}, without the proof "
        "of who they are that it needs.",
        "{name} pressed Approve {count} times on the request of {other} for {entitlement}, without the proof "
        "of who they are that it needs.",
        tries,
        name=who,
        other=requester or say("somebody"),
        entitlement=what,
    )
    why = (
        say("Somebody else may sit at their Slack account: ask them, in person or by phone.")
        if alert.facts.get("enrolled", True)
        else say("They have set up nothing to prove it by, so it may be just that.")
    )
    return (
        say("Approval without a proof: {entitlement}", entitlement=what),
        together(tried, why, say("Nothing was approved.")),
    )


def _policy_error(alert: Alert) -> tuple[str, str]:
    subject = alert.entitlement if alert.facts.get("entitlement") else _purpose(alert)
    errors = "; ".join(plain(error) for error in alert.several("errors")) or say("no more is known")
    if subject:
        asked = say(
            "It was asked for {name}, about {subject}: {errors}.",
            name=alert.whose, subject=subject, errors=errors,
        )  # fmt: skip
    else:
        asked = say("It was asked for {name}: {errors}.", name=alert.whose, errors=errors)
    so = say("So it was refused, and it will be until the policy set is mended.")
    return say("A policy could not be evaluated"), together(asked, so)


def _authority_lost(alert: Alert) -> tuple[str, str]:
    return (
        say(
            "Not granted after approval: {entitlement} for {name}",
            entitlement=alert.entitlement,
            name=alert.whose,
        ),
        together(
            say("It was approved, but when policy was asked once more before giving it, the answer was no."),
            _reasons(alert),
            say("Nothing was granted."),
        ),
    )


def _tampered(alert: Alert) -> tuple[str, str]:
    return (
        say("No button or form of ours: sent by {name}", name=alert.whose),
        say("{name} sent a button or form that Wicket never made. Nothing was done.", name=alert.whose),
    )


def _row_changed(alert: Alert) -> tuple[str, str]:
    table = alert.fact("table")
    about = say(_ROWS[table]) if table in _ROWS else say("a row")
    title = say("Not written by Wicket: {about}, {name}", about=about, name=alert.whose)
    find = say("Find out who can write to the database, and compare it with the record.")
    if table == "grants":
        what = say(
            "In the database it is not as Wicket wrote it: {entitlement} for {name}.",
            entitlement=alert.entitlement, name=alert.whose,
        )  # fmt: skip
        so = say("It counts no more: what it asked for is void, what it gave ends now.")
        return title, together(what, so, find)
    row = alert.fact("row")
    what = (
        say("In the database it is not as Wicket wrote it ({row}).", row=row)
        if row
        else say("In the database it is not as Wicket wrote it.")
    )
    return title, together(what, say("It does not count."), find)


def _rows_unsigned(alert: Alert) -> tuple[str, str]:
    count = str(alert.fact("rows") or 0)
    return say("Rows of an older version still count unsigned"), together(
        say(
            "{count} of those that give somebody something have no signature, and nothing new is signed.",
            count=count,
        ),
        say(
            "When every replica runs this version, run `wicket keys sign`: from then on none counts without one."
        ),
    )


_ROWS = {
    "alarms": template("a reported change"),
    "announcements": template("what somebody was told before a change"),
    "approvals": template("an approval"),
    "attestations": template("an approver's word"),
    "bulletins": template("what the security channel was told at a set time"),
    "delegations": template("a delegation of approvals"),
    "desk_acts": template("an act of the help desk for others"),
    "emergencies": template("an emergency"),
    "exceptions": template("an alert with buttons"),
    "freezes": template("a stop of new access"),
    "grants": template("a grant"),
    "holdings": template("a membership"),
    "inquiries": template("a question about a request, or its answer"),
    "links": template("a link to a Slack account"),
    "log_walks": template("how far the record was walked over"),
    "outbox": template("whom a message about somebody else goes to"),
    "passkeys": template("a passkey"),
    "petitions": template("a petition"),
    "proofs": template("an authenticator or a recovery code"),
    "restore_words": template("a word that somebody may break the glass again"),
    "rule_sets": template("a set of rules"),
    "standings": template("a membership that no grant gives"),
    "streams": template("how far the detectors had come, or a SIEM"),
    "subjects": template("an account at the provider"),
    "vouchings": template("a word that was given for somebody"),
}


SENTENCES: Mapping[Kind, Callable[[Alert], tuple[str, str]]] = {
    Kind.REFUSED_REQUEST: _refused_request,
    Kind.REFUSED_SELF_SERVICE: _refused_self_service,
    Kind.WRONG_APPROVER: _wrong_approver,
    Kind.POLICY_ERROR: _policy_error,
    Kind.AUTHORITY_LOST: _authority_lost,
    Kind.UNPROVEN: _unproven,
    Kind.EMERGENCY_REFUSED: _emergency_refused,
    Kind.TAMPERED: _tampered,
    Kind.ROW_CHANGED: _row_changed,
    Kind.ROWS_UNSIGNED: _rows_unsigned,
}
"""For each of these kinds, what becomes headline and sentences."""


def _purpose(alert: Alert) -> str:
    """What somebody wanted on the secure page; empty for anything else."""
    purpose = alert.fact("purpose")
    return say(_PURPOSES[purpose]) if purpose in _PURPOSES else ""


_PURPOSES = {
    "reset": template("a password reset"),
    "unlock": template("an unlock"),
    "enrol": template("a new authenticator"),
    "care": template("a change of proofs"),
    "link": template("a link to a Slack account"),
}


def _reasons(alert: Alert) -> str:
    return reasons(alert) or say("No policy allows it.")
