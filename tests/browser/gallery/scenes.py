"""Every scene of the gallery with the company that it is played in.

It takes no picture itself, and one scene knows nothing of another.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import Browser

from handlers.decisions.cedar import CedarPolicy
from handlers.decisions.policy import Action
from handlers.policies import shipped
from tests.browser.gallery import (
    approvers,
    delegations,
    emergencies,
    emergency_reviews,
    exceptions,
    floods,
    halting,
    helping,
    patterns,
    petitions,
    proofs,
    resets,
    rules,
    security,
    staff,
    vouching,
)
from tests.browser.gallery.studio import Studio, studio
from tests.handlers.decisions.cast import overflowing
from tests.handlers.made_once import shipped_policy
from tests.wire.backups import PUBLISHED
from tests.wire.test_several_directories import LAB
from tests.wire.test_stages import MANAGER_THEN_OWNER, policy


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A story that pictures are taken of. how: what its company needs, as `open_world` takes it."""

    play: Callable[[Studio], Awaitable[None]]
    how: Callable[[], dict[str, Any]] = field(default=dict)

    @property
    def name(self) -> str:
        """As it is called at the command line."""
        return self.play.__name__


def _published() -> dict[str, Any]:
    section = f'[audit]\npublished = "{PUBLISHED}"\nevery_seconds = 1\n\n[security]'
    return {"changes": {"[security]": section}}


def _manager_first() -> dict[str, Any]:
    return {"policy": policy(MANAGER_THEN_OWNER)}


def _all_policies() -> dict[str, Any]:
    return {"policy": shipped_policy()}


def _every_day_counts() -> dict[str, Any]:
    section = "[emergencies]\nweekend = []\ndrill_every_days = 7\n[security]"
    return {"policy": shipped_policy(), "changes": {"[security]": section}}


def _broken() -> dict[str, Any]:
    sources, schema = shipped()
    broken = {**sources, "broken.cedar": overflowing("forbid", Action.GRANT)}
    return {"policy": CedarPolicy.load(broken, schema, bound_to="")}


def _few_resets() -> dict[str, Any]:
    section = "[detectors.resets]\neverybody = 2\n[security]\nresets_an_hour = 2"
    return {"changes": {"[security]": section}}


def _soon_told() -> dict[str, Any]:
    return {"changes": {"[security]": f"{patterns.LOW}[security]"}}


def _two_owners() -> dict[str, Any]:
    section = '[policy]\nowners = "security-team"\ntwo_owners = true\n[security]'
    return {"changes": {"[security]": section}}


def _no_collector() -> dict[str, Any]:
    return {"changes": {"[security]": '[siem]\nto = "http"\nurl = "http://127.0.0.1:1/"\n[security]'}}


def _two_directories() -> dict[str, Any]:
    return {"second": LAB, "same_people": True}


SCENES = (
    *(
        Scene(play=play)
        for play in (
            staff.asking, staff.a_request, staff.stages, staff.at_once, staff.not_given, staff.nobody_answers,
            staff.a_failing_directory, staff.for_a_report, staff.answers, staff.homes,
            approvers.deciding, approvers.own_request, approvers.two_teams, approvers.an_end_that_waits,
            security.refusals, security.drift, security.first_look, security.groups_gone, security.late,
            security.outage, security.a_wrong_clock, security.left_over, security.not_following, security.unread,
            security.an_owner, security.leavers, security.many_left, security.on_the_secure_page,
            security.undeliverable, security.a_checkpoint, security.a_story, security.a_week,
            proofs.a_passkey, resets.not_me, resets.a_new_address, rules.changed_rules,
            halting.halted, halting.revoked, exceptions.worked_on, floods.a_flood, floods.an_escalation,
            delegations.holiday, helping.help_desk, patterns.an_unchecked_record, patterns.an_edited_record,
        )
    ),
    Scene(play=emergencies.broken_glass, how=_all_policies),
    Scene(play=emergency_reviews.reviewed, how=_every_day_counts),
    Scene(play=emergency_reviews.drilled, how=_every_day_counts),
    Scene(play=petitions.a_petition, how=_all_policies),
    Scene(play=petitions.a_privileged_petition, how=_all_policies),
    Scene(play=approvers.manager_first, how=_manager_first),
    Scene(play=approvers.stepping_up, how=_all_policies),
    Scene(play=security.set_back, how=_published),
    Scene(play=security.a_broken_policy, how=_broken),
    Scene(play=resets.too_many_resets, how=_few_resets),
    Scene(play=patterns.patterns, how=_soon_told),
    Scene(play=rules.proposed_rules, how=_two_owners),
    Scene(play=security.not_streamed, how=_no_collector),
    Scene(play=vouching.a_word, how=_all_policies),
    Scene(play=security.two_accounts, how=_two_directories),
    Scene(play=security.a_lost_directory, how=_two_directories),
)  # fmt: skip


async def play(browser: Browser, scenes: Sequence[Scene]) -> list[str]:
    """Play these, one after the other; the names of the pictures that were taken."""
    return [name for scene in scenes for name in await _played(browser, scene)]


async def _played(browser: Browser, scene: Scene) -> list[str]:
    """Once more from the start if it stuck: the bot keeps its deadlines, and a machine may be too busy for them."""
    for last in (False, True):
        async with studio(browser, **scene.how()) as it:
            try:
                await scene.play(it)
            except AssertionError:
                if last:
                    raise
                continue
        return it.taken
    raise AssertionError("a scene is played at most twice")
