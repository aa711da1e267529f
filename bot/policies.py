"""The policies and the catalogue that a Wicket with these settings goes by: found, read, checked and put together.

It asks them nothing and holds none of them.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC
from pathlib import Path
from stat import S_ISREG

from bot.policy_files import LARGEST
from bot.policy_files import sources_of as read_sources
from bot.settings import Settings
from bot.settings.sections import WEEKDAYS
from bot.texts import zone_named
from handlers.decisions.cedar import CedarPolicy
from handlers.decisions.circumstances import Hours
from handlers.decisions.composition import Composition
from handlers.policies import shipped
from handlers.rules.holding import Rules
from storage.catalogue import Catalogue
from storage.faults import PolicyFault


def load_policy(settings: Settings) -> CedarPolicy:
    """The policies alone. PolicyFault if they will not do."""
    return _policy(sources_of(settings), settings.catalogue, settings)


def load_rules(
    settings: Settings, running: Settings | None = None, catalogue: Catalogue | None = None
) -> Rules:
    """All that decides by these settings. PolicyFault if it will not do.

    running: those that the bot runs by, where these were read anew: of the new ones only policies and catalogue count.
    catalogue: theirs, with what was discovered beside it.
    """
    return rules_of(sources_of(settings), catalogue or settings.catalogue, running or settings)


def rules_of(sources: Mapping[str, str], catalogue: Catalogue, running: Settings) -> Rules:
    """Of policies and a catalogue that were read, by the settings that the bot runs by."""
    if strange := sorted(
        {one.directory for one in catalogue.entitlements.values()} - running.directories.keys()
    ):
        raise PolicyFault(
            f"the catalogue names the directory {strange[0]}, which this process does not know: restart it"
        )
    policy = _policy(sources, catalogue, running)
    texts = {name: note.text.strip() for name, note in policy.notes.items()}
    return Rules(
        policy=policy,
        catalogue=catalogue,
        sources=sources,
        composition=Composition.of(texts, catalogue, running.bearing_on_security),
    )


def _policy(sources: Mapping[str, str], catalogue: Catalogue, running: Settings) -> CedarPolicy:
    """Bound to the catalogue and to the settings that bear on security."""
    bound_to = f"{catalogue.digest}:{running.security_digest}"
    return CedarPolicy.load(sources, shipped()[1], bound_to=bound_to, hours=hours_of(running))


def sources_of(settings: Settings) -> dict[str, str]:
    """The shipped files, without what yours replace, and yours, by name."""
    return read_sources(settings.policy.directory, settings.policy.replaces)


def hours_of(settings: Settings) -> Hours | None:
    """The company's business hours; None if the settings do not say."""
    section = settings.hours
    if section is None:
        return None
    zone = zone_named(section.time_zone) or UTC
    days = frozenset(WEEKDAYS.index(day) + 1 for day in section.days)
    return Hours(zone=zone, days=days, begins=section.begins, ends=section.ends)


def fingerprint(paths: Iterable[Path]) -> str:
    """SHA-256 (hex) of the content of these files, and of the .toml and .cedar files in these folders.

    What cannot be read counts as such: it is another content than what could be.
    """
    whole = hashlib.sha256()
    for path in _each(paths):
        whole.update(f"\0{path}\0".encode("utf-8", "surrogateescape"))
        try:
            whole.update(_content(path))
        except OSError as fault:
            whole.update(f"\0{fault.errno}".encode())
    return whole.hexdigest()


def _content(path: Path) -> bytes:
    """What is no file, or too large to be read, stands for itself: a pipe never ends, and nor does a device."""
    found = path.stat()
    if S_ISREG(found.st_mode) and found.st_size <= LARGEST:
        return path.read_bytes()
    return f"\0{found.st_mode} {found.st_size} {found.st_mtime_ns}".encode()


def _each(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            try:
                yield from sorted(one for one in path.iterdir() if one.name.endswith((".cedar", ".toml")))
            except OSError:
                yield path
        else:
            yield path
