"""Standing scopes as they are written down: read into the catalogue, and every mistake named with how to mend it."""

from dataclasses import replace
from datetime import timedelta

from bot.settings.scopes import ScopeEntry, scopes_checked
from bot.settings.sections import CatalogueSection
from handlers.decisions.composition import Composition, differences
from storage.catalogue import Catalogue, Entitlement, Owner, Scope, as_plain, from_plain

OSLO = {
    "id": "oslo",
    "name": "Data in Oslo",
    "owner": "data",
    "group": "oslo-leads",
    "max_risk": 2,
    "max": "8h",
}
OWNERS = {0: {"id": "data", "approvers": "data-leads"}, 1: {"id": "it", "approvers": "it-leads"}}
THINGS = {
    0: {"id": "staging-db", "owner": "data", "environment": "staging", "kind": "database"},
    1: {"id": "wiki-edit", "owner": "it", "environment": "corporate", "kind": "tool"},
}


def told(**changes: object) -> list[str]:
    rows = {0: {**OSLO, **changes}}
    found = scopes_checked(rows, owners=OWNERS, entitlements=THINGS, words=CatalogueSection())
    return [f"{one.name} {one.wrong}" for one in found]


def test_a_scope_that_is_as_it_should_be_becomes_one_of_the_catalogue() -> None:
    """R-5."""
    assert told() == told(environment="staging", entitlements=["staging-db"], location="Oslo") == []
    scope = ScopeEntry.model_validate({**OSLO, "location": "Oslo"}).to_scope()
    assert scope == Scope(
        id="oslo", name="Data in Oslo", owner="data", group="oslo-leads", max_risk=2, max_minutes=480, location="Oslo"
    )  # fmt: skip


def test_every_mistake_is_named() -> None:
    """R-5: a scope that names what is not its owner's would be more than the owner has."""
    assert told(owner="dta") == ['scope[oslo].owner "dta" is no [[owner]]\'s id']
    assert told(group="data-leads") == ["scope[oslo].group is the group of the owner's approvers"]
    assert told(entitlements=["staging-dbx", "staging-db"]) == [
        'scope[oslo].entitlements "staging-dbx" is no [[entitlement]]\'s id'
    ]
    assert 'scope[oslo].entitlements "wiki-edit" belongs to another owner' in told(entitlements=["wiki-edit"])
    assert told(kind="tool") == ["scope[oslo] takes in none of its owner's entitlements"]
    assert 'scope[oslo].environment "stagin" is not a word policies know' in told(environment="stagin")


def test_a_scope_is_part_of_what_is_kept_and_of_its_hash() -> None:
    """R-5: whoever changes one changes the policy set; a catalogue without any has the hash that it had."""
    thing = Entitlement(
        id="staging-db", title="", directory="local", group="g", owner="data", risk=1, environment="staging",
        kind="database", access="", max_duration=timedelta(hours=1),
    )  # fmt: skip
    scope = ScopeEntry.model_validate(OSLO).to_scope()
    plain, scoped = (Catalogue(entitlements={thing.id: thing}, scopes=one) for one in ({}, {"oslo": scope}))
    assert plain.digest != scoped.digest
    assert from_plain(as_plain(scoped)).scopes == {"oslo": scope}
    assert "scopes" not in as_plain(plain)
    assert scoped.scopes_of(thing) == (scope,)


def test_a_new_scope_and_a_wider_one_are_told_field_by_field() -> None:
    """R-5: whoever reads of a change of the rules, or approves it, sees whom it lets decide about what."""
    owners = {"data": Owner(id="data", name="Data", channel="", approvers="data-leads")}
    scope = ScopeEntry.model_validate(OSLO).to_scope()
    none, one, wider = (
        Composition.of({}, Catalogue(entitlements={}, owners=owners, scopes=scopes), {})
        for scopes in ({}, {"oslo": scope}, {"oslo": replace(scope, max_risk=5)})
    )
    told_of = differences(none, one)
    assert told_of["scopes_added"] == ["oslo"]
    assert {("oslo", "group", "oslo-leads"), ("oslo", "max_risk", "2")} <= set(
        zip(*[iter(told_of["scopes_written"])] * 3, strict=True)
    )
    assert differences(one, wider) == {"scopes_changed": ["oslo", "max_risk", "2", "5"]}
    assert differences(wider, none) == {"scopes_removed": ["oslo"]}
    assert Composition.read(one.plain) == one
    assert "scopes" not in none.plain
