"""What can be asked for and who answers for it: entitlements and their owners, as the operator wrote them down.

It never says who may have what: that is policy.
"""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Owner:
    """The team that answers for entitlements.

    channel: Slack channel id where its requests go. approvers: name of the directory group whose members decide.
    on_call: name of the group of those who are on call for it, who may decide too where policy says so; may be empty.
    fallback: id of the owner to which a request goes that this one does not decide; empty for none.
    """

    id: str
    name: str
    channel: str
    approvers: str
    on_call: str = ""
    fallback: str = ""


@dataclass(frozen=True, kw_only=True)
class Entitlement:
    """One thing that can be granted: a group in a directory.

    risk: 1 (harmless) to 5 (keys of the company). environment: "production", "staging", "corporate" …
    access: what it lets one do, in words ("read and write"). aliases: other names people use for it.
    drift: what becomes of a member whom nothing explains: "ask" (somebody decides) or "remove".
    people: how many must approve it at least, where approvals are needed. conflicts_with: ids of what nobody has beside
    it, said of both. workload: the system that it belongs to, whatever the environment; empty for none.
    break_glass: the directory groups whose members may take it in an emergency; empty for nobody.
    """

    id: str
    title: str
    directory: str
    group: str
    owner: str
    risk: int
    environment: str
    kind: str
    access: str
    max_duration: timedelta
    standing_allowed: bool = False
    aliases: tuple[str, ...] = ()
    drift: str = "ask"
    people: int = 1
    conflicts_with: tuple[str, ...] = ()
    workload: str = ""
    break_glass: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Scope:
    """A standing part of what an owner decides, which others may decide as well: of a region or of an application.

    group: the directory group whose members may. entitlements: ids of the owner's; () for all of them. environment,
    kind: only those that are such; location: only for people there, as the directory says it; each "" for any.
    max_risk: 1 to 5. max_minutes: of a request.
    """

    id: str
    name: str
    owner: str
    group: str
    max_risk: int
    max_minutes: int
    entitlements: tuple[str, ...] = ()
    environment: str = ""
    kind: str = ""
    location: str = ""

    def takes_in(self, entitlement: Entitlement) -> bool:
        """Whether this entitlement is in it, whoever it is for."""
        return (
            entitlement.owner == self.owner
            and (not self.entitlements or entitlement.id in self.entitlements)
            and self.environment in ("", entitlement.environment)
            and self.kind in ("", entitlement.kind)
        )


def _empty() -> Mapping[str, Any]:
    return MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """All entitlements and owners by id. Every entitlement's owner is in `owners`.

    discovered: the ids of those that nobody wrote down here: their groups describe them in the directory.
    scopes: standing parts of what an owner decides, by id.
    """

    entitlements: Mapping[str, Entitlement]
    owners: Mapping[str, Owner] = field(default_factory=_empty)
    discovered: Collection[str] = frozenset()
    scopes: Mapping[str, Scope] = field(default_factory=_empty)

    def owner_of(self, entitlement: Entitlement) -> Owner:
        """The owner of an entitlement of this catalogue."""
        return self.owners[entitlement.owner]

    def scopes_of(self, entitlement: Entitlement) -> tuple[Scope, ...]:
        """The standing scopes that take in this entitlement."""
        return tuple(one for one in self.scopes.values() if one.takes_in(entitlement))

    def stands_in(self, owner: str, other: str) -> Owner | None:
        """The owner called `other`, if it is this owner's fallback, or the fallback's, and so on; None otherwise."""
        passed: set[str] = set()
        at = self.owners.get(owner)
        while at is not None and at.fallback and at.id not in passed:
            passed.add(at.id)
            at = self.owners.get(at.fallback)
            if at is not None and at.id == other:
                return at
        return None

    def beside(self, entitlement: Entitlement) -> tuple[Entitlement, ...]:
        """What bears on who may have this one: what it conflicts with, and the others of its workload."""
        if not entitlement.conflicts_with and not entitlement.workload:
            return ()
        return tuple(
            one
            for one in self.entitlements.values()
            if one.id != entitlement.id
            and (
                one.id in entitlement.conflicts_with
                or (one.workload and one.workload == entitlement.workload)
            )
        )

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the whole catalogue. Lowering a risk is a policy change, so the policy-set hash has it."""
        rows = [*_in_order(self.entitlements), *_in_order(self.owners), *_in_order(self.scopes)]
        if self.discovered:
            rows.append({"discovered": sorted(self.discovered)})
        return hashlib.sha256(json.dumps(rows, sort_keys=True, ensure_ascii=True).encode()).hexdigest()


def as_plain(catalogue: Catalogue) -> dict[str, Any]:
    """The whole catalogue as JSON, to be kept; `from_plain` reads it."""
    scopes = _in_order(catalogue.scopes)
    return {
        # Left out where there are none, so that it is what an older version kept of the same catalogue.
        **({"scopes": scopes} if scopes else {}),
        "owners": _in_order(catalogue.owners),
        "entitlements": _in_order(catalogue.entitlements),
        "discovered": sorted(catalogue.discovered),
    }


def from_plain(plain: Mapping[str, Any]) -> Catalogue:
    """A catalogue that was kept. TypeError or KeyError if it is of another version of Wicket."""
    entitlements = [
        Entitlement(
            **{
                **one,
                "max_duration": timedelta(seconds=one["max_duration"]),
                **{key: tuple(value) for key, value in one.items() if isinstance(value, list)},
            }
        )
        for one in plain["entitlements"]
    ]
    owners = [Owner(**one) for one in plain["owners"]]
    scopes = [Scope(**{**one, "entitlements": tuple(one["entitlements"])}) for one in plain.get("scopes", ())]
    return Catalogue(
        entitlements=MappingProxyType({one.id: one for one in entitlements}),
        owners=MappingProxyType({one.id: one for one in owners}),
        discovered=frozenset(plain.get("discovered", ())),
        scopes=MappingProxyType({one.id: one for one in scopes}),
    )


def _in_order(kept: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{name: _as_json(value) for name, value in vars(one).items()} for _, one in sorted(kept.items())]


def _as_json(value: object) -> object:
    if isinstance(value, timedelta):
        return int(value.total_seconds())
    return list(value) if isinstance(value, tuple) else value
