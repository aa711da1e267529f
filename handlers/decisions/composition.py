"""What a set of rules is made of, in few words, and how two of them differ.

It holds no policy's text and no setting's value: hashes stand for them.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from storage.catalogue import Catalogue, Entitlement, Owner, Scope

_NOTHING: Mapping[str, str] = {}
# Made once: there are a hundred settings, and to make one takes as long as what it is asked for.
_IN_ORDER = json.JSONEncoder(sort_keys=True)
# Of what is new these are told, too: whom it makes a member of what, and who decides about that.
_TELLING = {
    "entitlements": (
        "directory",
        "group",
        "owner",
        "risk",
        "environment",
        "kind",
        "max_duration",
        "standing_allowed",
    ),
    "owners": ("approvers", "on_call", "fallback", "channel"),
    "scopes": (
        "owner",
        "group",
        "entitlements",
        "environment",
        "kind",
        "location",
        "max_risk",
        "max_minutes",
    ),
}


@dataclass(frozen=True, kw_only=True)
class Composition:
    """policies: SHA-256 of each one's text, by @id. entitlements, owners, scopes: as written, by id, values as text.

    settings: SHA-256 of each setting that bears on security, by its name.
    """

    policies: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    entitlements: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    owners: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    scopes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=lambda: _NOTHING)

    @classmethod
    def of(
        cls, policies: Mapping[str, str], catalogue: Catalogue, settings: Mapping[str, object]
    ) -> "Composition":
        """policies: each one's text by @id. settings: values by name."""
        return cls(
            policies={name: _hash(text) for name, text in policies.items()},
            entitlements={name: _plain(one) for name, one in catalogue.entitlements.items()},
            owners={name: _plain(one) for name, one in catalogue.owners.items()},
            scopes={name: _plain(one) for name, one in catalogue.scopes.items()},
            settings={name: _hash(_IN_ORDER.encode(value)) for name, value in settings.items()},
        )

    @classmethod
    def read(cls, plain: Mapping[str, Any]) -> "Composition":
        """One that was kept."""
        kept = {name: plain[name] for name in ("policies", "entitlements", "owners", "settings")}
        return cls(**kept, scopes=plain.get("scopes", {}))

    @property
    def plain(self) -> dict[str, Any]:
        """To be kept."""
        # One without scopes is told as it was before there were any, and has the hash that it had.
        scopes = {"scopes": {name: dict(one) for name, one in self.scopes.items()}} if self.scopes else {}
        return {
            **scopes,
            "policies": dict(self.policies),
            "entitlements": {name: dict(one) for name, one in self.entitlements.items()},
            "owners": {name: dict(one) for name, one in self.owners.items()},
            "settings": dict(self.settings),
        }

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of all of it, by which it is known again."""
        return _hash(json.dumps(self.plain, sort_keys=True, ensure_ascii=True))


Difference = dict[str, list[str]]
"""By what changed and how ("policies_added"), the names.

Of a field that changed four texts: id, field, before, after; of one of something new three: id, field, value.
"""


def differences(before: Composition, after: Composition) -> Difference:
    """What changed. Of entitlements and owners each field is told; of policies and settings the name."""
    found: Difference = {}
    for kind in ("policies", "entitlements", "owners", "scopes", "settings"):
        old, new = getattr(before, kind), getattr(after, kind)
        found[f"{kind}_added"] = sorted(new.keys() - old.keys())
        found[f"{kind}_removed"] = sorted(old.keys() - new.keys())
        both = sorted(name for name in new.keys() & old.keys() if new[name] != old[name])
        fields = kind in _TELLING
        found[f"{kind}_changed"] = list(_fields(old, new, both)) if fields else both
        if fields and (
            old or (kind == "scopes" and before.owners)
        ):  # the very first of all are not told one by one
            found[f"{kind}_written"] = list(_written(new, found[f"{kind}_added"], _TELLING[kind]))
    return {name: names for name, names in found.items() if names}


def _fields(
    old: Mapping[str, Mapping[str, str]], new: Mapping[str, Mapping[str, str]], names: Iterable[str]
) -> Iterable[str]:
    for name in names:
        for key in sorted(old[name].keys() | new[name].keys()):
            was, now = old[name].get(key, ""), new[name].get(key, "")
            if was != now:
                yield from (name, key, was, now)


def _written(
    new: Mapping[str, Mapping[str, str]], names: Iterable[str], fields: Iterable[str]
) -> Iterable[str]:
    for name in names:
        for key in fields:
            if new[name].get(key):
                yield from (name, key, new[name][key])


def _plain(one: Entitlement | Owner | Scope) -> dict[str, str]:
    return {key: _text(value) for key, value in sorted(vars(one).items()) if key != "id"}


def _text(value: object) -> str:
    if isinstance(value, timedelta):
        return str(int(value.total_seconds() // 60))
    if isinstance(value, frozenset):
        return ", ".join(sorted(map(str, value)))
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
