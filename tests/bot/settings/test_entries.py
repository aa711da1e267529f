"""The catalogue as an operator writes it: its rows, their checks against each other, a file of its own."""

from datetime import timedelta

import pytest

MORE = """
[[entitlement]]
id = "wiki"
title = "Wiki"
directory = "local"
group = "wiki-editors"
owner = "data"
risk = 1
environment = "corporate"
kind = "tool"
access = "edit"
max = "1h30m"
standing = true
aliases = ["handbook"]
"""


def test_rows_become_the_catalogue(load):
    catalogue = load(replace={'max = "8h"\n': f'max = "8h"\n{MORE}'}).catalogue
    wiki = catalogue.entitlements["wiki"]
    assert wiki.max_duration == timedelta(hours=1, minutes=30)
    assert wiki.standing_allowed
    assert wiki.aliases == ("handbook",)
    assert catalogue.entitlements["prod-db"].risk == 4
    assert not catalogue.entitlements["prod-db"].standing_allowed
    assert catalogue.owner_of(wiki).channel == "C0DATA"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('owner = "data"', 'owner = "dta"', '.owner: "dta" is no [[owner]]\'s id. Did you mean "data"?'),
        ('directory = "local"', 'directory = "locale"', '.directory: "locale" is no [directories.NAME]. Did'),
        ('"production"', '"prodction"', '.environment: "prodction" is not an environment policies know. Did you'),
        ('kind = "database"', 'kind = "databse"', '.kind: "databse" is not a kind policies know. Did'),
        ("risk = 4", "risk = 0", ".risk: must be at least 1"),
        ("risk = 4", "risk = 6", ".risk: must be at most 5"),
        ("risk = 4", 'risk = "4"', ".risk: must be a whole number"),
        ("risk = 4", "risk = true", ".risk: must be a whole number"),
        ('"8h"', '"eight hours"', ".max: is not a duration"),
        ('"8h"', '"0h"', ".max: is not a duration"),
        ('"8h"', '"-1h"', ".max: is not a duration"),
        ('"8h"', "8", ".max: is not a duration"),
        ('"8h"', '"400d"', ".max: is longer than a year"),
        ('"Production database"', '"Production\\ndatabase"', ".title: must be one line of ordinary text"),
        ('"Production database"', f'"{"x" * 76}"', ".title: is too long"),
        ('"Production database"', '"\\u202eesab"', ".title: must be one line of ordinary text"),
        ('"prod-db-rw"', '""', ".group: must not be empty"),
        ("risk = 4", "risk = 4\npeople = 0", ".people: must be at least 1"),
        ("risk = 4", "risk = 4\npeople = 4", ".people: must be at most 3"),
        ("risk = 4", 'risk = 4\nconflicts_with = ["prod-db"]', ".conflicts_with: names the entitlement itself"),
        ("risk = 4", 'risk = 4\nconflicts_with = ["wki"]', '.conflicts_with: "wki" is no [[entitlement]]\'s id.'),
        ("risk = 4", "risk = 4\nstandng = true", '.standng: is not a setting of Wicket. Did you mean "standing"?'),
        ('max = "8h"', "", '.max: is missing. Write, under [[entitlement]]: max = "8h"'),
    ],
)  # fmt: skip
def test_a_wrong_row_is_named_by_its_id(old, new, told, wrong):
    assert f"  entitlement[prod-db]{told}" in wrong(replace={old: new})


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('id = "wiki"', 'id = "prod-db"', "entitlement[prod-db].id: is used twice"),
        ('group = "wiki-editors"', 'group = "Prod-DB-RW"', "entitlement[wiki].group: is granted by another"),
        ('"handbook"', '"Prod-DB"', 'entitlement[wiki].aliases: "Prod-DB" already means another entitlement'),
    ],
)  # fmt: skip
def test_rows_may_not_be_mistaken_for_each_other(old, new, told, wrong):
    assert f"  {told}" in wrong(replace={'max = "8h"\n': 'max = "8h"\n' + MORE.replace(old, new)})


def test_what_one_says_it_conflicts_with_is_said_of_both(load):
    """A-5: whoever asks first, and whichever row says it."""
    rows = f'max = "8h"\n{MORE}conflicts_with = ["prod-db"]\n'
    catalogue = load(replace={'max = "8h"\n': rows}).catalogue
    assert catalogue.entitlements["wiki"].conflicts_with == ("prod-db",)
    assert catalogue.entitlements["prod-db"].conflicts_with == ("wiki",)
    assert catalogue.beside(catalogue.entitlements["prod-db"]) == (catalogue.entitlements["wiki"],)


@pytest.mark.parametrize(
    ("risk", "said", "people"),
    [(3, "", 1), (4, "", 2), (5, "", 2), (4, "people = 1", 1), (1, "people = 3", 3)],
)
def test_from_risk_4_on_two_people_approve_unless_it_is_said(load, risk, said, people):
    """AC-3(2): the default is two, and another number is a change of the catalogue, which the hash has."""
    catalogue = load(replace={"risk = 4": f"risk = {risk}\n{said}"}).catalogue
    assert catalogue.entitlements["prod-db"].people == people


def test_how_many_approve_and_what_is_kept_apart_are_in_the_digest(load):
    """Lowering either is a policy change."""
    changes = ("risk = 4", "risk = 4\npeople = 1", 'risk = 4\nworkload = "orders"')
    assert len({load(replace={"risk = 4": change}).catalogue.digest for change in changes}) == len(changes)


def test_a_row_without_an_id_is_named_by_its_number(wrong):
    assert '  entitlement[1].id: is missing. Write, under [[entitlement]]: id = "prod-db"' in wrong(
        replace={'id = "prod-db"\n': ""}
    )


def test_new_words_may_be_added_for_policies(load):
    changed = load(
        replace={
            '"production"': '"plant"',
            "[security]": '[catalogue]\nenvironments = ["plant", "corporate"]\n[security]',
        }
    )
    assert changed.catalogue.entitlements["prod-db"].environment == "plant"


OWNER = """
[[owner]]
id = "data"
name = "Data Platform"
channel = "C0DATA"
approvers = "data-leads"
"""


def test_the_rows_may_stand_in_a_file_of_their_own(load, tmp_path):
    (tmp_path / "rows.toml").write_text(OWNER + MORE)
    catalogue = load(rows='[catalogue]\nfile = "rows.toml"').catalogue
    assert set(catalogue.entitlements) == {"wiki"}


def test_rows_stand_in_one_place_only(wrong, tmp_path):
    (tmp_path / "rows.toml").write_text(OWNER + MORE)
    message = wrong(replace={"[security]": '[catalogue]\nfile = "rows.toml"\n[security]'})
    assert (
        "  catalogue.file: names a file while [[owner]] stands here too. Keep all rows in one place."
        in message
    )


def test_a_catalogue_file_holds_rows_and_nothing_else(wrong, tmp_path):
    (tmp_path / "rows.toml").write_text("trust_email = true\n" + OWNER + MORE)
    message = wrong(rows='[catalogue]\nfile = "rows.toml"')
    assert "  rows.toml: trust_email: does not belong there" in message


def test_a_catalogue_file_that_is_not_there_is_named(wrong):
    message = wrong(rows='[catalogue]\nfile = "rows.toml"')
    assert "  catalogue.file: cannot be used." in message
    assert "rows.toml: there is no such file." in message


def test_no_rows_at_all_is_a_catalogue_too(load):
    """A bot that only resets passwords has nothing to grant."""
    assert load(rows="").catalogue.entitlements == {}
