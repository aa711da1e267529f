"""T-6: the verifier that ships in docs/ is short, knows nothing of ours, and comes to our verdict on anything."""

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import settings
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.pool import StaticPool
from sqlmodel import SQLModel

from storage.audit import log
from storage.audit.checkpoint import BadNote, Checkpoint, Signer, sign, sign_text, to_base64, verify_note
from storage.audit.entry import Actor, Entry, Where
from storage.audit.merkle import EMPTY_ROOT, leaf_hash, root_of
from storage.audit.proving import Continued, continue_from, prove
from storage.audit.sealing import sign_head, take_checkpoint
from storage.audit.sides import signed_side
from storage.audit.tables import TABLES
from storage.audit.tlog_proof import BadProof, Continuation, Inclusion, judge, judge_continuation, read_proof
from storage.engine.forgiving import Forgiving
from tests.storage.rows import numbered

from .conftest import START

SCRIPT = Path(__file__).parents[3] / "docs" / "verify_audit.py"
SIGNER = Signer.from_seed("wicket.example/audit", bytes(32))
KEY = SIGNER.verifier
SIZES = (0, 1, 2, 3, 7, 8, 13, 21)
# `--hypothesis-profile=chaos` tries as many as a night holds.
TRIED = 4000 if settings.get_current_profile_name() == "chaos" else 150
# One process for all: it starts without the place where packages are, and is given `cryptography` alone.
RUN = """
import contextlib, io, json, runpy, sys
sys.path.append(sys.argv[2])
for ours in ("bot", "handlers", "storage", "sqlalchemy"):
    try:
        __import__(ours)
    except ImportError:
        continue
    sys.exit(f"{ours} can be imported")
main = runpy.run_path(sys.argv[1])["main"]
answers = []
for arguments in json.load(sys.stdin):
    with contextlib.redirect_stdout(io.StringIO()) as said:
        answers.append([main(arguments), said.getvalue()])
json.dump(answers, sys.stdout)
"""


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the script may import."""
    folder = tmp_path_factory.mktemp("alone")
    for name in ("cryptography", "cffi", "_cffi_backend"):
        spec = find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        found = Path(spec.origin)
        found = found.parent if found.name == "__init__.py" else found
        (folder / found.name).symlink_to(found)
    return folder


def verdicts(alone: Path, asked: list[list[str]]) -> list[tuple[int, str]]:
    """What the script says to each."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", RUN, SCRIPT, alone],
        input=json.dumps(asked), capture_output=True, text=True, cwd=alone, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [(code, said) for code, said in json.loads(done.stdout)]


@pytest.fixture(scope="module")
def grown() -> Iterator[tuple[Connection, dict[int, str]]]:
    """Twenty-two entries, and a checkpoint over the first so many, by their number."""
    engine: Engine = create_engine("sqlite://", connect_args={"factory": Forgiving}, poolclass=StaticPool)
    notes = {}
    with engine.connect() as tx:
        SQLModel.metadata.create_all(tx, tables=list(TABLES))
        for number in range(SIZES[-1] + 1):
            if number in SIZES:
                notes[number] = take_checkpoint(tx, SIGNER, at=START)
            log.append(tx, entry(number))
        yield tx, notes
    engine.dispose()


def entry(number: int) -> Entry:
    at = START + timedelta(seconds=number)
    return Entry(
        id=numbered(number, at), at=at, action="grant.requested", outcome="done",
        actor=Actor(type="person", id=f"p-{number}"), subject=f"p-{number}", resource="prod-db",
        correlation=f"c-{number}", where=Where(transport="socket", replica="r1"), facts={"name": "n\u00e4me"},
    )  # fmt: skip


def files_of(tx: Connection, notes: dict[int, str]) -> list[bytes]:
    """Proofs of every entry under every checkpoint, and from each to each."""
    rows = list(log.every(tx))
    made = [
        prove(tx, row, KEY, note=note) for size, note in notes.items() for row in rows if row.index < size
    ]
    continued = [
        continue_from(tx, signed_side(notes[old], KEY), signed_side(notes[new], KEY), KEY)  # type: ignore[arg-type]
        for old in SIZES
        for new in SIZES
        if old <= new
    ]
    proofs = [one for one in made if isinstance(one, Inclusion)]
    proofs_of_two = [one.proof for one in continued if isinstance(one, Continued) and one.proof]
    assert (len(proofs), len(proofs_of_two)) == (len(made), len(continued))
    return [one.text().encode() for one in (*proofs, *proofs_of_two)]


