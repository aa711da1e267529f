"""Petitions as rows, on both engines: one that is open for each person, moves as the table says, one word a person."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session

from storage import petitions
from storage.handles import make_handle
from storage.records import Attestation, Petition
from storage.states import PetitionKind, PetitionState, Purpose


def asked(tx: Session, now: datetime, account: str = "p-ada", **changes: Any) -> Petition:
    """A petition that is not kept yet, with the visit that it may open."""
    handle = make_handle(
        tx, at=now, expires_at=now, purpose=Purpose.REGAIN, directory="local", account=account, slack_team="T1",
        slack_user="U1",
    )  # fmt: skip
    plain: dict[str, Any] = {
        "id": handle.id, "kind": PetitionKind.PROOFS, "directory": "local", "account": account, "name": "Ada",
        "login": "ada", "team": "", "employment": "employee", "manager": "", "privileged": False, "slack_team": "T1",
        "slack_user": "U1", "explanation": "lost", "state": PetitionState.ASKED, "missing": {"help_desk": 2},
        "asked_at": now, "lapses_at": now + timedelta(hours=24), "next_at": now + timedelta(hours=24),
    }  # fmt: skip
    return Petition(**{**plain, **changes})


def test_one_that_is_not_over_for_each_person(database, now):
    """P-14: whichever transaction was first."""

    def work(tx: Session) -> list[bool]:
        first = asked(tx, now)
        kept = [
            petitions.add(tx, first),
            petitions.add(tx, asked(tx, now)),
            petitions.add(tx, asked(tx, now, "p-bob")),
        ]
        row = petitions.get(tx, first.id)
        petitions.move(tx, row, PetitionState.DENIED, ended_at=now)
        return [*kept, petitions.add(tx, asked(tx, now))]

    assert database.write_now(work) == [True, False, True, True]


def test_nothing_leaves_an_end(database, now):
    """P-14."""

    def work(tx: Session) -> None:
        first = asked(tx, now)
        petitions.add(tx, first)
        row = petitions.get(tx, first.id)
        petitions.move(tx, row, PetitionState.CANCELLED, ended_at=now)
        petitions.move(tx, row, PetitionState.APPROVED)

    with pytest.raises(ValueError, match="cancelled cannot become approved"):
        database.write_now(work)


def test_each_approver_says_it_once_and_what_is_missing_is_kept(database, now):
    """P-14, R-1."""

    def work(tx: Session) -> tuple[list[bool], int, dict[str, int]]:
        first = asked(tx, now)
        petitions.add(tx, first)
        said = {
            "petition": first.id, "directory": "local", "name": "Sam", "slack_user": "U2", "role": "security",
            "rationale": "seen", "proof": "totp", "proven_at": now, "at": now,
        }  # fmt: skip
        words = [
            petitions.attest(tx, Attestation(account=who, **said)) for who in ("p-sam", "p-sam", "p-bob")
        ]
        petitions.move(tx, petitions.get(tx, first.id), PetitionState.ASKED, missing={"help_desk": 1})
        tx.expire_all()
        return words, len(petitions.attestations(tx, first.id)), petitions.look(tx, first.id).missing

    assert database.write_now(work) == ([True, False, True], 2, {"help_desk": 1})


def test_what_is_due_is_found_also_after_the_clock_was_set_back(database, now):
    """P-14: the row is the schedule; what is over is not looked at."""

    def work(tx: Session) -> list[int]:
        first, second = asked(tx, now), asked(tx, now, "p-bob")
        petitions.add(tx, first)
        petitions.add(tx, second)
        petitions.move(tx, petitions.get(tx, second.id), PetitionState.DENIED, ended_at=now)
        moments = (now, now + timedelta(hours=24), now - timedelta(seconds=1))
        return [len(petitions.due(tx, at, 10)) for at in moments]

    assert database.write_now(work) == [0, 1, 1]
