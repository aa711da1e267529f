"""What follows an emergency, built from settings: the reviews that are owed, and the drills.

It holds no behaviour of its own.
"""

from datetime import timedelta

from bot.schedule import Duty
from bot.settings import Settings
from handlers.emergencies.followups import EmergencyFollowups
from handlers.emergencies.reviewers import Reviewers
from handlers.ground import Ground


def followups_of(settings: Settings, ground: Ground) -> EmergencyFollowups:
    """What asks for reviews, and for drills."""
    days = settings.emergencies.drill_every_days
    return EmergencyFollowups(ground, Reviewers(ground), drill_every=timedelta(days=days) if days else None)


def duties_of(followups: EmergencyFollowups) -> list[Duty]:
    """How often each is looked at."""
    return [
        Duty(name="emergency reviews", every=5, work=followups.look),
        Duty(name="lost emergencies", every=60, work=followups.lost.look),
    ]
