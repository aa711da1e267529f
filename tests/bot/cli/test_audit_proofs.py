"""The commands about proofs, on real files: what they prove, what they refuse, and that no file gives a traceback."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.settings import new_audit_key
from storage.audit.checkpoint import BadKey, Checkpoint, Verifier, origin_of, read_signer, sign, verify_note
from tests.bot.cli.test_cli import Install, installed

SCRIPT = Path(__file__).parents[3] / "docs" / "verify_audit.py"


@pytest.fixture(scope="module")
def install(tmp_path_factory: pytest.TempPathFactory) -> Install:
    """Seven entries, two of which tell of checkpoints, over three and over five, that are kept in files."""
    made = installed(tmp_path_factory.mktemp("proofs"))
    made.ids = made.happened(3)  # type: ignore[attr-defined]
    made.checkpoint().rename(made.folder / "three.txt")
    made.happened(1)
    made.checkpoint().rename(made.folder / "five.txt")
    made.happened(1)
    return made


def key_of(install: Install) -> Verifier:
    signer = read_signer(install.environ["WICKET_AUDIT_KEY"])
    assert not isinstance(signer, BadKey)
    return signer.verifier


@pytest.fixture
def proof(install: Install) -> Iterator[Path]:
    """A proof of the second entry, in a file."""
    path = install.folder / "entry.tlog-proof"
    done = install.run("audit", "prove", "1", "--out", str(path))
    assert (done.exit_code, done.output) == (
        0,
        f"Wrote the proof that entry 1 is number 1 of 5 to {path}.\n",
    )
    yield path
    path.unlink()


@pytest.fixture
def auditor(install: Install, tmp_path: Path) -> Install:
    """Somebody with no settings, no database and no key of ours: only the public key on the command line."""
    return Install(tmp_path / "nowhere", environ={})


def verify(auditor: Install, install: Install, *arguments: str) -> tuple[int, str]:
    done = auditor.run("audit", "verify-proof", *arguments, "--key", key_of(install).text)
    return done.exit_code, done.output


def test_an_entry_is_proven_and_shown_with_the_public_key_alone(
    install: Install, auditor: Install, proof: Path
):
    """T-6: one small file and a key; no settings, no database, no network."""
    written = proof.read_text().split("\n")
    assert written[0] == "c2sp.org/tlog-proof@v1"
    assert written[1].startswith("extra ")
    assert written[2] == "index 1"
    assert len(proof.read_bytes()) < 2000
    code, said = verify(auditor, install, str(proof))
    assert code == 0, said
    assert said.startswith(
        "Proven. This entry is number 1 of the 5 that the checkpoint of wicket.example covers"
    )
    for shown in ("grant.requested", "p-1 (person)", "prod-db", "minutes", "120", "UTC"):
        assert shown in said


def test_what_was_proven_can_be_read_by_a_program(install: Install, auditor: Install, proof: Path):
    """T-6."""
    code, said = verify(auditor, install, str(proof), "--json")
    read = json.loads(said)
    assert (code, read["index"], read["size"], read["action"]) == (0, 1, 5, "grant.requested")


def test_an_entry_is_found_by_its_id_and_proven_under_the_checkpoint_that_one_holds(
    install: Install, auditor: Install, tmp_path: Path
):
    """T-6: whoever keeps a checkpoint from Slack wants the proof under that one."""
    mine, path = install.folder / "three.txt", tmp_path / "its.tlog-proof"
    entry = install.ids[1]  # type: ignore[attr-defined]
    done = install.run("audit", "prove", entry, "--checkpoint", str(mine), "--out", str(path))
    assert done.exit_code == 0, done.output
    assert path.read_text().endswith(mine.read_text())
    assert verify(auditor, install, str(path), "--checkpoint", str(mine))[0] == 0
    code, said = verify(auditor, install, str(path), "--checkpoint", str(install.folder / "five.txt"))
    assert (code, "yours covers 5" in said) == (1, True)


@pytest.mark.parametrize(
    ("epoch", "said"),
    [
        ("", "One key signed two histories"),
        ("3fb6c2a91d04e857", "yours is of wicket.example/epoch-3fb6c2a91d04e857, another epoch of the log"),
    ],
)
def test_a_proof_under_another_history_is_told_apart_from_one_of_another_epoch(
    install: Install, auditor: Install, proof: Path, tmp_path: Path, epoch: str, said: str
):
    """T-2, T-6: a store that was restored goes on in an epoch of its own, which is no second history under one name."""
    signer, held = read_signer(install.environ["WICKET_AUDIT_KEY"]), tmp_path / "held.txt"
    assert not isinstance(signer, BadKey)
    other = Checkpoint(origin=origin_of(signer.name, epoch), size=5, root=bytes(32))
    held.write_text(sign(other, signer))
    code, told = verify(auditor, install, str(proof), "--checkpoint", str(held))
    assert (code, said in told, "two histories" in told) == (1, True, not epoch), told


def test_an_entry_after_the_last_checkpoint_is_proven_under_one_signed_now(
    install: Install, auditor: Install, tmp_path: Path
):
    """T-6: and without the key that signs, it is said how to come by one."""
    path = tmp_path / "new.tlog-proof"
    assert install.run("audit", "prove", "6", "--out", str(path)).exit_code == 0
    assert verify(auditor, install, str(path))[0] == 0
    done = install.run("audit", "prove", "6", "--key", key_of(install).text)
    assert (done.exit_code, "`wicket audit checkpoint` signs one" in done.stderr) == (2, True)


@pytest.mark.parametrize(("entry", "code"), [("7", 2), ("e-none", 2), ("-1", 2), ("9" * 30, 2), ("٣", 2)])
def test_an_entry_that_is_not_there_is_said_to_be_none(install: Install, entry: str, code: int):
    done = install.run("audit", "prove", "--", entry)
    assert (done.exit_code, "no entry with that id or index" in done.stderr) == (code, True)


def test_a_checkpoint_that_does_not_reach_as_far_proves_nothing(install: Install):
    done = install.run("audit", "prove", "4", "--checkpoint", str(install.folder / "three.txt"))
    assert (done.exit_code, "covers 3 entries, and this one came after" in done.stderr) == (2, True)


def test_another_key_is_no_key(install: Install, auditor: Install, proof: Path):
    """T-6."""
    other = read_signer(new_audit_key("wicket.example"))
    assert not isinstance(other, BadKey)
    done = auditor.run("audit", "verify-proof", str(proof), "--key", other.verifier.text)
    assert (done.exit_code, "it is not signed by the key" in done.stderr) == (2, True)
    assert "by --key the public key that signed the checkpoint in it" in done.stderr


def test_without_a_key_it_is_said_which_one_is_needed(auditor: Install, proof: Path):
    done = auditor.run("audit", "verify-proof", str(proof))
    assert done.exit_code == 2
    assert "A proof is checked with the log's public key: give it with --key." in done.stderr
    assert "Traceback" not in done.output


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_no_change_to_a_proof_verifies(
    install: Install, auditor: Install, proof: Path, tmp_path: Path, data: st.DataObject
):
    """T-6: any byte changed, any part cut out or put in: refused in a sentence, and never with a traceback."""
    whole = proof.read_bytes()
    start = data.draw(st.integers(0, len(whole) - 1))
    end = data.draw(st.integers(start, min(len(whole), start + 60)))
    changed = whole[:start] + data.draw(st.binary(max_size=3)) + whole[end:]
    path = tmp_path / "changed.tlog-proof"
    path.write_bytes(changed)
    code, said = verify(auditor, install, str(path))
    same = changed.replace(b"\r\n", b"\n").strip(b"\n") == whole.strip(b"\n")
    # A signature line of another key says nothing, so one may be put in.
    assert code == 0 if same else code in (1, 2) or b"\xe2\x80\x94" in changed[start:]
    assert "Traceback" not in said
    assert "nobody foresaw" not in said


@pytest.mark.parametrize(
    "written",
    [
        b"",
        b"\n\n",
        b"c2sp.org/tlog-proof@v1\n\n",
        b"c2sp.org/tlog-proof@v1\nindex 0\n\n",
        b"c2sp.org/tlog-proof@v1\nindex 00\n\nx",
        b"c2sp.org/tlog-proof@v1\nindex -1\n\nx",
        b"c2sp.org/tlog-proof@v1\nindex " + b"9" * 5000 + b"\n\nx",
        b"c2sp.org/tlog-proof@v1\nextra AAAA\n\nx",
        b"c2sp.org/tlog-proof@v1\nextra =\nindex 0\n\nx",
        b"c2sp.org/tlog-proof@v1\nindex 0\n" + b"A" * 43 + b"=\n" * 70 + b"\n\nx",
        b"old 3\n\nx",
        b"old x\n\nx",
        b"\xff\xfe",
        b"A" * 3_000_000,
        b"c2sp.org/tlog-proof@v1\nextra " + b"A" * 3_000_000 + b"\nindex 0\n\nx",
    ],
)
def test_what_is_no_proof_is_refused_in_a_sentence(
    install: Install, auditor: Install, tmp_path: Path, written: bytes
):
    """T-6: malformed, cut off and far too long."""
    path = tmp_path / "bad.tlog-proof"
    path.write_bytes(written)
    mine = str(install.folder / "three.txt")
    code, said = verify(auditor, install, str(path), "--checkpoint", mine)
    assert (code, "Traceback" in said, "nobody foresaw" in said) == (2, False, False)
    assert len(said) < 400


def test_a_proof_that_went_through_a_mail_program_is_still_one(
    install: Install, auditor: Install, proof: Path
):
    """T-6: line ends are not signed."""
    proof.write_bytes(b"\r\n" + proof.read_bytes().replace(b"\n", b"\r\n") + b"\r\n")
    assert verify(auditor, install, str(proof))[0] == 0


def test_what_an_editor_put_before_a_text_is_no_part_of_it(
    install: Install, auditor: Install, proof: Path, tmp_path: Path
):
    """T-6: a byte order mark, as some on Windows do; a signature that did not fit would look like a forgery."""
    mark, kept = b"\xef\xbb\xbf", tmp_path / "kept.txt"
    proof.write_bytes(mark + proof.read_bytes())
    kept.write_bytes(mark + (install.folder / "five.txt").read_bytes().replace(b"\n", b"\r\n"))
    assert verify(auditor, install, str(proof), "--checkpoint", str(kept))[0] == 0
    assert install.run("audit", "verify", "--checkpoint", str(kept)).exit_code == 0
    script = Path(__file__).parents[3] / "docs" / "verify_audit.py"
    done = subprocess.run(
        [sys.executable, script, key_of(install).text, "proof", proof, kept], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_a_later_checkpoint_continues_an_earlier_one_and_the_proof_goes_along(
    install: Install, auditor: Install, tmp_path: Path
):
    """T-7: from files or numbers, in either order; the proof is judged with the public key and the earlier one."""
    three, five = str(install.folder / "three.txt"), str(install.folder / "five.txt")
    path = tmp_path / "continues.txt"
    done = install.run("audit", "consistency", three, five, "--out", str(path))
    assert (done.exit_code, done.stdout.split("\n")[0]) == (
        0,
        "Consistent: the log over 5 entries begins with the 3 entries of before, unchanged.",
    )
    code, said = verify(auditor, install, str(path), "--checkpoint", three)
    assert (code, said.startswith("Consistent: the log over 5 entries")) == (0, True)
    assert verify(auditor, install, str(path), "--checkpoint", five)[0] == 1
    assert verify(auditor, install, str(path))[0] == 2
    changed = path.read_text().split("\n")
    path.write_text("\n".join([changed[0], changed[2], changed[1], *changed[3:]]))
    assert verify(auditor, install, str(path), "--checkpoint", three)[0] == 1
    for pair in (("3", "5"), ("7", "2"), (five, "0"), ("4", "4"), (three, "7")):
        assert install.run("audit", "consistency", *pair).exit_code == 0


def test_a_checkpoint_under_a_new_key_continues_one_under_the_old_key(auditor: Install, tmp_path: Path):
    """T-7: whoever kept one of before the key was changed needs both public keys, and nothing else of ours."""
    changed = installed(tmp_path)
    changed.happened(3)
    three, later, path = (
        str(changed.checkpoint()),
        str(tmp_path / "later.txt"),
        str(tmp_path / "continues.txt"),
    )
    old = key_of(changed).text
    changed.environ["WICKET_AUDIT_KEY"] = new_audit_key(key_of(changed).name)
    new = key_of(changed).text
    changed.happened(2)
    assert changed.run("audit", "checkpoint", "--out", later).exit_code == 0
    assert changed.run("audit", "consistency", three, later).exit_code == 2
    done = changed.run("audit", "consistency", three, later, "--old-key", old, "--out", path)
    assert (done.exit_code, done.stdout.startswith("Consistent: the log over 6")) == (0, True), done.output
    held = ("--checkpoint", three, "--key", new)
    assert auditor.run("audit", "verify-proof", path, *held, "--old-key", old).exit_code == 0
    for wrong in ((), ("--old-key", new), ("--old-key", "nothing")):
        assert auditor.run("audit", "verify-proof", path, *held, *wrong).exit_code in (1, 2)
    for keys, code in (((old,), 0), ((), 1), ((new,), 1)):
        alone = [sys.executable, str(SCRIPT), new, "continues", path, three, *keys]
        assert subprocess.run(alone, capture_output=True, check=False).returncode == code


def test_a_proof_without_a_signed_later_checkpoint_is_not_written(install: Install, tmp_path: Path):
    """T-7: over seven it is signed now, over six nobody did."""
    path = tmp_path / "continues.txt"
    assert install.run("audit", "consistency", "3", "7", "--out", str(path)).exit_code == 0
    done = install.run("audit", "consistency", "3", "6", "--out", str(tmp_path / "six.txt"))
    assert (done.exit_code, "No signed checkpoint over 6 entries" in done.stderr) == (2, True)
    assert install.run("audit", "consistency", "3", "70").exit_code == 2


@pytest.fixture
def two_histories(tmp_path: Path) -> tuple[Install, Path, Path]:
    """A store that was set back and went on otherwise, and checkpoints of both."""
    made = installed(tmp_path)
    made.happened(3)
    before = made.store.read_bytes()
    made.happened(2)
    first = made.checkpoint().rename(made.folder / "first.txt")
    made.store.write_bytes(before)
    made.happened(4)
    return made, first, made.checkpoint()


def test_checkpoints_that_contradict_each_other_are_said_to(two_histories: tuple[Install, Path, Path]):
    """T-7: only one of the two can be true, and both are signed."""
    made, first, other = two_histories
    done = made.run("audit", "consistency", str(first), str(other))
    assert done.exit_code == 1
    assert done.stderr.startswith(
        "They contradict each other: the tree over 7 entries does not begin with the tree over 5, and the one over 5 is"
        " not what stands here. Both are signed by the same key"
    )
    done = made.run("audit", "prove", "1", "--checkpoint", str(first))
    assert (done.exit_code, "There is no proof" in done.stderr) == (1, True)


def test_a_checkpoint_over_more_than_is_here_tells_of_a_cut_tail(install: Install, tmp_path: Path):
    """T-7."""
    made = installed(tmp_path)
    made.environ = install.environ
    made.happened(2)
    five = str(install.folder / "five.txt")
    for command in (("consistency", five, "1"), ("prove", "1", "--checkpoint", five)):
        done = made.run("audit", *command)
        assert (done.exit_code, "only 2 are here" in done.stderr) == (1, True)


def test_a_checkpoint_in_a_proof_is_the_one_that_was_published(install: Install, proof: Path):
    """T-6: not one made for the purpose, where a published one covers the entry."""
    note = "\n".join(proof.read_text().split("\n\n", 1)[1:])
    assert note == (install.folder / "five.txt").read_text()
    assert verify_note(note, key_of(install))
