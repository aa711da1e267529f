"""The columns in which people's own words stand beside the record: who typed them, about whom, in which story.

It reads and writes nothing. The facts of exceptions hold words too, by the names that stand here.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, case, select
from sqlmodel import SQLModel

ERASED = "(erased)"
"""What stands in a row in the place of words that were erased: something was said, and nobody reads what."""

TYPED_FACTS = frozenset({"rationale", "why", "words"})
"""By these names words that somebody typed stand among the facts of an exception, at whatever depth."""

_Some: TypeAlias = ColumnElement[Any]


@dataclass(frozen=True, kw_only=True)
class Place:
    """A column in which words stand that somebody typed. name: "grants.justification", its table and its own. author,
    about: account ids; story: a correlation id.

    author None: the row does not say by id who typed it, so it is found by what stands in its story. part: it may be
    a part of what was typed, as a ticket that was named in a sentence. stays: it is needed as long as the row is there.
    instead: what it is replaced by.
    """

    name: str
    author: ColumnElement[Any] | None = None
    about: ColumnElement[Any] | None = None
    story: ColumnElement[Any] | None = None
    part: bool = False
    stays: bool = False
    instead: str = ERASED

    @property
    def table(self) -> str:
        """ "grants" of "grants.justification"."""
        return self.name.partition(".")[0]

    @property
    def column(self) -> str:
        """ "justification" of it."""
        return self.name.partition(".")[2]


@cache
def places() -> tuple[Place, ...]:
    """Every column in which people's words stand, but the record's own and the facts of exceptions."""
    return (*_of_access(), *_of_petitions(), *_of_emergencies(), *_of_security(), *_of_proofs())


def _of_access() -> tuple[Place, ...]:
    grants, said, asked, step = _c("grants"), _c("approvals"), _c("inquiries"), _c("step_ups")
    typist, declared = grants.requester_account, _c("standings")

    def whose(grant: _Some) -> _Some:
        return select(_holder()).where(grants.id == grant).scalar_subquery()

    requester = select(typist).where(grants.id == asked.grant).scalar_subquery()
    return (
        Place(name="grants.justification", author=typist, about=_holder(), story=grants.id),
        Place(name="grants.ticket", author=typist, about=_holder(), story=grants.id, part=True),
        Place(name="grants.end_rationale", about=_holder(), story=grants.id),
        Place(name="approvals.rationale", author=said.approver, about=whose(said.grant), story=said.grant),
        Place(name="inquiries.question", author=asked.asker, about=whose(asked.grant), story=asked.grant),
        Place(name="inquiries.answer", author=requester, about=whose(asked.grant), story=asked.grant),
        # Emptied by itself once it is decided; until then the form shows what stands there.
        Place(name="step_ups.rationale", author=_visitor(step.handle), story=step.about, instead=""),
        Place(name="standings.rationale", author=declared.declared_by, about=declared.member, stays=True),
    )


def _of_petitions() -> tuple[Place, ...]:
    asked, word = _c("petitions"), _c("attestations")
    whose = select(asked.account).where(asked.id == word.petition).scalar_subquery()
    return (
        Place(name="petitions.explanation", author=asked.account, about=asked.account, story=asked.id),
        Place(name="petitions.end_words", about=asked.account, story=asked.id),
        Place(name="attestations.rationale", author=word.account, about=whose, story=word.petition),
    )


def _of_emergencies() -> tuple[Place, ...]:
    glass, word = _c("emergencies"), _c("restore_words")
    return (
        Place(name="emergencies.reason", author=glass.account, about=glass.account, story=glass.id),
        Place(name="emergencies.review_words", author=glass.reviewed_by, about=glass.account, story=glass.id),
        Place(name="restore_words.rationale", author=word.account, story=word.emergency),
    )


def _of_security() -> tuple[Place, ...]:
    word, alarm = _c("lift_words"), _c("alarms")
    return (
        Place(name="freezes.rationale", story=_c("freezes").id),
        Place(name="lift_words.rationale", author=word.account, story=word.freeze),
        Place(name="alarms.rationale", about=alarm.account, story=alarm.handle),
        Place(name="exceptions.words", story=_c("exceptions").id),
    )


def _of_proofs() -> tuple[Place, ...]:
    word, act, key, change = _c("vouchings"), _c("desk_acts"), _c("passkeys"), _c("proof_changes")
    whose = _visitor(change.handle)
    return (
        Place(name="vouchings.ticket", author=word.voucher, about=word.account, story=word.handle),
        Place(name="desk_acts.ticket", author=act.helper, about=act.account, story=act.handle),
        Place(name="passkeys.name", author=key.account, about=key.account, stays=True),
        Place(name="proof_changes.name", author=whose, about=whose, story=change.handle),
    )


def _c(table: str) -> Any:
    return SQLModel.metadata.tables[table].c


def _holder() -> _Some:
    """Whose access it is: who asked, or for whom they asked."""
    grants = _c("grants")
    return case((grants.target_account != "", grants.target_account), else_=grants.requester_account)


def _visitor(handle: _Some) -> _Some:
    """Whose visit to the secure page it was."""
    return select(_c("handles").account).where(_c("handles").id == handle).scalar_subquery()
