"""When something is due that is said once a day and once a week, at an hour of the operator's own clock.

Pure: the present is given to it, and it remembers nothing.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

_WEEK = 7


@dataclass(frozen=True, kw_only=True)
class Due:
    """What is due since `until`: it is about the time from `since` to then (aware UTC). day: as it is kept."""

    day: str
    since: datetime
    until: datetime


@dataclass(frozen=True, kw_only=True)
class SetTimes:
    """weekday: 0 is Monday. hour: of the clock in this zone; one that a change of the clock leaves out is the next."""

    zone: tzinfo
    weekday: int = 0
    hour: int = 9

    def daily(self, now: datetime) -> Due:
        """The latest that is due: about the day before it."""
        today = now.astimezone(self.zone).date()
        if self._at(today) > now:
            today -= timedelta(days=1)
        return self._due(today, days=1)

    def weekly(self, now: datetime) -> Due:
        """The latest that is due: about the week before it."""
        today = now.astimezone(self.zone).date()
        that_day = today - timedelta(days=(today.weekday() - self.weekday) % _WEEK)
        if self._at(that_day) > now:
            that_day -= timedelta(days=_WEEK)
        return self._due(that_day, days=_WEEK)

    def _due(self, on: date, *, days: int) -> Due:
        return Due(day=on.isoformat(), since=self._at(on - timedelta(days=days)), until=self._at(on))

    def _at(self, on: date) -> datetime:
        return datetime.combine(on, time(self.hour), tzinfo=self.zone).astimezone(UTC)
