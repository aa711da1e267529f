"""The clock, compared with Slack's: signed requests live five minutes, authenticator codes thirty seconds (SL-6).

It sets no clock.
"""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from bot.checking.report import failed, ok, warning
from bot.checking.slack import Greeting
from storage.directories.base import Finding

SLIGHT = timedelta(seconds=30)
GRAVE = timedelta(seconds=120)
_SET = "Let this machine keep its time by NTP (`timedatectl set-ntp true`)."


def examine_clock(greeting: Greeting) -> Finding:
    """How far our clock is from the one in Slack's answer, which counts whole seconds."""
    theirs = _read(greeting.header("Date"))
    if theirs is None:
        return warning(
            "clock", "It was not compared: Slack did not say what time it is.", "Check again later."
        )
    apart = abs(greeting.at - theirs)
    said = f"It is {apart.total_seconds():.0f} s {'before' if greeting.at > theirs else 'behind'} Slack's"
    if apart > GRAVE:
        return failed("clock", f"{said}: Slack's requests and people's codes will be refused.", _SET)
    if apart > SLIGHT:
        return warning("clock", f"{said}: codes from authenticators may be refused.", _SET)
    return ok("clock", "It agrees with Slack's.")


def _read(header: str | None) -> datetime | None:
    try:
        read = parsedate_to_datetime(header) if header else None
    except ValueError:
        return None
    return read.replace(tzinfo=UTC) if read is not None and read.tzinfo is None else read
