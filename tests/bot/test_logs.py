"""Logs: whole lines, and no secret in them whichever way it tries to get in (N-2, promise 4)."""

import errno
import io
import json
import logging

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from bot.logs import HIDDEN, Redact, set_up_logs
from bot.settings.sections import LogsSection

CANARY = "canary-7f3a-signing-secret"
LIKELY = [
    "xoxb-123-456-abcDEF",
    "xapp-1-A0-123-abcdef",
    "xoxe.xoxp-1-Mi0yLTEyMzQ",
    "otpauth://totp/Wicket:ada?secret=JBSWY3DPEHPK3PXP",
    "PRIVATE+KEY+wicket+0a1b2c3d+AbcDeF==",
    "https://hooks.slack.com/commands/T0/1/abcdef",
]


@pytest.fixture
def stream():
    """A stream with the logs set up on it; the process's own logging is put back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield io.StringIO()
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


@pytest.fixture(params=["json", "console"])
def layout(request):
    return request.param


def test_a_line_is_one_json_object_with_level_time_and_logger(stream):
    set_up_logs(LogsSection(), secrets=[], stream=stream)
    structlog.get_logger("bot.x").info("grant ended", grant="g1", late=0.2)
    line = json.loads(stream.getvalue())
    assert (line["message"], line["level"], line["logger"]) == ("grant ended", "info", "bot.x")
    assert (line["grant"], line["late"]) == ("g1", 0.2)
    assert line["timestamp"].endswith("Z")


def test_lines_of_libraries_come_out_the_same_way(stream):
    set_up_logs(LogsSection(), secrets=[CANARY], stream=stream)
    logging.getLogger("library").warning("sent %s", CANARY)
    line = json.loads(stream.getvalue())
    assert line["message"] == f"sent {HIDDEN}"
    assert line["logger"] == "library"


def test_a_line_below_the_level_is_not_written(stream):
    set_up_logs(LogsSection(level="warning"), secrets=[], stream=stream)
    structlog.get_logger("bot").info("quiet")
    logging.getLogger("slack_sdk").info("quiet")
    assert stream.getvalue() == ""


def test_no_canary_gets_out_by_any_way(stream, layout):
    """As the message, a value, nested, a key, an object's repr, an exception and its cause, and bytes."""
    set_up_logs(LogsSection(level="debug", layout=layout), secrets=[CANARY], stream=stream)
    log = structlog.get_logger("bot")
    log.info(f"message {CANARY}", value=CANARY, nested={"a": [{"b": (CANARY,)}]}, raw=CANARY.encode())
    log.info("a key", **{CANARY: 1})
    log.bind(bound=CANARY).info("with an object", thing=ValueError(CANARY))
    log.info("positional %s", CANARY)
    try:
        try:
            raise KeyError(CANARY)
        except KeyError as cause:
            raise RuntimeError(f"could not use {CANARY}") from cause
    except RuntimeError:
        log.exception("failed")
        logging.getLogger("library").exception("failed too")
    written = stream.getvalue()
    assert CANARY not in written
    assert written.count("Traceback") >= 2
    assert "could not use" in written


def test_a_line_that_cannot_be_written_shows_nothing_of_itself(stream, capsys):
    """The standard library would print the arguments to standard error."""
    set_up_logs(LogsSection(), secrets=[CANARY], stream=stream)
    logging.getLogger("library").warning("%d items", CANARY)
    assert "could not be written" in stream.getvalue()
    assert CANARY not in stream.getvalue() + "".join(capsys.readouterr())


def test_a_line_for_which_there_is_no_room_stops_nothing_and_later_ones_are_written():
    """A duty that could not say that it failed would never run again."""
    stream = Filling()
    set_up_logs(LogsSection(), secrets=[], stream=stream)
    stream.full = True
    structlog.get_logger("wicket").warning("lost")
    stream.full = False
    structlog.get_logger("wicket").warning("kept")
    assert "kept" in stream.getvalue()


class Filling(io.StringIO):
    """A file on a disk that may be full."""

    full = False

    def write(self, text: str) -> int:
        if self.full:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(text)


@pytest.mark.parametrize("secret", LIKELY)
def test_what_looks_like_a_secret_is_hidden_though_nobody_named_it(secret):
    assert secret not in Redact([]).text(f"before {secret} after")
    assert Redact([]).text(f"before {secret} after").startswith("before ")


@pytest.mark.parametrize(
    "text",
    [
        "password=hunter2xyz",
        "Password: 'hunter2xyz'",
        '{"password": "hunter2xyz"}',
        "client_secret=hunter2xyz&b=1",
        "Authorization: Bearer hunter2xyz",
        "smtp://me:hunter2xyz@smtp.example.com",
    ],
)
def test_what_is_assigned_to_a_secret_name_is_hidden(text):
    assert "hunter2xyz" not in Redact([]).text(text)


@pytest.mark.parametrize(
    "key", ["password", "new_password", "bot_token", "totp", "recovery_code", "response_url", "Cookie"]
)
def test_a_value_under_a_secret_name_is_hidden_whatever_it_is(key):
    for value in ("plain", 123456, ["plain"], {"a": "plain"}):
        assert Redact([])(None, "info", {key: value}) == {key: HIDDEN}


def test_ordinary_words_stay_as_they_are():
    event = {"event": "grant g1 ended: the password page was opened", "footprint": 3, "ok": True, "who": None}
    assert Redact(["abc"])(None, "info", dict(event)) == event


@given(st.text(min_size=6), st.text(), st.text())
def test_a_known_secret_never_stands_in_a_text(secret, before, after):
    assert secret in HIDDEN or secret not in Redact([secret]).text(before + secret + after)
