"""The approvers' lines: an owner with nobody who can decide is found by looking, not by a request that waits (R-1)."""

from collections.abc import AsyncIterator

import pytest

from storage.directories.local import LocalDirectory
from tests.bot.checking.conftest import Installation, of

DATA = "approvers of Data Platform in local"


@pytest.fixture
async def people(install: Installation) -> AsyncIterator[LocalDirectory]:
    directory = install.people()
    yield directory
    directory.close()


async def leave(people: LocalDirectory, group: str, *but: str) -> None:
    """Take everybody out of the group but these."""
    found = await people.group(group)
    assert found is not None
    for member in found.direct - set(but):
        await people.remove_member(member, group)


async def test_two_who_can_are_enough(install: Installation):
    found = await install.found("approvers")
    assert {one.level for one in found} == {"ok"}
    assert len(found) == 6
    assert found[-1].about == "security approvers in local"


async def test_whoever_only_stands_in_is_looked_at_too(install: Installation):
    """Their group decides as soon as something is passed on to them."""
    night = '[[owner]]\nid = "night"\nname = "Night desk"\nchannel = "C0ITDESK"\napprovers = "nobody-yet"\n\n'
    install.edit({'[[owner]]\nid = "finance"': night + '[[owner]]\nid = "finance"',
                  'fallback = "it-desk"': 'fallback = "night"'})  # fmt: skip
    level, found, _ = await install.one("approvers", "approvers of Night desk in local")
    assert (level, found) == ("failed", "Nobody can approve: there is no group nobody-yet.")


ON_CALL = "on call for Data Platform in local"


async def test_a_shift_of_one_is_enough(install: Installation, people: LocalDirectory):
    """Who is on call decides beside the approvers, so nothing waits for them alone."""
    install.edit(
        {'approvers = "data-platform-owners"': 'approvers = "data-platform-owners"\non_call = "shift"'}
    )
    level, found, advice = await install.one("approvers", ON_CALL)
    assert (level, found) == ("warning", "Nobody can approve: there is no group shift.")
    assert "owner[data-platform].on_call" in advice
    await people.add_group("shift")
    level, _, advice = await install.one("approvers", ON_CALL)
    assert (level, advice) == ("warning", "Put whoever is on call into it.")
    await people.add_member("p-mary", "shift")
    assert await install.one("approvers", ON_CALL) == ("ok", "Somebody in the group shift can approve.", "")


async def test_a_group_that_is_not_there(install: Installation):
    install.edit({'approvers = "data-platform-owners"': 'approvers = "data-platform-owner"'})
    level, found, advice = await install.one("approvers", DATA)
    assert (level, found) == ("failed", "Nobody can approve: there is no group data-platform-owner.")
    assert "owner[data-platform].approvers" in advice


async def test_an_empty_group(install: Installation, people: LocalDirectory):
    await leave(people, "data-platform-owners")
    level, found, advice = await install.one("approvers", DATA)
    assert level == "failed"
    assert found.startswith("Nobody can approve: nobody in the group data-platform-owners is active")
    assert "two people" in advice


async def test_one_alone_whose_own_requests_nobody_can_decide(install: Installation, people: LocalDirectory):
    """R-1."""
    await leave(people, "data-platform-owners", "p-grace")
    level, found, advice = await install.one("approvers", DATA)
    assert level == "warning"
    assert found == "Only Grace Hopper can approve, so nobody can decide what Grace Hopper asks for."
    assert "second person" in advice


@pytest.mark.parametrize(
    "change",
    [
        {"active": False},
        {"employment": "contractor"},
        {"employment": "service"},
        {"mail": "grace@lovelace.example"},
    ],
)
async def test_who_may_not_decide_is_not_counted(
    install: Installation, people: LocalDirectory, change: dict[str, object]
):
    """SL-17, N-10; the last is a second account of Grace's (R-1)."""
    await people.change_account("p-linus", **change)
    assert (await install.one("approvers", DATA))[0] == "warning"


async def test_security_is_needed_where_an_approval_of_theirs_is(
    install: Installation, people: LocalDirectory
):
    await leave(people, "security-team", "p-alan")
    assert (await install.one("approvers", "security"))[0] == "warning"
    await leave(people, "security-team")
    assert (await install.one("approvers", "security"))[0] == "failed"


async def test_who_counts_as_the_owner_cannot_be_securitys_voice_too(
    install: Installation, people: LocalDirectory
):
    """R-1: nobody counts twice, and whoever is both counts as owner."""
    for member in ("p-alan", "p-joan"):
        await people.put_in_group("platform-owners", member)
    level, found, _ = await install.one("approvers", "security")
    assert level == "failed"
    assert found.startswith("Nobody can approve")


async def test_where_nothing_takes_securitys_approval_their_absence_is_no_failure(
    install: Installation, people: LocalDirectory
):
    await leave(people, "security-team")
    install.edit({"risk = 4": "risk = 3", "risk = 5": "risk = 3", 'kind = "admin"': 'kind = "server"'})
    assert (await install.one("approvers", "security"))[0] == "warning"


async def test_a_directory_that_does_not_answer_is_unknown_and_not_empty(install: Installation):
    """Promise 7."""
    (install.folder / "people.db").write_bytes(b"no database at all" * 100)
    report = await install.check()
    assert {one.level for one in of(report, "approvers")} == {"failed"}
    assert of(report, "approvers")[0].found.startswith("It is not known who they are: ")
    assert {one.level for one in of(report, "directories")} == {"failed"}


LAB = """
[directories.lab]
kind = "local"
path = "people.db"
people_of = "local"

[[entitlement]]
id = "lab-db"
title = "Lab database"
directory = "lab"
group = "prod-db-rw"
owner = "data-platform"
risk = 4
environment = "production"
kind = "database"
access = "read"
max = "8h"
"""


async def test_approvers_of_what_is_kept_elsewhere_are_looked_for_at_home(install: Installation):
    """Nobody signs in from the other directory, so nobody decides there."""
    install.edit(add=LAB)
    found = await install.found("approvers")
    assert {one.level for one in found} == {"ok"}
    assert not [one.about for one in found if "lab" in one.about]
    assert not [one for one in await install.found("policy") if "lab-db" in one.about]


async def test_a_standing_scope_of_nobody_is_found(install: Installation, people: LocalDirectory):
    """R-5: a contractor in its group is nobody who decides."""
    scope = '[[scope]]\nid = "oslo"\nname = "Oslo"\nowner = "finance"\ngroup = "oslo"\nmax_risk = 2\nmax = "1h"\n\n'
    install.edit({'[[owner]]\nid = "finance"': scope + '[[owner]]\nid = "finance"'})
    about = "standing scope Oslo in local"
    level, found, _ = await install.one("approvers", about)
    assert (level, found) == ("warning", "Nobody can approve: there is no group oslo.")
    await people.add_group("oslo")
    await people.add_member("p-eve", "oslo")
    assert (await install.one("approvers", about))[0] == "warning"
    await people.add_member("p-mary", "oslo")
    assert await install.one("approvers", about) == ("ok", "Somebody in the group oslo can approve.", "")
