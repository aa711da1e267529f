"""The texts of a policy set: the shipped files without what is replaced, and the files of a folder beside them.

It reads and parses them, and judges none.
"""

from collections.abc import Collection
from pathlib import Path

from handlers.decisions.statements import id_of, statements
from handlers.policies import shipped
from storage.faults import PolicyFault

# A file of policies that people read is a thousand times smaller.
LARGEST = 8 * 1024 * 1024


def sources_of(directory: Path | None, replaces: Collection[str]) -> dict[str, str]:
    """Policy files by name: the shipped ones without these @ids, and those of the folder.

    PolicyFault where no shipped policy has such an @id, or a file cannot be read.
    """
    found, _ = shipped()
    if replaces:
        found = _without(found, frozenset(replaces))
    return found if directory is None else {**found, **texts_of(directory, ".cedar", directory.name)}


def texts_of(folder: Path, ending: str, called: str) -> dict[str, str]:
    """The files of one folder, named with what it is called so that none is taken for a shipped one."""
    try:
        files = sorted(one for one in folder.iterdir() if one.name.endswith(ending) and one.is_file())
    except OSError as fault:
        raise PolicyFault(f"{folder} cannot be read: {fault.strerror}") from None
    return {(name := f"{called}/{one.name}"): text_of(one, name) for one in files}


def text_of(file: Path, name: str) -> str:
    """The text of one file. PolicyFault, with this name of it, where it cannot be read."""
    try:
        if (size := file.stat().st_size) > LARGEST:
            raise PolicyFault(f"{name}: has {size} bytes, and more than {LARGEST} are not read. Split it")
        read = file.read_bytes()
    except OSError as fault:
        raise PolicyFault(f"{name} cannot be read: {fault.strerror}") from None
    try:
        return read.decode("utf-8")
    except UnicodeDecodeError as fault:
        line = read[: fault.start].count(b"\n") + 1
        raise PolicyFault(f"{name}, line {line}: is not text in UTF-8. Save it as such") from None


def _without(sources: dict[str, str], replaced: frozenset[str]) -> dict[str, str]:
    """The files without these policies; the lines of what is left keep their numbers."""
    found, names = dict[str, str](), set[str]()
    for file, text in sources.items():
        kept = list[str]()
        for each in statements(file, text):
            names.add(name := id_of(each))
            kept.append("\n" * each.text.count("\n") if name in replaced else each.text)
        found[file] = "".join(kept)
    if left := sorted(replaced - names):
        raise PolicyFault(
            f"No shipped policy has the @id {', '.join(left)}, which is to be replaced. "
            "docs/policy.md lists those that there are"
        )
    return found
