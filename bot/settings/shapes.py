"""The shapes that settings share: ids of Slack, lines of text, addresses, durations.

Each refuses with a sentence for the operator; none looks anything up.
"""

import ipaddress
import re
from datetime import time, timedelta
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator

from bot.texts import zone_named

_DURATION = re.compile(r"(?:(\d{1,3})d)?(?:(\d{1,4})h)?(?:(\d{1,5})m)?")
_MAIL = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+")
LONGEST = timedelta(days=366)
# The ports that browsers leave out.
_UNSAID = {"http": 80, "https": 443}


def is_loopback(host: str) -> bool:
    """Whether a host name or address can only be reached from this machine."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _slack_id(letters: str, what: str, example: str) -> AfterValidator:
    pattern = re.compile(rf"[{letters}][A-Z0-9]{{2,}}")

    def check(value: str) -> str:
        if not pattern.fullmatch(value):
            raise ValueError(f'is not a Slack {what} id. It looks like "{example}"; a name does not work')
        return value

    return AfterValidator(check)


def _zone_name(text: str) -> str:
    if text != "UTC" and zone_named(text) is None:
        raise ValueError(
            f'is no time zone that this machine knows. Write one such as "Europe/Berlin", not {text!r}'
        )
    return text


def _line(value: str) -> str:
    if not value.strip() or value != value.strip():
        raise ValueError("must not be empty, nor begin or end with a space")
    if not value.isprintable():
        raise ValueError("must be one line of ordinary text. Remove line breaks and invisible characters")
    return value


def _short(value: str) -> str:
    if len(value) > 75:
        raise ValueError("is too long. Use at most 75 characters: Slack cuts longer ones in a menu")
    return value


def _slug(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,62}", value):
        raise ValueError('is not an id. Use small letters, digits, "-", "_" and ".", at most 63: "prod-db"')
    return value


def _mail_address(value: str) -> str:
    if not _MAIL.fullmatch(value):
        raise ValueError('is not a mail address. Write the address alone: "wicket@example.com"')
    return value


def _duration(value: object) -> timedelta:
    """`8h`, `90m`, `2d`, `1h30m` as a timedelta of at least a minute. A timedelta is a default of ours."""
    if isinstance(value, timedelta):
        return value
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    days, hours, minutes = (int(part or 0) for part in match.groups()) if match else (0, 0, 0)
    found = timedelta(days=days, hours=hours, minutes=minutes)
    if not found:
        raise ValueError('is not a duration. Write days, hours and minutes: "8h", "90m", "2d", "1h30m"')
    if found > LONGEST:
        raise ValueError('is longer than a year. Write at most "366d"')
    return found


def _time_of_day(value: object) -> time:
    """`09:00` as a time."""
    if isinstance(value, time):
        return value
    if not isinstance(value, str) or not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        raise ValueError('is not a time of day. Write hours and minutes as text: "09:00", "17:30"')
    return time.fromisoformat(value)


def _origin(value: str) -> str:
    """A fixed web origin: scheme, host and port, no more; written as browsers do, without the port that goes unsaid."""
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    host = (parts.hostname or "").lower()
    if parts.scheme not in {"http", "https"} or not host:
        raise ValueError('is not a web address. Write it whole: "https://wicket.example.com"')
    if parts.username is not None or parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise ValueError('must be an origin: scheme, host and port alone. Write "https://wicket.example.com"')
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError(
            "must begin with https:// since people type passwords there. Put a TLS proxy in front"
        )
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + (f":{port}" if port and port != _UNSAID[parts.scheme] else "")


def _web_address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username is not None:
        raise ValueError("is not a web address. Write it whole, or leave it out to use Slack's own")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ValueError("must begin with https:// since the bot token travels there")
    return value if value.endswith("/") else value + "/"


def _network(value: str) -> str:
    """One address, or a network of them."""
    try:
        return str(ipaddress.ip_network(value, strict=False))
    except ValueError:
        raise ValueError('is not an address or network. Write "10.0.0.5" or "10.0.0.0/24"') from None


TimeOfDay = Annotated[time, BeforeValidator(_time_of_day)]
TeamId = Annotated[str, _slack_id("T", "team", "T0123ABCD")]
EnterpriseId = Annotated[str, _slack_id("E", "enterprise", "E0123ABCD")]
ChannelId = Annotated[str, _slack_id("CG", "channel", "C0123ABCD")]
Line = Annotated[str, AfterValidator(_line)]
ZoneName = Annotated[str, AfterValidator(_zone_name)]
ShortLine = Annotated[Line, AfterValidator(_short)]
Slug = Annotated[str, AfterValidator(_slug)]
Network = Annotated[str, AfterValidator(_network)]
MailAddress = Annotated[str, AfterValidator(_mail_address)]
Duration = Annotated[timedelta, BeforeValidator(_duration)]
Origin = Annotated[str, AfterValidator(_origin)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