def changed(whole: bytes, chance: random.Random) -> bytes:
    """The same with something done to it."""
    at, other = sorted((chance.randrange(len(whole)), chance.randrange(len(whole))))
    lines = whole.split(b"\n")
    one, two = chance.randrange(len(lines)), chance.randrange(len(lines))
    match chance.randrange(6):
        case 0:
            return whole[:at] + bytes([whole[at] ^ (1 << chance.randrange(8))]) + whole[at + 1 :]
        case 1:
            return whole[:at] + whole[other:]
        case 2:
            return b"\n".join(lines[:one] + lines[one + 1 :])
        case 3:
            lines[one], lines[two] = lines[two], lines[one]
            return b"\n".join(lines)
        case 4:
            return b"\n".join([*lines[:one], lines[two], *lines[one:]])
    return whole


def ours(written: bytes, held: str) -> bool:
    """Whether our own code believes it."""
    proof = read_proof(written.replace(b"\r\n", b"\n").strip(b"\n") + b"\n")
    checkpoint = verify_note(held, KEY)
    assert isinstance(checkpoint, Checkpoint)
    if isinstance(proof, Continuation):
        return not isinstance(judge_continuation(proof, checkpoint, KEY), BadProof)
    if isinstance(proof, BadProof):
        return False
    judged = judge(proof, KEY)
    return not isinstance(judged, BadProof) and judged.checkpoint == checkpoint


def test_it_is_short_enough_to_be_read_whole() -> None:
    """T-6: and imports nothing but the standard library and cryptography."""
    text = SCRIPT.read_text()
    assert len(text.splitlines()) < 200
    imported = {
        line.split()[1].split(".")[0] for line in text.splitlines() if line.startswith(("import ", "from "))
    }
    assert imported - set(sys.stdlib_module_names) == {"cryptography"}


def test_it_comes_to_our_verdict_on_proofs_whole_and_tampered_with(
    grown: tuple[Connection, dict[int, str]], alone: Path, tmp_path: Path
) -> None:
    """T-6: hundreds of files, most with something done to them."""
    tx, notes = grown
    chance = random.Random(6962)
    files = files_of(tx, notes)
    tried = [*chance.sample(files, 40), *(changed(chance.choice(files), chance) for _ in range(3 * TRIED))]
    asked, expected = [], []
    for size, note in notes.items():
        (tmp_path / f"{size}.txt").write_text(note)
    for number, written in enumerate(tried):
        path = tmp_path / f"{number}.proof"
        path.write_bytes(written)
        first, *_ = written.strip(b"\r\n").split(b"\n")
        kind = "continues" if first.startswith(b"old ") else "proof"
        first = first.removeprefix(b"old ").strip()
        size = int(first) if kind == "continues" and first.isdigit() and int(first) in notes else None
        held = next((each for each in SIZES if written.endswith(notes[each].encode())), chance.choice(SIZES))
        held = held if size is None else size
        asked.append([KEY.text, kind, str(path), str(tmp_path / f"{held}.txt")])
        expected.append(ours(written, notes[held]))
    answered = verdicts(alone, asked)
    wrong = [
        (one, said)
        for one, yes, (code, said) in zip(asked, expected, answered, strict=True)
        if code != (not yes)
    ]
    assert not wrong, wrong[:3]
    assert 40 < sum(expected) < len(expected) - TRIED


def test_a_proof_of_another_history_does_not_continue_the_kept_one(
    grown: tuple[Connection, dict[int, str]], alone: Path, tmp_path: Path
) -> None:
    """T-1, T-6: whoever holds the key signs two; one checkpoint that was kept of the first convicts the second."""
    tx, notes = grown
    asked = []
    for number, written in enumerate(files_of(tx, notes)):
        if not written.startswith(b"old ") or written.startswith(b"old 0\n"):
            continue
        old = int(written.split(b"\n")[0].removeprefix(b"old "))
        kept, path = tmp_path / f"{old}.txt", tmp_path / f"{number}.proof"
        kept.write_text(sign(Checkpoint(origin=KEY.name, size=old, root=leaf_hash(b"another")), SIGNER))
        path.write_bytes(written)
        assert not ours(written, kept.read_text())
        asked.append([KEY.text, "continues", str(path), str(kept)])
    answered = verdicts(alone, asked)
    assert len(answered) == len(SIZES) * (len(SIZES) - 1) // 2
    assert {code for code, _ in answered} == {1}, answered


