"""Entitlements that groups describe themselves in the directory: how far they are believed, and when they hold."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from bot.discovering import AGAIN_AFTER, DISCOVERY, RULES, Discovering
from bot.grounds import ground_of
from bot.reloading import Reloading, begin_with, govern
from bot.settings import Settings, load_settings
from handlers.drift.undiscovered import Undiscovered
from handlers.ground import Ground
from handlers.rules.governing import Governing
from storage.catalogue import Entitlement
from storage.database import Database
from storage.directories.local import LocalDirectory
from storage.records import ExceptionRecord
from tests.bot.test_reloading import ROWS
from tests.bot.test_serving import SETTINGS
from tests.directories.faulty import FaultyDirectory
from tests.handlers.made_once import copy_empty_database

DISCOVER = "[directories.local.discover]\n"
BLOG = """
wicket: owner=data
wicket: risk=4
wicket: environment=corporate
wicket: kind=tool
wicket: max=2h
"""


@dataclass
class Running:
    """What discovers and reloads in a bot, without the bot."""

    folder: Path
    database: Database
    local: LocalDirectory
    directory: FaultyDirectory
    more: str = ""
    waits: str = ""

    def __post_init__(self) -> None:
        self.woken: list[str] = []
        self.start()

    def settings(self) -> Settings:
        text = SETTINGS.format(port=1) + self.waits + DISCOVER + self.more + ROWS.format(id="wiki", risk=1)
        (self.folder / "wicket.toml").write_text(text)
        return load_settings(self.folder / "wicket.toml", {}, serving=False)

    def start(self) -> None:
        """As a bot starts: nothing is remembered but what the database holds."""
        settings, now = self.settings(), self.database.now
        directories = {"local": self.directory}
        self.discovering = Discovering(settings, directories, self.database, now, self.woken.append)
        self.held, _ = begin_with(self.discovering.begins, None, self.database, None)
        self.ground: Ground = ground_of(settings, self.database, directories, now, held=self.held)
        self.governing: Governing = govern(settings, self.ground, self.held)
        both = (self.discovering, Undiscovered(self.ground))
        self.reloading = Reloading(settings, self.governing, self.settings, settled=0.01, discovering=both)

    async def begin(self) -> None:
        await self.governing.begin("")
        await self.reloading.look()

    async def look(self) -> dict[str, Entitlement]:
        """What the catalogue offers after a look at the directory."""
        await self.discovering.look("local")
        await self.reloading.look()
        return dict(self.held.newest.catalogue.entitlements)

    async def until_hanging(self) -> None:
        """Until a call to the directory hangs."""
        async with asyncio.timeout(10):
            while not self.directory.hanging:  # noqa: ASYNC110  it has no event to wait for
                await asyncio.sleep(0.001)

    def told(self, kind: str = "not-discovered") -> list[ExceptionRecord]:
        rows = self.database.read_now(lambda tx: list(tx.exec(select(ExceptionRecord)).all()))
        return [row for row in rows if row.kind == kind]

    def wrong(self) -> list[str]:
        """What is told and not over."""
        return [str(row.facts["wrong"]) for row in self.told() if "settled" not in row.facts]


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    database = Database(copy_empty_database(tmp_path / "wicket.db"))
    local = LocalDirectory(tmp_path / "people.db")
    for group in ("wiki", "blog", "data-owners"):
        await local.add_group(group)
    yield Running(tmp_path, database, local, FaultyDirectory(local))
    local.close()
    database.close()


async def test_a_group_that_describes_itself_is_offered_and_the_change_is_told(running: Running) -> None:
    """G-5: as any change of the catalogue is, with what changed and the hash."""
    await running.begin()
    await running.local.describe_group("blog", BLOG + "wicket: alias=weblog\nAsk Joan about this group.\n")
    found = await running.look()
    blog = found["blog"]
    assert (blog.owner, blog.risk, blog.max_duration) == ("data", 4, timedelta(hours=2))
    assert (blog.title, blog.access, blog.aliases, blog.standing_allowed) == (
        "blog",
        "member",
        ("weblog",),
        False,
    )
    assert running.held.newest.catalogue.discovered == {"blog"}
    assert running.woken == [RULES]
    (told,) = running.told("rules-changed")
    assert told.facts["changed"]["entitlements_added"] == ["blog"]
    assert told.facts["set"] == running.held.newest.policy.policy_set
    await running.look()
    assert len(running.told("rules-changed")) == 1


async def test_what_a_group_says_goes_no_further_than_the_settings(running: Running) -> None:
    """G-5: whoever may write there lowers no risk below the floor and lengthens nothing past the limit."""
    easy = BLOG.replace("risk=4", "risk=1").replace("max=2h", "max=90d") + "wicket: standing=yes\n"
    await running.local.describe_group("blog", easy)
    await running.begin()
    blog = (await running.look())["blog"]
    assert (blog.risk, blog.max_duration, blog.standing_allowed, blog.people) == (
        3,
        timedelta(hours=8),
        False,
        1,
    )
    running.more = 'lowest_risk = 4\nmax = "1d"\nstanding = true\n'
    running.start()
    await running.begin()
    blog = (await running.look())["blog"]
    assert (blog.risk, blog.max_duration, blog.standing_allowed, blog.people) == (
        4,
        timedelta(days=1),
        True,
        2,
    )


@pytest.mark.parametrize(
    ("group", "text", "wrong"),
    [
        ("blog", BLOG.replace("=data", "=dat"), "owner: 'dat' is no owner that may be named here. Did you mean"),
        ("blog", BLOG.replace("risk=4", "risk=9"), "risk: must be at most 5."),
        ("blog", BLOG.replace("risk=4", "risk=low"), "risk: must be a whole number."),
        ("blog", BLOG.replace("=tool", "=tol"), "kind: 'tol' is no word that policies know. Did you mean"),
        ("blog", BLOG.replace("max=2h", "max=2"), "max: is not a duration."),
        ("blog", BLOG.replace("wicket: risk=4\n", ""), "It does not say risk."),
        ("blog", BLOG + "wicket: risk=5\n", "risk: is said twice."),
        ("blog", BLOG + "wicket: rsk=5\n", "'rsk' is nothing that can be said."),
        ("blog", BLOG + "wicket: title=<!channel> free\n", "title: has one of"),
        ("blog", BLOG + "wicket: alias=wiki\n", "alias: 'wiki' means another entitlement already."),
        ("blog", BLOG + "wicket: standing=perhaps\n", "standing: must be true or false."),
        ("wiki", BLOG, "It is written down already, as wiki, and that counts."),
        ("Wiki!", BLOG, "'wiki' is another entitlement already, and that counts."),
        ("data-owners", BLOG, "Its members decide in Wicket, or have power over it"),
    ],
)  # fmt: skip
async def test_what_cannot_be_used_is_not_offered_and_is_told_until_it_is_mended(
    running: Running, group: str, text: str, wrong: str
) -> None:
    """G-5: with group and line, once, and the others are offered all the same."""
    await running.local.add_group(group)
    await running.local.add_group("news")
    await running.local.describe_group("news", BLOG)
    await running.local.describe_group(group, text)
    await running.begin()
    for _ in range(2):
        assert (await running.look()).keys() == {"wiki", "news"}
    assert running.held.newest.catalogue.entitlements["wiki"].risk == 1
    (told,) = running.told()
    assert (told.facts["group"], told.count) == (group, 1)
    assert str(told.facts["wrong"]).startswith(wrong)
    await running.local.describe_group(group, "")
    await running.look()
    assert not running.wrong()


async def test_a_group_of_those_who_break_the_glass_is_never_offered(running: Running) -> None:
    """B-1: whoever may describe groups in the directory puts nobody on that list by an ordinary request."""
    row = ROWS.format(id="db", risk=4).partition("[[entitlement]]")[2]
    running.more = f'[[entitlement]]{row}break_glass = ["blog"]\n'
    await running.local.describe_group("blog", BLOG)
    running.start()
    await running.begin()
    assert (await running.look()).keys() == {"wiki", "db"}
    assert "have power over it" in running.wrong()[0]


async def test_a_group_that_decides_by_a_standing_scope_is_never_offered(running: Running) -> None:
    """R-5: whoever may describe groups in the directory lets nobody into one whose members approve for an owner."""
    running.more = """
