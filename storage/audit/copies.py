"""What stands beside a leaf, compared with it: the columns that copy it and the texts it commits to.

It only reads what it is handed, and trusts the leaf alone.
"""

from collections.abc import Callable, Iterator
from typing import Any

from storage.audit.entry import PREFIX, TEXT_ERASED, columns
from storage.audit.findings import Finding, about
from storage.audit.log import Row, StoredText
from storage.audit.salted import check_commitment
from storage.faults import AuditFault
from storage.identifiers import are_of

FindRow = Callable[[str], Row | None]


def contradictions(row: Row, find: FindRow | None) -> Iterator[Finding]:
    """What stands beside a sound leaf and contradicts it. find: looks up the entry that records an erasure."""
    try:
        said = row.said()
        copied = columns(said)
    except AuditFault as fault:
        yield about(row, "unreadable", f"Entry {row.id} at index {row.index} cannot be read: {fault}.")
        return
    for name, value in copied.items():
        if getattr(row, name) != value:
            yield about(
                row,
                "column",
                f"Column `{name}` of entry {row.id} at index {row.index} differs from its leaf.",
            )
    if not are_of(PREFIX, [said["id"]], [said["at"]]):
        # What happened when is found by ids (storage.audit.times): it would be told of no time, and counted in none.
        # And files are named by them.
        yield about(row, "column", f"The id of entry {row.id} at index {row.index} is none of its moment.")
    commitments: dict[str, Any] = said["texts"]
    for name in sorted(commitments.keys() | row.texts.keys()):
        wrong = _wrong_text(row, name, commitments.get(name), row.texts.get(name), find)
        if wrong:
            yield about(row, "text", f"The {name} of entry {row.id} at index {row.index} {wrong}.")


def _wrong_text(
    row: Row, name: str, committed: str | None, kept: StoredText | None, find: FindRow | None
) -> str | None:
    """What is wrong with one text, as the end of a sentence; None if nothing is."""
    if committed is None:
        return "was put there later"
    if kept is None:
        return "is missing"
    if kept.erased_by is not None and (kept.text is not None or kept.salt is not None):
        return "is said to be erased, and stands there"
    if kept.erased_by is not None:
        return (
            None
            if find is None or _on_record(row, name, find(kept.erased_by))
            else "was erased without a record"
        )
    if kept.text is None or kept.salt is None or not check_commitment(committed, kept.salt, kept.text):
        return "is not the text that was written"
    return None


def _on_record(row: Row, name: str, record: Row | None) -> bool:
    """Whether this entry records that the text was erased. That the entry itself is sound is seen at its own place."""
    try:
        said = record.said() if record else {}
    except AuditFault:
        return False
    facts = said.get("facts", {})
    return said.get("action") == TEXT_ERASED and (facts.get("entry"), facts.get("text")) == (row.id, name)
