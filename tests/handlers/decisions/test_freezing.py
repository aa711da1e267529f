"""What a freeze stops, decided without asking anybody: a table of kinds and of what somebody is about to do (T-4)."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from handlers.decisions.freezing import NO_ROLE, UNCHECKED, Stopped, What, may_resume, reason, what_stops
from handlers.decisions.policy import PolicyDecision, Question, ResumeQuestion
from storage.states import FreezeKind
from tests.handlers.decisions.cast import GRACE, NOON

SINCE = datetime(2026, 11, 23, 14, 2, tzinfo=UTC)


def one(kind: FreezeKind) -> Stopped:
    return Stopped(id=f"z-{kind}", kind=kind, since=SINCE)


def test_nothing_is_stopped_without_a_freeze() -> None:
    assert [what_stops([], what) for what in What] == [None, None, None]


def test_a_stop_of_resets_stops_nothing_else() -> None:
    """P-7: whoever needs access goes on getting it."""
    stop = one(FreezeKind.RESETS)
    assert [what_stops([stop], what) for what in What] == [None, None, stop]
    assert "Nothing is wrong with your account" in reason(stop)


@pytest.mark.parametrize("kind", sorted(set(FreezeKind) - {FreezeKind.RESETS}))
def test_every_freeze_stops_access(kind: FreezeKind) -> None:
    assert what_stops([one(kind)], What.ACCESS) == one(kind)
    assert reason(one(kind)).endswith("what ends, ends on time.")


def test_proofs_are_stopped_where_the_store_may_have_forgotten_some() -> None:
    """A person who stops new access has no reason to doubt them."""
    assert what_stops([one(FreezeKind.EMERGENCY)], What.PROOFS) is None
    both = [one(FreezeKind.EMERGENCY), one(FreezeKind.MISMATCH)]
    assert what_stops(both, What.PROOFS) == one(FreezeKind.MISMATCH)


def test_a_store_that_could_not_be_checked_is_trusted_for_nothing() -> None:
    """T-2: neither for new access nor for what it says that somebody proved."""
    stop = Stopped(id=UNCHECKED, kind=UNCHECKED, since=SINCE)
    assert [what_stops([stop], what) for what in What] == [stop] * 3
    assert reason(stop).endswith("what ends, ends on time.")


class Yes:
    """A policy set that somebody wrote without care."""

    policy_set = "0" * 64

    def ask(self, question: Question) -> PolicyDecision:
        return PolicyDecision(
            allowed=True, policy_ids=("all",), reasons=("Yes.",), policy_set=self.policy_set
        )

    def ask_each(self, questions: Sequence[Question]) -> list[PolicyDecision]:
        """The same, each time."""
        return [self.ask(question) for question in questions]


def test_whatever_policy_says_nobody_outside_security_lifts_it() -> None:
    question = ResumeQuestion(principal=GRACE, kind="restored", role=None, now=NOON)
    decision = may_resume(Yes(), question)
    assert (decision.allowed, decision.policy_ids) == (False, (NO_ROLE,))
