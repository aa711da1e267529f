"""Where in a statement something is wrong: Cedar says what, and not where.

It judges nothing; what it does not find stands where the statement begins.
"""

import re

import cedarpy

_TOKEN = re.compile(r'//[^\n]*|\s+|"(?:\\.|[^"\\])*"|\w+|::|&&|\|\||[=!<>]=|.', re.DOTALL)
_HIDDEN = re.compile(r'//[^\n]*|@\w+\s*\(\s*"(?:\\.|[^"\\])*"\s*\)')
_NAMED = re.compile(r"`([^`]+)`|'([^']+)'|: (\w+)$")
_CONDITION = re.compile(r"\b(?:when|unless)\s*\{")
_OF_SYNTAX = ("unexpected", "invalid token")
_MORE_EXPECTED = ("", "unexpected end of input")


def words_of_cedar(text: str) -> str:
    """What Cedar says against a text; "" if it is a policy."""
    try:
        cedarpy.policies_to_json_str(text)
    except ValueError as error:
        return str(error)
    return ""


def offset_of(text: str, wrong: str) -> int:
    """How many characters stand before what Cedar means by `wrong`, in the statement that it said this of."""
    return _first_unexpected(text) if wrong.startswith(_OF_SYNTAX) else offset_of_name(text, wrong)


def offset_of_name(text: str, wrong: str) -> int:
    """The same for what is wrong with something that is named in the sentence, the last name first."""
    shown = _shown(text)
    for found in reversed(list(_NAMED.finditer(wrong))):
        name = next(each for each in found.groups() if each)
        at = re.search(rf"(?<![\w=!<>]){re.escape(name)}(?![\w=])", shown)
        if at is not None:
            return at.start()
    return conditions(text)


def conditions(text: str) -> int:
    """Where the first condition of a statement begins; the statement if it has none."""
    found = _CONDITION.search(_shown(text))
    return found.start() if found else beginning(text)


def beginning(text: str) -> int:
    """Where a statement begins, after the comments before it."""
    for token in _TOKEN.finditer(text):
        if not token[0].isspace() and not token[0].startswith("//"):
            return token.start()
    return 0


def line_and_column(text: str, offset: int) -> tuple[int, int]:
    """Both from 1."""
    before = text[:offset]
    return before.count("\n") + 1, offset - before.rfind("\n")


def _shown(text: str) -> str:
    """The text with blanks for comments and annotations, in which names mean nothing."""
    return _HIDDEN.sub(lambda hidden: " " * len(hidden[0]), text)


def _first_unexpected(text: str) -> int:
    """The first word with which no policy could go on: it ends the shortest beginning that Cedar wants no more of."""
    words = [token for token in _TOKEN.finditer(text) if not token[0].isspace()]
    low, high = 0, len(words) - 1
    while low < high:
        middle = (low + high) // 2
        if words_of_cedar(text[: words[middle].end()]) in _MORE_EXPECTED:
            low = middle + 1
        else:
            high = middle
    return words[low].start() if words else 0
