"""The policies that come with Wicket: their tables of cases hold, and whatever somebody weakens in them goes red."""

from functools import cache

import cedarpy
import pytest

from handlers.decisions.cases import Answer, Case, Wrong, answered, read_cases
from handlers.decisions.cedar import CedarPolicy
from handlers.decisions.policy import Action
from handlers.decisions.unknown import FACT_MISSING
from handlers.policies import shipped, shipped_cases
from tests.handlers.decisions.cast import (
    ADA,
    EVE,
    PROD_ADMIN,
    PROD_DB,
    PROD_LOGS,
    STAGING_ADMIN,
    STAGING_DB,
    WIKI,
    access,
)
from tests.handlers.made_once import shipped_policy
from tests.handlers.policies.mutants import Json, Mutant, applying, mutants, rules_of, text_of
from tests.handlers.policies.policy_page import PAGE, written

SCHEMA = shipped()[1]

# Changes that no question can show, and why. A line that a case shows after all is found, and goes.
EQUIVALENT = {
    'resume-as-security: when without (context.role) == "security"': "the only role that lets access begin again",
}


@cache
def cases_of(table: str) -> tuple[tuple[Case, ...], tuple[Wrong, ...]]:
    """The cases of one table, and what of it cannot be used."""
    return read_cases(table, shipped_cases()[table])


@cache
def all_cases() -> tuple[Case, ...]:
    """Those of every table."""
    return tuple(case for table in shipped_cases() for case in cases_of(table)[0])


@cache
def every_change() -> tuple[dict[str, Json], list[Mutant]]:
    """Each policy by its name, and each change of one."""
    rules = rules_of(shipped_policy().notes.values())
    return rules, mutants(rules, cedarpy.Schema.from_str(SCHEMA))


@pytest.mark.parametrize("table", shipped_cases())
def test_every_case_gets_its_answer(table: str) -> None:
    """By the policies that it names and no others, and without errors."""
    cases, wrongs = cases_of(table)
    assert wrongs == ()
    assert cases
    assert [_told(one) for one in answered(shipped_policy(), cases) if not one.holds] == []


def test_whatever_is_weakened_or_taken_out_fails_a_case() -> None:
    """No policy is decoration, and no part of one: each change that still loads is seen by a case, but for a few."""
    rules, changes = every_change()
    assert len(changes) > 6 * len(rules)
    # Where a fact is unknown, the answer is no policy's.
    known = [case for case in all_cases() if FACT_MISSING not in case.ids]
    before = applying(rules, SCHEMA, known)
    after = applying({one.name: one.rule for one in changes if one.rule is not None}, SCHEMA, known)
    forbidding = {name for name, rule in rules.items() if rule["effect"] == "forbid"}

    def survives(mutant: Mutant) -> bool:
        """Whether every case is still answered as it must be."""
        for case, applied, changed in zip(known, before, after, strict=True):
            left = applied.names - {mutant.policy}
            now = left | {mutant.policy} if mutant.name in changed.names else left
            refusing = now & forbidding
            answer = (bool(now) and not refusing, tuple(sorted(refusing or now)))
            if mutant.name in changed.failed or answer != (case.allowed, case.ids):
                return False
        return True

    assert {one.name for one in changes if survives(one)} == set(EQUIVALENT)


@pytest.mark.parametrize("change", ["taken out", "no unless", "not about unlock"])
def test_a_set_that_was_weakened_is_answered_by_the_engine_as_it_was_reckoned(change: str) -> None:
    """The reckoning above stands for hundreds of sets that are not loaded: some are, and fail cases too."""
    rules, changes = every_change()
    weakened = next(one for one in changes if one.name.endswith(f": {change}"))
    changed = {**rules, weakened.policy: weakened.rule}
    text = "\n".join(text_of(rule) for rule in changed.values() if rule is not None)
    weaker = CedarPolicy.load({"changed.cedar": text}, SCHEMA, bound_to="")
    assert not all(answer.holds for answer in answered(weaker, all_cases()))


def test_reasons_read_as_they_are_used() -> None:
    """A reason to ask completes "Policy asks because …."; every other one stands alone as a sentence."""
    for note in shipped_policy().notes.values():
        stands_alone = note.reason.startswith(("{name}", note.reason[0].upper())) and note.reason.endswith(
            "."
        )
        completes = note.reason[0].islower() and note.reason[-1].isalnum()
        assert completes if note.id.startswith("ask-") else stands_alone, note.id
        assert note.control, note.id


def test_the_page_about_policy_has_every_policy_and_every_fact() -> None:
    """docs/policy.md follows the files: to write it anew, run tests.handlers.policies.policy_page."""
    page = PAGE.read_text(encoding="utf-8")
    assert written(page) == page
    assert all(f"| `{name}` |" in page for name in shipped_policy().notes)


def test_every_request_that_is_not_automatic_has_a_reason_to_ask() -> None:
    """Between "at once" and "ask the owner" no gap is left in which an employee would hear only a bare no."""
    for what in (WIKI, STAGING_DB, PROD_LOGS, PROD_DB, STAGING_ADMIN, PROD_ADMIN):
        for by in (ADA, EVE):
            for minutes in (1, 60, 480, 481, 1440):
                if minutes * 60 > what.max_duration.total_seconds() or (by is EVE and what.kind == "admin"):
                    continue
                at_once = shipped_policy().ask(access(Action.GRANT, what, by=by, minutes=minutes)).allowed
                asked = shipped_policy().ask(access(Action.REQUEST, what, by=by, minutes=minutes)).allowed
                assert at_once is not asked, (what.id, by.name, minutes)


def _told(answer: Answer) -> str:
    """What went wrong with a case, on one line."""
    case: Case = answer.case
    return f"{case.file}:{case.line} {case.name}: {answer.decision.policy_ids} {answer.decision.errors}"
