"""The request form over the wire: every way leads to it, it says what would happen, and it sends several things."""

import asyncio

import pytest
from sqlmodel import select

from storage import links
from storage.records import Grant
from tests.wire.steps import SECURITY, approve, ask, deny, held_by, undecided

DATA, PLATFORM = "C0DATAOWN", "C0PLATFORM"


async def opened(world, login: str = "ada"):
    """The form, opened by command."""
    person = world.person(login)
    await person.slash("/wicket", "request")
    return person, await person.sees_view("What do you need?")


async def chosen(world, login: str, *things: str, minutes: int = 0, report: str = ""):
    """The form with these things, this time and this report chosen in it."""
    person, form = await opened(world, login)
    if report:
        await person.choose(form, "for", report)
    if things:
        await person.choose(form, "entitlement", list(things))
    if minutes:
        await person.choose(form, "length", str(minutes))
    return person, await person.sees_view("Nothing is sent yet")


def lengths(form) -> dict[str, str]:
    """The times offered, and what each would take."""
    menu = form.inputs["length"]
    return {one["text"]["text"]: one.get("description", {}).get("text", "") for one in menu["options"]}


def last_line(form, about: str) -> str:
    """What the form says about one thing."""
    return next(line for line in form.plain.splitlines() if f"{about}:" in line)


# Ways to it.


async def by_command(world):
    await world.person("ada").slash("/wicket", "request")


async def by_shortcut(world):
    await world.person("ada").shortcut("shortcut.ask")


async def by_home(world):
    ada = world.person("ada")
    await ada.open_home()
    await world.until(lambda: ada.home is not None and "Ask for access" in ada.home.plain)
    await ada.click(ada.home, "ask.request")


async def by_words(world):
    ada = world.person("ada")
    await ada.say("I need access to something")
    await ada.click(await ada.sees("Choose from what there is"), "ask.request")


async def by_message(world):
    ada = world.person("ada")
    await ada.shortcut("shortcut.from_message", await ada.say("lunch?", channel=world.channel("general")))


async def test_every_way_leads_to_the_same_form(world):
    for way in (by_command, by_shortcut, by_home, by_words, by_message):
        world.person("ada").reload()
        await way(world)
        form = await world.person("ada").sees_view("What do you need?")
        assert list(form.inputs) == ["entitlement", "length", "duration", "justification", "ticket", "for"]
        assert form.submit["text"] == "Send request"
        assert not [action for action in await world.actions() if action.startswith("grant")]


@pytest.mark.parametrize("way", [by_command, by_shortcut, by_home, by_words])
async def test_a_form_that_slack_would_not_open_is_asked_for_once_more(world, way):
    """The trigger was too old: a kind sentence, and nothing happened (SL-4)."""
    world.slack.faults.expire_triggers()
    await way(world)
    await world.person("ada").sees("That took too long, so Slack would not open the form")
    world.slack.faults.expire_triggers(on=False)
    assert world.person("ada").view is None


# What would happen.


FORETOLD = [
    ("ada", "grafana-edit", 120, "✅ grafana-edit: you will have it at once, for 2 hours."),
    (
        "ada",
        "prod-db",
        120,
        "⏳ prod-db: needs one approval from Data Platform, because it is production and its",
    ),
    ("ada", "github-admin", 60, "one approval from Platform and one approval from the security team"),
    ("ada", "prod-admin", 0, "prod-admin: say for how long."),
    (
        "eve",
        "prod-admin",
        0,
        "⛔ prod-admin: not possible. Contractors cannot hold administrative access.",
    ),
    (
        "eve",
        "grafana-edit",
        60,
        "needs one approval from Observability, because the person who asks is a contractor",
    ),
    (
        "eve",
        "github-admin",
        60,
        "⛔ github-admin: not possible. Contractors cannot hold administrative access.",
    ),
    ("grace", "staging-db", 60, "✅ staging-db: you already hold it, standing."),
    ("ada", "crm-read", 0, "crm-read: say for how long."),
]


async def test_before_sending_the_form_says_what_would_happen(world):
    """At once, by whose approval and why, or not at all and why; policy is asked, and nothing is recorded."""
    before = await world.actions()
    for login, thing, minutes, said in FORETOLD:
        person, _ = await chosen(world, login, thing, minutes=minutes if thing != "prod-admin" else 0)
        assert said in (await person.sees_view(said)).plain
        assert set((await world.actions())[len(before) :]) <= {"log.walked done"}
        person.reload()


