"""What a verification has to say: its findings and the report that sums them up.

It only words things; it compares nothing itself.
"""

from dataclasses import dataclass
from typing import Literal

from storage.audit.checkpoint import Checkpoint
from storage.audit.epochs import Epoch
from storage.audit.log import Row

Kind = Literal[
    "edited",
    "unreadable",
    "missing",
    "misfit",
    "column",
    "text",
    "head",
    "extra",
    "cut",
    "rewritten",
    "untrusted",
    "unaccounted",
    "tile",
    "table",
    "kept",
]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that does not fit, and where. `detail` is a sentence, fit to show.

    first, last: the indexes it concerns, the same for one entry; None when it is about none in particular.
    entry_id: of the entry at `first` as it stands there now, None if it is gone.
    """

    kind: Kind
    detail: str
    first: int | None = None
    last: int | None = None
    entry_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a verification found.

    entries: how many were read; when the tree does not fit, reading ends there. root: of the tree over them.
    findings: the first of them, in order of index; more: how many others there are.
    anchored: entries covered by the largest checkpoint from elsewhere that agrees; None without one.
    signed: the same for the checkpoints kept in the store; unused: how many of those are not of this key.
    epochs: the later epochs of the log. lost: how many checkpoints from elsewhere are about entries of an earlier one
    that are gone, as the log itself says. archived: so many entries from the first on are archived; strange: how many
    statements of archives count for nothing. only_tiles: all that was found is wrong with the stored tree, nothing with
    the entries.
    """

    entries: int
    root: bytes
    findings: tuple[Finding, ...]
    more: int
    anchored: int | None
    signed: int | None
    unused: int
    epochs: tuple[Epoch, ...] = ()
    lost: int = 0
    archived: int = 0
    strange: int = 0
    only_tiles: bool = False

    @property
    def sound(self) -> bool:
        """Whether nothing was found. How far that reaches is in `conclusion`."""
        return not self.findings

    @property
    def fits(self) -> bool:
        """Whether nothing is wrong with the entries."""
        return self.sound or self.only_tiles

    @property
    def conclusion(self) -> str:
        """The answer in a sentence or two, which never promises more than was compared."""
        if self.findings:
            return f"Not sound. {self.findings[0].detail}"
        if self.anchored is None:
            return self._internal()
        later = self.entries - self.anchored
        if later:
            return (
                f"Sound up to the checkpoint: the first {self.anchored} entries agree with it. "
                f"The {later} after it {'is' if later == 1 else 'are'} internally consistent only."
            )
        return f"Sound: all {self.entries} entries agree with the checkpoint."

    @property
    def covered(self) -> int:
        """How many entries agree with a signed checkpoint, from elsewhere or from beside them."""
        return max(self.anchored or 0, self.signed or 0)

    @property
    def breaks(self) -> tuple[str, ...]:
        """Where the log went on after entries were lost, a sentence for each later epoch."""
        return tuple(_break(number, epoch) for number, epoch in enumerate(self.epochs, start=2))

    def _internal(self) -> str:
        kept = (
            f", and the first {self.signed} with the signed checkpoints kept beside them"
            if self.signed
            else ""
        )
        return (
            f"Internally consistent only: {self.entries} entries agree with one another{kept}. "
            "A cut tail would not show; compare with a checkpoint from elsewhere."
        )


def _break(number: int, epoch: Epoch) -> str:
    """What an epoch says of itself; nothing of it is hidden from whoever verifies."""
    known = max((cited.size for cited in epoch.cites), default=None)
    if known is None:
        before = "It cites no checkpoint of before."
    elif epoch.lost:
        before = f"It cites the checkpoint over {known} entries: {epoch.lost} that were signed are lost."
    else:
        before = f"It cites the checkpoint over {known} entries."
    doubt = f" {told_of_doubt(epoch.agrees, epoch.opened)}" if epoch.unvouched else ""
    return (
        f"Epoch {number} ({epoch.name}) began at index {epoch.opened}, {epoch.at:%Y-%m-%d %H:%M:%S} UTC "
        f"({epoch.kind}): the first {epoch.agrees} entries are of the time before. {before}{doubt}"
    )


def told_of_doubt(first: int, end: int) -> str:
    """What to say of entries that nobody vouches for, as an epoch says itself."""
    return (
        f"Nobody vouches for the entries from index {first} to {end - 1}: other hands, without a key "
        "of Wicket's, added to the log among them, so they are no evidence."
    )


def about(row: Row, kind: Kind, detail: str) -> Finding:
    """A finding about one row."""
    return Finding(kind=kind, detail=detail, first=row.index, last=row.index, entry_id=row.id)


def misfit(row: Row, *, edited: bool) -> Finding:
    """A row with which the tree does not grow as it grew; `edited`: its leaf and the hash beside it disagree."""
    entry = f"Entry {row.id} at index {row.index}"
    if edited:
        return about(row, "edited", f"{entry} was edited after it was written.")
    return about(
        row,
        "misfit",
        f"{entry} does not fit the tree: it was edited, moved or put there, or one before it was taken out.",
    )


def gap(row: Row, expected: int) -> Finding:
    """A row that does not stand at the index that comes next."""
    if row.index < expected:
        return about(row, "extra", f"Entry {row.id} stands at index {row.index}, where none can stand.")
    missing = (
        f"index {expected}" if row.index == expected + 1 else f"the indexes {expected} to {row.index - 1}"
    )
    return Finding(
        kind="missing",
        first=expected,
        last=row.index - 1,
        detail=f"What stood at {missing} is missing: entry {row.id} follows at index {row.index}.",
    )


def cut(here: int, promised: int, source: str) -> Finding:
    """Fewer entries than the head or a checkpoint knows of."""
    return Finding(
        kind="cut",
        first=here,
        last=promised - 1,
        detail=f"{source} {promised} entries, but only {here} are here: the tail was cut.",
    )


def unaccounted(checkpoint: Checkpoint, agrees: int) -> Finding:
    """A checkpoint of another epoch that reaches further than any epoch here owns up to."""
    return Finding(
        kind="unaccounted",
        first=agrees,
        last=checkpoint.size - 1,
        detail=(
            f"The checkpoint over {checkpoint.size} entries of {checkpoint.origin} is of another epoch, and no entry "
            "here says what became of what it covers: something was taken out and not owned up to."
        ),
    )


def stray(row: Row) -> Finding:
    """A row that stands before the first or beyond the head."""
    where = "where none can stand" if row.index < 0 else "beyond the head, which does not count it"
    return about(row, "extra", f"Entry {row.id} stands at index {row.index}, {where}.")


def stray_text(index: object) -> Finding:
    """A text that stands beside no entry; SQLite lets anything stand where its index was."""
    place = index if isinstance(index, int) else None
    return Finding(
        kind="text",
        first=place,
        last=place,
        detail=f"A text stands at index {index!r}, where there is no entry that it could belong to.",
    )


def sentence(clause: object) -> str:
    """A fault's clause as a sentence."""
    text = str(clause)
    return f"{text[:1].upper()}{text[1:]}."
