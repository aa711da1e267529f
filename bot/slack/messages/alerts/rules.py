"""What security reads when the rules change, are proposed, will not do, or are others on another replica.

Of a proposal everything is shown, or it cannot be approved here; names and values stand in it, and no policy's text.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from bot.slack.actions import Action
from bot.slack.messages.alerts.facts import Alert, plain
from bot.slack.messages.alerts.work import state_line, ways
from bot.slack.messages.parts import Message, actions, button, note, section, sure_button
from bot.slack.words import day_and_clock, duration, ended, listed, together
from bot.texts import as_told, say, say_counted, template
from handlers.exceptions.strange import Kind

# A section holds 3,000 characters, and so does what is heard without blocks, with all that is said around it.
_MOST = 2600
_HASH = 12
_LISTS: Mapping[str, str] = {
    "policies_added": template("*New policies:* {names}"),
    "policies_removed": template("*Policies that are gone:* {names}"),
    "policies_changed": template("*Policies that read otherwise:* {names}"),
    "entitlements_added": template("*New entitlements:* {names}"),
    "entitlements_removed": template("*Entitlements that are gone:* {names}"),
    "owners_added": template("*New owners:* {names}"),
    "owners_removed": template("*Owners that are gone:* {names}"),
    "scopes_added": template("*New standing scopes of approvers:* {names}"),
    "scopes_removed": template("*Standing scopes of approvers that are gone:* {names}"),
    "settings_added": template("*New settings that bear on security:* {names}"),
    "settings_removed": template("*Settings that bear on security and are gone:* {names}"),
    "settings_changed": template("*Settings that bear on security and are others now:* {names}"),
}
_WRITTEN: Mapping[str, str] = {"max_duration": "max", "max_minutes": "max", "standing_allowed": "standing"}
_MINUTES = frozenset({"max_duration", "max_minutes"})
_YES_OR_NO = frozenset({"standing_allowed"})
_FLAGS: Mapping[str, str] = {"True": template("yes"), "False": template("no")}
_BECAME: Mapping[str, str] = {
    "withdrawn": template(
        "It was withdrawn: its files say something else now, or another change came first."
    ),
}


def _changed(alert: Alert) -> tuple[str, str]:
    lines = list(_lines(alert.facts.get("changed")))
    shown, room = list[str](), _MOST - 400
    for line in lines:
        if (room := room - len(line) - 1) < 0:
            break
        shown.append(line)
    more = len(lines) - len(shown)
    rest = say_counted("And {count} more.", "And {count} more.", more) if more else ""
    whole = say("The record holds the names: `wicket audit show --story rules`.") if more else ""
    told = "\n".join(part for part in (_known(alert), *shown, together(rest, whole), _hash(alert)) if part)
    return say("The rules changed"), told


def _invalid(alert: Alert) -> tuple[str, str]:
    wrong = ended(plain(as_told(str(alert.facts.get("wrong") or "")), 1500))
    title = say("The new rules will not do")
    if settled := alert.moment("settled"):
        return title, together(wrong, say("Since {time} the files can be used.", time=day_and_clock(settled)))
    keeps = say("What held before goes on deciding. Mend that, and it is read again by itself.")
    return title, together(wrong, keeps)


def _differ(alert: Alert) -> tuple[str, str]:
    replica = alert.fact("replica") or say("one of them")
    title = say("Two replicas go by different rules: {name}", name=replica)
    if settled := alert.moment("settled"):
        return title, say("Since {time} they go by the same again.", time=day_and_clock(settled))
    told = say(
        "{name} decides by the set {ours}, and {other} was told last. Give all of them the same files and settings.",
        name=replica, ours=_short(alert, "set"), other=_short(alert, "other"),
    )  # fmt: skip
    return title, told


def _not_discovered(alert: Alert) -> tuple[str, str]:
    wrong = ended(plain(as_told(str(alert.facts.get("wrong") or "")), 600))
    directory, group = alert.fact("directory") or say("a directory"), alert.fact("group")
    if not group:
        title = say("The groups of {directory} could not be looked through", directory=directory)
        keeps = say("What they said before still counts.")
    else:
        title = say("What a group says of itself cannot be used: {group}", group=group)
        keeps = say("Nobody can ask for it until that is mended in {directory}.", directory=directory)
    if settled := alert.moment("settled"):
        return title, together(wrong, say("Since {time} it can be used.", time=day_and_clock(settled)))
    return title, together(wrong, keeps)


SENTENCES: Mapping[Kind, Callable[[Alert], tuple[str, str]]] = {
    Kind.RULES_CHANGED: _changed,
    Kind.RULES_INVALID: _invalid,
    Kind.RULES_DIFFER: _differ,
    Kind.NOT_DISCOVERED: _not_discovered,
}
"""For each of these kinds, what becomes headline and sentences."""


def proposal_message(alert: Alert, tail: str) -> Message:
    """All that would change, who approved it so far, and the buttons; then what became of it."""
    open_now, state = not alert.fact("became"), _state(alert)
    title = (
        say("A change of the rules waits for its owners")
        if open_now
        else say("A change of the rules was proposed")
    )
    changed = "\n".join(_lines(alert.facts.get("changed"), name=_MOST, value=_MOST))
    whole = len(changed) <= _MOST
    told = [
        part for part in (_known(alert), changed if whole else say(_TOO_MUCH), _hash(alert), state) if part
    ]
    line = state_line(alert.work)
    buttons = _buttons(alert, whole=whole) if open_now else ()
    return Message(
        text=together(
            f"⏳ {title}. {' '.join(told)}" if open_now else f"{title}. {state}", line, f"({tail})"
        ),
        blocks=(
            section(f"{'⏳ ' if open_now else ''}*{title}*"),
            *(section(part) for part in told),
            *((note(line),) if line else ()),
            note(tail),
            *actions(ways(alert.work, alert.id, buttons)),
        ),
    )


_TOO_MUCH = template(
    "It is more than one message can show, and nobody should approve what they cannot see: change it in smaller steps."
)


def _buttons(alert: Alert, *, whole: bool) -> Sequence[Any]:
    proposal = str(alert.facts.get("proposal"))
    deny = sure_button(
        say("Deny"), Action.RULES_DENY, proposal, title=say("Deny this change?"),
        facts=say("What holds goes on deciding. The files must say something else before anything is proposed again."),
        yes=say("Deny"), no=say("Not now"),
    )  # fmt: skip
    return [button(say("Approve"), Action.RULES_APPROVE, proposal), deny] if whole else [deny]


def _state(alert: Alert) -> str:
    became, names = alert.fact("became"), [plain(one) for one in alert.several("approved", 10)]
    if became == "active":
        return say("✅ It holds now. Approved by {names}.", names=listed(names))
    if became == "denied":
        return say("⛔ Denied by {name}. What held before goes on deciding.", name=alert.fact("denied_by"))
    if became in _BECAME:
        return say(_BECAME[became])
    if names:
        return say("Approved by {names}. One more policy owner is needed.", names=listed(names))
    return say("Two policy owners have to approve it. Until then, what holds goes on deciding.")


def _lines(changed: object, *, name: int = 150, value: int = 400) -> Iterator[str]:
    """One line for each kind of change of names, one for each field, and for all of what is new.

    name, value: of each so many characters are shown; whoever shall see all of it shows as many as a message takes.
    """
    if not isinstance(changed, Mapping):
        return
    for kind in _LISTS:
        if names := changed.get(kind):
            yield say(_LISTS[kind], names=listed([f"`{plain(one, name)}`" for one in names]))
    for kind in ("entitlements_written", "owners_written", "scopes_written"):
        for one, told in groupby(_in_parts(changed.get(kind, ()), 3), key=itemgetter(0)):
            yield say(
                "*{name}:* {fields}", name=plain(one, name),
                fields=listed([f"{_key(key)} {_value(key, text, value)}" for _, key, text in told]),
            )  # fmt: skip
    for kind in ("entitlements_changed", "owners_changed", "scopes_changed"):
        for one, key, before, after in _in_parts(changed.get(kind, ()), 4):
            was, now = (_value(key, text, value) or say("nothing") for text in (before, after))
            yield _field(plain(one, name), key, was, now, lower=_is_lower(after, before))


def _in_parts(texts: Sequence[object], size: int) -> Iterator[tuple[str, ...]]:
    for at in range(0, len(texts), size):
        yield tuple(str(one) for one in texts[at : at + size])


def _is_lower(one: str, other: str) -> bool:
    return one.isdigit() and other.isdigit() and int(one) < int(other)


def _field(about: str, key: str, was: str, now: str, *, lower: bool) -> str:
    if key == "risk":
        if lower:
            return say(
                "*{name}:* its risk was lowered from {before} to {after}", name=about, before=was, after=now
            )
        return say(
            "*{name}:* its risk was raised from {before} to {after}", name=about, before=was, after=now
        )
    if key == "max_duration":
        return say(
            "*{name}:* its longest duration was {before}, and is {after}",
            name=about,
            before=was,
            after=now,
        )
    return say(
        "*{name}:* {key} was {before}, and is {after}", name=about, key=_key(key), before=was, after=now
    )


def _key(field: str) -> str:
    """As a catalogue has it."""
    return plain(_WRITTEN.get(field, field))


def _value(field: str, text: str, most: int) -> str:
    """As a person reads it: a time with its unit, and a flag as yes or no."""
    if field in _MINUTES and text.isdigit():
        return duration(int(text))
    if field in _YES_OR_NO and text in _FLAGS:
        return say(_FLAGS[text])
    return plain(text, most)


def _known(alert: Alert) -> str:
    if alert.facts.get("known", True):
        return ""
    return say(
        "What held before is not known: the database and the audit log do not tell the same. All of it is shown as new."
    )


def _hash(alert: Alert) -> str:
    return say("The hash of the set: {hash}", hash=_short(alert, "set"))


def _short(alert: Alert, name: str) -> str:
    return f"`{str(alert.facts.get(name) or say('not known'))[:_HASH]}`"
