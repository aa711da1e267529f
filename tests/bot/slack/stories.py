"""Stories of grants to render: Ada asks for prod-db, and whatever a test wants otherwise. Plain facts, made up."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.demo.workspace.posting import MOST_BLOCK_TEXT
from bot.demo.workspace.rules import long_texts, mass_mentions, message_problems
from bot.demo.workspace.text import block_lines, plain
from bot.slack.messages.parts import Message
from handlers.requests.stories import GrantStory, Requester, Said
from storage.catalogue import Entitlement, Owner
from storage.states import GrantState

NOW = datetime(2026, 11, 23, 14, 2, tzinfo=UTC)
OWNER = Owner(id="data-platform", name="Data Platform", channel="C0DATAOWN", approvers="data-platform-owners")
PROD_DB = Entitlement(
    id="prod-db", title="Production database", directory="local", group="prod-db-rw", owner="data-platform", risk=4,
    environment="production", kind="database", access="read and write", max_duration=timedelta(hours=8),
)  # fmt: skip
ADA = Requester(
    name="Ada Lovelace", login="ada", team="Payments", employment="employee", manager="Charles Babbage",
    slack_user="U0ADA",
)  # fmt: skip
GRACE = Said(
    name="Grace Hopper",
    role="owner",
    approved=True,
    rationale="ok for the incident",
    at=NOW + timedelta(minutes=7),
)
ALAN = replace(GRACE, name="Alan Turing", role="security", rationale="seen", at=NOW + timedelta(minutes=9))
NO = replace(GRACE, approved=False, rationale="use staging-db for this")


def story(state: GrantState = GrantState.PENDING, **changes: Any) -> GrantStory:
    """Ada's request for prod-db for two hours, waiting for Data Platform, but for these changes."""
    told = GrantStory(
        id="g-1", state=state, entitlement_id="prod-db", entitlement=PROD_DB, owner=OWNER, requester=ADA, minutes=120,
        justification="fix INC-4711", reasons=("it is production", "its risk is 4 of 5"), missing={"owner": 1},
        foreseen="approval", automatic=False, said=(), holds=(), had=0, had_last=None, end_reason="",
        removal_takes_effect="at once", requested_at=NOW, lapses_at=NOW + timedelta(days=1), decided_at=None,
        expires_at=None, active_at=None, ended_at=None,
    )  # fmt: skip
    return replace(told, **changes)


def approved(state: GrantState = GrantState.ACTIVE, **changes: Any) -> GrantStory:
    """The same, approved by Grace seven minutes later."""
    at = GRACE.at
    facts: dict[str, Any] = {
        "said": (GRACE,), "missing": {}, "decided_at": at, "active_at": at, "expires_at": at + timedelta(minutes=120),
    }  # fmt: skip
    return story(state, **{**facts, **changes})


def ended(**changes: Any) -> GrantStory:
    """The same, held to its end."""
    facts = {"ended_at": GRACE.at + timedelta(minutes=120), "end_reason": "its time is over"}
    return approved(GrantState.ENDED, **{**facts, **changes})


def reads(message: Message) -> str:
    """What a reader without colours sees of the blocks, times in UTC and channels by id, a line for each."""
    return "\n".join(block_lines([block.to_dict() for block in message.blocks], {}))


def hears(message: Message) -> str:
    """What a screen reader or a notification says."""
    return plain(message.text, {})


def problems(message: Message) -> list[str]:
    """What Slack would refuse in it, by the rules of the pretend workspace, which are the stricter ones."""
    body = message.body()
    blocks = body["blocks"]
    found = message_problems(blocks) + [f"pings {one}" for one in mass_mentions(message.text, blocks)]
    if not message.text.strip() or len(message.text) > 4000:
        found.append(f"a text of {len(message.text)} characters")
    if long_texts(blocks) > MOST_BLOCK_TEXT:
        found.append(f"blocks of {long_texts(blocks)} characters")
    return found


def clumsy(text: str) -> list[str]:
    """Holes in a sentence: nothing where a word should be, a Python value, or signs that met by accident."""
    return re.findall(
        r"\bNone\b|\(\)|\(,|, \)|  +|\.\.|\. \.| [.,:;]|: [.;]|“”|because\s*\.|\bat \.|\bby \.", text
    )
