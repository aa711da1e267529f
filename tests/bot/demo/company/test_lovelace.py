"""The sample company holds together, and the shipped policies answer there as the demo tells it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.demo.company import LOVELACE, catalogue, seed_directory
from bot.demo.company.shapes import account_of
from handlers.decisions.cedar import CedarPolicy
from handlers.decisions.policy import AccessQuestion, Action, Approvals, role_of
from handlers.decisions.requests import may_decide, weigh_request
from handlers.policies import shipped
from storage.directories.base import Account
from storage.directories.local import LocalDirectory
from storage.directories.scrypt import Scrypt

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
OWNER = Approvals(owner=1)
BOTH = Approvals(owner=1, security=1)


@pytest.fixture(scope="module")
def policy() -> CedarPolicy:
    sources, schema = shipped()
    return CedarPolicy.load(sources, schema, bound_to=catalogue().digest)


@pytest.fixture
async def directory(tmp_path: Path) -> AsyncIterator[LocalDirectory]:
    made = LocalDirectory(tmp_path / "people.db", now=lambda: NOW, cost=Scrypt(n=2))
    await seed_directory(made, at=NOW)
    yield made
    made.close()


async def account(directory: LocalDirectory, login: str) -> Account:
    found = await directory.account(account_of(login))
    assert found is not None
    return found


def asks(by: Account, what: str, minutes: int = 60) -> AccessQuestion:
    things = catalogue()
    entitlement = things.entitlements[what]
    return AccessQuestion(
        action=Action.REQUEST,
        principal=by,
        entitlement=entitlement,
        owner=things.owner_of(entitlement),
        requester=by,
        minutes=minutes,
        justification_given=True,
        ticket_given=False,
        now=NOW,
    )


@pytest.mark.parametrize(
    ("who", "what", "outcome", "missing"),
    [
        ("ada", "grafana-edit", "automatic", None),
        ("ada", "staging-db", "automatic", None),
        ("ada", "crm-read", "automatic", None),
        ("luca", "vpn-users", "automatic", None),
        ("ada", "billing-export", "approval", OWNER),
        ("ada", "k8s-deploy", "approval", OWNER),
        ("ada", "prod-db", "approval", OWNER),
        ("ada", "github-admin", "approval", BOTH),
        ("ada", "prod-admin", "approval", BOTH),
        ("eve", "grafana-edit", "approval", OWNER),
        ("eve", "github-admin", "refused", None),
        ("eve", "prod-admin", "refused", None),
    ],
)
async def test_every_kind_of_answer_can_be_had(
    directory: LocalDirectory,
    policy: CedarPolicy,
    who: str,
    what: str,
    outcome: str,
    missing: Approvals | None,
) -> None:
    verdict = weigh_request(policy, asks(await account(directory, who), what))
    assert (verdict.outcome, verdict.missing) == (outcome, missing)


async def test_everything_that_can_be_approved_has_somebody_who_may_besides_the_asker(
    directory: LocalDirectory, policy: CedarPolicy
) -> None:
    """No request waits for nobody, not even an owner's own."""
    people = [await account(directory, person.login) for person in LOVELACE.people if person.linked]
    for item in LOVELACE.entitlements:
        if item.risk == 5:
            continue
        for asker in people:
            question = asks(asker, item.id)
            able = [
                approver.login
                for approver in people
                if (role := role_of(approver, asker, question.owner, LOVELACE.security)) == "owner"
                and may_decide(policy, question, approver, role).allowed
            ]
            assert able, (asker.login, item.id)


def test_approvers_sit_in_their_channel_among_others_who_may_not_decide() -> None:
    groups = {group.name: group for group in LOVELACE.groups}
    channels = {channel.id: channel for channel in LOVELACE.channels}
    for owner in LOVELACE.owners:
        members, approvers = set(channels[owner.channel].members), set(groups[owner.approvers].people)
        assert approvers <= members
        assert members - approvers
        assert not channels[owner.channel].shared


def test_what_is_granted_and_who_decides_are_groups_of_the_directory() -> None:
    known = {group.name for group in LOVELACE.groups}
    needed = {item.group for item in LOVELACE.entitlements} | {owner.approvers for owner in LOVELACE.owners}
    assert needed | {LOVELACE.security} <= known
    admin = {group.name for group in LOVELACE.groups if group.admin}
    assert {item.group for item in LOVELACE.entitlements if item.kind == "admin"} <= admin


def test_nobody_and_nothing_is_there_twice() -> None:
    for ids in (
        [person.slack for person in LOVELACE.people],
        [person.login for person in LOVELACE.people],
        [person.mail for person in LOVELACE.people],
        [channel.id for channel in LOVELACE.channels],
        [item.group for item in LOVELACE.entitlements],
        [item.id for item in LOVELACE.entitlements],
    ):
        assert len(set(ids)) == len(ids)


async def test_accounts_are_as_the_roles_need_them(directory: LocalDirectory) -> None:
    ada, konrad, eve, bob = [await account(directory, login) for login in ("ada", "konrad", "eve", "bob")]
    assert ada.manager == account_of("charles")
    assert {"vpn-users", "wiki-editors", "team-engineering"} <= ada.groups
    assert not (await directory.membership(ada.id, "vpn-users")).present
    assert (ada.privileged, konrad.privileged) == (False, True)
    assert (eve.employment, eve.company) == ("contractor", "Vendor Co")
    assert bob.locked
    assert await directory.verify_password(ada.id, LOVELACE.person("ada").password)
    assert await directory.accounts_by_mail("greta@printworks.example") == []


async def test_sowing_twice_changes_nothing(directory: LocalDirectory) -> None:
    await directory.take_from_group("wiki-editors", account_of("ada"))
    before = await directory.memberships()
    await seed_directory(directory, at=NOW)
    assert await directory.memberships() == before
    assert await directory.effects() == []


def test_a_lowered_risk_is_another_catalogue() -> None:
    lower = replace(LOVELACE.entitlements[-1], risk=1)
    changed = replace(LOVELACE, entitlements=(*LOVELACE.entitlements[:-1], lower))
    assert catalogue(changed).digest != catalogue().digest
