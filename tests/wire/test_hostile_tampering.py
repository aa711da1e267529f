"""Payloads that were tampered with: values, metadata, forms, types and shapes. Nothing is given, nobody sees why."""

import pytest

from tests.wire.hostile import (
    asks,
    clicked,
    commanded,
    fresh,
    grant_of,
    happened,
    heard,
    is_kind,
    reads,
    submitted,
)

ASKED = {"entitlement": "grafana-edit", "duration": "1h", "justification": "INC-4711"}
FIELDS = ("entitlement", "length", "duration", "justification", "ticket", "for", "rationale")
ODD = [
    "",
    "x",
    "g-0",
    "' OR 1=1 --",
    "\x00",
    "\ud800",
    "x" * 10_000,
    7,
    1.5,
    None,
    True,
    ["g"],
    {"id": "g"},
    "🧨",
]


async def test_a_made_up_request_in_a_button_is_an_exception_and_nothing_else(world):
    """A button of ours never names a request that does not exist."""
    await asks(world, "ada")
    await reads(world, "grace")
    grace, channel = world.person("grace"), world.channel("data-owners")
    for value in ODD:
        for action in ("approval.approve", "approval.deny", "approval.details"):
            [delivery] = await world.slack.send(clicked("U0GRACE", action, value), kind="interactive")
            assert (delivery.acked, delivery.body) == (True, None), (action, value)
    assert grace.view is None
    await grace.sees("no longer there", channel=channel)
    alert = await world.person("alan").sees(
        "No button or form of ours: sent by Grace Hopper", channel=world.channel("security")
    )
    assert "high" in alert.plain
    actions = await world.actions()
    assert actions.count("approval.tampered refused") == 3 * len(ODD)
    assert not [a for a in actions if a in ("approval.given done", "approval.denied done")]
    assert await world.holders("prod-db") == set()


async def test_another_persons_request_is_neither_sent_nor_withdrawn_nor_given_back(world):
    """Buttons of a status message with somebody else's id in them; the owner of the request loses nothing."""
    ada, bob = world.person("ada"), world.person("bob")
    await ada.say("I need prod-db for 2h because INC-4711")
    draft = await ada.sees("Nothing is sent yet")
    await ada.say("I need grafana-edit for 1h because INC-1")
    other = await ada.sees("You are asking for grafana-edit")
    await ada.click(other, "draft.send")
    held = grant_of(await ada.sees("✅ grafana-edit"))
    for grant in (grant_of(draft), held):
        for action in (
            "draft.send", "draft.change", "draft.cancel", "request.withdraw", "request.again", "grant.give_back",
        ):  # fmt: skip
            told = len(bob.messages())
            await world.slack.send(clicked("U0BOB", action, grant, channel="D0BOB"), kind="interactive")
            await world.until(lambda told=told: len(bob.messages()) == told + 1)
            assert bob.messages()[-1].says("no longer there"), action
            assert bob.view is None, action
    assert "ada" in await world.holders("grafana-edit")
    assert (await ada.sees("Nothing is sent yet")).buttons
    actions = await world.actions()
    assert not [
        a for a in actions if a in ("grant.withdrawn done", "grant.given_back done", "grant.requested done")
    ]
    await world.person("alan").sees(
        "No button or form of ours: sent by Bob Noyce", channel=world.channel("security")
    )
    assert actions.count("grant.tampered refused") == 12


async def test_what_was_never_carried_to_an_owner_is_shown_to_its_author_only(world):
    """An approver has no button with a draft in it: who sends one wants to read what nobody sent."""
    ada, grace = world.person("ada"), world.person("grace")
    await ada.say("I need prod-db for 2h because INC-4711")
    draft = grant_of(await ada.sees("Nothing is sent yet"))
    await world.slack.send(clicked("U0GRACE", "approval.details", draft), kind="interactive")
    await grace.sees("no longer there", channel=world.channel("data-owners"))
    assert grace.view is None
    assert "approval.tampered refused" in await world.actions()
    await world.person("alan").sees(
        "No button or form of ours: sent by Grace Hopper", channel=world.channel("security")
    )


async def test_what_is_no_longer_there_is_on_the_record_without_an_alert(world):
    """A draft may be forgotten by now: that is nobody's forgery, but a failed click all the same (promise 2)."""
    ada = world.person("ada")
    for action in ("draft.send", "draft.change", "draft.cancel", "request.again"):
        await world.slack.send(clicked("U0ADA", action, "g-0", channel="D0ADA"), kind="interactive")
        await ada.sees("no longer there")
    assert (await world.actions()).count("grant.gone refused") == 4
    await world.told()
    assert world.person("alan").messages(world.channel("security")) == []


