"""Signed HTTP: what Slack did not sign, or signed too long ago, hears 401 and leaves no trace but a count."""

import json
import time
from urllib.parse import urlencode

import aiohttp
import pytest

from bot.demo.workspace.signed_http import FORM, SIGNATURE, TIMESTAMP, sign
from tests.wire.conftest import close_world, open_world
from tests.wire.hostile import asks, clicked, commanded, grant_of, heard, reads, submitted


@pytest.fixture
async def world(tmp_path):
    """The bot over signed HTTP."""
    opened = await open_world(tmp_path, transport="http")
    yield opened
    await close_world(opened)


async def test_forged_requests_are_counted_and_leave_no_other_trace(world):
    """SL-6: no look-up, no audit entry, no effect, whatever is wrong with the signature or its time."""
    await asks(world, "ada")
    grant = grant_of(await reads(world, "grace"))
    approval = submitted("U0GRACE", "form.approve", {"rationale": "ok"}, metadata=grant)
    await world.slack.settled()
    before, looked_up = await world.actions(), lookups(world)
    now = int(time.time())
    for reason, headers in (
        ("signature", {SIGNATURE: "v0=" + "0" * 64}),
        ("signature", {SIGNATURE: ""}),
        ("signature", {SIGNATURE: "v1=" + "0" * 64}),
        ("signature", {SIGNATURE: sign("8f742231b10e8888abcd99yyyzzz85a5", str(now), b"")}),
        ("stale", {TIMESTAMP: str(now - 301)}),
        ("stale", {TIMESTAMP: str(now + 400)}),
        ("stale", {TIMESTAMP: "0"}),
        ("malformed", {TIMESTAMP: ""}),
        ("malformed", {TIMESTAMP: "soon"}),
        ("malformed", {TIMESTAMP: "1e9"}),
        ("malformed", {TIMESTAMP: f"-{now}"}),
        ("malformed", {TIMESTAMP: "9" * 400}),
        ("malformed", {SIGNATURE: "v0=é"}),
    ):
        counted = forged(world, reason)
        [delivery] = await world.slack.send(approval, kind="interactive", headers=headers)
        assert delivery.status == 401, (reason, headers)
        assert forged(world, reason) == counted + 1, (reason, headers)
    assert await world.actions() == before
    assert lookups(world) == looked_up
    assert await world.holders("prod-db") == set()


async def test_a_body_changed_after_it_was_signed_is_refused(world):
    """The signature covers the bytes: another button value, another person, a broken encoding."""
    honest = urlencode({"payload": json.dumps(clicked("U0GRACE", "ask.access", "access"))}).encode()
    timestamp = str(int(time.time()))
    headers = {
        "Content-Type": FORM,
        TIMESTAMP: timestamp,
        SIGNATURE: sign(world.slack.signing_secret, timestamp, honest),
    }
    before = await world.actions()
    for body in (honest.replace(b"U0GRACE", b"U0KONRAD"), honest + b"&x=1", b"", b"\xff\xfe", b"x" * 100_000):
        assert await posted(world, body, headers) == 401, body[:80]
    assert await world.actions() == before
    assert await posted(world, honest, headers) == 200


async def test_an_unsigned_request_never_learns_whether_a_person_exists(world):
    """Without a signature everything looks the same, and even an event is not taken."""
    for user in ("U0ADA", "U0NOBODY"):
        for kind, payload in (
            ("slash_commands", commanded(user, "help")),
            ("events_api", heard(user, "help")),
        ):
            [delivery] = await world.slack.send(payload, kind=kind, headers={SIGNATURE: "v0=1"})
            assert (delivery.status, delivery.body) == (401, None)
    assert lookups(world) == 0


async def test_a_replay_inside_five_minutes_has_no_second_effect(world):
    """SL-6: the very same signed bytes again, as somebody who listened in could send them."""
    payload = submitted(
        "U0ADA", "form.request",
        {"entitlement": "grafana-edit", "duration": "1h", "justification": "INC-4711"},
    )  # fmt: skip
    body = urlencode({"payload": json.dumps(payload)}).encode()
    timestamp = str(int(time.time()) - 200)
    headers = {
        "Content-Type": FORM,
        TIMESTAMP: timestamp,
        SIGNATURE: sign(world.slack.signing_secret, timestamp, body),
    }
    for _ in range(3):
        assert await posted(world, body, headers) == 200
    await world.person("ada").sees("✅ grafana-edit")
    actions = await world.actions()
    assert actions.count("grant.approved done") == 1
    assert actions.count("access.given done") == 1


def forged(world, reason: str) -> float:
    value = world.app.metrics.registry.get_sample_value("wicket_forged_requests_total", {"reason": reason})
    return value or 0


def lookups(world) -> int:
    return sum(call.method == "users.info" for call in world.slack.calls)


async def posted(world, body: bytes, headers: dict[str, str]) -> int:
    async with (
        aiohttp.ClientSession() as session,
        session.post(
            f"{world.settings.server.public_url}/slack/events", data=body, headers=headers
        ) as answer,
    ):
        return answer.status
