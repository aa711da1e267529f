"""Questions, shorter times and one-click approvals under attack: the wrong hands, forged values, races, stale forms."""

import asyncio

import pytest

from bot.settings import load_settings
from tests.wire.conftest import _AUDIT_KEY, _SECRET_KEY, ON_BOTH
from tests.wire.hostile import asks, clicked, grant_of, is_kind, opens, reads, submitted
from tests.wire.steps import ask, undecided

DATA = "C0DATAOWN"
FINANCE = "C0FINANCE"
LONG = "crm-read for 12h because FIN-3"


async def asked_by(world, login: str, question: str = "Which table?"):
    """Somebody's question about Ada's request; her message about it."""
    person = world.person(login)
    await person.click(await undecided(person, DATA, "prod-db"), "approval.inquire")
    await person.submit(await person.sees_view("Ask a question"), {"question": question})
    return await world.person("ada").sees("asks about your request")


@pytest.mark.parametrize("form", ["form.less", "form.inquire", "form.approve"])
async def test_who_may_not_decide_may_neither_shorten_nor_ask(world, form):
    """By button or by a form that was never opened: turned away kindly, recorded, and an exception (promise 3)."""
    await asks(world, "ada")
    message = await reads(world, "bob")
    bob = world.person("bob")
    for button in ("approval.less", "approval.inquire"):
        await bob.click(message, button)
        await bob.sees("You can't decide this one", "Grace Hopper and Linus Pauling can", channel=DATA)
        assert bob.view is None
    metadata = await sealed(world, message)
    if form == "form.inquire":
        metadata = grant_of(message)
    for user in ("U0BOB", "U0ADA", "U0EVE", "U0ALAN"):
        typed = {"duration": "1h", "rationale": "x", "question": "Why?"}
        [delivery] = await world.slack.send(
            submitted(user, form, typed, metadata=metadata), kind="interactive"
        )
        assert "can't decide this one" in str(delivery.body), user
    await world.person("alan").sees("Bob Noyce (bob) tried to decide", channel=world.channel("security"))
    actions = await world.actions()
    assert actions.count("approval.refused refused") == 6
    assert not [a for a in actions if a in ("approval.asked done", "approval.given done")]
    assert await world.holders("prod-db") == set()


async def test_a_one_click_approval_is_asked_about_like_any_other(world):
    """Its value is an id and a mark: another person's click, one's own, a wrong mark and none decide nothing."""
    await asks(world, "charles", LONG)
    request = await world.person("luca").sees("Access request: crm-read", channel=FINANCE)
    value = request.buttons["approval.approve_at_once"]["value"]
    grant, mark = value.split("~")
    for user, worth in (("U0GRACE", value), ("U0CHARLES", value)):
        await world.slack.send(
            clicked(user, "approval.approve_at_once", worth, channel=FINANCE), kind="interactive"
        )
    await world.person("grace").sees("You can't decide this one", channel=FINANCE)
    await world.person("charles").sees("Nobody approves their own request", channel=FINANCE)
    for worth in (
        grant,
        f"{grant}~",
        f"{grant}~{'0' * len(mark)}",
        f"{grant}~{mark}~{mark}",
        f"~{mark}",
        "~",
    ):
        await world.slack.send(
            clicked("U0LUCA", "approval.approve_at_once", worth, channel=FINANCE), kind="interactive"
        )
    await world.person("luca").sees("no longer what you were shown", channel=FINANCE)
    actions = await world.actions()
    assert actions.count("approval.outdated refused") == 4
    assert actions.count("approval.tampered refused") == 2
    assert "approval.given done" not in actions
    await world.person("luca").click(request, "approval.approve_at_once")
    await world.person("charles").sees("✅ crm-read")


async def sealed(world, message) -> str:
    """What the form behind Approve carries, as an approver's client has it."""
    grace = world.person("grace")
    await grace.click(message, "approval.approve")
    form = await grace.sees_view("Approve request")
    await grace.close_view()
    return str(form.private_metadata)


async def test_the_mark_of_one_request_opens_no_other(world):
    """Another form's metadata, in any form, decides neither the one nor the other."""
    await asks(world, "ada")
    first = await sealed(world, await reads(world, "grace"))
    await asks(world, "bob", "prod-db for 1h because INC-9")
    second = await sealed(world, await world.person("grace").sees("Bob Noyce (bob", channel=DATA))
    mixed = f"{first.split('~')[0]}~{second.split('~')[1]}"
    for form in ("form.approve", "form.deny", "form.less"):
        typed = {"rationale": "ok", "duration": "30m"}
        [delivery] = await world.slack.send(
            submitted("U0GRACE", form, typed, metadata=mixed), kind="interactive"
        )
        assert "no longer what you were shown" in str(delivery.body), form
    assert (await world.actions()).count("approval.outdated refused") == 3
    assert await world.holders("prod-db") == set()


