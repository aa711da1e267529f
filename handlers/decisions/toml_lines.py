"""Where each table and key of a TOML text stands, which the standard library's reader does not tell.

It checks nothing: the text was read before, and what it does not find stands where what is around it does.
"""

import re

Place = tuple[str | int, ...]

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?")
_PART = r"(?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*')"
_KEY = re.compile(rf"(?:^|[{{,])\s*({_PART}(?:\s*\.\s*{_PART})*)\s*=")
_NAME = re.compile(_PART)
_MANY_LINES = re.compile(r'"""|\'\'\'')


class Lines:
    """The lines, from 1, of tables and keys by their place: ("case", 3, "what")."""

    def __init__(self, text: str) -> None:
        self._found: dict[Place, int] = {(): 1}
        self._read(text)

    def of(self, *place: str | int) -> int:
        """The line of a place; of what is around it where that is not found."""
        while place not in self._found:
            place = place[:-1]
        return self._found[place]

    def _read(self, text: str) -> None:
        table: Place = ()
        counted: dict[Place, int] = {}
        inside = False
        for number, line in enumerate(text.split("\n"), start=1):
            header = None if inside else _HEADER.fullmatch(line)
            if header is not None:
                table = _steps(header[2])
                if header[1] == "[[":
                    counted[table] = counted.get(table, -1) + 1
                    table = (*table, counted[table])
                self._at(table, number)
            elif not inside:
                self._keys(table, line, number)
            inside ^= len(_MANY_LINES.findall(line)) % 2 == 1

    def _keys(self, table: Place, line: str, number: int) -> None:
        """The key of the line, and those of a table in braces behind it."""
        first: Place = ()
        for key in _KEY.finditer(line):
            place = (*table, *first, *_steps(key[1]))
            self._at(place, number)
            first = first or _steps(key[1])

    def _at(self, place: Place, number: int) -> None:
        for length in range(1, len(place) + 1):
            self._found.setdefault(place[:length], number)


def _steps(written: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in _NAME.findall(written))
