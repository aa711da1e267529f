"""The policies and the cases that a command looks at: the shipped ones, and those of a directory of the operator's.

It asks and judges none of them, and starts nothing.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.policy_files import sources_of, text_of, texts_of
from handlers.decisions.cases import Case, Wrong, read_cases
from handlers.decisions.circumstances import Hours
from handlers.decisions.stated_facts import nearest
from handlers.policies import shipped, shipped_cases
from storage.catalogue import Catalogue
from storage.faults import PolicyFault

CASES = "cases"


@dataclass(frozen=True, kw_only=True)
class Rulebook:
    """sources: policy files by name. tables: tables of cases by name. catalogue: what cases may name; may be None.

    hours: the company's, for policies that ask; None where nobody said.
    """

    sources: Mapping[str, str]
    schema: str
    tables: Mapping[str, str]
    catalogue: Catalogue | None
    hours: Hours | None = None

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
            hours=self.hours,
        )

    def _table(self, name: str) -> tuple[str, str]:
        if name in self.tables:
            return name, self.tables[name]
        if not Path(name).is_file():
            raise PolicyFault(f"There is no table of cases {name}. {nearest(name, self.tables)}")
        return name, text_of(Path(name), name)


def rulebook(
    directory: Path | None = None,
    replaces: Collection[str] = (),
    catalogue: Catalogue | None = None,
    hours: Hours | None = None,
) -> Rulebook:
    """The shipped set, and what stands in a directory beside it.

    directory: its *.cedar are added, and its cases/*.toml: one called as a shipped table stands in its place.
    replaces: the @ids of shipped policies to leave out. PolicyFault where any of it cannot be read.
    """
    _, schema = shipped()
    tables = {f"{CASES}/{name}": text for name, text in shipped_cases().items()}
    if directory is not None:
        own = texts_of(directory / CASES, ".toml", CASES) if (directory / CASES).is_dir() else {}
        tables = {name: text for name, text in tables.items() if name not in own}
        tables |= {f"{directory.name}/{name}": text for name, text in own.items()}
    return Rulebook(
        sources=sources_of(directory, replaces),
        schema=schema,
        tables=tables,
        catalogue=catalogue,
        hours=hours,
    )
