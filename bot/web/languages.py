"""Which language a visitor of the secure page reads: of those that are installed, the one that their browser asks for.

It believes a browser in nothing else, and a language changes nothing but words.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, tzinfo

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from bot.texts import ENGLISH, Language, read_in, tag_of

_LONGEST = 500
_ANY = "*"


class Languages:
    """English, the workspace's and the others. workspace: for whoever asks for none that is installed."""

    def __init__(self, workspace: Language = ENGLISH, others: Iterable[Language] = ()) -> None:
        self._workspace = workspace
        installed = {tag_of(one).lower(): one for one in (ENGLISH, *others, workspace)}
        self._installed = {tag: one for tag, one in installed.items() if tag}

    def asked_for(self, accepted: str) -> Language:
        """The language for this Accept-Language: the best liked of the installed ones, by lookup (RFC 4647, 3.4)."""
        for wanted in _liked(accepted[:_LONGEST]) if accepted else ():
            if wanted == _ANY:
                break
            found = self._nearest(wanted)
            if found is not None:
                return found
        return self._workspace

    def _nearest(self, wanted: str) -> Language | None:
        """The language itself, or more and more of what is asked for left out, or one of its kinds."""
        pieces = wanted.split("-")
        for end in range(len(pieces), 0, -1):
            found = self._installed.get("-".join(pieces[:end]))
            if found is not None:
                return found
        kinds = [one for tag, one in self._installed.items() if tag.startswith(f"{pieces[0]}-")]
        return kinds[0] if kinds else None


def in_their_language(languages: Languages, zone: tzinfo = UTC) -> Middleware:
    """Says whatever is said in an answer in the language of whoever asked. zone: the company's, for a browser tells
    none."""

    @web.middleware
    async def answer(request: web.Request, handler: Handler) -> web.StreamResponse:
        with read_in(languages.asked_for(request.headers.get("Accept-Language", "")), zone):
            return await handler(request)

    return answer


def _liked(accepted: str) -> Iterator[str]:
    """The languages of the header in small letters, the best liked first (RFC 9110, 12.5.4)."""
    weighed = []
    for piece in accepted.split(","):
        tag, _, parameter = piece.partition(";")
        weight = _weight(parameter)
        if tag.strip() and weight > 0:
            weighed.append((weight, tag.strip().lower()))
    return (tag for _, tag in sorted(weighed, key=lambda one: -one[0]))


def _weight(parameter: str) -> float:
    """How well it is liked, from 0 to 1; what cannot be read is not liked at all."""
    name, _, value = parameter.partition("=")
    if not parameter.strip():
        return 1.0
    try:
        weight = float(value) if name.strip().lower() == "q" else 0.0
    except ValueError:
        return 0.0
    return weight if 0 <= weight <= 1 else 0.0
