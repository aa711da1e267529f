"""Directories looked through for groups that describe themselves, and what was read of each kept until the next look.

What cannot be read is unknown: then the last that was read goes on, also over a restart.
"""

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TypeAlias

import structlog

from bot.discovery import Joined, Terms, Wrong, join
from bot.settings import Settings
from bot.settings.directories import DiscoverSection, LdapDiscoverSection
from handlers.drift.undiscovered import Undiscovered
from handlers.rules.governing import kept_catalogue
from handlers.turns import Turns
from storage.catalogue import Catalogue, Entitlement
from storage.clock import Clock
from storage.database import Database
from storage.directories.base import Directory
from storage.directories.described import Described, Describing, Where
from storage.faults import DirectoryUnavailable
from storage.sentences import template

log = structlog.get_logger(__name__)

RULES, DISCOVERY = "rules", "discovery"
# While another replica goes by other rules, it may be that it has seen more: so often is looked again.
AGAIN_AFTER = timedelta(seconds=30)
_NONE_LEFT = template(
    "The directory {directory} shows no group that speaks to Wicket any more. What it said before still counts: "
    "let Wicket's account read the attribute, or take the section away and restart."
)

_Seen: TypeAlias = tuple[tuple[Described, ...], frozenset[str], frozenset[str]]


