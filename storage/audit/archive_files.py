"""The files of an archive: every leaf of a range on a line of its own, and the free texts beside them.

They are written whole or not at all, and nothing in them is believed that the signed statement does not bear out.
"""

import errno
import fcntl
import hashlib
import json
import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property, partial
from io import BufferedReader
from pathlib import Path
from secrets import token_hex
from typing import IO, Any

from storage.audit.archives import Archive, Archives, Statement
from storage.audit.entry import columns, decode
from storage.audit.log import Row, StoredText, as_index
from storage.audit.merkle import Frontier, leaf_hash
from storage.audit.salted import check_commitment
from storage.engine.backup import settle
from storage.faults import AuditFault

_NAME = r"audit-(\d{12,})-(\d{12,})\.(leaves\.jsonl|texts\.jsonl|statement\.txt)"
_WHOLE, _BEGUN = re.compile(_NAME), re.compile(rf"\.{_NAME}\.[0-9a-f]{{8}}")
AT_THE_SAME_TIME = "Somebody else archives at the same time. Run it again."
# So a leaf says that it commits to no words; within a name or a fact the quotation marks would be escaped.
_NO_TEXTS = b'"texts":{}'
# Of a line, in bytes: no leaf and no text is nearly so long.
_LONGEST = 1 << 24
# A text that is empty there: what the file names as the record of that is not believed.
_ERASED = StoredText(text=None, salt=None, erased_by=None)


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


Lacking = Mapping[tuple[int, str], str]
"""Words by index and name: the id of the entry that commits to them."""


@dataclass(frozen=True, kw_only=True)
class Held:
    """What the files of an archive hold that begins at `first`, as it was found to be what was signed. The files are
    not read again: whoever can write them could have changed them since.

    texts: by index and name. One that is missing, or empty, was erased, or is lost.
    """

    first: int
    leaves: Sequence[bytes]
    texts: Mapping[int, Mapping[str, StoredText]]

    def has(self, index: int, name: str) -> bool:
        """Whether these words are there."""
        kept = self.texts.get(index, {}).get(name)
        return kept is not None and kept.text is not None

    @cached_property
    def lacking(self) -> Lacking:
        """The words that its leaves commit to and that are not there."""
        leaves = enumerate(self.leaves, start=self.first)
        said = ((index, decode(leaf)) for index, leaf in leaves if _NO_TEXTS not in leaf)
        return {
            (index, name): str(each["id"])
            for index, each in said
            for name in each["texts"]
            if not self.has(index, name)
        }


@dataclass(frozen=True, kw_only=True)
class NotHeld:
    """Why the files of an archive are of no use; `detail` is a sentence. at_hand: they are there, and are not what was
    signed.
    """

    detail: str
    at_hand: bool = True


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold a folder against another run that archives into it: of two that write one file the later one would put words
    back that were erased meanwhile. AuditFault if one does. Not every file system can; whoever runs elsewhere is not
    seen either.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with suppress(OSError):
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise AuditFault(AT_THE_SAME_TIME) from None
        yield
    finally:
        os.close(handle)


def sweep(folder: Path) -> None:
    """Take away what runs that were killed left half written there: what people typed stands in it."""
    for path in folder.iterdir():
        if not _BEGUN.fullmatch(path.name):
            continue
        with suppress(OSError):  # of another's that runs still, or gone meanwhile
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()
            finally:
                os.close(handle)


def of_none(there: Archives, folder: Path) -> list[Path]:
    """The files in a folder that are called like those of an archive and are of none of these, in order."""
    known = {(one.first, one.end - 1) for one in there.each}
    named = ((path, _WHOLE.fullmatch(path.name)) for path in sorted(folder.iterdir()))
    return [path for path, found in named if found and (int(found[1]), int(found[2])) not in known]


