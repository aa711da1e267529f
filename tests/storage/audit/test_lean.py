"""T-1: the quick look at a batch says yes to nothing that the close look would name, however it was put together."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from storage.audit import lean
from storage.audit.entry import columns, decode, micros, written
from storage.audit.merkle import Frontier, leaf_hash, mark_of

from .conftest import MakeEntry


def no_texts(question: str, _: Mapping[str, int]) -> Sequence[Sequence[Any]]:
    assert question == lean.TEXTS
    return []


def batch(leaves: Sequence[bytes], beside: Sequence[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
    """Rows as a store has them, whose hashes and marks are those of these leaves."""
    hashes = [leaf_hash(leaf) for leaf in leaves]
    _, spines = Frontier().extend(hashes)
    return [
        (*(said[name] for name in lean.COPIES), micros(said["at"]), at, leaf, hashes[at], mark_of(spines[at]))
        for at, (leaf, said) in enumerate(zip(leaves, beside, strict=True))
    ]


def is_fit(leaves: Sequence[bytes], beside: Sequence[Mapping[str, Any]]) -> bool:
    return lean.fit(no_texts, batch(leaves, beside), Frontier()) is not None


@pytest.fixture
def leaf(make_entry: MakeEntry) -> bytes:
    return written(make_entry(texts={}, resource=None), {})[1]


def test_what_is_sound_fits(leaf: bytes, make_entry: MakeEntry) -> None:
    other = written(make_entry(texts={}, subject=None, policy=None, facts={}), {})[1]
    assert is_fit([leaf, other], [columns(decode(leaf)), columns(decode(other))])


def test_two_leaves_in_the_place_of_one_do_not_fit(leaf: bytes) -> None:
    """T-1: and none in the place of the other, so that their number and every column are right."""
    said = columns(decode(leaf))
    assert not is_fit([leaf + b"\n" + leaf, b""], [said, said])
    assert not is_fit([b"\n" + leaf, leaf], [said, said])
    assert not is_fit([b"x" + leaf], [said])
    assert not is_fit([leaf + b"x"], [said])


def test_nothing_is_not_an_empty_text(leaf: bytes) -> None:
    """T-1: neither beside a leaf nor in it."""
    said = columns(decode(leaf))
    empty = leaf.replace(b'"resource":null', b'"resource":""')
    assert not is_fit([leaf], [{**said, "resource": ""}])
    assert not is_fit([empty], [said])


def test_an_id_of_another_moment_does_not_fit(leaf: bytes) -> None:
    """T-9: what is looked for by time is found by ids."""
    said = columns(decode(leaf))
    odd = leaf.replace(said["id"].encode(), b"e-000000000" + said["id"][11:].encode())
    assert not is_fit([odd], [columns(decode(odd))])


def test_a_key_that_stands_twice_does_not_fit(leaf: bytes) -> None:
    twice = leaf.replace(b'"minutes":120', b'"minutes":120,"minutes":120')
    assert twice != leaf
    assert not is_fit([leaf, twice], [columns(decode(leaf))] * 2)


@pytest.mark.parametrize("number", [2**53 + 1, -(2**53) - 1, 10**400])
def test_a_number_beyond_the_format_does_not_fit(leaf: bytes, number: int) -> None:
    beyond = leaf.replace(b'"minutes":120', b'"minutes":%d' % number)
    assert beyond != leaf
    assert not is_fit([beyond], [columns(decode(leaf))])


def test_texts_fit_only_as_each_was_committed_to(make_entry: MakeEntry) -> None:
    """T-1: neither twice, nor two as one, by a name that makes it look like both."""
    salt, another = bytes(32), bytes([1]) * 32
    salts = {"justification": salt, "rationale": another}
    leaf = written(make_entry(texts={"justification": "why", "rationale": "so"}), salts)[1]
    said = columns(decode(leaf))
    why, so = decode(leaf)["texts"].values()
    twice = leaf.replace(f'"rationale":"{so}"'.encode(), f'"justification":"{why}"'.encode())
    assert twice != leaf
    one, other = (0, "justification", "why", salt, None), (0, "rationale", "so", another, None)

    def fits(leaf: bytes, *texts: tuple[Any, ...]) -> bool:
        return lean.fit(lambda *_: texts, batch([leaf], [said]), Frontier()) is not None

    assert fits(leaf, one, other)
    assert not fits(leaf, one)
    assert not fits(leaf, one, other, (1, "justification", "why", salt, None))
    assert not fits(leaf, one, (0, "rationale", "so", salt, None))
    assert not fits(leaf, one, (0, "rationale", b"so", another, None))
    assert not fits(leaf, one, (0, b"rationale", "so", another, None))
    assert not fits(leaf, (0, f'justification":"{why}","rationale', "so", another, None))
    assert not fits(twice, one, one)
    assert not fits(twice, one)
