"""An authenticator of ours in software: keys in memory, answers as a browser would hand them on, and whatever a thief
would like to have in them.

It is written from WebAuthn Level 3, sections 5.8.1, 6.1 and 6.5, and knows nothing of Wicket.
"""

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field, replace
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

UP, UV, BE, BS, AT = 0x01, 0x04, 0x08, 0x10, 0x40
ES256, ES512 = -7, -36


def b64(raw: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(raw).decode("ascii").rstrip("=")


def unb64(text: str) -> bytes:
    """What was in it."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass(frozen=True, kw_only=True)
class Lies:
    """What an answer says that it should not; None and the defaults are the truth. flags: instead of its own."""

    origin: str | None = None
    rp_id: str | None = None
    challenge: str | None = None
    kind: str | None = None
    flags: int | None = None
    count: int | None = None
    user_handle: bytes | None = None
    credential: bytes | None = None
    cross_origin: bool = False
    alg: int = ES256
    break_signature: bool = False


HONEST = Lies()


@dataclass
class Authenticator:
    """One device with at most one passkey. synced: its passkey may be backed up, and is. counts: it counts its uses."""

    origin: str
    synced: bool = False
    counts: bool = True
    aaguid: bytes = bytes(16)
    count: int = 0
    credential: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    user_handle: bytes = b""

    def copy(self) -> "Authenticator":
        """A clone: the same key, and a count of its own from here on."""
        return replace(self)

    def make(self, options: dict[str, Any], lies: Lies = HONEST) -> str:
        """The answer to `navigator.credentials.create`, as JSON."""
        self.user_handle = unb64(options["user"]["id"])
        numbers = self.key.public_key().public_numbers()
        public = {
            1: 2,
            3: lies.alg,
            -1: 1,
            -2: numbers.x.to_bytes(32, "big"),
            -3: numbers.y.to_bytes(32, "big"),
        }
        data = self._data(options["rp"]["id"], lies, AT)
        data += self.aaguid + len(self.credential).to_bytes(2, "big") + self.credential + cbor2.dumps(public)
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return self._answer(
            lies,
            clientDataJSON=b64(self._client_data("webauthn.create", options["challenge"], lies)),
            attestationObject=b64(attestation),
            transports=["internal"],
        )

    def show(self, options: dict[str, Any], lies: Lies = HONEST) -> str:
        """The answer to `navigator.credentials.get`, as JSON."""
        if self.counts:
            self.count += 1
        data = self._data(options["rpId"], lies, 0)
        client = self._client_data("webauthn.get", options["challenge"], lies)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        if lies.break_signature:
            signature = signature[:-1] + bytes([signature[-1] ^ 1])
        handle = self.user_handle if lies.user_handle is None else lies.user_handle
        return self._answer(
            lies,
            clientDataJSON=b64(client),
            authenticatorData=b64(data),
            signature=b64(signature),
            userHandle=b64(handle) if handle else None,
        )

    def _data(self, rp_id: str, lies: Lies, extra: int) -> bytes:
        flags = UP | UV | (BE | BS if self.synced else 0) if lies.flags is None else lies.flags
        count = self.count if lies.count is None else lies.count
        rp_hash = hashlib.sha256((lies.rp_id or rp_id).encode()).digest()
        return rp_hash + bytes([flags | extra]) + count.to_bytes(4, "big")

    def _client_data(self, kind: str, challenge: str, lies: Lies) -> bytes:
        said = {
            "type": lies.kind or kind,
            "challenge": lies.challenge or challenge,
            "origin": lies.origin or self.origin,
            "crossOrigin": lies.cross_origin,
        }
        return json.dumps(said).encode()

    def _answer(self, lies: Lies, **response: Any) -> str:
        shown = b64(lies.credential or self.credential)
        return json.dumps({"id": shown, "rawId": shown, "type": "public-key", "response": response})
