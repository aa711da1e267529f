"""From [siem] to what takes entries, built once by the composition root.

It sends nothing itself.
"""

from importlib.metadata import version

import aiohttp

from bot.settings import Settings
from bot.siem.ocsf import Ocsf
from bot.siem.sinks import Events, File, Http, Sink, StandardOutput
from handlers.audit.streaming import Taker


def open_siem(settings: Settings, session: aiohttp.ClientSession) -> Taker | None:
    """What takes the entries; None where they are sent nowhere."""
    section = settings.siem
    if section is None:
        return None
    return Events(Ocsf(version=section.version, product=version("wicket")), _sink(settings, session))


def _sink(settings: Settings, session: aiohttp.ClientSession) -> Sink:
    section = settings.siem
    if section is not None and section.file is not None and section.to == "file":
        return File(section.file)
    if section is not None and section.url is not None and section.to == "http":
        token = settings.secrets.siem_token
        said = f"{section.authorization} {token.get_secret_value()}" if token else ""
        return Http(session, section.url, authorization=said)
    return StandardOutput()
