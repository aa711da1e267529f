"""What was archived brought back into the store from its files, and statements of archives signed under a new key.

It believes no file that the statement does not bear out, and changes nothing that was signed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from sqlmodel import Session

from handlers.audit.archiving import AT_ONCE, record_archive
from handlers.intents import By
from handlers.recording import OPERATOR
from storage.audit import archives
from storage.audit import entry as audit
from storage.audit.archive_files import Held, NotHeld, held_of
from storage.audit.archives import SIGNED_ANEW, Archive, Archives, archived_tree, gone_of, read_archives
from storage.audit.checkpoint import Signer, Verifier
from storage.audit.kept import newest
from storage.audit.log import StoredText, append_each, head
from storage.audit.merkle import Frontier
from storage.audit.moving import bring_back, indexes_here
from storage.audit.passing import Progress
from storage.audit.tables import ARCHIVES
from storage.audit.texts import Erasures, erasures
from storage.audit.vouched import rely_on
from storage.database import Database, replica_of
from storage.faults import AuditFault
from storage.identifiers import new_ids

UNARCHIVED = "log.unarchived"


@dataclass(frozen=True, kw_only=True)
class BroughtBack:
    """archives: how many were brought back; wrong: a sentence for each whose files are not fit, which was left. erased:
    how many texts their files lacked, so that the record says now that they were erased.
    """

    archives: int
    wrong: Sequence[str] = ()
    erased: int = 0


def unarchive(database: Database, *, folder: Path, verifier: Verifier, by: By, tell: Progress) -> BroughtBack:
    """Bring back everything of which the files are in this folder. It can be broken off and begun again.

    AuditFault where the log is not Wicket's alone: by its record it is known what was erased.
    """
    there, gone = database.read_now(partial(_gone, verifier=verifier))
    done, erased, wrong = 0, 0, list[str]()
    for one in gone:
        held = held_of(there, one, folder)
        if isinstance(held, NotHeld):
            wrong.append(held.detail)
        else:
            erased += _bring_back(database, one, there.before(one), held, by, tell)
            done += 1
    return BroughtBack(archives=done, wrong=tuple(wrong), erased=erased)


def sign_anew(database: Database, *, signer: Signer, old: Verifier, by: By) -> int:
    """State every archive under the new key that the old one stated; how many.

    AuditFault if the store contradicts one of them, or the log tells of none: then nothing is signed.
    """
    return database.write_now(partial(_sign_anew, database=database, signer=signer, old=old, by=by))


def _gone(tx: Session, *, verifier: Verifier) -> tuple[Archives, list[Archive]]:
    rely_on(tx)
    there = read_archives(tx, verifier)
    return there, gone_of(tx, there)


def _bring_back(
    database: Database, one: Archive, before: Frontier, held: Held, by: By, tell: Progress
) -> int:
    """How many texts were put on record as erased."""

    def begin(tx: Session) -> tuple[Erasures, int]:
        rely_on(tx)
        record_archive(tx, UNARCHIVED, one, by=by, at=database.now())
        return erasures(tx, vouched_for=True), head(tx).size

    tree, lacking, begun = before, 0, database.write_now(begin)
    for first in range(0, len(held.leaves), AT_ONCE):
        some = held.leaves[first : first + AT_ONCE]
        tree, fresh = database.write_now(
            partial(
                _some_back, before=tree, leaves=some, texts=held.texts, begun=begun, by=by, database=database
            )
        )
        lacking += fresh
        tell(tree.size, one.end)
    return lacking


def _some_back(
    tx: Session,
    *,
    before: Frontier,
    leaves: Sequence[bytes],
    texts: Mapping[int, Mapping[str, StoredText]],
    begun: tuple[Erasures, int],
    by: By,
    database: Database,
) -> tuple[Frontier, int]:
    """The tree with these, and how many texts were put on record as erased.

    A text that its file lacks was erased there; the record says so, as of every text that is erased. One that was
    erased here stays so, whatever file it stands in still.

    begun: what was erased when this began, and how many entries there were.
    """
    rely_on(tx)
    before_that, size = begun
    # Somebody else may have brought some of it back, erased it there and taken it out since.
    erased = {**before_that, **erasures(tx, first=size, vouched_for=True)}
    here = indexes_here(tx, before.size, before.size + len(leaves))
    said = {
        index: audit.decode(leaf) for index, leaf in enumerate(leaves, start=before.size) if index not in here
    }
    whole: dict[int, dict[str, StoredText]] = {index: {} for index in said}
    unrecorded = list[tuple[int, str]]()
    for index, of_one in said.items():
        for name in sorted(of_one["texts"]):
            kept, record = texts.get(index, {}).get(name), erased.get((of_one["id"], name))
            if record is not None:
                whole[index][name] = StoredText(text=None, salt=None, erased_by=record)
            elif kept is None or kept.text is None:
                unrecorded.append((index, name))
            else:
                whole[index][name] = kept
    at = database.now()
    place = audit.Where(transport=by.where.transport, replica=replica_of(tx))
    fresh_records = [
        audit.Entry(
            id=fresh, at=at, action=audit.TEXT_ERASED, outcome="done", actor=OPERATOR, where=place,
            correlation=archives.STORY, facts={"entry": said[index]["id"], "text": name},
        )
        for fresh, (index, name) in zip(new_ids(audit.PREFIX, at, len(unrecorded)), unrecorded, strict=True)
    ]  # fmt: skip
    append_each(tx, fresh_records)
    for one, (index, name) in zip(fresh_records, unrecorded, strict=True):
        whole[index][name] = StoredText(text=None, salt=None, erased_by=one.id)
    return bring_back(tx, before, leaves, whole), len(fresh_records)


def _sign_anew(tx: Session, *, database: Database, signer: Signer, old: Verifier, by: By) -> int:
    rely_on(tx)
    there = read_archives(tx, old)
    # Whoever has the old key states what they like by it: that is believed only where it is on record who archived it.
    for one in archives.unrecorded(there, archives.recorded(tx)):
        raise AuditFault(
            f"The log does not say that anybody archived the entries {one.first} to {one.end - 1}, so that was stated "
            "by other hands. Nothing was signed."
        )
    for one in there.each:
        if archived_tree(tx, there, one.end) != one.frontier:
            raise AuditFault(
                "The tree that is stored here is not that of the archives. `wicket audit verify` says more."
            )
        statement = replace(one.statement, log=signer.name)
        archives.keep_archive(tx, replace(one, statement=statement, note=statement.signed(signer)))
        record_archive(tx, SIGNED_ANEW, one, by=by, at=database.now(), row=newest(tx, ARCHIVES))
    return len(there.each)
