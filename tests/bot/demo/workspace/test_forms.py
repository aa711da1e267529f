"""Modals: opening, filling in, errors, updates, stacks, and what the app may answer (SL-4, SL-5)."""

import asyncio
import json
from typing import Any

import pytest
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackApiError

ADA, OWNERS = "U0ADA", "C0OWNERS"


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def field(action_id: str, *, optional: bool = False, element: dict[str, Any] | None = None) -> dict[str, Any]:
    inside = element or {"type": "plain_text_input"}
    return {
        "type": "input", "block_id": f"b_{action_id}", "label": plain(action_id.title()), "optional": optional,
        "element": {**inside, "action_id": action_id},
    }  # fmt: skip


def modal(*blocks: dict[str, Any], title: str = "Ask for access", **more: Any) -> dict[str, Any]:
    return {
        "type": "modal", "callback_id": "ask", "title": plain(title), "submit": plain("Send"),
        "blocks": list(blocks) or [field("why")], **more,
    }  # fmt: skip


def options(*values: str) -> list[dict[str, Any]]:
    return [{"text": plain(value.title()), "value": value} for value in values]


@pytest.fixture
def opens(harness):
    """Registers /ask, which opens a modal; the modal can be changed through the returned holder."""
    holder = {"view": modal()}

    @harness.app.command("/ask")
    async def ask(ack, body, client):
        await client.views_open(trigger_id=body["trigger_id"], view=holder["view"])
        await ack()

    return holder


@pytest.fixture
async def ada(harness, opens, connect):
    await connect()
    return harness.slack.person(ADA)


async def opened(ada):
    await ada.slash("/ask", "prod-db")
    return ada.view


async def test_a_filled_in_form_arrives_with_every_kind_of_value(harness, opens, ada):
    states = []

    @harness.app.view("ask")
    async def submitted(ack, view):
        states.append(view["state"]["values"])
        await ack()

    opens["view"] = modal(
        field("why"),
        field("what", element={"type": "static_select", "options": options("vpn", "prod")}),
        field("boxes", element={"type": "checkboxes", "options": options("a", "b", "c")}),
        field("how", element={"type": "radio_buttons", "options": options("now", "later")}),
        field("day", element={"type": "datepicker", "initial_date": "2030-01-02"}),
        field("who", element={"type": "users_select"}),
        field("note", optional=True),
    )
    view = await opened(ada)
    assert list(view.inputs) == ["why", "what", "boxes", "how", "day", "who", "note"]
    values = {"why": "INC-12", "what": "prod", "boxes": ["a", "c"], "how": "Later", "who": "U0GRACE"}
    done = await ada.submit(view, values)
    assert (done.closed, done.errors, ada.view) == (True, {}, None)
    [state] = states
    assert state["b_why"]["why"] == {"type": "plain_text_input", "value": "INC-12"}
    assert state["b_what"]["what"]["selected_option"]["value"] == "prod"
    assert [option["value"] for option in state["b_boxes"]["boxes"]["selected_options"]] == ["a", "c"]
    assert state["b_how"]["how"]["selected_option"]["value"] == "later"
    assert state["b_day"]["day"]["selected_date"] == "2030-01-02"
    assert state["b_who"]["who"]["selected_user"] == "U0GRACE"
    assert state["b_note"]["note"]["value"] is None
    assert harness.slack.violations == []


async def test_errors_stand_at_the_field_and_nothing_typed_is_lost(harness, opens, ada):
    @harness.app.view("ask")
    async def submitted(ack):
        await ack(response_action="errors", errors={"b_why": "Say a little more."})

    done = await ada.submit(await opened(ada), {"why": "x"})
    assert done.errors == {"b_why": "Say a little more."}
    assert not done.closed
    assert ada.view.typed[("b_why", "why")]["value"] == "x"


async def test_an_empty_or_too_long_field_never_leaves_the_client(harness, opens, ada):
    opens["view"] = modal(field("why", element={"type": "plain_text_input", "max_length": 10}))
    view = await opened(ada)
    assert (await ada.submit(view, {"why": ""})).errors == {"b_why": "Please complete this required field."}
    assert "at most 10" in (await ada.submit(view, {"why": "x" * 11})).errors["b_why"]


