"""While it lasts: its end is told of before, one tap extends it, and its owner can end it.

The directory itself is asked each time, not the bot.
"""

from bot.demo.tour.scene import Scene
from bot.demo.tour.stepping import proves_who_they_are
from bot.demo.tour.telling import expect

_OWNERS = "data-owners"
_WHY = "Why"


async def the_end_is_told_of_before(scene: Scene) -> None:
    """Ada has prod-db for another two hours; when a tenth of the time is left, she is reminded."""
    ada, grace = scene.player("ada"), scene.player("grace")
    await ada.says("I need prod-db for 2h because INC-4712")
    await ada.presses(await ada.hears("You are asking for"), "Send request")
    await grace.presses(await grace.sees("Access request: prod-db", "INC-4712", channel=_OWNERS), "Approve…")
    form = await grace.form("Approve request")
    await proves_who_they_are(scene, grace, form)
    await grace.fills(form, {_WHY: "go ahead"})
    await ada.sees("✅ prod-db", "until", "go ahead")
    await scene.later(minutes=109)
    await ada.sees("⏳ prod-db", "ends")


async def one_tap_extends_it(scene: Scene) -> None:
    """One tap asks for the same again: the owners read that she has it already, and until when."""
    ada, grace = scene.player("ada"), scene.player("grace")
    await ada.presses(await ada.sees("⏳ prod-db", "ends"), "Extend")
    await ada.sees("⏳ prod-db", "extending by 2 hours", "waiting for Data Platform")
    asked = await grace.sees("Extension: prod-db", "Ada Lovelace has it until", channel=_OWNERS)
    await grace.presses(asked, "Approve…")
    form = await grace.form("Approve request")
    await proves_who_they_are(scene, grace, form)
    await grace.fills(form, {_WHY: "not over yet"})
    await ada.sees("✅ prod-db", "not over yet")


async def there_is_no_gap(scene: Scene) -> None:
    """The first end comes when it was to come, and takes nothing away: two grants are counted."""
    await scene.later(minutes=11)
    await scene.player("ada").sees("⌛ prod-db", "ended", "as agreed", "It goes on until")
    await scene.must_be_in("ada", "prod-db")


async def its_owner_ends_it(scene: Scene) -> None:
    """Bob cannot; Linus can, and says why: Ada reads it at once, and the access is gone."""
    bob, linus = scene.player("bob"), scene.player("linus")
    held = await linus.sees("Extension: prod-db", "Approved by Grace Hopper", "Active until", channel=_OWNERS)
    await bob.presses(held, "End now…")
    await bob.hears("You can't end this one", "Nothing was changed", channel=_OWNERS)
    await linus.presses(held, "End now…")
    await linus.fills(await linus.form("End access now"), {_WHY: "the incident is over"})
    told = await scene.player("ada").sees("was ended by Linus Pauling", "the incident is over")
    expect(not told.ephemeral, "Whoever had it would not find it again.")
    await linus.sees("⌛ Ended", "by Linus Pauling", channel=_OWNERS)
    await scene.must_be_in("ada", "prod-db", whether=False)


STEPS = (the_end_is_told_of_before, one_tap_extends_it, there_is_no_gap, its_owner_ends_it)
