"""The rules that hold: the policies and the catalogue, always as one set, and replaced as one.

It reads no file and decides nothing. What is under way keeps the set that it began with, whatever comes meanwhile.
"""

import hashlib
import json
from collections.abc import Callable, Collection, ItemsView, Iterator, KeysView, Mapping, Sequence, ValuesView
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cached_property
from typing import Generic, TypeVar

from handlers.decisions.composition import Composition
from handlers.decisions.policy import PolicyDecision, PolicyEngine, Question
from storage.catalogue import Catalogue

A = TypeVar("A")
V = TypeVar("V")


@dataclass(frozen=True, kw_only=True)
class Rules:
    """One set of rules, which never changes. sources: the policies as text, by the name of their file."""

    policy: PolicyEngine
    catalogue: Catalogue
    sources: Mapping[str, str] = field(default_factory=dict)
    composition: Composition = field(default_factory=Composition)

    @cached_property
    def content(self) -> str:
        """SHA-256 (hex) of the policies' files and the catalogue: what can be changed while the bot runs."""
        return content_of(self.sources, self.catalogue)


def content_of(sources: Mapping[str, str], catalogue: Catalogue) -> str:
    """SHA-256 (hex) of policies as text, by the name of their file, and a catalogue."""
    whole = json.dumps([sorted(sources.items()), catalogue.digest], ensure_ascii=True)
    return hashlib.sha256(whole.encode("ascii")).hexdigest()


# What the work under way began with, and whose: a process may hold several bots.
_KEPT: ContextVar[tuple["Held", Rules] | None] = ContextVar("kept rules", default=None)


class Held:
    """The rules that hold now. `policy` and `catalogue` are always those of whoever asks, and may be kept for good."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self.policy: PolicyEngine = _HeldPolicy(self)
        self.catalogue = Catalogue(
            entitlements=_Live(lambda: self.rules.catalogue.entitlements),
            owners=_Live(lambda: self.rules.catalogue.owners),
            discovered=_LiveSet(lambda: self.rules.catalogue.discovered),
            scopes=_Live(lambda: self.rules.catalogue.scopes),
        )

    @property
    def newest(self) -> Rules:
        """Those that whatever begins now will go by."""
        return self._rules

    @property
    def rules(self) -> Rules:
        """Those that the work under way began with; the newest outside of any."""
        kept = _KEPT.get()
        return kept[1] if kept is not None and kept[0] is self else self._rules

    def replace(self, rules: Rules) -> None:
        """Let all that begins from now on go by these."""
        self._rules = rules

    @contextmanager
    def kept(self) -> Iterator[None]:
        """One piece of work: whatever it asks, it is answered by the rules of now."""
        token = _KEPT.set((self, self._rules))
        try:
            yield
        finally:
            _KEPT.reset(token)

    def carried(self, work: Callable[[A], V]) -> Callable[[A], V]:
        """The same work, for another thread: from its begin to its end it goes by the rules of whoever asked for it."""
        kept = (self, self.rules)

        def done(given: A) -> V:
            token = _KEPT.set(kept)
            try:
                return work(given)
            finally:
                _KEPT.reset(token)

        return done


class _HeldPolicy:
    """The policies of whoever asks."""

    def __init__(self, held: Held) -> None:
        self._held = held

    @property
    def policy_set(self) -> str:
        return self._held.rules.policy.policy_set

    def reads(self, fact: str) -> bool:
        return self._held.rules.policy.reads(fact)

    def ask(self, question: Question) -> PolicyDecision:
        return self._held.rules.policy.ask(question)

    def ask_each(self, questions: Sequence[Question]) -> list[PolicyDecision]:
        return self._held.rules.policy.ask_each(questions)


class _Live(Mapping[str, V]):
    """A mapping that is another one after each change of the rules."""

    def __init__(self, now: Callable[[], Mapping[str, V]]) -> None:
        self._now = now

    def __getitem__(self, key: str) -> V:
        return self._now()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._now())

    def __len__(self) -> int:
        return len(self._now())

    @property
    def now(self) -> Mapping[str, V]:
        """The mapping that it is at present."""
        return self._now()

    # Three that everybody calls; a Mapping's own would look each key up singly, in whatever it is by then.
    def keys(self) -> KeysView[str]:
        return self._now().keys()

    def values(self) -> ValuesView[V]:
        return self._now().values()

    def items(self) -> ItemsView[str, V]:
        return self._now().items()


class _LiveSet(Collection[str]):
    """A set that is another one after each change of the rules."""

    def __init__(self, now: Callable[[], Collection[str]]) -> None:
        self._now = now

    def __contains__(self, key: object) -> bool:
        return key in self._now()

    def __iter__(self) -> Iterator[str]:
        return iter(self._now())

    def __len__(self) -> int:
        return len(self._now())


class Derived(Generic[V]):
    """What is made of a catalogue, and made anew when that is another one."""

    def __init__(self, catalogue: Catalogue, make: Callable[[Catalogue], V]) -> None:
        self._catalogue, self._make = catalogue, make
        self._of, self._made = self._identity(), make(catalogue)

    def __call__(self) -> V:
        """Of the catalogue of whoever asks."""
        if (of := self._identity()) is not self._of:
            self._of, self._made = of, self._make(self._catalogue)
        return self._made

    def _identity(self) -> object:
        entitlements = self._catalogue.entitlements
        return entitlements.now if isinstance(entitlements, _Live) else entitlements
