"""How access ends, over the wire: on time, given back, kept while something else covers it, never more than we gave."""

import asyncio

from tests.wire.steps import SECURITY, approve, ask

DATA = "C0DATAOWN"


async def test_done_before_its_time_ends_it_now(world):
    """The button takes it back at once, and the message says who ended it."""
    ada, grace = world.person("ada"), world.person("grace")
    await ask(ada, "I need prod-db for 2h because INC-4711")
    await approve(grace, DATA, "prod-db")
    active = await ada.sees("✅ prod-db")
    assert "Give it back now?" in str(active.buttons["grant.give_back"]["confirm"])
    await ada.click(active, "grant.give_back")
    ended = await ada.sees("you gave it back")
    assert ended.ts == active.ts
    assert await world.holders("prod-db") == set()
    over = await grace.sees("⌛ Ended at", channel=DATA)
    assert "given back" in over.plain
    await ada.click(active, "grant.give_back", stale=True)
    await ada.sees("Nothing more to do")
    assert [a for a in await world.actions() if a.startswith("access")] == [
        "access.given done",
        "access.removed done",
    ]


async def test_two_grants_on_one_thing_end_with_the_last(world):
    """The first end takes nothing away while another grant covers it (promise 8)."""
    ada = world.person("ada")
    await ask(ada, "I need grafana-edit for 1h because INC-1")
    first = await ada.sees("✅ grafana-edit")
    await ask(ada, "I need grafana-edit for 3h because INC-2")
    await world.until(lambda: [m.plain[0] for m in ada.messages()].count("✅") == 2)
    world.clock.skip(hours=1, seconds=1)
    ended = await ada.sees("ended at")
    assert ended.ts == first.ts
    assert "ada" in await world.holders("grafana-edit")
    assert "access.kept done" in await world.actions()
    await ada.say("what access do I have?")
    assert "grafana-edit, until" in (await ada.sees("You hold 3 things")).plain
    world.clock.skip(hours=2)
    await world.until(lambda: [m.plain[0] for m in ada.messages()].count("⌛") == 2)
    assert "ada" not in await world.holders("grafana-edit")
    assert [a for a in await world.actions() if a.startswith("access")] == [
        "access.given done",
        "access.given done",
        "access.kept done",
        "access.removed done",
    ]


async def test_standing_membership_from_before_us_stays_after_us(world):
    """Somebody else gave it while the request waited: it is not ours to take away (promise 8)."""
    ada, grace = world.person("ada"), world.person("grace")
    await ask(ada, "I need prod-db for 2h because INC-4711")
    await world.directory.add_member("p-ada", "prod-db-rw")
    await approve(grace, DATA, "prod-db")
    await ada.sees("✅ prod-db")
    world.clock.skip(hours=2, seconds=1)
    await ada.sees("ended at")
    assert "ada" in await world.holders("prod-db")
    actions = await world.actions()
    assert "access.kept done" in actions
    assert "access.removed done" not in actions
    assert world.faulty.calls["add_member"] == 0
    assert world.faulty.calls["remove_member"] == 0


async def test_what_is_held_standing_is_not_asked_for(world):
    """There is nothing to give, and no draft says that they will have it."""
    grace = world.person("grace")
    await grace.say("I need staging-db for 2h because INC-4711")
    await grace.sees("You already hold staging-db, standing")
    assert not any(message.buttons for message in grace.messages())
    assert not any(a.startswith(("grant", "access")) and a.endswith("done") for a in await world.actions())


async def test_what_became_standing_after_the_draft_is_not_asked_for(world):
    """The press is asked again; a second request for what waits is no draft either."""
    ada = world.person("ada")
    await ada.say("I need crm-read for 2h because INC-4711")
    draft = await ada.sees("You are asking for crm-read")
    await world.directory.add_member("p-ada", "crm-readers")
    await ada.click(draft, "draft.send")
    await ada.sees("You already hold crm-read, standing")
    await ask(ada, "I need prod-db for 2h because INC-4711")
    await ada.sees("⏳ prod-db")
    await ada.say("I need prod-db for 1h because INC-4711")
    await ada.sees("You have already asked for this and it is waiting")