async def test_somebody_elses_draft_is_not_adopted(world):
    """Bob submits a form with Ada's draft in it: it is refused, on the record, and Ada's draft stays hers."""
    ada = world.person("ada")
    await ada.say("I need prod-db for 2h because INC-4711")
    draft = await ada.sees("Nothing is sent yet")
    forged = submitted("U0BOB", "form.request", {**ASKED, "entitlement": "prod-db"}, metadata=grant_of(draft))
    [delivery] = await world.slack.send(forged, kind="interactive")
    assert "no longer there" in str(delivery.body)
    actions = await world.actions()
    assert "grant.tampered refused" in actions
    assert "grant.requested done" not in actions
    await world.person("alan").sees(
        "No button or form of ours: sent by Bob Noyce", channel=world.channel("security")
    )
    await ada.click(draft, "draft.send")
    await ada.sees("waiting for")


async def test_metadata_and_callback_of_a_decision_are_looked_up_and_never_believed(world):
    """Whatever request a form names, policy is asked about that one; an unknown form is an exception."""
    await asks(world, "ada", "github-admin for 1h because INC-4711")
    elsewhere = grant_of(await reads(world, "edsger", "platform-owners", "github-admin"))
    await asks(world, "bob", "prod-db for 1h because INC-9")
    await reads(world, "grace")
    for metadata in (elsewhere, *ODD):
        forged = submitted("U0GRACE", "form.approve", {"rationale": "ok"}, metadata=metadata)
        [delivery] = await world.slack.send(forged, kind="interactive")
        assert delivery.acked, metadata
        assert is_kind(delivery.body), metadata
    near = ("form.note", "form.approve ", "FORM.APPROVE", "form.approve\x00", "form.approve\ud800")
    for callback in (*near, *ODD):
        forged = submitted("U0EDSGER", callback, {"rationale": "ok"}, metadata=elsewhere)
        [delivery] = await world.slack.send(forged, kind="interactive")
        assert (delivery.acked, delivery.body) == (True, None), callback
    actions = await world.actions()
    assert not [a for a in actions if a == "approval.given done"]
    assert actions.count("click.refused refused") == len(near) + len(ODD)
    await world.person("alan").sees(
        "No button or form of ours: sent by Edsger Dijkstra", channel=world.channel("security")
    )
    assert await world.holders("github-admin") == set()


@pytest.mark.parametrize("form", ["form.request", "form.approve", "form.deny"])
async def test_fields_of_the_wrong_type_are_missing_fields(world, form):
    """Nothing in `state.values` is taken for what it is not, and the answer stands at a field."""
    await asks(world, "ada")
    grant = grant_of(await reads(world, "grace"))
    metadata = "" if form == "form.request" else grant
    before = await world.actions()
    for odd in (None, 7, "x", [], [1], {}, {"value": None}, {"value": 7}, {"value": ["x"]}, {"value": {"x": 1}},
                {"selected_option": None}, {"selected_option": "prod-db"}, {"selected_option": {"value": 7}},
                {"selected_option": {"value": ["prod-db"]}}, {"selected_option": ["prod-db"]},
                {"selected_options": None}, {"selected_options": "prod-db"}, {"selected_options": [None, 7, "x"]},
                {"selected_options": [{"value": 7}, {"value": ["prod-db"]}, {}]}, {"selected_options": {"value": "x"}},
                {"selected_user": 7}, {"selected_user": ["U0ADA"]}):  # fmt: skip
        for values in (
            odd,
            {field: odd for field in FIELDS if not isinstance(odd, str)},
            {field: {field: odd} for field in FIELDS},
        ):
            forged = submitted("U0GRACE", form, values, metadata=metadata)
            forged["view"]["blocks"] = [
                {"type": "input", "block_id": field} for field in ("duration", "rationale")
            ]
            [delivery] = await world.slack.send(forged, kind="interactive")
            assert delivery.acked, values
            assert (delivery.body or {}).get("response_action") == "errors", values
            assert is_kind(delivery.body)
            assert "went wrong" not in str(delivery.body), values
    assert await world.actions() == before