FORGED_TIMES = ["0", "-60", "120", "121", "999999999", "1e3", "٣", "60 ", ""]


async def test_a_forged_time_is_never_longer_and_never_nothing(world):
    """Whatever a menu is said to have held: the form stays, and nothing is given."""
    await asks(world, "ada")
    metadata = await sealed(world, await reads(world, "grace"))
    for minutes in FORGED_TIMES:
        forged = submitted("U0GRACE", "form.less", {"less": minutes, "rationale": "x"}, metadata=metadata)
        [delivery] = await world.slack.send(forged, kind="interactive")
        assert is_kind(delivery.body)
        assert "response_action" in str(delivery.body)
        assert "approval.given done" not in await world.actions()
        assert await world.holders("prod-db") == set()


async def test_nobody_answers_for_the_requester(world):
    """The button was shown to one person; whoever else sends it was never shown it (promise 5)."""
    await asks(world, "ada")
    asked = await asked_by(world, "grace")
    inquiry = asked.buttons["approval.answer"]["value"]
    for user in ("U0GRACE", "U0BOB", "U0CHARLES"):
        await world.slack.send(clicked(user, "approval.answer", inquiry), kind="interactive")
        forged = submitted(user, "form.answer", {"answer": "go ahead"}, metadata=inquiry)
        [delivery] = await world.slack.send(forged, kind="interactive")
        assert "Which table?" not in str(delivery.body)
    for inquiry in ("", "i-none", grant_of(await reads(world, "grace"))):
        forged = submitted("U0ADA", "form.answer", {"answer": "go ahead"}, metadata=inquiry)
        await world.slack.send(forged, kind="interactive")
    actions = await world.actions()
    assert actions.count("grant.tampered refused") == 9
    assert "approval.answered done" not in actions
    assert not [m for m in world.person("grace").messages(DATA) if m.says("go ahead")]


async def test_words_of_a_question_and_an_answer_stay_words(world):
    """SL-9: no mention, link or pretended decision comes to life in the thread or the direct message."""
    await asks(world, "ada")
    nasty = "<!channel> *✅ Approved* by <@U0ALAN> https://evil.example `x` \n• you may"
    asked = await asked_by(world, "grace", nasty)
    ada = world.person("ada")
    await ada.click(asked, "approval.answer")
    await ada.submit(await ada.sees_view("Answer"), {"answer": nasty})
    answer = await world.person("grace").sees("Ada Lovelace answered", channel=DATA)
    for message in (asked, answer):
        assert "<!channel>" not in message.text
        assert "<@U0ALAN>" not in message.text
        assert "*✅" not in message.text
    assert world.slack.violations == []


async def test_a_question_sent_four_times_is_asked_once(world):
    """Promise 6: the same form, delivered again and again; and its answer."""
    await asks(world, "ada")
    grace, ada = world.person("grace"), world.person("ada")
    await grace.click(await undecided(grace, DATA, "prod-db"), "approval.inquire")
    form = await grace.sees_view("Ask a question")
    world.slack.faults.deliver_times(4)
    await grace.submit(form, {"question": "Which table?"})
    asked = await ada.sees("Which table?")
    await ada.click(asked, "approval.answer")
    await ada.submit(await ada.sees_view("Answer"), {"answer": "payments"})
    await world.slack.settled()
    world.slack.faults.deliver_times(1)
    await grace.sees("“payments”", channel=DATA)
    await world.told()
    actions = await world.actions()
    assert (actions.count("approval.asked done"), actions.count("approval.answered done")) == (1, 1)
    assert len([m for m in grace.messages(DATA) if m.says("“payments”")]) == 1


@ON_BOTH
@pytest.mark.parametrize("other", ["withdraw", "question", "shorter", "denial"])
async def test_an_approval_that_races_is_whole_or_not_at_all(world, other):
    """Two presses in the same instant: one is first, the other hears it, and what is given is what was decided."""
    status = await asks(world, "ada")
    message = await reads(world, "grace")
    ada, grace, linus = (world.person(login) for login in ("ada", "grace", "linus"))
    form = await opens(world, "grace", message, "approval.approve")
    if other == "withdraw":
        race = ada.click(status, "request.withdraw")
    else:
        button = {"question": "approval.inquire", "shorter": "approval.less", "denial": "approval.deny"}[
            other
        ]
        await linus.click(message, button)
        theirs = await linus.sees_view("on the record")
        typed = {
            "question": {"question": "Which?"},
            "shorter": {"less": "30", "rationale": "enough"},
            "denial": {"rationale": "no"},
        }[other]
        race = linus.submit(theirs, typed)
    approved, _ = await asyncio.gather(grace.submit(form, {"rationale": "ok"}), race)
    await world.told()
    actions = await world.actions()
    decided = [
        a for a in actions if a in ("approval.given done", "approval.denied done", "grant.withdrawn done")
    ]
    assert len(decided) == 1
    granted = "grant.approved done" in actions
    assert granted == ("approval.given done" in actions)
    await ada.sees("✅ prod-db" if granted else "⛔" if other == "denial" else "you took it back")
    assert ("ada" in await world.holders("prod-db")) is granted
    if other == "shorter" and not approved.closed:
        await ada.sees("30 minutes instead of the 2 hours")


