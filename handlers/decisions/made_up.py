"""Somebody who is nobody, and what is in no catalogue any more: for questions about what no look-up finds.

Nothing is ever granted to them, nor of it.
"""

from datetime import UTC, datetime, timedelta

from storage.catalogue import Entitlement, Owner
from storage.directories.base import Account

SOMEBODY = Account(
    id="",
    directory="local",
    person="",
    login="",
    name="",
    mail="",
    employment="employee",
    team="",
    company="",
    manager=None,
    active=True,
    locked=False,
    privileged=False,
    must_change_password=False,
    direct_groups=frozenset(),
    groups=frozenset(),
    password_changed_at=None,
    password_expires_at=None,
    read_at=datetime(2000, 1, 1, tzinfo=UTC),
)
NOBODY = Owner(id="", name="", channel="", approvers="")
"""Who owns what left the catalogue."""


def left_catalogue(entitlement: str) -> Entitlement:
    """What left the catalogue, of which nothing is known any more: it counts as the riskiest."""
    return Entitlement(
        id=entitlement, title=entitlement, directory="", group="", owner="", risk=5, environment="", kind="",
        access="", max_duration=timedelta(0),
    )  # fmt: skip
