"""The sign-in provider, examined: what it publishes of itself, its keys, and its clock beside ours (P-1).

It sends nobody there and asks for no token.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from bot.checking.report import failed, ok, warning
from storage.directories.base import Finding
from storage.faults import ProviderUnavailable
from storage.oidc.client import Client
from storage.oidc.fetching import Answer, Fetcher
from storage.oidc.metadata import Metadata, discovery_url, hosts_of, read
from storage.oidc.tokens import SKEW, keys_from

_SEE = "See to [oidc] issuer, hosts and ca_file, and to what lies between."


async def examine_provider(client: Client, *, now: datetime) -> list[Finding]:
    """A line for each that was come to."""
    fetcher = Fetcher(hosts_of(client), ca_file=client.ca_file)
    try:
        return await _examine(fetcher, client, now)
    except ProviderUnavailable as fault:
        return [failed("provider", str(fault), _SEE)]
    finally:
        await fetcher.close()


async def _examine(fetcher: Fetcher, client: Client, now: datetime) -> list[Finding]:
    published = await fetcher.get(discovery_url(client.issuer))
    if published.status != 200:
        return [failed("provider", f"It answers {published.status} where it should publish itself.", _SEE)]
    fits = read(published.body, client)
    if not isinstance(fits, Metadata):
        return [failed("provider", fits.why, "Correct [oidc], or what the provider publishes.")]
    found = [ok("provider", "It publishes itself under its name, and Wicket can work with it.")]
    keys = await fetcher.get(fits.jwks_uri)
    usable = keys_from(keys.body) if keys.status == 200 else None
    if usable is None:
        found.append(failed("keys", "It publishes no key that can be used.", "Ask whoever runs it."))
    else:
        number = len(usable.keys)
        found.append(ok("keys", f"{number} {'key' if number == 1 else 'keys'} can be used."))
    return [*found, _clock(published, now), *_reset(client)]


def _clock(answer: Answer, now: datetime) -> Finding:
    try:
        theirs = parsedate_to_datetime(answer.date) if answer.date else None
    except ValueError:
        theirs = None
    if theirs is None:
        return warning("its clock", "It was not compared: the provider did not say what time it is.")
    apart = abs(now - (theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC)))
    said = f"It is {apart.total_seconds():.0f} s from ours"
    if apart > SKEW:
        allowed = f"{SKEW.total_seconds():.0f} s"
        return failed(
            "its clock", f"{said}: sign-ins will be refused beyond {allowed}.", "Let both keep time by NTP."
        )
    if apart > SKEW / 4 + timedelta(seconds=1):
        return warning("its clock", f"{said}.", "Let both keep time by NTP.")
    return ok("its clock", "It agrees with ours.")


def _reset(client: Client) -> Iterator[Finding]:
    if client.apart:
        yield warning(
            "apart",
            "By [oidc] apart, a sign-in there replaces a forgotten password.",
            "Be sure that it checks something else than that password.",
        )
