"""How long, in the words people use: "2h", "90 min", "half an hour", "1 day and 4 hours".

It never guesses: what it cannot read comes back as a sentence that says how to write it.
"""

import re
import unicodedata
from datetime import timedelta

HOW_TO_WRITE = 'Write how long like "2h", "90 min" or "1 day".'
UNREADABLE = f"I could not read for how long. {HOW_TO_WRITE}"
TOO_SHORT = f"Access is given for at least a minute. {HOW_TO_WRITE}"
TOO_LONG = f"That is longer than a year. {HOW_TO_WRITE}"
ENDLESS = f"Access given here always ends. {HOW_TO_WRITE}"
POINT_IN_TIME = (
    f"I count from the moment of approval, so tell me how long rather than until when. {HOW_TO_WRITE}"
)
WITHOUT_UNIT = f"Is that minutes, hours or days? {HOW_TO_WRITE}"

LONGEST = timedelta(days=365)
_READ_AT_MOST = 60

_WORDS = (
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)
_UNIT = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}

_NUMBER = r"[0-9]+(?:[.,][0-9]+)?"
_SHORT_UNIT = r"(?:minutes?|mins?|m|hours?|hrs?|hr|h|days?|d|weeks?|wks?|wk|w)"
_LONG_UNIT = r"(?:minute|hour|day|week)s?"
_PART = (
    rf"(?:{_NUMBER}\s?{_SHORT_UNIT}|(?:half\san?|an?|{'|'.join(_WORDS)})\s{_LONG_UNIT}(?:\sand\sa\shalf)?)"
)
# "1h30" has no second unit, so its digits must touch; everything else names its unit.
_SPAN = rf"-?{_PART}(?:[0-9]{{1,2}}(?![0-9a-z])|(?:,?\s?(?:and\s)?{_PART}){{0,2}})"
_POINT = (
    r"(?:(?:until|till|til|by)\s\S{1,20}(?:\s(?:am|pm|morning|noon|afternoon|evening|night))?"
    r"|(?:tomorrow|today|tonight)(?:\s(?:morning|noon|afternoon|evening|night))?|(?:this|next)\s(?:week|month|year))"
)
_VAGUE = (
    r"(?:[0-9]+\s?(?:s|secs?|seconds?|months?|mo|years?|y|fortnights?)"
    r"|(?:an?|some|the|this|few)\s(?:few\s|couple\sof\s|little\s)?"
    r"(?:while|bit|moments?|minutes|hours|days|weeks|fortnights?|months?|years?|weekend|time))"
)
_ENDLESS = r"(?:for\s?ever|permanent(?:ly)?|always|indefinitely|unlimited|standing|without\send)"

_BARE = r"-?[0-9]+(?:[.,:][0-9]+)*"

EXPRESSION = rf"(?:(?:{_SPAN}|{_POINT}|{_ENDLESS}|{_VAGUE})(?![\w-])|{_BARE}(?=$|[,;]|\s(?:because|since)\s))"
"""Pattern of what is meant as a time inside a sentence, readable or not, for use with re.IGNORECASE."""

_WHOLE_SPAN = re.compile(_SPAN)
_ONE_PART = re.compile(
    rf"(?:(?P<number>{_NUMBER})\s?|(?P<half>half)\san?\s|(?P<word>an?|{'|'.join(_WORDS)})\s)"
    rf"(?P<unit>[mhdw])[a-z]*(?P<more>\sand\sa\shalf)?(?P<minutes>[0-9]{{1,2}}(?![0-9a-z]))?"
)
_WHOLE_BARE = re.compile(_BARE)
_WHOLE_POINT = re.compile(
    rf"{_POINT}|[0-9]{{1,2}}(?::[0-9]{{2}})?\s?(?:am|pm|o'clock)|[0-9]{{1,2}}:[0-9]{{2}}"
)
_WHOLE_ENDLESS = re.compile(_ENDLESS)
_OPENING = re.compile(r"(?:for\s(?!\s?ever)|about\s|around\s|the\snext\s|up\sto\s|only\s)+")


def parse_duration(text: str) -> timedelta | str:
    """How long, from a minute to a year; otherwise a sentence that says what is wrong and how to write it."""
    plain = " ".join(
        unicodedata.normalize("NFKC", text[:_READ_AT_MOST]).casefold().replace("\u2212", "-").split()
    )
    plain = _OPENING.sub("", plain, count=1).strip(" .!?")
    if len(text.strip()) > _READ_AT_MOST or not plain:
        return UNREADABLE
    if _WHOLE_SPAN.fullmatch(plain):
        return _bounded(plain)
    if _WHOLE_ENDLESS.fullmatch(plain):
        return ENDLESS
    if _WHOLE_POINT.fullmatch(plain):
        return POINT_IN_TIME
    if _WHOLE_BARE.fullmatch(plain):
        return WITHOUT_UNIT if any(digit in "123456789" for digit in plain) and plain[0] != "-" else TOO_SHORT
    return UNREADABLE


def _bounded(plain: str) -> timedelta | str:
    """The sum of a readable span's parts, if it is between a minute and a year."""
    if plain.startswith("-"):
        return TOO_SHORT
    try:
        total = sum((_length(part) for part in _ONE_PART.finditer(plain)), timedelta())
    except OverflowError:
        return TOO_LONG
    if total > LONGEST:
        return TOO_LONG
    return total if total >= timedelta(minutes=1) else TOO_SHORT


def _length(part: re.Match[str]) -> timedelta:
    """One part, such as "1.5h", "half an hour", "an hour and a half" or "1h30", in whole seconds."""
    if part["half"]:
        count = 0.5
    elif part["number"]:
        count = float(part["number"].replace(",", "."))
    else:
        count = float(1 if part["word"] in ("a", "an") else _WORDS.index(part["word"]))
    if part["more"]:
        count += 0.5
    seconds = round(count * _UNIT[part["unit"]].total_seconds())
    return timedelta(seconds=seconds, minutes=int(part["minutes"] or 0))
