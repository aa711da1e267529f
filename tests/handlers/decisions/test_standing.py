"""Who somebody is to a person who cannot prove who they are."""

from dataclasses import replace
from typing import Any

from handlers.decisions.standing import reports_to, role_towards, roles_towards
from storage.directories.base import Account
from tests.handlers.decisions.cast import ADA, CHARLES, person


def of(one: Account, *groups: str, **changes: Any) -> Account:
    return replace(one, groups=frozenset(groups), **changes)


def roles(one: Account, *, help_desk: str = "desk") -> frozenset[str]:
    return roles_towards(one, ADA, security_group="security", help_desk=help_desk)


KONRAD = person("Konrad")


def test_the_directory_says_who_is_what():
    """R-1."""
    assert roles(of(KONRAD, "security")) == {"security"}
    assert roles(of(KONRAD, "desk")) == {"help_desk"}
    assert roles(CHARLES) == {"manager"}
    assert roles(KONRAD) == frozenset()


def test_whoever_is_several_counts_once():
    """R-1."""
    both = of(CHARLES, "desk", "security")
    assert roles(both) == {"security", "help_desk", "manager"}
    assert role_towards(both, ADA, security_group="security", help_desk="desk") == "security"
    assert role_towards(of(CHARLES, "desk"), ADA, security_group="security", help_desk="desk") == "help_desk"


def test_nobody_is_anything_to_oneself_by_whatever_account():
    """R-1."""
    assert roles(of(ADA, "security", "desk")) == frozenset()
    assert roles(of(KONRAD, "security", mail=f" {ADA.mail.upper()}")) == frozenset()


def test_the_same_words_of_another_directory_are_others():
    """R-1."""
    assert roles(of(CHARLES, "security", "desk", directory="lab")) == frozenset()


def test_without_a_group_there_is_no_help_desk():
    """R-1."""
    assert roles(of(KONRAD, ""), help_desk="") == frozenset()


def test_a_report_is_whom_the_directory_says_so():
    """R-1."""
    assert reports_to(ADA, CHARLES)
    assert not reports_to(CHARLES, ADA)
    assert not reports_to(ADA, replace(CHARLES, directory="lab"))
