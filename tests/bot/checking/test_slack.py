"""Slack's lines over its real protocol: the tokens, their scopes, and the clock beside Slack's."""

from datetime import UTC, datetime, timedelta

import pytest
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.checking.clock import examine_clock
from bot.checking.slack import Greeting, examine_bot_token
from bot.manifest import BOT_SCOPES
from tests.bot.checking.conftest import Installation, of


async def test_good_tokens_are_taken_and_no_socket_is_opened(install: Installation):
    """SL-14: the scopes are those of the manifest."""
    report = await install.check()
    assert {one.level for one in of(report, "slack")} == {"ok"}
    assert [one.about for one in of(report, "slack")] == ["bot token", "scopes", "app token"]
    assert "Lovelace Ltd (T0WICKET)" in of(report, "slack", "bot token")[0].found
    with pytest.raises(ConnectionError):
        await install.slack.wait_connected(timeout=0.05)


async def test_it_only_reads_from_slack(install: Installation):
    """Nothing is posted, joined or opened; the address of a socket is asked for and thrown away."""
    report = await install.check()
    methods = {call.method for call in install.slack.calls}
    assert methods == {"auth.test", "apps.connections.open", "conversations.info"}
    assert "ticket=" not in str(report)
    assert install.slack.violations == []


async def test_a_refused_bot_token(install: Installation):
    install.environ["WICKET_SLACK_BOT_TOKEN"] = "xoxb-1-old"
    report = await install.check()
    [token] = of(report, "slack", "bot token")
    assert (token.level, token.found) == ("failed", "Slack refuses it (invalid_auth).")
    assert "WICKET_SLACK_BOT_TOKEN" in token.advice
    assert of(report, "slack", "scopes") == []
    [channels] = of(report, "channels")
    assert (channels.level, channels.advice) == ("warning", "Mend that first.")
    assert of(report, "clock")[0].level == "ok", "Slack says what time it is to strangers too"


async def test_no_bot_token(install: Installation):
    del install.environ["WICKET_SLACK_BOT_TOKEN"]
    assert (await install.one("slack", "bot token"))[:2] == ("failed", "Slack refuses it (not_authed).")


async def test_slack_that_is_down(install: Installation):
    install.slack.faults.down()
    report = await install.check()
    for about in ("bot token", "app token"):
        [line] = of(report, "slack", about)
        assert (line.level, line.found) == ("failed", "Slack did not answer (service_unavailable).")
        assert "status.slack.com" in line.advice


@pytest.mark.parametrize("media_type", ["text/html", "text/plain", "application/json"])
async def test_an_answer_that_is_not_slacks(install: Installation, media_type: str):
    """What stands before Slack answers with a page of its own: that is no finding about a token or a channel."""
    for method in ("auth.test", "apps.connections.open", "conversations.info"):
        install.slack.faults.garble(method, 503, media_type, times=100)
    report = await install.check()
    for about in ("bot token", "app token"):
        [line] = of(report, "slack", about)
        assert (line.level, line.found) == ("failed", "Slack did not answer (unreadable).")


async def test_slack_that_cannot_be_reached(install: Installation):
    await install.slack.stop()
    report = await install.check()
    [token] = of(report, "slack", "bot token")
    assert (token.level, token.found) == ("failed", "Slack did not answer (ClientConnectorError).")
    [clock] = of(report, "clock")
    assert (clock.level, clock.found.split(":")[0]) == ("warning", "It was not compared")


async def test_a_token_of_another_team(install: Installation):
    install.edit({'teams = ["T0WICKET"]': 'teams = ["T0OTHER"]'})
    level, found, advice = await install.one("slack", "bot token")
    assert (level, found) == ("failed", "It belongs to team T0WICKET, which [slack] teams does not list.")
    assert "Add the team" in advice


async def test_scopes_that_are_missing_and_how_to_come_by_them(install: Installation):
    """SL-14."""
    install.slack.reinstall(bot=set(BOT_SCOPES) - {"groups:read", "users:read.email"})
    level, found, advice = await install.one("slack", "scopes")
    assert (level, found) == ("failed", "The token lacks groups:read, users:read.email.")
    assert "wicket manifest" in advice
    assert "reinstall" in advice


async def test_scopes_that_nobody_needs(install: Installation):
    """SL-14."""
    install.slack.reinstall(bot={*BOT_SCOPES, "channels:history", "files:read"})
    level, found, _ = await install.one("slack", "scopes")
    assert (level, found) == ("warning", "The token has more than Wicket uses: channels:history, files:read.")


async def test_an_answer_that_says_neither_scopes_nor_the_time(install: Installation):
    """Such as one through a proxy that takes headers out."""
    answer = AsyncSlackResponse(
        client=AsyncWebClient(), http_verb="POST", api_url="", req_args={}, status_code=200, headers={},
        data={"ok": True, "team_id": "T0WICKET", "team": "Lovelace Ltd", "user": "wicket"},
    )  # fmt: skip
    greeting = Greeting(answer=answer, at=datetime.now(UTC))
    _, scopes = examine_bot_token(greeting, install.settings())
    assert (scopes.level, scopes.found) == ("warning", "Slack did not say which the token has.")
    assert examine_clock(greeting).level == "warning"


async def test_a_refused_app_token(install: Installation):
    install.environ["WICKET_SLACK_APP_TOKEN"] = "xapp-1-old"
    level, found, advice = await install.one("slack", "app token")
    assert (level, found) == ("failed", "Slack refuses it (invalid_auth).")
    assert "WICKET_SLACK_APP_TOKEN" in advice


async def test_no_app_token(install: Installation):
    del install.environ["WICKET_SLACK_APP_TOKEN"]
    level, found, advice = await install.one("slack", "app token")
    assert (level, found) == ("failed", "It is not given.")
    assert "WICKET_SLACK_APP_TOKEN" in advice


async def test_an_app_token_without_its_scope(install: Installation):
    install.slack.reinstall(app=[])
    level, found, advice = await install.one("slack", "app token")
    assert (level, found) == ("failed", "It lacks connections:write.")
    assert "App-Level Tokens" in advice


async def test_over_http_the_signing_secret_must_be_there(install: Installation):
    install.edit({'transport = "socket"': 'transport = "http"'})
    report = await install.check()
    assert of(report, "slack", "app token") == []
    [absent] = of(report, "slack", "signing secret")
    assert (absent.level, absent.found) == ("failed", "It is not given.")
    install.environ["WICKET_SLACK_SIGNING_SECRET"] = install.slack.signing_secret
    level, found, _ = await install.one("slack", "signing secret")
    assert level == "ok"
    assert "first request" in found


@pytest.mark.parametrize(
    ("skipped", "level", "found"),
    [
        (0, "ok", "It agrees"),
        (45, "warning", "behind Slack's"),
        (-45, "warning", "before Slack's"),
        (200, "failed", "behind Slack's"),
        (-200, "failed", "before Slack's"),
    ],
)
async def test_the_clock_beside_slacks(install: Installation, skipped: int, level: str, found: str):
    """SL-6: a signature lives for five minutes by our clock."""
    install.slacks_clock.skipped = timedelta(seconds=skipped)
    seen = await install.one("clock")
    assert seen[0] == level
    assert found in seen[1]
    assert bool(seen[2]) == (level != "ok")
