"""The settings, examined: everything that must be mended in them, and what is allowed but deserves a second thought.

It asks nobody; whether what they name is really there is looked at by the other parts.
"""

from collections.abc import Callable, Iterator

from bot.checking.report import failed, ok, warning
from bot.settings import Settings, Unusable
from storage.directories.base import Finding
from storage.faults import SettingsFault

Load = Callable[[bool], Settings]
"""Reads the settings; True: with everything that a running bot needs. SettingsFault if they cannot be used."""

FILE = "wicket.toml"
_NOTHING_ELSE = failed(
    "the rest",
    "Nothing else was looked at: that takes settings that can be read.",
    "Mend them, and check again.",
)


def examine_settings(load: Load) -> tuple[Settings | None, list[Finding]]:
    """The settings if they can be read at all, though secrets may be missing in them; and the lines about them."""
    try:
        settings = load(True)
    except SettingsFault as fault:
        found = list(_problems(fault))
    else:
        return settings, [_whole(settings), *_second_thoughts(settings)]
    try:
        # What lacks a secret can still be looked at where that secret is not needed.
        settings = load(False)
    except SettingsFault:
        return None, [*found, _NOTHING_ELSE]
    return settings, [*found, *_second_thoughts(settings)]


def _problems(fault: SettingsFault) -> Iterator[Finding]:
    if not isinstance(fault, Unusable):
        yield failed(FILE, str(fault))
        return
    for problem in fault.problems:
        yield failed(problem.name, f"{problem.name}: {problem.wrong}.", problem.mend)


def _whole(settings: Settings) -> Finding:
    catalogue = settings.catalogue
    owners, entitlements = len(catalogue.owners), len(catalogue.entitlements)
    return ok(FILE, f"It is complete, secrets included. Entitlements: {entitlements}. Owners: {owners}.")


def _second_thoughts(settings: Settings) -> Iterator[Finding]:
    if settings.slack.trust_email:
        yield warning(
            "[slack] trust_email",
            "It is on: a Slack account is somebody's by its mail address alone, without signing in to prove it.",
            "Keep it only if your workspace enforces single sign-on and nobody can change their own address.",
        )
    if settings.server.public_url.startswith("http:"):
        yield warning(
            "[server] public_url",
            "It is plain http, so that the secure page can be used on this machine alone.",
            "For real work put a proxy with TLS in front, and write its https:// address.",
        )
    yield from _front_door(settings)
    if settings.logs.level == "debug":
        yield warning(
            "[logs] level",
            'It is "debug": logs are long, and say more about people than running Wicket takes.',
            'Write level = "info" when you have found what you look for.',
        )


def _front_door(settings: Settings) -> Iterator[Finding]:
    if not settings.front_door.open:
        return
    if settings.front_door_of is None:
        yield warning(
            "[front_door] directory",
            "There is more than one home directory, and none is named, so the page has no front door.",
            "Name the one whose logins people type there, or write open = false.",
        )
    elif settings.server.public_url.startswith("https:") and not settings.server.trusted_proxies:
        # Wicket speaks no TLS itself, so with https there is always a proxy.
        yield warning(
            "[server] trusted_proxies",
            "No proxy is named, so all visitors have its address: the front door's limit holds for all at once.",
            "Write the address of the proxy that speaks TLS for Wicket.",
        )