def write_files(files: ArchiveFiles, rows: Iterable[Row]) -> bytes:
    """Write leaves and texts, on disk before this returns; the SHA-256 of the leaves' file.

    OSError if they cannot be written, AuditFault if something else stands there.
    """
    digest = hashlib.sha256()
    leaves, texts = _beside(files.leaves), _beside(files.texts)
    try:
        with _naming(files.folder), _made(leaves) as of_leaves, _made(texts) as of_texts:
            for row in rows:
                line = row.leaf + b"\n"
                digest.update(line)
                of_leaves.write(line)
                for name, kept in sorted(row.texts.items()):
                    of_texts.write(_line(row.index, name, kept))
            for file in (of_leaves, of_texts):
                _on_disk(file)
        _put_there(leaves, files.leaves, digest.digest())
        texts.replace(files.texts)
        settle(files.folder)
    finally:
        for unfinished in (leaves, texts):
            unfinished.unlink(missing_ok=True)
    return digest.digest()


def empty_texts(files: ArchiveFiles, erased: Mapping[tuple[int, str], str]) -> None:
    """Take the words out that were erased since they were written there, whole or not at all. OSError if it cannot be.

    erased: by index and name, the id of the entry that records it.
    """
    with _opened(files.texts) as held, _anew(files.texts) as file:
        for line in _lines(held):
            read = _read(line)
            record = erased.get(read[:2]) if read else None
            if read and record:
                empty = StoredText(text=None, salt=None, erased_by=record)
                line = _line(read[0], read[1], empty)
            file.write(line)


def write_statement(files: ArchiveFiles, note: str) -> None:
    """Put the signed statement beside them, if it is not there. OSError if it cannot be written."""
    said = note.encode()
    with suppress(FileNotFoundError), _opened(files.statement) as file:
        if file.read(len(said) + 1) == said:
            return
    with _anew(files.statement) as file:
        file.write(said)


def held_of(there: Archives, one: Archive, folder: Path) -> Held | NotHeld:
    """What the files of an archive in a folder hold, if it is what it was signed for; otherwise what is wrong."""
    files = ArchiveFiles(folder=folder, first=one.first, end=one.end)
    return read_files(files, one.statement, there.before(one))


def find_archived(there: Archives, folder: Path, named: str) -> Row | NotHeld | None:
    """The entry with this id, or at this index, as its archive has it; what is wrong with that, or None."""
    wanted, wrong = as_index(named), list[NotHeld]()
    for one in there.each:
        if wanted is not None and not one.first <= wanted < one.end:
            continue
        held = held_of(there, one, folder)
        if isinstance(held, NotHeld):
            wrong.append(held)  # it may be in another, whose files are there
            continue
        for index, leaf in enumerate(held.leaves, start=one.first):
            if named in (str(index), decode(leaf)["id"]):
                beside: dict[str, Any] = columns(decode(leaf))
                return Row(index=index, leaf=leaf, leaf_hash=leaf_hash(leaf), root=b"", **beside)
    return next(iter(wrong), None)


def read_files(files: ArchiveFiles, statement: Statement, before: Frontier) -> Held | NotHeld:
    """What they hold, if it is what the statement was signed for; otherwise what is wrong.

    before: the tree over what stands before them.
    """
    try:
        leaves = _leaves(files, statement.leaves)
        if leaves is None:
            return NotHeld(detail=f"{files.leaves} is not the file that the archive was signed for.")
        tree = before.extend([leaf_hash(leaf) for leaf in leaves])[0]
        if (tree.size, tree.root) != (statement.end, statement.root):
            return NotHeld(
                detail=f"{files.leaves} does not lead to the root that the archive was signed for."
            )
        return Held(first=files.first, leaves=leaves, texts=_texts(files, leaves))
    except FileNotFoundError as fault:
        return NotHeld(
            detail=f"{fault.filename} is not there. Give the folder in which the files of the archives are.",
            at_hand=False,
        )
    except OSError as fault:
        return NotHeld(detail=f"{fault.filename} cannot be read: {fault.strerror}.", at_hand=False)
    except AuditFault as fault:
        return NotHeld(detail=str(fault))


