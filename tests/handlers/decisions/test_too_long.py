"""Whether a request was refused for its length alone: a shorter one, by somebody without it, would not be."""

import pytest

from handlers.decisions.cedar import CedarPolicy
from handlers.decisions.circumstances import HAS_NOTHING
from handlers.decisions.policy import AccessQuestion, Action
from handlers.decisions.requests import weigh_request
from handlers.decisions.too_long import with_its_length
from tests.handlers.decisions.cast import EVE, PROD_ADMIN, PROD_DB, access, overflowing
from tests.handlers.made_once import shipped_policy, without_step_up

DAYS = 3 * 24 * 60


def is_only_too_long(question: AccessQuestion, policy: CedarPolicy | None = None) -> bool:
    policy = policy or shipped_policy()
    return with_its_length(policy, question, weigh_request(policy, question)).only_too_long


@pytest.mark.parametrize(
    ("question", "only_too_long"),
    [
        (access(Action.GRANT, PROD_DB, minutes=DAYS, having=HAS_NOTHING), True),
        (access(Action.GRANT, PROD_DB, minutes=60, held=23 * 60 + 30, having=HAS_NOTHING), True),
        (access(Action.GRANT, PROD_DB, minutes=60, having=HAS_NOTHING), False),
        (access(Action.GRANT, PROD_ADMIN, by=EVE, minutes=DAYS, having=HAS_NOTHING), False),
    ],
)
def test_only_what_less_of_it_would_mend_is_too_long(question: AccessQuestion, only_too_long: bool) -> None:
    """In one go as well; what was not refused, or is refused whatever its length, is not."""
    assert is_only_too_long(question) is only_too_long


def test_a_policy_that_cannot_be_evaluated_says_nothing_of_the_length() -> None:
    """That it cannot be is told (promise 3)."""
    sources, schema = without_step_up()
    broken = overflowing("forbid", "request")
    policy = CedarPolicy.load({**sources, "broken.cedar": broken}, schema, bound_to="test")
    question = access(Action.GRANT, PROD_DB, minutes=DAYS, having=HAS_NOTHING)
    assert not is_only_too_long(question, policy)
