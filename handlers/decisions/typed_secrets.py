"""Passwords and codes that people type into a chat by mistake, known by how they are said or by their shape.

It keeps nothing of them and tries none; whoever typed one is only told what to do now.
"""

import re

# Longer is no word and no code; and whatever is looked at for it is short.
_LONGEST = 120
_WHAT = (
    r"(?:pass ?(?:word|phrase|code)|passwort|kennwort|pw|pwd|pin|totp|otp|(?:recovery |mail |security )?code)"
)
_STATES = (
    r"(?:not|no|now|wrong|right|ok|okay|old|new|too|still|always|also|lost|gone|locked|blocked|expired|expiring|due"
    r"|forgotten|incorrect|invalid|broken|reset|changed|leaked|stolen|known|hacked|compromised|unknown|missing|safe"
    r"|weak|strong|long|short|fine|rejected|refused|accepted|needed|required|abgelaufen|vergessen|gesperrt|falsch)"
)
_SAID = re.compile(
    rf"(?:(?:my|the|here(?: is|'s)(?: my| the)?|mein|das)(?: (?:new|old|current|neues|altes))? )?{_WHAT}"
    rf"(?:(?: (?:is|was|ist)|:| ?=)[ :]*| (?=\S*\d))(?!{_STATES}\b)\S{{4,64}}"
    rf"|(?:change|set|reset) (?:my |the )?{_WHAT} to (?!{_STATES}\b)\S{{4,64}}",
    re.IGNORECASE,
)
# A word that nobody writes: large, small, a number and a sign. No address, no mention and no emoji has all of it.
_SHAPED = re.compile(
    r"(?=\S*[a-z])(?=\S*[A-Z])(?=\S*\d)(?=\S*[!#$%&*+=?^~|\\])(?!\S*(?://|@\S+\.|[<>`]))\S{8,64}"
)
# Of an authenticator, of our mails, and a recovery code, in whose letters some that are misread do not occur.
_LETTER = "[0-9a-hjkmnp-tv-z]"
_CODE = re.compile(
    rf"(?:\d{{6}}|\d{{3}} \d{{3}}|\d{{8}}|\d{{4}} \d{{4}}"
    rf"|(?=\D*\d){_LETTER}{{4}}[ -]{_LETTER}{{4}}[ -]{_LETTER}{{5}})\.?",
    re.IGNORECASE,
)


def is_secret(line: str) -> bool:
    """Whether this line is probably a password or a code."""
    return len(line) <= _LONGEST and any(one.fullmatch(line.strip()) for one in (_SAID, _SHAPED, _CODE))
