"""What the security channel sees of changes of the rules: told, refused, and waiting for two owners.

Each scene is played through the real bot; what stands for changed files is a set that was built of other text.
"""

from dataclasses import replace
from datetime import timedelta

from bot.policies import rules_of, sources_of
from handlers.drift.undiscovered import Undiscovered
from handlers.ground import ROLLED_OUT_WITHIN
from handlers.rules.governing import Governing
from handlers.rules.holding import Held, Rules
from tests.browser.gallery.security import told
from tests.browser.gallery.studio import Studio
from tests.wire.steps import SECURITY

OURS = """@id("no-changes-at-night")
@reason("Nothing in production is given at night.")
forbid (principal, action == Action::"grant", resource) when { resource.environment == "production" };
"""


def _other(it: Studio) -> Rules:
    """With a policy more, and a lower risk."""
    settings = it.world.settings
    catalogue = settings.catalogue
    lower = replace(catalogue.entitlements["prod-db"], risk=2)
    return rules_of(
        {**sources_of(settings), "policies/night.cedar": OURS},
        replace(catalogue, entitlements={**catalogue.entitlements, "prod-db": lower}),
        settings,
    )


async def changed_rules(it: Studio) -> None:
    """Another set holds, the next will not do, and a second replica has not heard of it."""
    app = it.world.app
    second = Governing(
        app.ground, Held(app.governing.newest), lambda *_: app.governing.newest, replica="wicket-2"
    )
    await app.governing.take(_other(it))
    await told(it, "alert-rules-changed", "The rules changed")
    await app.governing.refuse(
        "policies/night.cedar, line 3, column 63: unexpected token `>`", "other content"
    )
    await told(it, "alert-rules-invalid", "The new rules will not do")
    await Undiscovered(app.ground).note(
        "corp",
        {"wiki-editors": "environment: 'prod' is no word that policies know. Did you mean \"production\"?"},
        began=it.world.clock.now(),
    )
    await told(it, "alert-not-discovered", "What a group says of itself")
    await second.look()
    it.world.clock.skip(seconds=(ROLLED_OUT_WITHIN + timedelta(seconds=1)).total_seconds())
    await second.look()
    await told(it, "alert-rules-differ", "Two replicas go by different rules")


async def proposed_rules(it: Studio) -> None:
    """A change waits for two owners of the policies, and one of them denies it."""
    await it.world.app.governing.take(_other(it))
    proposal = await told(it, "alert-rules-proposed", "waits for its owners")
    await it.person("alan").click(proposal, "rules.deny")
    await it.person("alan").sees("Denied by Alan", channel=SECURITY)
    await told(it, "alert-rules-denied", "Denied by Alan")
