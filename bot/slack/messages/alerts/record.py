"""What security reads of the record, changed past Wicket or not looked over, and of the clock it is written by.

Headlines and sentences only; bot.slack.messages.alerts.message makes messages of them.
"""

from collections.abc import Mapping

from bot.slack.messages.alerts.facts import Alert, plain
from bot.slack.words import day_and_clock, duration, listed, together
from bot.texts import as_told, say, say_counted, template
from handlers.decisions.freezing import CALM, Check

_MOST_OF_A_DETAIL = 400


def record_changed(alert: Alert) -> tuple[str, str]:
    """An entry, or the stored tree, that the walk over the record found to be another than was written."""
    detail = plain(as_told(str(alert.facts.get("detail") or "")), _MOST_OF_A_DETAIL)
    if settled := alert.moment("settled"):
        return _title(alert), together(
            detail, say("Since {time} it fits again.", time=day_and_clock(settled))
        )
    so = (
        say(
            "No entry is touched by that, so nothing is stopped; but no proof can be made from it. "
            "`wicket audit rebuild-tiles` mends it."
        )
        if alert.facts.get("tree")
        else say("New access is stopped already.")
    )
    find = say("Find out who can write to the database; `wicket audit verify` names all that does not fit.")
    return _title(alert), together(detail, so, find)


def not_looked_over(alert: Alert) -> tuple[str, str]:
    """The walk over the record is overdue, what follows it has stood still, or its checkpoints have no way out."""
    since, settled = alert.moment("since"), alert.moment("settled")
    when, what = day_and_clock(since) if since else "", alert.fact("what")
    if what == "walk":
        title = say("Overdue: the walk over the whole record")
        told = say("All of it was walked over last {time}.", time=when) if when else ""
        if alert.facts.get("never"):
            told = say("No walk has come to its end yet, and the record begins {time}.", time=when)
        meanwhile = say(
            "What was edited since is not found by itself: `wicket audit verify` looks at all of it now."
        )
    elif what == "publishing":
        title = say("Checkpoints do not leave the database")
        told = say(
            "{name} has not been able to write them to {file} since {time}.",
            name=alert.fact("replica"), file=plain(alert.facts.get("file"), _MOST_OF_A_DETAIL), time=when,
        )  # fmt: skip
        meanwhile = say(
            "Until it can, an older copy in the place of the database may not be noticed at a start: name a file that "
            "it can write, `[audit] published`."
        )
    else:
        siem = what == "siem"
        title = say("The record is not sent on") if siem else say("The detectors stand still")
        told = say("Nothing of it was taken since {time}.", time=when) if when else ""
        meanwhile = say_counted(
            "{count} entry waits, and none is lost.",
            "{count} entries wait, and none is lost.",
            alert.number("waits"),
        )
    if settled:
        return title, together(told, say("Since {time} it goes on.", time=day_and_clock(settled)))
    return title, together(told, meanwhile, say("The log of the bot says what keeps it from going on."))


def unchecked(alert: Alert) -> tuple[str, str]:
    """A process gives nothing new by itself, since its records could not be checked, or the stop not be written."""
    since, settled, gone = alert.moment("since"), alert.moment("settled"), alert.moment("calm_since")
    name, when = alert.fact("replica") or say("one of them"), day_and_clock(since) if since else ""
    why = [say(_FAILED[check]) for check in alert.facts.get("checks") or () if check in _FAILED]
    if named := [plain(one) for one in alert.several("found", 5)]:
        why.append(say("It is: {names}.", names=listed(named)))
    if over := gone or settled:
        title = say("New access was stopped by {name} alone: it could not check the records", name=name)
        told = say("It gave nothing new since {time}; what ended, ended on time.", time=when) if when else ""
        done = say("Since {time} all of that is done.", time=day_and_clock(over))
        found = say("What was found, if anything, has a message of its own.")
        return title, together(told, *why, done, found if settled else _may_return())
    title = say("New access is stopped by {name} alone: it cannot check the records", name=name)
    told = say("It has given nothing new since {time}; what ends, ends on time.", time=when) if when else ""
    ends = say("It ends by itself once that can be done, and nobody can confirm it away.")
    find = say("Find out who can write to the database; the log of the bot says what fails.")
    return title, together(told, *why, ends, find)


def _may_return() -> str:
    """What comes and goes is one message, and counted."""
    minutes = int(CALM.total_seconds() // 60)
    return say(
        "If that lasts for {duration}, it is over; if not, it is counted here.", duration=duration(minutes)
    )


_FAILED: Mapping[str, str] = {
    Check.CHECKPOINTS: template("The records could not be held against what was signed of them."),
    Check.SIGNING: template("The records could not be signed anew."),
    Check.WALK: template("The walk over the record cannot go on."),
    Check.ENTRIES: template(
        "The walk found what is not as it was written, and the stop could not be written."
    ),
    Check.ALERTS: template("It could not be found or told which ends are late."),
    Check.OWED: template("The messages that are owed could not be read."),
    Check.STRANGERS: template("Something that is none of mine acts on my tables when they are written to."),
}


def clock_ahead(alert: Alert) -> tuple[str, str]:
    """The clock was set back, and what had been granted before would have lasted too long."""
    ahead = duration(alert.number("ahead"))
    told = say_counted(
        "{count} grant was given when it was up to {duration} ahead of what it is now. It would have lasted longer "
        "than was allowed, so its time counts from now.",
        "{count} grants were given when it was up to {duration} ahead of what it is now. They would have lasted "
        "longer than was allowed, so their time counts from now.",
        alert.number("grants"),
        duration=ahead,
    )
    compare = say("Either the clock was wrong then, or it is now: `wicket check` compares it with Slack's.")
    return say("The clock was set back"), together(told, compare)


def _title(alert: Alert) -> str:
    if alert.facts.get("tree"):
        return say("Changed past Wicket: the stored tree of the record")
    return say("Changed past Wicket: another entry of the record")
