"""Comparing a directory with what we know, as a table: facts in, differences out. Nothing here is read anywhere."""

from dataclasses import replace
from datetime import timedelta
from time import process_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.decisions.drift import (
    Differences,
    Facts,
    Member,
    Standings,
    compare,
    how_grave,
    is_mass,
    is_taken_away_unasked,
    is_wrong_person,
    role_about,
)
from handlers.decisions.policy import PolicyDecision
from tests.handlers.decisions.cast import (
    DATA,
    GRACE,
    NOON,
    PROD_DB,
    SAM,
    SECURITY_GROUP,
    STAGING_ADMIN,
    WIKI,
    person,
)

ADA, BOB = Member(kind="account", id="ada"), Member(kind="account", id="bob")
TEAM, ADA_GROUP = Member(kind="group", id="team"), Member(kind="group", id="ada")
SEEN = Standings(watched=True)
LATER, EARLIER = NOON + timedelta(days=1), NOON - timedelta(days=1)


def facts(*direct: Member, **changes: Any) -> Facts:
    """A group with these in it, looked at before, of which nothing else is known."""
    plain = Facts(
        direct=frozenset(direct),
        active={},
        covered=frozenset(),
        restless=frozenset(),
        standings=SEEN,
        now=NOON,
    )
    return replace(plain, **changes)


def differ(**found: Any) -> Differences:
    return Differences(**found)


