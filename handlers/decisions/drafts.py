"""The draft of a request, read from what follows "I need": which thing, for how long, and why.

It never sends anything, and never settles for a name that is only close.
"""

import re
from dataclasses import replace
from datetime import timedelta

from handlers.decisions.durations import EXPRESSION, parse_duration
from handlers.decisions.names import Names
from handlers.decisions.understanding import DidYouMean, DraftRequest, SeveralNamed, Understanding

UNKNOWN_NAME = "I know nothing by that name. Choose it from the list."

# A name and a time stand in the first words; what follows is the justification, of any length.
_HEAD = 300
_MOST_WORDS = 10

_REASON = r"(?:because\sof|because|cos|since|so\sthat|so\si\scan|in\sorder\sto|to|for)"
_AFTER_NAME = (
    r"(?:access|group|role|rights|permissions?|membership|please|pls|plz|now|asap|urgently|immediately)"
)

_LEADING_FILLER = re.compile(
    r"(?:(?:a|an|the|my|some|to|of|on|in|into|for|with|me|temporary|full|read|write|(?:the\s)?group)\s+)+",
    re.IGNORECASE,
)
_TRAILING_FILLER = re.compile(rf"(?:[\s,.;:!?]+{_AFTER_NAME})+[\s.!?]*$", re.IGNORECASE)
_TIME = re.compile(
    rf"(?:for\s|during\s)?(?:about\s|around\s|the\snext\s|up\sto\s|only\s)?({EXPRESSION})", re.IGNORECASE
)
_TIME_AT_END = re.compile(
    rf"(?:^|[\s,])for\s({EXPRESSION})(?:\s(?:please|pls|thanks))?[\s.!?]*$", re.IGNORECASE
)
_CONTINUES = re.compile(
    rf"[\s.!?]*$|\s*[,;:\u2013\u2014]|\s--?\s|\s(?:{_AFTER_NAME}|{_REASON})\b|\s(?:during\s)?{EXPRESSION}|\s[A-Z][A-Z0-9]+-[0-9]",
    re.IGNORECASE,
)
_BREAK = re.compile(
    rf"\s*[,;:\u2013\u2014]|\s--?\s|(?:^|\s)(?:{_REASON}|during)\s|(?:^|\s){EXPRESSION}", re.IGNORECASE
)
_BEFORE_REASON = re.compile(
    rf"[\s,.;:!?\u2013\u2014]*(?:--?\s+)?(?:{_REASON}\b)?[\s,:\u2013\u2014]*", re.IGNORECASE
)
_BEFORE_TIME = re.compile(
    rf"(?:\s*:[a-z_]{{2,30}}:(?=\s))?[\s,;:\u2013\u2014]*(?:{_AFTER_NAME}\b[\s,;:\u2013\u2014]*)*",
    re.IGNORECASE,
)
_AND = re.compile(r"\s+(?:and|plus)\s+|\s*[&+]\s*", re.IGNORECASE)
_LIST = re.compile(
    rf"(?:\s{_AFTER_NAME})?\s*(?:,\s*(?:and\s+|plus\s+)?|\s(?:and|plus)\s+|[&+]\s*)", re.IGNORECASE
)
# Whoever says no more than this names nothing.
_VAGUE = re.compile(
    r"(?:some|any|every)(?:thing|where)(?: (?:here|else|new))?|stuff|things|it|this|that",
    re.IGNORECASE,
)
_ONLY_POLITE = re.compile(r"(?:please|pls|thanks|thank you|thx|now|asap)?[\s.!?]*", re.IGNORECASE)


