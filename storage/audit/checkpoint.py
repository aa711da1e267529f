"""Checkpoints: the size and root of the tree as a C2SP signed note with an Ed25519 key, and the keys' text forms.

Pure. Reading a note or a key never raises, whatever the text: what cannot be trusted is an answer with its reason.
"""

import base64
import hashlib
import re
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from storage.audit.merkle import HASH_SIZE, MAX_SIZE
from storage.sentences import Sentence, template

_ED25519 = b"\x01"
_KEY_SIZE = 32
_SECRET_PREFIX = "PRIVATE+KEY+"  # noqa: S105  the published prefix of a private key's text form, not a secret
_MAX_NOTE = 100_000
_MAX_SIGNATURES = 100
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f]")
_DASH = "\u2014 "
# What stands behind a log's name in the origin of its later epochs (storage.audit.epochs).
_EPOCH = re.compile(r"/epoch-([0-9a-f]{16})")


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """The tree of the log `origin` had `size` leaves and this root (32 bytes).

    origin: the log's name; in a later epoch of it, `origin_of` that.
    """

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        if not _is_name(self.origin) or not 0 <= self.size <= MAX_SIZE or len(self.root) != HASH_SIZE:
            raise ValueError(
                "a checkpoint needs an origin without spaces, a size of 0 or more and a root of 32 bytes"
            )


@dataclass(frozen=True, kw_only=True)
class BadNote:
    """Why a text is not a checkpoint that can be trusted; `reason` is a clause, fit to show.

    forged: it names this very key as its signer, whose signature does not fit. Anything else is none, or another key's.
    """

    reason: str
    forged: bool = False


@dataclass(frozen=True, kw_only=True)
class BadKey:
    """Why a text is not a key; `reason` is a clause that never repeats the text."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class Verifier:
    """The public half: checks what the log called `name` signed."""

    name: str
    key: Ed25519PublicKey

    def __hash__(self) -> int:
        return hash((self.name, self.key.public_bytes_raw()))

    @property
    def key_id(self) -> bytes:
        """Four bytes that, with the name, say which key signed."""
        named = self.name.encode() + b"\n" + _ED25519 + self.key.public_bytes_raw()
        return hashlib.sha256(named).digest()[:4]

    @property
    def text(self) -> str:
        """The verifier key for others: name+hex key id+base64 (a C2SP "vkey"). It is public."""
        public = to_base64(_ED25519 + self.key.public_bytes_raw())
        return f"{self.name}+{self.key_id.hex()}+{public}"

    def accepts(self, message: bytes, signature: bytes) -> bool:
        """Whether this key signed exactly these bytes."""
        try:
            self.key.verify(signature, message)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, kw_only=True)
class Signer:
    """The private half: signs for the log called `name`."""

    name: str
    key: Ed25519PrivateKey = field(repr=False)

    def __post_init__(self) -> None:
        if not _is_name(self.name):
            raise ValueError("the name of a log is not empty and holds no space, plus or control character")

    @classmethod
    def generate(cls, name: str) -> "Signer":
        """A new key for the log called `name`. ValueError for a name with spaces, plus or control characters."""
        return cls(name=name, key=Ed25519PrivateKey.generate())

    @classmethod
    def from_seed(cls, name: str, seed: bytes) -> "Signer":
        """The key that grows from 32 secret bytes. ValueError for another length or an unfit name."""
        return cls(name=name, key=Ed25519PrivateKey.from_private_bytes(seed))

    @property
    def verifier(self) -> Verifier:
        """The public half."""
        return Verifier(name=self.name, key=self.key.public_key())

    def secret_text(self) -> str:
        """The private key as one line (PRIVATE+KEY+name+key id+base64), for an environment variable or a file."""
        seed = to_base64(_ED25519 + self.key.private_bytes_raw())
        return f"{_SECRET_PREFIX}{self.name}+{self.verifier.key_id.hex()}+{seed}"


def read_verifier(text: str) -> Verifier | BadKey:
    """The verifier key that `Verifier.text` wrote; blanks around it do not matter."""
    read = _read_key(text.strip())
    if isinstance(read, BadKey):
        return read
    name, key_id, public = read
    verifier = Verifier(name=name, key=Ed25519PublicKey.from_public_bytes(public))
    return verifier if verifier.key_id == key_id else BadKey(reason="its key id does not belong to its key")


def read_signer(text: str) -> Signer | BadKey:
    """The private key that `Signer.secret_text` wrote; blanks around it do not matter."""
    stripped = text.strip()
    if not stripped.startswith(_SECRET_PREFIX):
        return BadKey(reason=f"it does not begin with {_SECRET_PREFIX}")
    read = _read_key(stripped.removeprefix(_SECRET_PREFIX))
    if isinstance(read, BadKey):
        return read
    name, key_id, seed = read
    signer = Signer.from_seed(name, seed)
    return (
        signer if signer.verifier.key_id == key_id else BadKey(reason="its key id does not belong to its key")
    )


def origin_of(name: str, epoch: str) -> str:
    """The first line of the checkpoints of an epoch: the log's name alone in the first, whose `epoch` is ""."""
    return f"{name}/epoch-{epoch}" if epoch else name


def epoch_in(origin: str, name: str) -> str | None:
    """The epoch of the log `name` that this origin is of, "" for the first; None if it is another log's."""
    if origin == name:
        return ""
    found = _EPOCH.fullmatch(origin.removeprefix(name)) if origin.startswith(name) else None
    return found.group(1) if found else None


