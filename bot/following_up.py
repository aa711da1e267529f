"""What follows an emergency, built from settings: the calendar, who reviews, what is owed, and who may again.

It holds no behaviour of its own.
"""

from datetime import timedelta

from bot.settings import Settings
from bot.settings.sections import WEEKDAYS
from bot.texts import zone_named
from handlers.decisions.emergency_reviews import WorkingDays
from handlers.emergency_followups import EmergencyFollowups
from handlers.emergency_reviewers import Eligibility, Reviewers
from handlers.emergency_reviews import EmergencyReviews
from handlers.ground import Ground


def working_days(settings: Settings) -> WorkingDays:
    """Which days count towards a review, on the clock that the messages go by."""
    off = frozenset(WEEKDAYS.index(day) + 1 for day in settings.emergencies.weekend)
    zone = zone_named(settings.slack.time_zone)
    return WorkingDays(off=off) if zone is None else WorkingDays(zone=zone, off=off)


def reviews_of(settings: Settings, ground: Ground) -> EmergencyReviews:
    """What carries reviews out."""
    return EmergencyReviews(ground, Reviewers(ground, working_days(settings)))


def followups_of(settings: Settings, ground: Ground) -> EmergencyFollowups:
    """What asks for them, and for drills."""
    days = settings.emergencies.drill_every_days
    return EmergencyFollowups(
        ground, Reviewers(ground, working_days(settings)), drill_every=timedelta(days=days) if days else None
    )


def eligibility_of(settings: Settings, ground: Ground) -> Eligibility:
    """What says whose eligibility has lapsed."""
    return Eligibility(ground, working_days(settings))
