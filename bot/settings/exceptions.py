"""The section of `wicket.toml` about exceptions: within what time each is to be resolved.

It decides nothing of what an exception is.
"""

from collections.abc import Mapping
from datetime import timedelta

from pydantic import Field

from bot.settings.section import Section

_MOST_HOURS = 24 * 90


class ExceptionsSection(Section):
    """[exceptions]: within how many hours one of each severity is to be resolved."""

    high_hours: int = Field(default=4, ge=1, le=_MOST_HOURS, examples=[4])
    medium_hours: int = Field(default=24, ge=1, le=_MOST_HOURS, examples=[24])
    low_hours: int = Field(default=24 * 7, ge=1, le=_MOST_HOURS, examples=[168])

    @property
    def due_within(self) -> Mapping[str, timedelta]:
        """By severity, within what time."""
        hours = {"high": self.high_hours, "medium": self.medium_hours, "low": self.low_hours}
        return {severity: timedelta(hours=count) for severity, count in hours.items()}
