"""Shortcuts over the wire, the workspace's and a message's: a request is drafted, and nothing of a message is kept."""

from dataclasses import replace

import pytest

from tests.wire.hostile import alive, fresh
from tests.wire.steps import SECURITY, held_by

FROM_MESSAGE = "shortcut.from_message"
CANARY = "Zx9-canary-correct-horse-battery-staple"
READ, NOT_READ = "This is what I read in the message", "I could not read a request in that message"


async def from_message(world, words: str, *, by: str = "bob", user: str = "ada"):
    """A colleague says something in a channel, and somebody uses the shortcut on it."""
    message = await world.person(by).say(words, channel=world.channel("general"))
    person = world.person(user)
    await person.shortcut(FROM_MESSAGE, message)
    return person, await person.sees_view("What do you need?")


MESSAGES = [
    ("I need prod-db for 2h because INC-4711", ["prod-db"], 120, "INC-4711"),
    (
        "could you give me grafana-edit for 45 min to fix the alert?",
        ["grafana-edit"],
        None,
        "fix the alert?",
    ),
    ("I need access to kubernetes", ["k8s-deploy"], None, None),
    ("I need pord-db for 2h because INC-1", [], 120, "INC-1"),
    ("I need prod-db and crm-read for 2h because INC-1", ["prod-db", "crm-read"], 120, "INC-1"),
]


async def test_a_message_becomes_a_form_that_is_filled_in(world):
    """By the same fixed rules as what people write to the bot; what is only close is not chosen for them."""
    for words, things, minutes, why in MESSAGES:
        ada, form = await from_message(world, words)
        held = held_by(form)
        assert READ in form.plain
        assert held["entitlements"] == things
        assert held["minutes"] == minutes
        assert held["justification"] == why
        if "45 min" in words:
            assert held["duration"] == "45 minutes"
        assert not [action for action in await world.actions() if action.startswith("grant")]
        assert ada.messages() == []
        ada.reload()


async def test_what_could_not_be_read_of_several_things_is_said_as_of_one(world):
    """Whoever sends the form would have asked for another time than the message says."""
    _, form = await from_message(world, "I need prod-db and crm-read for 900 years because INC-1")
    assert held_by(form)["entitlements"] == ["prod-db", "crm-read"]
    assert "I could not read for how long." in form.plain


async def test_the_form_of_a_message_says_what_would_happen_and_is_sent_by_whoever_used_the_shortcut(world):
    """For oneself, whoever wrote the message."""
    ada, form = await from_message(world, "I need prod-db for 2h because INC-4711", by="charles")
    assert "⏳ prod-db: needs one approval from Data Platform" in form.plain
    assert (await ada.submit(form)).closed
    request = await world.person("grace").sees("Access request: prod-db", channel="C0DATAOWN")
    assert "Who  Ada Lovelace (ada" in request.plain
    assert "For  " not in request.plain


NOT_UNDERSTOOD = [CANARY, f"my password is {CANARY}", f"reset my password to {CANARY}", f"{CANARY} ok?"]


async def test_what_is_not_understood_is_kept_nowhere(world):
    """People type passwords into chats (promise 4, N-2): not in the form, the database or anything said."""
    for words in NOT_UNDERSTOOD:
        ada, form = await from_message(world, words)
        assert NOT_READ in form.plain
        assert CANARY not in str(form.state())
        said = [call for call in world.slack.calls if CANARY in str(call.arguments)]
        assert said == []
        await world.told()
        for path in world.folder.iterdir():
            assert not path.is_file() or CANARY.encode() not in path.read_bytes(), path.name
        ada.reload()


@pytest.mark.parametrize(
    "words",
    [
        "I need prod-db for 2h because <!channel> *approved by* <@U0GRACE> :white_check_mark: <https://evil.example|ok>",
        "I need <!here> for 2h because INC-1",
        "I need prod-db until <!channel> because INC-1",
        "i need " + "prod-db " * 5000,
        "I need prod-db for 2h because " + "a" * 4000,
        "\u202eI need prod-db\u202c for 2h because \u2028INC-1",
    ],
)
async def test_hostile_words_are_words(world, words):
    """SL-9: nothing of another's message comes alive, and what is too long stays to be shortened."""
    ada, form = await from_message(world, words, by="eve")
    assert alive(world.slack.calls) == []
    submission = await ada.submit(
        form, {"entitlement": "prod-db", "duration": "1h", "justification": "INC-2"}
    )
    assert submission.closed, submission
    await ada.sees("⏳ prod-db")


WORDLESS = ["", None, 7, ["I need prod-db"], {"text": "I need prod-db"}]


async def test_a_message_without_words_gives_an_empty_form(world):
    """A picture, another app's blocks, a message that Slack sends without its text."""
    message = await world.person("bob").say("I need prod-db", channel=world.channel("general"))
    ada = world.person("ada")
    for text in WORDLESS:
        await ada.shortcut(FROM_MESSAGE, replace(message, text=text))
        form = await ada.sees_view("What do you need?")
        assert NOT_READ in form.plain
        assert held_by(form)["entitlements"] == []
        ada.reload()


@pytest.mark.parametrize("callback", ["shortcut.ask", FROM_MESSAGE])
@pytest.mark.parametrize("user", ["U0GRETA", "U0MALLORY", "U0KATHERINE"])
async def test_who_is_nobody_here_opens_no_form(world, callback, user):
    """A guest, an outsider, somebody who is not linked yet (SL-1, SL-3)."""
    person = world.slack.person(user)
    message = await world.person("bob").say(
        "I need prod-db for 2h because INC-1", channel=world.channel("general")
    )
    await person.shortcut(callback, message if callback == FROM_MESSAGE else None)
    assert person.view is None
    if user != "U0KATHERINE":
        await world.person("alan").sees("Turned away", channel=SECURITY)


async def test_a_shortcut_that_we_never_made_does_nothing(world):
    before = [call for call in world.slack.calls if call.method != "auth.test"]
    for callback in ("shortcut.askk", "", None, 7, "draft.send"):
        [delivery] = await world.slack.send(action("U0ADA", callback), kind="interactive")
        assert (delivery.acked, delivery.body) == (True, None), callback
    assert [call for call in world.slack.calls if call.method != "auth.test"] == before


async def test_an_expired_trigger_is_told_kindly(world):
    """Where the person is: the form is not there, and nothing of the message is in the answer."""
    world.slack.faults.expire_triggers()
    message = await world.person("bob").say(
        "I need prod-db for 2h because INC-1", channel=world.channel("general")
    )
    await world.person("ada").shortcut(FROM_MESSAGE, message)
    told = await world.person("ada").sees("That took too long", channel=world.channel("general"))
    assert told.ephemeral


def action(user: str, callback: object, **more: object) -> dict:
    """A shortcut made by hand."""
    return {
        "type": "message_action" if more else "shortcut", "callback_id": callback, "trigger_id": fresh("77.88."),
        "token": "verification", "api_app_id": "A0WICKET", "team": {"id": "T0WICKET", "domain": "workspace"},
        "enterprise": None, "is_enterprise_install": False, "action_ts": "1.1",
        "user": {"id": user, "username": "x", "name": "x", "team_id": "T0WICKET"}, **more,
    }  # fmt: skip