def sign(checkpoint: Checkpoint, signer: Signer) -> str:
    """The checkpoint as a signed note. ValueError unless the signer has the name of the log."""
    if epoch_in(checkpoint.origin, signer.name) is None:
        raise ValueError("a log signs its own checkpoints only")
    return sign_text(f"{checkpoint.origin}\n{checkpoint.size}\n{to_base64(checkpoint.root)}\n", signer)


def sign_text(body: str, signer: Signer) -> str:
    """A text, whose last line has its line end, as a signed note (C2SP signed-note)."""
    signature = to_base64(signer.verifier.key_id + signer.key.sign(body.encode()))
    return f"{body}\n{_DASH}{signer.name} {signature}\n"


def verify_note(note: str | bytes, verifier: Verifier) -> Checkpoint | BadNote:
    """The checkpoint in a note that this key signed, for its own log; anything else is a BadNote. Never raises.

    Which epoch of the log it is of stands in its origin. Signatures of other keys are
    ignored; one of this key that fails spoils the note.
    """
    body = open_note(note, verifier)
    return body if isinstance(body, BadNote) else _read_checkpoint(body, verifier.name)


def open_note(note: str | bytes, verifier: Verifier) -> str | BadNote:
    """The text of a signed note (C2SP signed-note) if this key signed it. Never raises."""
    text = _read_text(note)
    if isinstance(text, BadNote):
        return text
    end = text.rfind("\n\n") + 1
    body, signatures = text[:end], text[end + 1 :]
    if not end or not signatures.endswith("\n"):
        return BadNote(reason=template("it is not a text, a blank line and signature lines"))
    lines = signatures[:-1].split("\n")
    if len(lines) > _MAX_SIGNATURES:
        return BadNote(reason=Sentence("it has more than {most} signatures", most=_MAX_SIGNATURES))
    signed = False
    for line in lines:
        read = _read_signature(line)
        if read is None:
            return BadNote(
                reason=template(
                    "a signature line is malformed; copy the checkpoint whole, to the end of the line that begins with "
                    "a dash"
                )
            )
        name, key_id, signature = read
        if (name, key_id) != (verifier.name, verifier.key_id):
            continue
        if not verifier.accepts(body.encode(), signature):
            reason = Sentence("the signature of {name} does not fit the text", name=verifier.name)
            return BadNote(reason=reason, forged=True)
        signed = True
    return (
        body if signed else BadNote(reason=Sentence("it is not signed by the key {key}", key=verifier.text))
    )


def _read_text(note: str | bytes) -> str | BadNote:
    """The note as text that could have been signed: UTF-8, of sane length, no control character but newline."""
    if len(note) > _MAX_NOTE:
        return BadNote(reason=template("it is too long to be a checkpoint"))
    try:
        text = note.decode() if isinstance(note, bytes) else note
        text.encode()
    except UnicodeError:
        return BadNote(reason=template("it is not UTF-8"))
    if _CONTROL.search(text):
        return BadNote(
            reason=template(
                "it has control characters; a carriage return means that its line ends were changed"
            )
        )
    return text


def _read_signature(line: str) -> tuple[str, bytes, bytes] | None:
    """Name, key id and signature of a signature line, or None."""
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    blob = read_base64(encoded)
    if not line.startswith(_DASH) or not _is_name(name) or blob is None or len(blob) < 5:
        return None
    return name, blob[:4], blob[4:]


def _read_checkpoint(body: str, name: str) -> Checkpoint | BadNote:
    lines = body[:-1].split("\n")
    if len(lines) < 3 or not all(lines):
        return BadNote(reason=template("its text is not an origin, a size and a root"))
    # Lines after the third are extensions: signed, but none of them is known here.
    if epoch_in(lines[0], name) is None:
        return BadNote(reason=Sentence("it is about another log than {name}", name=name))
    if not _SIZE.fullmatch(lines[1]) or int(lines[1]) > MAX_SIZE:
        return BadNote(reason=template("its size is not a plain whole number"))
    root = read_base64(lines[2])
    if root is None or len(root) != HASH_SIZE:
        return BadNote(reason=template("its root is not 32 bytes in base64"))
    return Checkpoint(origin=lines[0], size=int(lines[1]), root=root)


def _read_key(text: str) -> tuple[str, bytes, bytes] | BadKey:
    """Name, key id and the 32 bytes of a key's text form."""
    # Base64 has plus signs of its own: only the first two separate.
    name, _, rest = text.partition("+")
    key_id, _, encoded = rest.partition("+")
    key = read_base64(encoded)
    if not _is_name(name) or not re.fullmatch(r"[0-9a-f]{8}", key_id) or key is None:
        return BadKey(reason="it is not name+key id+base64")
    if len(key) != 1 + _KEY_SIZE or key[:1] != _ED25519:
        return BadKey(reason="it is not an Ed25519 key")
    return name, bytes.fromhex(key_id), key[1:]


def _is_name(name: str) -> bool:
    if not name or "+" in name or _CONTROL.search(name) or any(each.isspace() for each in name):
        return False
    return not any("\ud800" <= each <= "\udfff" for each in name)


def to_base64(data: bytes) -> str:
    """The bytes in standard base64 with padding (RFC 4648, section 4)."""
    return base64.b64encode(data).decode("ascii")


def read_base64(text: str) -> bytes | None:
    """The bytes, if this is exactly how base64 writes them; None otherwise."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        return None
    return data if to_base64(data) == text else None
