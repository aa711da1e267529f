"""The rows of the catalogue as the operator writes them, their checks, and the catalogue made of them.

It never says who may have what: that is policy.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal

from pydantic import Field

from bot.settings.fallbacks import fallbacks_checked
from bot.settings.problems import Place, Problem, dotted, unknown
from bot.settings.scopes import ScopeEntry, scopes_checked, texts_in
from bot.settings.section import Section
from bot.settings.sections import CatalogueSection, Sections
from bot.settings.shapes import ChannelId, Duration, Line, ShortLine, Slug
from storage.catalogue import Catalogue, Entitlement, Owner

ROWS = ("owner", "entitlement", "scope")
TWO_FROM_RISK = 4


class OwnerEntry(Section):
    """[[owner]]: a team that answers for entitlements."""

    id: Slug = Field(examples=["data-platform"])
    name: ShortLine = Field(examples=["Data Platform"])
    channel: ChannelId = Field(examples=["C0123ABCD"])
    approvers: Line = Field(examples=["data-platform-leads"])
    on_call: Line | None = Field(default=None, examples=["data-platform-on-call"])
    fallback: Slug | None = Field(default=None, examples=["platform"])


class EntitlementEntry(Section):
    """[[entitlement]]: one thing that can be granted."""

    id: Slug = Field(examples=["prod-db"])
    title: ShortLine = Field(examples=["Production database"])
    directory: Slug = Field(examples=["local"])
    group: Line = Field(examples=["prod-db-rw"])
    owner: Slug = Field(examples=["data-platform"])
    risk: int = Field(ge=1, le=5, strict=True, examples=[4])
    environment: Slug = Field(examples=["production"])
    kind: Slug = Field(examples=["database"])
    access: ShortLine = Field(examples=["read and write"])
    longest: Duration = Field(alias="max", examples=["8h"])
    standing: bool = Field(default=False, examples=[False])
    aliases: tuple[ShortLine, ...] = Field(default=(), examples=[["production database"]])
    drift: Literal["ask", "remove"] = Field(default="ask", examples=["ask"])
    # From risk 4 on two, unless said otherwise.
    people: int | None = Field(default=None, ge=1, le=3, strict=True, examples=[2])
    conflicts_with: tuple[Slug, ...] = Field(default=(), examples=[["payments-release"]])
    workload: Slug | None = Field(default=None, examples=["orders"])
    # The groups whose members may take it in an emergency (B-1).
    break_glass: tuple[Line, ...] = Field(default=(), max_length=10, examples=[["data-platform-responders"]])

    @property
    def needed(self) -> int:
        """How many must approve it at least."""
        return self.people or (2 if self.risk >= TWO_FROM_RISK else 1)


class Written(Sections):
    """Everything an operator writes: the sections and the rows of the catalogue."""

    catalogue: CatalogueSection = CatalogueSection()
    owner: tuple[OwnerEntry, ...] = ()
    entitlement: tuple[EntitlementEntry, ...] = ()
    scope: tuple[ScopeEntry, ...] = ()


def to_catalogue(written: Written) -> Catalogue:
    """The catalogue that these rows describe; they must have passed `cross_checked`."""
    owners = {
        row.id: Owner(
            **row.model_dump(exclude={"on_call", "fallback"}),
            on_call=row.on_call or "",
            fallback=row.fallback or "",
        )
        for row in written.owner
    }
    apart = kept_apart(written.entitlement)
    entitlements = {
        row.id: Entitlement(
            **row.model_dump(
                exclude={"longest", "standing", "people", "conflicts_with", "workload", "break_glass"}
            ),
            break_glass=tuple(sorted(set(row.break_glass))),
            max_duration=row.longest,
            standing_allowed=row.standing,
            people=row.needed,
            conflicts_with=tuple(sorted(apart[row.id])),
            workload=row.workload or "",
        )
        for row in written.entitlement
    }
    return Catalogue(
        entitlements=MappingProxyType(entitlements),
        owners=MappingProxyType(owners),
        scopes=MappingProxyType({row.id: row.to_scope() for row in written.scope}),
    )


def kept_apart(rows: Iterable[EntitlementEntry]) -> Mapping[str, set[str]]:
    """For each entitlement all that it conflicts with: what one says of another holds for both."""
    apart: dict[str, set[str]] = {row.id: set() for row in rows}
    for row in rows:
        for other in row.conflicts_with:
            apart[row.id].add(other)
            apart[other].add(row.id)
    return apart


def names_of_rows(data: Mapping[str, Any]) -> dict[Place, str]:
    """How to speak of each row: by its id where it has one, by its number otherwise."""
    return {(kind, at): _called(kind, at, row) for kind in ROWS for at, row in _rows(data, kind)}


def cross_checked(
    data: Mapping[str, Any], *, directories: Collection[str], words: CatalogueSection
) -> Iterator[Problem]:
    """What is wrong between rows, read from the data as written so that it stands beside the rows' own problems.

    directories: names of the [directories.NAME] sections. words: the environments and kinds there are.
    """
    owners = [row["id"] for _, row in _rows(data, "owner") if isinstance(row.get("id"), str)]
    for kind in ROWS:
        yield from _repeated(
            data, kind, "id", lambda row: row.get("id"), "is used twice", "Give each its own id."
        )
    yield from _unknown(data, "owner", owners, "is no [[owner]]'s id")
    yield from fallbacks_checked(dict(_rows(data, "owner")))
    if directories:  # without any, that is the one thing to tell
        yield from _unknown(data, "directory", directories, "is no [directories.NAME]")
    yield from _unknown(data, "environment", words.environments, "is not an environment policies know")
    yield from _unknown(data, "kind", words.kinds, "is not a kind policies know")
    yield from _repeated(
        data,
        "entitlement",
        "group",
        _target,
        "is granted by another entitlement too",
        "One group, one entitlement.",
    )
    yield from scopes_checked(
        dict(_rows(data, "scope")), owners=dict(_rows(data, "owner")), entitlements=dict(_rows(data, "entitlement")),
        words=words,
    )  # fmt: skip
    yield from _ambiguous(data)
    yield from _apart_from_nothing(data)


def _rows(data: Mapping[str, Any], kind: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    rows = data.get(kind, ())
    if isinstance(rows, Sequence) and not isinstance(rows, str):
        yield from ((at, row) for at, row in enumerate(rows) if isinstance(row, Mapping))


def _called(kind: str, at: int, row: Mapping[str, Any]) -> str:
    known = row.get("id")
    return f"{kind}[{known}]" if isinstance(known, str) and known.isprintable() else dotted((kind, at))


def _target(row: Mapping[str, Any]) -> object:
    directory, group = row.get("directory"), row.get("group")
    return (directory, group.casefold()) if isinstance(group, str) else None


def _unknown(data: Mapping[str, Any], key: str, known: Collection[str], wrong: str) -> Iterator[Problem]:
    for at, row in _rows(data, "entitlement"):
        value = row.get(key)
        if isinstance(value, str) and value not in known:
            yield unknown(f"{_called('entitlement', at, row)}.{key}", value, known, wrong)


def _repeated(
    data: Mapping[str, Any],
    kind: str,
    key: str,
    of: Callable[[Mapping[str, Any]], object],
    wrong: str,
    mend: str,
) -> Iterator[Problem]:
    seen: set[object] = set()
    for at, row in _rows(data, kind):
        value = of(row)
        if isinstance(value, str | tuple) and value in seen:
            yield Problem(name=f"{_called(kind, at, row)}.{key}", wrong=wrong, mend=mend)
        seen.add(value if isinstance(value, str | tuple) else None)


def _apart_from_nothing(data: Mapping[str, Any]) -> Iterator[Problem]:
    """What something conflicts with must be there, or nothing is kept apart from it; and nothing is from itself."""
    ids = [row["id"] for _, row in _rows(data, "entitlement") if isinstance(row.get("id"), str)]
    for at, row in _rows(data, "entitlement"):
        name = f"{_called('entitlement', at, row)}.conflicts_with"
        for other in texts_in(row.get("conflicts_with")):
            if other == row.get("id"):
                yield Problem(name=name, wrong="names the entitlement itself", mend="Name the others alone.")
            elif other not in ids:
                yield unknown(name, other, ids, "is no [[entitlement]]'s id")


def _ambiguous(data: Mapping[str, Any]) -> Iterator[Problem]:
    """One word that people may say must mean one entitlement."""
    ids = {row["id"]: at for at, row in _rows(data, "entitlement") if isinstance(row.get("id"), str)}
    meant = dict(ids)
    for at, row in _rows(data, "entitlement"):
        for alias in texts_in(row.get("aliases")):
            if meant.setdefault(alias.casefold(), at) != at:
                name = f"{_called('entitlement', at, row)}.aliases"
                yield Problem(
                    name=name, wrong=f'"{alias}" already means another entitlement', mend="Choose another."
                )
