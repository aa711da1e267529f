"""The files in which the rows of the catalogue stand: one file, a folder of them, or wicket.toml itself.

It judges no row.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot.settings.entries import ROWS
from bot.settings.problems import Problem
from bot.settings.reading import START, read_toml
from storage.faults import SettingsFault


def include_catalogue(data: dict[str, Any], folder: Path, problems: list[Problem]) -> list[Path]:
    """Bring in the rows of [catalogue] file and directory; the paths that they were looked for at."""
    section = data.get("catalogue")
    if not isinstance(section, Mapping):
        return []
    named = [
        (key, folder / value) for key in ("file", "directory") if isinstance(value := section.get(key), str)
    ]
    if named and (inline := [kind for kind in ROWS if kind in data]):
        wrong = f"names a {named[0][0]} while [[{inline[0]}]] stands here too"
        problems.append(
            Problem(name=f"catalogue.{named[0][0]}", wrong=wrong, mend="Keep all rows in one place.")
        )
        return []
    for key, path in named:
        for file in [path] if key == "file" else _files_in(path, problems):
            _include(data, key, file, problems)
    return [path.absolute() for _, path in named]


def _files_in(folder: Path, problems: list[Problem]) -> list[Path]:
    try:
        return sorted(one for one in folder.iterdir() if one.name.endswith(".toml") and one.is_file())
    except OSError as fault:
        wrong = f"cannot be used: {fault.strerror}"
        mend = "Name a folder with .toml files, or take the line away."
        problems.append(Problem(name="catalogue.directory", wrong=wrong, mend=mend))
        return []


def _include(data: dict[str, Any], key: str, file: Path, problems: list[Problem]) -> None:
    try:
        rows = read_toml(file, problems)
    except SettingsFault as fault:
        mend = str(fault).removesuffix(START).rstrip()
        problems.append(Problem(name=f"catalogue.{key}", wrong="cannot be used", mend=mend))
        return
    for kind, value in rows.items():
        if kind not in ROWS:
            mend = "Only [[owner]] and [[entitlement]] stand in a catalogue."
            problems.append(Problem(name=f"{file.name}: {kind}", wrong="does not belong there", mend=mend))
        elif isinstance(known := data.get(kind), list) and isinstance(value, list):
            data[kind] = [*known, *value]
        else:
            data[kind] = value
