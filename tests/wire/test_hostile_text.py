"""What people write and are called: inert in every message, and whole where an approver reads it."""

import re

import pytest

from tests.wire.hostile import alive, approves, asks, heard, opens, reads, shown_texts, submitted

WORD = re.compile(r"[^\W_]{3,}")
FAKE = "✅ *Approved* by Grace Hopper, 14:09"
HOSTILE = {
    "mentions": "<!channel> <!here> <!everyone> <!subteam^S0ALL> @here @channel #general",
    "people": "<@U0GRACE> and <#C0SECURITY|general> and <@U0ALAN|Security says ok>",
    "links": "<https://evil.example|the runbook> https://evil.example/approve mailto:a@evil.example",
    "formatting": "*bold* _it_ ~no~ `code` ```block``` > quote • item :white_check_mark: :tada:",
    "lines": f"INC-1\n{FAKE}\r\n\u2028{FAKE}\u2029\x0b{FAKE}",
    "quotes": f"INC-1” {FAKE} “ok",
    "escapes": "&lt;!channel&gt; &amp;lt;!here&amp;gt; &#60;!everyone&#62; &amp;",
    "directions": "\u202eevil\u202c \u2066x\u2069 עברית العربية",
    "nulls": "a\x00b \x1b[31mred\x07 \u200b\u2060\ufeff\u00ad",
    "emoji": "😀👩\u200d👩\u200d👧🏳️ \uff1c!channel\uff1e",
    "ampersands": "&<>*" * 125,
}


@pytest.mark.parametrize("words", HOSTILE.values(), ids=HOSTILE)
async def test_a_justification_and_a_rationale_stay_what_they_are(world, words):
    """SL-9: from the draft to the end, for the requester, the approvers, and those who only read the notification."""
    form = submitted(
        "U0ADA", "form.request", {"entitlement": "prod-db", "duration": "2h", "justification": words}
    )
    [delivery] = await world.slack.send(form, kind="interactive")
    assert delivery.acked
    message = await reads(world, "grace")
    assert [word for word in WORD.findall(words) if word not in message.plain] == []
    await approves(world, "grace", words)
    ada, channel = world.person("ada"), world.channel("data-owners")
    status = await ada.sees("✅ prod-db")
    assert "Approved by Grace Hopper" in status.plain
    settled = await world.person("grace").sees("Active until", channel=channel)
    assert settled.buttons.keys() == {"grant.end", "story.tell"}
    await ada.click(status, "grant.give_back")
    await ada.sees("ended")
    calls = world.slack.calls
    assert alive(calls) == []
    for text, _ in shown_texts(calls):
        assert not any(line.lstrip().startswith(FAKE) for line in text.splitlines()), text
        assert not {"\x00", "\x1b", "\u202e", "\u2066", "\u2028"} & set(text), text
    assert [word for word in WORD.findall(words) if settled.plain.count(word) < 2] == []


async def test_words_typed_to_the_bot_stay_words(world):
    """Slack sends mentions and links of a direct message as they are; the draft shows them as text."""
    ada = world.person("ada")
    for number, words in enumerate(HOSTILE.values()):
        if len(words) < 300:
            await world.slack.send(
                heard("U0ADA", f"I need prod-db for {number + 10} min because {words}"), kind="events_api"
            )
            await ada.sees(f"for {number + 10} minutes")
    assert alive(world.slack.calls) == []


async def test_what_an_approver_must_see_is_never_cut_short(world):
    """Promise 9: five hundred characters of anything are shown whole, and decided on."""
    long = ("INC-4711 " + "wörter mit & < > * und ” " * 40)[:500].strip()
    form = submitted(
        "U0ADA", "form.request", {"entitlement": "prod-db", "duration": "2h", "justification": long}
    )
    await world.slack.send(form, kind="interactive")
    message = await reads(world, "grace")
    shown = message.plain.replace('"', "”")
    assert long in shown
    form = await opens(world, "grace", message, "approval.approve")
    assert long in form.plain.replace('"', "”")


