"""Whether a new password is good enough, and if not, why, in a sentence for the person (SP 800-63B-4, 3.1.1.2).

It never asks for digits, capitals or signs, never stores or logs what it is shown, and reads no list by itself.
"""

import re
import unicodedata
from collections.abc import Iterable
from itertools import pairwise

from storage.directories.base import Account

SHORTEST = 15
LONGEST = 256
_SHORTEST_WORD = 4
_FEWEST_DIFFERENT = 5
# Three of four steps along the keyboard or the alphabet: ordinary words stay far below half.
_MOSTLY = 0.75

# A one stands for an i as often as for an l.
_LOOK_ALIKES = (
    str.maketrans("@4831!|05$7+29", "aabeiiiossttzg"),
    str.maketrans("@4831!|05$7+29", "aabelllossttzg"),
)
_EDGES = re.compile(r"^[\W\d_]+|[\W\d_]+$")
_PATHS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890123456789",
    "qwertyuiopasdfghjklzxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn",
    "qwertzuiopasdfghjklyxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "1q2w3e4r5t6y7u8i9o0p",
    "!@#$%^&*()",
    '!"§$%&/()=',
)
_STEPS = frozenset(
    step for path in _PATHS for one, next_ in pairwise(path) for step in (one + next_, next_ + one)
)


def weakness(
    password: str, *, account: Account, company_words: Iterable[str], common: frozenset[str]
) -> str | None:
    """Why this password would not do for this person; None if it would.

    Length is counted in code points. common: casefolded passwords that are tried first, compared with the whole one.
    """
    return (
        _unfit(password)
        or _easily_tried(password, common)
        or _about(
            password,
            _words_of(account),
            "It contains your name or login, which is what others would try first.",
        )
        or _about(
            password,
            company_words,
            "It contains a word of the company, which is what others would try first.",
        )
    )


def _unfit(password: str) -> str | None:
    length = len(password)
    if length < SHORTEST:
        return (
            f"It has {length} characters and needs at least {SHORTEST}. Four or five unrelated words do well."
        )
    if length > LONGEST:
        return f"It has {length} characters; {LONGEST} is the most that can be kept."
    if any(unicodedata.category(char) in ("Cc", "Cs") for char in password):
        return "It contains a character that cannot be typed everywhere."
    return None


def _easily_tried(password: str, common: frozenset[str]) -> str | None:
    folded = password.casefold()
    if len(set(folded)) < _FEWEST_DIFFERENT or _repeats(folded):
        return "It repeats the same characters, so it is easily guessed."
    if _is_mostly_steps(folded):
        return "It follows the keyboard or the alphabet, so it is easily guessed."
    if any(shape in common for shape in _shapes(folded)):
        return "It is among the passwords that are tried first."
    return None


def _repeats(text: str) -> bool:
    """Whether it is one piece said twice or more, the last time perhaps cut short."""
    # A text with a period p holds itself, moved by p.
    return any(text[period:] == text[:-period] for period in range(1, len(text) // 2 + 1))


def _is_mostly_steps(text: str) -> bool:
    pairs = [one + next_ for one, next_ in pairwise(text)]
    steps = sum(1 for pair in pairs if pair in _STEPS or pair[0] == pair[1])
    return steps >= _MOSTLY * len(pairs)


def _shapes(folded: str) -> set[str]:
    """The password as it is, without what is put around it, without spaces, and with letters for look-alikes."""
    joined = re.sub(r"[\s._-]+", "", folded)
    bare = {folded, joined, _EDGES.sub("", folded), _EDGES.sub("", joined)}
    lettered = {shape.translate(table) for shape in bare for table in _LOOK_ALIKES}
    return bare | lettered | {_EDGES.sub("", shape) for shape in lettered}


def _words_of(account: Account) -> set[str]:
    local = account.mail.partition("@")[0]
    return {account.login, local, *_parts(account.login), *_parts(local), *_parts(account.name)}


def _parts(text: str) -> list[str]:
    return re.split(r"[\W\d_]+", text)


def _about(password: str, words: Iterable[str], reason: str) -> str | None:
    folded = password.casefold()
    shapes = (folded, *(folded.translate(table) for table in _LOOK_ALIKES))
    telling = {word.casefold() for word in words if len(word) >= _SHORTEST_WORD}
    return reason if any(word in shape for word in telling for shape in shapes) else None
