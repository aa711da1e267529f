"""Retention: old entries written to files, verified there, stated under the log's key, and only then taken out.

Nothing leaves that no signed checkpoint covers, that something has yet to read, or that may still be asked about.
"""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path

from sqlmodel import Session

from handlers.audit.archivable import YOUNGEST, Brief, staying
from handlers.intents import By
from handlers.recording import NOTHING, OPERATOR, record
from storage import streams
from storage.audit import archives, log
from storage.audit.archive_files import (
    AT_THE_SAME_TIME,
    ArchiveFiles,
    Held,
    Lacking,
    NotHeld,
    alone_in,
    empty_texts,
    held_of,
    of_none,
    read_files,
    sweep,
    write_files,
    write_statement,
)
from storage.audit.archives import Archive, Archives, Facts, Statement, read_archives
from storage.audit.checkpoint import Checkpoint, Signer, Verifier, verify_note
from storage.audit.entry import decode
from storage.audit.findings import Finding
from storage.audit.kept import newest
from storage.audit.merkle import WIDTH, Frontier
from storage.audit.moving import erased_here, indexes_here, take_out, words_here
from storage.audit.passing import Progress
from storage.audit.privileges import may_archive
from storage.audit.ranges import stands_in, verify_part
from storage.audit.sealing import latest_checkpoint
from storage.audit.tables import ARCHIVES
from storage.audit.texts import erasures
from storage.audit.tiles import Tree, sealed
from storage.audit.vouched import NOT_OURS, is_ours, rely_on
from storage.database import Database
from storage.desk_acts import COUNTED_FOR
from storage.faults import AuditFault
from storage.macs import FOLLOWING, SENDING
from storage.micros import from_micros
from storage.words_needed import needed