async def test_an_option_that_is_not_offered_cannot_be_chosen(opens, ada):
    opens["view"] = modal(field("what", element={"type": "static_select", "options": options("vpn")}))
    with pytest.raises(LookupError, match="vpn"):
        await ada.submit(await opened(ada), {"what": "prod-admin"})


async def test_answers_can_update_push_and_clear(harness, opens, ada):
    answers = iter(
        [
            {"response_action": "update", "view": modal(title="Second")},
            {"response_action": "push", "view": modal(title="Third")},
            {"response_action": "clear"},
        ]
    )

    @harness.app.view("ask")
    async def submitted(ack):
        await ack(**next(answers))

    first = await opened(ada)
    second = (await ada.submit(first, {"why": "keep me"})).view
    assert (second.id, second.title, second.hash != first.hash) == (first.id, "Second", True)
    assert second.typed[("b_why", "why")]["value"] == "keep me"
    third = (await ada.submit(second)).view
    assert (third.previous_view_id, third.root_view_id) == (second.id, first.id)
    assert (await ada.submit(third, {"why": "x"})).closed


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"response_action": "errors", "errors": {"b_other": "no such block"}}, "b_other"),
        ({"response_action": "errors", "errors": {}}, "without errors"),
        ({"response_action": "explode"}, "explode"),
        ({"response_action": "update"}, "invalid_arguments"),
        ({"response_action": "push", "view": modal(title="x" * 25)}, "less than 25"),
        ({"response_action": "clear", "view": modal()}, "a view with"),
        ({"text": "hello"}, "unknown keys"),
    ],
)
async def test_an_answer_slack_would_not_understand_shows_an_error_and_is_written_down(
    harness, opens, ada, answer, told
):
    @harness.app.view("ask")
    async def submitted(ack):
        # Bolt itself refuses some of these, so they are put past it.
        headers = {"content-type": ["application/json"]}
        ack.response = BoltResponse(status=200, body=json.dumps(answer), headers=headers)

    view = await opened(ada)
    done = await ada.submit(view, {"why": "x"})
    assert "" in done.errors
    assert ada.view.id == view.id
    assert told in harness.slack.violations[0]


async def test_at_most_three_modals_stand_on_each_other(harness, opens, ada):
    opens["view"] = modal(
        {"type": "actions", "elements": [{"type": "button", "action_id": "more", "text": plain("More")}]}
    )
    errors = []

    @harness.app.action("more")
    async def more(ack, body, client):
        try:
            await client.views_push(trigger_id=body["trigger_id"], view=opens["view"])
        except SlackApiError as error:
            errors.append(error.response["error"])
        await ack()

    await opened(ada)
    for _ in range(3):
        await ada.click(ada.view, "more")
    assert errors == ["push_limit_reached"]
    await ada.close_view()
    await ada.close_view()
    assert ada.view.previous_view_id is None


async def test_closing_is_told_only_if_wished(harness, opens, ada):
    closed = []

    @harness.app.view_closed("ask")
    async def on_close(ack, view):
        closed.append(view["id"])
        await ack()

    await opened(ada)
    await ada.close_view()
    assert closed == []
    opens["view"] = modal(notify_on_close=True)
    view = await opened(ada)
    await ada.close_view()
    assert closed == [view.id]


async def test_a_trigger_is_good_once_and_for_three_seconds(harness, opens, ada):
    errors = []

    @harness.app.command("/twice")
    async def twice(ack, body, client):
        for _ in range(2):
            try:
                await client.views_open(trigger_id=body["trigger_id"], view=modal())
            except SlackApiError as error:
                errors.append(error.response["error"])
        await ack()

    await ada.slash("/twice")
    assert errors == ["exchanged_trigger_id"]
    harness.slack.faults.expire_triggers()
    await ada.slash("/twice")
    assert errors[1:] == ["expired_trigger_id", "expired_trigger_id"]
    with pytest.raises(SlackApiError) as refused:
        await harness.client.views_open(trigger_id="1.2.3", view=modal())
    assert refused.value.response["error"] == "invalid_trigger_id"


