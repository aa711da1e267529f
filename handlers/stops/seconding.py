"""The two words that lift an emergency stop: kept one by one, and looked up anew when the second is given.

A word counts for as long as policy lets whoever gave it; nobody gives two, whatever accounts they have (R-1).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlmodel import Session

from handlers.decisions.freezing import may_resume
from handlers.decisions.policy import PolicyDecision, ResumeQuestion, same_person
from handlers.exceptions.raising import Kind, cause_of
from handlers.ground import Ground
from handlers.patience import few_at_a_time, in_time
from handlers.people.recently import recently
from handlers.questions.concerned import of_security
from storage import exception_work, freezes, lift_words
from storage.directories.base import Account
from storage.exceptions import decide_exceptions
from storage.records import Freeze, LiftWord, RestoreWord
from storage.states import FreezeKind

OPERATOR = ("", "cli")
"""Whose word that of an operator is."""

Whose = tuple[str, str]
Word = LiftWord | RestoreWord


@dataclass(frozen=True, kw_only=True)
class Speakers:
    """Those who gave a word about one stop, as the directory has them now; None for whom it does not have."""

    accounts: Mapping[Whose, Account | None]


class Seconding:
    """operators_count: whether the word of an operator is one of the two; never both."""

    def __init__(self, ground: Ground, *, operators_count: bool = False) -> None:
        self._ground, self._operators_count = ground, operators_count

    @property
    def operators_count(self) -> bool:
        """Whether an operator's word is worth anything here."""
        return self._operators_count

    async def speakers(self, exception: str) -> Speakers:
        """Look up whoever gave a word about the stop of this exception. DirectoryUnavailable if nobody can say."""

        def of_exception(tx: Session) -> Sequence[LiftWord]:
            row = exception_work.get(tx, exception)
            is_one = row is not None and row.kind == Kind.ACCESS_STOPPED
            return lift_words.said_of(tx, str(row.facts.get("freeze"))) if row is not None and is_one else ()

        return await looked_up(self._ground, await self._ground.database.read(of_exception))

    async def speakers_of(self, freeze: str) -> Speakers:
        """The same, of a stop by its own id."""
        return await looked_up(
            self._ground, await self._ground.database.read(lambda tx: lift_words.said_of(tx, freeze))
        )

    def are_all(self, tx: Session, freeze: str, speakers: Speakers) -> bool:
        """Whether nobody gave a word since they were looked up."""
        return {whose(one) for one in lift_words.said_of(tx, freeze)} == speakers.accounts.keys()

    def counting(self, tx: Session, freeze: Freeze, speakers: Speakers) -> list[LiftWord]:
        """The words that count now, the first one first."""
        return [one for one in lift_words.said_of(tx, freeze.id) if self._counts(tx, freeze, one, speakers)]

    def say(
        self, tx: Session, freeze: Freeze, speakers: Speakers, who: Account | None, *, name: str, why: str
    ) -> tuple[list[LiftWord], bool]:
        """Keep their word. The words that count now, theirs among them; and whether they had given it before.

        who: None for an operator. Of what one person said by several accounts one word counts.
        """
        directory, account = OPERATOR if who is None else (who.directory, who.id)
        word = LiftWord(
            freeze=freeze.id, directory=directory, account=account, name=name, rationale=why,
            at=self._ground.now(),
        )  # fmt: skip
        others = [
            one
            for one in self.counting(tx, freeze, speakers)
            if whose(one) != (directory, account) and not _is_of(who, speakers.accounts.get(whose(one)))
        ]
        is_new = lift_words.say_so(tx, word)
        words = [*others, word]
        self._show(tx, freeze, words)
        return words, not is_new

    def _show(self, tx: Session, freeze: Freeze, words: Sequence[LiftWord]) -> None:
        """What the security channel reads of the words, in the message that stands there."""
        cause = cause_of(Kind.ACCESS_STOPPED, freeze.id)
        decide_exceptions(tx, at=self._ground.now(), cause=cause, facts={"words": shown(words)})

    def _counts(self, tx: Session, freeze: Freeze, word: LiftWord, speakers: Speakers) -> bool:
        if whose(word) == OPERATOR:
            return self._operators_count
        account = speakers.accounts.get(whose(word))
        return (
            account is not None
            and account.active
            and may_lift(tx, self._ground, freeze.kind, account).allowed
        )


def may_lift(tx: Session, ground: Ground, kind: str, account: Account) -> PolicyDecision:
    """Policy's answer about this person lifting what is stopped. kind: of freeze, or "reported"."""
    role: Literal["security"] | None = "security" if of_security(ground, account) else None
    lately = recently(tx, ground.now, (account,))
    question = ResumeQuestion(principal=account, kind=kind, role=role, now=ground.now(), recently=lately)
    return may_resume(ground.policy, question)


def emergency(tx: Session) -> Freeze | None:
    """The emergency stop that stands, if one does."""
    return next((one for one in freezes.open_ones(tx) if one.kind == FreezeKind.EMERGENCY), None)


async def looked_up(ground: Ground, words: Sequence[Word]) -> Speakers:
    """Whoever gave one of these, as their directories have them now. DirectoryUnavailable if nobody can say."""

    async def account(one: Whose) -> Account | None:
        return await in_time(ground.home(one[0]).account(one[1]))

    people = [*dict.fromkeys(whose(one) for one in words if whose(one) != OPERATOR)]
    found = await few_at_a_time(account, people)
    operators = {whose(one): None for one in words if whose(one) == OPERATOR}
    return Speakers(accounts={**dict(zip(people, found, strict=True)), **operators})


def shown(words: Sequence[Word]) -> list[dict[str, object]]:
    """The words as the message about it keeps them."""
    return [
        {"name": one.name, "at": one.at.isoformat(), "why": one.rationale, "operator": not one.directory}
        for one in words
    ]


def whose(word: Word) -> Whose:
    """Directory and account of whoever gave it."""
    return word.directory, word.account


def _is_of(who: Account | None, other: Account | None) -> bool:
    return who is not None and other is not None and same_person(who, other)
