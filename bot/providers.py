"""From the settings to the sign-in provider, to the page's own front door, to vouching, and to the help desks.

It asks nothing itself: a provider that is away is found out by whoever asks it first.
"""

import re
from datetime import timedelta

from bot.settings import Settings
from bot.web.front_door import DoorWidth
from bot.web.signing_in import RETURN_PATH
from handlers.decisions.helping import Act, Desk, HelpDesks
from handlers.decisions.vouching import VouchingLimits
from storage.clock import Clock, utc_now
from storage.oidc.client import Client
from storage.oidc.provider import Provider


def open_provider(settings: Settings, *, now: Clock = utc_now) -> Provider | None:
    """The provider; None where none is configured. SettingsFault without its secret."""
    client = client_of(settings)
    return None if client is None else Provider(client, now)


def client_of(settings: Settings) -> Client | None:
    """What Wicket is to the provider; None where none is configured. SettingsFault without its secret."""
    if settings.oidc is None:
        return None
    secret = settings.secrets.need("oidc_client_secret").get_secret_value()
    return settings.oidc.client(
        secret=secret, redirect_uri=settings.server.public_url.rstrip("/") + RETURN_PATH
    )


def door_width(settings: Settings) -> DoorWidth | None:
    """How wide the page's own front door is; None where it is shut."""
    if settings.front_door_of is None:
        return None
    return DoorWidth(
        directory=settings.front_door_of,
        an_hour=settings.front_door.an_hour,
        an_hour_from_one_address=settings.front_door.an_hour_from_one_address,
        trusted_proxies=settings.server.trusted_proxies,
    )


def vouching_limits(settings: Settings) -> VouchingLimits | None:
    """How narrow vouching is held; None where nobody vouches."""
    section = settings.vouching
    if not section.open:
        return None
    return VouchingLimits(
        code_life=timedelta(minutes=section.code_minutes),
        cool_off=timedelta(minutes=section.cool_off_minutes),
        counts_for=timedelta(hours=section.counts_hours),
        asked_a_day=section.asked_a_day,
    )


def help_desks(settings: Settings) -> HelpDesks | None:
    """The help desks, and how much they may do; None where nobody acts for others."""
    section = settings.help_desk
    desks = tuple(
        Desk(
            id=name,
            name=one.name or name,
            group=one.group,
            may=frozenset(map(Act, one.may)),
            teams=frozenset(one.teams),
            locations=frozenset(one.locations),
            companies=frozenset(one.companies),
            everybody=one.everybody,
        )
        for name, one in section.desks.items()
    )
    if not desks:
        return None
    return HelpDesks(
        desks=desks,
        ticket=re.compile(section.ticket) if section.ticket is not None else None,
        acts_a_day=section.acts_a_day,
        for_one_a_day=section.for_one_a_day,
        acts_on_a_ticket=section.acts_on_a_ticket,
    )
