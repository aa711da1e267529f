"""The security channel's messages about drift and leavers, with the buttons to decide, and what clickers are told.

They name what a click does before it is made; after a decision the buttons are gone and it stands who decided.
"""

from collections.abc import Callable, Mapping, Sequence

from slack_sdk.models.blocks import ButtonElement

from bot.slack.actions import Action
from bot.slack.messages.alerts.facts import Alert, literal, plain
from bot.slack.messages.alerts.message import composed
from bot.slack.messages.drift_decided import decided
from bot.slack.messages.parts import Message, button, sure_button
from bot.slack.words import day_and_clock, duration, first, listed, together
from bot.texts import say, say_counted
from handlers.exceptions.strange import Kind

Told = tuple[str, str, Sequence[ButtonElement]]
"""Headline, sentences, buttons."""

_DAY = 24 * 60


def drift_message(alert: Alert) -> Message:
    """What differs, what was done already, and what can be decided."""
    title, told, buttons = _SENTENCES[alert.kind](alert)
    return composed(alert, title, told, buttons=buttons)


def _unexplained(alert: Alert) -> Told:
    what, who, is_group = alert.entitlement, alert.whose, alert.facts.get("kind") == "group"
    if is_group:
        title = say(
            "Not given by Wicket: {entitlement}, held by the group {name}", entitlement=what, name=who
        )
        found = say(
            "The group {name} is in {group}, and no grant and no declaration explains it.",
            name=who, group=_place(alert),
        )  # fmt: skip
    elif alert.facts.get("given"):
        title = say("Not written by Wicket: the grant of {entitlement} to {name}", entitlement=what, name=who)
        found = together(
            say(
                "{name} is in {group}. Wicket gave it, and in the database its grant was changed or taken away.",
                name=who, group=_place(alert),
            ),
            say("Find out who can write to the database, and compare it with the record."),
        )  # fmt: skip
    else:
        title = say("Not given by Wicket: {entitlement}, held by {name}", entitlement=what, name=who)
        found = say(
            "{name} is in {group}, and no grant and no declaration explains it.",
            name=who,
            group=_place(alert),
        )
    if over := _decided_or_over(alert, found, say("it is gone, or explained now")):
        return title, over, ()
    if is_group:
        how = say(
            "Everybody in it has it. Wicket takes no group out of a group: do that in the directory, or declare it."
        )
        return title, together(found, _unchanged(), how), [_declare(alert)]
    longest = min(alert.number("longest") or _DAY, _DAY)
    take = sure_button(
        say("Remove"), Action.REMOVE, alert.id, title=say("Take it away?"), yes=say("Remove"),
        facts=say(
            "{name} loses {entitlement} now.",
            name=literal(alert.who), entitlement=literal(alert.facts.get("entitlement")),
        ),
    )  # fmt: skip
    keep = button(say("Adopt for {duration}…", duration=duration(longest)), Action.ADOPT, alert.id)
    return title, together(found, _unchanged()), [keep, take, _declare(alert)]


def _vanished(alert: Alert) -> Told:
    what, who, ends = alert.entitlement, alert.whose, alert.moment("ends")
    title = say("Gone from the directory: {entitlement} of {name}", entitlement=what, name=who)
    if ends:
        found = say(
            "{name} was given {entitlement} until {time}, and is not in {group} any more. Other hands took it away.",
            name=who, entitlement=what, time=day_and_clock(ends), group=_place(alert),
        )  # fmt: skip
    else:
        found = say(
            "{name} was given {entitlement}, and is not in {group} any more. Other hands took it away.",
            name=who, entitlement=what, group=_place(alert),
        )  # fmt: skip
    if over := _decided_or_over(alert, found, say("the directory and the grant agree")):
        return title, over, ()
    end = sure_button(
        say("End the grant"), Action.END_GRANT, alert.id, title=say("End the grant?"), yes=say("End it"),
        facts=say(
            "{name} no longer holds {entitlement}.",
            name=literal(alert.who), entitlement=literal(alert.facts.get("entitlement")),
        ),
    )  # fmt: skip
    again = button(say("Give it again"), Action.GIVE_AGAIN, alert.id)
    return title, together(found, _unchanged()), [again, end]


