"""What the commands about policy print: troubles, cases that got another answer, coverage, and the same as JSON.

It finds nothing itself. What others wrote is shown literally, and nothing in it reaches the terminal as a command.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import groupby
from typing import Any

from rich.console import Console
from rich.text import Text

from bot.cli.tables import show
from bot.policy_check import Checked
from bot.slack.words import visible
from handlers.decisions.cases import Answer, Reached, strange_ids
from handlers.decisions.facts import Json, put_whole
from handlers.decisions.statements import PolicyNote
from handlers.policies import shipped

_LOOKS = {"warning": ("!", "yellow"), "failed": ("✗", "red"), "ok": ("✓", "green")}
_WORDS = {True: "allow", False: "refuse"}


def show_check(report: Checked) -> None:
    """Each trouble with its place first, what to do below it, and the count."""
    console = _console()
    for one in report.troubles:
        symbol, colour = _LOOKS[one.level]
        text = Text(f"{symbol} {one.level:<7}", style=colour)
        about = f"policy {one.policy}: " if one.policy else ""
        text.append(f"  {visible(one.where)}  {visible(f'{about}{one.wrong}')}", style="default")
        console.print(text)
        if one.mend:
            console.print(Text(f"             → {visible(one.mend)}"))
    if report.silent:
        names = ", ".join(report.silent)
        console.print(Text(visible(f"Refusals that security does not hear of (no @severity): {names}.")))
    found = f"{report.policies} policies in {report.files} files, {report.cases} cases"
    plural = "warning" if report.warnings == 1 else "warnings"
    console.print(Text(f"{found}: {report.warnings} {plural}, {report.failed} failed."))


def as_json(report: Checked) -> dict[str, Any]:
    """The same for programs."""
    return {
        "troubles": [asdict(one) for one in report.troubles],
        "without_severity": list(report.silent),
        "policies": report.policies,
        "cases": report.cases,
        "warning": report.warnings,
        "failed": report.failed,
    }


def show_results(
    answers: Sequence[Answer],
    reached: Mapping[str, Reached],
    notes: Mapping[str, PolicyNote],
    seconds: float,
    *,
    whole: bool,
) -> None:
    """Each table with its count, each case that failed with all that one needs to see why, and what was reached.

    whole: these are all cases that there are, so that what none reaches is told by name.
    """
    console = _console()
    width = max((len(visible(one.case.file)) for one in answers), default=0)
    for file, each in groupby(answers, key=lambda one: one.case.file):
        table = list(each)
        held = sum(one.holds for one in table)
        symbol, colour = _LOOKS["ok" if held == len(table) else "failed"]
        console.print(
            Text(f"{symbol} ", style=colour).append(
                f"{visible(file):<{width}}  {held:>3} of {len(table)}", "default"
            )
        )
    for one in answers:
        if not one.holds:
            case = one.case
            console.print(Text(f"\n✗ {visible(f'{case.file}:{case.line}')}  {visible(case.name)}"))
            for word, said in _failed(one, notes):
                console.print(Text(f"    {word:<8}  {visible(said)}"))
    failed = sum(not one.holds for one in answers)
    decided = [name for name, how in reached.items() if how.allowed + how.refused]
    console.print(Text(f"\n{len(answers)} cases in {seconds:.1f} s, {failed} failed. ", style="bold"), end="")
    console.print(Text(f"{len(decided)} of {len(reached)} policies decided at least one."))
    missed = [name for name in reached if name not in decided]
    if whole and missed:
        console.print(Text(visible(f"Reached by no case: {', '.join(missed)}.")))


def show_coverage(reached: Mapping[str, Reached], notes: Mapping[str, PolicyNote]) -> None:
    """Of each policy, how many cases it decided, and which way."""
    rows = ((name, str(how.allowed), str(how.refused), notes[name].where) for name, how in reached.items())
    show(("Policy", "Allowed", "Refused", "Where"), rows)


def show_policies(notes: Mapping[str, PolicyNote]) -> None:
    """All policies, with what each says of itself."""
    show(
        ("Policy", "Where", "Severity", "Control", "Reason"),
        ((one.id, one.where, one.severity or "", one.control or "", one.reason) for one in notes.values()),
    )


def results_as_json(answers: Sequence[Answer], reached: Mapping[str, Reached]) -> dict[str, Any]:
    """Every case with what was expected and what came, and the coverage."""
    return {
        "cases": len(answers),
        "failed": sum(not one.holds for one in answers),
        "results": [_result(one) for one in answers],
        "coverage": {name: asdict(how) for name, how in reached.items()},
    }


def _result(one: Answer) -> dict[str, Any]:
    case, got = one.case, one.decision
    result: dict[str, Any] = {
        "file": case.file,
        "line": case.line,
        "name": case.name,
        "holds": one.holds,
        "expected": {"decision": _WORDS[case.allowed], "policies": list(case.ids)},
        "actual": {
            "decision": _WORDS[got.allowed],
            "policies": list(got.policy_ids),
            "reasons": list(got.reasons),
            "severity": got.severity,
            "errors": list(got.errors),
        },
    }
    if not one.holds:
        request, entities = put_whole(case.question, shipped()[1])
        result["facts"] = {"request": request, "entities": entities}
    return result


def _failed(one: Answer, notes: Mapping[str, PolicyNote]) -> Iterator[tuple[str, str]]:
    """What there is to say of a case that failed, each with the word before it."""
    case, got = one.case, one.decision
    request, entities = put_whole(case.question, shipped()[1])
    yield "expected", f"{_answer(case.allowed, case.ids)}. {strange_ids(case, notes)}".strip()
    yield "got", f"{_answer(got.allowed, got.policy_ids)}: {' · '.join((*got.reasons, *got.errors))}"
    who, what = (request[part]["id"] for part in ("principal", "resource"))
    yield "asked", f"{request['action']['id']}: {who} → {what}"
    for entity in reversed(entities):
        yield "facts", f"{entity['uid']['type']} {entity['uid']['id']}: {_flat(entity['attrs'])}"
    yield "facts", f"context: {_flat(request['context'])}"


def _answer(allowed: bool, ids: Sequence[str]) -> str:
    return f"{_WORDS[allowed]} by {', '.join(ids) or 'no policy'}"


def _flat(facts: Json) -> str:
    """Facts on one line, each by the name that policies have for it."""
    return ", ".join(f"{name} {_plain(value)}" for name, value in facts.items())


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return f"[{', '.join(map(str, value))}]"
    if not isinstance(value, dict):
        return str(value) or '""'
    if "__entity" in value:
        return str(value["__entity"]["id"])
    if "__extn" in value:
        return str(value["__extn"]["arg"])
    return f"({_flat(value)})"


def _console() -> Console:
    return Console(file=sys.stdout, highlight=False, soft_wrap=True)
