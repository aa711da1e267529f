"""Salted commitments to free text: what stands in a leaf in its place, so that it can be erased (docs/audit-format.md).

Pure. It never keeps a text, and imports no more than it needs.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable
from os import urandom

from storage.engine.storable import cleaned

SALT_SIZE = 32
# Block of SHA-256, which the key of an HMAC is filled up to, and what it is combined with.
_BLOCK = 64
_INNER, _OUTER = (bytes(each ^ pad for each in range(256)) for pad in (0x36, 0x5C))
_INNER_REST, _OUTER_REST = (bytes(_BLOCK - SALT_SIZE).translate(pad) for pad in (_INNER, _OUTER))
_sha256 = hashlib.sha256

_HEX = re.compile(r"[0-9a-f]{64}")


def fresh_salts(names: Iterable[str]) -> dict[str, bytes]:
    """A random salt of 32 bytes for each name."""
    return {name: urandom(SALT_SIZE) for name in names}


def commitment(salt: bytes, text: str) -> str:
    """HMAC-SHA256 with the salt as key over the cleaned text in UTF-8, as 64 hex digits."""
    if len(salt) != SALT_SIZE:
        raise ValueError("a salt is 32 bytes long")
    return quick_commitment(salt, text)


def quick_commitment(salt: bytes, text: str) -> str:
    """`commitment` with a salt that is known to be of 32 bytes. HMAC (RFC 2104) by two hashes: `hmac` takes twice as
    long to find its way to them.
    """
    inner = _sha256(salt.translate(_INNER) + _INNER_REST + cleaned(text).encode()).digest()
    return _sha256(salt.translate(_OUTER) + _OUTER_REST + inner).hexdigest()


def check_commitment(committed: str, salt: bytes, text: str) -> bool:
    """Whether the text and its salt are those that were committed to. False for anything malformed."""
    if len(salt) != SALT_SIZE or not _HEX.fullmatch(committed):
        return False
    return hmac.compare_digest(commitment(salt, text), committed)
