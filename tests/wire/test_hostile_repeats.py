"""Everything may arrive four times, by socket or by signed HTTP, and has one effect (promise 6, SL-5)."""

import pytest

from tests.wire.conftest import close_world, open_world
from tests.wire.hostile import asks, clicked, commanded, grant_of, heard, reads, submitted


@pytest.fixture(params=["socket", "http"])
async def world(request, tmp_path):
    """The bot over each of the two ways in."""
    opened = await open_world(tmp_path, transport=request.param)
    yield opened
    await close_world(opened)


async def test_four_deliveries_of_everything_from_asking_to_giving_back_have_one_effect_each(world):
    """Words, a click, a click on Approve, its form, and giving back, each delivered four times."""
    world.slack.faults.deliver_times(4)
    ada, grace = world.person("ada"), world.person("grace")
    await asks(world, "ada")
    message = await reads(world, "grace")
    await grace.click(message, "approval.approve")
    form = await grace.sees_view("Approve request")
    await grace.submit(form, {"rationale": "ok"})
    status = await ada.sees("✅ prod-db")
    await ada.click(status, "grant.give_back")
    await ada.sees("ended")
    await world.slack.settled()
    actions = await world.actions()
    assert [a for a in actions if a.startswith(("grant", "approval", "access"))] == [
        "grant.requested done",
        "approval.given done",
        "grant.approved done",
        "access.given done",
        "grant.given_back done",
        "access.removed done",
    ]
    assert len(said_to(ada, "prod-db")) == 1
    assert len(said_to(grace, "Access request", channel=world.channel("data-owners"))) == 1
    assert sum(c.method == "views.open" and c.ok for c in world.slack.calls) == 1


async def test_four_deliveries_of_a_command_open_one_page(world):
    """A reset asked for by /wicket: one link, on the record once."""
    deliveries = await world.slack.send(
        commanded("U0ADA", "reset my password"), kind="slash_commands", times=4
    )
    assert all(delivery.acked for delivery in deliveries)
    assert sum("Continue" in str(delivery.body) for delivery in deliveries) == 1
    assert (await world.actions()).count("reset.page_opened done") == 1


async def test_four_deliveries_of_a_form_make_one_request(world):
    """The same view with the same hash is the same submission."""
    form = submitted(
        "U0ADA", "form.request", {"entitlement": "prod-db", "duration": "2h", "justification": "INC-4711"}
    )
    assert all(delivery.acked for delivery in await world.slack.send(form, kind="interactive", times=4))
    await world.person("ada").sees("waiting for")
    assert (await world.actions()).count("grant.requested done") == 1


async def test_four_deliveries_are_answered_once(world):
    """Questions, and sentences that change nothing: the reader sees one answer."""
    ada = world.person("ada")
    for number, (words, answer) in enumerate(
        (
            ("what access do I have?", "You hold"),
            ("qwertz", "didn't understand"),
            ("link my account", "already linked"),
            ("I need prod-db for tomorrow because INC-1", "how long rather than until when"),
            ("unlock my account", "not locked"),
        ),
        start=1,
    ):
        await world.slack.send(heard("U0ADA", words), kind="events_api", times=4)
        await ada.sees(answer)
        await world.slack.settled()
        assert len(said_to(ada, answer)) == 1, (number, words)


async def test_four_deliveries_by_somebody_turned_away_are_one_exception(world):
    """A guest's one message is one refusal, one answer and one alert that was not counted up."""
    await world.slack.send(heard("U0GRETA", "what access do I have?"), kind="events_api", times=4)
    await world.person("greta").sees("guest account")
    alert = await world.person("alan").sees("Turned away: Greta", channel=world.channel("security"))
    assert "times" not in alert.plain
    assert (await world.actions()).count("identity.refused refused") == 1
    assert len(said_to(world.person("greta"), "guest account")) == 1


async def test_four_deliveries_after_an_address_changed_suspend_once(world):
    """The link rests once, and the security channel hears of one cause once."""
    world.slack.update_user("U0ADA", email="ada@elsewhere.example")
    await world.slack.send(heard("U0ADA", "what access do I have?"), kind="events_api", times=4)
    await world.person("ada").sees("can't tell who you are")
    assert (await world.actions()).count("link.suspended refused") == 1


async def test_a_double_click_on_send_asks_once(world):
    """Two clicks are two deliveries; the second finds that it was sent."""
    ada = world.person("ada")
    await ada.say("I need prod-db for 2h because INC-4711")
    draft = await ada.sees("Nothing is sent yet")
    await ada.click(draft, "draft.send")
    await ada.click(draft, "draft.send", stale=True)
    await ada.sees("waiting for")
    assert (await world.actions()).count("grant.requested done") == 1
    await ada.sees("Nothing more to do")


async def test_a_double_click_on_withdraw_and_on_details_does_no_harm(world):
    """Withdrawn once; four copies of one click on Details open one form and complain of nothing."""
    status = await asks(world, "ada")
    message = await reads(world, "grace")
    grace, ada = world.person("grace"), world.person("ada")
    world.slack.faults.deliver_times(4)
    await grace.click(message, "approval.details")
    await grace.sees_view("Request details")
    world.slack.faults.deliver_times(1)
    await ada.click(status, "request.withdraw")
    await ada.click(status, "request.withdraw", stale=True)
    await ada.sees("you took it back")
    assert (await world.actions()).count("grant.withdrawn done") == 1
    assert not said_to(grace, "took too long", channel=world.channel("data-owners"))


async def test_a_replayed_click_is_one_click(world):
    """The same trigger_id again, later, opens no second form and settles nothing twice."""
    await asks(world, "ada")
    grant = grant_of(await reads(world, "grace"))
    refusal = clicked("U0BOB", "approval.approve", grant)
    for _ in range(3):
        await world.slack.send(refusal, kind="interactive")
    assert (await world.actions()).count("approval.refused refused") == 1


def said_to(person, words: str, channel: str | None = None) -> list:
    return [m for m in person.messages(channel) if m.says(words) and m.user == "U0WICKET"]