CASES = {
    "an empty group": (facts(), differ()),
    "a stranger": (facts(ADA), differ(unexplained=frozenset({ADA}))),
    "a group put in": (facts(TEAM), differ(unexplained=frozenset({TEAM}))),
    "a live grant explains": (facts(ADA, active={"ada": "g"}, covered=frozenset({"ada"})), differ()),
    "a grant that is being ended explains": (facts(ADA, covered=frozenset({"ada"})), differ()),
    "somebody at it explains": (facts(ADA, restless=frozenset({"ada"})), differ()),
    "a grant to another explains nobody else": (
        facts(ADA, BOB, active={"ada": "g"}, covered=frozenset({"ada"})),
        differ(unexplained=frozenset({BOB})),
    ),
    "a grant to an account explains no group of that name": (
        facts(ADA_GROUP, covered=frozenset({"ada"})),
        differ(unexplained=frozenset({ADA_GROUP})),
    ),
    "a declaration explains": (facts(ADA, standings=replace(SEEN, declared={ADA: LATER})), differ()),
    "a late review explains still, and is due": (
        facts(ADA, standings=replace(SEEN, declared={ADA: EARLIER})),
        differ(due=frozenset({ADA})),
    ),
    "a review on the dot is due": (
        facts(ADA, standings=replace(SEEN, declared={ADA: NOON})),
        differ(due=frozenset({ADA})),
    ),
    "who is declared and not there needs no review": (
        facts(standings=replace(SEEN, declared={ADA: EARLIER})),
        differ(),
    ),
    "what was found before explains": (facts(ADA, standings=replace(SEEN, found=frozenset({ADA}))), differ()),
    "what was found and is gone": (
        facts(standings=replace(SEEN, found=frozenset({ADA}))),
        differ(gone=frozenset({ADA})),
    ),
    "the first look": (
        facts(ADA, TEAM, standings=Standings(watched=False)),
        differ(is_first=True, first=frozenset({ADA, TEAM})),
    ),
    "the first look leaves out what we gave": (
        facts(ADA, BOB, covered=frozenset({"ada"}), standings=Standings(watched=False)),
        differ(is_first=True, first=frozenset({BOB})),
    ),
    "an active grant without its membership": (
        facts(active={"ada": "g"}, covered=frozenset({"ada"})),
        differ(vanished=frozenset({"ada"})),
    ),
    "unless somebody is at it": (
        facts(active={"ada": "g"}, covered=frozenset({"ada"}), restless=frozenset({"ada"})),
        differ(),
    ),
    "a grant that is only approved has nothing to lose": (facts(covered=frozenset({"ada"})), differ()),
    "a group of the same name is not the member": (
        facts(ADA_GROUP, active={"ada": "g"}, standings=replace(SEEN, found=frozenset({ADA_GROUP}))),
        differ(vanished=frozenset({"ada"})),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_differences(name: str) -> None:
    known, expected = CASES[name]
    assert compare(known) == expected


@given(
    st.sets(st.sampled_from("abcdef")), st.sets(st.sampled_from("abcdef")), st.sets(st.sampled_from("abcdef"))
)
def test_nobody_is_both_a_stranger_and_missing(
    direct: set[str], active: set[str], restless: set[str]
) -> None:
    """And whoever somebody is at is neither."""
    known = facts(
        *(Member(kind="account", id=one) for one in direct),
        active=dict.fromkeys(active, "g"),
        covered=frozenset(active),
        restless=frozenset(restless),
    )
    found = compare(known)
    strangers = {one.id for one in found.unexplained}
    assert strangers == direct - active - restless
    assert found.vanished == active - direct - restless


def test_a_large_group_costs_no_more_than_its_size() -> None:
    """Thirty thousand members with a grant each: well under a second, where each against each takes ten."""
    everybody = [f"p{number}" for number in range(30_000)]
    known = facts(
        *(Member(kind="account", id=one) for one in everybody),
        active=dict.fromkeys(everybody, "g"),
        covered=frozenset(everybody),
    )
    worked = process_time()
    assert compare(known) == Differences()
    assert process_time() - worked < 3


@pytest.mark.parametrize(
    ("gone", "of", "mass"),
    [(10, 10, False), (11, 11, True), (11, 219, True), (11, 220, False), (50, 1000, False), (51, 1000, True)],
)
def test_many_are_more_than_ten_and_more_than_one_in_twenty(gone: int, of: int, mass: bool) -> None:
    """J-2."""
    assert is_mass(gone, of) is mass


def test_dangerous_things_weigh_more() -> None:
    assert [how_grave(one) for one in (WIKI, STAGING_ADMIN, PROD_DB)] == ["medium", "high", "high"]


def test_only_an_account_is_taken_away_unasked_and_only_where_the_catalogue_says_so() -> None:
    removed = replace(WIKI, drift="remove")
    assert is_taken_away_unasked(removed, ADA)
    assert not is_taken_away_unasked(removed, TEAM)
    assert not is_taken_away_unasked(WIKI, ADA)


def test_the_owner_goes_before_security_and_a_manager_has_no_say() -> None:
    both = person("Both", groups=frozenset({"data-owners", SECURITY_GROUP}))
    roles = [
        role_about(one, PROD_DB.directory, DATA, SECURITY_GROUP)
        for one in (GRACE, SAM, both, person("Charles"))
    ]
    assert roles == ["owner", "security", "owner", None]


def test_whoever_is_on_call_has_the_owners_role() -> None:
    data = replace(DATA, on_call="data-on-call")
    olga = person("Olga", groups=frozenset({"data-on-call"}))
    assert role_about(olga, PROD_DB.directory, data, SECURITY_GROUP) == "owner"
    assert role_about(replace(olga, directory="other"), PROD_DB.directory, data, SECURITY_GROUP) is None
    assert role_about(replace(olga, groups=frozenset({""})), PROD_DB.directory, DATA, SECURITY_GROUP) is None


def test_a_group_of_another_directory_that_is_called_the_same_gives_no_role() -> None:
    assert role_about(replace(GRACE, directory="other"), PROD_DB.directory, DATA, SECURITY_GROUP) is None
    assert role_about(replace(SAM, directory="other"), PROD_DB.directory, DATA, SECURITY_GROUP) is None


def test_a_refusal_of_the_choice_is_no_wrong_person() -> None:
    refusal = PolicyDecision(
        allowed=False, policy_ids=("standing-where-allowed",), reasons=("No.",), policy_set=""
    )
    assert not is_wrong_person(refusal, "owner")
    assert is_wrong_person(refusal, None)
    assert is_wrong_person(replace(refusal, severity="medium"), "owner")
    assert is_wrong_person(replace(refusal, errors=("broken",)), "owner")
