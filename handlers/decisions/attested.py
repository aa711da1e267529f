"""How many people said of somebody that it is them: each counted once, in the one role they have.

Pure numbers; who counts is looked up elsewhere.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Attested:
    """How many distinct people said of somebody that it is them, each counted once, in the one role they have."""

    security: int = 0
    help_desk: int = 0
    manager: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.security + self.help_desk + self.manager

    def __add__(self, other: "Attested") -> "Attested":
        """Both counts together."""
        return Attested(
            security=self.security + other.security,
            help_desk=self.help_desk + other.help_desk,
            manager=self.manager + other.manager,
        )

    @classmethod
    def of(cls, roles: Iterable[str]) -> "Attested":
        """Count roles, one for each distinct approver."""
        counted = Counter(roles)
        return cls(security=counted["security"], help_desk=counted["help_desk"], manager=counted["manager"])


NOBODY_ATTESTED = Attested()