[[scope]]
id = "near"
name = "Nearby"
owner = "data"
group = "BLOG"
max_risk = 2
max = "8h"
"""
    await running.local.describe_group("blog", BLOG)
    running.start()
    await running.begin()
    assert (await running.look()).keys() == {"wiki"}
    assert "decide in Wicket" in running.wrong()[0]


async def test_a_group_within_one_that_decides_is_never_offered(running: Running) -> None:
    """N-5: whoever is put into it is in the other one as well, however deep it stands there."""
    await running.local.describe_group("blog", BLOG)
    await running.begin()
    assert (await running.look()).keys() == {"wiki", "blog"}
    await running.local.add_group("Leads")
    for outer, inner in (("data-owners", "Leads"), ("Leads", "blog"), ("blog", "data-owners")):
        await running.local.put_in_group(outer, groups=[inner])
    assert (await running.look()).keys() == {"wiki"}
    assert "have power over it" in running.wrong()[0]
    await running.local.drop_group("Leads")
    assert (await running.look()).keys() == {"wiki", "blog"}


async def test_what_becomes_powerful_is_looked_through_anew(running: Running) -> None:
    """Another owner's approvers may hold a group that was offered before."""
    await running.local.describe_group("blog", BLOG)
    await running.local.add_group("leads")
    await running.local.put_in_group("leads", groups=["blog"])
    await running.begin()
    assert "blog" in await running.look()
    running.woken.clear()
    running.more = """
[[owner]]
id = "payments"
name = "Payments"
channel = "C0PAY0000"
approvers = "leads"
"""
    running.settings()  # written
    await running.reloading.look()
    assert DISCOVERY in running.woken
    assert "blog" not in await running.look()


