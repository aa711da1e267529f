"""The way of a click: the whole bot, asked as Slack asks it, one click on Approve after another, by either transport.

Slack's own answer about who clicked is taken off: how long that takes is asked of the pretend Slack alone.
"""

import asyncio
import json
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from sqlmodel import Session, func, select

from bot.demo.company import LOVELACE
from bot.demo.workspace.answers import Json
from bot.demo.workspace.signed_http import FORM
from bot.grounds import ground_of
from bot.policies import load_policy
from bot.settings import load_settings
from bot.slack.actions import Action
from bot.slack.messages.approvals import approval_message
from handlers.ground import Ground
from handlers.requests.storytelling import tell
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


class Way(NamedTuple):
    """Milliseconds from a click's payload to its acknowledgement, without Slack's answer."""

    middle: float
    slowest: float


async def measure_ways(stage: Stage) -> tuple[Way, Way]:
    """By signed HTTP, and by socket, where the pretend Slack's own sending and taking of the envelope is in it.

    RuntimeError if not every one was an approval.
    """
    settings = load_settings(stage.folder / "wicket.toml", stage.secrets)
    database = Database(settings.store, macs=Macs(settings.secrets.vault()))
    ground = ground_of(settings, database, {}, database.now, load_policy(settings))
    stage.slack.faults.delay("users.info", SLACK_TAKES)
    try:
        about_whom = _signed_waits(_look_ups(stage), urlsplit(stage.slack.api_url).port or 0, b'"ok"')
        slack = middle(await about_whom)
        payloads = await _wait_for(ground)
        async with running(stage, "tests.bench.run_app"):
            await listening(stage.port)
            by_http = await _signed_waits((_signed(stage, one) for one in payloads), stage.port, b"")
        await _all_approved(ground, 1)
        payloads = await _wait_for(ground)
        with _by_socket(stage.folder / "wicket.toml"):
            async with running(stage, "tests.bench.run_app"):
                await stage.slack.wait_connected(timeout=30)
                by_socket = await _socket_waits(stage, payloads)
        await _all_approved(ground, 2)
    finally:
        stage.slack.faults.delay("users.info", 0)
        database.close()
    return _way(by_http, slack), _way(by_socket, slack)


def _way(waits: Sequence[float], slack: float) -> Way:
    ordered = sorted(waits[WARM:])
    return Way(middle(ordered) - slack, ordered[int(len(ordered) * 0.99)] - slack)


@contextmanager
def _by_socket(settings: Path) -> Iterator[None]:
    """Most bots have no address that Slack could reach."""
    by_http = settings.read_text()
    settings.write_text(by_http.replace('transport = "http"', 'transport = "socket"'))
    try:
        yield
    finally:
        settings.write_text(by_http)


async def _wait_for(ground: Ground) -> list[Json]:
    """A click on each of so many requests that wait now."""
    asked = partial(wait_for_approval, ground=ground, things=(AT_ONCE,), count=CLICKS + WARM)
    waiting = await ground.database.write(asked)
    story = await ground.database.read(lambda tx: tell(tx, ground, waiting[0][0]))
    assert story is not None
    message = approval_message(story).body()
    return [_click(number, f"{grant}~{shown}", message) for number, (grant, shown) in enumerate(waiting)]


async def _all_approved(ground: Ground, times: int) -> None:
    done = await ground.database.read(_approved)
    if done < (wanted := (CLICKS + WARM) * times):
        raise RuntimeError(f"only {done} of {wanted} clicks were approvals")


def _approved(tx: Session) -> int:
    waited = select(func.count()).where(Grant.state != GrantState.PENDING, Grant.entitlement == AT_ONCE)
    return tx.exec(waited).one()


async def _signed_waits(requests: Iterator[bytes], port: int, expected: bytes) -> list[float]:
    """How long each of these took, one after the other, in ms."""
    load, waits = Load(requests, port=port, expected=expected), list[float]()
    for _ in range(CLICKS + WARM):
        waits += (await load.burst(in_flight=1, seconds=10, at_most=1)).waits
        await asyncio.sleep(_PAUSE)
    return [wait * 1000 for wait in waits]


async def _socket_waits(stage: Stage, payloads: Iterable[Json]) -> list[float]:
    """Likewise. RuntimeError for one that was not acknowledged."""
    waits = list[float]()
    for payload in payloads:
        began = time.perf_counter()
        (delivery,) = await stage.slack.send(payload, kind="interactive")
        waits.append((time.perf_counter() - began) * 1000)
        if not delivery.acked:
            raise RuntimeError("a click was not acknowledged")
        await asyncio.sleep(_PAUSE)
    return waits


def _look_ups(stage: Stage) -> Iterator[bytes]:
    """Slack asked about Grace, as the bot asks."""
    body = urlencode({"user": "U0GRACE"})
    path = f"{urlsplit(stage.slack.api_url).path}users.info"
    while True:
        yield (
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {FORM}\r\n"
            f"Authorization: Bearer {stage.slack.bot_token}\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        ).encode()


def _signed(stage: Stage, payload: Json) -> bytes:
    return signed(
        stage.port, stage.slack.signing_secret, urlencode({"payload": json.dumps(payload)}).encode()
    )


def _click(number: int, value: str, message: Json) -> Json:
    """Grace clicks on it in its owner's channel. message: as it stands there, which comes along with each click."""
    team, ts = LOVELACE.slack_team, f"{number}.000100"
    return {
        "type": "block_actions", "api_app_id": "A0WICKET", "token": "verification",
        "user": {"id": "U0GRACE", "name": "grace", "team_id": team}, "team": {"id": team, "domain": "workspace"},
        "channel": {"id": "C0DATA", "name": "data-platform"}, "trigger_id": f"{number}.{time.time_ns()}.bench",
        "container": {"type": "message", "message_ts": ts, "channel_id": "C0DATA"},
        "message": {"type": "message", "bot_id": "B0WICKET", "ts": ts, **message},
        "response_url": "http://127.0.0.1:9/reply/none",
        "actions": [
            {
                "type": "button", "action_id": Action.APPROVE_AT_ONCE, "block_id": "decide", "value": value,
                "action_ts": f"{number}.000200",
            }
        ],
    }  # fmt: skip
