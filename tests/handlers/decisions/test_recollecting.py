"""What the record says of a policy: it applied then, it did not, or nothing follows for this question (A-12)."""

from dataclasses import replace

import pytest

from handlers.decisions.policy import Action, Approvals
from handlers.decisions.recollecting import Remembered
from tests.handlers.decisions.cast import STAGING_DB, access
from tests.handlers.rules.test_replaying import changed

# It asks whether a group is held, which no record says, and how many approved.
BY_GROUP_AND_APPROVALS = """
@id("second-look") @reason("Two look at it.") @control("AC-3")
forbid (principal, action == Action::"grant", resource)
when { principal.groups.contains("trainees") && context.approvals.total < 2 };
"""


@pytest.mark.parametrize(
    ("now", "then", "came_to"),
    [
        (Approvals(), Approvals(), True),
        (Approvals(owner=1), Approvals(), None),
        (Approvals(), None, None),
        (Approvals(owner=1), Approvals(owner=1), True),
    ],
)
def test_what_counts_approvals_is_remembered_for_as_many_alone(
    now: Approvals, then: Approvals | None, came_to: bool | None
) -> None:
    """A-12: that it refused without any says nothing of what it would do with one, nor where it is not known."""
    note = changed(BY_GROUP_AND_APPROVALS).notes["second-look"]
    remembered = Remembered(
        action=Action.GRANT,
        allowed=False,
        ids=frozenset({note.id}),
        texts={note.id: note.text},
        approvals=then,
    )
    question = replace(access(Action.GRANT, STAGING_DB), approvals=now)
    assert remembered.came_to(note, question) is came_to
