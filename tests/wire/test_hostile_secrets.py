"""People type passwords into chats. What was not understood is kept nowhere (promise 4, N-2)."""

import io
import logging

import pytest
import structlog

from bot.logs import set_up_logs
from bot.settings.sections import LogsSection
from tests.wire.hostile import clicked, heard, submitted

CANARY = "Zx9-canary-correct-horse-battery-staple"
TYPED = [
    "{}",
    "password: {}",
    "my password is {}",
    "my new password should be {}",
    "reset my password to {}",
    "change my password to {} please",
    "I forgot my password, it was {} I think",
    "unlock my account with {}",
    "login {}",
    "ada {}",
    "set up my authenticator {}",
    "am I in {}?",
    "who owns {}?",
    "help {}",
    "my code is {}",
    "token={}",
    "{} for 2h",
    "I need {}",
    "give me {} for 2h",
]


@pytest.fixture
def lines():
    """The bot's own log at its most talkative; the process's logging is put back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    set_up_logs(LogsSection(level="debug"), secrets=[], stream=stream)
    yield stream
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


async def test_a_password_typed_into_the_chat_is_kept_nowhere(world, lines):
    """Not in the database or its journal, not in a log line, not in anything the bot says, not even for a moment."""
    ada = world.person("ada")
    for words in TYPED:
        text = words.format(CANARY)
        await ada.say(text)
        await ada.slash("/wicket", text)
        await world.person("greta").say(text)
        await world.slack.send(heard("U0ADA", text, subtype="message_changed"), kind="events_api")
    await ada.sees("didn't understand")
    await world.slack.settled()
    await ada.say("what access do I have?")
    await ada.sees("You hold")
    await world.slack.send(clicked("U0ADA", "no.such.button", "x"), kind="interactive")
    assert kept(world) == []
    assert "listener.no_such_button" in lines.getvalue()
    assert CANARY not in lines.getvalue()


async def test_a_password_in_a_broken_payload_is_kept_nowhere(world, lines):
    """Faults are logged without what was in the payload."""
    for payload in (
        clicked("U0ADA", CANARY, CANARY),
        clicked("U0ADA", "draft.send", CANARY),
        clicked("U0ADA", 7, CANARY),
        submitted("U0ADA", CANARY, {"rationale": CANARY}),
        submitted(
            "U0ADA", "form.request", {"entitlement": CANARY, "duration": CANARY, "justification": CANARY}
        ),
        submitted("U0ADA", "form.approve", {"rationale": CANARY}, metadata=CANARY),
        {**submitted("U0ADA", "form.request", {"duration": CANARY}), "user": [CANARY]},
        {**clicked("U0ADA", "x", "x"), "type": "shortcut", "callback_id": CANARY},
    ):
        [delivery] = await world.slack.send(payload, kind="interactive")
        assert delivery.acked
        assert CANARY not in str(delivery.body)
    world.faulty.error()
    await world.slack.send(heard("U0ADA", f"reset my password to {CANARY}"), kind="events_api")
    await world.slack.send(heard("U0ADA", f"I need prod-db {CANARY}"), kind="events_api")
    await world.slack.settled()
    assert kept(world) == []
    assert CANARY not in lines.getvalue()


def kept(world) -> list[str]:
    """Every file of the bot's, and every call to Slack, that holds the canary."""
    files = [path for path in world.folder.iterdir() if path.is_file()]
    assert {"wicket.db", "wicket.db-wal"} <= {path.name for path in files}
    found = [path.name for path in files if CANARY.encode() in path.read_bytes()]
    return found + [call.method for call in world.slack.calls if CANARY in str(call.arguments)]