def _found_standing(alert: Alert) -> Told:
    what, count = alert.entitlement, alert.number("count")
    title = say_counted(
        "Stood before Wicket: {count} member of {entitlement}",
        "Stood before Wicket: {count} members of {entitlement}",
        count, entitlement=what,
    )  # fmt: skip
    found = say("This was the first look at {group}: {names}.", group=_place(alert), names=_names(alert))
    if over := _decided_or_over(alert, found, say("none of them is left undeclared")):
        return title, over, ()
    how = say("Nothing was changed, and whoever comes after them has to be explained.")
    allowed = ""
    if not alert.facts.get("standing"):
        allowed = say("{entitlement} may not be held without an end (standing = false).", entitlement=what)
    return title, together(found, allowed, _declared_so_far(alert), how), [_declare(alert)]


def _review_due(alert: Alert) -> Told:
    what, count = alert.entitlement, alert.number("count")
    title = say_counted(
        "Review due: {count} standing member of {entitlement}",
        "Review due: {count} standing members of {entitlement}",
        count, entitlement=what,
    )  # fmt: skip
    found = say("They were declared until now: {names}.", names=_names(alert))
    if alert.fact("directory"):
        found = say(
            "They were declared in {group} until now: {names}.", group=_place(alert), names=_names(alert)
        )
    if over := _decided_or_over(alert, found, say("none is due any more")):
        return title, over, ()
    how = say(
        "They keep it meanwhile. Declare them anew, or take out in the directory who should not have it."
    )
    return title, together(found, _declared_so_far(alert), how), [_declare(alert)]


def _group_gone(alert: Alert) -> Told:
    what, count = alert.entitlement, alert.number("count")
    title = say("The group of {entitlement} is gone", entitlement=what)
    found = say(
        "The directory has no group {group} any more, so {entitlement} can neither be given nor be compared.",
        group=_group(alert),
        entitlement=what,
    )
    if directory := alert.fact("directory"):
        found = say(
            "The directory {directory} has no group {group} any more, so {entitlement} can neither be given nor be "
            "compared.",
            directory=directory, group=_group(alert), entitlement=what,
        )  # fmt: skip
    if over := _over(alert, say("the group is there again")):
        return title, together(found, over), ()
    live = say_counted("{count} grant on it is not over.", "{count} grants on it are not over.", count)
    how = say("Make the group again, or correct its name in the catalogue.")
    return title, together(found, live if count else "", how), ()


def _left(alert: Alert) -> Told:
    who, where, gone = alert.whose, alert.fact("directory"), alert.facts.get("why") != "switched off"
    if gone:
        why = say("{name} is no longer in the directory.", name=who)
        if where:
            why = say("{name} is no longer in the directory {directory}.", name=who, directory=where)
        rest = say(
            "Their entry is gone, so a membership that still names it cannot be taken out by id: look there."
        )
        rest = rest if alert.facts.get("access") else ""
    else:
        why = say("{name} is switched off in the directory.", name=who)
        if where:
            why = say("{name} is switched off in the directory {directory}.", name=who, directory=where)
        rest = say("What they hold standing is left to the directory.")
    ended = say("Ended at once: {things}.", things=_all_ended(alert))
    return say("Left: {name}", name=who), together(why, ended, rest, say("Coming back revives nothing.")), ()