def read_draft(
    rest: str, names: Names, *, explicit: bool, time: str | None = None
) -> DraftRequest | DidYouMean | SeveralNamed | None:
    """The draft in what follows an opening such as "I need".

    rest: one line of any length. explicit: whether the opening can only have meant access, so that a draft without a
    known name is still worth showing. time: the duration, if the opening said it. None if nothing speaks of access.
    """
    leading, rest = _leading_time(rest.lstrip())
    exact, phrase, after = _take_name(rest, names)
    if exact is None:
        exact, phrase, after = _take_name(_without_filler(rest), names)
    others, after = _others(exact, after, names)
    following, after = _leading_time(after[_end(_BEFORE_TIME, after) :])
    at_end, justification = _time_at_end(after[_end(_BEFORE_REASON, after) :])
    time = time or leading or following or at_end
    draft = _draft(exact, time, justification)
    if exact is not None and others:
        return SeveralNamed(entitlements=(exact, *others), draft=replace(draft, entitlement=None))
    if exact is not None:
        return draft
    if len(several := _several(phrase, names)) > 1:
        return SeveralNamed(entitlements=several, draft=draft)
    match = names.look_up(phrase)
    if match.close:
        return DidYouMean(candidates=match.close, kind="request", draft=draft)
    if not explicit and time is None:
        return None
    is_named = phrase and not _VAGUE.fullmatch(phrase)
    return replace(draft, problems=(UNKNOWN_NAME, *draft.problems)) if is_named else draft


def named_in(wish: Understanding) -> tuple[str, ...]:
    """What a wish names for certain; nothing where it is none."""
    if isinstance(wish, SeveralNamed):
        return wish.entitlements
    return (wish.entitlement,) if isinstance(wish, DraftRequest) and wish.entitlement else ()


def _draft(entitlement: str | None, time: str | None, justification: str) -> DraftRequest:
    read = None if time is None else parse_duration(time)
    return DraftRequest(
        entitlement=entitlement,
        duration=read if isinstance(read, timedelta) else None,
        justification=None if _ONLY_POLITE.fullmatch(justification) else justification,
        problems=(read,) if isinstance(read, str) else (),
    )


def _take_name(rest: str, names: Names, *, in_list: bool = False) -> tuple[str | None, str, str]:
    """The exact entitlement at the start, if any; the words that name something; and what follows them."""
    words = list(re.finditer(r"\S+", rest[:_HEAD]))[:_MOST_WORDS]
    for word in reversed(words):
        phrase, after = rest[: word.end()], rest[word.end() :]
        exact = names.exactly(phrase)
        # "prod db staging" begins with "prod db" but may be something else: the name must really end here.
        if exact is not None and (
            phrase[-1] in ",;:—." or _CONTINUES.match(after) or (in_list and _LIST.match(after))
        ):
            kept = phrase.rstrip(",")
            return exact, kept, rest[len(kept) :]
    found = _BREAK.search(rest[:_HEAD])
    end = found.start() if found else min(len(rest), _HEAD)
    phrase = _TRAILING_FILLER.sub("", rest[:end]).strip(" .!?")
    return names.exactly(phrase), phrase, rest[end:]


def _others(exact: str | None, after: str, names: Names) -> tuple[tuple[str, ...], str]:
    """The exact names of a list that goes on from one, "prod-db, wiki and vpn", and what follows the last of them."""
    found = dict[str, None]()
    while exact is not None and (apart := _LIST.match(after[:_HEAD])):
        more, _, rest = _take_name(_without_filler(after[apart.end() :]), names, in_list=True)
        if more is None:
            break
        if more != exact:
            found[more] = None
        after = rest
    return tuple(found), after


def _several(phrase: str, names: Names) -> tuple[str, ...]:
    """The entitlements that "this and that" names; none unless each of them is certain."""
    found = [names.exactly(_without_filler(part)) for part in _AND.split(phrase)]
    return () if None in found else tuple(dict.fromkeys(one for one in found if one is not None))


def _leading_time(text: str) -> tuple[str | None, str]:
    """The expression of time at the start, and what follows it."""
    found = _TIME.match(text[:_HEAD])
    return (found[1], text[found.end() :].lstrip()) if found else (None, text)


def _time_at_end(text: str) -> tuple[str | None, str]:
    """The expression of time that ends a justification ("fix it for 2 hours"), and the justification before it."""
    start = max(0, len(text) - _HEAD)
    found = _TIME_AT_END.search(text, start)
    return (found[1], text[: found.start()].rstrip(" ,")) if found else (None, text)


def _without_filler(text: str) -> str:
    return text.lstrip()[_end(_LEADING_FILLER, text.lstrip()) :]


def _end(pattern: re.Pattern[str], text: str) -> int:
    """Where a pattern that stands at the start of the text ends; 0 if it does not."""
    found = pattern.match(text[:_HEAD])
    return found.end() if found else 0