async def test_what_somebody_else_took_away_is_not_an_error_at_the_end(world):
    """The directory already agrees; the grant ends on time all the same."""
    ada = world.person("ada")
    await ask(ada, "I need grafana-edit for 1h because INC-1")
    await ada.sees("✅ grafana-edit")
    await world.directory.remove_member("p-ada", "grafana-editors")
    world.clock.skip(hours=1, seconds=1)
    await ada.sees("ended at")
    assert world.person("alan").messages(SECURITY) == []


async def test_many_people_at_once_each_get_their_own(world):
    """Asking, approving and ending side by side; nobody gets what another asked for."""
    wants = {
        "ada": ("crm-read", "I need crm-read for 2h because A-1"),
        "bob": ("grafana-edit", "I need grafana-edit for 2h because B-1"),
        "charles": ("staging-db", "I need staging-db for 2h because C-1"),
        "edsger": ("prod-db", "I need prod-db for 2h because D-1"),
        "mary": ("k8s-deploy", "I need k8s-deploy for 2h because E-1"),
        "luca": ("github-admin", "I need github-admin for 2h because F-1"),
        "joan": ("prod-db", "I need prod-db for 1h because G-1"),
        "eve": ("crm-read", "I need crm-read for 1h because H-1"),
    }
    before = {name: await world.holders(name) for name in {what for what, _ in wants.values()}}
    await asyncio.gather(*(ask(world.person(login), words) for login, (_, words) in wants.items()))
    grace, edsger, luca = world.person("grace"), world.person("edsger"), world.person("luca")
    await asyncio.gather(
        approve(grace, DATA, "“D-1”"),
        approve(world.person("linus"), DATA, "“G-1”"),
        approve(edsger, "C0PLATFORM", "“E-1”"),
        approve(luca, "C0FINANCE", "“H-1”"),
    )
    given = {"ada", "bob", "charles", "edsger", "mary", "joan", "eve"}
    await asyncio.gather(*(world.person(login).sees(f"✅ {wants[login][0]}") for login in given))
    for name, held in before.items():
        assert await world.holders(name) == held | {who for who in given if wants[who][0] == name}
    await luca.sees("waiting for Platform")
    world.clock.skip(hours=2, seconds=1)
    await asyncio.gather(*(world.person(login).sees("ended at") for login in given))
    assert {name: await world.holders(name) for name in before} == before
    actions = await world.actions()
    assert actions.count("access.given done") == actions.count("access.removed done") == len(given)


async def test_giving_back_and_asking_in_the_same_moment_never_cross(world):
    """A removal and an addition of one membership are put in order; what is wanted last holds (promise 6)."""
    ada = world.person("ada")
    await ask(ada, "I need grafana-edit for 2h because INC-1")
    active = await ada.sees("✅ grafana-edit")
    for turn in range(3):
        await ada.slash("/wicket", "request")
        form = await ada.sees_view("What do you need?")
        choices = await ada.options(form, "entitlement", "grafana")
        typed = {"entitlement": choices[0]["value"], "duration": "1h", "justification": f"again {turn}"}
        await asyncio.gather(ada.click(active, "grant.give_back"), ada.submit(form, typed))
        await world.until(lambda old=active: _settled(ada, old))
        active = next(m for m in reversed(ada.messages()) if m.plain.startswith("✅"))
        assert "ada" in await world.holders("grafana-edit")


def _settled(ada, old) -> bool:
    shown = {message.ts: message.plain for message in ada.messages()}
    return shown[old.ts].startswith("⌛ grafana-edit · edit ended") and any(
        text.startswith("✅") for text in shown.values()
    )
