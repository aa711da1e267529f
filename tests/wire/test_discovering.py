"""A group that describes itself in the directory, asked for in Slack; and what security hears if it is wrong."""

from tests.bot.test_discovery import BLOG
from tests.wire.conftest import close_world, open_world
from tests.wire.steps import SECURITY

DISCOVER = "[directories.local.discover]\nlowest_risk = 3\n[security]"


async def test_a_group_that_describes_itself_can_be_asked_for(tmp_path):
    """G-5: told in the security channel as a change of the rules, then carried to its owner as anything else is."""
    world = await open_world(tmp_path, changes={"[security]": DISCOVER})
    try:
        owner = world.settings.catalogue.entitlements["prod-db"].owner
        text = BLOG.replace("=data", f"={owner}") + "wicket: title=Company blog\n"
        await world.directory.add_group("blog")
        await world.directory.describe_group("blog", text)
        security, ada = world.person("joan"), world.person("ada")
        await world.app.compare()
        await security.sees("The rules changed", "blog", channel=SECURITY, timeout=20)
        said = await ada.say("I need blog for 1h because INC-4711")
        draft = await ada.sees("You are asking for blog", after=said.ts)
        await ada.click(draft, "draft.send")
        channel = world.settings.catalogue.owners[owner].channel
        await world.person("grace").sees("Access request", "blog", channel=channel)
        await world.directory.describe_group("blog", text.replace("risk=4", "risk=0"))
        await world.app.compare()
        await security.sees("cannot be used: blog", "risk: must be at least 1", channel=SECURITY, timeout=20)
    finally:
        await close_world(world)
