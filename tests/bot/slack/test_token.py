"""The first word with Slack at a start: a token that will never work ends it, a Slack that is away does not."""

import pytest
from structlog.testing import capture_logs

from bot.settings.sections import SlackSection
from bot.slack.token import greet
from storage.faults import SettingsFault

OURS = SlackSection(teams=("T0WICKET",), security_channel="C0SECURITY")


async def test_a_token_of_a_workspace_of_ours_is_greeted(client):
    with capture_logs() as lines:
        await greet(client, OURS)
    assert lines == []


@pytest.mark.parametrize("word", ["invalid_auth", "account_inactive", "token_revoked"])
async def test_a_token_that_will_never_work_ends_the_start(slack, client, word):
    slack.faults.fail("auth.test", word)
    with pytest.raises(SettingsFault, match=word):
        await greet(client, OURS)


@pytest.mark.parametrize("enterprise", [None, "E0OURS"])
async def test_a_token_of_another_workspace_ends_the_start(client, enterprise):
    """SL-1: also where neither that workspace nor ours belongs to an enterprise."""
    theirs = SlackSection(teams=("T0OURS",), enterprise=enterprise, security_channel="C0SECURITY")
    with pytest.raises(SettingsFault, match="T0WICKET"):
        await greet(client, theirs)


@pytest.mark.parametrize("media_type", ["text/html", "text/plain", "application/json"])
async def test_a_slack_that_is_away_ends_no_start_whoever_says_so(slack, client, media_type):
    """What is overdue is ended by a bot that runs; what stands before Slack answers with a page of its own."""
    slack.faults.garble("auth.test", 503, media_type)
    with capture_logs() as lines:
        await greet(client, OURS)
    assert [line["event"] for line in lines] == ["slack.away"]
