"""The security channel's messages about drift and leavers, with the buttons to decide, and what clickers are told.

They name what a click does before it is made; after a decision the buttons are gone and it stands who decided.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from slack_sdk.models.blocks import ButtonElement

from bot.slack.actions import Action
from bot.slack.messages.alert_facts import Alert, literal, plain
from bot.slack.messages.alerts import composed
from bot.slack.messages.approvals import not_allowed_text
from bot.slack.messages.freezes import LOST
from bot.slack.messages.parts import Message, button, sure_button
from bot.slack.messages.requests import whole
from bot.slack.words import clock, counted, day, day_and_clock, duration, inert, listed, sentence
from handlers.decisions.drift import Way
from handlers.outcomes import NoLonger, NotAllowed, NotPossible, Unknown
from handlers.strange import Kind

Told = tuple[str, str, Sequence[ButtonElement]]
"""Headline, sentences, buttons."""

_DAY = 24 * 60


def drift_message(alert: Alert) -> Message:
    """What differs, what was done already, and what can be decided."""
    title, told, buttons = _SENTENCES[alert.kind](alert)
    return composed(alert, title, told, buttons=buttons)


def _unexplained(alert: Alert) -> Told:
    what, who = alert.entitlement, alert.whose
    group = f"the group {who}" if alert.facts.get("kind") == "group" else who
    title = f"Not given by Wicket: {what}, held by {group}"
    found = f"{group} is in {_group(alert)}, and no grant and no declaration explains it."
    if decided := _decided(alert):
        return title, f"{sentence(found)}\n{decided}", ()
    if over := _over(alert, "it is gone, or explained now"):
        return title, sentence(found, over), ()
    if alert.facts.get("kind") == "group":
        how = "Everybody in it has it. Wicket takes no group out of a group: do that in the directory, or declare it."
        return title, sentence(found, "Nothing was changed.", how), [_declare(alert)]
    longest = min(alert.number("longest") or _DAY, _DAY)
    take = sure_button(
        "Remove", Action.REMOVE, alert.id, title="Take it away?", yes="Remove",
        facts=f"{literal(alert.who)} loses {literal(alert.facts.get('entitlement'))} now.",
    )  # fmt: skip
    keep = button(f"Adopt for {_short(longest)}…", Action.ADOPT, alert.id)
    return title, sentence(found, "Nothing was changed."), [keep, take, _declare(alert)]


def _vanished(alert: Alert) -> Told:
    what, who = alert.entitlement, alert.whose
    ends = alert.moment("ends")
    title = f"Gone from the directory: {what} of {who}"
    until = f" until {day_and_clock(ends)}" if ends else ""
    found = (
        f"{who} was given {what}{until}, and is not in {_group(alert)} any more. Other hands took it away."
    )
    if decided := _decided(alert):
        return title, f"{sentence(found)}\n{decided}", ()
    if over := _over(alert, "the directory and the grant agree"):
        return title, sentence(found, over), ()
    end = sure_button(
        "End the grant", Action.END_GRANT, alert.id, title="End the grant?", yes="End it",
        facts=f"{literal(alert.who)} no longer holds {literal(alert.facts.get('entitlement'))}.",
    )  # fmt: skip
    again = button("Give it again", Action.GIVE_AGAIN, alert.id)
    return title, sentence(found, "Nothing was changed."), [again, end]


def _found_standing(alert: Alert) -> Told:
    what, count = alert.entitlement, alert.number("count")
    title = f"Stood before Wicket: {counted(count, 'member')} of {what}"
    found = f"This was the first look at {_group(alert)}: {_names(alert)}."
    if decided := _decided(alert):
        return title, f"{sentence(found)}\n{decided}", ()
    if over := _over(alert, "none of them is left undeclared"):
        return title, sentence(found, over), ()
    how = "Nothing was changed, and whoever comes after them has to be explained."
    allowed = (
        "" if alert.facts.get("standing") else f"{what} may not be held without an end (standing = false)."
    )
    return title, sentence(found, allowed, _declared_so_far(alert), how), [_declare(alert)]


def _review_due(alert: Alert) -> Told:
    what, count = alert.entitlement, alert.number("count")
    title = f"Review due: {counted(count, 'standing member')} of {what}"
    found = f"They were declared until now: {_names(alert)}."
    if decided := _decided(alert):
        return title, f"{sentence(found)}\n{decided}", ()
    if over := _over(alert, "none is due any more"):
        return title, sentence(found, over), ()
    how = "They keep it meanwhile. Declare them anew, or take out in the directory who should not have it."
    return title, sentence(found, _declared_so_far(alert), how), [_declare(alert)]


def _group_gone(alert: Alert) -> Told:
    what, count = alert.entitlement, alert.number("count")
    title = f"The group of {what} is gone"
    found = f"The directory has no group {_group(alert)} any more, so {what} can neither be given nor be compared."
    if over := _over(alert, "the group is there again"):
        return title, sentence(found, over), ()
    live = f"{counted(count, 'grant')} on it {'is' if count == 1 else 'are'} not over." if count else ""
    how = "Make the group again, or correct its name in the catalogue."
    return title, sentence(found, live, how), ()


def _left(alert: Alert) -> Told:
    who, gone = alert.whose, alert.facts.get("why") != "switched off"
    why = "is no longer in the directory" if gone else "is switched off in the directory"
    title = f"Left: {who}"
    parts = [
        _ended(alert, "access", "access to"), _ended(alert, "requests", "the open request for"),
        _ended(alert, "approvals", "their approval of requests for"),
        "the link of their Slack account" if alert.facts.get("link") else "",
        f"{counted(alert.number('pages'), 'open link')} to the secure page" if alert.number("pages") else "",
    ]  # fmt: skip
    ended = listed([part for part in parts if part]) or "nothing that Wicket gave"
    rest = "" if gone else "What they hold standing is left to the directory."
    if gone and alert.facts.get("access"):
        rest = (
            "Their entry is gone, so a membership that still names it cannot be taken out by id: look there."
        )
    return title, sentence(f"{who} {why}. Ended at once: {ended}.", rest, "Coming back revives nothing."), ()


def _many_left(alert: Alert) -> Told:
    count, of = alert.number("count"), alert.number("looked_at")
    title = f"Halted: {counted(count, 'person') if count == 1 else f'{count} people'} gone at once"
    found = (
        f"Of {of} people looked at in the directory {alert.fact('directory') or 'of staff'}, {count} are gone or "
        f"switched off: {_names(alert)}. That is more likely a mistake there than the truth."
    )
    if decided := _decided(alert):
        return title, f"{sentence(found)}\n{decided}", ()
    if over := _over(alert, "they are back, or were few enough"):
        return title, sentence(found, over), ()
    end = sure_button(
        "End what they hold", Action.END_LEAVERS, alert.id, title="Did they all leave?", yes="End it all",
        facts=f"What {count} people hold and wait for ends within a minute.",
    )  # fmt: skip
    return title, sentence(found, "Nothing was ended. Look in the directory first."), [end]


_SENTENCES: Mapping[Kind, Callable[[Alert], Told]] = MappingProxyType(
    {
        Kind.UNEXPLAINED: _unexplained,
        Kind.VANISHED: _vanished,
        Kind.FOUND_STANDING: _found_standing,
        Kind.REVIEW_DUE: _review_due,
        Kind.GROUP_GONE: _group_gone,
        Kind.LEFT: _left,
        Kind.MANY_LEFT: _many_left,
    }
)
DRIFT = frozenset(_SENTENCES)
"""The kinds that have their sentences here."""


def reconciled_text(outcome: object) -> str:
    """What to tell somebody whose click did not count; "" when it did or was a repeat."""
    match outcome:
        case NotAllowed():
            return not_allowed_text(outcome)
        case NotPossible(reasons=reasons):
            return sentence(*map(whole, reasons), "Nothing was changed.")
        case NoLonger(by="", way=_):
            return "This is over already: the directory, the grants and the declarations agree. Nothing more to do."
        case NoLonger(by=by, way=way, at=at):
            when = f" at {clock(at)}" if at else ""
            return f"{inert(by)} {_DID.get(way, 'decided')} this{when}. Nothing more to do."
        case Unknown(lost=True):
            return LOST
        case Unknown():
            return "This is no longer there, so nothing was changed."
        case _:
            return ""


_DID = {
    Way.ADOPT: "adopted",
    Way.REMOVE: "removed",
    Way.DECLARE: "declared",
    Way.GIVE_AGAIN: "gave back",
    Way.END: "ended",
    "confirm": "confirmed",
}


def _decided(alert: Alert) -> str:
    """Who decided what and when, and whether the directory has followed; empty while nobody has."""
    by, at = alert.fact("decided_by"), alert.moment("decided_at")
    if not by:
        return ""
    when = f" at {clock(at)}" if at else ""
    settled, way = alert.moment("settled"), str(alert.facts.get("way"))
    follows = (
        f"The directory agrees since {clock(settled)}." if settled else "The directory is being changed."
    )
    if alert.facts.get("voided"):
        return f"⛔ *Not given again*: {by} asked for it{when}, and policy says no by now."
    review = alert.moment("review")
    minutes = alert.number("minutes")
    said = {
        Way.ADOPT: f"✅ *Adopted* by {by}{when}{f' for {duration(minutes)}' if minutes else ''}. It ends by itself.",
        Way.REMOVE: f"✅ *Removed* by {by}{when}. {follows}",
        Way.DECLARE: f"✅ *Declared standing* by {by}{when}{f', to be reviewed by {day(review)}' if review else ''}.",
        Way.GIVE_AGAIN: f"✅ *Given again* by {by}{when}. {follows}",
        Way.END: f"⌛ *Ended* by {by}{when}.",
        "confirm": f"✅ *Confirmed* by {by}{when}. {'It has ended.' if settled else 'It ends within a minute.'}",
    }
    return said.get(way, f"Decided by {by}{when}.")


def _over(alert: Alert, why: str) -> str:
    settled = alert.moment("settled")
    return f"Settled {day_and_clock(settled)}: {why}." if settled else ""


def _declared_so_far(alert: Alert) -> str:
    by, count = alert.fact("declared_by"), alert.number("declared")
    return f"{by} declared {count} of them; nobody declares their own." if by and count else ""


def _declare(alert: Alert) -> ButtonElement:
    return button("Declare standing…", Action.DECLARE, alert.id)


def _names(alert: Alert) -> str:
    """Ten names at most, and how many more."""
    found = alert.facts.get("names")
    names = [plain(one) for one in found][:10] if isinstance(found, list) else []
    more = alert.number("count") - len(names)
    if not names:
        return f"{more} of them" if more > 0 else "nobody is named"
    return listed([*names, *([f"{more} more"] if more > 0 else [])])


def _ended(alert: Alert, name: str, words: str) -> str:
    found = alert.facts.get(name)
    ones = [plain(one) for one in found] if isinstance(found, list) else []
    shown = ones[:10] + ([f"{len(ones) - 10} more"] if len(ones) > 10 else [])
    return f"{words} {listed(shown)}" if ones else ""


def _group(alert: Alert) -> str:
    return f"`{alert.fact('group')}`" if alert.fact("group") else "its group"


def _short(minutes: int) -> str:
    """60 → "1 h": for a button."""
    return f"{minutes // 60} h" if minutes >= 60 and minutes % 60 == 0 else f"{minutes} min"