async def test_payloads_of_the_wrong_shape_are_taken_and_do_nothing(world):
    """Parts missing, empty, or of another type: acknowledged, so that Slack does not try again, and without effect."""
    before = await world.holders("grafana-edit")
    for part, odd in (
        ("user", None), ("user", []), ("user", "U0ADA"), ("user", {}),
        ("channel", None), ("channel", "C"), ("channel", {}), ("trigger_id", None), ("trigger_id", 7),
        ("actions", [{}]), ("actions", [{"action_id": 7, "value": 7}]), ("actions", [{"action_id": "ask.reset" * 200}]),
        ("container", None), ("message", None), ("state", None), ("view", None), ("team", None),
    ):  # fmt: skip
        payload = clicked("U0ADA", "draft.send", "g-0")
        payload[part] = odd
        [delivery] = await world.slack.send(payload, kind="interactive")
        assert delivery.acked, (part, odd)
        assert is_kind(delivery.body), (part, odd)
    for part, odd in (
        ("user", None), ("user", []), ("user", {}), ("view.state", None), ("view.state", []), ("view.blocks", None),
        ("view.blocks", 7), ("view.blocks", [None]), ("view.blocks", ["x"]), ("view.id", None), ("view.hash", 7),
        ("view.private_metadata", None), ("view", {}),
    ):  # fmt: skip
        payload = submitted("U0ADA", "form.request", ASKED | {"duration": ""})
        if part.startswith("view."):
            payload["view"][part.removeprefix("view.")] = odd
        else:
            payload[part] = odd
        [delivery] = await world.slack.send(payload, kind="interactive")
        assert delivery.acked, (part, odd)
        assert is_kind(delivery.body), (part, odd)
    assert await world.holders("grafana-edit") == before


async def test_odd_buttons_menus_and_words_are_taken_and_do_nothing(world):
    """Buttons that we never made, menus asked for odd letters, commands and messages of odd bytes."""
    before = await world.holders("grafana-edit")
    for odd in ODD:
        for payload, kind in (
            (clicked("U0ADA", odd, "x"), "interactive"),
            (suggestion("U0ADA", odd), "interactive"),
            (heard("U0ADA", odd), "events_api"),
            (heard("U0ADA", f"I need {odd} for 2h because {odd}"), "events_api"),
        ):
            [delivery] = await world.slack.send(payload, kind=kind)
            assert delivery.acked, payload
            assert is_kind(delivery.body), payload
    for text in (odd for odd in ODD if isinstance(odd, str)):
        [delivery] = await world.slack.send(commanded("U0ADA", text), kind="slash_commands")
        assert delivery.acked, text
        assert is_kind(delivery.body), text
    assert await world.holders("grafana-edit") == before
    actions = await world.actions()
    assert not [a for a in actions if a.startswith(("grant", "access"))]
    assert actions.count("click.refused refused") == len(ODD)
    await world.person("ada").sees("no longer there")
    await world.person("alan").sees(
        "No button or form of ours: sent by Ada Lovelace", channel=world.channel("security")
    )


async def test_four_deliveries_of_a_button_that_we_never_made_are_one_forgery(world):
    """Promise 6."""
    forged = clicked("U0ADA", "no.such.button", "x")
    for _ in range(4):
        await world.slack.send(forged, kind="interactive")
    assert (await world.actions()).count("click.refused refused") == 1


async def test_events_that_nobody_subscribed_to_are_taken_and_do_nothing(world):
    """A mention in a channel, a shortcut, a closed form: acknowledged, and nobody is answered."""
    before = [call for call in world.slack.calls if call.method != "auth.test"]
    mention = happened(
        type="app_mention", user="U0ADA", text="<@U0WICKET> reset my password", channel="C0GENERAL", ts="1.1"
    )
    shortcut = {**clicked("U0ADA", "x", "x"), "type": "shortcut", "callback_id": "x"}
    closed = {**submitted("U0ADA", "form.request", ASKED), "type": "view_closed"}
    for payload, kind in ((mention, "events_api"), (shortcut, "interactive"), (closed, "interactive")):
        [delivery] = await world.slack.send(payload, kind=kind)
        assert (delivery.acked, delivery.attempts) == (True, 1), payload
    assert [call for call in world.slack.calls if call.method != "auth.test"] == before


def suggestion(user: str, typed: object) -> dict:
    return {
        **submitted(user, "form.request", ASKED), "type": "block_suggestion", "action_id": "entitlement",
        "block_id": "entitlement", "value": typed, "container": {"type": "view", "view_id": fresh("V0")},
    }  # fmt: skip