async def test_an_outage_takes_nothing_away_also_over_a_restart(running: Running) -> None:
    """G-5, promise 7: what cannot be read is unknown, and so is a directory that suddenly says nothing at all."""
    await running.local.describe_group("blog", BLOG)
    await running.begin()
    await running.look()
    before = running.held.newest.policy.policy_set
    running.directory.error("described")
    running.start()
    await running.begin()
    assert running.held.newest.policy.policy_set == before
    assert "blog" in await running.look()
    assert len(running.wrong()) == 1
    running.directory.mend()
    await running.local.describe_group("blog", "")
    assert "blog" in await running.look()
    assert "shows no group that speaks to Wicket any more" in running.wrong()[0]
    assert running.held.newest.policy.policy_set == before
    assert len(running.told("rules-changed")) == 1
    await running.local.describe_group("blog", BLOG)
    await running.look()
    assert not running.wrong()


async def test_lines_that_become_wrong_leave_what_held_and_nobody_can_ask_for_it(running: Running) -> None:
    """G-5, G-4: grants on it keep their entitlement, and it heals by itself."""
    await running.local.describe_group("blog", BLOG)
    await running.begin()
    await running.look()
    await running.local.describe_group("blog", BLOG.replace("=data", "=nobody"))
    assert (await running.look())["blog"].owner == "data"
    assert "'nobody' is no owner" in running.wrong()[0]


async def begun(running: Running) -> asyncio.Task[bool]:
    """A look that read what the groups say, and then hangs."""
    running.directory.timeout = 30
    running.directory.hang("group", times=1)
    begun = asyncio.create_task(running.discovering.look("local"))
    await running.until_hanging()
    return begun


async def test_a_look_that_began_earlier_puts_nothing_back(running: Running) -> None:
    """The clock's and one that was asked for stand side by side: what the later one saw holds, whichever ends last."""
    await running.local.describe_group("blog", BLOG.replace("=data", "=nobody"))
    await running.begin()
    await running.look()
    earlier = await begun(running)
    await running.local.describe_group("blog", BLOG)
    assert ("blog" in await running.look(), running.wrong()) == (True, [])
    running.directory.release()
    assert await earlier
    await running.reloading.look()
    assert ("blog" in running.held.newest.catalogue.entitlements, running.wrong()) == (True, [])


async def test_a_look_that_saw_nothing_stands_in_the_way_of_none(running: Running) -> None:
    """What an earlier one saw in the end is newer than what held before both."""
    await running.local.describe_group("blog", BLOG.replace("=data", "=nobody"))
    await running.begin()
    await running.look()
    await running.local.describe_group("blog", BLOG)
    earlier = await begun(running)
    running.directory.error("described", times=1)
    assert ("blog" in await running.look(), len(running.wrong())) == (False, 2)
    running.directory.release()
    assert await earlier
    await running.reloading.look()
    assert ("blog" in running.held.newest.catalogue.entitlements, running.wrong()) == (True, [])


async def test_with_two_owners_what_is_discovered_waits_for_them(tmp_path: Path, running: Running) -> None:
    """G-3, G-5."""
    running.waits = '[policy]\nowners = "policy-owners"\ntwo_owners = true\n'
    running.start()
    await running.begin()
    await running.local.describe_group("blog", BLOG)
    assert "blog" not in await running.look()
    (proposed,) = running.told("rules-proposed")
    assert proposed.facts["changed"]["entitlements_added"] == ["blog"]
    assert proposed.facts["changed"]["entitlements_written"][3:6] == ["blog", "group", "blog"]


async def test_a_replica_that_goes_by_other_rules_looks_again(running: Running) -> None:
    """G-5: the other may have seen more; but not at every tick."""
    await running.begin()
    running.discovering.follow(differs=False)
    running.discovering.follow(differs=True)
    running.discovering.follow(differs=True)
    assert running.woken == [DISCOVERY]
    assert timedelta(seconds=1) < AGAIN_AFTER < timedelta(minutes=5)


async def test_another_replica_settles_nothing_by_what_it_read_before(
    tmp_path: Path, running: Running
) -> None:
    """Each looks in its own time: files that change do not make an old reading a new one."""
    running.directory.timeout = 30
    await running.local.describe_group("blog", BLOG)
    running.directory.answer_late("described", times=1)
    (tmp_path / "other").mkdir()
    other = Running(tmp_path / "other", running.database, running.local, running.directory)
    earlier = asyncio.create_task(other.discovering.look("local"))
    await running.until_hanging()
    await running.begin()
    await running.local.describe_group("blog", BLOG.replace("=data", "=nobody"))
    await running.look()
    assert len(running.wrong()) == 1
    running.directory.release()
    await earlier
    await other.reloading.look()
    assert len(running.wrong()) == 1
    await running.local.describe_group("blog", BLOG)
    await running.look()
    assert not running.wrong()
