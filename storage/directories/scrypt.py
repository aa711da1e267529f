"""Passwords as salted scrypt hashes, each carrying the cost it was made with.

It never keeps, logs or compares a password in the clear.
"""

import hashlib
import hmac
import secrets
import unicodedata
from dataclasses import dataclass

_MEMORY_LIMIT = 256 * 1024 * 1024
_DIGEST_BYTES = 64


@dataclass(frozen=True, kw_only=True)
class Scrypt:
    """How costly a hash is. The default takes ~50 ms and 16 MiB: honest for a demo, and too low for production.

    n: a power of two above 1. r, p: as in RFC 7914.
    """

    n: int = 2**14
    r: int = 8
    p: int = 1

    def hash(self, password: str) -> str:
        """The text to store: cost, salt and digest."""
        salt = secrets.token_bytes(16)
        return self._text(salt, self._digest(password, salt))

    def of_nobody(self) -> str:
        """A text that no password made, and that takes as long to compare with as one that was."""
        return self._text(secrets.token_bytes(16), secrets.token_bytes(_DIGEST_BYTES))

    def _text(self, salt: bytes, digest: bytes) -> str:
        return f"{self.n}${self.r}${self.p}${salt.hex()}${digest.hex()}"

    def _digest(self, password: str, salt: bytes) -> bytes:
        # The same characters typed on another keyboard are the same password (SP 800-63B-4, 3.1.1.2).
        text = unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
        return hashlib.scrypt(
            text, salt=salt, n=self.n, r=self.r, p=self.p, maxmem=_MEMORY_LIMIT, dklen=_DIGEST_BYTES
        )


def matches(password: str, stored: str) -> bool:
    """Whether the password made this stored text; takes as long either way."""
    n, r, p, salt, digest = stored.split("$")
    made = Scrypt(n=int(n), r=int(r), p=int(p))._digest(password, bytes.fromhex(salt))
    return hmac.compare_digest(made, bytes.fromhex(digest))