async def test_two_long_rationales_do_not_keep_a_decision_from_being_shown(world):
    """Where two approve, both sentences stand in the message, or in shorter form; never is it stuck."""
    await asks(world, "ada", "github-admin for 1h because INC-4711")
    for login in ("edsger", "alan"):
        if login == "alan":
            world.slack.update_channel(
                world.channel("platform-owners"), members=["U0EDSGER", "U0ALAN", "U0WICKET"]
            )
        await approves(world, login, "&<>*" * 125, channel="platform-owners", what="github-admin")
    await world.person("ada").sees("✅ github-admin")
    settled = await world.person("edsger").sees("Active until", channel=world.channel("platform-owners"))
    assert "Edsger Dijkstra" in settled.plain
    assert "Alan Turing" in settled.plain
    assert not [
        m for m in world.person("alan").messages(world.channel("security")) if m.says("Undeliverable")
    ]


@pytest.mark.parametrize(
    "name",
    [
        "Аda Lovelace",
        f"Ada\n{FAKE}",
        "<!channel> <@U0GRACE>",
        "\u202eecalevoL adA",
        "😀 :white_check_mark: *Approved*",
        " \x00 ",
    ],
)
async def test_a_persons_name_is_only_a_name_and_the_login_stands_beside_it(world, name):
    """SL-3: names can be made to look like anybody's; the login cannot."""
    await world.directory.change_account("p-ada", name=name)
    await asks(world, "ada")
    message = await reads(world, "grace")
    assert "(ada, Payments, reports to Charles Babbage)" in message.plain
    form = await opens(world, "grace", message, "approval.approve")
    assert "(ada, Payments" in form.plain
    await world.person("ada").click(await world.person("ada").sees("waiting for"), "request.withdraw")
    await world.directory.change_account("p-ada", employment="contractor")
    await world.person("ada").say("I need prod-admin for 1h because I want it")
    await world.person("alan").sees("prod-admin", channel=world.channel("security"))
    assert alive(world.slack.calls) == []
    for text, _ in shown_texts(world.slack.calls):
        assert not any(line.lstrip().startswith(FAKE) for line in text.splitlines()), text
        assert not {"\x00", "\u202e"} & set(text), text


async def test_an_approvers_name_and_an_outsiders_name_are_only_names(world):
    """In the sentence about who decided, in the list of who can, and in the security channel."""
    for account in ("p-grace", "p-linus"):
        await world.directory.change_account(
            account, name="<!channel>\n*Grace* <@U0ADA> https://evil.example"
        )
    world.slack.update_user("U0GRETA", real_name="<!here>\n✅ *Approved* by Alan Turing https://evil.example")
    await asks(world, "ada")
    message = await reads(world, "bob")
    await world.person("bob").click(message, "approval.approve")
    await world.person("bob").sees("can't decide this one", channel=world.channel("data-owners"))
    await approves(world, "grace")
    await world.person("ada").sees("✅ prod-db")
    await world.person("bob").click(message, "approval.approve", stale=True)
    await world.person("bob").sees("approved this", channel=world.channel("data-owners"))
    await world.person("greta").say("help")
    await world.person("alan").sees("Turned away", channel=world.channel("security"))
    assert alive(world.slack.calls) == []


async def test_a_reason_that_shows_nothing_is_no_reason(world):
    """An approver must have something to read."""
    for words in ("\u200b", "\x00", " \u2060 ", "\u2028\u2029", "\u3164"):
        form = submitted(
            "U0ADA", "form.request", {"entitlement": "prod-db", "duration": "2h", "justification": words}
        )
        [delivery] = await world.slack.send(form, kind="interactive")
        assert delivery.body["errors"] == {"justification": "Please write a few words about why."}, ascii(
            words
        )
