"""While a grant lasts, over the wire: its end is told of, it is extended, given back, or ended by its owner."""

import asyncio
import re
from dataclasses import replace
from datetime import timedelta

from bot.policies import rules_of, sources_of
from handlers.grants.leftovers import Leftovers
from tests.wire.conftest import ON_BOTH
from tests.wire.steps import SECURITY, approve, ask

DATA = "C0DATAOWN"


async def held(world, login: str = "ada"):
    """They have prod-db for two hours, approved by Grace; the message that says so."""
    who = world.person(login)
    await ask(who, "I need prod-db for 2h because INC-4711")
    await approve(world.person("grace"), DATA, "prod-db")
    return await who.sees("✅ prod-db")


async def end(who, message, rationale: str, action: str = "grant.end") -> object:
    """Press the button on a message in the owner's channel and send the form."""
    await who.click(message, action)
    form = await who.sees_view("End access now")
    assert "Ada Lovelace" in form.plain
    return await who.submit(form, {"rationale": rationale})


@ON_BOTH
async def test_the_end_is_told_of_before_and_one_tap_extends(world):
    """The same message then says that it goes on; the first end takes nothing away (promises 1 and 8)."""
    ada = world.person("ada")
    await ask(ada, "I need grafana-edit for 1h because INC-1")
    first = await ada.sees("✅ grafana-edit")
    assert "until" in first.plain
    world.clock.skip(minutes=53)
    assert [m for m in ada.messages() if "ends" in m.plain] == []
    world.clock.skip(minutes=2)
    reminder = await ada.sees("⏳ grafana-edit", "ends")
    assert list(reminder.buttons) == ["grant.give_back", "grant.extend"]
    await ada.click(reminder, "grant.extend")
    settled = await ada.sees("✅ grafana-edit", "goes on until", after=first.ts)
    assert settled.ts == reminder.ts
    world.clock.skip(minutes=6)
    ended = await ada.sees("ended at", "It goes on until")
    assert ended.ts == first.ts
    assert "ada" in await world.holders("grafana-edit")
    await world.told()
    assert [a for a in await world.actions() if a.startswith("access")] == [
        "access.given done",
        "access.given done",
        "access.kept done",
    ]
    assert (
        len([m for m in ada.messages() if "reminder is settled" in m.plain or "goes on until" in m.plain])
        == 2
    )


async def test_what_a_clock_granted_that_was_ahead_says_its_new_end_after_a_start(world):
    """Promise 1: nobody goes on reading of the wrong clock's end, and nothing has to be pressed for it."""
    ada = world.person("ada")
    world.clock.skip(hours=5)
    await ask(ada, "I need grafana-edit for 1h because INC-1")
    first = await ada.sees("✅ grafana-edit", "until")
    world.clock.skip(hours=-5)
    await world.stop()
    await world.start()
    await world.until(lambda: [m for m in ada.messages() if m.ts == first.ts and m.plain != first.plain])
    (now,) = [message for message in ada.messages() if message.ts == first.ts]
    assert now.plain.startswith("✅ grafana-edit")
    until = re.search(r"until <!date\^(\d+)", now.text)
    assert until is not None
    assert int(until[1]) <= (world.clock.now() + timedelta(hours=1)).timestamp()
    assert "grant.ends_sooner done" in await world.actions()


async def test_an_extension_that_needs_approval_says_what_it_is(world):
    """The owner reads that it is held, since when and until when; both messages of the requester follow."""
    ada, grace = world.person("ada"), world.person("grace")
    first = await held(world)
    await ada.click(first, "grant.extend")
    request = await grace.sees("Extension: prod-db", "[Approve…]", channel=DATA)
    assert "Ada Lovelace has it until" in request.plain
    await ada.sees("Extending it by 2 hours waits for Data Platform")
    await ada.sees("⏳ prod-db", "extending by 2 hours")
    await ada.click(first, "grant.extend", stale=True)
    await ada.sees("You have already asked for this and it is waiting")
    await grace.click(request, "approval.approve")
    await grace.submit(await grace.sees_view("Approve request"), {"rationale": "go on"})
    await ada.sees("✅ prod-db", "It goes on until")
    await ada.click(first, "grant.extend", stale=True)
    await ada.sees("already. I did not ask twice")
    assert len([m for m in grace.messages(DATA) if "Extension" in m.plain]) == 1


