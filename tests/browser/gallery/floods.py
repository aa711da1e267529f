"""What the security channel sees of a flood, and of what was told outside Slack; and what arrives there.

It is played through the real bot; nothing is put into its store or into a message.
"""

from tests.browser.gallery.security import told
from tests.browser.gallery.studio import Studio
from tests.wire.hostile import clicked
from tests.wire.steps import SECURITY
from tests.wire.test_floods import ALONE, MANY, guests


async def a_flood(it: Studio) -> None:
    """Many are turned away at once: most of them are one line."""
    for user in guests(it.world):
        await it.world.slack.person(user).slash("/wicket", "what access do I have?")
    await told(it, "flood", f"And {MANY - ALONE} more of one kind", patience=20)


async def an_escalation(it: Studio) -> None:
    """What nobody acknowledged: it says where else it was told."""
    await it.world.slack.send(clicked("U0ADA", "approval.approve", "g-never-made"), kind="interactive")
    await it.person("alan").sees("No button or form of ours", channel=SECURITY)
    it.world.clock.skip(minutes=15)
    await told(it, "alert-escalated", "No button or form of ours", "sent by mail", patience=20)
    it.world.phones._addresses.clear()  # it knows nobody from now on
    await it.world.slack.send(clicked("U0BOB", "approval.approve", "g-never-made"), kind="interactive")
    await it.person("alan").sees("sent by Bob", channel=SECURITY)
    it.world.clock.skip(minutes=15)
    await told(it, "alert-undeliverable-outside", "Undeliverable: a notice outside Slack", patience=30)