def test_it_comes_to_our_verdict_on_leaves_whole_and_tampered_with(
    grown: tuple[Connection, dict[int, str]], alone: Path, tmp_path: Path
) -> None:
    """T-6: a dump of all entries, with a checkpoint that one kept."""
    tx, notes = grown
    whole = b"".join(row.leaf + b"\n" for row in log.every(tx))
    chance = random.Random(9162)
    asked, expected = [], []
    for number in range(TRIED):
        written, size = changed(whole, chance), chance.choice(SIZES)
        path = tmp_path / f"{number}.leaves"
        path.write_bytes(written)
        (tmp_path / f"{size}.txt").write_text(notes[size])
        asked.append([KEY.text, "leaves", str(path), str(tmp_path / f"{size}.txt")])
        lines = written.removesuffix(b"\n").split(b"\n")[:size]
        checkpoint = verify_note(notes[size], KEY)
        assert isinstance(checkpoint, Checkpoint)
        expected.append(len(lines) == size and root_of(map(leaf_hash, lines)) == checkpoint.root)
    answered = verdicts(alone, asked)
    assert [code == 0 for code, _ in answered] == expected
    assert TRIED / 10 < sum(expected) < TRIED * 0.9


def test_an_index_beyond_the_checkpoint_stands_in_no_tree(
    grown: tuple[Connection, dict[int, str]], alone: Path, tmp_path: Path
) -> None:
    """T-6: the path of the last leaf leads to the root from every index behind it, too."""
    tx, notes = grown
    rows, asked = list(log.every(tx)), []
    for size in SIZES[1:]:
        proof = prove(tx, rows[size - 1], KEY, note=notes[size])
        assert isinstance(proof, Inclusion)
        for index in (size - 1, size, size + 1, 1 << 20):
            path = tmp_path / f"{size}-{index}.proof"
            path.write_text(replace(proof, index=index).text())
            asked.append([KEY.text, "proof", str(path)])
            assert isinstance(judge(replace(proof, index=index), KEY), BadProof) == (index >= size)
    assert [code for code, _ in verdicts(alone, asked)] == [0, 1, 1, 1] * len(SIZES[1:])


@pytest.mark.parametrize(
    "origin", ["or", "/archive", "/epoch-", "/epoch-0123456789ABCDEF", "/epoch-0123456789abcdef0", " "]
)
def test_what_only_begins_with_the_name_of_the_log_is_of_another(
    alone: Path, tmp_path: Path, origin: str
) -> None:
    """T-6: our key signs more than checkpoints, as what states an archive."""
    name, leaf = f"{KEY.name}{origin}", b"{}"
    note = sign_text(f"{name}\n1\n{to_base64(leaf_hash(leaf))}\n", SIGNER)
    assert isinstance(verify_note(note, KEY), BadNote)
    (tmp_path / "kept.txt").write_text(note)
    (tmp_path / "leaves").write_bytes(leaf)
    [(code, said)] = verdicts(
        alone, [[KEY.text, "leaves", str(tmp_path / "leaves"), str(tmp_path / "kept.txt")]]
    )
    assert (code, "kept.txt is of another log." in said) == (1, True), said


def test_it_is_told_apart_from_a_wrong_call(
    grown: tuple[Connection, dict[int, str]], alone: Path, tmp_path: Path
) -> None:
    tx, _ = grown
    other = Signer.generate(KEY.name)
    (tmp_path / "other.txt").write_text(sign_head(tx, other))
    (tmp_path / "none.txt").write_text(sign(Checkpoint(origin=KEY.name, size=0, root=EMPTY_ROOT), SIGNER))
    (tmp_path / "leaves").write_bytes(b"")
    asked = [
        [],
        [KEY.text],
        [KEY.text, "proof"],
        [KEY.text, "leaves", "x"],
        [KEY.text, "wonder", "x", "y"],
        [KEY.text, "leaves", "nowhere", "nowhere"],
        ["no key", "leaves", "nowhere", "nowhere"],
        [KEY.text, "leaves", str(tmp_path / "leaves"), str(tmp_path / "other.txt")],
        [KEY.text, "leaves", str(tmp_path / "leaves"), str(tmp_path / "none.txt")],
    ]
    assert [code for code, _ in verdicts(alone, asked)] == [2, 2, 2, 2, 2, 1, 1, 1, 0]