async def test_done_is_done_with_what_was_to_come(world):
    """One tap ends the grant and takes the extension back."""
    ada = world.person("ada")
    first = await held(world)
    await ada.click(first, "grant.extend")
    await ada.sees("⏳ prod-db", "extending by 2 hours")
    await ada.click(first, "grant.give_back", stale=True)
    await ada.sees("you gave it back")
    await ada.sees("you took it back")
    assert await world.holders("prod-db") == set()


async def test_a_reminder_that_is_answered_stays_the_reminder(world):
    """It has a button of the status message, and is no copy of that: each says its own, once."""
    ada = world.person("ada")
    await ask(ada, "I need grafana-edit for 1h because INC-1")
    await ada.sees("✅ grafana-edit")
    world.clock.skip(minutes=55)
    reminder = await ada.sees("⏳ grafana-edit", "ends")
    await ada.click(reminder, "grant.give_back")
    await ada.sees("grafana-edit · edit ended", "you gave it back")
    await world.told()
    assert len([m for m in ada.messages() if m.says("you gave it back")]) == 1
    assert (await ada.sees("this reminder is settled")).ts == reminder.ts


async def test_what_may_not_last_longer_is_refused_and_ends_when_it_would(world):
    """N-5: github-admin may last two hours in one go."""
    ada, edsger, alan = world.person("ada"), world.person("edsger"), world.person("alan")
    world.slack.update_channel("C0PLATFORM", members=["U0EDSGER", "U0JOAN", world.slack.bot_user_id])
    await ask(ada, "I need github-admin for 2h because INC-4711")
    await approve(world.person("joan"), "C0PLATFORM", "github-admin")
    await edsger.sees("Needed: one approval from Platform", channel="C0PLATFORM")
    await approve(edsger, "C0PLATFORM", "github-admin")
    first = await ada.sees("✅ github-admin")
    world.clock.skip(minutes=100)
    await ada.click(first, "grant.extend")
    refused = await ada.sees("I can't extend github-admin", "without a break", "It still ends")
    assert "Nothing was granted" not in refused.plain
    await ada.click(first, "grant.extend")
    await world.told()
    assert not [m for m in alan.messages(SECURITY) if m.says("Refused: github-admin")]
    await ada.click(first, "grant.extend")
    await alan.sees("Refused: github-admin asked by Ada Lovelace", "3 times within a day", channel=SECURITY)


async def test_its_owner_ends_it_and_whoever_had_it_reads_why(world):
    """A message of its own says it; both others follow, and another click says who was first."""
    ada, grace, linus = (world.person(login) for login in ("ada", "grace", "linus"))
    first = await held(world)
    message = await grace.sees("✅ Approved by Grace Hopper", "[End now…]", channel=DATA)
    assert (await end(linus, message, "the incident is over")).closed
    told = await ada.sees("was ended by Linus Pauling: “the incident is over”")
    assert told.ts != first.ts
    ended = await ada.sees("was ended at", "by Linus Pauling")
    assert ended.ts == first.ts
    assert await world.holders("prod-db") == set()
    over = await grace.sees("⌛ Ended", "by Linus Pauling: “the incident is over”", channel=DATA)
    assert over.buttons.keys() == {"story.tell"}
    await grace.click(message, "grant.end", stale=True)
    await grace.sees("Linus Pauling ended this", channel=DATA)


