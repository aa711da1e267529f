"""Decisions under attack: the wrong person, the same person twice, two at once, too late. One decision stands."""

import asyncio

import pytest

from tests.wire.hostile import approves, asks, clicked, grant_of, opens, reads, submitted


async def test_two_approvers_at_the_same_instant_make_one_decision_and_the_other_hears_who_decided(world):
    """Both have the form open and press at once; a request is locked, decided once, and the second hears by whom."""
    await asks(world, "ada")
    message = await reads(world, "grace")
    people = {"Grace Hopper": world.person("grace"), "Linus Pauling": world.person("linus")}
    forms = [
        await opens(world, "grace", message, "approval.approve"),
        await opens(world, "linus", message, "approval.deny"),
    ]
    answers = await asyncio.gather(
        *(
            person.submit(form, {"rationale": "mine"})
            for person, form in zip(people.values(), forms, strict=True)
        )
    )
    first = next(name for name, answer in zip(people, answers, strict=True) if answer.closed)
    [second] = [answer for answer in answers if not answer.closed]
    assert f"{first} {'approved' if first == 'Grace Hopper' else 'denied'} this" in second.view.plain
    assert "Nothing was changed" in second.view.title
    actions = await world.actions()
    assert sorted(a for a in actions if a.startswith("approval")).count("approval.late refused") == 1
    assert sum(a in ("approval.given done", "approval.denied done") for a in actions) == 1
    granted = first == "Grace Hopper"
    await world.person("ada").sees("✅ prod-db" if granted else "was denied")
    assert ("ada" in await world.holders("prod-db")) is granted


async def test_a_click_after_the_decision_hears_who_decided_and_when(world):
    """On a screen that has not heard of the decision yet, the buttons still stand."""
    await asks(world, "ada")
    message = await reads(world, "linus")
    await approves(world, "grace")
    for action in ("approval.approve", "approval.deny"):
        await world.person("linus").click(message, action, stale=True)
        await world.person("linus").sees(
            "Grace Hopper approved this at", channel=world.channel("data-owners")
        )
    assert world.person("linus").view is None
    assert (await world.actions()).count("approval.late refused") == 2


async def test_one_approver_submitting_twice_counts_once(world):
    """A second press of the same form, and a second form, where two approvals are needed."""
    await asks(world, "ada", "github-admin for 1h because INC-4711")
    message = await reads(world, "edsger", "platform-owners", "github-admin")
    form = await opens(world, "edsger", message, "approval.approve")
    edsger = world.person("edsger")
    await asyncio.gather(*(edsger.submit(form, {"rationale": "ok"}) for _ in range(2)))
    await edsger.click(message, "approval.approve")
    waits = "You approved this already. It waits for somebody else's approval now."
    await edsger.sees(waits, channel=world.channel("platform-owners"))
    again = submitted("U0EDSGER", "form.approve", {"rationale": "again"}, metadata=grant_of(message))
    [delivery] = await world.slack.send(again, kind="interactive")
    assert waits in str(delivery.body)
    actions = await world.actions()
    assert actions.count("approval.given done") == 1
    assert actions.count("approval.repeated refused") == 2
    assert "grant.approved done" not in actions
    assert await world.holders("github-admin") == set()


async def test_nobody_approves_their_own_request(world):
    """Linus is an approver of prod-db, but not of his own request (R-1); security hears of it."""
    await asks(world, "linus")
    message = await reads(world, "linus")
    linus = world.person("linus")
    await linus.click(message, "approval.approve")
    whisper = await linus.sees("can't decide this one", channel=world.channel("data-owners"))
    assert whisper.ephemeral
    assert "Nobody approves their own request" in whisper.plain
    assert "Grace Hopper can" in whisper.plain
    assert linus.view is None
    forged = submitted("U0LINUS", "form.approve", {"rationale": "ok"}, metadata=grant_of(message))
    [delivery] = await world.slack.send(forged, kind="interactive")
    assert "Nobody approves their own request" in str(delivery.body)
    alert = await world.person("alan").sees(
        "tried to decide their own request", channel=world.channel("security")
    )
    assert "high" in alert.plain
    assert await world.holders("prod-db") == set()


@pytest.mark.parametrize("mail", ["linus@lovelace.example", "linus.private@mail.example"])
async def test_a_second_slack_account_of_the_requester_decides_nothing(world, mail):
    """An account that nobody proved to be theirs speaks for nobody, whatever its address is."""
    world.slack.add_user("U0LINUS2", name="linus2", real_name="Grace Hopper", email=mail)
    world.slack.update_channel(
        world.channel("data-owners"), members=["U0GRACE", "U0LINUS", "U0LINUS2", "U0WICKET"]
    )
    await asks(world, "linus")
    message = await reads(world, "grace")
    second = world.slack.person("U0LINUS2")
    await second.click(message, "approval.approve")
    forged = submitted("U0LINUS2", "form.approve", {"rationale": "ok"}, metadata=grant_of(message))
    await world.slack.send(forged, kind="interactive")
    if "lovelace" in mail:  # a proposal that Linus would have to prove with his password
        await second.sees("First I need to know")
    else:
        await second.sees("can't tell who you are", channel=world.channel("data-owners"))
    assert second.view is None
    assert not [a for a in await world.actions() if a.startswith("approval")]
    assert await world.holders("prod-db") == set()


