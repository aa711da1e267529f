"""A ticket as people name it: its key, such as INC-4711, or a link to it.

It never asks a tracker whether there is one.
"""

import re
from urllib.parse import urlsplit

from handlers.intents import TICKET_LIMIT

HOW_TO_WRITE = "Write the ticket like INC-4711, or paste its link."

_LEADS = frozenset("/=!")
_NAMED = re.compile(r"(?<![\w-])(?!(?:UTF|SHA|ISO|RFC|CVE|AES)-)([A-Z][A-Z0-9]{1,9}-[0-9]{1,9})(?![\w-])")
_KEY = re.compile(r"[A-Z][A-Z0-9]{1,9}-[0-9]{1,9}")


def parse_ticket(text: str) -> str | None:
    """The ticket, its key in capitals; None if it is neither a key nor a web address without a name in it."""
    plain = text.strip()
    if _KEY.fullmatch(plain.upper()) and plain.isascii():
        return plain.upper()
    return plain if len(plain) <= TICKET_LIMIT and _is_link(plain) else None


def ticket_of(text: str) -> str | None:
    """The first thing in the text written like a ticket, such as INC-4711; None if there is none."""
    found = _NAMED.search(text)
    return found[1] if found else None


def one_ticket(ticket: str) -> str:
    """What several ways to name one ticket have in common: of a link all but the place in its page, as "#comment-7".

    A fragment that may say which ticket it is stays: one behind an address of no page, or with a path or a value in it.
    """
    page, _, place = ticket.partition("#")
    if not _is_link(ticket):
        return ticket
    parts = urlsplit(page)
    leads = parts.path in ("", "/") and not parts.query
    return ticket if place and (leads or not _LEADS.isdisjoint(place)) else page


def _is_link(text: str) -> bool:
    if not text.isascii() or not text.isprintable() or any(one in text for one in " <>|\"'`"):
        return False
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(host) and "@" not in parts.netloc