async def test_the_times_offered_are_those_that_policy_allows_for_this_person_and_thing(world):
    ada, form = await opened(world)
    assert set(lengths(form).values()) == {""}
    await ada.choose(form, "entitlement", "grafana-edit")
    form = await ada.sees_view("say for how long")
    assert lengths(form) == dict.fromkeys(
        ["15 minutes", "30 minutes", "1 hour", "2 hours", "4 hours", "8 hours"], "at once"
    )
    await ada.choose(form, "entitlement", ["grafana-edit", "github-admin"])
    form = await ada.sees_view("github-admin: say")
    assert lengths(form) == dict.fromkeys(["15 minutes", "30 minutes", "1 hour", "2 hours"], "needs approval")
    await ada.choose(form, "entitlement", "crm-read")
    form = await ada.sees_view("crm-read: say")
    assert lengths(form)["8 hours"] == "at once"
    assert lengths(form)["1 day"] == "needs approval"
    await ada.close_view()
    _eve, form = await chosen(world, "eve", "crm-read")
    assert set(lengths(form).values()) == {"needs approval"}


async def test_a_time_that_is_no_longer_possible_is_not_sent_unseen(world):
    """Eight hours chosen, then something that may last for two: the choice is gone from the menu, and is asked for."""
    ada, form = await chosen(world, "ada", "grafana-edit", minutes=480)
    assert held_by(form)["minutes"] == 480
    await ada.choose(form, "entitlement", "github-admin")
    form = await ada.sees_view("⛔ github-admin: not possible. That is longer than this access may last.")
    assert held_by(form)["minutes"] is None
    refused = await ada.submit(form, {"justification": "INC-1"})
    assert "Choose for how long" in refused.errors["duration"]
    await ada.choose(form, "length", "60")
    await ada.sees_view("⏳ github-admin: needs")
    assert (await ada.submit(form, {"justification": "INC-1"})).closed


async def test_another_time_is_written_and_counts_before_the_menu(world):
    ada, form = await chosen(world, "ada", "grafana-edit", minutes=60)
    await ada.choose(form, "duration", "95 min")
    form = await ada.sees_view("for 1 hour 35 minutes")
    assert (await ada.submit(form, {"justification": "INC-1"})).closed
    await ada.sees("✅ grafana-edit")
    (grant,) = await grants_of(world)
    assert grant.minutes == 95


async def test_of_two_changes_at_once_the_form_shows_the_newer(world):
    """Both carry the same version of the form: the older answer neither covers the newer one nor keeps it out."""
    ada, form = await chosen(world, "ada", "grafana-edit", minutes=30)
    world.slack.faults.delay("views.update", 0.2)
    for first, second in (("60", "120"), ("480", "15"), ("240", "60")):
        await together(ada.choose(form, "length", first), ada.choose(form, "length", second))
        hours = {"120": "2 hours", "15": "15 minutes", "60": "1 hour"}[second]
        assert f"at once, for {hours}." in ada.view.plain


async def test_while_the_directory_is_away_the_form_says_so_and_stays(world):
    """Unknown is not none (promise 7), and no message for every letter."""
    ada, form = await opened(world)
    world.faulty.error()
    await ada.choose(form, "entitlement", "prod-db")
    form = await ada.sees_view("I can't read the directory right now")
    assert held_by(form)["entitlements"] == ["prod-db"]
    assert ada.messages() == []
    world.faulty.mend()
    await ada.choose(form, "length", "60")
    await ada.sees_view("⏳ prod-db: needs one approval from Data Platform")


# Several at once.


async def grants_of(world):
    return await world.database.read(lambda tx: list(tx.exec(select(Grant).order_by(Grant.id)).all()))


async def together(*deeds):
    await asyncio.gather(*deeds)


async def test_several_things_are_asked_for_together_and_each_is_decided_on_its_own(world):
    ada, form = await chosen(world, "ada", "prod-db", "grafana-edit", "k8s-deploy", minutes=60)
    sent = await ada.submit(form, {"justification": "INC-4711", "ticket": "INC-4711"})
    assert sent.closed
    await ada.sees("✅ grafana-edit")
    await ada.sees("⏳ prod-db", "waiting for Data Platform")
    await ada.sees("⏳ k8s-deploy", "waiting for Platform")
    await approve(world.person("grace"), DATA, "prod-db")
    await deny(world.person("edsger"), PLATFORM, "k8s-deploy", "not during the freeze")
    await ada.sees("✅ prod-db")
    await ada.sees("⛔ k8s-deploy", "was denied by Edsger Dijkstra")
    actions = await world.actions()
    assert actions.count("grant.requested done") == 2
    assert actions.count("grant.approved done") == 2
    assert {one.minutes for one in await grants_of(world)} == {60}


