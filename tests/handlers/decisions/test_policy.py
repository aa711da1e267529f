"""Who counts as an approver, in which role, and who is the same person."""

from dataclasses import replace

from handlers.decisions.policy import Approvals, is_on_call, role_of, same_person
from tests.handlers.decisions.cast import ADA, CHARLES, DATA, GRACE, SAM, SECURITY_GROUP, person


def test_an_approver_has_one_role_and_owner_comes_first() -> None:
    """Nobody counts twice: owner before security before manager."""
    everything = replace(CHARLES, groups=frozenset({DATA.approvers, SECURITY_GROUP}))
    assert role_of(everything, ADA, DATA, SECURITY_GROUP) == "owner"
    assert (
        role_of(replace(CHARLES, groups=frozenset({SECURITY_GROUP})), ADA, DATA, SECURITY_GROUP) == "security"
    )
    assert role_of(CHARLES, ADA, DATA, SECURITY_GROUP) == "manager"
    assert role_of(GRACE, ADA, DATA, SECURITY_GROUP) == "owner"
    assert role_of(SAM, ADA, DATA, SECURITY_GROUP) == "security"
    assert role_of(person("Mallory"), ADA, DATA, SECURITY_GROUP) is None


def test_an_unset_group_makes_nobody_an_approver() -> None:
    """An empty group name in the settings must not match an odd directory that holds one."""
    odd = person("Mallory", groups=frozenset({""}))
    assert role_of(odd, ADA, replace(DATA, approvers=""), "") is None


def test_nobody_manages_somebody_without_a_manager() -> None:
    """No manager on record means no manager's approval."""
    assert role_of(person("Mallory"), replace(ADA, manager=None), DATA, SECURITY_GROUP) is None


def test_a_second_account_is_the_same_person() -> None:
    """Two accounts of one person are told by their mail address, whatever its case (R-1)."""
    second = person("Ada-Admin", mail=" ADA@example.com")
    assert same_person(ADA, second)
    assert same_person(ADA, replace(ADA, mail="new@example.com"))
    assert not same_person(ADA, GRACE)


def test_one_number_is_one_person_in_whatever_directory() -> None:
    """A second account by which somebody would approve for themselves (R-1); no number is nobody's."""
    numbered = replace(ADA, person="1815")
    second = person("Second", directory="lab", person=" 1815 ")
    assert same_person(numbered, second)
    assert not same_person(numbered, replace(second, person="1816"))
    assert not same_person(ADA, replace(second, person=""))
    assert not same_person(replace(ADA, person=" "), replace(second, person=" "))


def test_an_id_of_another_directory_is_somebody_else() -> None:
    """Ids are stable in one directory; two directories may well give the same one."""
    assert not same_person(ADA, replace(ADA, directory="lab", mail="other@example.com"))


def test_accounts_without_mail_are_not_all_one_person() -> None:
    """No address in common is not an address in common."""
    assert not same_person(replace(ADA, mail=""), replace(GRACE, mail=" "))


def test_approvals_are_counted_by_role() -> None:
    """Two owners and one of security are three approvals."""
    counted = Approvals.of(["owner", "security", "owner"])
    assert counted == Approvals(owner=2, security=1)
    assert counted.total == 3
    assert (counted + Approvals(manager=1)).total == 4


def test_whoever_is_on_call_counts_as_the_owners() -> None:
    """Before security; and a group of another directory that is called the same is another's."""
    owner = replace(DATA, on_call="data-on-call")
    olga = person("Olga", groups=frozenset({"data-on-call", SECURITY_GROUP}))
    assert is_on_call(olga, ADA, owner)
    assert role_of(olga, ADA, owner, SECURITY_GROUP) == "owner"
    assert role_of(olga, ADA, DATA, SECURITY_GROUP) == "security"
    assert not is_on_call(replace(olga, directory="lab"), ADA, owner)
    assert not is_on_call(replace(olga, groups=frozenset({""})), ADA, DATA)