def _leaves(files: ArchiveFiles, signed: bytes) -> Sequence[bytes] | None:
    """The leaves, if the SHA-256 of the file is what was signed; None if not. Only then are they taken into memory."""
    with _opened(files.leaves) as file:
        if hashlib.file_digest(file, "sha256").digest() != signed:
            return None
        size = file.tell()
        file.seek(0)
        # Once more, of what is kept: whoever can write the file may do so meanwhile.
        digest, leaves = hashlib.sha256(), list[bytes]()
        while size > 0 and (line := file.readline(size)):
            digest.update(line)
            leaves.append(line.removesuffix(b"\n"))
            size -= len(line)
        return leaves if digest.digest() == signed else None


def _texts(files: ArchiveFiles, leaves: Sequence[bytes]) -> Mapping[int, Mapping[str, StoredText]]:
    """The texts that are there. AuditFault for one that is not what its leaf commits to, or does not follow."""
    found: dict[int, dict[str, StoredText]] = {}
    committed: Mapping[str, str] = {}
    last = -1
    with _opened(files.texts) as file:
        for number, line in enumerate(_lines(file), start=1):
            read = _read(line)
            if read is None:
                raise AuditFault(f"Line {number} of {files.texts} is no text of an entry.")
            index, name, kept = read
            if last < index and files.first <= index < files.end:
                last, committed = index, decode(leaves[index - files.first])["texts"]
            if index != last or name not in committed or name in found.get(index, {}):
                raise AuditFault(
                    f"{files.texts} holds a text for entry {index} that the entry does not have."
                )
            erased = kept.erased_by is not None and kept.text is None and kept.salt is None
            said = kept.text is not None and kept.salt is not None and kept.erased_by is None
            fits = said and check_commitment(committed[name], kept.salt or b"", kept.text or "")
            if not erased and not fits:
                raise AuditFault(
                    f"The {name} of entry {index} in {files.texts} is not the text that was written."
                )
            found.setdefault(index, {})[name] = kept if said else _ERASED
    return found


def _line(index: int, name: str, kept: StoredText) -> bytes:
    said = {
        "index": index, "name": name, "text": kept.text, "salt": kept.salt and kept.salt.hex(),
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


def _opened(path: Path) -> BufferedReader:
    """To be read. OSError for what is no file of bytes: a pipe would be waited for, and a device has no end."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    kind = os.fstat(handle).st_mode
    if stat.S_ISREG(kind):
        return os.fdopen(handle, "rb")
    os.close(handle)
    if stat.S_ISDIR(kind):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    raise OSError(errno.EINVAL, "it is no plain file", str(path))


def _digest(path: Path) -> bytes:
    with _opened(path) as file:
        return hashlib.file_digest(file, "sha256").digest()


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{token_hex(4)}")


@contextmanager
def _anew(path: Path) -> Iterator[IO[bytes]]:
    """To write a file anew, in the place of what is there: on disk and whole afterwards, or as it was."""
    beside = _beside(path)
    try:
        with _naming(path), _made(beside) as file:
            yield file
            _on_disk(file)
        beside.replace(path)
        settle(path.parent)
    finally:
        beside.unlink(missing_ok=True)


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Say what it was that could not be written: of a full disk the system says no more than that."""
    try:
        yield
    except OSError as fault:
        if fault.filename is None:
            fault.filename = str(path)
        raise


def _made(path: Path) -> IO[bytes]:
    """A new file for its owner's eyes alone: what people typed stands in it."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with suppress(OSError):  # not every file system can; then nothing sweeps it away either
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return os.fdopen(handle, "wb")


def _on_disk(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    return iter(partial(file.readline, _LONGEST), b"")


def _put_there(made: Path, path: Path, digest: bytes) -> None:
    """What a run that was broken off left is the same; anything else is somebody's only copy."""
    if path.exists() and _digest(path) != digest:
        raise AuditFault(
            f"{path} is there already and holds something else. Nothing was archived: give another folder."
        )
    made.replace(path)
