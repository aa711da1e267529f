"""What changed behind Wicket's back: other hands change the directory, and somebody who may decides what becomes of it.

The directory itself is asked each time, and nothing is taken away before somebody decided so.
"""

from bot.demo.tour.scene import Scene
from bot.demo.tour.telling import expect


async def somebody_was_put_in(scene: Scene) -> None:
    """Somebody puts Bob into the production database past everybody: security sees it, and nothing is changed yet."""
    await scene.by_other_hands_put("bob", "prod-db")
    await scene.the_directory_is_compared()
    told = await scene.player("alan").sees(
        "Not given by Wicket: prod-db", "Bob Noyce (bob)", "no grant and no declaration", channel="security"
    )
    scene.screens["drift"] = told
    await scene.must_be_in("bob", "prod-db")


async def one_press_removes_him(scene: Scene) -> None:
    """Alan presses Remove: taken away, read back, and the same message says who did it and since when it is so."""
    alan = scene.player("alan")
    await alan.presses(scene.screens["drift"], "Remove")
    done = await alan.sees("Removed by Alan Turing", "The directory agrees since", channel="security")
    expect(list(done.buttons) == ["story.alert"], "It can still be decided.")
    await scene.must_be_in("bob", "prod-db", whether=False)


async def the_next_one_hears_who_decided(scene: Scene) -> None:
    """Joan still has the buttons on her screen: she hears that it was done, and nothing happens twice."""
    joan = scene.player("joan")
    await joan.presses(scene.screens["drift"], "Declare standing…", stale=True)
    await joan.sees("Alan Turing removed this", channel="security")


async def something_vanished(scene: Scene) -> None:
    """Bob is given dashboards for an hour, other hands take them away, and Alan has them given again."""
    alan, bob = scene.player("alan"), scene.player("bob")
    await bob.says("I need grafana-edit for 1h because CHG-31")
    await bob.presses(await bob.hears("You are asking for"), "Send request")
    await bob.sees("✅ grafana-edit")
    await scene.by_other_hands_take("bob", "grafana-edit")
    await scene.the_directory_is_compared()
    told = await alan.sees("Gone from the directory: grafana-edit of Bob Noyce", channel="security")
    await scene.must_be_in("bob", "grafana-edit", whether=False)
    await alan.presses(told, "Give it again")
    await alan.sees("Given again by Alan Turing", "The directory agrees since", channel="security")
    await scene.must_be_in("bob", "grafana-edit")


async def somebody_left(scene: Scene) -> None:
    """Bob's account is switched off: what he holds ends at once, and security reads what that was."""
    await scene.by_other_hands_switch_off("bob")
    await scene.the_directory_is_compared()
    await scene.player("alan").sees("Left: Bob Noyce", "access to grafana-edit", channel="security")
    await scene.player("bob").sees("⌛ grafana-edit", "ended at", scene.removal)
    await scene.must_be_in("bob", "grafana-edit", whether=False)


STEPS = (
    somebody_was_put_in,
    one_press_removes_him,
    the_next_one_hears_who_decided,
    something_vanished,
    somebody_left,
)
