"""Approvals as rows: each binds the request as it was shown, and whatever changed leaves none that counts (R-2)."""

from typing import Any

import pytest
from sqlmodel import Session

from storage import inquiries
from storage.approvals import add_approval, approvals_of, counting_of, void_approval, voided_of
from storage.beside_requests import NOTHING_BESIDE, beside_request
from storage.binding import mark
from storage.engine.changing import change
from storage.records import Approval, Grant
from storage.states import GrantState
from tests.storage.rows import keep


def approve(tx: Session, now, grant: Grant, who: str = "p-grace", **changes: Any) -> Approval:
    said: dict[str, Any] = {"approved": True, "rationale": "ok", "role": "owner", **changes}
    add_approval(tx, grant, at=now, approver=who, approver_name=who, slack_user=f"U-{who}", **said)
    return next(one for one in approvals_of(tx, grant.id) if one.approver == who)


@pytest.mark.parametrize(
    "changes",
    [
        {"minutes": 30},
        {"justification": "something else"},
        {"entitlement": "prod-admin"},
        {"account": "p-bob"},
        {"directory": "lab"},
        {"group": "prod-admins"},
        {"ticket": "INC-2"},
        {"target_account": "p-bob"},
    ],
)
def test_an_approval_of_what_a_request_was_does_not_count(database, now, changes):
    """Even if nobody made it void: it was given to something else."""

    def work(tx: Session) -> tuple[int, int]:
        grant = keep(tx, now, GrantState.PENDING)
        approve(tx, now, grant)
        before = len(counting_of(tx, grant.id))
        change(tx, grant, **changes)
        return before, len(counting_of(tx, grant.id))

    assert database.write_now(work) == (1, 0)


def test_whoever_approved_before_a_change_approves_anew_and_counts_once(database, now):
    def work(tx: Session) -> tuple[list[str], dict[str, str]]:
        grant = keep(tx, now, GrantState.PENDING)
        first = approve(tx, now, grant)
        void_approval(tx, first, at=now, why="the time was made shorter after it")
        change(tx, grant, minutes=30, asked_minutes=120)
        again = approve(tx, now, grant, rationale="half an hour is fine")
        assert again.shown == mark(grant)
        return [one.rationale for one in counting_of(tx, grant.id)], voided_of(tx, grant.id)

    assert database.write_now(work) == (["half an hour is fine"], {})


def test_an_approval_of_an_older_version_binds_what_never_changed(database, now):
    """Rows without a mark are of a version that could not change a request."""

    def work(tx: Session) -> tuple[int, int]:
        grant = keep(tx, now, GrantState.PENDING)
        change(tx, approve(tx, now, grant), shown="")
        before = len(counting_of(tx, grant.id))
        change(tx, grant, minutes=30, asked_minutes=120)
        return before, len(counting_of(tx, grant.id))

    assert database.write_now(work) == (1, 0)


def test_what_was_made_void_does_not_count_though_nothing_changed(database, now):
    """J-4: the mark alone brings nobody's approval back."""

    def work(tx: Session) -> tuple[int, int]:
        grant = keep(tx, now, GrantState.PENDING)
        void_approval(tx, approve(tx, now, grant), at=now, why="they have left")
        return len(counting_of(tx, grant.id)), len(approvals_of(tx, grant.id))

    assert database.write_now(work) == (0, 1)


def test_a_question_is_answered_once(database, now):
    def work(tx: Session) -> None:
        grant = keep(tx, now, GrantState.PENDING)
        asked = inquiries.ask(
            tx, at=now, grant=grant.id, asker="p-grace", asker_name="Grace", slack_user="U0GRACE",
            question="Which?",
        )  # fmt: skip
        assert beside_request(tx, grant.id).unanswered == (asked.id,)
        inquiries.answer(tx, asked, at=now, text="that one")
        assert beside_request(tx, grant.id) == NOTHING_BESIDE
        assert [one.answer for one in inquiries.about(tx, grant.id)] == ["that one"]
        inquiries.answer(tx, asked, at=now, text="another")

    with pytest.raises(ValueError, match="answered once"):
        database.write_now(work)