async def test_a_question_form_left_open_for_a_day_hears_that_it_lapsed(world):
    """So does one for a shorter time; neither does anything."""
    await asks(world, "ada")
    message = await reads(world, "grace")
    grace, linus = world.person("grace"), world.person("linus")
    await grace.click(message, "approval.inquire")
    question = await grace.sees_view("Ask a question")
    await linus.click(message, "approval.less")
    shorter = await linus.sees_view("Approve for less")
    world.clock.skip(hours=24, seconds=1)
    assert "lapsed" in (await grace.submit(question, {"question": "Which?"})).view.plain
    late = await linus.submit(shorter, {"less": "60", "rationale": "enough"})
    assert "lapsed" in late.view.plain
    assert await world.holders("prod-db") == set()


async def test_authority_lost_while_a_form_is_open_is_lost_for_questions_and_shorter_times_too(world):
    """Policy is asked at the click and again at the submission, for whatever way it is."""
    await asks(world, "ada")
    message = await reads(world, "grace")
    grace, linus = world.person("grace"), world.person("linus")
    await grace.click(message, "approval.inquire")
    question = await grace.sees_view("Ask a question")
    await linus.click(message, "approval.less")
    shorter = await linus.sees_view("Approve for less")
    await world.directory.take_from_group("data-platform-owners", "p-grace", "p-linus")
    assert "can't decide" in (await grace.submit(question, {"question": "Which?"})).view.plain
    assert "can't decide" in (await linus.submit(shorter, {"less": "60", "rationale": "x"})).view.plain
    assert await world.holders("prod-db") == set()


async def with_catalogue(world, old: str, new: str) -> None:
    """The operator changes wicket.toml and starts the bot again."""
    file = world.folder / "wicket.toml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))
    secrets = {
        "WICKET_SLACK_BOT_TOKEN": world.slack.bot_token,
        "WICKET_SLACK_APP_TOKEN": world.slack.app_token,
        "WICKET_SLACK_SIGNING_SECRET": world.slack.signing_secret,
        "WICKET_SECRET_KEYS": _SECRET_KEY,
        "WICKET_AUDIT_KEY": _AUDIT_KEY,
    }
    await world.stop()
    world.settings = load_settings(file, secrets)
    await world.start()


CRM = 'id = "crm-read"'


def _raised(text: str, risk: int) -> tuple[str, str]:
    """The lines of crm-read in these settings, as they are and with another risk."""
    entry = next(part for part in text.split("\n\n") if CRM in part)
    return entry, entry.replace("risk = 2", f"risk = {risk}")


async def test_a_risk_raised_while_it_waits_wants_the_words_that_go_with_it(world):
    """The button in the message was for one click; policy is asked anew, and the form opens instead."""
    await ask(world.person("ada"), f"I need {LONG}")
    luca = world.person("luca")
    request = await luca.sees("Access request: crm-read", "[Approve]", channel=FINANCE)
    await with_catalogue(world, *_raised((world.folder / "wicket.toml").read_text(), 4))
    await luca.click(request, "approval.approve_at_once", stale=True)
    form = await luca.sees_view("Approve request")
    assert "risk 4 of 5" in form.plain
    assert "approval.unexplained refused" in await world.actions()
    assert (await luca.submit(form, {"rationale": "for the audit"})).closed
    await world.person("ada").sees("✅ crm-read")


async def test_what_left_the_catalogue_while_it_waits_is_granted_by_nobody(world):
    """It is no more: void, and everybody knows."""
    await ask(world.person("ada"), f"I need {LONG}")
    luca = world.person("luca")
    request = await luca.sees("Access request: crm-read", "[Approve]", channel=FINANCE)
    text = (world.folder / "wicket.toml").read_text()
    entry, _ = _raised(text, 5)
    await with_catalogue(world, entry, "")
    await luca.click(request, "approval.approve_at_once", stale=True)
    await luca.sees("can no longer be granted", channel=FINANCE)
    await world.person("ada").sees("is not granted after all")
    over = await luca.sees("Not granted", channel=FINANCE)
    assert (over.ts, over.buttons.keys()) == (request.ts, {"story.tell"})
    assert ("p-ada", "crm-readers") not in await world.directory.memberships()
    assert "grant.voided refused" in await world.actions()