async def test_several_things_that_were_named_in_words_stand_in_the_form_already(world):
    ada = world.person("ada")
    said = await ada.say("I need prod-db, grafana-edit and k8s-deploy for 1h because INC-4711")
    await ada.click(await ada.sees("one thing at a time", after=said.ts), "ask.request")
    form = await ada.sees_view("What do you need?")
    sent = await ada.submit(form, {"duration": "1h", "justification": "INC-4711"})
    assert sent.closed
    await ada.sees("✅ grafana-edit")
    await ada.sees("⏳ prod-db", "waiting for Data Platform")
    await ada.sees("⏳ k8s-deploy", "waiting for Platform")


async def test_the_one_name_that_is_near_stands_in_the_form_and_of_several_none(world):
    """Nobody writes a whole sentence once more for a slip, and between two names nothing is guessed."""
    ada = world.person("ada")
    said = await ada.say("I need grafana-edti for 1h because INC-4711")
    await ada.click(await ada.sees("Did you mean grafana-edit?", after=said.ts), "ask.request")
    form = await ada.sees_view("What do you need?")
    assert not [action for action in await world.actions() if action.startswith("grant")]
    assert (await ada.submit(form, {"duration": "1h", "justification": "INC-4711"})).closed
    await ada.sees("✅ grafana-edit")
    said = await ada.say("I need pord-db for 1h because INC-4711")
    assert (await ada.sees("Did you mean", after=said.ts)).buttons == {}


async def test_whoever_asks_about_a_name_that_is_near_is_not_led_to_ask_for_it(world):
    """Who owns it, or why it was refused, is no wish to have it."""
    ada = world.person("ada")
    for question in ("who owns grafana-edti?", "am I in grafana-edti?", "why was I refused grafana-edti?"):
        said = await ada.say(question)
        back = await ada.sees("Did you mean grafana-edit?", "write it once more", after=said.ts)
        assert back.buttons == {}, question


async def test_what_cannot_be_sent_is_named_at_the_end_and_the_rest_goes(world):
    """One is held already, one waits already, one is never given; the other two go."""
    await ask(world.person("ada"), "I need k8s-deploy for 1h because INC-1")
    await world.person("ada").sees("⏳ k8s-deploy")
    ada, form = await chosen(
        world, "ada", "wiki-edit", "prod-db", "k8s-deploy", "grafana-edit", "prod-admin", minutes=0
    )
    said = await ada.submit(form, {"duration": "2h", "justification": "INC-4711"})
    note = said.view.plain
    assert "Sent: prod-db and grafana-edit." in note
    assert "wiki-edit: you already hold it, standing." in note
    assert "k8s-deploy: it is asked for already and waits." in note
    assert "prod-admin: That is longer than this access may last." in note
    await ada.sees("✅ grafana-edit")
    await undecided(world.person("grace"), DATA, "prod-db")
    actions = await world.actions()
    assert "grant.already_held refused" in actions
    assert "grant.already_asked refused" in actions
    assert "grant.refused refused" in actions


async def test_a_draft_becomes_the_one_of_several_that_it_was_about(world):
    """One thing keeps one message."""
    ada = world.person("ada")
    await ada.say("I need prod-db for 2h because INC-4711")
    draft = await ada.sees("You are asking for")
    await ada.click(draft, "draft.change")
    form = await ada.sees_view("What do you need?")
    assert held_by(form)["minutes"] == 120
    await ada.choose(form, "entitlement", ["grafana-edit", "prod-db"])
    assert (await ada.submit(form)).closed
    waiting = await ada.sees("⏳ prod-db")
    assert waiting.ts == draft.ts
    await ada.sees("✅ grafana-edit")
    assert len(await grants_of(world)) == 2


# The ticket.


