"""Whether a new password is good enough, and if not, why, in a sentence for the person (SP 800-63B-4, 3.1.1.2).

It never asks for digits, capitals or signs, never stores or logs what it is shown, and reads no list by itself.
"""

import re
import unicodedata
from collections.abc import Iterable
from itertools import pairwise

from storage.directories.base import Account
from storage.sentences import Sentence, template

SHORTEST = 15
LONGEST = 256
_SHORTEST_SET_WORD = 2
# Names this long are found inside other words too, and those of three letters only where they stand by themselves.
_SHORTEST_NAME_ANYWHERE = 4
_SHORTEST_NAME = 3
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
    plain = _plain(password)
    return (
        _unfit(password)
        or _easily_tried(plain, common)
        or (
            template("It contains your name or login, which is what others would try first.")
            if _names(plain, account)
            else None
        )
        or (
            template("It contains a word of the company, which is what others would try first.")
            if _has_set_word(plain, company_words)
            else None
        )
    )


def _plain(text: str) -> str:
    """The text as it is compared: one shape for each letter, one case, and nothing that nobody sees."""
    seen = "".join(char for char in unicodedata.normalize("NFKC", text) if unicodedata.category(char) != "Cf")
    return unicodedata.normalize("NFKC", seen.casefold())


def _unfit(password: str) -> str | None:
    length = len(password)
    if length < SHORTEST:
        return Sentence(
            "It has {length} characters and needs at least {shortest}. Four or five unrelated words do well.",
            length=length, shortest=SHORTEST,
        )  # fmt: skip
    if length > LONGEST:
        return Sentence(
            "It has {length} characters; {longest} is the most that can be kept.",
            length=length,
            longest=LONGEST,
        )
    kinds = {unicodedata.category(char) for char in password}
    if kinds & {"Cc", "Cs"}:
        return template("It contains a character that cannot be typed everywhere.")
    if "Cf" in kinds:
        return template(
            "It contains a character that nobody sees; copied text and some emoji bring them along. "
            "Type it by hand, without such emoji."
        )
    return None


def _easily_tried(folded: str, common: frozenset[str]) -> str | None:
    if len(set(folded)) < _FEWEST_DIFFERENT or _repeats(folded):
        return template("It repeats the same characters, so it is easily guessed.")
    if _is_mostly_steps(folded):
        return template("It follows the keyboard or the alphabet, so it is easily guessed.")
    if any(shape in common for shape in _shapes(folded)):
        return template("It is among the passwords that are tried first.")
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


def _names(plain: str, account: Account) -> bool:
    """Whether a name, the login or the mail's first half stands in it."""
    login, local, name = (
        _plain(text) for text in (account.login, account.mail.partition("@")[0], account.name)
    )
    words = {login, local, *_parts(login), *_parts(local), *_parts(name)}
    return any(_stands_in(word, shape) for word in words for shape in _lettered(plain))


def _stands_in(word: str, shape: str) -> bool:
    if len(word) >= _SHORTEST_NAME_ANYWHERE:
        return word in shape
    return len(word) >= _SHORTEST_NAME and word in _parts(shape)


def _has_set_word(plain: str, words: Iterable[str]) -> bool:
    """Whether it holds a word that was set; whoever set it chose its length, but one letter would refuse everything."""
    telling = {word for each in words if len(word := _plain(each).strip()) >= _SHORTEST_SET_WORD}
    return any(word in shape for word in telling for shape in _lettered(plain))


def _lettered(plain: str) -> tuple[str, ...]:
    return (plain, *(plain.translate(table) for table in _LOOK_ALIKES))


def _parts(text: str) -> list[str]:
    return re.split(r"[\W\d_]+", text)
