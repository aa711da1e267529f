"""The request form in hostile hands or long left open: sent twice, out of order, forged, and what changed behind it."""

import asyncio

import pytest
from sqlmodel import select

from bot.settings import load_settings
from bot.slack.socket import Socket
from handlers.grants.revocation import Revocation
from storage.records import Grant
from tests.bench.speaking import grown, speaking
from tests.wire.hostile import alive, asks, fresh, is_kind, submitted
from tests.wire.steps import SECURITY

DATA = "C0DATAOWN"
WHY = "INC-4711"


async def grants_of(world) -> list[Grant]:
    return await world.database.read(lambda tx: list(tx.exec(select(Grant).order_by(Grant.id)).all()))


async def states(world) -> dict[str, str]:
    return {one.entitlement: one.state for one in await grants_of(world)}


def form(user: str, *things: str, metadata: str = "", **fields: str) -> dict:
    """A submission made by hand."""
    payload = submitted(
        user, "form.request", {"duration": "1h", "justification": WHY, **fields}, metadata=metadata
    )
    options = [{"value": thing, "text": {"text": thing}} for thing in things]
    payload["view"]["state"]["values"]["entitlement"] = {
        "entitlement": {"type": "multi_external_select", "selected_options": options}
    }
    return payload


async def sent(world, payload: dict, times: int = 1) -> list:
    return await world.slack.send(payload, kind="interactive", times=times)


async def test_four_deliveries_of_one_form_send_each_thing_once(world):
    """Promise 6: at once, and once more later."""
    payload = form("U0ADA", "prod-db", "grafana-edit", "crm-read")
    deliveries = [*await sent(world, payload, times=4), *await sent(world, payload)]
    assert all(one.acked for one in deliveries)
    await world.person("ada").sees("✅ grafana-edit")
    assert sorted(await states(world)) == ["crm-read", "grafana-edit", "prod-db"]
    assert len(await grants_of(world)) == 3
    assert (await world.actions()).count("grant.requested done") == 1


async def test_another_views_id_or_hash_sends_nothing_a_second_time(world):
    """Whatever form it claims to be, the same thing waits already."""
    payload = form("U0ADA", "prod-db")
    await sent(world, payload)
    for change in ({"hash": fresh("9.")}, {"id": fresh("V")}, {"hash": None}, {"id": None, "hash": None}):
        again = {**payload, "view": {**payload["view"], **change}}
        [delivery] = await sent(world, again)
        assert "already asked for this" in str(delivery.body), change
    assert len(await grants_of(world)) == 1


@pytest.mark.parametrize("metadata", ["g-0", "x" * 3000, "' OR 1=1 --", "\x00"])
async def test_another_views_metadata_adopts_nothing(world, metadata):
    """A draft that is not there is no draft: what was asked is asked anew."""
    [delivery] = await sent(world, form("U0ADA", "prod-db", metadata=metadata))
    assert delivery.body is None
    assert await states(world) == {"prod-db": "pending"}


async def test_a_request_that_is_sent_already_is_no_draft_to_send_again(world):
    """The form of a draft is submitted after the draft was sent by its button, with other things in it."""
    ada = world.person("ada")
    await ada.say("I need prod-db for 2h because INC-4711")
    draft = await ada.sees("You are asking for")
    await ada.click(draft, "draft.change")
    opened = await ada.sees_view("What do you need?")
    await ada.click(draft, "draft.send")
    await ada.sees("⏳ prod-db")
    await ada.choose(opened, "entitlement", ["prod-db", "grafana-edit"])
    refused = await ada.submit(opened)
    assert "is sent and waits for its owner" in refused.view.plain
    assert await states(world) == {"prod-db": "pending"}
    assert "grant.late refused" in await world.actions()


async def test_what_stood_in_no_list_is_not_asked_for(world):
    """A made-up thing alone stands at its field; among others it is named at the end, and the rest goes."""
    [alone] = await sent(world, form("U0ADA", "root-of-everything"))
    assert alone.body["errors"] == {"entitlement": "Please choose something from the list."}
    [among] = await sent(world, form("U0ADA", "<!channel>", "grafana-edit", "*root*"))
    assert "Sent:" in str(among.body)
    assert "no longer there" in str(among.body)
    assert "<!channel>" not in str(among.body)
    assert list(await states(world)) == ["grafana-edit"]
    [many] = await sent(world, form("U0ADA", "prod-db", *(f"x-{n}" for n in range(500))))
    assert "10 at most" in str(many.body)
    await world.person("ada").sees("✅ grafana-edit")
    assert alive(world.slack.calls) == []


