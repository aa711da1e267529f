"""Too many of one kind within a time: of one person, or of everybody together.

It knows no detector: what is counted, and how it is said, is handed in.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from handlers.detectors.shape import EVERYBODY, Found, Window
from storage.audit.glimpses import Trail
from storage.audit.stories import Brief
from storage.sentences import Length


class Limits(Protocol):
    """So many of one person, or of everybody, within so many minutes."""

    @property
    def person(self) -> int: ...
    @property
    def everybody(self) -> int: ...
    @property
    def minutes(self) -> int: ...


@dataclass(frozen=True, kw_only=True)
class Said:
    """Templates: the headline, and what is told below it. They may name the length of time; that of one person, who."""

    title: str
    told: str


def crowd(
    window: Window,
    limits: Limits,
    *,
    one: Said,
    all_of_them: Said,
    counted: Callable[[str], Trail],
    more: Callable[[Brief], dict[str, str | int]] = lambda _: {},
) -> Found | None:
    """The latest run of the window that is too many; None if there is none.

    counted: the trail of a person, "" for everybody, to count them by. more: other values of the templates, by the
    newest entry.
    """
    everybody = window.about == EVERYBODY
    most, said = (limits.everybody, all_of_them) if everybody else (limits.person, one)
    burst = next(iter(window.bursts(most, timedelta(minutes=limits.minutes))), None)
    if burst is None:
        return None
    return Found(
        title=said.title,
        told=said.told,
        people={"who": window.about},
        values={"length": Length(limits.minutes), **more(burst[-1])},
        count=len(burst),
        since=burst[0].at,
        until=burst[-1].at,
        story=burst[-1].correlation,
        counted=counted("" if everybody else window.about),
    )
