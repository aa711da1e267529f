"""What people type who want access stopped at once: all that is new, or all of one person's.

It stops nothing: whoever writes it hears by which command that is done, and by whom.
"""

import re

_ALL = r"(?: (?:everything|it all|now|all(?: new)?(?: access)?|new access|access))?"
_STOPS = re.compile(
    rf"(?:freeze|un-?freeze|resume){_ALL}|emergency stop"
    r"|(?:stop|halt|block) (?:everything|all(?: new)?(?: access)?|new access|access)"
    r"(?: for (?:all|everybody|everyone))?"
    r"|revoke(?: (?:everything|all(?: access)?))?(?: (?:of|from|for))? (?!(?:my|it|this|that|me|access)\b)@?\S{1,80}"
    r"|(?:lift|end) (?:the |this |that )?(?:freeze|stop)|(?:end|revoke|remove|take away|stop) (?!my\b)\S{1,40}'s access"
    r"|(?:please )?(?:block|stop|revoke) (?:all )?(?:the )?access (?:of|from|for) @?\S{1,80}",
    re.IGNORECASE,
)


def wants_a_stop(spoken: str) -> bool:
    """Whether this is all that it says."""
    return _STOPS.fullmatch(spoken) is not None
