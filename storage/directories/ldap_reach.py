"""What an operator should know of the servers of an LDAP directory: who answers, and until when they can be trusted.

It asks for nothing but the sign-in of Wicket's account, and knows no kind of server.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from storage.directories.base import Finding
from storage.directories.ldap_connections import Connections, Seen

# A certificate that ends sooner than this is worth a warning.
SOON = timedelta(days=30)


async def examine_servers(connections: Connections, now: datetime) -> tuple[list[Finding], bool]:
    """Each server on its own, one after the other; and whether any of them is of use.

    One that is away while others answer is a warning.
    """
    seen = [await connections.look(server) for server in connections.servers]
    any_answers = any(not each.fault for each in seen)
    return [line for each in seen for line in _lines(each, now, others=any_answers)], any_answers


def _lines(seen: Seen, now: datetime, *, others: bool) -> Iterator[Finding]:
    about = f"server {seen.server}"
    if not seen.fault:
        yield Finding(level="ok", about=about, found="It answers, and takes the sign-in of Wicket's account.")
    else:
        yield Finding(
            level="warning" if others else "failed",
            about=about,
            found=seen.fault,
            advice="Other servers answer, but mend this one before they fail too."
            if others
            else "Mend this first: without a server nothing can be read.",
        )
    if seen.certificate_ends is not None:
        yield about_certificate(f"certificate of {seen.server}", seen.certificate_ends, now)


def about_certificate(about: str, ends: datetime, now: datetime) -> Finding:
    """The line about a certificate that ends then."""
    day, left = f"{ends:%Y-%m-%d}", ends - now
    if left <= timedelta(0):
        return Finding(
            level="failed", about=about, found=f"It ended on {day}.", advice="Renew it on the server now."
        )
    days = f"{left.days} day{'' if left.days == 1 else 's'}"
    if left < SOON:
        return Finding(
            level="warning",
            about=about,
            found=f"It ends on {day}, in {days}.",
            advice="Renew it on the server: afterwards Wicket no longer speaks to it.",
        )
    return Finding(level="ok", about=about, found=f"It is good until {day}, {days} from now.")
