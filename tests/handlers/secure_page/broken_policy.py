"""Policy as it ships, with one rule of somebody's own that cannot be evaluated where a password is to be reset."""

from handlers.decisions.cedar import CedarPolicy
from handlers.policies import shipped

_OWN = """
@id("broken") @reason("Too far.")
forbid (principal, action == Action::"reset_password", resource)
when { context.unlocksToday + 9223372036854775807 > 0 };
"""


def broken_policy() -> CedarPolicy:
    """It loads, and answers with an error."""
    files, schema = shipped()
    return CedarPolicy.load({**files, "own.cedar": _OWN}, schema, bound_to="test")
