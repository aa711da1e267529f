"""When the directory hangs, so that it answers nobody.

What needs it waits a moment and is told that it is unknown; what does not need it is served meanwhile.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.demo.tour.scene import Scene
from bot.demo.tour.telling import expect


async def others_are_served_meanwhile(scene: Scene) -> None:
    """Ada's question waits for the directory; a guest, whose answer needs none, is answered meanwhile."""
    ada, greta = scene.player("ada"), scene.player("greta")
    async with _held_up(scene):
        await ada.says("what access do I have?")
        await greta.says("what access do I have?")
        await greta.hears("I work for staff accounts only")
        expect(not ada.was_answered, "Ada was answered before Greta.")
        await ada.hears("I can't read the directory right now, so I don't know", "nothing was lost")


async def unknown_is_not_none(scene: Scene) -> None:
    """When it answers again, so does Wicket; nobody was told that they hold nothing."""
    ada = scene.player("ada")
    await ada.says("what access do I have?")
    await ada.hears("You hold", "vpn-users")


@asynccontextmanager
async def _held_up(scene: Scene) -> AsyncIterator[None]:
    """Within it, the directory hangs."""
    async with scene.keepers.held_up():
        scene.teller.does(scene.clock.now(), "The directory", "hangs.")
        yield
    scene.teller.does(scene.clock.now(), "The directory", "answers again.")


STEPS = (others_are_served_meanwhile, unknown_is_not_none)
