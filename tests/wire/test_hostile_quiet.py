"""What is not for the bot, what comes too fast, and what comes too late for a form: no answer, or a kind one."""

from pathlib import Path

import pytest

from tests.wire.conftest import close_world, open_world
from tests.wire.hostile import approves, asks, clicked, heard, reads, submitted


@pytest.fixture
async def hurried(tmp_path: Path):
    """The bot with a limit of three requests a minute and person."""
    opened = await open_world(tmp_path, changes={"requests_a_minute = 1000": "requests_a_minute = 3"})
    yield opened
    await close_world(opened)


async def test_edits_bots_and_channels_are_not_for_us(world):
    """Taken, so that Slack does not send them again; nobody is looked up, nothing is answered or recorded."""
    before = await world.actions()
    for event in (
        {"subtype": "message_changed", "message": {"text": "reset my password", "user": "U0ADA"}},
        {"subtype": "message_deleted", "previous_message": {"text": "reset my password"}},
        {"subtype": "bot_message", "bot_id": "B0OTHER"},
        {"subtype": "thread_broadcast", "thread_ts": "1700000000.1"},
        {"subtype": "channel_join"},
        {"subtype": "me_message"},
        {"subtype": ""},
        {"bot_id": "B0OTHER"},
        {"channel_type": "channel", "channel": "C0GENERAL"},
        {"channel_type": "group", "channel": "C0SECURITY"},
        {"channel_type": "mpim", "channel": "G0MANY"},
        {"channel_type": "app_home"},
        {"channel_type": None},
    ):
        [delivery] = await world.slack.send(heard("U0ADA", "reset my password", **event), kind="events_api")
        assert (delivery.acked, delivery.attempts) == (True, 1), event
        assert await world.actions() == before, event
    assert not [call for call in world.slack.calls if call.method.startswith(("users.", "chat.", "views."))]


async def test_words_in_a_channel_never_reach_the_bot(world):
    """It asks for no channel history: even a mention there is not answered."""
    await world.person("ada").say("<@U0WICKET> I need prod-db for 2h", channel=world.channel("general"))
    await world.slack.settled()
    assert len(world.person("ada").messages(world.channel("general"))) == 1


async def test_who_is_too_fast_is_told_so_before_anybody_is_looked_up(hurried):
    """The limit is per person: others are served, and a moment later so is this one."""
    ada = hurried.person("ada")
    for _ in range(12):
        await hurried.slack.send(heard("U0ADA", "reset my password"), kind="events_api")
    await ada.sees("That was a lot in one minute")
    assert sum(m.says("That was a lot") for m in ada.messages()) == 1
    assert lookups(hurried, "U0ADA") == 3
    assert (await hurried.actions()).count("reset.page_opened done") == 3
    form = submitted(
        "U0ADA", "form.request", {"entitlement": "prod-db", "duration": "1h", "justification": "INC-1"}
    )
    [delivery] = await hurried.slack.send(form, kind="interactive")
    assert "wait a moment" in delivery.body["errors"]["justification"]
    command = await ada.slash("/wicket", "what access do I have?")
    assert "That was a lot" in command.body["text"]
    assert lookups(hurried, "U0ADA") == 3
    await hurried.person("grace").say("what access do I have?")
    await hurried.person("grace").sees("You hold")
    hurried.clock.skip(minutes=1)
    [delivery] = await hurried.slack.send(form, kind="interactive")
    assert delivery.body is None
    await ada.sees("waiting for")


async def test_a_flood_of_clicks_costs_no_look_ups(hurried):
    """Somebody who is no approver presses fifty times: three look-ups, three records, one exception, few answers."""
    await asks(hurried, "ada")
    message = await reads(hurried, "bob")
    grant = message.buttons["approval.approve"]["value"]
    for _ in range(50):
        await hurried.slack.send(clicked("U0BOB", "approval.approve", grant), kind="interactive")
    assert lookups(hurried, "U0BOB") == 3
    assert (await hurried.actions()).count("approval.refused refused") == 3
    await hurried.person("alan").sees("3 times", channel=hurried.channel("security"))
    answers = [call for call in hurried.slack.calls if call.method == "chat.postEphemeral"]
    assert len(answers) == 4


async def test_an_expired_trigger_is_a_kind_whisper_and_nothing_is_lost(world):
    """Slack opens no form after three seconds: the buttons stay, and one more click goes on."""
    await asks(world, "ada")
    message = await reads(world, "grace")
    grace, ada, channel = world.person("grace"), world.person("ada"), world.channel("data-owners")
    world.slack.faults.expire_triggers()
    for action in ("approval.approve", "approval.deny", "approval.details"):
        told = len(grace.messages(channel))
        await grace.click(message, action)
        await world.until(lambda told=told: len(grace.messages(channel)) == told + 1)
        assert grace.messages(channel)[-1].ephemeral
        assert grace.messages(channel)[-1].says("Please click once more")
    await ada.slash("/wicket", "request")
    await ada.sees("would not open the form")
    await ada.say("I need grafana-edit because INC-1")
    draft = await ada.sees("You are asking for grafana-edit")
    await ada.click(draft, "draft.change")
    await ada.sees("Please click once more")
    assert ada.view is None
    world.slack.faults.expire_triggers(False)
    await ada.click(draft, "draft.change")
    await ada.sees_view("What do you need?")
    await approves(world, "grace")
    await ada.sees("✅ prod-db")


def lookups(world, user: str) -> int:
    return sum(call.method == "users.info" and call.arguments["user"] == user for call in world.slack.calls)
