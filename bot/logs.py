"""Log lines: one JSON object each, or laid out for a console, with every known or likely secret taken out.

It never writes a line anywhere but to the stream it is given, and keeps nothing.
"""

import logging
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from bot.settings.sections import LogsSection

HIDDEN = "[hidden]"
# Shorter secrets would blank out ordinary words; none that Wicket uses is this short.
SHORTEST = 6
_DEEPEST = 6
_LIKELY = re.compile(
    r"xox[a-z](?:\.xox[a-z])?-[\w.-]+"
    r"|xapp-[\w.-]+"
    r"|PRIVATE\+KEY\+\S+"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
    r"|otpauth://\S+"
    r"|https://hooks\.slack\.com/\S+",
    re.DOTALL,
)
_ASSIGNED = re.compile(
    r"""(?i)((?:password|passwd|secret|token|authorization)["']?\s*[=:]\s*(?:bearer\s+|basic\s+)?)(?:"[^"]*"|'[^']*'|[^\s,;&}"']+)"""
)
_CREDENTIALS = re.compile(r"(://[^/\s:@]*:)[^/\s@]+(@)")
_NAMED = re.compile(
    r"(?i)password|passwd|secret|token|authorization|cookie|(?:^|_)(?:otp|totp|recovery|response_url)(?:$|_)"
)


class Redact:
    """A processor that takes secrets out of everything a line carries, keys and exceptions included.

    secrets: values in clear that must never appear, whatever surrounds them.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        known = sorted({secret for secret in secrets if len(secret) >= SHORTEST}, key=len, reverse=True)
        self._known = re.compile("|".join(re.escape(secret) for secret in known)) if known else None

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        """The same line without secrets."""
        return {self.text(str(key)): self._value(str(key), value, _DEEPEST) for key, value in event.items()}

    def text(self, text: str) -> str:
        """The text without secrets."""
        if self._known is not None:
            text = self._known.sub(HIDDEN, text)
        text = _LIKELY.sub(HIDDEN, text)
        text = _CREDENTIALS.sub(rf"\1{HIDDEN}\2", text)
        return _ASSIGNED.sub(rf"\1{HIDDEN}", text)

    def _value(self, key: str, value: Any, depth: int) -> Any:
        if value is None or isinstance(value, bool):
            return value
        if _NAMED.search(key):
            return HIDDEN
        if isinstance(value, int | float):
            return value
        if isinstance(value, Mapping) and depth:
            return {self.text(str(k)): self._value(str(k), v, depth - 1) for k, v in value.items()}
        if isinstance(value, list | tuple | set | frozenset) and depth:
            return [self._value("", item, depth - 1) for item in value]
        # Whatever else it is, only its text goes further, so that no later step can print more of it.
        return self.text(value if isinstance(value, str) else repr(value))


class _Handler(logging.StreamHandler[TextIO]):
    """A handler whose own failure shows nothing of the line: the default would print its arguments as they are."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  the name is the standard library's
        """Say that a line was lost, and where it came from, if anything can be said: a full disk stops no work."""
        with suppress(OSError):
            self.stream.write(
                f'{{"level": "error", "message": "a log line by {record.name} could not be written"}}\n'
            )


def set_up_logs(section: LogsSection, *, secrets: Iterable[str], stream: TextIO) -> None:
    """Send structlog's and the standard library's lines to the stream, redacted. Call once, before anything logs."""
    redact = Redact(secrets)
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    handler = _Handler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                redact,
                *_layout(section, stream),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(section.level.upper())
    for chatty in ("aiohttp.access", "alembic", "apscheduler", "asyncio", "slack_bolt", "slack_sdk"):
        # These describe every request; at debug level slack_sdk would even print whole payloads.
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def _layout(section: LogsSection, stream: TextIO) -> list[Processor]:
    if section.layout == "json":
        return [
            structlog.processors.EventRenamer("message"),
            structlog.processors.JSONRenderer(sort_keys=True),
        ]
    return [
        structlog.dev.ConsoleRenderer(
            colors=stream.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    ]
