"""Erasing what people typed, by law: each text with its salt, and wherever else the same words stand, on record.

It erases nothing that is still needed, and no entry: the leaf with its commitment stays, and the log stays verifiable.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlmodel import Session

from handlers.audit.erasable import Found, Plan, Spoken, Words, plan
from handlers.intents import By
from handlers.recording import OPERATOR, record
from storage import free_texts
from storage.audit import entry as audit
from storage.audit import log, texts
from storage.audit.texts import Said
from storage.database import Database, replica_of
from storage.desk_acts import COUNTED_FOR
from storage.free_texts import Copy, Fact
from storage.identifiers import new_id, new_ids
from storage.words_needed import Need, needed

BEGUN = "erasure.begun"
AT_A_TIME = 100
"""So many words in one transaction, and more only where they are of one story."""

Tell = Callable[[int, int | None], None]


@dataclass(frozen=True, kw_only=True)
class OfPerson:
    """All that this person typed. about: and what was typed about them."""

    account: str
    about: bool = False


@dataclass(frozen=True, kw_only=True)
class OfEntry:
    """The texts of one entry. name: only this one; "" for all."""

    entry: str
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class NoSuchEntry:
    """No entry has this id."""


@dataclass(frozen=True, kw_only=True)
class NoSuchText:
    """The entry has no text of this name. names: those that it has or had."""

    names: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class NobodyKnown:
    """No entry is by or about this account, and no row holds words of theirs. called: accounts that had it as login."""

    called: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Erased:
    """What came of it. texts: of the record. elsewhere: in how many rows the same words stood."""

    texts: int
    elsewhere: int


def look(
    tx: Session, wanted: OfPerson | OfEntry, at: datetime
) -> Plan | NoSuchEntry | NoSuchText | NobodyKnown:
    """What there is to erase, and what is left for now. at: now, aware UTC."""
    if isinstance(wanted, OfEntry):
        missing = _missing(tx, wanted)
        if missing is not None:
            return missing
        said = [one for one in texts.of_entry(tx, wanted.entry) if wanted.name in ("", one.name)]
        return plan(_found(tx, said, [], at))
    said, copies = texts.typed_by(tx, wanted.account), free_texts.typed_by(tx, wanted.account)
    if wanted.about:
        # Not why it was erased before: else nothing is ever done.
        said += [one for one in texts.said_about(tx, wanted.account) if one.action != BEGUN]
        copies += free_texts.said_about(tx, wanted.account)
    if not said and not copies and not texts.is_known(tx, wanted.account):
        return NobodyKnown(called=free_texts.accounts_called(tx, wanted.account))
    return plan(_found(tx, said, copies, at))


def erase(database: Database, found: Plan, by: By, *, whom: str | None, tell: Tell) -> Erased:
    """Erase it, some at a time beside a running bot; what has come to be needed meanwhile is left.

    Each text is erased in the transaction that records it. It can be broken off and begun again. whom: the account
    whose words they are, for the record; None for one entry's. tell: how much is done, of how much.
    """
    act, done = new_id("n", database.now()), Erased(texts=0, elsewhere=0)
    for number, some in enumerate(_in_parts(found.by_story())):
        first = found if number == 0 else None
        part = partial(_erase, some=some, by=by, act=act, whom=whom, first=first, at=database.now())
        more = database.write_now(part)
        done = Erased(texts=done.texts + more.texts, elsewhere=done.elsewhere + more.elsewhere)
        tell(done.texts + done.elsewhere, found.size)
    return done


def _missing(tx: Session, wanted: OfEntry) -> NoSuchEntry | NoSuchText | None:
    row = log.row(tx, wanted.entry)
    if row is None:
        return NoSuchEntry()
    has = not wanted.name or wanted.name in row.texts
    return None if has else NoSuchText(names=sorted(row.texts))


def _found(tx: Session, said: Iterable[Said], copies: Iterable[Copy], at: datetime) -> Found:
    """These, and wherever else in their stories the same words stand."""
    said, copies = list(said), list(copies)
    spoken = Spoken([*said, *copies])
    said += filter(spoken.among, texts.of_stories(tx, spoken.stories))
    copies += filter(spoken.among, free_texts.of_stories(tx, spoken.stories))
    copies += free_texts.standing_of(tx, {one.actor for one in said})
    return Found(
        texts=list(dict.fromkeys(said)),
        copies=list(dict.fromkeys(copies)),
        facts=[one for one in free_texts.facts_of(tx, spoken.stories) if spoken.among(one)],
        needs=_needs(tx, spoken.stories, at),
    )


def _needs(tx: Session, stories: frozenset[str], at: datetime) -> Mapping[str, Need]:
    return needed(tx, stories, at=at, counted_since=at - COUNTED_FOR)


def _in_parts(together: Sequence[Sequence[Words]]) -> Iterator[list[Words]]:
    some = list[Words]()
    for story in together:
        if some and len(some) + len(story) > AT_A_TIME:
            yield some
            some = []
        some = [*some, *story]
    if some:
        yield some


def _erase(
    tx: Session,
    *,
    some: Sequence[Words],
    by: By,
    act: str,
    whom: str | None,
    first: Plan | None,
    at: datetime,
) -> Erased:
    """One transaction. first: everything that is meant, for the entry that says who does it and why."""
    needs = _needs(tx, frozenset(one.story for one in some if one.story), at)
    some = [one for one in some if one.story not in needs]
    if first is not None:
        record(
            tx, at=at, action=BEGUN, outcome="done", actor=OPERATOR, where=by.where, correlation=act, subject=whom,
            facts={
                "texts": len(first.texts), "elsewhere": len(first.copies) + len(first.facts),
                "left": sum(first.left.values()),
            },
            texts={"rationale": by.why, "by": by.name},
        )  # fmt: skip
    elsewhere = sum(free_texts.erase_copy(tx, one) for one in some if isinstance(one, Copy))
    elsewhere += sum(free_texts.erase_fact(tx, one) for one in some if isinstance(one, Fact))
    said = [one for one in some if isinstance(one, Said)]
    place = audit.Where(transport=by.where.transport, replica=replica_of(tx))
    records = [
        audit.Entry(
            id=fresh, at=at, action=audit.TEXT_ERASED, outcome="done", actor=OPERATOR, correlation=act, where=place,
            subject=whom,
        )
        for fresh in new_ids(audit.PREFIX, at, len(said))
    ]  # fmt: skip
    wanted = [(one.entry, one.name, entry) for one, entry in zip(said, records, strict=True)]
    return Erased(texts=log.erase_each(tx, wanted), elsewhere=elsewhere)
