"""Entitlements that groups describe themselves in the directory, held to what the settings allow and joined to those
that are written down.

It asks no directory: what was read, or what held before, is given to it.
"""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from pydantic import ValidationError

from bot.settings.directories import DiscoverSection
from bot.settings.entries import TWO_FROM_RISK, EntitlementEntry
from bot.settings.problems import did_you_mean, explain
from storage.catalogue import Catalogue, Entitlement
from storage.directories.described import LONGEST_LINE, MOST_LINES, Described

Wrong = tuple[str, str, str]
"""What is wrong with what a group says: the directory, the group, and a sentence."""

_KEYS = ("owner", "risk", "environment", "kind", "max", "title", "access", "standing", "alias")
_NEEDED = ("owner", "risk", "environment", "kind", "max")
# What Slack reads as mark-up, a mention or a link. Those who write here are not those who run Wicket.
_MARKUP = re.compile(r"[<>&*~`|]")
_YES_NO = {"yes": True, "no": False}


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What is believed of one directory. environments, kinds: the words there are.

    reserved: names of groups, without case, that give power over Wicket itself; none of them is ever discovered.
    """

    section: DiscoverSection
    environments: Collection[str]
    kinds: Collection[str]
    reserved: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Joined:
    """The whole catalogue, and what of the discovered cannot be had."""

    catalogue: Catalogue
    wrong: tuple[Wrong, ...]


class _Unfit(ValueError):
    """Its text says what is wrong and how to mend it."""


def join(
    written: Catalogue,
    terms: Mapping[str, Terms],
    found: Mapping[str, Sequence[Described]],
    former: Mapping[str, Mapping[str, Entitlement]],
) -> Joined:
    """The written catalogue with what was discovered, by directory.

    found: as read last; a directory that was not read yet is missing. former: by directory and group, what held
    before: it stays where a directory was not read, and where a group's lines became wrong.
    """
    joining = _Joining(written)
    for directory, allowed in sorted(terms.items()):
        before = former.get(directory, {})
        if directory in found:
            joining.take(directory, allowed, found[directory], before)
        else:
            joining.keep(allowed, before.values())
    return joining.done()


class _Joining:
    """One catalogue in the making."""

    def __init__(self, written: Catalogue) -> None:
        self._written = written
        self._all = dict(written.entitlements)
        self._words = {alias.casefold() for one in self._all.values() for alias in one.aliases}
        self._groups = {(one.directory, one.group.casefold()): one.id for one in self._all.values()}
        self._wrong: list[Wrong] = []

    def take(
        self, directory: str, terms: Terms, found: Sequence[Described], former: Mapping[str, Entitlement]
    ) -> None:
        """What was read of one directory."""
        ids = Counter(id_of(one.names[0]) for one in found if one.names)
        for one in found:
            group = one.names[0] if one.names else ""
            try:
                if len(one.names) != 1:
                    raise _Unfit("It has several names, or none. Give it one.")
                if ids[id_of(group)] > 1:
                    raise _Unfit(
                        "Another group makes the same id of its name. Write one of them down instead."
                    )
                self._add(self._read(directory, group, one.lines, terms), terms)
            except _Unfit as unfit:
                self._wrong.append((directory, group, str(unfit)))
                self.keep(terms, [former[group]] if group in former else [])

    def keep(self, terms: Terms, former: Collection[Entitlement]) -> None:
        """What held before, as far as it still may."""
        for one in former:
            try:
                self._add(one, terms)
            except _Unfit:
                continue

    def done(self) -> Joined:
        """The catalogue with all of it."""
        return Joined(
            catalogue=replace(
                self._written,
                entitlements=MappingProxyType(self._all),
                discovered=frozenset(self._all.keys() - self._written.entitlements.keys()),
            ),
            wrong=tuple(self._wrong),
        )

    def _read(self, directory: str, group: str, lines: Sequence[str], terms: Terms) -> Entitlement:
        said, aliases = _said(lines)
        if missing := [key for key in _NEEDED if key not in said]:
            raise _Unfit(f"It does not say {', '.join(missing)}. Write: wicket: {missing[0]}=…")
        for key, known in (("environment", terms.environments), ("kind", terms.kinds)):
            if said[key] not in known:
                raise _Unfit(
                    f"{key}: {said[key]!r} is no word that policies know. {did_you_mean(said[key], known)}"
                )
        row = {
            **said, "id": id_of(group), "directory": directory, "group": group, "title": said.get("title", group),
            "access": said.get("access", "member"), "aliases": tuple(aliases),
            "risk": int(said["risk"]) if said["risk"].isdecimal() else said["risk"],
            "standing": _YES_NO.get(said.get("standing", "no"), said.get("standing")),
        }  # fmt: skip
        try:
            entry = EntitlementEntry.model_validate(row)
        except ValidationError as fault:
            problem = explain(fault, EntitlementEntry)[0]
            raise _Unfit(f"{problem.name}: {problem.wrong}.") from None
        return Entitlement(
            **entry.model_dump(exclude={"longest", "standing", "people", "conflicts_with", "workload"}),
            max_duration=entry.longest,
            standing_allowed=entry.standing,
        )

    def _add(self, one: Entitlement, terms: Terms) -> None:
        """Take it up, no further than the settings go; what is written down comes first."""
        section = terms.section
        owners = section.owners or tuple(self._written.owners)
        if one.owner not in self._written.owners or one.owner not in owners:
            raise _Unfit(
                f"owner: {one.owner!r} is no owner that may be named here. {did_you_mean(one.owner, owners)}"
            )
        if one.group.casefold() in terms.reserved:
            raise _Unfit("Its members decide in Wicket, or have power over it: it can only be written down.")
        if (other := self._groups.get((one.directory, one.group.casefold()))) is not None:
            raise _Unfit(
                f"It is written down already, as {other}, and that counts. Take one of the two away."
            )
        if one.id in self._all or one.id.casefold() in self._words:
            raise _Unfit(f"{one.id!r} is another entitlement already, and that counts. Rename the group.")
        for alias in one.aliases:
            if alias.casefold() in self._words or alias.casefold() in self._all:
                raise _Unfit(f"alias: {alias!r} means another entitlement already. Choose another.")
        self._words.update(alias.casefold() for alias in one.aliases)
        self._groups[one.directory, one.group.casefold()] = one.id
        risk = max(one.risk, section.lowest_risk)
        self._all[one.id] = replace(
            one,
            risk=risk,
            people=2 if risk >= TWO_FROM_RISK else 1,
            max_duration=min(one.max_duration, section.longest),
            standing_allowed=one.standing_allowed and section.standing,
        )


def id_of(group: str) -> str:
    """The id that a group's name makes: small letters, and a dash for whatever an id cannot have."""
    return re.sub(r"[^a-z0-9._-]+", "-", group.casefold()).strip("-._")[:63]


def _said(lines: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """The values by key, and the aliases."""
    if len(lines) > MOST_LINES or any(len(line) > LONGEST_LINE for line in lines):
        raise _Unfit(f"It says too much. At most {MOST_LINES} lines of {LONGEST_LINE} characters are read.")
    said, aliases = dict[str, str](), list[str]()
    for line in lines:
        key, equal, value = (part.strip() for part in line.partition("="))
        if not equal or key not in _KEYS:
            raise _Unfit(f"{key[:40]!r} is nothing that can be said. {did_you_mean(key[:40], _KEYS)}")
        if _MARKUP.search(value):
            raise _Unfit(f"{key}: has one of < > & * ~ ` |. Use plain words.")
        if key == "alias":
            aliases.append(value)
        elif key in said:
            raise _Unfit(f"{key}: is said twice. Keep one of the lines.")
        else:
            said[key] = value
    return said, aliases
