"""Which names are one group: by the rule of the directory that the group stands in, and by no other.

It asks no directory and finds no rows. Where no rule is known, names are one only if they are written alike.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

Key = Callable[[str], str]
"""What all ways to write one group's name have in common, in directories of one kind."""

Place = tuple[str, str]
"""A group: its directory, and the key of its name."""

NAMES = "group_names"


def exact(name: str) -> str:
    """The key where each way to write a name is another group."""
    return name


@dataclass(frozen=True)
class GroupNames:
    """keys: by the name of a directory, where its names are not exact."""

    keys: Mapping[str, Key] = field(default_factory=lambda: MappingProxyType({}))

    def key(self, directory: str, group: str) -> str:
        """The same for every way to write this group's name."""
        return self.keys.get(directory, exact)(group)

    def place(self, directory: str, group: str) -> Place:
        """The group itself: the same for all its names, and another for every other group."""
        return directory, self.key(directory, group)

    def are_one(self, directory: str, one: str, other: str) -> bool:
        """Whether these are names of one group there."""
        return one == other or self.place(directory, one) == self.place(directory, other)

    def is_exact(self, directory: str) -> bool:
        """Whether a group has one way to be written there."""
        return self.keys.get(directory, exact) is exact


ALL_EXACT = GroupNames()
