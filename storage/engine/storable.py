"""Which texts every engine can keep, and what becomes of the others.

Pure. It imports no more than it needs.
"""

import re

# UTF-8 has no lone surrogate, PostgreSQL no null, and SQLite's JSON ends a text at one.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def is_storable(text: str) -> bool:
    """Whether every engine can keep it as it is."""
    plain = text.isascii() and "\x00" not in text  # nearly every text of ours is, and searching it costs more
    return plain or not _UNSTORABLE.search(text)


def cleaned(text: str) -> str:
    """The text as it is kept: a lone surrogate or a null becomes U+FFFD, all else stays.

    A record must never fail for what somebody typed.
    """
    return text if is_storable(text) else _UNSTORABLE.sub("\ufffd", text)
