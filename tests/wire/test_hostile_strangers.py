"""Accounts that speak for nobody: guests, outsiders, the deactivated, bots, and those whose address changed."""

import pytest

from tests.wire.hostile import asks, clicked, grant_of, heard, looked_up, opens, reads, submitted

GUEST, STRANGER = "U0GRETA", "U0MALLORY"


@pytest.mark.parametrize(
    ("user", "sentence", "alert"),
    [
        (GUEST, "yours is a guest account", "Turned away: Greta Gast"),
        (STRANGER, "people of this company only", "Turned away: Mallory Fremd"),
        ("U0KONRAD", "Your account is not active", "Turned away: Konrad Zuse"),
    ],
)
async def test_a_guest_an_outsider_and_the_deactivated_can_do_nothing(world, user, sentence, alert):
    """SL-1: words, a command, a click, a form, each refused kindly and on the record; security is told once."""
    if user == "U0KONRAD":
        world.slack.update_user(user, deleted=True)
    channel = world.channel("data-owners")
    members = ["U0GRACE", "U0LINUS", "U0BOB", "U0WICKET", user]
    world.slack.update_channel(channel, members=members)
    await asks(world, "ada")
    message = await reads(world, "grace")
    nobody, grant = world.slack.person(user), grant_of(message)
    await nobody.say("I need grafana-edit for 1h because INC-1")
    await nobody.sees(sentence)
    await nobody.slash("/wicket", "what access do I have?")
    await nobody.click(message, "approval.approve")
    await nobody.sees(sentence, channel=channel)
    for form in (
        submitted(user, "form.approve", {"rationale": "ok"}, metadata=grant),
        submitted(user, "form.request", {"entitlement": "wiki-edit", "duration": "1h", "justification": "x"}),
    ):
        [delivery] = await world.slack.send(form, kind="interactive")
        assert sentence in str(delivery.body)
    await nobody.open_home(within=2)
    assert nobody.view is None
    await world.person("alan").sees(alert, channel=world.channel("security"))
    alerts = [m for m in world.person("alan").messages(world.channel("security")) if m.says(alert)]
    assert len(alerts) == 1
    actions = await world.actions()
    assert actions.count("identity.refused refused") == 6
    assert not [a for a in actions if a.startswith(("approval", "question"))]
    assert actions.count("grant.requested done") == 1
    assert await world.holders("prod-db") == set()


async def test_an_outsider_of_a_shared_channel_is_known_by_the_team_alone(world):
    """Slack says `is_stranger: false` of whoever shares a channel with the bot, so only the team tells (SL-1)."""
    assert not any("is_stranger" in str(c.arguments) for c in world.slack.calls)
    await world.slack.send(
        heard(STRANGER, "reset my password", team="T0WICKET", user_team="T0WICKET"), kind="events_api"
    )
    await world.slack.person(STRANGER).sees("people of this company only")
    assert "reset.page_opened done" not in await world.actions()


async def test_a_bot_decides_nothing_and_is_not_answered(world):
    """Another app may talk to the bot all day, and may even send clicks."""
    world.slack.add_user("U0ROBOT", name="robot", real_name="Grace Hopper", email="", is_bot=True)
    world.slack.update_channel(world.channel("data-owners"), members=["U0GRACE", "U0ROBOT", "U0WICKET"])
    await asks(world, "ada")
    message = await reads(world, "grace")
    robot = world.slack.person("U0ROBOT")
    await robot.say("I need grafana-edit for 1h because INC-1")
    await robot.click(message, "approval.approve")
    [delivery] = await world.slack.send(
        submitted("U0ROBOT", "form.approve", {"rationale": "ok"}, metadata=grant_of(message)),
        kind="interactive",
    )
    assert delivery.acked
    await world.slack.settled()
    assert robot.view is None
    assert [m.user for m in robot.messages()] == ["U0ROBOT"]
    assert not [a for a in await world.actions() if a.startswith("approval")]


async def test_somebody_deactivated_in_the_directory_can_do_nothing_from_that_moment(world):
    """SL-17: Slack still knows the account; the directory is asked each time."""
    await asks(world, "ada")
    message = await reads(world, "grace")
    form = await opens(world, "grace", message, "approval.approve")
    await world.directory.change_account("p-grace", active=False)
    late = await world.person("grace").submit(form, {"rationale": "ok"})
    assert late.errors == {
        "rationale": "Your account is not active, so I can't act for it. Please ask the IT desk."
    }
    await world.person("grace").say("what access do I have?")
    await world.person("grace").sees("Your account is not active")
    await world.person("alan").sees("Grace Hopper (U0GRACE)", channel=world.channel("security"))
    assert await world.holders("prod-db") == set()


async def test_a_request_of_somebody_deactivated_meanwhile_is_not_granted(world):
    """SL-17: deactivation between request and decision."""
    await asks(world, "ada")
    message = await reads(world, "grace")
    await world.directory.change_account("p-ada", active=False)
    await world.person("grace").click(message, "approval.approve")
    await world.person("grace").sees("can no longer be granted", channel=world.channel("data-owners"))
    assert await world.holders("prod-db") == set()


