"""Drift over the wire: other hands change the directory, security sees it, somebody who may decides, and it is so."""

import asyncio
from collections import Counter
from datetime import timedelta

from sqlmodel import delete

from storage.records import Standing, Watched
from tests.storage.rows import next_due
from tests.wire.conftest import close_world, open_world
from tests.wire.hostile import clicked, fresh, submitted
from tests.wire.steps import SECURITY, ask

DATA_OWNERS = "data-platform-owners"


async def compared(world, seconds: float = 0) -> None:
    """The directories are looked at, as the schedule does."""
    world.clock.skip(seconds=seconds)
    await world.app.compare()


async def stranger(world, login: str = "bob", group: str = "prod-db-rw"):
    """Other hands put somebody in; the message about it, as Alan sees it."""
    await world.directory.put_in_group(group, f"p-{login}")
    await compared(world)
    return await world.person("alan").sees("Not given by Wicket", f"({login})", channel=SECURITY)


async def gone(world):
    """Ada has grafana-edit, and other hands take it away; the message about it."""
    await ask(world.person("ada"), "I need grafana-edit for 2h because INC-4711")
    await world.person("ada").sees("✅ grafana-edit")
    await settled(world)
    await world.directory.take_from_group("grafana-editors", "p-ada")
    await compared(world)
    return await world.person("alan").sees("Gone from the directory: grafana-edit", channel=SECURITY)


async def settled(world) -> None:
    """Nobody is at any holding."""
    await world.until(lambda: _unsettled(world))


async def _unsettled(world) -> bool:
    return await world.database.read(next_due) is None


async def holds(world, entitlement: str, login: str) -> bool:
    return login in await world.holders(entitlement)


async def count(world, action: str) -> int:
    return Counter(await world.actions())[action]


async def test_the_company_that_moved_in_is_no_drift(world):
    await compared(world)
    await world.told()
    assert world.person("alan").messages(SECURITY) == []


async def test_a_stranger_is_seen_and_removed_by_one_press(world):
    """Told once, taken away under read-back, and the same message says who did what and since when."""
    alan = world.person("alan")
    message = await stranger(world)
    assert set(message.buttons) == {"drift.adopt", "drift.remove", "drift.declare", "story.alert"}
    assert "high" in message.plain
    await compared(world)
    await alan.click(message, "drift.remove")
    done = await alan.sees("Removed by Alan Turing at", "The directory agrees since", channel=SECURITY)
    assert (done.ts, list(done.buttons)) == (message.ts, ["story.alert"])
    assert not await holds(world, "prod-db", "bob")
    await world.person("bob").sees("prod-db · read and write ended at", "taken away by Alan Turing")
    assert len(alan.messages(SECURITY)) == 1
    await compared(world)
    await world.told()
    assert len(alan.messages(SECURITY)) == 1


async def test_a_stranger_is_adopted_and_loses_it_on_time(world):
    """Promise 1: whatever put them in, what was adopted ends."""
    alan, bob = world.person("alan"), world.person("bob")
    await alan.click(await stranger(world), "drift.adopt")
    form = await alan.sees_view("Adopt for a time")
    assert "8 hours" in str(form.blocks)
    refused = await alan.submit(form, {"duration": "9h", "rationale": "they are on call"})
    assert "8 hours at most" in refused.errors["duration"]
    assert (await alan.submit(form, {"duration": "1h", "rationale": "they are on call"})).closed
    await alan.sees("Adopted by Alan Turing at", "for 1 hour", channel=SECURITY)
    await bob.sees("✅ prod-db", "Approved by Alan Turing", "they are on call")
    await settled(world)
    world.clock.skip(hours=1)
    await bob.sees("prod-db · read and write ended at", "as agreed")
    assert not await holds(world, "prod-db", "bob")


async def test_a_stranger_is_declared_standing_with_owner_and_review(world):
    alan = world.person("alan")
    await alan.click(await stranger(world, "bob", "wiki-editors"), "drift.declare")
    form = await alan.sees_view("Which team answers for it?")
    assert "IT desk" in form.plain
    nothing = await alan.submit(form, {"rationale": " "})
    assert "rationale" in nothing.errors
    too_far = await alan.submit(form, {"review": "2999-01-01", "rationale": "he writes the handbook"})
    assert "within a year" in too_far.errors["review"]
    review = (world.clock.now().date()).replace(day=1).isoformat()
    past = await alan.submit(form, {"review": review, "rationale": "he writes the handbook"})
    assert "within a year" in past.errors["review"]
    later = (world.clock.now() + timedelta(days=90)).date().isoformat()
    assert (await alan.submit(form, {"review": later, "rationale": "he writes the handbook"})).closed
    await alan.sees("Declared standing by Alan Turing at", channel=SECURITY)
    await compared(world)
    await world.told()
    assert len(alan.messages(SECURITY)) == 1
    assert await holds(world, "wiki-edit", "bob")
    await compared(world, 91 * 86400)
    await alan.sees("Review due", "wiki-edit", channel=SECURITY)