# Of one archive: so few that its files can be looked at, and that nobody waits for one.
LARGEST = 64 * WIDTH
# Taken out or brought back in one transaction.
AT_ONCE = 4 * WIDTH


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is to be archived: the entries behind what is `there`, up to `end`, all verified. unfinished: archives whose
    entries were not all taken out, or were brought back since. unsent: the first entry that a SIEM has yet to take, if
    more would be archived without it.
    """

    there: Archives
    end: int
    unfinished: Sequence[Archive] = ()
    unsent: int | None = None

    @property
    def first(self) -> int:
        """The index of the first entry."""
        return self.there.end

    @property
    def parts(self) -> Iterator[tuple[int, int]]:
        """The ranges of the archives."""
        for first in range(self.first, self.end, LARGEST):
            yield first, min(self.end, first + LARGEST)


@dataclass(frozen=True, kw_only=True)
class TooYoung:
    """Entries may still be asked about that are younger than this."""

    latest: datetime


@dataclass(frozen=True, kw_only=True)
class NotSound:
    """Nothing is archived of a log with which something is wrong, or by a role that may not; `detail` says it."""

    detail: str


@dataclass(frozen=True, kw_only=True)
class Done:
    """archived: how many entries. gone: how many were taken out; stayed: how many of the archived were not. waiting:
    archives of before whose files are not in the folder, so that what stands here of them was left. of_none: files
    there that are of no archive.
    """

    archived: int
    gone: int
    stayed: int
    waiting: Sequence[Archive] = ()
    of_none: Sequence[Path] = ()


def look(
    tx: Session,
    verifier: Verifier,
    *,
    before: datetime,
    at: datetime,
    awaited: Collection[str] = (),
    tell: Progress | None = None,
) -> Plan | TooYoung | NotSound:
    """What would be archived of the entries that were written before then, and verifies them. at: now, aware UTC.

    awaited: what is to follow the log from its beginning though it may not have begun; nothing leaves before.
    """
    if before > at - YOUNGEST:
        return TooYoung(latest=at - YOUNGEST)
    if not may_archive(tx):
        return NotSound(detail=_NOT_THE_OWNER)
    if not is_ours(tx):
        return NotSound(detail=NOT_OURS)
    there = read_archives(tx, verifier)
    # What is stated by others counts for nothing and is in nobody's way, unless something went by it.
    if archives.gone_beyond(tx, there):
        return NotSound(detail=_STRANGE)
    note = latest_checkpoint(tx)
    kept = verify_note(note, verifier) if note else None
    covered = kept.size if isinstance(kept, Checkpoint) else 0
    old_enough, sent = _ends(tx, before, covered, awaited)
    end = max(there.end, min(old_enough, _whole(sent)))
    left = archives.left_of(tx, there)
    # Some were brought back for a SIEM that was set up since.
    unfinished = [one for one in left if one.end <= sent]
    waits = end < old_enough or len(unfinished) < len(left)
    plan = Plan(there=there, end=end, unfinished=unfinished, unsent=sent if waits else None)
    if note is None or plan.end == plan.first:
        return plan
    report = verify_part(tx, plan.first, plan.end, verifier=verifier, notes=[note], progress=tell)
    return plan if report.sound else NotSound(detail=report.conclusion)


_NOT_THE_OWNER = (
    "This role may take nothing out of the log. Run it as the role that owns the tables, as `wicket migrate`."
)
_RUN_AGAIN = "Nothing of it was archived. Run it again."
_STRANGE = (
    "Entries are missing that are archived by no statement that this key signed. If it is new, `wicket audit "
    "sign-archives` signs them anew; otherwise find out who took them out: `wicket audit verify` says which."
)


def _ends(tx: Session, before: datetime, covered: int, awaited: Collection[str]) -> tuple[int, int]:
    """Whole tiles of what is old enough, signed, and passed by all but the SIEM that follow the log; never its last
    entry. And where the SIEM stands; at the log's end where there is none.
    """
    size = log.head(tx).size
    old = log.first_since(tx, before)
    places = {
        name: streams.position(tx, name)
        for name in FOLLOWING
        if name in awaited or streams.has_begun(tx, name)
    }
    sent = places.pop(SENDING, size)
    end = _whole(min(size - 1, size if old is None else old, covered, sealed(tx), *places.values()))
    return end, sent


def _whole(end: int) -> int:
    return max(0, end - end % WIDTH)


def archive(database: Database, plan: Plan, *, folder: Path, signer: Signer, by: By, tell: Progress) -> Done:
    """Write each archive, verify its files, state it on the record, and take its entries out.

    It can be broken off at any moment and begun again. OSError where the folder cannot be written to; AuditFault where
    something is wrong with what was written, or somebody else writes there.
    """
    with alone_in(folder):
        return _archive(database, plan, folder=folder, signer=signer, by=by, tell=tell)


def _archive(database: Database, plan: Plan, *, folder: Path, signer: Signer, by: By, tell: Progress) -> Done:
    sweep(folder)
    done, waiting = Done(archived=0, gone=0, stayed=0), list[Archive]()
    for one in plan.unfinished:
        held = held_of(plan.there, one, folder)
        if isinstance(held, NotHeld):
            waiting.append(one)
        else:
            gone = _take_out(database, one, held, folder=folder, tell=tell)
            done = replace(done, gone=done.gone + gone)
    for first, end in plan.parts:
        one, held = _write(database, first, end, folder=folder, signer=signer, by=by)
        gone = _take_out(database, one, held, folder=folder, tell=tell)
        done = Done(
            archived=done.archived + end - first, gone=done.gone + gone, stayed=done.stayed + one.staying
        )
    there = database.read_now(lambda tx: read_archives(tx, signer.verifier))
    return replace(done, waiting=tuple(waiting), of_none=tuple(of_none(there, folder)))


def _write(
    database: Database, first: int, end: int, *, folder: Path, signer: Signer, by: By
) -> tuple[Archive, Held]:
    """The archive of this range, in its files and on the record, with nothing taken out yet."""
    files = ArchiveFiles(folder=folder, first=first, end=end)

    def copy(tx: Session) -> tuple[Archives, Frontier, bytes]:
        there = read_archives(tx, signer.verifier)
        _is_next(there, first)
        digest = write_files(files, log.every(tx, after=first - 1, below=end))
        return there, Tree(tx, end).frontier(end), digest

    there, tree, digest = database.read_now(copy)
    unsigned = Statement(
        log=signer.name, first=first, end=end, root=tree.root, until=there.until, leaves=digest, stay=b""
    )  # fmt: skip
    held = read_files(files, unsigned, there.frontier)
    if isinstance(held, NotHeld):
        raise AuditFault(f"{held.detail} Nothing of it was archived.")
    # What stands beside the leaves may have been changed since it was verified: they alone are what is signed for.
    until, briefs = there.until, list[Brief]()
    for index, said in enumerate(map(decode, held.leaves), start=first):
        until = max(until, from_micros(said["at"]))
        briefs.append(Brief(index, said["action"], said["correlation"]))
    made = database.write_now(
        partial(
            _state, unsigned=replace(unsigned, until=until), tree=tree, briefs=briefs, signer=signer, by=by,
            lacking=held.lacking, at=database.now(),
        )
    )  # fmt: skip
    return made, held


def _state(
    tx: Session,
    *,
    unsigned: Statement,
    tree: Frontier,
    briefs: Sequence[Brief],
    lacking: Lacking,
    signer: Signer,
    by: By,
    at: datetime,
) -> Archive:
    """Sign it, keep it and record it, if nobody was faster, it is what a checkpoint was signed for, and no words of it
    were lost since it was verified.
    """
    rely_on(tx)
    first, end = unsigned.first, unsigned.end
    _is_next(read_archives(tx, signer.verifier), first)
    if streams.has_begun(tx, SENDING) and (sent := streams.position(tx, SENDING)) < end:
        raise AuditFault(f"A SIEM was set up meanwhile and has yet to take entry {sent}. {_RUN_AGAIN}")
    note = latest_checkpoint(tx) or ""
    covers = stands_in(tx, tree, first, verify_note(note, signer.verifier), log.head(tx).size)
    if isinstance(covers, Finding):
        raise AuditFault(f"{covers.detail} Nothing of it was archived.")
    for index, name in _lost(tx, lacking):
        raise AuditFault(
            f"The {name} of entry {index} was taken out after it was verified, and no record says that it was erased. "
            "Nothing of it was archived."
        )
    open_ones = needed(tx, {one.story for one in briefs}, at=at, counted_since=at - COUNTED_FOR)
    stay = archives.bits(first, end, staying(briefs, open_ones))
    statement = replace(unsigned, stay=hashlib.sha256(stay).digest())
    made = Archive(statement=statement, note=statement.signed(signer), frontier=tree, stay=stay)
    archives.keep_archive(tx, made)
    record_archive(tx, archives.ARCHIVED, made, by=by, at=at, row=newest(tx, ARCHIVES))
    return made


def _is_next(there: Archives, first: int) -> None:
    if there.end != first:
        raise AuditFault(AT_THE_SAME_TIME)


def record_archive(
    tx: Session, action: str, one: Archive, *, by: By, at: datetime, row: Facts = NOTHING
) -> None:
    """Put on the record what became of an archive. row: what the log says of a row that states it, if one was kept."""
    record(
        tx, at=at, action=action, outcome="done", actor=OPERATOR, where=by.where, correlation=archives.STORY,
        facts={**archives.facts_of(one), **row},
        texts={"rationale": by.why, "by": by.name},
    )  # fmt: skip


def _take_out(database: Database, one: Archive, held: Held, *, folder: Path, tell: Progress) -> int:
    """Take out what its files hold; how many entries. AuditFault for words that are not there and were not erased."""
    files = ArchiveFiles(folder=folder, first=one.first, end=one.end)
    write_statement(files, one.note)
    if erased := database.read_now(partial(_erased_since, one=one, held=held)):
        empty_texts(files, erased)
    lost, gone = database.read_now(partial(_lost, lacking=held.lacking)), 0
    for first in range(one.first, one.end, AT_ONCE):
        end = min(one.end, first + AT_ONCE)
        stay = list(archives.staying(one, first, end))
        gone += database.write_now(partial(_some_out, first=first, end=end, stay=stay, held=held, lost=lost))
        tell(end, one.end)
    return gone


def _erased_since(tx: Session, *, one: Archive, held: Held) -> Mapping[tuple[int, str], str]:
    """What was erased here, on record, and stands in the file still. What else is empty here, others emptied.

    AuditFault where that record is not Wicket's alone: the files are beyond the reach of whoever writes it.
    """
    rely_on(tx)
    empty = {each: record for each, record in erased_here(tx, one.first, one.end).items() if held.has(*each)}
    on_record = erasures(tx, vouched_for=True) if empty else {}
    return {
        (index, name): record
        for (index, name), record in empty.items()
        if on_record.get((decode(held.leaves[index - one.first])["id"], name)) == record
    }


def _lost(tx: Session, lacking: Lacking) -> Sequence[tuple[int, str]]:
    """Those of which no record says that they were erased, by index and name."""
    on_record = erasures(tx) if lacking else {}
    return [(index, name) for (index, name), entry in lacking.items() if (entry, name) not in on_record]


def _some_out(
    tx: Session, *, first: int, end: int, stay: Sequence[int], held: Held, lost: Sequence[tuple[int, str]]
) -> int:
    """A line that its file lacks was taken out by law, or is lost; nobody but who erases the words here says which."""
    for index, name in words_here(tx, first, end, staying=stay):
        if not held.has(index, name):
            raise AuditFault(
                f"The {name} of entry {index} stands here and not in the archive's file of texts, so it was left. Put "
                "the file back as it was, or erase the text here too with `wicket audit erase --entry`."
            )
    here = indexes_here(tx, first, end) - set(stay) if lost else ()
    for index, name in lost:
        if index in here:
            raise AuditFault(
                f"The {name} of entry {index} stands neither here nor in the archive's file of texts, and no record "
                "says that it was erased, so the entry was left. Put the file back as it was, and see what `wicket "
                "audit verify` says."
            )
    return take_out(tx, first, end, staying=stay)
