"""T-6: proofs as files: what is more than a proof can be is refused before anything of it is reckoned with."""

from storage.audit.checkpoint import Checkpoint, Signer, sign
from storage.audit.merkle import leaf_hash
from storage.audit.tlog_proof import LARGEST, BadProof, Inclusion, Proven, judge, read_proof

SIGNER = Signer.from_seed("wicket.example/audit", bytes(32))


def of_one(leaf: bytes, hashes: tuple[bytes, ...] = ()) -> bytes:
    """The file of a proof that is right but for what is asked: of the one entry of a log, signed for."""
    note = sign(Checkpoint(origin=SIGNER.name, size=1, root=leaf_hash(leaf)), SIGNER)
    return Inclusion(index=0, hashes=hashes, checkpoint=note, leaf=leaf).text().encode()


def test_a_proof_is_read_up_to_a_length_that_no_entry_comes_near() -> None:
    proof = read_proof(of_one(b"x" * 700_000))
    assert isinstance(proof, Inclusion)
    assert isinstance(judge(proof, SIGNER.verifier), Proven)
    written = of_one(b"x" * 800_000)
    assert len(written) > LARGEST
    assert read_proof(written) == BadProof(reason="it is too long to be a proof")


def test_no_more_hashes_are_read_than_the_deepest_tree_has() -> None:
    assert isinstance(read_proof(of_one(b"x", (bytes(32),) * 64)), BadProof)
    assert isinstance(read_proof(of_one(b"x", (bytes(32),) * 3)), Inclusion)
