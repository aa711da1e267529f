"""Low risk: policy needs nobody, so it is done at once, for a limited time, and taken back on time.

The directory itself is asked each time, not the bot.
"""

from bot.demo.tour.scene import Scene


async def access_at_once(scene: Scene) -> None:
    """Linus asks in plain words; a draft shows what would happen, one press sends it, and he has it."""
    linus = scene.player("linus")
    await linus.says("I need grafana-edit for 1 minute because CHG-12")
    draft = await linus.hears("You are asking for", "1 minute", "at once", "Nothing is sent yet")
    await scene.must_be_in("linus", "grafana-edit", whether=False)
    await linus.presses(draft, "Send request")
    await linus.sees("✅ grafana-edit")
    await scene.must_be_in("linus", "grafana-edit")


async def it_ends_on_time(scene: Scene) -> None:
    """A minute later it is taken back, read back from the directory, and said: also if it takes effect later."""
    await scene.later(minutes=1)
    await scene.player("linus").sees("⌛ grafana-edit", "as agreed", "You held it for", scene.removal)
    await scene.must_be_in("linus", "grafana-edit", whether=False)


async def given_back_early(scene: Scene) -> None:
    """Who is done earlier gives it back with one press."""
    mary = scene.player("mary")
    await mary.says("I need staging-db for 30 min because CHG-13")
    await mary.presses(await mary.hears("You are asking for"), "Send request")
    held = await mary.sees("✅ staging-db")
    await scene.must_be_in("mary", "staging-db")
    await mary.presses(held, "I'm done")
    await mary.sees("⌛ staging-db", "You held it for", "you gave it back")
    await scene.must_be_in("mary", "staging-db", whether=False)


async def what_stood_before_stays(scene: Scene) -> None:
    """Whoever holds something standing is not given it for a while: it would be taken away at the end."""
    grace = scene.player("grace")
    await grace.says("I need staging-db for 30 min because CHG-14")
    await grace.hears("You already hold staging-db, standing", "nothing to ask for")
    await scene.must_be_in("grace", "staging-db")


STEPS = (access_at_once, it_ends_on_time, given_back_early, what_stood_before_stays)
