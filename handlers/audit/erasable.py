"""Which words may be erased from the record and the rows beside it, and which are still needed, and what for.

Pure: it looks at what was found and changes nothing. What it passes is looked at again as it is erased.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.audit.texts import Said
from storage.free_texts import Copy, Fact, is_part, stays
from storage.words_needed import Need

Words = Said | Copy | Fact

_WHERE_TICKETS_COME_FROM = "justification"
_NAME = "name"
# By such clicks somebody says of a membership why it may stand there.
_OF_MEMBERSHIPS = "drift."


@dataclass(frozen=True, kw_only=True)
class Found:
    """All that holds the words in question. needs: the stories that are not over, by their ids."""

    texts: Sequence[Said] = ()
    copies: Sequence[Copy] = ()
    facts: Sequence[Fact] = ()
    needs: Mapping[str, Need]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What may be erased, and how many words stay for now, by what they are needed for."""

    texts: Sequence[Said]
    copies: Sequence[Copy]
    facts: Sequence[Fact]
    left: Mapping[Need, int]

    @property
    def size(self) -> int:
        """How much there is to erase."""
        return len(self.texts) + len(self.copies) + len(self.facts)

    @property
    def kinds(self) -> Mapping[str, int]:
        """How many texts of the record there are of each name, the most first; then how often words stand elsewhere."""
        counted = Counter(one.name for one in self.texts)
        return dict(sorted(counted.items(), key=lambda each: (-each[1], each[0])))

    @property
    def time(self) -> tuple[datetime, datetime] | None:
        """From the first to the last of the record's texts, aware UTC; None if there are none of them."""
        return (min(one.at for one in self.texts), max(one.at for one in self.texts)) if self.texts else None

    def by_story(self) -> list[list[Words]]:
        """What belongs together and is erased in one transaction, as it is in one story; in order."""
        together = dict[str, list[Words]]()
        everything: list[Words] = [*self.texts, *self.copies, *self.facts]
        for one in everything:
            together.setdefault(one.story or f"{one}", []).append(one)
        return list(together.values())


class Spoken:
    """Words that are in question, by the stories in which they were typed."""

    def __init__(self, words: Iterable[Said | Copy]) -> None:
        all_words = list(words)
        self._said = {(one.story, one.words) for one in all_words if one.story and one.words}
        self._sentences = dict[str, list[str]]()
        for one in all_words:
            if _kind(one) == _WHERE_TICKETS_COME_FROM:
                self._sentences.setdefault(one.story, []).append(one.words)

    @property
    def stories(self) -> frozenset[str]:
        """Where they were typed."""
        return frozenset(story for story, _ in self._said)

    def among(self, one: Words) -> bool:
        """Whether these are the same words, in the same story; or a ticket that was named in a justification."""
        if (one.story, one.words) in self._said:
            return True
        if not (isinstance(one, Copy) and is_part(one)):
            return False
        return any(one.words in words for words in self._sentences.get(one.story, ()))


def plan(found: Found) -> Plan:
    """What of it may be erased."""
    open_facts = {(one.story, one.words) for one in found.facts if not one.settled}
    standing = {one.words for one in found.copies if stays(one)}
    left = Counter[Need]()

    def may(one: Words) -> bool:
        need = _need(one, found.needs, open_facts, standing)
        if need is not None and isinstance(one, Said):
            left[need] += 1
        return need is None

    texts = [one for one in found.texts if may(one)]
    return Plan(
        texts=texts,
        copies=[one for one in found.copies if may(one)],
        facts=[one for one in found.facts if may(one)],
        left=left,
    )


def _need(
    one: Words, needs: Mapping[str, Need], open_facts: Collection[tuple[str, str]], standing: Collection[str]
) -> Need | None:
    if (need := needs.get(one.story)) is not None:
        return need
    if (one.story, one.words) in open_facts:
        return Need.EXCEPTION
    is_standing = isinstance(one, Copy) and stays(one)
    of_standing = _kind(one) == _NAME or (isinstance(one, Said) and one.action.startswith(_OF_MEMBERSHIPS))
    return Need.STANDS if is_standing or (of_standing and one.words in standing) else None


def _kind(one: Words) -> str:
    if isinstance(one, Said):
        return one.name
    return one.place.partition(".")[2] if isinstance(one, Copy) else ""
