"""What carries one form of the secure page to its handler, and what it may answer.

It shows nothing itself, and lets nothing through that is longer than anybody types.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from aiohttp import web

from bot.texts import template
from handlers.secure_page.visits import Visitor

TOTP_DIGITS = 6
# Longer than any password that a directory keeps, short enough to be hashed without thought.
LONGEST_TYPED = 1024
TOO_MUCH = (
    template("Too much was sent from this link."),
    template("Nothing was done. Wait some minutes and go on, or begin again with a new link."),
)
# From one link. The dearest form is a second's work, and each tries to prove something and so has its entry.
FORMS_AN_HOUR = 60
NEED_SIX = template("Type the six digits that your authenticator shows.")


@dataclass(frozen=True, kw_only=True)
class Sent:
    """One form that came with its token."""

    visitor: Visitor
    fields: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.fields.get(name, "")[:LONGEST_TYPED]


@dataclass(frozen=True, kw_only=True)
class Again:
    """Show the same step once more. errors: a sentence for each field, "" for all of it. kept: what was typed."""

    errors: Mapping[str, str]
    kept: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Onward:
    """Look again at what is next. session: a new cookie, if proofs were accepted. query: how to show it."""

    session: str = ""
    query: str = ""


Answer = Again | Onward | web.Response
Deed = Callable[[Sent], Awaitable[Answer]]


def six_digits(typed: str) -> str | None:
    """The code of an authenticator that was typed; None if it is none."""
    return digits(typed, TOTP_DIGITS)


def digits(typed: str, count: int) -> str | None:
    """So many digits that were typed, perhaps with spaces; None for anything else."""
    code = "".join(typed.split())
    return code if len(code) == count and code.isascii() and code.isdigit() else None
