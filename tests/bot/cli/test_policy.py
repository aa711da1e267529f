"""`wicket policy` as it is typed: what it finds and prints, and its exit codes."""

import json
import re
import time
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path

import pytest
from typer.testing import Result

from bot.policy_check import checked
from bot.rulebook import Rulebook
from handlers.policies import shipped, shipped_cases
from tests.bot.demo.demos import ROOT
from tests.bot.typed import typed

OWN = """// Ours.
@id("own-rule") @reason("It is ours.") @control("AC-3")
forbid (principal, action == Action::"grant", resource)
when { resource.risk == 5 && resource.kind == "safe" && context.minutes > 60 };
"""
CASE = """
[people]
ada = {}
[entitlements]
vault = { risk = 5, kind = "safe" }
[defaults]
now = 2026-03-02T12:00:00Z

[[case]]
name = "The keys of the company for two hours"
who = "ada"
action = "grant"
what = "vault"
for = "2h"
approvals = { owner = 1, security = 1 }
refuse = ["own-rule"]
"""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """An empty folder to work in, with a folder of policies and cases in it."""
    (tmp_path / "policies" / "cases").mkdir(parents=True)
    with chdir(tmp_path):
        yield tmp_path


def run(*words: str) -> Result:
    """Run `wicket policy …` here, with no settings."""
    return typed(["policy", *words])


def write(place: Path, policy: str = OWN, case: str = CASE) -> None:
    (place / "policies" / "own.cedar").write_text(policy, encoding="utf-8")
    (place / "policies" / "cases" / "own.toml").write_text(case, encoding="utf-8")


def test_what_is_shipped_is_sound_without_settings_and_without_a_bot(place: Path) -> None:
    found, tested = run("check", "--strict"), run("test")
    assert (found.exit_code, tested.exit_code) == (0, 0)
    assert found.stdout.endswith(" cases: 0 warnings, 0 failed.\n")
    assert "(no @severity): " in found.stdout
    assert len(re.findall(r"^✓ cases/\w+\.toml +(\d+) of \1$", tested.stdout, re.MULTILINE)) == len(
        shipped_cases()
    )
    assert list(place.iterdir()) == [place / "policies"]


def test_ones_own_policies_and_cases_are_found_beside_each_other(place: Path) -> None:
    write(place)
    found, tested = (
        run("check", "--strict", "--directory", "policies"),
        run("test", "--directory", "policies"),
    )
    assert (found.exit_code, tested.exit_code) == (0, 0)
    assert "✓ policies/cases/own.toml" in tested.stdout


def test_a_mistake_stands_with_file_line_and_column_and_how_to_mend_it(place: Path) -> None:
    write(place, OWN.replace("resource.risk", "resource.rsk"))
    told = run("check", "--directory", "policies")
    assert told.exit_code == 1
    assert "✗ failed   policies/own.cedar:4:17  policy own-rule: Attribute `rsk`" in told.stdout
    assert "\n             → Policies know what schema.cedarschema has. Did you mean `risk`?\n" in told.stdout
    tested = run("test", "--directory", "policies")
    assert (tested.exit_code, tested.stdout) == (2, "")
    assert tested.stderr.endswith("See: wicket policy check\n")


def test_what_only_loading_refuses_is_told_as_well(tmp_path: Path) -> None:
    """Whatever `wicket serve` would not start with fails here too: a set without any policy is one."""
    nothing = checked(
        Rulebook(sources={"own.cedar": "// None."}, schema=shipped()[1], tables={}, catalogue=None)
    )
    assert [one.wrong for one in nothing.troubles] == [
        "there are no policies, so nothing could ever be allowed."
    ]


def test_a_policy_that_no_case_reaches_is_a_warning(place: Path) -> None:
    """And fails where warnings count."""
    write(place, case="")
    told = run("check", "--directory", "policies")
    assert told.exit_code == 0
    assert "! warning  policies/own.cedar:2:1  policy own-rule: No case reaches it" in told.stdout
    assert run("check", "--directory", "policies", "--strict").exit_code == 1
    assert "Reached by no case: own-rule." in run("test", "--directory", "policies").stdout


def test_a_table_that_cannot_be_read_is_told_with_its_line(place: Path) -> None:
    write(place, case=CASE.replace("approvals =", "aprovals ="))
    told, tested = run("check", "--directory", "policies"), run("test", "--directory", "policies")
    assert (told.exit_code, tested.exit_code) == (1, 2)
    assert "✗ failed   policies/cases/own.toml:15:1  aprovals: is not known here." in told.stdout
    assert (
        "policies/cases/own.toml:15  aprovals: is not known here. Did you mean `approvals`?" in tested.stderr
    )


def test_a_case_that_fails_shows_what_was_expected_what_came_and_the_facts(place: Path) -> None:
    write(place, OWN.replace("> 60", "> 120"))
    told = run("test", "--directory", "policies", "policies/cases/own.toml")
    assert told.exit_code == 1
    for line in (
        "✗ policies/cases/own.toml    0 of 1",
        "✗ policies/cases/own.toml:9  The keys of the company for two hours",
        "    expected  refuse by own-rule.",
        "    got       allow by granted-by-owner-and-security: The team that owns it and security approved.",
        "    asked     grant: ada → vault",
    ):
        assert line in told.stdout.splitlines(), line
    assert "Reached by no case" not in told.stdout
    assert (
        "    facts     Entitlement vault: directory local, group vault, owner owners, risk 5" in told.stdout
    )
    assert "minutes 120" in told.stdout


