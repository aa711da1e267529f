"""The rows [[scope]]: what of an owner's others may approve as well, as the operator writes it, and its checks.

It never says who may have what: that is policy.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from pydantic import Field

from bot.settings.problems import Problem, unknown
from bot.settings.section import Section
from bot.settings.sections import CatalogueSection
from bot.settings.shapes import Duration, Line, ShortLine, Slug
from storage.catalogue import Scope


class ScopeEntry(Section):
    """[[scope]]: a standing part of what an owner decides, of a region or of an application."""

    id: Slug = Field(examples=["payments-oslo"])
    name: ShortLine = Field(examples=["Payments in Oslo"])
    owner: Slug = Field(examples=["payments"])
    group: Line = Field(examples=["oslo-leads"])
    max_risk: int = Field(ge=1, le=5, strict=True, examples=[2])
    longest: Duration = Field(alias="max", examples=["8h"])
    entitlements: tuple[Slug, ...] = Field(default=(), examples=[["payments-report"]])
    environment: Slug | None = Field(default=None, examples=["staging"])
    kind: Slug | None = Field(default=None, examples=["tool"])
    location: ShortLine | None = Field(default=None, examples=["Oslo"])

    def to_scope(self) -> Scope:
        """The scope that this row describes."""
        return Scope(
            **self.model_dump(exclude={"longest", "environment", "kind", "location"}),
            environment=self.environment or "",
            kind=self.kind or "",
            location=self.location or "",
            max_minutes=self.longest // timedelta(minutes=1),
        )


_Rows = Mapping[int, Mapping[str, Any]]


def scopes_checked(
    rows: _Rows, *, owners: _Rows, entitlements: _Rows, words: CatalogueSection
) -> Iterator[Problem]:
    """What is wrong with each scope beside the other rows: nobody's, of nothing, or of what its owner does not have."""
    known = {row["id"]: row for row in owners.values() if isinstance(row.get("id"), str)}
    theirs = {row["id"]: row.get("owner") for row in entitlements.values() if isinstance(row.get("id"), str)}
    for at, row in rows.items():
        called = f"scope[{row['id']}]" if isinstance(row.get("id"), str) else f"scope[{at}]"
        owner = row.get("owner")
        if isinstance(owner, str) and owner not in known:
            yield unknown(f"{called}.owner", owner, known, "is no [[owner]]'s id")
        elif isinstance(owner, str) and row.get("group") == known[owner].get("approvers"):
            yield Problem(
                name=f"{called}.group",
                wrong="is the group of the owner's approvers",
                mend="They approve all of it anyhow: name another group, or remove the scope.",
            )
        for one in texts_in(row.get("entitlements")):
            if one not in theirs:
                yield unknown(f"{called}.entitlements", one, theirs, "is no [[entitlement]]'s id")
            elif isinstance(owner, str) and theirs[one] != owner:
                yield Problem(
                    name=f"{called}.entitlements",
                    wrong=f'"{one}" belongs to another owner',
                    mend="Name what this owner has alone.",
                )
        things = [one for one in entitlements.values() if _is_in(row, one)]
        if isinstance(owner, str) and owner in known and not things:
            yield Problem(
                name=called,
                wrong="takes in none of its owner's entitlements",
                mend="Mend what it says of entitlements, environment and kind, or remove it.",
            )
        for key, among in (("environment", words.environments), ("kind", words.kinds)):
            value = row.get(key)
            if isinstance(value, str) and value not in among:
                yield unknown(f"{called}.{key}", value, among, "is not a word policies know")


def _is_in(scope: Mapping[str, Any], entitlement: Mapping[str, Any]) -> bool:
    named = texts_in(scope.get("entitlements"))
    return (
        entitlement.get("owner") == scope.get("owner")
        and (not named or entitlement.get("id") in named)
        and all(scope.get(key) in (None, entitlement.get(key)) for key in ("environment", "kind"))
    )


def texts_in(value: object) -> list[str]:
    """The texts in a list; none in whatever is no list."""
    listed = value if isinstance(value, Sequence) and not isinstance(value, str) else ()
    return [one for one in listed if isinstance(one, str)]