async def test_what_may_not_stand_is_refused_with_what_to_do(world):
    """It is no wrong person, so nobody is told on; the other ways stay open."""
    alan = world.person("alan")
    message = await stranger(world)
    await alan.click(message, "drift.declare")
    whisper = await alan.sees("may not be held without an end", channel=SECURITY)
    assert whisper.ephemeral
    assert "Adopt it for a time or remove it" in whisper.plain
    assert alan.view is None
    await alan.click(message, "drift.remove")
    await alan.sees("Removed by Alan Turing", channel=SECURITY)
    assert len([one for one in alan.messages(SECURITY) if not one.ephemeral]) == 1


async def test_what_vanished_is_given_again(world):
    alan = world.person("alan")
    message = await gone(world)
    assert set(message.buttons) == {"drift.give_again", "drift.end", "story.alert"}
    await alan.click(message, "drift.give_again")
    await alan.sees("Given again by Alan Turing", "The directory agrees since", channel=SECURITY)
    assert await holds(world, "grafana-edit", "ada")
    world.clock.skip(hours=2)
    await world.person("ada").sees("ended at")
    assert not await holds(world, "grafana-edit", "ada")


async def test_the_grant_of_what_vanished_is_ended(world):
    alan = world.person("alan")
    await alan.click(await gone(world), "drift.end")
    await alan.sees("Ended by Alan Turing", channel=SECURITY)
    await world.person("ada").sees("ended at", "gone from the directory")
    assert not await holds(world, "grafana-edit", "ada")


async def test_the_second_clicker_hears_who_decided(world):
    """On a screen that has not heard of it: an analyst presses another button, and nothing more happens."""
    alan, joan = world.person("alan"), world.person("joan")
    message = await stranger(world)
    await alan.click(message, "drift.remove")
    await alan.sees("Removed by Alan Turing", channel=SECURITY)
    await joan.click(message, "drift.adopt", stale=True)
    whisper = await joan.sees("Alan Turing removed this at", channel=SECURITY)
    assert whisper.ephemeral
    assert joan.view is None
    assert await count(world, "drift.late refused") == 1
    assert not await holds(world, "prod-db", "bob")


async def test_a_wrong_person_changes_nothing_and_security_hears_of_it(world):
    """Konrad is in the channel, of another team; the target and a contractor are not even there."""
    konrad, alan = world.person("konrad"), world.person("alan")
    message = await stranger(world)
    for action in ("drift.remove", "drift.adopt", "drift.declare"):
        await konrad.click(message, action)
    whisper = await konrad.sees("You can't decide this one", channel=SECURITY)
    assert whisper.ephemeral
    assert "Grace Hopper and Linus Pauling can" in whisper.plain
    await alan.sees("Konrad Zuse (konrad) tried to decide about a membership", "3 times", channel=SECURITY)
    assert await holds(world, "prod-db", "bob")
    assert await count(world, "drift.refused refused") == 3
    assert message.buttons


async def test_what_is_sent_past_the_buttons_is_refused_as_well(world):
    """By the target themselves, a contractor, a manager: the buttons' id is no authority (promise 5)."""
    message = await stranger(world)
    exception = message.buttons["drift.remove"]["value"]
    for sent, user in enumerate(("U0BOB", "U0EVE", "U0CHARLES", "U0KONRAD"), 1):
        await world.slack.send(clicked(user, "drift.remove", exception, channel=SECURITY), kind="interactive")
        form = submitted(user, "form.adopt", {"duration": "1h", "rationale": "mine"}, metadata=exception)
        [delivery] = await world.slack.send(form, kind="interactive")
        assert "can't decide this one" in str(delivery.body)
        assert await holds(world, "prod-db", "bob")
        assert await count(world, "drift.refused refused") == 2 * sent
        assert await count(world, "drift.removed done") == 0


async def test_the_target_of_the_owning_team_decides_nothing_about_themselves(world):
    """R-1: Linus is an approver of prod-db, and it is his own."""
    message = await stranger(world, "linus")
    exception = message.buttons["drift.remove"]["value"]
    await world.slack.send(clicked("U0LINUS", "drift.declare", exception), kind="interactive")
    told = await world.person("alan").sees("Linus Pauling (linus) tried to decide", channel=SECURITY)
    assert "Nobody decides about their own membership" in told.plain
    assert "high" in told.plain


