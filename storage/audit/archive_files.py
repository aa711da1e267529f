"""The files of an archive: every leaf of a range on a line of its own, and the free texts beside them.

They are written whole or not at all, and nothing in them is believed that the signed statement does not bear out.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storage.audit.archives import Archive, Archives, Statement
from storage.audit.entry import columns, decode
from storage.audit.log import Row, StoredText
from storage.audit.merkle import Frontier, leaf_hash
from storage.audit.salted import check_commitment
from storage.faults import AuditFault

_AT_ONCE = 256


@dataclass(frozen=True, kw_only=True)
class ArchiveFiles:
    """Where the archive of the entries from `first` up to `end` stands in a folder.

    leaves: exactly as `wicket audit leaves` writes them, so that files one behind the other are the log. texts: may be
    emptied by law, without a leaf or a signature being changed. statement: the signed note.
    """

    folder: Path
    first: int
    end: int

    @property
    def leaves(self) -> Path:
        """One leaf a line."""
        return self._named("leaves", "jsonl")

    @property
    def texts(self) -> Path:
        """One text a line, with its salt."""
        return self._named("texts", "jsonl")

    @property
    def statement(self) -> Path:
        """What was signed."""
        return self._named("statement", "txt")

    def _named(self, what: str, kind: str) -> Path:
        return self.folder / f"audit-{self.first:012}-{self.end - 1:012}.{what}.{kind}"


def write_files(files: ArchiveFiles, rows: Iterable[Row]) -> bytes:
    """Write leaves and texts, on disk before this returns; the SHA-256 of the leaves' file.

    OSError if they cannot be written, AuditFault if something else stands there.
    """
    digest = hashlib.sha256()
    leaves, texts = _beside(files.leaves), _beside(files.texts)
    try:
        with leaves.open("xb") as of_leaves, texts.open("xb") as of_texts:
            for row in rows:
                line = row.leaf + b"\n"
                digest.update(line)
                of_leaves.write(line)
                for name, kept in sorted(row.texts.items()):
                    of_texts.write(_line(row, name, kept))
            for file in (of_leaves, of_texts):
                file.flush()
                os.fsync(file.fileno())
        _put_there(leaves, files.leaves, digest.digest())
        texts.replace(files.texts)
        _settle(files.folder)
    finally:
        for unfinished in (leaves, texts):
            unfinished.unlink(missing_ok=True)
    return digest.digest()


def write_statement(files: ArchiveFiles, note: str) -> None:
    """Put the signed statement beside them. OSError if it cannot be written."""
    made = _beside(files.statement)
    try:
        with made.open("xb") as file:
            file.write(note.encode())
            file.flush()
            os.fsync(file.fileno())
        made.replace(files.statement)
        _settle(files.folder)
    finally:
        made.unlink(missing_ok=True)


def files_of(there: Archives, one: Archive, folder: Path) -> ArchiveFiles | str:
    """The files of an archive in a folder, if they are those that it was signed for; otherwise what is wrong."""
    files = ArchiveFiles(folder=folder, first=one.first, end=one.end)
    return check_files(files, one.statement, there.before(one)) or files


def find_archived(there: Archives, folder: Path, named: str) -> Row | str | None:
    """The entry with this id, or at this index, as its archive has it; what is wrong with that, or None."""
    for one in there.each:
        if named.isdigit() and not one.first <= int(named) < one.end:
            continue
        files = files_of(there, one, folder)
        if isinstance(files, str):
            return files
        for index, leaf in enumerate(each_leaf(files), start=one.first):
            if named in (str(index), decode(leaf)["id"]):
                beside: dict[str, Any] = columns(decode(leaf))
                return Row(index=index, leaf=leaf, leaf_hash=leaf_hash(leaf), root=b"", **beside)
    return None


def check_files(files: ArchiveFiles, statement: Statement, before: Frontier) -> str | None:
    """What is wrong with them, as a sentence; None if they are those that the statement was signed for.

    before: the tree over what stands before them.
    """
    try:
        if _digest(files.leaves) != statement.leaves:
            return f"{files.leaves} is not the file that the archive was signed for."
        tree, some = before, list[bytes]()
        for leaf in each_leaf(files):
            some.append(leaf_hash(leaf))
            if len(some) == _AT_ONCE:
                tree, some = tree.extend(some)[0], []
        tree = tree.extend(some)[0]
        if (tree.size, tree.root) != (statement.end, statement.root):
            return f"{files.leaves} does not lead to the root that the archive was signed for."
        return _wrong_text(files)
    except FileNotFoundError as fault:
        return f"{fault.filename} is not there."
    except AuditFault as fault:
        return str(fault)


def each_leaf(files: ArchiveFiles) -> Iterator[bytes]:
    """The leaves, in order. FileNotFoundError where the file is not there."""
    with files.leaves.open("rb") as file:
        for line in file:
            yield line.removesuffix(b"\n")


def each_text(files: ArchiveFiles) -> Iterator[tuple[int, str, StoredText]]:
    """Index, name and text of each that is there, in order. AuditFault for a line that is none."""
    with files.texts.open("rb") as file:
        for number, line in enumerate(file, start=1):
            read = _read(line)
            if read is None:
                raise AuditFault(f"Line {number} of {files.texts} is no text of an entry.")
            yield read


def texts_by_index(files: ArchiveFiles, indexes: range) -> Mapping[int, Mapping[str, StoredText]]:
    """The texts of these entries, by index and name."""
    found: dict[int, dict[str, StoredText]] = {}
    for index, name, kept in each_text(files):
        if index in indexes:
            found.setdefault(index, {})[name] = kept
    return found


def _wrong_text(files: ArchiveFiles) -> str | None:
    """A text that is not what its leaf commits to. One that is missing was erased."""
    leaves = enumerate(each_leaf(files), start=files.first)
    committed: Mapping[str, str] = {}
    index = -1
    for place, name, kept in each_text(files):
        while index < place < files.end:
            index, leaf = next(leaves)
            committed = decode(leaf)["texts"] if index == place else {}
        if index != place or name not in committed:
            return f"{files.texts} holds a text for entry {place} that the entry does not have."
        erased = kept.erased_by is not None and kept.text is None and kept.salt is None
        said = kept.text is not None and kept.salt is not None and kept.erased_by is None
        if not erased and not (said and check_commitment(committed[name], kept.salt or b"", kept.text or "")):
            return f"The {name} of entry {place} in {files.texts} is not the text that was written."
    return None


def _line(row: Row, name: str, kept: StoredText) -> bytes:
    said = {
        "index": row.index, "name": name, "text": kept.text, "salt": kept.salt and kept.salt.hex(),
        "erased_by": kept.erased_by,
    }  # fmt: skip
    return json.dumps(said, separators=(",", ":")).encode() + b"\n"


def _read(line: bytes) -> tuple[int, str, StoredText] | None:
    try:
        said: Any = json.loads(line)
        salt = said["salt"] and bytes.fromhex(said["salt"])
        index, name, text, erased_by = said["index"], said["name"], said["text"], said["erased_by"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    if type(index) is not int or not isinstance(name, str):
        return None
    if not all(one is None or isinstance(one, str) for one in (text, erased_by)):
        return None
    return index, name, StoredText(text=text, salt=salt, erased_by=erased_by)


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}")


def _put_there(made: Path, path: Path, digest: bytes) -> None:
    """What a run that was broken off left is the same; anything else is somebody's only copy."""
    if path.exists() and _digest(path) != digest:
        raise AuditFault(
            f"{path} is there already and holds something else. Nothing was archived: give another folder."
        )
    made.replace(path)


def _settle(folder: Path) -> None:
    """Have the names on disk, too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
