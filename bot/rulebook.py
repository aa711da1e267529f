"""The policies and the cases that a command looks at: the shipped ones, and those of a directory of the operator's.

It asks and judges none of them, and starts nothing.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from handlers.decisions.cases import Case, Wrong, read_cases
from handlers.decisions.stated_facts import nearest
from handlers.decisions.statements import statements
from handlers.policies import shipped, shipped_cases
from storage.catalogue import Catalogue
from storage.faults import PolicyFault

CASES = "cases"


@dataclass(frozen=True, kw_only=True)
class Rulebook:
    """sources: policy files by name. tables: tables of cases by name. catalogue: what cases may name; may be None."""

    sources: Mapping[str, str]
    schema: str
    tables: Mapping[str, str]
    catalogue: Catalogue | None

    def cases(self) -> tuple[list[Case], list[Wrong]]:
        """All cases, and what of the tables cannot be used."""
        cases, wrongs = list[Case](), list[Wrong]()
        for file, text in self.tables.items():
            found, wrong = read_cases(file, text, self.catalogue)
            cases += found
            wrongs += wrong
        return cases, wrongs

    def of_tables(self, named: Sequence[str]) -> "Rulebook":
        """The same with these tables alone: by name, or as files. PolicyFault where one is neither."""
        return Rulebook(
            sources=self.sources,
            schema=self.schema,
            tables=dict(self._table(name) for name in named),
            catalogue=self.catalogue,
        )

    def _table(self, name: str) -> tuple[str, str]:
        if name in self.tables:
            return name, self.tables[name]
        if not Path(name).is_file():
            raise PolicyFault(f"There is no table of cases {name}. {nearest(name, self.tables)}")
        return name, _text(Path(name))


def rulebook(
    directory: Path | None = None, replaces: Collection[str] = (), catalogue: Catalogue | None = None
) -> Rulebook:
    """The shipped set, and what stands in a directory beside it.

    directory: its *.cedar are added, and its cases/*.toml: one called as a shipped table stands in its place.
    replaces: the @ids of shipped policies to leave out. PolicyFault where any of it cannot be read.
    """
    sources, schema = shipped()
    sources = _without(sources, replaces)
    tables = {f"{CASES}/{name}": text for name, text in shipped_cases().items()}
    if directory is not None:
        sources |= _texts(directory, ".cedar", directory.name)
        own = _texts(directory / CASES, ".toml", CASES) if (directory / CASES).is_dir() else {}
        tables = {name: text for name, text in tables.items() if name not in own}
        tables |= {f"{directory.name}/{name}": text for name, text in own.items()}
    return Rulebook(sources=sources, schema=schema, tables=tables, catalogue=catalogue)


def _without(sources: Mapping[str, str], replaced: Collection[str]) -> dict[str, str]:
    """The files without these policies; what is left keeps its lines."""
    left = set(replaced)

    def kept(text: str) -> str:
        named = [name for name in replaced if f'@id("{name}")' in text]
        left.difference_update(named)
        return "\n" * text.count("\n") if named else text

    found = {
        file: "".join(kept(each.text) for each in statements(file, text)) for file, text in sources.items()
    }
    if left:
        raise PolicyFault(f"No shipped policy has the @id {', '.join(sorted(left))}. See: wicket policy show")
    return found


def _texts(folder: Path, ending: str, called: str) -> dict[str, str]:
    try:
        files = sorted(one for one in folder.iterdir() if one.name.endswith(ending) and one.is_file())
    except OSError as fault:
        raise PolicyFault(f"{folder} cannot be read: {fault.strerror}.") from None
    return {f"{called}/{one.name}": _text(one) for one in files}


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise PolicyFault(f"{file} is not text in UTF-8. Save it as such.") from None
    except OSError as fault:
        raise PolicyFault(f"{file} cannot be read: {fault.strerror}.") from None
