"""What handlers stand on, as the settings say.

It opens nothing: the database and the directories are given to it.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, timedelta
from functools import partial

from bot.limits import emergency_rules, page_limits
from bot.policies import load_rules
from bot.providers import open_provider, vouching_limits
from bot.settings import Settings
from bot.texts import zone_named
from handlers.approvals.stepping_up import SteppingUp
from handlers.decisions.policy import PolicyEngine
from handlers.ground import Ground
from handlers.people.recently import show_waiting
from handlers.petitions.standing_by import StandingBy
from handlers.rules.holding import Held
from handlers.secure_page.handles import Handles
from handlers.secure_page.visits import PageGround
from handlers.vouching.vouchers import Vouchers
from storage.clock import Clock
from storage.database import Database
from storage.directories.base import Directory
from storage.secrets import Vault, generate_key


def ground_of(
    settings: Settings,
    database: Database,
    directories: Mapping[str, Directory],
    now: Clock,
    policy: PolicyEngine | None = None,
    vault: Vault | None = None,
    held: Held | None = None,
) -> Ground:
    """What handlers stand on, by these settings. vault: of those that are to know the codes of requests.

    held: the rules, where they may be replaced while it runs; policy: instead of those of the settings.
    """
    held = held or held_by(settings, policy)
    database.carry(held.carried)  # one transaction goes by one set, whatever is reloaded meanwhile
    return Ground(
        database=database,
        policy=held.policy,
        catalogue=held.catalogue,
        kept=held.kept,
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
        emergencies=emergency_rules(settings.emergencies, zone_named(settings.slack.time_zone) or UTC),
    )


def page_ground_of(settings: Settings, ground: Ground, vault: Vault, handles: Handles) -> PageGround:
    """What the secure page stands on, by these settings. SettingsFault without the secret of a sign-in provider."""
    return PageGround(
        database=ground.database,
        directories=ground.directories,
        policy=ground.policy,
        vault=vault,
        handles=handles,
        now=ground.now,
        provider=open_provider(settings, now=ground.now),
        limits=page_limits(settings.security),
        was_reset=partial(show_waiting, ground),
        behind=StandingBy(ground).behind,
        vouching=vouching_limits(settings),
        objection=Vouchers(ground).objection,
        stepping_up=ground.stepping_up,
    )


def held_by(settings: Settings, policy: PolicyEngine | None = None) -> Held:
    """The rules of these settings. policy: instead of theirs. PolicyFault if they will not do."""
    rules = load_rules(settings)
    return Held(rules if policy is None else replace(rules, policy=policy))