async def test_security_ends_it_where_they_see_it(world):
    """Beside its owner; nobody else's click does more than tell."""
    joan, bob, alan = world.person("joan"), world.person("bob"), world.person("alan")
    world.slack.update_channel(
        DATA, members=["U0GRACE", "U0LINUS", "U0BOB", "U0JOAN", world.slack.bot_user_id]
    )
    await held(world)
    message = await bob.sees("[End now…]", channel=DATA)
    await bob.click(message, "grant.end")
    await bob.sees("You can't end this one", "Ask Grace Hopper or Linus Pauling", channel=DATA)
    assert bob.view is None
    await alan.sees("Bob Noyce (bob) tried to end what Ada Lovelace (ada) has of prod-db", channel=SECURITY)
    assert (await end(joan, message, "her laptop was stolen")).closed
    await world.person("ada").sees("was ended by Joan Clarke")
    assert await world.holders("prod-db") == set()


async def test_whoever_may_no_longer_end_it_learns_so_in_the_form(world):
    """Promise 3: asked again when it is sent."""
    linus = world.person("linus")
    await held(world)
    message = await linus.sees("[End now…]", channel=DATA)
    await linus.click(message, "grant.end")
    form = await linus.sees_view("End access now")
    await world.directory.remove_member("p-linus", "data-platform-owners")
    told = await linus.submit(form, {"rationale": "done"})
    assert "You can't end this one" in told.view.plain
    assert await world.holders("prod-db") == {"ada"}


async def test_a_form_without_a_reason_stays_open(world):
    linus = world.person("linus")
    await held(world)
    await linus.click(await linus.sees("[End now…]", channel=DATA), "grant.end")
    form = await linus.sees_view("End access now")
    assert "rationale" in (await linus.submit(form, {"rationale": " \u200b "})).errors


async def test_two_taps_in_one_moment_extend_once(world):
    """On two connections, or by a double click (SL-5)."""
    ada = world.person("ada")
    await ask(ada, "I need grafana-edit for 1h because INC-1")
    first = await ada.sees("✅ grafana-edit")
    await asyncio.gather(*(ada.click(first, "grant.extend") for _ in range(3)))
    await ada.sees("already. I did not ask twice")
    await world.told()
    assert (await world.actions()).count("grant.approved done") == 2


async def test_somebody_elses_button_extends_nothing(world):
    """A forged click names what was never shown to them."""
    ada, linus, alan = world.person("ada"), world.person("linus"), world.person("alan")
    await ask(ada, "I need grafana-edit for 1h because INC-1")
    first = await ada.sees("✅ grafana-edit")
    await ask(linus, "I need grafana-edit for 1h because INC-2")
    own = await linus.sees("✅ grafana-edit")
    await linus.click(own, "grant.extend", value=first.buttons["grant.extend"]["value"])
    await linus.sees("This is no longer there")
    await alan.sees("No button or form of ours: sent by Linus Pauling", channel=SECURITY)
    assert (await world.actions()).count("grant.approved done") == 2


async def test_security_ends_by_a_click_what_left_the_catalogue(world):
    """Its owner's button ends nothing any more; who has it and security can."""
    ada, alan, grace = (world.person(login) for login in ("ada", "alan", "grace"))
    await held(world)
    message = await grace.sees("✅ Approved by Grace Hopper", "[End now…]", channel=DATA)
    settings = world.settings
    others = {name: one for name, one in settings.catalogue.entitlements.items() if name != "prod-db"}
    left = replace(settings.catalogue, entitlements=others)
    await world.app.governing.take(rules_of(sources_of(settings), left, settings))
    await grace.click(message, "grant.end")
    assert grace.view is None
    assert "access.removed done" not in await world.actions()
    await Leftovers(world.app.ground).look()
    told = await alan.sees(
        "Not in the catalogue any more: prod-db", "[End that of Ada Lovelace", channel=SECURITY
    )
    assert (await end(alan, told, "nobody owns it", "grant.end_left")).closed
    await ada.sees("was ended by Alan Turing: “nobody owns it”")
    await ada.sees("⌛ prod-db", "was ended at")
    assert (await world.actions()).count("ending.late refused") == 1
    assert {"grant.ended_early done", "access.removed done"} <= set(await world.actions())
