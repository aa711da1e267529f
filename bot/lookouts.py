"""The duties that look over the record by themselves: the walk over all of it, the detectors behind its end, a watch.

It does nothing itself but build them and say how often; each gives way to what has to be done at once.
"""

import secrets
from collections.abc import Callable
from datetime import timedelta

from bot.schedule import Duty
from bot.settings import Settings
from handlers.audit.lagging import Lagging
from handlers.audit.walking import Walking
from handlers.audit.watching import Watching
from handlers.detectors.detecting import Detecting
from handlers.ground import Ground
from storage.audit.checkpoint import Verifier
from storage.macs import DETECTORS, SENDING


def lookouts(
    settings: Settings,
    ground: Ground,
    watching: Watching,
    verifier: Verifier,
    *,
    is_busy: Callable[[], bool],
) -> list[Duty]:
    """As the settings have them. is_busy: whether others have so much to do that what can wait should."""
    every = timedelta(hours=settings.audit.walk_hours)
    followed = (DETECTORS, *([SENDING] if settings.siem is not None else []))
    walking = Walking(ground, watching, verifier, every=every)
    detecting = Detecting(ground, tuple(settings.detectors.tuned()), sender=secrets.token_hex(8))
    lagging = Lagging(ground, every=every, followed=followed)

    async def walk() -> None:
        await walking.look(gives_way=is_busy())

    return [
        Duty(name="walk", every=5, work=walk),
        Duty(name="detectors", every=1, work=detecting.look),
        Duty(name="lagging", every=60, work=lagging.look),
    ]