def test_json_holds_the_same_for_programs(place: Path) -> None:
    write(place, OWN.replace("> 60", "> 120"))
    told = run("test", "--directory", "policies", "policies/cases/own.toml", "--json")
    report = json.loads(told.stdout)
    assert (told.exit_code, report["cases"], report["failed"]) == (1, 1, 1)
    (result,) = report["results"]
    assert (result["file"], result["line"], result["holds"]) == ("policies/cases/own.toml", 9, False)
    assert result["expected"] == {"decision": "refuse", "policies": ["own-rule"]}
    assert result["actual"]["decision"] == "allow"
    assert result["facts"]["request"]["context"]["minutes"] == 120
    assert report["coverage"]["own-rule"] == {"allowed": 0, "refused": 0}
    assert report["coverage"]["granted-by-owner-and-security"] == {"allowed": 1, "refused": 0}
    found = json.loads(run("check", "--directory", "policies", "--json").stdout)
    assert (found["failed"], found["warning"], found["troubles"][0]["policy"]) == (0, 1, "own-rule")


def test_coverage_shows_which_way_each_policy_decided(place: Path) -> None:
    told = run("test", "--coverage")
    (row,) = [line.split() for line in told.stdout.splitlines() if line.startswith("no-self-approval ")]
    assert row[1] == "0"
    assert int(row[2]) > 0


def test_a_shipped_policy_is_left_out_and_one_that_there_is_not_is_told(place: Path) -> None:
    told = run("test", "--replaces", "no-self-approval", "cases/approvals.toml")
    assert told.exit_code == 1
    assert "There is no policy `no-self-approval`." in told.stdout
    wrong = run("test", "--replaces", "no-such")
    assert (wrong.exit_code, wrong.stdout) == (2, "")
    assert "No shipped policy has the @id no-such," in wrong.stderr


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("test", "cases/aproval.toml"), "Did you mean `cases/approvals.toml`?"),
        (("test", "--directory", "none"), "none cannot be read"),
        (("show", "no-self-aproval"), "Did you mean `no-self-approval`?"),
    ],
)
def test_what_is_not_there_is_told_with_what_may_be_meant(
    place: Path, typed: tuple[str, ...], said: str
) -> None:
    told = run(*typed)
    assert (told.exit_code, told.stdout) == (2, "")
    assert said in told.stderr


def test_what_is_shipped_is_shown_as_it_is_written(place: Path) -> None:
    """To begin one's own with; and without a name, all policies are listed."""
    assert run("show", "cases/limits.toml").stdout == shipped_cases()["limits.toml"]
    assert run("show", "no-self-approval").stdout.startswith('@id("no-self-approval")')
    assert "no-self-approval" in run("show").stdout
    assert run("show", "schema.cedarschema").stdout.startswith("//")


def test_names_that_would_command_the_terminal_do_not(place: Path) -> None:
    """O-4: what stands in a table is shown, and is neither an escape nor a line of ours."""
    write(place, case=CASE.replace("The keys", r"\u001b[2J\n✓ The keys").replace('["own-rule"]', "[]"))
    told = run("test", "--directory", "policies", "policies/cases/own.toml")
    assert told.exit_code == 1
    assert "\x1b" not in told.stdout
    assert "\n✓ The keys" not in told.stdout


def test_cases_may_name_what_the_settings_have(place: Path) -> None:
    """Where there is a wicket.toml, its catalogue can be spoken of without being described."""
    (place / "wicket.toml").write_text((ROOT / "docs" / "wicket.toml.example").read_text(encoding="utf-8"))
    name = re.search(
        r'^\[\[entitlement\]\]\nid = "([^"]+)"', (place / "wicket.toml").read_text(), re.MULTILINE
    )
    assert name is not None
    write(place, case=CASE.replace('"vault"', f'"{name[1]}"'))
    told = run("test", "--directory", "policies", "policies/cases/own.toml")
    assert f"→ {name[1]}" in told.stdout
    assert told.exit_code == 1


def test_what_the_settings_name_needs_not_be_typed(place: Path) -> None:
    """`[policy]` says which directory, and which shipped policies are left out."""
    example = (ROOT / "docs" / "wicket.toml.example").read_text(encoding="utf-8")
    said = '[policy]\ndirectory = "policies"\nreplaces = ["no-self-approval"]\n'
    (place / "wicket.toml").write_text(f"{example}\n{said}", encoding="utf-8")
    write(place)
    told = run("test")
    assert told.exit_code == 1
    assert "✓ policies/cases/own.toml" in told.stdout
    assert "There is no policy `no-self-approval`." in told.stdout


def test_a_thousand_cases_take_about_a_second(place: Path) -> None:
    """Processor time, with all policies that are shipped; four times that is the limit here."""
    row = CASE[CASE.index("[[case]]") :]
    write(place, case=CASE + "".join(row.replace("two hours", f"two hours {at}") for at in range(999)))
    began = time.process_time()
    told = run("test", "--directory", "policies", "policies/cases/own.toml")
    assert time.process_time() - began < 4
    assert "1000 of 1000" in told.stdout
