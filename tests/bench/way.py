"""The way of a click: the whole bot, asked as Slack asks it, one signed click on Approve after another.

Slack's own answer about who clicked is taken off: how long that takes is asked of the pretend Slack alone.
"""

import asyncio
import json
import time
from collections.abc import Iterator
from functools import partial
from urllib.parse import urlencode, urlsplit

from sqlmodel import Session, func, select

from bot.demo.company import LOVELACE
from bot.demo.workspace.signed_http import FORM
from bot.grounds import ground_of
from bot.policies import load_policy
from bot.settings import load_settings
from bot.slack.actions import Action
from storage.database import Database
from storage.macs import Macs
from storage.records import Grant
from storage.states import GrantState
from tests.bench.figures import middle
from tests.bench.load import Load, signed
from tests.bench.run_clicks import AT_ONCE, WARM, wait_for_approval
from tests.bench.stage import Stage, listening, running

CLICKS = 150
SLACK_TAKES = 0.03
"""Seconds: no less than Slack's own answers do."""
# What the bot owes after a click, messages and access, is done before the next one comes.
_PAUSE = 0.1


async def measure_way(stage: Stage) -> tuple[float, float]:
    """From a click's signed payload to its acknowledgement, p50 and p99 in ms, without Slack's answer.

    RuntimeError if not every one was an approval.
    """
    settings = load_settings(stage.folder / "wicket.toml", stage.secrets)
    database = Database(settings.store, macs=Macs(settings.secrets.vault()))
    ground = ground_of(settings, database, {}, database.now, load_policy(settings))
    stage.slack.faults.delay("users.info", SLACK_TAKES)
    try:
        asked = partial(wait_for_approval, ground=ground, things=(AT_ONCE,), count=CLICKS + WARM)
        waiting = await database.write(asked)
        about_whom = await _waits(_look_ups(stage), urlsplit(stage.slack.api_url).port or 0, b'"ok"')
        async with running(stage, "tests.bench.run_app"):
            await listening(stage.port)
            clicks = _clicks(stage, waiting)
            waits = sorted((await _waits(clicks, stage.port, b""))[WARM:])
        done = await database.read(_approved)
        if done < len(waiting):
            raise RuntimeError(f"only {done} of {len(waiting)} clicks were approvals")
    finally:
        stage.slack.faults.delay("users.info", 0)
        database.close()
    slack = middle(about_whom)
    return middle(waits) - slack, waits[int(len(waits) * 0.99)] - slack


def _approved(tx: Session) -> int:
    waited = select(func.count()).where(Grant.state != GrantState.PENDING, Grant.entitlement == AT_ONCE)
    return tx.exec(waited).one()


async def _waits(requests: Iterator[bytes], port: int, expected: bytes) -> list[float]:
    """How long each of these took, one after the other, in ms."""
    load, waits = Load(requests, port=port, expected=expected), list[float]()
    for _ in range(CLICKS + WARM):
        waits += (await load.burst(in_flight=1, seconds=10, at_most=1)).waits
        await asyncio.sleep(_PAUSE)
    return [wait * 1000 for wait in waits]


def _look_ups(stage: Stage) -> Iterator[bytes]:
    """Slack asked about Grace, as the bot asks."""
    body = urlencode({"user": "U0GRACE"})
    path = f"{urlsplit(stage.slack.api_url).path}users.info"
    while True:
        yield (
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {FORM}\r\n"
            f"Authorization: Bearer {stage.slack.bot_token}\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        ).encode()


def _clicks(stage: Stage, waiting: list[tuple[str, str]]) -> Iterator[bytes]:
    """Grace clicks on each of these, in its owner's channel."""
    team = LOVELACE.slack_team
    for number, (grant, shown) in enumerate(waiting):
        payload = {
            "type": "block_actions", "api_app_id": "A0WICKET", "token": "verification",
            "user": {"id": "U0GRACE", "name": "grace", "team_id": team}, "team": {"id": team, "domain": "workspace"},
            "channel": {"id": "C0DATA", "name": "data-platform"}, "trigger_id": f"{number}.{time.time_ns()}.bench",
            "container": {"type": "message", "message_ts": f"{number}.000100", "channel_id": "C0DATA"},
            "response_url": "http://127.0.0.1:9/reply/none",
            "actions": [
                {
                    "type": "button", "action_id": Action.APPROVE_AT_ONCE, "block_id": "decide",
                    "value": f"{grant}~{shown}", "action_ts": f"{number}.000200",
                }
            ],
        }  # fmt: skip
        yield signed(
            stage.port, stage.slack.signing_secret, urlencode({"payload": json.dumps(payload)}).encode()
        )
