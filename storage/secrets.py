"""Keys at work: sealing what must be read again, deriving what need not be kept, hashing what is only compared.

The keys come from outside and never enter the database, a log or an error.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from storage.faults import SettingsFault, WicketFault

KEY_BYTES = 32
SALT_BYTES = 16


class SealBroken(WicketFault):
    """A sealed secret cannot be opened with the keys that were given."""


def generate_key() -> str:
    """A fresh key: 32 random bytes in URL-safe base64."""
    return Fernet.generate_key().decode("ascii")


class Vault:
    """One or several keys, newest first: the newest seals and derives, all of them open and recognise.

    Raises SettingsFault when there is no key, or one is not 32 bytes in URL-safe base64; the key is not repeated.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys:
            raise SettingsFault("There is no key to seal secrets with.")
        raw = [_decoded(key) for key in keys]
        each = [Fernet(base64.urlsafe_b64encode(key)) for key in raw]
        self._sealing, self._newest = MultiFernet(each), each[0]
        # Deriving has keys of its own, so that nothing shown to anybody is computed with a sealing key.
        self._deriving = [hmac.digest(key, b"wicket derive", "sha256") for key in raw]

    def seal(self, text: str) -> str:
        """Encrypt and authenticate; the same text never looks the same twice."""
        return self._sealing.encrypt(text.encode("utf-8")).decode("ascii")

    def open(self, sealed: str) -> str:
        """What was sealed. Raises SealBroken when no key fits or the text was changed."""
        try:
            return self._sealing.decrypt(sealed.encode("ascii")).decode("utf-8")
        except (InvalidToken, UnicodeError) as error:
            raise SealBroken from error

    def is_newest(self, sealed: str) -> bool:
        """Whether the newest key sealed this, so that no other is needed for it."""
        try:
            self._newest.decrypt(sealed.encode("ascii"))
        except (InvalidToken, UnicodeError):
            return False
        return True

    def derive(self, purpose: str, name: str) -> bytes:
        """32 bytes that only a holder of the newest key can compute for this purpose and name."""
        return _derived(self._deriving[0], purpose, name)

    def derive_all(self, purpose: str, name: str) -> Iterator[bytes]:
        """The same with every key, newest first, to recognise what an older key derived."""
        return (_derived(key, purpose, name) for key in self._deriving)


@dataclass(frozen=True, kw_only=True)
class CodeHash:
    """How slowly recovery codes are hashed. All that are kept were hashed alike: no hash says how.

    cost: a power of two above 1. As it is, a hash takes some ten milliseconds: for codes of 65 random bits that is far
    more than a stolen table is worth trying.
    """

    cost: int = 2**12

    def of(self, code: str, salt: bytes) -> str:
        """A salted, slow hash of a recovery code, fit to be stored: never made in a transaction."""
        digest = hashlib.scrypt(
            code.encode("utf-8", "surrogatepass"), salt=salt, n=self.cost, r=8, p=1, dklen=32
        )
        return f"scrypt${salt.hex()}${digest.hex()}"


def salt_of(hashed: str) -> bytes:
    """The salt in a stored hash."""
    return bytes.fromhex(hashed.split("$")[1])


def new_salt() -> bytes:
    """A fresh salt."""
    return secrets.token_bytes(SALT_BYTES)


def _derived(key: bytes, purpose: str, name: str) -> bytes:
    return hmac.digest(key, f"{purpose}\0{name}".encode(), "sha256")


def _decoded(key: str) -> bytes:
    try:
        raw = base64.b64decode(key.strip().encode("ascii"), altchars=b"-_", validate=True)
    except ValueError:  # binascii.Error and UnicodeEncodeError are both of this kind
        raw = b""
    if len(raw) != KEY_BYTES:
        raise SettingsFault(f"A key is not {KEY_BYTES} bytes in URL-safe base64.")
    return raw
