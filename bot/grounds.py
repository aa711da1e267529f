"""What handlers and the secure page stand on, by the settings.

It opens nothing and starts nothing.
"""

from collections.abc import Mapping
from datetime import timedelta

from bot.policies import load_policy
from bot.settings import SecuritySection, Settings
from handlers.decisions.breaking import Bars
from handlers.decisions.policy import PolicyEngine
from handlers.ground import Ground
from handlers.stepping_up import SteppingUp
from handlers.visits import PageLimits
from storage.clock import Clock
from storage.database import Database
from storage.directories.base import Directory
from storage.secrets import Vault, generate_key


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


def ground_of(
    settings: Settings,
    database: Database,
    directories: Mapping[str, Directory],
    now: Clock,
    policy: PolicyEngine | None = None,
    vault: Vault | None = None,
) -> Ground:
    """What handlers stand on, by these settings. vault: of those that are to know the codes of requests."""
    return Ground(
        database=database,
        policy=policy or load_policy(settings),
        catalogue=settings.catalogue,
        directories=directories,
        security_group=settings.security.approvers_group,
        lapse_after=timedelta(hours=settings.security.request_lapse_hours),
        now=now,
        people_of=settings.people_of,
        help_desk=settings.security.help_desk or "",
        cool_off=timedelta(hours=settings.security.cool_off_hours),
        petition_channel=settings.security.petition_channel or "",
        stepping_up=SteppingUp(
            fresh_for=timedelta(minutes=settings.security.fresh_proof_minutes),
            link_life=timedelta(minutes=settings.security.link_minutes),
            sign_in_apart=settings.oidc is not None and settings.oidc.apart,
            vault=vault or Vault([generate_key()]),
        ),
    )
