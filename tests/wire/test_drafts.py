"""Requests before they are sent, over the wire: drafted in words, changed, cancelled, sent, or filled in as a form."""

import pytest

from tests.wire.steps import ask, fill_in, held_by

OWNERS = "C0DATAOWN"


def answers(world, person):
    return [message for message in person.messages() if message.user == world.slack.bot_user_id]


async def test_words_draft_a_request_and_send_nothing(world):
    """Free text may draft; it never executes anything by itself."""
    ada = world.person("ada")
    await ada.say("I need prod-db for 2h because INC-4711")
    draft = await ada.sees("You are asking for prod-db · read and write for 2 hours")
    assert "“INC-4711”" in draft.plain
    assert "one approval from Data Platform" in draft.plain
    assert "it is production" in draft.plain
    assert "Nothing is sent yet" in draft.plain
    assert list(draft.buttons) == ["draft.send", "draft.change", "draft.cancel"]
    assert world.person("grace").messages(OWNERS) == []
    assert not any(action.startswith("grant") for action in await world.actions())


@pytest.mark.parametrize(
    ("words", "missing"),
    [
        ("I need prod-db", "how long and why"),
        ("I need prod-db for 2h", "Still needed: why"),
        ("I need prod-db because INC-1", "Still needed: how long"),
    ],
)
async def test_an_incomplete_draft_says_what_is_missing_and_its_form_keeps_what_was_said(
    world, words, missing
):
    """Nothing has to be typed twice."""
    ada = world.person("ada")
    await ada.say(words)
    draft = await ada.sees(missing)
    assert "draft.send" not in draft.buttons
    await ada.click(draft, "draft.change")
    form = await ada.sees_view("What do you need?")
    held = held_by(form)
    assert held["entitlements"] == ["prod-db"]
    assert held["minutes"] == (120 if "2h" in words else None)
    assert held["justification"] == ("INC-1" if "INC" in words else None)
    sent = await ada.submit(form, {"duration": "2h", "justification": "INC-1"})
    assert sent.closed
    waiting = await ada.sees("waiting for Data Platform")
    assert waiting.ts == draft.ts


async def test_change_keeps_everything_and_what_is_sent_is_what_the_form_says(world):
    """The draft becomes the request: one thing keeps one message."""
    ada = world.person("ada")
    await ada.say("I need prod-db for 2h because INC-4711")
    draft = await ada.sees("You are asking for")
    await ada.click(draft, "draft.change")
    form = await ada.sees_view("What do you need?")
    await ada.submit(form, {"duration": "30 min"})
    waiting = await ada.sees("waiting for Data Platform")
    assert waiting.ts == draft.ts
    request = await world.person("grace").sees("Access request: prod-db", channel=OWNERS)
    assert "30 minutes from approval" in request.plain
    assert "INC-4711" in request.plain
    assert len(answers(world, ada)) == 1


async def test_a_cancelled_draft_cannot_be_sent(world):
    """Cancel means it: an old screen's Send does nothing."""
    ada = world.person("ada")
    await ada.say("I need grafana-edit for 2h because INC-4711")
    draft = await ada.sees("You are asking for")
    await ada.click(draft, "draft.cancel")
    gone = await ada.sees("you took it back")
    assert gone.ts == draft.ts
    await ada.click(draft, "draft.send", stale=True)
    await ada.sees("Nothing more to do")
    assert "ada" not in await world.holders("grafana-edit")


async def test_a_typo_in_a_request_asks_back_and_drafts_nothing(world):
    """What is only close is never taken for what was meant."""
    ada = world.person("ada")
    await ada.say("I need pord-db for 2h because INC-4711")
    question = await ada.sees("Did you mean prod-db")
    assert question.buttons == {}
    await ada.say("I need access to something for 2h because INC-4711")
    await ada.sees("what you need")
    await ada.say("I need access to Salesforce for 2h because INC-4711")
    assert "I don't know that name" in (await ada.sees("what can I ask for?")).plain
    assert len(answers(world, ada)) == 3


NO_TIMES = [
    ("0h", "at least a minute"),
    ("-1h", "at least a minute"),
    ("9999d", "longer than a year"),
    ("until tomorrow", "how long rather than until when"),
    ("for ever", "always ends"),
    ("90", "minutes, hours or days"),
]


async def test_a_duration_that_cannot_be_read_is_asked_for_again(world):
    """It never guesses how long; the form says the same at its field and keeps what was typed."""
    ada = world.person("ada")
    for how_long, told in NO_TIMES:
        ada.reload()
        await ada.slash("/wicket", "request")
        refused = await fill_in(ada, "prod-db", how_long, "INC-4711")
        assert told in refused.errors["duration"]
        assert refused.view is not None
        assert refused.view.state()["values"]["justification"]["justification"]["value"] == "INC-4711"
        form = refused.view
    assert (await ada.submit(form, {"duration": "1h"})).closed
    await ada.sees("waiting for Data Platform")


