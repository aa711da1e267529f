"""`wicket exceptions` lists those that are open, by what is asked for, and shows one with all that is known of it."""

import json
from datetime import timedelta

from handlers.exceptions.raising import Kind, Severity, Strange, cause_of, tell_security
from storage import exception_work
from storage.clock import utc_now
from storage.exception_work import Worker
from storage.exceptions import open_of
from storage.sentences import Sentence
from storage.states import Resolution
from tests.bot.cli.test_cli import Install, install

__all__ = ["install"]

GRACE = Worker(directory="staff", account="p-grace", name="Grace Hopper")


def raised(install: Install, cause: str, **changes: object) -> str:
    about = {
        "kind": Kind.REFUSED_REQUEST, "severity": Severity.MEDIUM, "who": "Eve Example", "cause": cause,
        "correlation": "g-9", **changes,
    }  # fmt: skip
    at = utc_now() - timedelta(hours=30)
    with install.tx() as write:
        write(lambda tx: tell_security(tx, at, Strange(**about)))
        return str(write(lambda tx: open_of(tx, cause_of(about["kind"], cause))[-1].id))


def test_those_that_are_not_resolved_are_listed_and_filtered(install: Install):
    """W-1: once a cause, the gravest first."""
    assert install.run("exceptions").stdout == "There are none.\n"
    for _ in range(3):
        eve = raised(install, "eve")
    grave = raised(install, "bob", kind=Kind.TAMPERED, severity=Severity.HIGH, who="Bob")
    over = raised(install, "over", who="Over")
    with install.tx() as write:
        at = utc_now()
        write(lambda tx: exception_work.acknowledge(tx, exception_work.get(tx, grave), GRACE, at=at))
        write(
            lambda tx: exception_work.resolve(
                tx, exception_work.get(tx, over), GRACE, at=at, why=Resolution.EXPECTED, words="known"
            )
        )
    lines = install.run("exceptions").stdout.splitlines()
    assert [line.split()[0] for line in lines[-2:]] == [grave, eve]
    assert lines[-1].split()[1:6] == ["medium", "refused-request", "Eve", "Example", "3"]
    assert "Grace Hopper" in lines[-2]

    def ids(*options: str) -> list[str]:
        return [one["id"] for one in json.loads(install.run("exceptions", *options, "--json").stdout)]

    assert ids("--all") == [grave, eve, over]
    assert ids("--state", "resolved") == [over]
    assert ids("--state", "open", "--state", "resolved", "--limit", "1") == [eve]
    for options in ((), ("--json",)):
        cut = install.run("exceptions", "--all", "--limit", "2", *options)
        told = "These are the first 2, and there are further ones that fit. Show more with --limit.\n"
        assert (cut.stderr, over in cut.stdout, eve in cut.stdout) == (told, False, True)
    assert install.run("exceptions", "--all", "--limit", "3").stderr == ""
    assert ids("--severity", "high") == ids("--kind", "tampered") == ids("--assignee", "grace") == [grave]
    assert (ids("--since", "2h"), ids("--overdue")) == ([], [grave, eve])
    assert install.run("exceptions", "--state", "gone").exit_code == 2


def test_one_is_shown_with_all_that_is_known(install: Install):
    fault = Sentence("{file} is gone.", file="a.toml")
    row = raised(install, "eve", facts={"fault": fault, "names": ["Ada"]})
    shown = install.run("exceptions", "show", row)
    assert (shown.exit_code, "a.toml is gone." in shown.stdout, "--story g-9" in shown.stdout) == (
        0,
        True,
        True,
    )
    one = json.loads(install.run("exceptions", "show", row, "--json").stdout)
    assert (one["facts"], one["state"], one["reopened"]) == (
        {"fault": "a.toml is gone.", "names": ["Ada"]},
        "open",
        0,
    )
    missing = install.run("exceptions", "show", "x-0")
    assert (missing.exit_code, missing.stderr.count("\n")) == (2, 1)
    assert "There is no exception 'x-0'. `wicket exceptions --all` lists them." in missing.stderr