IN_NO_MENU = ["525600", "99999999999", "0", "-5", "1e3", "two hours", "x" * 5000, "<!channel>", "\ud800"]


async def test_a_time_that_stood_in_no_menu_is_refused(world):
    """Policy is asked about the time that came, whatever the menu offered."""
    for length in IN_NO_MENU:
        payload = form("U0ADA", "grafana-edit", duration="")
        chosen = {"type": "static_select", "selected_option": {"value": length, "text": {"text": length}}}
        payload["view"]["state"]["values"]["length:15,30"] = {"length": chosen}
        [delivery] = await sent(world, payload)
        assert is_kind(delivery.body)
        assert set((await states(world)).values()) <= {"refused"}
        assert "ada" not in await world.holders("grafana-edit")


@pytest.mark.parametrize("who", ["U0BOB", "U0ALAN", "U0WICKET", "U0GRETA", "U0NOBODY"])
async def test_a_forged_report_gets_nothing_and_is_on_the_record(world, who):
    """Four deliveries are one attempt; privileged, it is an exception; the answer tells nothing about them."""
    payload = form("U0CHARLES", "prod-db", **{"for": who})
    answers = [str(one.body) for one in await sent(world, payload, times=4)]
    assert len(set(answers)) == 1
    assert "report to you" in answers[0]
    assert (await world.actions()).count("grant.not_a_report refused") == 1
    assert await grants_of(world) == []
    await world.person("alan").sees("Refused: prod-db", "Charles Babbage", channel=SECURITY)


async def test_a_contractor_asks_for_nobody_else(world):
    """Even for somebody who reports to them: policy says so."""
    await world.directory.change_account("p-ada", manager="p-eve")
    await sent(world, form("U0EVE", "grafana-edit", **{"for": "U0ADA"}))
    await world.person("eve").sees("⛔ I can't give grafana-edit", "Contractors ask for themselves only")
    assert "ada" not in await world.holders("grafana-edit")


@pytest.mark.parametrize("odd", ["x", "U0ADA|U0BOB", "<@U0ADA>", "u0ada", "W", "U" * 400])
async def test_what_is_no_person_is_nobody(world, odd):
    """Then it is for oneself, as with an empty field; nobody else gets anything."""
    await sent(world, form("U0CHARLES", "grafana-edit", **{"for": odd}))
    await world.person("charles").sees("✅ grafana-edit")
    assert {one.target_account for one in await grants_of(world)} == {""}


async def test_a_form_left_open_for_a_day_is_sent_as_it_stands(world):
    """Its draft was forgotten meanwhile: what was asked is asked anew, and policy is asked now."""
    ada = world.person("ada")
    await ada.say("I need prod-db for 2h because INC-4711")
    await ada.click(await ada.sees("You are asking for"), "draft.change")
    opened = await ada.sees_view("What do you need?")
    world.clock.skip(days=31)
    await Revocation(world.app.ground).forget_old()
    assert await grants_of(world) == []
    assert (await ada.submit(opened)).closed
    await ada.sees("⏳ prod-db", "waiting for Data Platform")


async def begin_again_with(world, old: str, new: str) -> None:
    """The bot starts anew with a line of its settings changed, as an operator does."""
    await world.stop()
    path = world.folder / "wicket.toml"
    text = path.read_text()
    assert old in text, old
    path.write_text(text.replace(old, new, 1))
    secrets = {
        "WICKET_SLACK_BOT_TOKEN": world.slack.bot_token,
        "WICKET_SLACK_APP_TOKEN": world.slack.app_token,
        "WICKET_SECRET_KEYS": world.settings.secrets.secret_keys.get_secret_value(),
        "WICKET_AUDIT_KEY": world.settings.secrets.audit_key.get_secret_value(),
    }
    world.settings = load_settings(path, secrets)
    await world.start()


