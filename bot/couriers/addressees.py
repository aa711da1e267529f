"""Whose a message in Slack is, where it belongs to one person: to them it goes, whatever the outbox says (T-9).

It sends nothing. Letters ask nobody here: each goes to the address that the directory has of whom it is about.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias, TypeVar

import structlog
from sqlmodel import Session

from handlers.emergencies.outcomes import STATUS as EMERGENCY_STATUS
from handlers.help_desk.telling import DESK_ACT
from handlers.petitions.outcomes import NEWS, STATUS
from handlers.requests.besides import ENDED_EARLY, ENDING, report_of
from handlers.vouching.telling import VOUCHED, WORD_GIVEN
from storage import desk_acts, emergencies, grants, petitions, vouchings
from storage.copies import COPY, place
from storage.database import Database
from storage.handles import handle_by_id
from storage.links import link_of
from storage.proof_changes import change_and_visit
from storage.records import Grant, Owed, Question
from storage.signing import note_missing

log = structlog.get_logger(__name__)

T = TypeVar("T")

NOTICES = ("password-changed", "account-unlocked", "linked")

Whose: TypeAlias = frozenset[str] | None
"""Slack accounts; None where what it is about is gone, so that nothing of anybody's is said."""
_Asked: TypeAlias = Callable[[Session, str], Whose]


async def goes_to_its_person(database: Database, owed: Owed, direct: Callable[[str], Awaitable[str]]) -> bool:
    """Whether this goes to whom it belongs to, if to one person; else it is noted, as rows by other hands are.

    direct: the channel of somebody's direct messages, in which a copy of theirs stands.
    """
    of = _WHOSE.get(owed.kind)
    theirs = await database.read(lambda tx: of(tx, owed.subject)) if of is not None else None
    if theirs is None or owed.recipient in theirs:
        return True
    if owed.recipient.startswith(COPY):
        channel, _ = place(owed.recipient)
        if channel in [await direct(user) for user in theirs]:
            return True
    log.error("courier.not_theirs", kind=owed.kind, subject=owed.subject)
    if owed.kind not in _BY_LINK:
        await database.read(lambda tx: note_missing(tx, "outbox", owed.subject, account=""))
    return False


def _one(user: str | None) -> Whose:
    return None if user is None else frozenset({user} - {""})


def _of(find: Callable[[Session, str], T | None], user: Callable[[T], str | None]) -> _Asked:
    """Whose it is by the row that it is about, if that counts."""

    def found(tx: Session, subject: str) -> Whose:
        row = find(tx, subject)
        return _one(user(row) if row is not None else None)

    return found


_of_visit = _of(handle_by_id, lambda visit: visit.slack_user)


def _of_change(tx: Session, subject: str) -> Whose:
    _, visit = change_and_visit(tx, subject)
    return _one(visit.slack_user if visit is not None else None)


def _of_question(tx: Session, subject: str) -> Whose:
    """What somebody has is told to the Slack account that is theirs, whoever asks: questions carry no MAC."""
    asked = tx.get(Question, subject)
    if asked is None:
        return None
    link = link_of(tx, asked.slack_team, asked.slack_user)
    is_theirs = link is not None and (link.directory, link.account) == (asked.directory, asked.account)
    return _one(asked.slack_user if is_theirs else "")


def _of_vouching(tx: Session, subject: str) -> Whose:
    row = vouchings.by_id(tx, subject)
    return _of_visit(tx, row.handle) if row is not None else None


def _of_help(tx: Session, subject: str) -> Whose:
    act = desk_acts.by_id(tx, subject)
    return _of_visit(tx, act.handle) if act is not None else None


def _of_grant(*of: Callable[[Session, Grant], str]) -> _Asked:
    def found(tx: Session, subject: str) -> Whose:
        grant = grants.get(tx, subject)
        return None if grant is None else frozenset(each(tx, grant) for each in of) - {""}

    return found


def _requester(_: Session, grant: Grant) -> str:
    return grant.slack_user


_WHOSE: Mapping[str, _Asked] = {
    "page": _of_visit,
    **dict.fromkeys(NOTICES, _of_visit),
    "proofs-changed": _of_change,
    "answer": _of_question,
    "request": _of_grant(_requester),
    "report": _of_grant(report_of),
    **dict.fromkeys((ENDING, ENDED_EARLY), _of_grant(_requester, report_of)),
    **dict.fromkeys((STATUS, *NEWS), _of(petitions.look, lambda petition: petition.slack_user)),
    EMERGENCY_STATUS: _of(emergencies.get, lambda emergency: emergency.slack_user),
    VOUCHED: _of_vouching,
    WORD_GIVEN: _of(vouchings.by_id, lambda word: word.voucher_slack),
    DESK_ACT: _of_help,
}
# Whose these are follows from a link, which may be another than when they were owed.
_BY_LINK = frozenset({"answer", "report", ENDING, ENDED_EARLY})
