"""A rulebook, checked: what is wrong with its policies and its tables, and which policies no case reaches.

It changes nothing, and leaves it to `wicket policy test` whether cases get their answer.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from bot.rulebook import Rulebook
from handlers.decisions.cases import Case, Wrong, answered, coverage
from handlers.decisions.cedar import CedarPolicy
from handlers.decisions.inspecting import Trouble, inspect
from storage.faults import PolicyFault

_PLACED = re.compile(r"(.+?), line (\d+)(?:, column (\d+))?: (.*)", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Checked:
    """troubles: all, in the order of the files. silent: the @ids of those that forbid without telling security."""

    troubles: tuple[Trouble, ...]
    silent: tuple[str, ...]
    policies: int
    files: int
    cases: int

    @property
    def failed(self) -> int:
        """How many failed."""
        return sum(one.level == "failed" for one in self.troubles)

    @property
    def warnings(self) -> int:
        """How many are warnings."""
        return len(self.troubles) - self.failed


def checked(book: Rulebook) -> Checked:
    """Look a rulebook through. PolicyFault where its schema itself will not do."""
    found = inspect(book.sources, book.schema)
    cases, wrongs = book.cases()
    troubles = [*found.troubles, *map(_of_a_table, wrongs)]
    if not any(one.level == "failed" for one in found.troubles):
        try:
            troubles += [found.unreached(name) for name in _unreached(book, cases)]
        except PolicyFault as fault:
            troubles.append(_of_loading(fault))
    return Checked(
        troubles=tuple(troubles),
        silent=found.silent,
        policies=len(found.places),
        files=len(book.sources),
        cases=len(cases),
    )


def _unreached(book: Rulebook, cases: Iterable[Case]) -> list[str]:
    policy = CedarPolicy.load(book.sources, book.schema, bound_to="", hours=book.hours)
    reached = coverage(policy.notes, answered(policy, cases))
    return [name for name, how in reached.items() if not how.allowed + how.refused]


def _of_loading(fault: PolicyFault) -> Trouble:
    """What loading says, where looking through found nothing: "FILE, line 3: what is wrong"."""
    placed = _PLACED.fullmatch(str(fault))
    file, line, column, wrong = placed.groups() if placed else ("", "1", None, str(fault))
    mend = "It is not loaded as it is."
    return Trouble(
        level="failed",
        file=file,
        line=int(line),
        column=int(column or 1),
        policy="",
        wrong=f"{wrong}.",
        mend=mend,
    )


def _of_a_table(wrong: Wrong) -> Trouble:
    sentence, _, mend = wrong.sentence.partition(". ")
    return Trouble(
        level="failed", file=wrong.file, line=wrong.line, column=1, policy="", wrong=f"{sentence.rstrip('.')}.",
        mend=mend,
    )  # fmt: skip
