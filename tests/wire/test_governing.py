"""A change of the rules, approved in Slack by two owners who prove on the secure page who they are."""

from dataclasses import replace

from bot.policies import rules_of, sources_of
from handlers.decisions.cedar import CedarPolicy
from handlers.policies import shipped
from tests.wire.conftest import World, close_world, open_world
from tests.wire.steps import SECURITY
from tests.wire.test_stepping_up import PROVE, proves

OWNERS = '[policy]\nowners = "security-team"\ntwo_owners = true\n[security]'


async def approves(world: World, login: str, whose: str) -> None:
    """They press Approve, prove who they are by the link that they are sent, and press it again."""
    who = world.person(login)
    proposal = await who.sees("waits for its owners", channel=SECURITY)
    await who.click(proposal, "rules.approve")
    link = (await who.sees(PROVE)).link(PROVE)
    assert "about the change of the policies" in await proves(world, login, link)
    await who.click(await who.sees("waits for its owners", channel=SECURITY), "rules.approve")
    await who.sees(whose, channel=SECURITY)


async def test_two_owners_approve_a_change_by_buttons(tmp_path):
    """G-3, P-10: over Slack's protocol, with the page between."""
    policy = CedarPolicy.load(*shipped(), bound_to="")
    world = await open_world(tmp_path, policy=policy, changes={"[security]": OWNERS})
    try:
        settings, governing = world.settings, world.app.governing
        before, catalogue = governing.newest, world.settings.catalogue
        lower = replace(catalogue.entitlements["prod-db"], risk=2)
        entitlements = {**catalogue.entitlements, "prod-db": lower}
        new = rules_of(sources_of(settings), replace(catalogue, entitlements=entitlements), settings)
        await governing.take(new)
        assert governing.newest is before
        await approves(world, "alan", "One more policy owner is needed")
        assert governing.newest is before
        ground, database = world.app.ground, world.app.database
        with ground.kept():  # what began before keeps its set, in its transactions too (G-1)
            await approves(world, "joan", "It holds now")
            assert governing.newest.content == new.content
            assert await database.glance(lambda _: ground.catalogue.entitlements["prod-db"].risk) > 2
        assert await database.glance(lambda _: ground.catalogue.entitlements["prod-db"].risk) == 2
    finally:
        await close_world(world)
