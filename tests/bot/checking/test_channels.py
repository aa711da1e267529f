"""The channels' lines: whether what must be posted can be, and nowhere outside."""

import pytest

from tests.bot.checking.conftest import Installation, of

DATA = "channel C0DATAOWN (Data Platform)"


async def test_each_channel_is_a_line_with_its_name_and_its_users(install: Installation):
    install.edit({'channel = "C0PLATFORM"': 'channel = "C0DATAOWN"'})
    found = await install.found("channels")
    assert {one.level for one in found} == {"ok"}
    assert found[0].about == "channel C0SECURITY (security)"
    assert found[0].found == "#security is there, and the bot is in it."
    assert found[1].about == "channel C0DATAOWN (Data Platform, Platform)"
    assert len(found) == 5


@pytest.mark.parametrize(
    ("change", "said", "to_do"),
    [
        ({"is_archived": True}, "#data-owners is archived.", "archive"),
        ({"is_ext_shared": True}, "#data-owners is shared with another organisation", "End the sharing"),
        (
            {"is_pending_ext_shared": True},
            "#data-owners is shared with another organisation",
            "End the sharing",
        ),
        ({"members": []}, "The bot is not in #data-owners.", "/invite @Wicket"),
        (
            {"members": [], "is_private": True},
            "Slack knows no such channel, or it is private",
            "/invite @Wicket",
        ),
    ],
)
async def test_a_channel_in_which_nothing_can_be_posted(
    install: Installation, change: dict[str, object], said: str, to_do: str
):
    """SL-2 for the shared one."""
    install.slack.update_channel("C0DATAOWN", **change)
    report = await install.check()
    [line] = of(report, "channels", DATA)
    assert line.level == "failed"
    assert line.found.startswith(said)
    assert to_do in line.advice
    assert sum(one.level != "ok" for one in of(report, "channels")) == 1, "the others are not held up"


async def test_a_channel_that_is_not_there(install: Installation):
    install.edit({"C0DATAOWN": "C0NOWHERE"})
    level, found, advice = await install.one("channels", "channel C0NOWHERE")
    assert level == "failed"
    assert "no such channel" in found
    assert "correct its id" in advice


async def test_a_channel_that_the_token_may_not_see(install: Installation):
    install.slack.faults.fail("conversations.info", "missing_scope", times=100)
    level, found, _ = await install.one("channels", DATA)
    assert (level, found) == ("failed", "Slack does not show it (missing_scope).")


async def test_slack_that_asks_to_wait(install: Installation):
    """Not known is not the same as not there."""
    install.slack.faults.rate_limit("conversations.info", retry_after=30, times=100)
    level, found, advice = await install.one("channels", DATA)
    assert (level, found) == ("warning", "It was not looked at: Slack did not answer (ratelimited).")
    assert advice == "Check again in a minute."