async def test_words_with_an_unreadable_duration_get_a_draft_without_one(world):
    """The rest of what was said is kept."""
    ada = world.person("ada")
    await ada.say("I need prod-db until tomorrow because INC-4711")
    draft = await ada.sees("Still needed: how long")
    assert "draft.send" not in draft.buttons


async def test_the_form_asks_for_access_without_a_draft(world):
    """/wicket request opens the form; what is sent becomes the one status message."""
    ada = world.person("ada")
    await ada.slash("/wicket", "request")
    assert (await fill_in(ada, "grafana", "2h", "INC-4711")).closed
    await ada.sees("✅ grafana-edit")
    assert "ada" in await world.holders("grafana-edit")
    assert len(answers(world, ada)) == 1


async def test_an_empty_form_never_leaves_the_client_and_closing_it_sends_nothing(world):
    """A form is nothing until it is sent."""
    ada = world.person("ada")
    await ada.slash("/wicket", "request")
    form = await ada.sees_view("What do you need?")
    refused = await ada.submit(form, {"duration": "2h"})
    assert set(refused.errors) == {"entitlement", "justification"}
    await ada.close_view()
    assert ada.messages() == []
    assert not any(action.startswith("grant") for action in await world.actions())


async def test_the_menu_offers_what_contains_the_typed_words(world):
    """By id, title or alias."""
    ada = world.person("ada")
    await ada.slash("/wicket", "request")
    form = await ada.sees_view("What do you need?")
    offered = [option["value"] for option in await ada.options(form, "entitlement", "database")]
    assert offered == ["prod-db", "staging-db"]
    assert len(await ada.options(form, "entitlement", "")) == 10
    assert await ada.options(form, "entitlement", "no such thing") == []


async def test_a_command_drafts_in_the_direct_message(world):
    """/wicket with a whole request says where the draft is."""
    ada = world.person("ada")
    await ada.slash(
        "/wicket", "I need grafana-edit for 2h because INC-4711", channel=world.channel("general")
    )
    await ada.sees("I prepared it in our direct messages", channel=world.channel("general"))
    draft = await ada.sees("You are asking for")
    await ada.click(draft, "draft.send")
    await ada.sees("✅ grafana-edit")


async def test_a_justification_that_is_too_long_is_never_cut_short(world):
    """What an approver must see is whole or not sent (promise 9)."""
    ada = world.person("ada")
    await ada.say(f"I need prod-db for 2h because {'x' * 501}")
    await ada.sees("longer than 500 characters, so I did not keep it")
    draft = await ada.sees("Still needed: why")
    await ada.click(draft, "draft.change")
    form = await ada.sees_view("What do you need?")
    whole = "y" * 500
    await ada.submit(form, {"justification": whole})
    request = await world.person("grace").sees("Access request: prod-db", channel=OWNERS)
    assert whole in request.plain


async def test_what_would_be_refused_is_refused_at_once_when_asked_in_full(world):
    """Nobody is led through a form to a refusal that was certain before."""
    eve = world.person("eve")
    await eve.say("I need prod-admin for 1h because INC-4711")
    refusal = await eve.sees("⛔ I can't give prod-admin")
    assert "Contractors cannot hold administrative access" in refusal.plain
    alert = await world.person("alan").sees("Refused: prod-admin asked by Eve Example", channel="C0SECURITY")
    assert "contractors-never-admin" in alert.plain
    assert await world.holders("prod-admin") == set()
    assert "grant.refused refused" in await world.actions()


async def test_longer_than_it_may_last_is_refused_with_the_reason(world):
    """The longest time is the catalogue's, whoever would approve."""
    ada = world.person("ada")
    await ada.slash("/wicket", "request")
    assert (await fill_in(ada, "prod-db", "9h", "INC-4711")).closed
    refusal = await ada.sees("⛔ I can't give prod-db")
    assert "longer than this access may last" in refusal.plain
    assert world.person("grace").messages(OWNERS) == []
    await ada.click(refusal, "request.again")
    form = await ada.sees_view("What do you need?")
    await ada.submit(form, {"duration": "8h"})
    await ada.sees("waiting for Data Platform")


async def test_a_second_request_for_the_same_thing_waits_for_the_first(world):
    """One request for one thing at a time; another thing may be asked for."""
    ada = world.person("ada")
    await ask(ada, "I need prod-db for 2h because INC-4711")
    await ada.sees("waiting for Data Platform")
    await ada.say("I need prod-db for 1h because I am impatient")
    await ada.sees("You have already asked for this and it is waiting", "“where is my request?”")
    await ask(ada, "I need k8s-deploy for 1h because INC-4711")
    await ada.sees("waiting for Platform")
    grace = world.person("grace")
    assert len(grace.messages(OWNERS)) == 1
