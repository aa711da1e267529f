"""Whose a grant is: of whoever asked for themselves, or of the report that somebody asked for.

It holds the condition, for one row and for many, and nothing that uses it.
"""

from typing import Any, Protocol

from sqlalchemy import ColumnElement, and_, literal_column, or_
from sqlmodel import col

from storage.records import Grant

# Literally the condition of the index grants_for.
_NOBODY_ELSE: ColumnElement[str] = literal_column("''")


def whose(directory: Any, account: Any) -> ColumnElement[bool]:
    """Whether a grant is this person's. directory, account: what they sign in with, as values or parameters."""
    theirs = and_(col(Grant.requester_account) == account, col(Grant.target_account) == _NOBODY_ELSE)
    given = and_(col(Grant.target_account) == account, col(Grant.target_account) != _NOBODY_ELSE)
    return and_(col(Grant.requester_directory) == directory, or_(theirs, given))


class Given(Protocol):
    """What says whose a grant is."""

    @property
    def requester_directory(self) -> str: ...
    @property
    def requester_account(self) -> str: ...
    @property
    def target_account(self) -> str: ...


def holder_of(grant: Given) -> tuple[str, str]:
    """Directory and account of whose a grant is, by the account that they sign in with."""
    return grant.requester_directory, grant.target_account or grant.requester_account


def people_of(directory: str, requester: str, target: str) -> list[tuple[str, str]]:
    """Directory and account of who asked, and of whom it is for if that is another."""
    return [(directory, one) for one in (requester, target) if one]
