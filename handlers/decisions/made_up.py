"""Somebody who is nobody: an ordinary employee, for questions that are put about no person of a directory.

No look-up finds them, and nothing is ever granted to them.
"""

from datetime import UTC, datetime

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