class Discovering:
    """What is discovered in the directories whose settings say so; at first what held last, by the database.

    wake: called with RULES when a look read something else than the last, and with DISCOVERY to have all of them
    looked through soon.
    """

    def __init__(
        self,
        settings: Settings,
        directories: Mapping[str, Directory],
        database: Database,
        now: Clock,
        wake: Callable[[str], None],
    ) -> None:
        self._sections = {
            name: one.discover for name, one in settings.directories.items() if one.discover is not None
        }
        self._running, self._directories, self._now = settings, directories, now
        self._former = _by_group(database.read_now(kept_catalogue) if self._sections else None)
        self._found: dict[str, tuple[Described, ...]] = {}
        # Which groups stand within powerful ones, and which those were when it was looked.
        self._latest, self._inside, self._looked = (
            settings,
            dict[str, frozenset[str]](),
            dict[str, frozenset[str]](),
        )
        self._unread: dict[str, str] = {}
        # Of each directory, when the last look began of which something stands.
        self._turns, self._began = Turns(), dict[str, datetime]()
        self._again: datetime | None = None
        self._wake = wake

    @property
    def names(self) -> tuple[str, ...]:
        """The directories that are looked through."""
        return tuple(self._sections)

    @property
    def begins(self) -> Settings:
        """The settings that the bot starts with: what was discovered before is in their catalogue."""
        if not self._sections:
            return self._running
        return self._running.model_copy(update={"catalogue": self.joined(self._running).catalogue})

    @property
    def mark(self) -> str:
        """Another one whenever something else was read."""
        inside = sorted((name, sorted(groups)) for name, groups in self._inside.items())
        read = repr((sorted(self._found.items()), sorted(self._unread.items()), inside))
        return hashlib.sha256(read.encode("utf-8", "surrogatepass")).hexdigest()

    async def look(self, name: str) -> bool:
        """Read one directory. DirectoryUnavailable is kept as what could not be read, and told.

        The clock's look and one that is asked for may go side by side: what a later one saw is not put back by one that
        began earlier and took longer. Whether it could be read.
        """
        turn, began, seen = self._turns.begin(), self._now(), await self._see(name)
        is_read = not isinstance(seen, DirectoryUnavailable)
        # One that saw nothing is in nobody's way: what an earlier one saw is newer than what stands all the same.
        if self._turns.counts(name, turn, stands=is_read):
            self._began[name] = max(began, self._began.get(name, began))
            self._take(name, seen)
        return is_read

    def _take(self, name: str, seen: _Seen | DirectoryUnavailable) -> None:
        """What a look saw stands from now on."""
        before = self.mark
        if isinstance(seen, DirectoryUnavailable):
            log.warning("discovery.unknown", directory=name, fault=str(seen))
            self._unread[name] = str(seen)
        else:
            self._unread.pop(name, None)
            self._found[name], self._inside[name], self._looked[name] = seen
        if self.mark != before:
            self._wake(RULES)

    async def _see(self, name: str) -> _Seen | DirectoryUnavailable:
        """What its groups say, which groups stand within powerful ones, and which those are; or why that is unknown."""
        directory = self._directories[name]
        try:
            if not isinstance(directory, Describing):
                raise DirectoryUnavailable(
                    "The directory {directory} cannot describe its groups.", directory=name
                )
            found = await directory.described(_where(self._sections[name]))
            powerful = self._powerful(self._latest, name)
            inside = await _inside(directory, powerful) if found else frozenset[str]()
            if not found and (self._found.get(name) or self._former.get(name)):
                raise DirectoryUnavailable(_NONE_LEFT, directory=name)
        except DirectoryUnavailable as fault:
            return fault
        return found, inside, powerful

    def follow(self, *, differs: bool) -> None:
        """Where another replica goes by other rules, it may have seen more than was seen here."""
        now = self._now()
        if differs and (self._again is None or now - self._again >= AGAIN_AFTER):
            self._again = now
            self._wake(DISCOVERY)

    def joined(self, settings: Settings) -> Joined:
        """The catalogue of these settings with what was discovered, and what of that cannot be had."""
        self._latest = settings
        terms = {name: self._terms(settings, name, section) for name, section in self._sections.items()}
        joined = join(settings.catalogue, terms, self._found, self._former)
        return Joined(
            catalogue=joined.catalogue,
            wrong=(*joined.wrong, *((name, "", wrong) for name, wrong in self._unread.items())),
        )

    def _terms(self, settings: Settings, name: str, section: DiscoverSection) -> Terms:
        """By settings that were read anew; the sections of directories are those that the bot runs by."""
        return Terms(
            section=section,
            environments=settings.words.environments,
            kinds=settings.words.kinds,
            reserved=frozenset(map(str.casefold, self._powerful(settings, name)))
            | self._inside.get(name, frozenset()),
        )

    def _powerful(self, settings: Settings, name: str) -> frozenset[str]:
        """The names of groups whose members decide in Wicket, or have power over it or the directory."""
        powerful = [
            *(group for one in settings.catalogue.owners.values() for group in (one.approvers, one.on_call)),
            settings.security.approvers_group, settings.security.help_desk or "", settings.policy.owners or "",
            *(desk.group for desk in settings.help_desk.desks.values()),
            *getattr(self._running.directories[name], "admin_groups", ()),
            *(group for one in settings.catalogue.entitlements.values() for group in one.break_glass),
            *(one.group for one in settings.catalogue.scopes.values()),
        ]  # fmt: skip
        return frozenset(filter(None, powerful))

    def holds(self, catalogue: Catalogue) -> None:
        """This catalogue was made of what is discovered: it stands where a group's lines become wrong."""
        self._former = _by_group(catalogue)
        if any(self._powerful(self._latest, name) != looked for name, looked in self._looked.items()):
            self._wake(DISCOVERY)

    async def tell(self, telling: Undiscovered, wrong: tuple[Wrong, ...]) -> None:
        """Tell what cannot be had, by directory, and settle what can be again."""
        for name in self.names:
            if name in self._began:
                here = {group: why for at, group, why in wrong if at == name}
                await telling.note(name, here, began=self._began[name])


async def _inside(directory: Directory, powerful: frozenset[str]) -> frozenset[str]:
    """The groups within these, however deep: whoever is put into one of them is in the other as well."""
    found, waiting = set[str](), sorted(powerful)
    while waiting:
        group = await directory.group(waiting.pop())
        new = {one.casefold(): one for one in group.inner} if group is not None else {}
        waiting += [new[one] for one in sorted(new.keys() - found)]
        found |= new.keys()
    return frozenset(found)


def _by_group(catalogue: Catalogue | None) -> dict[str, dict[str, Entitlement]]:
    found: dict[str, dict[str, Entitlement]] = {}
    for one in map(catalogue.entitlements.__getitem__, catalogue.discovered) if catalogue else ():
        found.setdefault(one.directory, {})[one.group] = one
    return found


def _where(section: DiscoverSection) -> Where:
    if not isinstance(section, LdapDiscoverSection):
        return Where()
    return Where(attribute=section.attribute, base=section.base or "", filter=section.filter or "")
