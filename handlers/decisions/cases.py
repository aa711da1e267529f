"""Tables of cases: what is asked, and how policy has to answer; read from TOML, asked, and what they reached.

It reads no file, and takes no key that it does not know: a case with a typing error would prove nothing.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from handlers.decisions.policy import Action, PolicyDecision, PolicyEngine, Question
from handlers.decisions.stated_facts import Misstated, nearest, text
from handlers.decisions.stating import Cast, action_of, cast_from, known_facts, question_from, refuse_unknown
from handlers.decisions.toml_lines import Lines
from handlers.decisions.unknown import FACT_MISSING
from storage.catalogue import Catalogue

_TABLES = ("people", "entitlements", "owners", "defaults", "case")
_OF_A_CASE = ("name", "allow", "refuse")
_BEYOND = "Its tables are nested too deep, or a number in it is too long. Write it plainer"
_AT = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")


@dataclass(frozen=True, kw_only=True)
class Case:
    """One question, and the answer that it must have: allowed or not, by exactly these policies (sorted @ids).

    No ids: no policy applies, which refuses. line: where it stands, from 1.
    """

    file: str
    line: int
    name: str
    question: Question
    allowed: bool
    ids: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Wrong:
    """Why something in a table cannot be used. sentence: with how to mend it."""

    file: str
    line: int
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Answer:
    """How policy answered a case."""

    case: Case
    decision: PolicyDecision

    @property
    def holds(self) -> bool:
        """Whether it is the answer that the case expects, in full."""
        got = self.decision
        failed = bool(got.errors) and got.policy_ids != (FACT_MISSING,)
        return not failed and (got.allowed, got.policy_ids) == (self.case.allowed, self.case.ids)


@dataclass(frozen=True, kw_only=True)
class Reached:
    """How often one policy decided: in cases that were allowed, and in cases that were refused."""

    allowed: int = 0
    refused: int = 0


def read_cases(
    file: str, written: str, catalogue: Catalogue | None = None
) -> tuple[tuple[Case, ...], tuple[Wrong, ...]]:
    """The cases of one table, and what of it cannot be used. file: its name, for whoever mends it.

    catalogue: entitlements and owners that cases may name beside those that the table describes.
    """
    try:
        whole = tomllib.loads(written)
    except tomllib.TOMLDecodeError as fault:
        at = _AT.search(str(fault))
        line = int(at[1]) if at and at[1] else written.count("\n") + 1
        return (), (Wrong(file=file, line=line, sentence=f"{_AT.sub('', str(fault))}. It is not valid TOML"),)
    except (ValueError, RecursionError):
        return (), (Wrong(file=file, line=1, sentence=_BEYOND),)
    return _Table(file=file, whole=whole, lines=Lines(written)).read(catalogue)


def answered(policy: PolicyEngine, cases: Iterable[Case]) -> list[Answer]:
    """Each case put to policy, in order."""
    return [Answer(case=case, decision=policy.ask(case.question)) for case in cases]


def coverage(names: Iterable[str], answers: Sequence[Answer]) -> dict[str, Reached]:
    """How often each of these policies decided a case."""
    allowed, refused = (
        [name for one in answers if one.decision.allowed is way for name in one.decision.policy_ids]
        for way in (True, False)
    )
    return {name: Reached(allowed=allowed.count(name), refused=refused.count(name)) for name in names}


@dataclass(frozen=True, kw_only=True)
class _Table:
    file: str
    whole: Mapping[str, object]
    lines: Lines

    def read(self, catalogue: Catalogue | None) -> tuple[tuple[Case, ...], tuple[Wrong, ...]]:
        try:
            refuse_unknown(self.whole, _TABLES)
            cast, usual, rows = cast_from(self.whole, catalogue), self._defaults(), self._rows()
        except Misstated as wrong:
            return (), (self._wrong(wrong),)
        cases, wrongs = list[Case](), list[Wrong]()
        for at, row in enumerate(rows):
            try:
                case = self._case(at, row, usual, cast)
                if any(case.name == other.name for other in cases):
                    raise Misstated("has the name of a case before it", "name")
                cases.append(case)
            except Misstated as wrong:
                wrongs.append(self._wrong(wrong, "case", at))
        return tuple(cases), tuple(wrongs)

    def _defaults(self) -> Mapping[str, object]:
        usual = self.whole.get("defaults", {})
        if not isinstance(usual, Mapping):
            raise Misstated("must be a table. Write: [defaults]", "defaults")
        try:
            refuse_unknown(usual, frozenset[str]().union(*map(known_facts, Action)))
        except Misstated as wrong:
            raise wrong.under("defaults") from None
        return usual

    def _rows(self) -> list[Mapping[str, object]]:
        rows = self.whole.get("case", [])
        if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
            raise Misstated("must be a list of tables. Write: [[case]]", "case")
        return rows

    def _case(self, at: int, row: Mapping[str, object], usual: Mapping[str, object], cast: Cast) -> Case:
        stated = {key: value for key, value in row.items() if key not in _OF_A_CASE}
        known = known_facts(action_of({**usual, **stated}))
        refuse_unknown(row, known | {*_OF_A_CASE})
        # What is usual is said once for questions of every kind, and counts where it can be asked.
        question = question_from({**{k: v for k, v in usual.items() if k in known}, **stated}, cast)
        allowed, ids = _expected(row)
        name = text(row["name"], "name") if "name" in row else ""
        if not name.strip():
            raise Misstated('needs a name that says what must hold. Write: name = "…"')
        line = self.lines.of("case", at)
        return Case(file=self.file, line=line, name=name, question=question, allowed=allowed, ids=ids)

    def _wrong(self, wrong: Misstated, *above: str | int) -> Wrong:
        place = (*above, *wrong.place)
        about = ".".join(wrong.place) or "this case"
        return Wrong(file=self.file, line=self.lines.of(*place), sentence=f"{about}: {wrong.wrong}")


def _expected(row: Mapping[str, object]) -> tuple[bool, tuple[str, ...]]:
    """What `allow` or `refuse` says."""
    [*said] = [key for key in ("allow", "refuse") if key in row]
    if len(said) != 1:
        raise Misstated('says one of the two. Write: allow = ["the-policy"], or: refuse = []')
    ids = row[said[0]]
    if not isinstance(ids, list) or not all(isinstance(each, str) for each in ids):
        raise Misstated('must be a list of policies: ["one", "another"], or [] where none applies', said[0])
    if said[0] == "allow" and not ids:
        raise Misstated("must name a policy: where none applies, policy refuses", "allow")
    return said[0] == "allow", tuple(sorted(ids))


def strange_ids(case: Case, known: Iterable[str]) -> str:
    """A sentence about the policies that a case expects and that there are not; "" if there are all."""
    names = list(known)
    strange = [each for each in case.ids if each not in names]
    return " ".join(f"There is no policy `{each}`. {nearest(each, names)}" for each in strange)