async def test_what_left_the_catalogue_while_the_form_was_open_is_named_and_the_rest_goes(world):
    ada = world.person("ada")
    await ada.slash("/wicket", "request")
    opened = await ada.sees_view("What do you need?")
    await ada.choose(opened, "entitlement", ["crm-read", "grafana-edit"])
    await ada.choose(opened, "length", "60")
    await begin_again_with(world, 'id = "crm-read"', 'id = "crm-look"')
    said = await ada.submit(opened, {"justification": WHY})
    assert "Sent: grafana-edit." in said.view.plain
    assert "crm-read: it is no longer there." in said.view.plain
    await ada.sees("✅ grafana-edit")


async def test_what_became_riskier_while_the_form_was_open_needs_approval_now(world):
    """What the form foretold is no promise: policy is asked when it is sent (promise 3)."""
    ada = world.person("ada")
    await ada.slash("/wicket", "request")
    opened = await ada.sees_view("What do you need?")
    await ada.choose(opened, "entitlement", "grafana-edit")
    await ada.choose(opened, "length", "60")
    await ada.sees_view("you will have it at once")
    text = (world.folder / "wicket.toml").read_text()
    row = text[text.index('id = "grafana-edit"') : text.index('id = "crm-read"')]
    await begin_again_with(world, row, row.replace("risk = 2", "risk = 4"))
    assert (await ada.submit(opened, {"justification": WHY})).closed
    await ada.sees("⏳ grafana-edit", "waiting for Observability")
    assert "ada" not in await world.holders("grafana-edit")


async def test_changes_of_forms_that_are_not_there_do_nothing(world):
    """Closed meanwhile, another's, or made up: acknowledged, nothing shown, nothing recorded."""
    before = await world.actions()
    for user in ("U0ADA", "U0GRETA", "U0NOBODY"):
        for view_id in ("V0GONE", None, 7):
            payload = form(user, "prod-db")
            payload |= {
                "type": "block_actions", "container": {"type": "view", "view_id": view_id},
                "actions": [{"action_id": "entitlement", "block_id": "entitlement", "action_ts": "nan"}],
            }  # fmt: skip
            payload["view"]["id"] = view_id
            [delivery] = await sent(world, payload)
            assert (delivery.acked, delivery.body) == (True, None)
    after = await world.actions()
    assert not [action for action in after[len(before) :] if action.startswith("grant")]
    assert world.person("ada").messages() == []


async def test_five_thousand_things_with_one_beginning_are_searched_over_the_wire(world):
    """A hundred are shown with how many there are; typing more leads to each."""
    await world.stop()
    many = grown(world.settings.catalogue, 5000)
    async with speaking(world.settings, many) as (bolt, _):
        token = world.settings.secrets.need("slack_app_token").get_secret_value()
        socket = Socket(bolt, app_token=token, client=bolt.client)
        await socket.open()
        await world.slack.wait_connected()
        ada = world.person("ada")
        await ada.slash("/wicket", "request")
        opened = await ada.sees_view("What do you need?")
        ((label, options),) = (await ada.groups(opened, "entitlement", "app-")).items()
        assert label == "100 of 5,000: type more to narrow it down"
        assert len(options) == 100
        assert await ada.groups(opened, "entitlement", "app billing 04") == {}
        assert [one["value"] for one in await ada.options(opened, "entitlement", "svc04999")] == [
            "app-wiki-ledger-04999"
        ]
        assert await ada.options(opened, "entitlement", "no such thing") == []
        await socket.close()
    await world.start()


async def test_two_presses_of_send_at_the_same_moment_send_once(world):
    ada = world.person("ada")
    await asks(world, "ada", "k8s-deploy for 1h because INC-1")
    await ada.slash("/wicket", "request")
    opened = await ada.sees_view("What do you need?")
    await ada.choose(opened, "entitlement", ["prod-db", "grafana-edit"])
    await ada.choose(opened, "length", "60")
    await ada.choose(opened, "justification", WHY)
    await asyncio.gather(ada.submit(opened), ada.submit(opened))
    await ada.sees("✅ grafana-edit")
    assert sorted(await states(world)) == ["grafana-edit", "k8s-deploy", "prod-db"]
    assert len(await grants_of(world)) == 3
