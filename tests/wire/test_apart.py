"""What nobody has both of, over the wire: what the person reads, and whom they are told to ask (A-5)."""

from pathlib import Path

from tests.wire.conftest import close_world, open_world
from tests.wire.steps import SECURITY

APART = {'group = "crm-readers"\n': 'group = "crm-readers"\nconflicts_with = ["grafana-edit"]\n'}


async def test_who_has_one_of_two_that_are_kept_apart_reads_what_to_do(tmp_path: Path) -> None:
    """The answer says what they have, that giving it back comes first, and which team knows who else can do it."""
    world = await open_world(tmp_path, changes=APART)
    try:
        ada = world.person("ada")
        await ada.say("I need crm-read for 2h because INC-4711")
        await ada.click(await ada.sees("You are asking for"), "draft.send")
        await ada.sees("✅ crm-read")
        await ada.say("I need grafana-edit for 2h because INC-4711")
        refused = await ada.sees("⛔", "Ada Lovelace has crm-read, and nobody has both at once.")
        assert "Give that back first, or ask Observability who else can do this." in refused.plain
        assert "ada" not in await world.holders("grafana-edit")
        await world.person("alan").sees("Refused: grafana-edit", "Ada Lovelace", channel=SECURITY)
    finally:
        await close_world(world)
