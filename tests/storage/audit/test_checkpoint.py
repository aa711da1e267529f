"""Checkpoints are the notes that other tools read, and no text can pass for one or bring the reader down."""

import base64

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from storage.audit.checkpoint import (
    BadKey,
    BadNote,
    Checkpoint,
    Signer,
    Verifier,
    open_note,
    read_signer,
    read_verifier,
    sign,
    verify_note,
)
from storage.audit.merkle import EMPTY_ROOT

# The example of golang.org/x/mod/sumdb/note, the reference for the format.
SECRET = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
PUBLIC = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
BODY = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
SIGNATURE = (
    "— PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
ORIGIN = "wicket.example/audit"
SIGNER = Signer.from_seed(ORIGIN, bytes(range(32)))
CHECKPOINT = Checkpoint(origin=ORIGIN, size=20852163, root=EMPTY_ROOT)
NOTE = sign(CHECKPOINT, SIGNER)


def verifier(text: str) -> Verifier:
    """The key in this text, which is one."""
    read = read_verifier(text)
    assert isinstance(read, Verifier)
    return read


def signed(body: str, signer: Signer = SIGNER) -> str:
    """Any body with a true signature: what a careless signer could have made."""
    blob = base64.b64encode(signer.verifier.key_id + signer.key.sign(body.encode())).decode()
    return f"{body}\n— {signer.name} {blob}\n"


def test_the_reference_note_and_its_keys_are_understood() -> None:
    signer = read_signer(SECRET)
    assert isinstance(signer, Signer)
    assert (signer.secret_text(), signer.verifier.text) == (SECRET, PUBLIC)
    assert open_note(f"{BODY}\n{SIGNATURE}", verifier(PUBLIC)) == BODY
    assert signed(BODY, signer) == f"{BODY}\n{SIGNATURE}"


def test_a_checkpoint_is_three_lines_a_blank_and_a_signature() -> None:
    lines = NOTE.split("\n")
    assert lines[:4] == [ORIGIN, "20852163", base64.b64encode(EMPTY_ROOT).decode(), ""]
    assert lines[4].startswith(f"— {ORIGIN} ")
    assert lines[5:] == [""]


@given(st.integers(0, 2**63 - 1), st.binary(min_size=32, max_size=32))
def test_what_is_signed_reads_back(size: int, root: bytes) -> None:
    checkpoint = Checkpoint(origin=ORIGIN, size=size, root=root)
    note = sign(checkpoint, SIGNER)
    assert verify_note(note, SIGNER.verifier) == checkpoint
    assert verify_note(note.encode(), SIGNER.verifier) == checkpoint


def test_a_new_key_survives_its_text_forms() -> None:
    signer = Signer.generate(ORIGIN)
    again = read_signer(f"  {signer.secret_text()}\n")
    assert isinstance(again, Signer)
    assert verify_note(sign(CHECKPOINT, again), verifier(f"{signer.verifier.text}\n")) == CHECKPOINT


def test_a_private_key_does_not_show_itself() -> None:
    seed = SIGNER.secret_text().rpartition("+")[2]
    assert seed not in repr(SIGNER)
    bad = read_signer(SIGNER.secret_text()[:-1])
    assert isinstance(bad, BadKey)
    assert seed[:-1] not in repr(bad)


@given(st.integers(0, len(NOTE.encode()) - 1), st.integers(1, 255))
def test_no_note_with_a_changed_byte_is_trusted(at: int, flip: int) -> None:
    changed = bytearray(NOTE.encode())
    changed[at] ^= flip
    assert isinstance(verify_note(bytes(changed), SIGNER.verifier), BadNote)


@given(st.integers(0, len(NOTE) - 1))
def test_no_note_cut_short_is_trusted(end: int) -> None:
    assert isinstance(verify_note(NOTE[:end], SIGNER.verifier), BadNote)


@given(st.one_of(st.text(st.characters(codec=None)), st.binary()))
@example("")
@example("\n")
@example("\n\n")
@example("\n\n\n")
@example("\ud800\n\n— a b\n")
@example("a\n\n— \n")
@example("a\n\n—  \n")
@example("a\n\n— x é\n")
@example("a" * 200_000)
def test_hostile_text_is_refused_and_never_raises(text: str | bytes) -> None:
    assert isinstance(verify_note(text, SIGNER.verifier), BadNote)


@given(st.text(st.characters(codec=None)))
@example("PRIVATE+KEY+")
@example("a+b+c")
@example("a+00000000+é")
@example("a+00000000+" + base64.b64encode(b"\x01" + b"x" * 31).decode())
@example("a+00000000+" + base64.b64encode(b"\x02" + b"x" * 32).decode())
@example("PRIVATE+KEY+a+00000000+" + base64.b64encode(b"\x01" + b"x" * 32).decode())
@example("\ud800+00000000+" + base64.b64encode(b"\x01" + b"x" * 32).decode())
def test_hostile_keys_are_refused_and_never_raise(text: str) -> None:
    assert isinstance(read_verifier(text), BadKey)
    assert isinstance(read_signer(text), BadKey)


@given(st.integers(0, len(PUBLIC) - 1), st.characters(codec="utf-8", exclude_categories=["Cs"]))
def test_no_mangled_verifier_key_is_taken_for_the_true_one(at: int, other: str) -> None:
    mangled = PUBLIC[:at] + other + PUBLIC[at + 1 :]
    read = read_verifier(mangled)
    assert isinstance(read, BadKey) or read.text == mangled.strip() == PUBLIC


def test_unknown_signatures_are_ignored_and_a_known_one_is_found_among_them() -> None:
    body, _, line = NOTE.rpartition("\n\n")
    witness = signed(f"{body}\n", Signer.generate("witness.example")).rpartition("\n\n")[2]
    namesake = signed(f"{body}\n", Signer.generate(ORIGIN)).rpartition("\n\n")[2]
    assert verify_note(f"{body}\n\n{witness}{namesake}{line}", SIGNER.verifier) == CHECKPOINT
    assert isinstance(verify_note(f"{body}\n\n{witness}{namesake}", SIGNER.verifier), BadNote)


def test_a_false_signature_by_the_known_key_spoils_the_note() -> None:
    false = base64.b64encode(SIGNER.verifier.key_id + b"\x00" * 64).decode()
    for note in (f"{NOTE}— {ORIGIN} {false}\n", NOTE.replace("\n\n", f"\n\n— {ORIGIN} {false}\n")):
        read = verify_note(note, SIGNER.verifier)
        assert isinstance(read, BadNote)
        assert "does not fit" in read.reason


def test_too_many_signatures_are_refused_and_a_fair_number_is_not() -> None:
    witness = signed("x\n", Signer.generate("witness.example")).rpartition("\n\n")[2]
    assert verify_note(NOTE + witness * 16, SIGNER.verifier) == CHECKPOINT
    assert isinstance(verify_note(NOTE + witness * 100, SIGNER.verifier), BadNote)


@pytest.mark.parametrize(
    "body",
    [
        f"{ORIGIN}\n",
        f"{ORIGIN}\n5\n",
        f"other.example\n5\n{base64.b64encode(EMPTY_ROOT).decode()}\n",
        f"{ORIGIN}\n05\n{base64.b64encode(EMPTY_ROOT).decode()}\n",
        f"{ORIGIN}\n-5\n{base64.b64encode(EMPTY_ROOT).decode()}\n",
        f"{ORIGIN}\n\u0665\n{base64.b64encode(EMPTY_ROOT).decode()}\n",
        f"{ORIGIN}\n{2**63}\n{base64.b64encode(EMPTY_ROOT).decode()}\n",
        f"{ORIGIN}\n5 \n{base64.b64encode(EMPTY_ROOT).decode()}\n",
        f"{ORIGIN}\n5\n{base64.b64encode(EMPTY_ROOT[:31]).decode()}\n",
        f"{ORIGIN}\n5\n{base64.urlsafe_b64encode(bytes([255] * 32)).decode()}\n",
        f"{ORIGIN}\n5\n{EMPTY_ROOT.hex()}\n",
        f"{ORIGIN}\n5\n\n{base64.b64encode(EMPTY_ROOT).decode()}\n",
        f"{ORIGIN}\r\n5\r\n{base64.b64encode(EMPTY_ROOT).decode()}\r\n",
    ],
)
def test_a_true_signature_over_something_else_is_no_checkpoint(body: str) -> None:
    assert isinstance(verify_note(signed(body), SIGNER.verifier), BadNote)


def test_a_note_that_is_far_too_long_is_refused_though_it_is_signed() -> None:
    """T-6: before its signature is looked for."""
    body = f"{ORIGIN}\n20852163\n{base64.b64encode(EMPTY_ROOT).decode()}\n"
    assert verify_note(signed(body + "more\n" * 10_000), SIGNER.verifier) == CHECKPOINT
    read = verify_note(signed(body + "more\n" * 20_000), SIGNER.verifier)
    assert isinstance(read, BadNote)
    assert "too long" in read.reason


def test_extension_lines_are_signed_and_ignored() -> None:
    body = f"{ORIGIN}\n20852163\n{base64.b64encode(EMPTY_ROOT).decode()}\nmore\n"
    assert verify_note(signed(body), SIGNER.verifier) == CHECKPOINT


def test_a_log_signs_only_for_itself() -> None:
    with pytest.raises(ValueError, match="its own"):
        sign(CHECKPOINT, Signer.generate("other.example"))


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\u2003b", "a\ud800", "\x00"])
def test_a_log_has_a_plain_name(name: str) -> None:
    with pytest.raises(ValueError, match="name of a log"):
        Signer.generate(name)
    with pytest.raises(ValueError, match="origin"):
        Checkpoint(origin=name, size=0, root=EMPTY_ROOT)
