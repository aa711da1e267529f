"""Whoever decides by a group decides in other capitals too where their directory tells none apart, and nowhere else."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from handlers.decisions.cedar import CedarPolicy
from handlers.decisions.delegated import Given
from handlers.decisions.drift import role_about
from handlers.decisions.emergencies import on_the_list
from handlers.decisions.facts_used import facts_used
from handlers.decisions.helping import Act, Desk, HelpDesks
from handlers.decisions.policy import Action, is_on_call, is_standing_in, role_of
from handlers.decisions.standing import roles_towards
from handlers.policies import shipped
from storage.catalogue import Catalogue
from storage.directories.base import Account
from storage.group_names import exact
from tests.handlers.decisions.cast import ADA, DATA, VAULT, access, person

ON_CALL = replace(DATA, approvers="others", on_call="the-group")
GUARDED = Catalogue(entitlements={VAULT.id: replace(VAULT, break_glass=("x", "the-group"))})
DESK = Desk(id="oslo", name="Oslo", group="the-group", may=frozenset({Act.UNLOCK}))

ASKED: dict[str, Callable[[Account], object]] = {
    "owner": lambda one: role_of(one, ADA, replace(DATA, approvers="the-group"), "security") == "owner",
    "security": lambda one: role_of(one, ADA, DATA, "the-group") == "security",
    "fallback": lambda one: is_standing_in(one, "owner", ADA, DATA, replace(DATA, approvers="the-group")),
    "on call": lambda one: is_on_call(one, ADA, ON_CALL),
    "drift": lambda one: role_about(one, "local", ON_CALL, "security"),
    "helper": lambda one: roles_towards(one, ADA, security_group="the-group", help_desk=""),
    "desk": lambda one: HelpDesks(desks=(DESK,)).of(one),
    "emergency": lambda one: on_the_list(GUARDED, one),
    "delegation": lambda one: Given(id="d", max_risk=1, max_minutes=1, group="the-group").is_to(one),
}


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize(
    ("group", "key", "is_theirs"),
    [
        ("the-group", exact, True),
        ("The-Group", exact, False),
        ("The-Group", str.lower, True),
        ("the group", str.lower, False),
        ("", str.lower, False),
    ],
)
def test_a_group_counts_as_its_directory_names_it(
    asked: str, group: str, key: Callable[[str], str], is_theirs: bool
) -> None:
    grace = person("Grace", groups=frozenset({group, "more"}), group_key=key)
    assert bool(ASKED[asked](grace)) is is_theirs


FORBIDDEN = """@id("all") @reason("Anybody may.") permit (principal, action, resource);
@id("not-them") @reason("Not they.") forbid (principal, action == Action::"grant", resource)
when { %s };
"""


@pytest.mark.parametrize(
    "written",
    [
        'principal.groups.contains("Leaving-Soon")',
        'principal.groups.containsAny(["other", "Leaving-Soon"])',
        'if principal.groups.contains("Leaving-Soon") then true else false',
        "principal.groups.contains(resource.owner.approvers)",
        "principal.groups.contains(resource.group)",
        "principal.groups.containsAny(resource.breakGlass)",
    ],
)
@pytest.mark.parametrize(
    ("group", "key", "is_theirs"),
    [
        ("Leaving-Soon", exact, True),
        ("leaving-soon", exact, False),
        ("leaving-soon", str.lower, True),
        ("LEAVING-SOON", str.lower, True),
        ("leaving soon", str.lower, False),
    ],
)
def test_a_policy_hears_of_a_group_in_whatever_way_it_writes_its_name(
    written: str, group: str, key: Callable[[str], str], is_theirs: bool
) -> None:
    """A forbid holds for those whom the directory has in the group, however it writes its name by now."""
    _, schema = shipped()
    policy = CedarPolicy.load({"own.cedar": FORBIDDEN % written}, schema, bound_to="")
    who = replace(ADA, groups=frozenset({group, "more"}), group_key=key)
    wiki = replace(VAULT, group="Leaving-Soon", break_glass=("x", "Leaving-Soon"))
    asked = access(
        Action.GRANT, wiki, principal=who, requester=who, owner=replace(DATA, approvers="Leaving-Soon")
    )
    decision = policy.ask(asked)
    assert (decision.errors, decision.allowed) == ((), not is_theirs)
    told = facts_used(asked, [policy.notes["not-them"]])
    assert ("Leaving-Soon" in {one.name: one.value for one in told}["principal.groups"]) is is_theirs


def test_an_account_takes_the_key_of_each_of_its_groups_once() -> None:
    """A list of all that can be had asks about each entitlement."""
    taken: list[str] = []

    def key(name: str) -> str:
        taken.append(name)
        return name.lower()

    groups = frozenset(f"Group-{number}" for number in range(50))
    grace = person("Grace", groups=groups, group_key=key)
    assert all(grace.is_in(f"group-{number}") for number in range(50))
    assert len(taken) == 50 + 50


def test_the_empty_name_is_no_group_of_anybody() -> None:
    assert not person("Grace", groups=frozenset({""}), group_key=str.lower).is_in("", "")
