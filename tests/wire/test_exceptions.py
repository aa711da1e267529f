"""Exceptions as somebody's work, over the wire: taken up, handed on, resolved and opened again, by security alone."""

import asyncio

from tests.wire.hostile import clicked, submitted
from tests.wire.steps import SECURITY

STRANGE = "No button or form of ours: sent by Bob Noyce"


async def forge(world) -> None:
    """Something strange: a button that names what is not there."""
    await world.slack.send(clicked("U0BOB", "approval.approve", "g-0"), kind="interactive")


async def told(world, *words: str):
    return await world.person("alan").sees(STRANGE, *words, channel=SECURITY)


async def test_one_is_acknowledged_handed_on_resolved_and_recurs(world):
    """W-1, W-2, W-3: one message edited in place, whoever works on it hears of it, and a recurrence is told anew."""
    alan, joan = world.person("alan"), world.person("joan")
    await forge(world)
    first = await told(world, "Open, and nobody works on it yet", "Due")
    assert list(first.buttons) == [
        "exception.acknowledge",
        "exception.assign",
        "exception.resolve",
        "story.alert",
    ]
    await alan.click(first, "exception.assign")
    form = await alan.sees_view("Who works on it?")
    wrong = await alan.submit(form, {"for": "U0BOB"})
    assert "They don't work on exceptions" in str(wrong.errors)
    await alan.submit(form, {"for": "U0JOAN"})
    given = await told(world, "Joan Clarke was given it")
    assert given.ts == first.ts
    await joan.sees("An exception is yours to work on", "click or form that was never made", "Bob Noyce")
    await alan.click(given, "exception.acknowledge")
    await joan.sees("An exception that you work on was acknowledged")
    taken = await told(world, "Acknowledged by Alan Turing", "Joan Clarke works on it")
    assert "exception.acknowledge" not in taken.buttons
    await joan.click(given, "exception.acknowledge", stale=True)
    await joan.sees("Alan Turing acknowledged this at", channel=SECURITY)
    await joan.click(taken, "exception.resolve")
    form = await joan.sees_view("What did you find")
    empty = await joan.submit(form, {"why": "false-alarm", "rationale": " "})
    assert "few words" in str(empty.errors)
    assert (await joan.submit(form, {"why": "false-alarm", "rationale": "an old message of his"})).closed
    over = await told(world, "✅", "Resolved by Joan Clarke", "a false alarm", "an old message of his")
    assert (over.ts, list(over.buttons)) == (first.ts, ["exception.reopen", "story.alert"])
    await alan.click(taken, "exception.resolve", stale=True)
    await alan.sees("Joan Clarke resolved this at", channel=SECURITY)
    await forge(world)
    again = await told(world, "⚠️", "Open, and nobody works on it yet")
    assert again.ts != first.ts
    await alan.click(over, "exception.reopen")
    reopened = await told(world, "Opened again")
    assert reopened.ts == first.ts
    await joan.sees("An exception is yours to work on", "Opened again")
    done = [one for one in await world.actions() if one.startswith("exception.") and one.endswith("done")]
    assert [one.split()[0].removeprefix("exception.") for one in done] == [
        "assigned", "acknowledged", "resolved", "reopened",
    ]  # fmt: skip


async def test_two_at_once_have_one_effect_and_others_are_turned_away(world):
    """W-2: in the channel, but not of the team; and ids that name nothing."""
    alan, joan, konrad = (world.person(login) for login in ("alan", "joan", "konrad"))
    await forge(world)
    message = await told(world)
    await konrad.click(message, "exception.acknowledge")
    await konrad.sees("Exceptions are the security team's work", channel=SECURITY)
    await konrad.click(message, "exception.resolve")
    await told(world, "Open, and nobody works on it yet")
    tried = "tried to act on an exception. They are not on the security team."
    await alan.sees("Wrong person clicked", tried, "2 times", channel=SECURITY)
    assert konrad.view is None
    await asyncio.gather(*(who.click(message, "exception.acknowledge", stale=True) for who in (alan, joan)))
    await world.told()
    assert (await world.actions()).count("exception.acknowledged done") == 1
    assert (await world.actions()).count("exception.late refused") == 1
    taken = await told(world, "Acknowledged by")
    views = []
    for who in (alan, joan):
        await who.click(taken, "exception.resolve")
        views.append((who, await who.sees_view("How did it end?")))
    answers = [await who.submit(view, {"why": "mended", "rationale": "done"}) for who, view in views]
    assert [one.closed for one in answers] == [True, False]
    await joan.sees_view("Alan Turing resolved this at")
    for action in ("exception.acknowledge", "exception.assign", "exception.resolve", "exception.reopen"):
        await world.slack.send(clicked("U0ADA", action, "x-0"), kind="interactive")
    typed = {"why": {"why": {"type": "static_select", "selected_option": {"value": "mended"}}},
             "rationale": {"rationale": {"type": "plain_text_input", "value": "mine"}}}  # fmt: skip
    await world.slack.send(submitted("U0ADA", "form.resolve", typed, metadata="x-0"), kind="interactive")
    await alan.sees("No button or form of ours: sent by Ada Lovelace", "5 times", channel=SECURITY)


async def test_beside_buttons_of_its_own_the_ways_to_work_on_one_are_a_menu(world):
    """W-1: what has buttons that decide it is resolved by them alone."""
    alan, joan = world.person("alan"), world.person("joan")
    await alan.slash("/wicket", "freeze")
    await alan.submit(await alan.sees_view("Two people of the security team"), {"rationale": "a drill"})
    message = await joan.sees("New access is stopped", channel=SECURITY)
    assert list(message.buttons) == ["freeze.resume", "story.alert"]
    await joan.choose(message, "exception.menu", "Acknowledge")
    taken = await joan.sees("New access is stopped", "Acknowledged by Joan Clarke", channel=SECURITY)
    menu = next(
        one for block in taken.blocks for one in block.get("elements", []) if one["type"] == "overflow"
    )
    assert [one["text"]["text"] for one in menu["options"]] == ["Assign…"]
    exception = menu["options"][0]["value"].split()[1]
    await world.slack.send(
        clicked("U0JOAN", "exception.resolve", exception, channel=SECURITY), kind="interactive"
    )
    await joan.sees("Decide this by its own buttons", channel=SECURITY)
    assert joan.view is None
