"""The files in which the rows of the catalogue stand: one file, a folder of them, or wicket.toml itself.

It judges no row.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bot.settings.entries import ROWS, names_of_rows
from bot.settings.problems import Problem
from bot.settings.reading import START, read_toml
from storage.faults import SettingsFault


@dataclass(frozen=True, kw_only=True)
class Included:
    """paths: where rows were looked for. at: of each row, by kind and number, its file and, where sure, its line."""

    paths: list[Path] = field(default_factory=list)
    at: dict[tuple[str, int], str] = field(default_factory=dict)

    def placed(self, data: Mapping[str, Any], problems: Iterable[Problem]) -> list[Problem]:
        """The problems of rows with the places of those rows before them."""
        known: dict[str, list[str]] = {}
        for row, called in names_of_rows(data).items():
            if place := self.at.get((str(row[0]), int(row[1]))):
                known.setdefault(called, []).append(place)
        return [_placed(problem, known) for problem in problems]


def _placed(problem: Problem, known: Mapping[str, list[str]]) -> Problem:
    called = problem.name[: problem.name.find("]") + 1]
    places = known.get(called, ())
    return replace(problem, name=f"{' and '.join(places)}: {problem.name}") if places else problem


def include_catalogue(data: dict[str, Any], folder: Path, problems: list[Problem]) -> Included:
    """Bring in the rows of [catalogue] file and directory."""
    section = data.get("catalogue")
    if not isinstance(section, Mapping):
        return Included()
    named = [
        (key, folder / value) for key in ("file", "directory") if isinstance(value := section.get(key), str)
    ]
    if named and (inline := [kind for kind in ROWS if kind in data]):
        wrong = f"names a {named[0][0]} while [[{inline[0]}]] stands here too"
        problems.append(
            Problem(name=f"catalogue.{named[0][0]}", wrong=wrong, mend="Keep all rows in one place.")
        )
        return Included()
    included = Included(paths=[path.absolute() for _, path in named])
    for key, path in named:
        for file in [path] if key == "file" else _files_in(path, problems):
            _include(data, key, file, problems, included.at)
    return included


def _files_in(folder: Path, problems: list[Problem]) -> list[Path]:
    try:
        return sorted(one for one in folder.iterdir() if one.name.endswith(".toml") and one.is_file())
    except OSError as fault:
        wrong = f"cannot be used: {fault.strerror}"
        mend = "Name a folder with .toml files, or take the line away."
        problems.append(Problem(name="catalogue.directory", wrong=wrong, mend=mend))
        return []


def _include(
    data: dict[str, Any], key: str, file: Path, problems: list[Problem], at: dict[tuple[str, int], str]
) -> None:
    try:
        rows = read_toml(file, problems)
    except SettingsFault as fault:
        mend = str(fault).removesuffix(START).rstrip()
        problems.append(Problem(name=f"catalogue.{key}", wrong="cannot be used", mend=mend))
        return
    for kind, value in rows.items():
        if kind not in ROWS:
            mend = "Only [[owner]], [[entitlement]] and [[scope]] stand in a catalogue."
            problems.append(Problem(name=f"{file.name}: {kind}", wrong="does not belong there", mend=mend))
            continue
        known = data.get(kind)
        before = len(known) if isinstance(known, list) and isinstance(value, list) else 0
        data[kind] = [*known, *value] if before and known else value
        lines = _lines(file, kind)
        for number in range(len(value) if isinstance(value, list) else 0):
            line = f", line {lines[number]}" if len(lines) == len(value) else ""
            at[kind, before + number] = f"{file.name}{line}"


def _lines(file: Path, kind: str) -> list[int]:
    """The lines at which rows of this kind begin; too few or too many where they are not written as such."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return []
    heading = re.compile(rf"\s*\[\[\s*{kind}\s*\]\]")
    return [number for number, line in enumerate(text.splitlines(), 1) if heading.match(line)]
