"""Commands that are misspelt by a letter, as "unlok me" for "unlock me", and what they were probably meant to be.

Nothing is done with what it puts right: whoever wrote it is only asked.
"""

from rapidfuzz import process
from rapidfuzz.distance import OSA

# What commands about passwords, locks and access are made of. A word of three letters is near to too many others.
_WORDS = (
    "access", "account", "change", "expired", "forgot", "forgotten", "groups", "have", "locked", "login",
    "password", "permissions", "reset", "rights", "show", "unblock", "unlock", "what", "which",
)  # fmt: skip
_SHORTEST = 4
_MOST = 10


def put_right(words: str) -> str | None:
    """The same with each misspelt word of a command put right; None if none is, or if it is more than a command."""
    spoken = words.casefold().split()
    if len(spoken) > _MOST:
        return None
    right = [_nearest(word) for word in spoken]
    return " ".join(right) if right != spoken else None


def _nearest(word: str) -> str:
    """A word of commands that one letter more, less, other or swapped with the next makes of it; or it itself."""
    if len(word) < _SHORTEST:
        return word
    found = process.extractOne(word, _WORDS, scorer=OSA.distance, score_cutoff=1)
    return word if found is None else str(found[0])
