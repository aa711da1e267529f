"""In what role somebody may speak for a person who cannot prove who they are: security, the help desk, their manager.

Pure: both accounts are as their directory has them now. It says who they are to each other, never what they may.
"""

from typing import Literal

from handlers.decisions.policy import same_person
from storage.directories.base import Account

HelperRole = Literal["security", "help_desk", "manager"]

# Where somebody is several, the first counts, so that nobody counts twice.
ORDER: tuple[HelperRole, ...] = ("security", "help_desk", "manager")


def roles_towards(
    helper: Account, person: Account, *, security_group: str, help_desk: str
) -> frozenset[HelperRole]:
    """Everything that the helper is to this person; nothing for oneself, and across directories.

    The manager is whom the person's directory names. help_desk: "" where there is no such group.
    """
    if helper.directory != person.directory or same_person(helper, person):
        return frozenset()
    found: set[HelperRole] = set()
    if helper.is_in(security_group):
        found.add("security")
    if helper.is_in(help_desk):
        found.add("help_desk")
    if person.manager is not None and person.manager == helper.id:
        found.add("manager")
    return frozenset(found)


def role_towards(
    helper: Account, person: Account, *, security_group: str, help_desk: str
) -> HelperRole | None:
    """The one role in which the helper counts: security before help desk before manager; None if they are nobody."""
    found = roles_towards(helper, person, security_group=security_group, help_desk=help_desk)
    return next((role for role in ORDER if role in found), None)


def reports_to(one: Account, other: Account) -> bool:
    """Whether the first is a report of the second: whoever depends on somebody does not speak for them."""
    return one.directory == other.directory and one.manager is not None and one.manager == other.id
