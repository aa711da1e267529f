"""SQL compiled once for all databases of a kind in this process: compiling a statement costs several times its running.

It keeps texts, never values, and knows no statement and no engine.
"""

from typing import Any

from sqlalchemy.util import LRUCache

# Ours are a few hundred, each for writers and for readers.
_KEPT = 2000
_COMPILED: LRUCache[Any, Any] = LRUCache(_KEPT)

TOGETHER = {"compiled_cache": _COMPILED}
"""Execution options of an engine whose dialect is `Alike`."""


class Alike:
    """Mixed into a dialect: those of one class, for servers of one version, put a statement in the same words."""

    server_version_info: tuple[Any, ...] | None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Alike) and self._kind == other._kind

    def __hash__(self) -> int:
        return hash(type(self))  # the version is known only after the first connection

    @property
    def _kind(self) -> tuple[object, ...]:
        return type(self), self.server_version_info
