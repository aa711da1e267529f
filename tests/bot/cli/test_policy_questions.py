"""`wicket policy explain`, `who-can`, `what-can` and `replay` as they are typed, beside a running bot."""

import json
import sqlite3
from contextlib import closing

import pytest

from handlers.decisions.policy import PolicyDecision
from handlers.recording import record_grant
from storage.audit import entry as audit
from storage.clock import utc_now
from storage.grants import add
from storage.states import GrantState
from tests.bot.cli.test_cli import ADA, WHERE, Install, granted, install

__all__ = ["install"]

STRICT = """
@id("no-databases") @reason("No databases today.") @control("AC-3")
forbid (principal, action in [Action::"grant", Action::"request"], resource)
when { resource.kind == "database" };
"""


def test_one_answer_is_explained_with_policies_facts_and_what_would_change_it(install: Install) -> None:
    """Twelve hours are more than the catalogue has: eight would be carried to its owner."""
    done = install.run("policy", "explain", "ada", "prod-db", "--for", "12h")
    assert done.exit_code == 0, done.stderr
    for line in (
        "Refused: request prod-db for 12 hours by ada",
        "context.minutes: 720",
        "resource.maxMinutes: 480",
        "carried to its owner: for at most 8 hours, with 1 approval of its owner",
    ):
        assert line in done.stdout
    assert "principal.team" not in done.stdout


def test_the_same_as_json_for_programs(install: Install) -> None:
    done = install.run("policy", "explain", "ada", "prod-db", "--for", "12h", "--json")
    told = json.loads(done.stdout)
    assert (told["decision"], told["facts"]["context.minutes"]) == ("refused", 720)
    assert told["would_change"][0]["changes"] == [
        {"fact": "time", "in_words": "for at most 8 hours", "minutes": 480}
    ]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("ada", "prod-db", "--action", "grant", "--approval", "owner"), "Allowed: grant prod-db"),
        (("ada", "prod-db", "--action", "grant"), "allowed: with 1 approval of its owner"),
        (("ada", "--action", "reset_password"), "allowed: with passkey shown afresh"),
        (("ada", "--action", "unlock", "--proof", "totp"), "Allowed: unlock by ada"),
        (("--case", "Low risk is given at once"), "Allowed: grant wiki-edit"),
    ],
)
def test_every_kind_of_question_can_be_asked(install: Install, typed: tuple[str, ...], said: str) -> None:
    assert said in install.run("policy", "explain", *typed).stdout


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("ada", "prod-bd"), "Did you mean `prod-db`?"),
        (("nobody", "prod-db"), "Nobody has the login or account id nobody."),
        (("ada", "prod-db", "--action", "vouch"), "State it as a case"),
        (("ada", "--action", "request"), "Say what is asked for"),
        (("ada", "prod-db", "--action", "view"), "leave the entitlement out"),
        (("ada", "prod-db", "--approval", "friend"), "--approval is owner, security or manager"),
        (("--case", "Low risk is given at onec"), "Did you mean `Low risk is given at once`?"),
        ((), "Say about whom"),
    ],
)
def test_a_question_that_cannot_be_asked_says_how_to_ask(
    install: Install, typed: tuple[str, ...], said: str
) -> None:
    done = install.run("policy", "explain", *typed)
    assert done.exit_code == 2
    assert said in done.stderr


def test_who_could_have_it_is_counted_by_answer_and_reason(install: Install) -> None:
    done = install.run("policy", "who-can", "prod-db", "--people")
    assert done.exit_code == 0, done.stderr
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert "with approval 2 1 approval of its owner" in lines
    assert f"with approval: Ada Lovelace ({ADA}): 1 approval of its owner" in lines


def test_what_somebody_could_have_stands_beside_what_they_hold(install: Install) -> None:
    (right,) = json.loads(install.run("policy", "what-can", "ada", "--json").stdout)["rights"]
    assert (right["entitlement"], right["decision"], right["held"]) == ("prod-db", "approval", "")


def test_the_record_is_asked_again_and_the_store_stays_as_it_is(install: Install) -> None:
    """Beside a bot that is writing: one snapshot is read, and not a byte is written."""
    grant = granted(GrantState.PENDING)
    decision = PolicyDecision(allowed=True, policy_ids=("ask-production",), reasons=(), policy_set="0" * 64)
    story = grant.id
    with install.tx() as write:
        write(lambda tx: add(tx, grant))
        write(
            lambda tx: record_grant(
                tx, grant, at=utc_now(), action="grant.requested", outcome="done",
                actor=audit.Actor(type="person", id=ADA), where=WHERE, decision=decision, facts={"minutes": 120},
            )
        )  # fmt: skip
    (install.folder / "own").mkdir()
    (install.folder / "own" / "own.cedar").write_text(STRICT)
    before = install.store.read_bytes()
    with closing(sqlite3.connect(install.store)) as bot:
        bot.execute("BEGIN IMMEDIATE")
        done = install.run("policy", "replay", "--since", "30d", "--directory", str(install.folder / "own"))
        bot.rollback()
    assert done.exit_code == 0, done.stderr
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert f"no-databases approval → refused 1 {story}" in lines
    assert "1 asked again: 0 the same, 1 would differ, 0 cannot be told." in lines
    assert "Nothing was written." in done.stdout
    assert install.store.read_bytes() == before