async def test_a_forged_id_is_told_of_and_does_nothing(world):
    """An id of a grant, an id that is none, and a form for what is not adoptable."""
    for value in ("g-none", "x-none", "", "x" * 3000):
        await world.slack.send(clicked("U0ALAN", "drift.remove", value, channel=SECURITY), kind="interactive")
    form = submitted("U0ALAN", "form.adopt", {"duration": "1h", "rationale": "x"}, metadata=fresh("x-none"))
    await world.slack.send(form, kind="interactive")
    await world.person("alan").sees("No button or form of ours: sent by Alan Turing", channel=SECURITY)
    assert await count(world, "drift.tampered refused") == 5


async def test_four_deliveries_of_one_press_remove_once(world):
    """SL-5."""
    message = await stranger(world)
    press = clicked("U0ALAN", "drift.remove", message.buttons["drift.remove"]["value"], channel=SECURITY)
    for _ in range(4):
        await world.slack.send(press, kind="interactive")
    await world.person("alan").sees("The directory agrees since", channel=SECURITY)
    assert await count(world, "drift.removed done") == 1
    changes = [one for one in await world.directory.effects() if one.changed and one.account == "p-bob"]
    assert [one.what for one in changes] == ["remove"]


async def test_a_removal_that_was_only_pretended_is_not_called_done(world):
    alan = world.person("alan")
    message = await stranger(world)
    world.faulty.lie("remove_member")
    await alan.click(message, "drift.remove")
    said = await alan.sees("Removed by Alan Turing", channel=SECURITY)
    assert "The directory is being changed" in said.plain
    await world.until(lambda: _recorded(world, "access.change_failed failed"))
    assert await holds(world, "prod-db", "bob")
    assert not any(one.says("The directory agrees since") for one in alan.messages(SECURITY))
    world.faulty.mend()
    world.clock.skip(minutes=1)
    await alan.sees("The directory agrees since", channel=SECURITY)
    assert not await holds(world, "prod-db", "bob")


async def _recorded(world, action: str) -> bool:
    return action in await world.actions()


async def test_a_directory_that_hangs_is_no_finding_and_says_so_at_a_click(world):
    """Promise 7: neither what is there nor what is not."""
    alan = world.person("alan")
    message = await stranger(world)
    await world.directory.put_in_group("github-admins", "p-eve")
    world.faulty.hang("group")
    await compared(world)
    await alan.click(message, "drift.remove")
    await alan.sees("I can't read the directory right now", channel=SECURITY)
    world.faulty.mend()
    assert await holds(world, "prod-db", "bob")
    assert not any(one.says("github-admin") for one in alan.messages(SECURITY))
    await compared(world)
    await alan.sees("Not given by Wicket: github-admin", channel=SECURITY)


async def test_a_grant_that_is_being_given_is_no_drift(world):
    """Looked at again and again while it is asked for, given and taken back."""
    ada = world.person("ada")
    world.faulty.slow(0.05, "add_member", "remove_member", "membership")

    async def look_all_the_time() -> None:
        while True:
            await world.app.compare()
            await asyncio.sleep(0.01)

    looking = asyncio.create_task(look_all_the_time())
    draft = await ask(ada, "I need grafana-edit for 2h because INC-4711")
    await ada.sees("✅ grafana-edit")
    shown = next(one for one in ada.messages() if one.ts == draft.ts)
    await ada.click(shown, "grant.give_back")
    await ada.sees("ended at")
    looking.cancel()
    await world.told()
    assert world.person("alan").messages(SECURITY) == []


async def test_the_first_look_at_a_company_asks_once_for_each_thing(tmp_path):
    """A group that was put under Wicket with people in it: one message, declared in one go, each new one alone."""
    world = await open_world(tmp_path)
    alan, joan = world.person("alan"), world.person("joan")

    def forget(tx) -> None:
        tx.exec(delete(Standing).where(Standing.group == "wiki-editors"))
        tx.exec(delete(Watched).where(Watched.group == "wiki-editors"))

    await world.database.write(forget)
    await compared(world)
    message = await alan.sees("Stood before Wicket: 4 members of wiki-edit", channel=SECURITY)
    assert "Ada Lovelace (ada), Grace Hopper (grace), Konrad Zuse (konrad) and Mary" in message.plain
    assert set(message.buttons) == {"drift.declare", "story.alert"}
    await joan.click(message, "drift.declare")
    form = await joan.sees_view("Why may it stand?")
    assert "Ada Lovelace (ada), Grace Hopper (grace), Konrad Zuse (konrad), Mary" in form.plain
    assert (await joan.submit(form, {"rationale": "they keep the handbook"})).closed
    done = await alan.sees("Declared standing by Joan Clarke", channel=SECURITY)
    assert (done.ts, list(done.buttons)) == (message.ts, ["story.alert"])
    await close_world(world)
