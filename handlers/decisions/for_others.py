"""What the help desk types to do something for somebody else, read by fixed rules.

It never takes what somebody says of themselves for it, and looks nobody up.
"""

import re

from handlers.decisions.helping import Act
from handlers.decisions.understanding import HelpSomebody

_WHOM = r"(?!(?:me|my|mine|myself|the|a|an|own|account|login|user)\b)@?(?P<whom>[^\s'][^']{0,80}?)"
_PASSWORD = r"(?:the )?(?:password|passwort|passphrase|pw)"  # noqa: S105 - the word, not a password
_TICKET = r"(?: again)?(?:,? (?:for|with|by|because of|ticket) (?:ticket )?\S{1,200})?"
_PATTERNS: tuple[tuple[re.Pattern[str], Act], ...] = tuple(
    (re.compile(pattern + _TICKET, re.IGNORECASE), act)
    for pattern, act in (
        (rf"(?:unlock|unblock) (?:the account of )?{_WHOM}(?:'s account|' account)?", Act.UNLOCK),
        (rf"(?:reset|renew|replace) {_PASSWORD} (?:of|for) {_WHOM}", Act.RESET),
        (rf"(?:reset|renew|replace) {_WHOM}'s? {_PASSWORD}", Act.RESET),
        (rf"(?:start|begin) (?:a |the )?(?:{_PASSWORD} )?reset (?:of|for) {_WHOM}", Act.RESET),
        (rf"(?:re-?check|check) {_WHOM}'s? (?:access|groups?)(?: (?:to|of|in) \S{{1,80}})?", Act.RECHECK),
        (rf"(?:re-?check|check) (?:the )?(?:access|groups?) of {_WHOM}(?: to \S{{1,80}})?", Act.RECHECK),
    )
)


def for_somebody(spoken: str) -> HelpSomebody | None:
    """What it asks for, and for whom as they were called; None if it is nothing of the kind."""
    for pattern, act in _PATTERNS:
        if found := pattern.fullmatch(spoken):
            return HelpSomebody(act=act, whom=found["whom"].strip())
    return None
