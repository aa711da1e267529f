"""What follows an emergency, built from settings: the reviews that are owed, and the drills.

It holds no behaviour of its own.
"""

from datetime import timedelta

from bot.schedule import Duty
from bot.settings import Settings
from handlers.emergencies.followups import EmergencyFollowups
from handlers.emergencies.reviewers import Reviewers
from handlers.ground import Ground


def follow_ups(settings: Settings, ground: Ground) -> list[Duty]:
    """How often reviews and drills are looked after."""
    days = settings.emergencies.drill_every_days
    every = timedelta(days=days) if days else None
    followups = EmergencyFollowups(ground, Reviewers(ground), drill_every=every)
    return [
        Duty(name="emergency reviews", every=5, work=followups.look),
        Duty(name="lost emergencies", every=60, work=followups.lost.look),
    ]
