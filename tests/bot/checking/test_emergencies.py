"""The lines about breaking the glass: found by looking that nobody could, and not in the emergency."""

from storage.directories.local import LocalDirectory
from tests.bot.checking.conftest import Installation

PART, OUTSIDE, LISTED = "break-glass", "alert outside Slack", "break_glass platform-owners"


async def test_two_on_the_list_and_a_channel_outside_are_enough(install: Installation) -> None:
    """B-1, B-2."""
    assert [(one.level, one.about) for one in await install.found(PART)] == [("ok", OUTSIDE), ("ok", LISTED)]


async def test_where_nobody_breaks_the_glass_there_is_nothing_to_tell(install: Installation) -> None:
    install.edit({'break_glass = ["platform-owners"]': ""})
    assert await install.found(PART) == []


async def test_without_a_channel_outside_nobody_can(install: Installation) -> None:
    """B-2: unless the security channel alone is enough, which is told as well."""
    install.edit({'mail = ["joan@lovelace.example"]': ""})
    assert (await install.one(PART, OUTSIDE))[0] == "failed"
    install.edit({"[limits]": '[emergencies]\nfallback = "security"\n\n[limits]'})
    assert (await install.one(PART, OUTSIDE))[0] == "warning"


async def test_a_group_that_is_not_there_or_nearly_empty_is_told(install: Installation) -> None:
    """B-1."""
    people: LocalDirectory = install.people()
    await people.remove_member("p-bob", "platform-owners")
    people.close()
    assert (await install.one(PART, LISTED))[0] == "warning"
    install.edit({'break_glass = ["platform-owners"]': 'break_glass = ["responders"]'})
    level, found, _ = await install.one(PART, "break_glass responders")
    assert (level, found) == ("failed", "There is no group responders in local.")
