"""The policies and the catalogue that a Wicket with these settings goes by: found, read, checked and put together.

It asks them nothing and holds none of them.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from bot.settings import Settings
from handlers.decisions.cedar import CedarPolicy
from handlers.decisions.composition import Composition
from handlers.decisions.statements import id_of, statements
from handlers.policies import shipped
from handlers.rules import Rules
from storage.catalogue import Catalogue
from storage.faults import PolicyFault

# A file of policies that people read is a thousand times smaller.
_LARGEST = 8 * 1024 * 1024


def load_policy(settings: Settings) -> CedarPolicy:
    """The policies alone. PolicyFault if they will not do."""
    return _policy(sources_of(settings), settings.catalogue, settings)


def load_rules(
    settings: Settings, running: Settings | None = None, catalogue: Catalogue | None = None
) -> Rules:
    """All that decides by these settings. PolicyFault if it will not do.

    running: those that the bot runs by, where these were read anew: of the new ones only policies and catalogue count.
    catalogue: theirs, with what was discovered beside it.
    """
    return rules_of(sources_of(settings), catalogue or settings.catalogue, running or settings)


def rules_of(sources: Mapping[str, str], catalogue: Catalogue, running: Settings) -> Rules:
    """Of policies and a catalogue that were read, by the settings that the bot runs by."""
    if strange := sorted(
        {one.directory for one in catalogue.entitlements.values()} - running.directories.keys()
    ):
        raise PolicyFault(
            f"the catalogue names the directory {strange[0]}, which this process does not know: restart it"
        )
    policy = _policy(sources, catalogue, running)
    texts = {name: note.text.strip() for name, note in policy.notes.items()}
    return Rules(
        policy=policy,
        catalogue=catalogue,
        sources=sources,
        composition=Composition.of(texts, catalogue, running.bearing_on_security),
    )


def _policy(sources: Mapping[str, str], catalogue: Catalogue, running: Settings) -> CedarPolicy:
    """Bound to the catalogue and to the settings that bear on security."""
    return CedarPolicy.load(sources, shipped()[1], bound_to=f"{catalogue.digest}:{running.security_digest}")


def sources_of(settings: Settings) -> dict[str, str]:
    """The shipped files, without what yours replace, and yours, by name."""
    ours, _ = shipped()
    section = settings.policy
    left = set(section.replaces)
    found = {file: _without(file, text, left) for file, text in ours.items()} if left else ours
    if left:
        raise PolicyFault(
            f"[policy] replaces names {', '.join(sorted(left))}, and no shipped policy has that @id. "
            "`wicket check` lists those that there are"
        )
    return found if section.directory is None else {**found, **_own(section.directory)}


def _without(file: str, text: str, left: set[str]) -> str:
    """A shipped file without these policies; its lines keep their numbers. What is found is taken out of `left`."""
    named, kept = frozenset(left), list[str]()
    for statement in statements(file, text):
        name = id_of(statement)
        if name in named:
            left.discard(name)
            kept.append("\n" * statement.text.count("\n"))
        else:
            kept.append(statement.text)
    return "".join(kept)


def _own(folder: Path) -> dict[str, str]:
    """The files of one folder, named with it so that none is taken for a shipped one."""
    try:
        files = sorted(one for one in folder.iterdir() if one.name.endswith(".cedar") and one.is_file())
        return {f"{folder.name}/{one.name}": _text(one, folder) for one in files}
    except OSError as fault:
        raise PolicyFault(f"[policy] directory: {folder} cannot be read: {fault.strerror}") from None


def _text(file: Path, folder: Path) -> str:
    name = f"{folder.name}/{file.name}"
    if (size := file.stat().st_size) > _LARGEST:
        raise PolicyFault(f"{name}: has {size} bytes, and more than {_LARGEST} are not read. Split it")
    read = file.read_bytes()
    try:
        return read.decode("utf-8")
    except UnicodeDecodeError as fault:
        line = read[: fault.start].count(b"\n") + 1
        raise PolicyFault(f"{name}, line {line}: is not text in UTF-8. Save it as such") from None


def fingerprint(paths: Iterable[Path]) -> str:
    """SHA-256 (hex) of the content of these files, and of the .toml and .cedar files in these folders.

    What cannot be read counts as such: it is another content than what could be.
    """
    whole = hashlib.sha256()
    for path in _each(paths):
        whole.update(f"\0{path}\0".encode("utf-8", "surrogateescape"))
        try:
            whole.update(path.read_bytes())
        except OSError as fault:
            whole.update(f"\0{fault.errno}".encode())
    return whole.hexdigest()


def _each(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            try:
                yield from sorted(one for one in path.iterdir() if one.suffix in (".cedar", ".toml"))
            except OSError:
                yield path
        else:
            yield path
