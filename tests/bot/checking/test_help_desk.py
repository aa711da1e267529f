"""The help desks' lines: a misspelt group is found by looking, not by a desk that finds itself shut out (R-6)."""

from tests.bot.checking.conftest import Installation

ABOUT = "help desk it"


async def test_somebody_on_the_desk_is_enough(install: Installation):
    assert await install.one("help desks", ABOUT) == (
        "ok", "Somebody in the group help-desk can act for others.", "",
    )  # fmt: skip


async def test_a_group_that_is_not_there_or_holds_nobody_is_told(install: Installation):
    people = install.people()
    for login in ("p-konrad", "p-bob"):
        await people.change_account(login, active=False)
    people.close()
    level, found, _ = await install.one("help desks", ABOUT)
    assert (level, found) == (
        "warning", "Nobody is on it: nobody in the group help-desk is an employee and active.",
    )  # fmt: skip
    install.edit({'group = "help-desk"\nname': 'group = "help-desc"\nname'})
    level, _, advice = await install.one("help desks", ABOUT)
    assert (level, advice) == ("failed", "Make the group, or correct [help_desk.desks.it] group.")