@pytest.mark.parametrize("address", ["ada@elsewhere.example", "charles@lovelace.example"])
async def test_a_changed_address_suspends_the_link(world, address):
    """Neither a foreign address nor a colleague's makes somebody else of them; security is told."""
    ada = world.person("ada")
    await ada.say("I need grafana-edit for 1h because INC-1")
    draft = await ada.sees("Nothing is sent yet")
    world.slack.update_user("U0ADA", email=address)
    await ada.click(draft, "draft.send")
    alert = await world.person("alan").sees("e-mail address changed", channel=world.channel("security"))
    assert "Not certain who this is: Ada Lovelace" in alert.plain
    await ada.say("reset my password")
    await ada.sees("can't tell who you are" if "elsewhere" in address else "First I need to know")
    world.slack.update_user("U0ADA", email="ada@lovelace.example")
    await ada.click(draft, "draft.send")
    await ada.sees("First I need to know")
    actions = await world.actions()
    assert actions.count("link.suspended refused") == 1
    assert not [a for a in actions if a.startswith(("grant", "access", "reset"))]
    assert await world.holders("grafana-edit") == {"mary", "edsger"}


async def test_an_address_that_slack_does_not_tell_refuses_for_now_and_keeps_the_link(world):
    """An app that loses users:read.email must not unlink a whole company."""
    ada = world.person("ada")
    world.slack.update_user("U0ADA", email="")
    await ada.say("reset my password")
    await ada.sees("Slack did not tell me who you are")
    world.slack.update_user("U0ADA", email="ada@lovelace.example")
    await ada.say("reset my password")
    await ada.sees("Continue on the secure page")
    actions = await world.actions()
    assert actions.count("identity.not_told refused") == 1
    assert "link.suspended refused" not in actions


async def test_an_address_that_changed_in_the_directory_suspends_the_link_too(world):
    """What the link rested on is what both sides said."""
    await world.directory.change_account("p-ada", mail="ada.byron@lovelace.example")
    ada = world.person("ada")
    await ada.say("what access do I have?")
    await ada.sees("can't tell who you are")
    await world.person("alan").sees("e-mail address changed", channel=world.channel("security"))


async def test_nobody_and_nothing_as_the_speaker_is_nobody(world):
    """A payload whose speaker is no Slack id at all."""
    before = await world.holders("wiki-edit")
    for user in (
        "U0NOBODY",
        "C0SECURITY",
        "",
        None,
        7,
        ["U0ADA"],
        {"id": "U0ADA"},
        "U0ADA\x00",
        "u0ada",
        "x" * 5000,
    ):
        payload = submitted(
            user, "form.request", {"entitlement": "wiki-edit", "duration": "1h", "justification": "INC-1"}
        )
        [form] = await world.slack.send(payload, kind="interactive")
        [click] = await world.slack.send(clicked(user, "ask.reset", "reset"), kind="interactive")
        assert form.acked, user
        assert click.acked, user
    assert await world.holders("wiki-edit") == before
    assert not [a for a in await world.actions() if a.startswith(("grant", "access", "reset"))]


NO_COLLEAGUES = [GUEST, STRANGER, "U0KONRAD", "U0NOBODY", "", None]


async def test_the_menu_of_what_there_is_tells_nobody_but_colleagues(world):
    """SL-1: what one can ask for is no secret among colleagues, and nothing for a guest or an outsider."""
    for user in NO_COLLEAGUES:
        if user == "U0KONRAD":
            world.slack.update_user(user, deleted=True)
        for who, told in ((user, False), ("U0ADA", True)):
            [delivery] = await world.slack.send(looked_up(who, "prod"), kind="interactive")
            assert delivery.acked
            assert ("prod-db" in str(delivery.body)) is told


async def test_a_menu_tells_nothing_while_slack_does_not_say_who_asks(world):
    world.slack.faults.fail("users.info", "internal_error", times=1)
    [delivery] = await world.slack.send(looked_up("U0ADA", "prod"), kind="interactive")
    assert delivery.body == {"options": []}


@pytest.mark.parametrize("refused", [1, 2])
async def test_a_form_that_was_refused_for_now_is_sent_when_slack_tells_who_it_is(world, refused):
    """What was typed stays, however often, and the same form does then what it is for."""
    ada = world.person("ada")
    await ada.slash("/wicket", "request")
    form = await ada.sees_view("What do you need?")
    await ada.choose(form, "entitlement", ["grafana-edit"])
    world.slack.update_user("U0ADA", email="")
    filled = {"duration": "1h", "justification": "INC-1"}
    for _ in range(refused):
        assert "did not tell me who you are" in str((await ada.submit(form, filled)).errors)
    world.slack.update_user("U0ADA", email="ada@lovelace.example")
    assert (await ada.submit(form)).closed
    await ada.sees("✅ grafana-edit")