async def test_a_ticket_of_its_own_is_seen_by_whoever_approves(world):
    """Whole, as it was typed, and dead: a link in it is text (promise 9, SL-9)."""
    link = "https://tracker.example.com/browse/INC-4711?x=" + "a" * 150
    ada, form = await chosen(world, "ada", "prod-db", minutes=60)
    refused = await ada.submit(form, {"justification": "the export hangs", "ticket": "the usual one"})
    assert "INC-4711" in refused.errors["ticket"]
    assert (await ada.submit(form, {"ticket": link})).closed
    asked = await undecided(world.person("grace"), DATA, "prod-db")
    assert f"Ticket  {link}" in asked.plain


# For a report.


async def test_a_manager_asks_for_a_report_and_both_are_told(world):
    """R-3: the report holds it, the requester asked for it, and an approver who is neither decides."""
    charles, form = await chosen(world, "charles", "prod-db", minutes=120, report="U0ADA")
    assert "⏳ prod-db: needs one approval from Data Platform" in form.plain
    assert (await charles.submit(form, {"justification": "INC-4711"})).closed
    await charles.sees("⏳ prod-db · read and write for Ada Lovelace", "waiting for Data Platform")
    ada = world.person("ada")
    await ada.sees("⏳ prod-db", "Charles Babbage asked for it for you", "INC-4711")
    asked = await undecided(world.person("grace"), DATA, "prod-db")
    assert "Who  Charles Babbage (charles" in asked.plain
    assert "For  Ada Lovelace (ada), who reports to the requester" in asked.plain
    assert "Ada Lovelace holds" in asked.plain
    await approve(world.person("grace"), DATA, "prod-db")
    held = await ada.sees("✅ prod-db", "is yours until")
    await charles.sees("✅ prod-db · read and write for Ada Lovelace")
    assert await world.holders("prod-db") == {"ada"}
    await ada.say("what access do I have?")
    assert "prod-db, until" in (await ada.sees("You hold")).plain
    await ada.click(held, "grant.give_back")
    await ada.sees("⌛ prod-db", "ended", "Ada Lovelace gave it back")
    await charles.sees("Ada Lovelace held it for")
    assert await world.holders("prod-db") == set()


async def test_low_risk_is_given_to_a_report_at_once(world):
    charles, form = await chosen(world, "charles", "grafana-edit", minutes=60, report="U0ADA")
    assert "Ada Lovelace will have it at once" in form.plain
    await charles.submit(form, {"justification": "on call"})
    await world.person("ada").sees("✅ grafana-edit", "is yours until")
    assert "ada" in await world.holders("grafana-edit")
    assert "charles" not in await world.holders("grafana-edit")


@pytest.mark.parametrize("who", ["U0BOB", "U0KATHERINE", "U0MALLORY", "U0NOBODY"])
async def test_nobody_asks_for_somebody_who_does_not_report_to_them(world, who):
    """Another's report, one who is not linked, an outsider, nobody: the same words, on the record, nothing sent."""
    charles, form = await opened(world, "charles")
    await charles.choose(form, "for", who)
    await charles.choose(form, "entitlement", "prod-db")
    await charles.sees_view("I can ask for somebody else only if the directory says that they report to you")
    refused = await charles.submit(form, {"duration": "1h", "justification": "INC-1"})
    assert "report to you" in refused.errors["for"]
    again = await charles.submit(form)
    assert again.errors == refused.errors
    assert (await world.actions()).count("grant.not_a_report refused") == 1
    assert await grants_of(world) == []
    await world.person("alan").sees("Refused: prod-db", "Charles Babbage", channel=SECURITY)
    assert (await charles.submit(form, {"for": None})).closed
    await charles.sees("⏳ prod-db · read and write, 1 hour")


async def test_an_approver_does_not_decide_what_was_asked_for_them(world):
    """Requester, approver and target are three people (promise 5, R-1)."""
    charles, form = await chosen(world, "charles", "prod-db", minutes=60, report="U0GRACE")
    await charles.submit(form, {"justification": "INC-1"})
    grace = world.person("grace")
    await grace.click(await undecided(grace, DATA, "prod-db"), "approval.approve")
    told = await grace.sees("Nobody approves their own request", "Linus Pauling can", channel=DATA)
    assert told.ephemeral
    assert grace.view is None
    await approve(world.person("linus"), DATA, "prod-db")
    await grace.sees("✅ prod-db", "is yours until")
    assert await world.holders("prod-db") == {"grace"}


