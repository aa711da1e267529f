"""How narrow the secure page is held, and when the security channel is told what, as the settings say.

It counts nothing and stops nobody.
"""

from datetime import timedelta, tzinfo

from bot.settings import BulletinsSection, SecuritySection
from bot.settings.sections import WEEKDAYS, EmergenciesSection
from handlers.decisions.breaking import Bars
from handlers.decisions.emergencies import EmergencyRules
from handlers.decisions.emergency_reviews import WorkingDays
from handlers.decisions.set_times import SetTimes
from handlers.secure_page.visits import PageLimits


def page_limits(security: SecuritySection) -> PageLimits:
    """How narrow the secure page is held, by these settings."""
    return PageLimits(
        wrong_codes=security.wrong_code_limit,
        company_words=security.company_words,
        bars=Bars(
            resets=security.resets_an_hour,
            wrong_proofs=security.wrong_proofs_an_hour,
            times=security.unusual_times,
        ),
        alarms_an_hour=security.alarms_an_hour,
    )


def bulletin_times(section: BulletinsSection, zone: tzinfo) -> SetTimes:
    """When the digest and the checkpoints are due, by a clock in this zone."""
    return SetTimes(zone=zone, weekday=section.weekday, hour=section.hour)


def emergency_rules(section: EmergenciesSection, zone: tzinfo) -> EmergencyRules:
    """How narrow breaking the glass is held. zone: of the clock by which reviews of it are due."""
    return EmergencyRules(
        days=WorkingDays(zone=zone, off=frozenset(WEEKDAYS.index(day) + 1 for day in section.weekend)),
        incidents=tuple(sorted(one.upper() for one in section.incidents)),
        most_of_person=section.most_of_one_person,
        most_in_all=section.most_in_all,
        again_after=timedelta(hours=section.again_hours),
        tell_within=timedelta(seconds=section.tell_within_seconds),
        fallback=section.fallback,
    )