@pytest.mark.parametrize(
    "leaf",
    [b"[" * 200_000, b"9" * 20_000, b"\xff", b"", b'"\\ud800"'],
    ids=["deep", "long", "bytes", "empty", "half"],
)
def test_what_the_keys_holder_signed_to_confuse_is_answered_in_a_sentence(
    alone: Path, tmp_path: Path, leaf: bytes
) -> None:
    """T-6: the operator may be who is not believed, and signs what they like."""
    note = sign(Checkpoint(origin=SIGNER.name, size=1, root=leaf_hash(leaf)), SIGNER)
    (tmp_path / "proof").write_text(Inclusion(index=0, hashes=(), checkpoint=note, leaf=leaf).text())
    [(code, said)] = verdicts(alone, [[KEY.text, "proof", str(tmp_path / "proof")]])
    assert code == (0 if leaf.startswith(b'"') else 1)
    assert said.splitlines()[-1].startswith("FAILS" if code else "HOLDS")


def test_what_is_malformed_is_said_plainly_and_where_it_stands(
    grown: tuple[Connection, dict[int, str]], alone: Path, tmp_path: Path
) -> None:
    """T-6: an auditor who is told of "incorrect padding" does not know that a line was not copied whole."""
    tx, notes = grown
    row = next(iter(log.every(tx)))
    proof = prove(tx, row, KEY, note=notes[3])
    assert isinstance(proof, Inclusion)
    whole, kept = proof.text(), notes[3]
    head, index, *hashes = whole.split("\n\n")[0].split("\n")[1:]
    nonsense = Checkpoint(origin=KEY.name, size=1, root=leaf_hash(b"nonsense"))
    cut = kept.rstrip()[:-1] + "\n"
    tried: list[tuple[str, str, bytes | str, bytes | str]] = [
        ("a signature line in CHECKPOINT is malformed, or was not copied whole", KEY.text, whole, cut),
        ("a signature line in CHECKPOINT is malformed", KEY.text, whole, kept.replace(" ", " é", 2)),
        ("a signature line in FILE is malformed", KEY.text, whole.replace(kept, cut), kept),
        ("CHECKPOINT is too long, or no text in UTF-8", KEY.text, whole, kept.encode() + b"\xff"),
        ("FILE is too long, or no text in UTF-8", KEY.text, b"\xe2" + whole.encode(), kept),
        ("the line of the entry in FILE is malformed", KEY.text, whole.replace(head, head[:-1]), kept),
        ("a hash in FILE is malformed", KEY.text, whole.replace(hashes[0], hashes[0][:-2]), kept),
        ("a number is not written plainly", KEY.text, whole.replace(index, "index one"), kept),
        ("CHECKPOINT holds no checkpoint, or its line ends were changed", KEY.text, whole, "kept\n"),
        ("FILE holds no checkpoint", KEY.text, whole.replace(kept, "\n"), kept),
        ("KEY is malformed", KEY.text[:-1], whole, kept),
        ("KEY is malformed", "é+é+é", whole, kept),
        ("KEY is not the public key of a log", f"\udc80{KEY.text}", whole, kept),
        (
            "the entry stands in the log, but is nothing that can be read", KEY.text,
            Inclusion(index=0, hashes=(), checkpoint=sign(nonsense, SIGNER), leaf=b"nonsense").text(),
            sign(nonsense, SIGNER),
        ),
    ]  # fmt: skip
    asked = []
    for number, (_, key, proven, held) in enumerate(tried):
        file, checkpoint = tmp_path / f"{number}.proof", tmp_path / f"{number}.kept"
        for path, text in ((file, proven), (checkpoint, held)):
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
        asked.append([key, "proof", str(file), str(checkpoint)])
    answered = verdicts(alone, asked)
    for (reason, *_), (_, _, file_, kept_), (code, said) in zip(tried, asked, answered, strict=True):
        expected = reason.replace("FILE", file_).replace("CHECKPOINT", kept_)
        assert (code, said.startswith(f"FAILS: {expected}")) == (1, True), (reason, said)


def test_a_line_that_never_ends_is_no_leaf(
    grown: tuple[Connection, dict[int, str]], alone: Path, tmp_path: Path
) -> None:
    """T-6: nor does it fill the memory of whoever checks it."""
    (tmp_path / "kept.txt").write_text(grown[1][3])
    [(code, said)] = verdicts(alone, [[KEY.text, "leaves", "/dev/zero", str(tmp_path / "kept.txt")]])
    assert (code, said.startswith("FAILS: the first 3 entries are not those")) == (1, True)