async def test_a_view_that_moved_on_refuses_an_old_hash(harness, opens, ada):
    view = await opened(ada)
    await harness.client.views_update(view_id=view.id, hash=view.hash, view=modal(title="Newer"))
    assert ada.view.title == "Newer"
    with pytest.raises(SlackApiError) as refused:
        await harness.client.views_update(view_id=view.id, hash=view.hash, view=modal(title="Too late"))
    assert refused.value.response["error"] == "hash_conflict"
    with pytest.raises(SlackApiError) as gone:
        await harness.client.views_update(view_id="V0NONE", view=modal())
    assert gone.value.response["error"] == "not_found"


async def test_a_choice_outside_the_form_is_told_at_once_and_kept(harness, opens, ada):
    chosen = []
    menu = {"type": "static_select", "action_id": "pick", "options": options("vpn", "prod")}
    opens["view"] = modal(
        {"type": "section", "block_id": "s", "text": plain("Which?"), "accessory": menu}, field("why")
    )

    @harness.app.action("pick")
    async def picked(ack, body, client):
        chosen.append((body["actions"][0]["selected_option"]["value"], body["view"]["state"]["values"]))
        await client.views_update(view_id=body["view"]["id"], hash=body["view"]["hash"], view=opens["view"])
        await ack()

    view = await opened(ada)
    delivery = await ada.choose(view, "why", "typed first")
    assert delivery.attempts == 0
    await ada.choose(view, "pick", "prod")
    [(value, state)] = chosen
    assert value == "prod"
    assert state["s"]["pick"]["selected_option"]["value"] == "prod"
    assert state["b_why"]["why"]["value"] == "typed first"
    assert ada.view.typed[("b_why", "why")]["value"] == "typed first"
    assert harness.slack.violations == []


async def test_an_external_menu_asks_the_app_and_only_from_three_letters_on(harness, opens, ada):
    asked = []
    opens["view"] = modal(field("what", element={"type": "external_select"}))

    @harness.app.options("what")
    async def offer(ack, payload):
        asked.append(payload["value"])
        await ack(options=options("prod-db", "prod-admin"))

    submitted = []

    @harness.app.view("ask")
    async def on_submit(ack, view):
        submitted.append(view["state"]["values"]["b_what"]["what"]["selected_option"]["value"])
        await ack()

    view = await opened(ada)
    assert await ada.options(view, "what", "pr") == []
    assert [option["value"] for option in await ada.options(view, "what", "prod")] == [
        "prod-db",
        "prod-admin",
    ]
    assert asked == ["prod"]
    await ada.submit(view, {"what": "prod-db"})
    assert submitted == ["prod-db"]


async def test_too_many_options_are_written_down_and_not_shown(harness, opens, ada):
    opens["view"] = modal(field("what", element={"type": "external_select"}))

    @harness.app.options("what")
    async def offer(ack):
        await ack(options=options(*[f"group-{number}" for number in range(101)]))

    assert await ada.options(await opened(ada), "what", "group") == []
    assert "no more than 100" in harness.slack.violations[0]


async def test_two_people_have_modals_of_their_own(harness, opens, ada):
    grace = harness.slack.person("U0GRACE")
    await asyncio.gather(ada.slash("/ask"), grace.slash("/ask"))
    assert ada.view.id != grace.view.id
    with pytest.raises(LookupError):
        await ada.submit(grace.view, {"why": "x"})


async def test_home_is_published_for_one_person(harness, ada):
    """SL-18."""

    @harness.app.event("app_home_opened")
    async def opened_home(event, client):
        section = {"type": "section", "text": plain(f"Hello {event['user']}")}
        await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": [section]})

    home = await ada.open_home()
    assert home.plain == "Hello U0ADA"
    assert harness.slack.person("U0GRACE").home is None
    assert harness.slack.violations == []


async def test_shortcuts_reach_the_app(harness, connect):
    seen = []

    @harness.app.shortcut("ask_here")
    async def used(ack, body):
        seen.append((body["type"], body.get("message", {}).get("text")))
        await ack()

    await connect()
    ada = harness.slack.person(ADA)
    said = await ada.say("look at this", channel=OWNERS)
    await ada.shortcut("ask_here")
    await ada.shortcut("ask_here", said)
    assert seen == [("shortcut", None), ("message_action", "look at this")]
