"""The search index: everything typed is found, the count is right, and the same words give the same order."""

from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.decisions.searching import MOST, Search, words_of
from storage.catalogue import Entitlement
from tests.handlers.decisions.cast import thing

DB = thing("prod-db", title="Production database", access="read and write", aliases=("customer database",))
STAGING = thing("staging-db", title="Staging database", access="read and write")
VPN = thing("vpn-users", title="Company network (VPN)", access="connect", aliases=("vpn",))
CAFE = thing("canteen", title="Café déjà-vu", access="order", aliases=("mensa", "🍜"))
FEW = Search([STAGING, VPN, CAFE, DB])


def found(query: str, search: Search = FEW) -> list[str]:
    return [one.id for one in search.find(query).entitlements]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("prod-db", ["prod-db"]),
        ("PROD_DB", ["prod-db"]),
        ("database", ["prod-db", "staging-db"]),
        ("database prod", ["prod-db"]),
        ("data stag", ["staging-db"]),
        ("customer", ["prod-db"]),
        ("write", ["prod-db", "staging-db"]),
        ("twork", ["vpn-users"]),  # inside a word
        ("cafe deja vu", ["canteen"]),
        ("CAFÉ", ["canteen"]),
        ("🍜", ["canteen"]),
        ("Ｖｐｎ", ["vpn-users"]),
        ("db zzz", []),
        ("", ["canteen", "prod-db", "staging-db", "vpn-users"]),
        (" -- ", ["canteen", "prod-db", "staging-db", "vpn-users"]),
    ],
)
def test_what_is_typed_is_found(query, ids):
    assert found(query) == ids


def test_the_best_comes_first():
    """The very name; names that begin so; words that begin so; the rest; each by id."""
    things = [
        thing("z-inside", title="The uploader"),
        thing("y-word", title="Something to load"),
        thing("x-title", title="Loading dock"),
        thing("load"),
        thing("load-test"),
        thing("b-alias", title="Balancer", aliases=("loader",)),
    ]
    assert found("load", Search(things)) == ["load", "b-alias", "load-test", "x-title", "y-word", "z-inside"]


def test_two_letters_inside_a_word_are_nothing():
    """They stand inside nearly everything; from three on they count."""
    assert found("od") == []
    assert found("rod") == ["prod-db"]


@cache
def five_thousand() -> Search:
    """The last one first."""
    return Search(
        thing(f"app-{number:05}", title=f"Application {number}") for number in reversed(range(5000))
    )


@pytest.mark.parametrize("query", ["app", "app-0", "application", "A", ""])
def test_five_thousand_with_one_beginning_are_counted_and_a_hundred_named(query):
    """In order, and always the same hundred."""
    answer = five_thousand().find(query)
    assert answer.total == 5000
    assert [one.id for one in answer.entitlements] == [f"app-{number:05}" for number in range(MOST)]


def test_more_letters_narrow_five_thousand_down_to_one():
    search = Search(thing(f"app-{number:05}", title=f"Application {number}") for number in range(5000))
    assert found("app-04999", search) == ["app-04999"]
    assert search.find("4999").total == 1


SLUG = st.from_regex(r"[a-z0-9][a-z0-9._-]{0,20}", fullmatch=True)
LINE = st.text(st.characters(exclude_categories=("C", "Zl", "Zp")), min_size=1, max_size=40)
THINGS = st.lists(
    st.builds(
        lambda name, title, aliases: replace(thing(name), title=title, aliases=tuple(aliases)),
        SLUG, LINE, st.lists(LINE, max_size=3),
    ),
    max_size=12, unique_by=lambda one: one.id,
)  # fmt: skip


def texts(one: Entitlement) -> list[str]:
    return [one.id, one.title, one.access, *one.aliases]


@given(things=THINGS)
def test_everything_is_found_by_its_id_its_words_and_its_aliases(things):
    """Whatever an operator wrote. Up to eight words count, and more letters than a name has."""
    search = Search(things)
    for one in things:
        for text in (one.id, one.title, *one.aliases, *words_of(one.title)):
            if len(words_of(text)) <= 8 and len(text) <= 100:
                assert one in search.find(text).entitlements, text
        words = words_of(one.id)
        if words and not any(other is not one and words_of(other.id) == words for other in things):
            assert search.find(one.id).entitlements[0] == one


@given(things=THINGS, query=st.text(max_size=30) | st.sampled_from(["a", "ab", "the", "e-", "1 2"]))
def test_the_count_is_that_of_a_plain_look_at_everything(things, query):
    """No more and no fewer than contain every word typed: at the beginning of a word, or anywhere if it is long."""

    def holds(one: Entitlement, word: str) -> bool:
        known = [each for text in texts(one) for each in words_of(text)]
        return any(each.startswith(word) or (len(word) >= 3 and word in each) for each in known)

    answer = Search(things).find(query)
    wanted = [one for one in things if all(holds(one, word) for word in words_of(query)[:8])]
    assert answer.total == len(wanted)
    assert sorted(one.id for one in answer.entitlements) == sorted(one.id for one in wanted)


@given(query=st.text(max_size=300))
def test_any_query_whatever_is_answered_and_twice_the_same(query):
    first: Any = FEW.find(query)
    assert FEW.find(query) == first
    assert len(first.entitlements) <= MOST