def _all_ended(alert: Alert) -> str:
    """What ended with them, as a list."""
    access, requests, voided = (_ones(alert, name) for name in ("access", "requests", "approvals"))
    pages, delegated = alert.number("pages"), alert.number("delegations")
    ended = [
        say("access to {names}", names=access) if access else "",
        say("the open request for {names}", names=requests) if requests else "",
        say("their approval of requests for {names}", names=voided) if voided else "",
        say_counted(
            "{count} delegation of approvals by or to them", "{count} delegations of approvals by or to them", delegated
        ) if delegated else "",
        say("the link of their Slack account") if alert.facts.get("link") else "",
        say_counted(
            "{count} open link to the secure page", "{count} open links to the secure page", pages
        ) if pages else "",
    ]  # fmt: skip
    return listed([one for one in ended if one]) or say("nothing that Wicket gave")


def _many_left(alert: Alert) -> Told:
    count, directory = alert.number("count"), alert.fact("directory") or say("of staff")
    title = say_counted("Halted: {count} person gone at once", "Halted: {count} people gone at once", count)
    looked = say_counted(
        "Of {all} people looked at in the directory {directory}, {count} is gone or switched off: {names}.",
        "Of {all} people looked at in the directory {directory}, {count} are gone or switched off: {names}.",
        count, all=alert.number("looked_at"), directory=directory, names=_names(alert),
    )  # fmt: skip
    found = together(looked, say("That is more likely a mistake there than the truth."))
    if over := _decided_or_over(alert, found, say("they are back, or were few enough")):
        return title, over, ()
    end = sure_button(
        say("End what they hold"), Action.END_LEAVERS, alert.id, title=say("Did they all leave?"),
        yes=say("End it all"),
        facts=say_counted(
            "What {count} person holds and waits for ends within a minute.",
            "What {count} people hold and wait for ends within a minute.",
            count,
        ),
    )  # fmt: skip
    return title, together(found, say("Nothing was ended. Look in the directory first.")), [end]


_SENTENCES: Mapping[Kind, Callable[[Alert], Told]] = {
    Kind.UNEXPLAINED: _unexplained,
    Kind.VANISHED: _vanished,
    Kind.FOUND_STANDING: _found_standing,
    Kind.REVIEW_DUE: _review_due,
    Kind.GROUP_GONE: _group_gone,
    Kind.LEFT: _left,
    Kind.MANY_LEFT: _many_left,
}
DRIFT = frozenset(_SENTENCES)
"""The kinds that have their sentences here."""


def _decided_or_over(alert: Alert, found: str, why: str) -> str:
    """What was found, and who decided it or why it is over; empty while it stands."""
    if by := decided(alert):
        return f"{found}\n{by}"
    over = _over(alert, why)
    return together(found, over) if over else ""


def _over(alert: Alert, why: str) -> str:
    settled = alert.moment("settled")
    return say("Settled {time}: {why}.", time=day_and_clock(settled), why=why) if settled else ""


def _unchanged() -> str:
    return say("Nothing was changed.")


def _declared_so_far(alert: Alert) -> str:
    by, count = alert.fact("declared_by"), alert.number("declared")
    if not by or not count:
        return ""
    return say("{name} declared {count} of them; nobody declares their own.", name=by, count=count)


def _declare(alert: Alert) -> ButtonElement:
    return button(say("Declare standing…"), Action.DECLARE, alert.id)


def _names(alert: Alert) -> str:
    """Ten names at most, and how many more."""
    found = alert.facts.get("names")
    names, count = [plain(one) for one in found] if isinstance(found, list) else [], alert.number("count")
    if names:
        return listed(first(names, 10, of=count))
    return say_counted("{count} of them", "{count} of them", count) if count else say("nobody is named")


def _ones(alert: Alert, fact: str) -> str:
    found = alert.facts.get(fact)
    return listed(first([plain(one) for one in found], 10)) if isinstance(found, list) else ""


def _group(alert: Alert) -> str:
    return f"`{alert.fact('group')}`" if alert.fact("group") else say("its group")


def _place(alert: Alert) -> str:
    """The group; and its directory, where the company has several."""
    group = _group(alert)
    directory = alert.fact("directory")
    return (
        say("{group} of the directory {directory}", group=group, directory=directory) if directory else group
    )
