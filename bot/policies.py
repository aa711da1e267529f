"""The policies that a Wicket with these settings runs by, loaded and checked.

It asks them nothing.
"""

from datetime import UTC

from bot.settings import Settings
from bot.settings.sections import DAYS
from bot.texts import zone_named
from handlers.decisions.cedar import CedarPolicy
from handlers.decisions.circumstances import Hours
from handlers.policies import shipped


def load_policy(settings: Settings) -> CedarPolicy:
    """The shipped set, bound to the catalogue and to the settings that bear on security. PolicyFault if it is bad."""
    sources, schema = shipped()
    bound_to = f"{settings.catalogue.digest}:{settings.security_digest}"
    return CedarPolicy.load(sources, schema, bound_to=bound_to, hours=hours_of(settings))


def hours_of(settings: Settings) -> Hours | None:
    """The company's business hours; None if the settings do not say."""
    section = settings.hours
    if section is None:
        return None
    zone = zone_named(section.time_zone) or UTC
    days = frozenset(DAYS.index(day) + 1 for day in section.days)
    return Hours(zone=zone, days=days, begins=section.begins, ends=section.ends)