async def test_who_no_longer_reports_to_the_requester_gets_nothing(world):
    """R-3: asked again at the click, from the live directory (promise 3)."""
    charles, form = await chosen(world, "charles", "prod-db", minutes=60, report="U0ADA")
    await charles.submit(form, {"justification": "INC-1"})
    asked = await undecided(world.person("grace"), DATA, "prod-db")
    await world.directory.change_account("p-ada", manager="p-mary")
    await world.person("grace").click(asked, "approval.approve")
    await charles.sees("is not granted after all", "does not report to the requester any more")
    await world.person("ada").sees("was not given to you")
    assert await world.holders("prod-db") == set()


async def test_administration_is_not_asked_for_others(world):
    """Policy permits what may be asked for a report."""
    _charles, form = await chosen(world, "charles", "github-admin", report="U0EDSGER")
    assert (
        "⛔ github-admin: not possible. Administrative access is asked for by whoever is to hold it."
        in form.plain
    )


async def test_what_a_report_has_or_waits_for_is_not_asked_for_twice(world):
    """Theirs counts, not the requester's."""
    await ask(world.person("ada"), "I need prod-db for 1h because INC-1")
    await world.person("ada").sees("⏳ prod-db")
    charles, form = await chosen(world, "charles", "prod-db", "wiki-edit", minutes=60, report="U0ADA")
    assert "⏳ prod-db: it is asked for already and waits." in form.plain
    assert "✅ wiki-edit: Ada Lovelace already holds it, standing." in form.plain
    said = await charles.submit(form, {"justification": "INC-1"})
    assert "Nothing was sent." in said.view.plain
    assert "wiki-edit: Ada Lovelace already holds it, standing." in said.view.plain


async def test_asking_again_for_a_report_is_for_the_report(world):
    charles, form = await chosen(world, "charles", "prod-db", minutes=60, report="U0ADA")
    await charles.submit(form, {"justification": "INC-1"})
    await deny(world.person("grace"), DATA, "prod-db", "which table?")
    await charles.click(await charles.sees("was denied by Grace Hopper"), "request.again")
    assert held_by(await charles.sees_view("What do you need?"))["for"] == "U0ADA"


async def test_when_the_report_leaves_it_ends_and_when_the_manager_leaves_it_stays(world):
    """What was given is the report's; what still waits dies with either (J-1)."""
    charles, form = await chosen(world, "charles", "grafana-edit", "prod-db", minutes=60, report="U0ADA")
    await charles.submit(form, {"justification": "INC-1"})
    await world.person("ada").sees("✅ grafana-edit")
    await world.directory.switch("p-charles", active=False)
    await world.app.compare()
    await world.person("ada").sees("prod-db", "was not given to you")
    assert "ada" in await world.holders("grafana-edit")
    await world.directory.switch("p-ada", active=False)
    await world.app.compare()

    async def gone() -> bool:
        return "ada" not in await world.holders("grafana-edit")

    await world.until(gone)


async def test_asking_again_for_a_report_who_is_linked_no_more_says_so(world):
    """An empty field means oneself: nobody asks for themselves unawares what they asked for another."""
    charles, form = await chosen(world, "charles", "prod-db", minutes=60, report="U0ADA")
    await charles.submit(form, {"justification": "INC-1"})
    await deny(world.person("grace"), DATA, "prod-db", "which table?")
    link = await world.database.read(lambda tx: links.link_of_user(tx, "U0ADA"))
    await world.database.write(lambda tx: links.suspend(tx, link.id, mail=link.mail))
    await charles.click(await charles.sees("was denied by Grace Hopper"), "request.again")
    again = await charles.sees_view("What do you need?")
    assert held_by(again)["for"] is None
    assert "This was for Ada Lovelace" in again.plain


async def test_before_the_end_of_a_reports_access_both_are_told_and_nothing_is_offered_that_cannot_be(world):
    """It is asked for anew, so that both are asked about: there is no one tap for it."""
    charles, form = await chosen(world, "charles", "grafana-edit", minutes=60, report="U0ADA")
    await charles.submit(form, {"justification": "on call"})
    ada = world.person("ada")
    await ada.sees("✅ grafana-edit", "is yours until")
    world.clock.skip(minutes=55)
    for person in (charles, ada):
        told = await person.sees("⏳ grafana-edit · edit for Ada Lovelace ends")
        assert list(told.buttons) == ["grant.give_back"]
    await ada.click(told, "grant.give_back")
    await charles.sees("Ada Lovelace held it for")
