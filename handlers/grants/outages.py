"""Many changes of one directory that fail or are late at once: one message with their count, edited in place.

Each is still recorded for itself, and `wicket grants overdue` lists what is late; nothing here tries anything.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from sqlmodel import Session

from handlers import recording
from handlers.decisions.lifecycle import OVERDUE_AFTER, PAGE_AGAIN, is_page
from handlers.exceptions.raising import Kind, Severity, cause_of
from handlers.ground import Ground
from storage.catalogue import Owner
from storage.exceptions import (
    SAME_CAUSE,
    decide_exception,
    is_open,
    open_of,
    open_under,
    raise_exception,
    settle_exceptions,
)
from storage.outbox import ALERT, OWNER, owe
from storage.overdue import Late, are_more_than, failing, late_by_group
from storage.records import ExceptionRecord

# Up to so many of one directory have a message each.
MANY = 10
# After so many tries somebody should look.
TELL_AFTER = 3
_UNDER = "directory:"


def is_outage(tx: Session, ground: Ground, directory: str) -> bool:
    """Whether so much is late in this directory that it is told together."""
    return are_more_than(tx, MANY, directory=directory, before=ground.now() - OVERDUE_AFTER)


def is_failing(tx: Session, directory: str) -> bool:
    """Whether so much fails in this directory that it is told together."""
    return failing(tx, TELL_AFTER, directory=directory, most=MANY + 1) > MANY


def tell_failing_together(tx: Session, ground: Ground, directory: str, fault: str) -> None:
    """Tell that a directory follows in nothing; silent while that is told."""
    now, cause = ground.now(), cause_of(Kind.EFFECT_FAILED, f"{_UNDER}{directory}")
    if not is_open(tx, cause, since=now - SAME_CAUSE):
        count = failing(tx, TELL_AFTER, directory=directory)
        _record(tx, now, directory, Kind.EFFECT_FAILED, count)
        raise_exception(
            tx,
            at=now,
            kind=Kind.EFFECT_FAILED,
            cause=cause,
            severity=Severity.HIGH,
            who=directory,
            correlation=directory,
            facts={"count": count, "fault": fault},
        )


def tell_outages(tx: Session, ground: Ground) -> None:
    """Bring the message of each directory up to date: anew when it becomes a page and each hour then, over at none."""
    now = ground.now()
    late = sorted(late_by_group(tx, now - OVERDUE_AFTER), key=lambda one: one.directory)
    by_directory = {name: list(some) for name, some in groupby(late, key=lambda one: one.directory)}
    told = {row.who: row for row in open_under(tx, cause_of(Kind.REVOCATION_OVERDUE, _UNDER))}
    for directory, groups in by_directory.items():
        if directory in told or sum(one.count for one in groups) > MANY:
            _tell(tx, ground, directory, groups, told.get(directory))
    for directory, row in told.items():
        if directory not in by_directory:
            settle_exceptions(tx, at=now, causes=[row.cause])
            _owe_owners(tx, now, row)
    for row in open_under(tx, cause_of(Kind.EFFECT_FAILED, _UNDER)):
        left = failing(tx, TELL_AFTER, directory=row.who)
        if not left:
            settle_exceptions(tx, at=now, causes=[row.cause])
        elif left != row.facts.get("count"):
            decide_exception(tx, at=now, row=row, facts={"count": left})


def is_any_told(tx: Session) -> bool:
    """Whether a message of an outage is open."""
    kinds = (Kind.REVOCATION_OVERDUE, Kind.EFFECT_FAILED)
    return any(open_under(tx, cause_of(kind, _UNDER)) for kind in kinds)


def _tell(
    tx: Session, ground: Ground, directory: str, groups: Sequence[Late], told: ExceptionRecord | None
) -> None:
    now, count, oldest = ground.now(), sum(one.count for one in groups), min(one.oldest for one in groups)
    paged = _moment(told.facts.get("paged")) if told else None
    anew = is_page(oldest, now) and (paged is None or not timedelta(0) <= now - paged < PAGE_AGAIN)
    if told is not None and not anew and told.facts.get("count") == count:
        return
    owners = _owners(ground, groups)
    page = now if anew else paged
    cause = cause_of(Kind.REVOCATION_OVERDUE, f"{_UNDER}{directory}")
    before = open_of(tx, cause) if anew else []
    if told is None or anew:  # else its message counts on
        _record(tx, now, directory, Kind.REVOCATION_OVERDUE, count)
    row = raise_exception(
        tx,
        at=now,
        kind=Kind.REVOCATION_OVERDUE,
        cause=cause,
        severity=Severity.HIGH,
        who=directory,
        correlation=directory,
        facts={
            "count": count,
            "due": oldest.isoformat(),
            "owners": sorted(one.name for one in owners.values()),
            **({"paged": page.isoformat(), "owner_ids": sorted(owners)} if page else {}),
        },
        anew=anew,
    )
    for each in (*before, row):
        _owe_owners(tx, now, each)


def _record(tx: Session, now: datetime, directory: str, kind: Kind, count: int) -> None:
    """In the story of the directory; each change has its own entry in that of its grant."""
    recording.record(
        tx, at=now, action="directory.not_following", outcome="failed", **recording.BY_ITSELF, correlation=directory,
        facts={"kind": kind, "count": count},
    )  # fmt: skip


def _owners(ground: Ground, groups: Sequence[Late]) -> Mapping[str, Owner]:
    """Whose entitlements are late, by id. What left the catalogue has no owner."""
    place = ground.database.group_names.place
    late = {place(one.directory, one.group) for one in groups}
    offered = ground.catalogue.entitlements.values()
    found = [ground.owner(one.id) for one in offered if place(one.directory, one.group) in late]
    return {owner.id: owner for owner in found if owner is not None}


def _owe_owners(tx: Session, now: datetime, row: ExceptionRecord) -> None:
    """A page goes to the channel of everybody whose it is."""
    for owner in row.facts.get("owner_ids", ()):
        owe(
            tx,
            at=now,
            courier="slack",
            kind="exception",
            subject=row.id,
            recipient=f"{OWNER}{owner}",
            urgency=ALERT,
        )


def _moment(said: object) -> datetime | None:
    return datetime.fromisoformat(said) if isinstance(said, str) else None
