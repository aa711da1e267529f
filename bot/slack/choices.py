"""What a menu of entitlements offers while somebody types, and how many more there are.

It shows no more than Slack does and says so: nothing is left out without a word.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from slack_sdk.models.blocks import Option, PlainTextObject

from bot.slack.words import number
from bot.texts import say
from handlers.decisions.searching import Search
from storage.catalogue import Entitlement

_OPTION_TEXT_LIMIT = 75
_REMEMBERED = 500

Answer = dict[str, Any]
"""Either `options`, or `option_groups` with one group whose label says that there is more."""


class Choices:
    """The choices of one catalogue, each made once."""

    def __init__(self, entitlements: Iterable[Entitlement]) -> None:
        self._search = Search(entitlements)
        self._made: dict[str, Answer] = {}
        self._found = lru_cache(maxsize=_REMEMBERED)(self._find)

    def offered(self, query: str) -> Answer:
        """The choices for what was typed so far, best first."""
        options, total = self._found(query)
        if total <= len(options):
            return {"options": options}
        label = say("{shown} of {all}: type more to narrow it down", shown=len(options), all=number(total))
        return {
            "option_groups": [
                {"label": PlainTextObject(text=label, emoji=False).to_dict(), "options": options}
            ]
        }

    def _find(self, query: str) -> tuple[list[Answer], int]:
        found = self._search.find(query)
        return [self._option(entitlement) for entitlement in found.entitlements], found.total

    def _option(self, entitlement: Entitlement) -> Answer:
        made = self._made.get(entitlement.id)
        if made is None:
            made = self._made[entitlement.id] = option_of(entitlement).to_dict()
        return made


def option_of(entitlement: Entitlement) -> Option:
    """An entitlement as a choice: its id and what it lets one do, and below that its title."""
    text = f"{entitlement.id} · {entitlement.access}"
    return Option(
        value=entitlement.id,
        text=PlainTextObject(text=text[:_OPTION_TEXT_LIMIT], emoji=False),
        description=PlainTextObject(text=entitlement.title[:_OPTION_TEXT_LIMIT], emoji=False),
    )
