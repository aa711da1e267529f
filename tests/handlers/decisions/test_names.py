"""Names: what is certain, what is only close, and what is neither."""

from dataclasses import replace

import pytest

from handlers.decisions.names import Match, Names
from storage.catalogue import Catalogue
from tests.handlers.decisions.cast import DATA, PROD_ADMIN, PROD_DB, STAGING_DB, WIKI, thing

ITEMS = (
    replace(
        PROD_DB,
        title="prod-db · read and write",
        group="data_prod_rw",
        aliases=("the live database", "production data"),
    ),
    STAGING_DB,
    PROD_ADMIN,
    WIKI,
    thing("vpn-users", title="VPN"),
    thing("billing-read", aliases=("reports", "wiki edit")),
    thing("crm-read", aliases=("reports",)),
)
CATALOGUE = Catalogue(entitlements={item.id: item for item in ITEMS}, owners={DATA.id: DATA})
NAMES = Names(CATALOGUE)


@pytest.mark.parametrize(
    ("name", "entitlement"),
    [
        ("prod-db", "prod-db"),
        ("Prod DB", "prod-db"),
        ("PROD_DB", "prod-db"),
        ("proddb", "prod-db"),
        ("`prod-db`", "prod-db"),
        ("*prod-db*?", "prod-db"),
        ("\u201cprod\u2011db\u201d", "prod-db"),
        ("\uff50rod-db", "prod-db"),
        ("prod-db, read and write", "prod-db"),
        ("data prod rw", "prod-db"),
        ("The Live Database", "prod-db"),
        ("vpn", "vpn-users"),
    ],
)
def test_ids_titles_groups_and_aliases_are_exact_names(name: str, entitlement: str) -> None:
    """Case, spaces, hyphens, underscores and quotes make no difference."""
    assert NAMES.look_up(name) == Match(exact=entitlement)


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("prod-dd", "prod-db"),
        ("prd-db", "prod-db"),
        ("grafana and prod db", "prod-db"),
        ("stagingdb2", "staging-db"),
        ("vpn user", "vpn-users"),
        ("\u0440rod-db", "prod-db"),
    ],
)
def test_a_close_name_is_never_taken_for_the_right_one(name: str, first: str) -> None:
    """A slip, an extra word or a look-alike letter: candidates, closest first, at most three, and no answer."""
    match = NAMES.look_up(name)
    assert match.exact is None
    assert match.close[0] == first
    assert len(match.close) <= 3


@pytest.mark.parametrize(
    "name", ["", " ", "?", "x", "holiday", "\x00", "😀", "\u05d0\u05d1\u05d2", "x" * 5000]
)
def test_what_is_like_nothing_has_no_candidates(name: str) -> None:
    """Nothing close means nothing is offered."""
    assert NAMES.look_up(name) == Match()


def test_two_things_of_one_name_are_two_candidates() -> None:
    """An alias that two entitlements share decides for neither."""
    assert NAMES.look_up("Reports") == Match(close=("billing-read", "crm-read"))


def test_an_id_outranks_an_alias_of_something_else() -> None:
    """Ids are what messages show, so one's id is never read as another's alias."""
    assert NAMES.look_up("wiki edit") == Match(exact="wiki-edit")


def test_two_ids_that_differ_only_in_a_hyphen_are_two_candidates() -> None:
    """Folding must not make one of them unreachable in silence."""
    twins = {name: thing(name) for name in ("ops-admin", "ops_admin")}
    assert Names(Catalogue(entitlements=twins)).look_up("ops admin") == Match(
        close=("ops-admin", "ops_admin")
    )
