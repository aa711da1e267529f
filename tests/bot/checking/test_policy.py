"""The policies' lines: the set and its hash, and what nobody can ever be granted."""

from datetime import UTC, datetime

from bot.checking.policy import examine_policy, prospects
from bot.policies import load_policy
from handlers.decisions.cedar import CedarPolicy
from handlers.policies import shipped
from storage.directories.base import Finding
from tests.bot.checking.conftest import Installation, of

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def under(text: str, install: Installation) -> list[Finding]:
    """The lines of the sample catalogue under a set of somebody's own."""
    policy = CedarPolicy.load({"own.cedar": text}, shipped()[1], bound_to="")
    return examine_policy(policy, prospects(policy, install.settings(), now=NOW))


async def test_the_set_is_told_with_the_hash_that_stands_on_every_decision(install: Installation):
    report = await install.check()
    [loaded] = of(report, "policy", "policies")
    policy = load_policy(install.settings())
    assert loaded.level == "ok"
    assert loaded.found.startswith(f"{len(policy.notes)} policies")
    assert policy.policy_set in loaded.found
    assert of(report, "policy", "entitlements")[0].found == "An employee gets 5 at once, 4 by approval."


async def test_what_nothing_can_ever_grant_names_the_policy(install: Installation):
    [never] = await install.found("policy", "entitlement prod-admin")
    assert never.level == "warning"
    assert "because of critical-needs-step-up" in never.found
    assert never.advice


def test_what_no_policy_grants(install: Installation):
    found = under('@id("some") @reason("S.")\npermit (principal, action == Action::"grant", resource) when { resource.risk < 3 };', install)
    [never] = [one for one in found if one.about == "entitlement prod-db"]
    assert never.level == "warning"
    assert "no policy does, whoever approves" in never.found


def test_an_entitlement_whose_longest_time_alone_is_refused_can_be_granted(install: Installation):
    """Another time than an hour may do."""
    rule = '@id("short") @reason("S.")\npermit (principal, action == Action::"grant", resource) when { context.minutes < 2 };'
    assert {one.level for one in under(rule, install)} == {"ok"}


def test_a_policy_that_cannot_be_evaluated(install: Installation):
    overflow = "9223372036854775807 + resource.risk > 0"
    found = under(f'@id("over") @reason("S.")\npermit (principal, action == Action::"grant", resource) when {{ {overflow} }};', install)
    [broken] = [one for one in found if one.about == "entitlement prod-db"]
    assert broken.level == "failed"
    assert "cannot be evaluated" in broken.found