async def test_a_channel_member_who_is_no_approver_is_told_who_can_and_security_is_told_once(world):
    """Five clicks are one exception that counts to five; the buttons stay for those who may."""
    await asks(world, "ada")
    message = await reads(world, "bob")
    bob, channel = world.person("bob"), world.channel("data-owners")
    for _ in range(5):
        await bob.click(message, "approval.approve")
    whisper = await bob.sees("can't decide this one", channel=channel)
    assert whisper.ephemeral
    assert "*prod-db* belongs to Data Platform" in whisper.text
    assert "Grace Hopper and Linus Pauling can" in whisper.plain
    assert "Nothing was changed" in whisper.plain
    assert not [m for m in world.person("grace").messages(channel) if m.says("can't decide this one")]
    security = world.channel("security")
    await world.person("alan").sees("5 times", channel=security)
    assert (
        len([m for m in world.person("alan").messages(security) if m.says("Bob Noyce (bob) tried to decide")])
        == 1
    )
    assert (await world.actions()).count("approval.refused refused") == 5
    assert bob.view is None
    await approves(world, "grace")
    await world.person("ada").sees("✅ prod-db")


async def test_a_form_sent_by_somebody_who_never_may_changes_nothing(world):
    """Without a click before it: policy is asked at the submission as well (promise 3)."""
    await asks(world, "ada")
    grant = grant_of(await reads(world, "bob"))
    for user in ("U0BOB", "U0CHARLES", "U0ADA", "U0EVE", "U0ALAN"):
        for form in ("form.approve", "form.deny"):
            [delivery] = await world.slack.send(
                submitted(user, form, {"rationale": "let it be"}, metadata=grant), kind="interactive"
            )
            assert "can't decide this one" in str(delivery.body), user
    assert (await world.actions()).count("approval.refused refused") == 10
    assert (await reads(world, "grace")).buttons
    assert await world.holders("prod-db") == set()


async def test_a_click_after_lapse_or_withdrawal_changes_nothing(world):
    """The message loses its buttons; who still sees them hears why there is nothing to decide."""
    channel = world.channel("data-owners")
    status = await asks(world, "ada")
    taken_back = await reads(world, "grace")
    form = await opens(world, "grace", taken_back, "approval.approve")
    await world.person("ada").click(status, "request.withdraw")
    late = await world.person("grace").submit(form, {"rationale": "ok"})
    assert "took this back" in late.view.plain
    await world.person("linus").click(taken_back, "approval.approve", stale=True)
    await world.person("linus").sees("took this back", channel=channel)
    await asks(world, "bob", "prod-db for 1h because INC-9")
    lapsing = await world.person("grace").sees("Bob Noyce (bob", channel=channel)
    form = await opens(world, "grace", lapsing, "approval.approve")
    world.clock.skip(hours=24, seconds=1)
    late = await world.person("grace").submit(form, {"rationale": "ok"})
    assert "lapsed" in late.view.plain
    await world.person("linus").click(lapsing, "approval.deny", stale=True)
    await world.person("linus").sees("lapsed", channel=channel)
    await world.person("bob").sees("did not answer in time")
    assert await world.holders("prod-db") == set()
    actions = await world.actions()
    assert "approval.given done" not in actions
    assert actions.count("approval.late refused") == 4


async def test_an_approver_who_lost_the_group_cannot_use_an_open_form(world):
    """Policy is asked again at the submission, with the directory as it is then."""
    await asks(world, "ada")
    form = await opens(world, "grace", await reads(world, "grace"), "approval.approve")
    await world.directory.take_from_group("data-platform-owners", "p-grace")
    late = await world.person("grace").submit(form, {"rationale": "ok"})
    assert "can't decide this one" in late.view.plain
    await world.person("alan").sees("Grace Hopper (grace) tried to decide", channel=world.channel("security"))
    assert await world.holders("prod-db") == set()


async def test_names_in_a_payload_are_not_believed(world):
    """SL-1: the id is looked up; a name, a team or an e-mail beside it counts for nothing (promise 5)."""
    await asks(world, "ada")
    grant = grant_of(await reads(world, "grace"))
    payload = clicked("U0BOB", "approval.approve", grant)
    payload["user"] = {
        "id": "U0BOB",
        "username": "grace",
        "name": "Grace Hopper",
        "team_id": "T0WICKET",
        "is_admin": True,
    }
    await world.slack.send(payload, kind="interactive")
    await world.person("bob").sees("can't decide this one", channel=world.channel("data-owners"))
    assert world.person("grace").view is None
