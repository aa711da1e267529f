"""The commands about policy as code: look a set through, put its cases to it, show what is shipped.

They need no running bot and no secret, ask nothing of a directory and change nothing.
"""

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.place import Place, place_of
from bot.cli.sentences import UNSOUND
from storage.faults import PolicyFault

if TYPE_CHECKING:
    from bot.rulebook import Rulebook
    from handlers.decisions.cedar import CedarPolicy

Directory = Annotated[
    Path | None,
    typer.Option(help="Policies of yours (*.cedar), with your cases in cases/*.toml.", metavar="DIR"),
]
Replaces = Annotated[
    list[str] | None,
    typer.Option(help="The @id of a shipped policy to leave out; as often as needed.", metavar="ID"),
]
AsJson = Annotated[bool, typer.Option("--json", help="As one JSON object.")]


def check(
    context: typer.Context,
    directory: Directory = None,
    replaces: Replaces = None,
    strict: Annotated[bool, typer.Option("--strict", help="Let warnings count as failures.")] = False,
    as_json: AsJson = False,
) -> None:
    """Look the policies through: what will not load, never applies or says too little, and what no case reaches."""
    from bot.cli.policy_shown import as_json as troubles_as_json
    from bot.cli.policy_shown import show_check
    from bot.policy_check import checked

    report = checked(rulebook_of(place_of(context), directory, replaces))
    if as_json:
        typer.echo(json.dumps(troubles_as_json(report), indent=2))
    else:
        show_check(report)
    if report.failed or (strict and report.warnings):
        raise typer.Exit(UNSOUND)


def put_cases(
    context: typer.Context,
    files: Annotated[
        list[str] | None, typer.Argument(help="Tables of cases; without any, all of them.", metavar="FILES")
    ] = None,
    directory: Directory = None,
    replaces: Replaces = None,
    coverage: Annotated[
        bool, typer.Option("--coverage", help="Show of each policy how many cases it decided.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Put every case to the policies and show each that got another answer than it must have."""
    from bot.cli.policy_shown import results_as_json, show_coverage, show_results
    from handlers.decisions.cases import answered
    from handlers.decisions.cases import coverage as covered

    book = rulebook_of(place_of(context), directory, replaces)
    began = time.perf_counter()
    policy = loaded(book)
    cases, wrongs = (book.of_tables(files) if files else book).cases()
    if wrongs:
        raise PolicyFault("\n".join(f"{one.file}:{one.line}  {one.sentence}" for one in wrongs))
    answers = answered(policy, cases)
    reached = covered(policy.notes, answers)
    if as_json:
        typer.echo(json.dumps(results_as_json(answers, reached), indent=2))
    else:
        show_results(answers, reached, policy.notes, time.perf_counter() - began, whole=not files)
        if coverage:
            show_coverage(reached, policy.notes)
    if not all(one.holds for one in answers):
        raise typer.Exit(UNSOUND)


def show(
    context: typer.Context,
    name: Annotated[
        str | None, typer.Argument(help="The @id of a policy, or a file; without one, all are listed.")
    ] = None,
    directory: Directory = None,
    replaces: Replaces = None,
) -> None:
    """Print a policy, a file of policies or a table of cases as it is written, to begin one of your own with."""
    from bot.cli.policy_shown import show_policies
    from handlers.decisions.stated_facts import nearest

    book = rulebook_of(place_of(context), directory, replaces)
    notes = loaded(book).notes
    texts = {**book.sources, **book.tables, "schema.cedarschema": book.schema}
    texts |= {one.id: f"{one.text.strip()}\n" for one in notes.values()}
    if name is None:
        show_policies(notes)
    elif name in texts:
        typer.echo(texts[name], nl=False)
    else:
        meant = nearest(name, texts, otherwise="Without a name they are all listed.")
        raise PolicyFault(f"There is no policy or file {name}. {meant}")


def loaded(book: "Rulebook") -> "CedarPolicy":
    """The set, ready to be asked. PolicyFault, with the way on, if it cannot be loaded."""
    from handlers.decisions.cedar import CedarPolicy

    try:
        return CedarPolicy.load(book.sources, book.schema, bound_to="", hours=book.hours)
    except PolicyFault as fault:
        raise PolicyFault(f"The policies cannot be loaded: {fault}. See: wicket policy check") from None


def rulebook_of(place: Place, directory: Path | None, replaces: list[str] | None) -> "Rulebook":
    """The shipped set and what is named; where there are settings, with what they name, their catalogue and hours."""
    from bot.policies import hours_of
    from bot.rulebook import rulebook

    if not place.is_there():
        return rulebook(directory, replaces or ())
    settings = place.settings()
    own = settings.policy
    return rulebook(
        directory or own.directory, replaces or own.replaces, settings.catalogue, hours_of(settings)
    )
