"""The policies' lines: the set and its hash, and what nobody can ever be granted."""

from datetime import UTC, datetime

from bot.checking.policy import examine_policy, prospects
from bot.policies import load_policy
from handlers.decisions.cedar import CedarPolicy
from handlers.policies import shipped
from storage.directories.base import Finding
from tests.bot.checking.conftest import Installation, of

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def under(rule: str, install: Installation) -> list[Finding]:
    """The lines of the sample catalogue under a set of somebody's own, which grants at once when this holds."""
    head = '@id("own") @reason("It is ours.")\npermit (principal, action == Action::"grant", resource)\n'
    policy = CedarPolicy.load({"own.cedar": f"{head}when {{ {rule} }};"}, shipped()[1], bound_to="")
    return examine_policy(policy, prospects(policy, install.settings(), now=NOW))


async def test_the_set_is_told_with_the_hash_that_stands_on_every_decision(install: Installation):
    report = await install.check()
    [loaded] = of(report, "policy", "policies")
    policy = load_policy(install.settings())
    assert loaded.level == "ok"
    assert loaded.found.startswith(f"{len(policy.notes)} policies")
    assert policy.policy_set in loaded.found
    assert of(report, "policy", "entitlements")[0].found == "An employee gets 5 at once, 5 by approval."


def test_what_nothing_can_ever_grant_names_the_policy(install: Installation):
    sources, schema = shipped()
    own = '@id("never-5") @reason("Never.") forbid (principal, action == Action::"grant", resource)'
    policy = CedarPolicy.load(
        {**sources, "own.cedar": f"{own} when {{ resource.risk >= 5 }};"}, schema, bound_to=""
    )
    found = examine_policy(policy, prospects(policy, install.settings(), now=NOW))
    [never] = [one for one in found if one.about == "entitlement prod-admin"]
    assert never.level == "warning"
    assert "because of never-5" in never.found
    assert never.advice


def test_what_no_policy_grants(install: Installation):
    [never] = [one for one in under("resource.risk < 3", install) if one.about == "entitlement prod-db"]
    assert never.level == "warning"
    assert "no policy does, whoever approves" in never.found
    assert never.advice


def test_an_entitlement_that_can_be_had_for_a_minute_alone_can_be_granted(install: Installation):
    assert {one.level for one in under("context.minutes < 2", install)} == {"ok"}


def test_a_policy_that_cannot_be_evaluated(install: Installation):
    found = under("9223372036854775807 + resource.risk > 0", install)
    [broken] = [one for one in found if one.about == "entitlement prod-db"]
    assert broken.level == "failed"
    assert "cannot be evaluated" in broken.found
    assert broken.advice


async def test_policies_of_ones_own_that_will_not_do_are_told_as_a_start_would(install: Installation):
    """G-1: with file, line and column."""
    folder = install.folder / "policies"
    folder.mkdir()
    (folder / "ours.cedar").write_text("permit (principal")
    install.edit({"[security]": '[policy]\ndirectory = "policies"\n\n[security]'})
    [wrong] = [one for one in await install.found("policy") if one.level == "failed"]
    assert "policies/ours.cedar, line 1, column " in wrong.found
