"""The files of the rules, read anew while the bot runs: whole or not at all, and beside the loop."""

import asyncio
import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlmodel import select

from bot.grounds import ground_of, held_by
from bot.policies import load_policy, load_rules
from bot.reloading import Reloading, begin_with, govern
from bot.settings import Settings, Unusable, load_settings
from handlers.rules.holding import Held
from storage.database import Database
from storage.faults import PolicyFault
from storage.records import ExceptionRecord
from storage.signing import sign_unsigned
from tests.bot.test_serving import SETTINGS, serving, started, written
from tests.bot.test_serving import environ as environ
from tests.handlers.access_ground import MACS
from tests.handlers.made_once import copy_empty_database

OWN = '@id("{}") @reason("It is ours.") forbid (principal, action == Action::"grant", resource);\n'
MORE = """
[policy]
directory = "policies"
"""
ROWS = """
[[owner]]
id = "data"
name = "Data Platform"
channel = "C0DATA000"
approvers = "data-owners"
[[entitlement]]
id = "{id}"
title = "Wiki"
directory = "local"
group = "{id}"
owner = "data"
risk = {risk}
environment = "corporate"
kind = "tool"
access = "edit"
max = "8h"
"""


@dataclass
class Files:
    """wicket.toml, a folder of policies beside it, and what is made of them."""

    folder: Path

    def __post_init__(self) -> None:
        (self.folder / "policies").mkdir()
        self.toml(MORE)

    def toml(self, more: str) -> None:
        (self.folder / "wicket.toml").write_text(SETTINGS.format(port=1) + more)

    def policy(self, text: str, file: str = "ours.cedar") -> None:
        (self.folder / "policies" / file).write_text(text)

    def settings(self) -> Settings:
        return load_settings(self.folder / "wicket.toml", {}, serving=False)

    def ids(self) -> set[str]:
        return set(load_policy(self.settings()).notes)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


@dataclass
class Running:
    """What reloads in a bot, without the bot."""

    files: Files
    database: Database
    held: Held
    reloading: Reloading

    @property
    def holds(self) -> str:
        return self.held.newest.policy.policy_set

    def told(self) -> list[ExceptionRecord]:
        return self.database.read_now(lambda tx: list(tx.exec(select(ExceptionRecord)).all()))


@pytest.fixture
def running(files: Files) -> Iterator[Running]:
    settings = files.settings()
    database = Database(copy_empty_database(files.folder / "wicket.db"))
    held = held_by(settings)
    ground = ground_of(settings, database, {}, database.now, held=held)
    reloading = Reloading(settings, govern(settings, ground, held), files.settings, settled=0.05)
    yield Running(files, database, held, reloading)
    database.close()


def test_policies_of_ones_own_stand_beside_the_shipped_ones(files: Files) -> None:
    shipped = files.ids()
    files.policy(OWN.format("never-on-fridays"))
    files.policy("not a policy", "notes.txt")
    assert files.ids() == {*shipped, "never-on-fridays"}


def test_a_shipped_policy_is_replaced_only_where_the_settings_name_it(files: Files) -> None:
    """One clear way: by its @id, in wicket.toml, so that nothing shipped is lost by the name of a file."""
    name = sorted(files.ids())[0]
    files.policy(OWN.format(name))
    with pytest.raises(PolicyFault, match="already used in"):
        files.ids()
    files.toml(f'{MORE}replaces = ["{name}"]\n')
    assert name in files.ids()
    assert load_policy(files.settings()).notes[name].where.startswith("policies/ours.cedar")
    files.toml(f'{MORE}replaces = ["no-such-policy"]\n')
    with pytest.raises(PolicyFault, match="No shipped policy has the @id no-such-policy"):
        files.ids()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('// ours\n@id("a") @reason("b")\npermit (principal, action, resource) wen { true };',
         "policies/ours.cedar, line 3, column 38: invalid policy condition: wen"),
        ('@id("a") @reason("b")\npermit (principal, action == Action::"grant", resource)\nwhen { resource.rsk > 3 };',
         "policies/ours.cedar, line 3, column 17: policy `a`: attribute `rsk` on entity type `Entitlement` not found"),
        ('@id("a") @reason("b")\nforbid (principal, action == Action::"grant", resource)\nwhen { false };',
         "policies/ours.cedar, line 3, column 1: policy `a`: it can never apply, whatever is asked"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_file_line_and_column(files: Files, text: str, told: str) -> None:
    """G-1: and no text of the policy beside the word that is wrong."""
    files.policy(text)
    with pytest.raises(PolicyFault) as wrong:
        files.ids()
    assert str(wrong.value) == told


def test_what_is_no_text_and_what_is_far_too_long_is_told(files: Files) -> None:
    (files.folder / "policies" / "ours.cedar").write_bytes(b"// one\n\xff\xfe")
    with pytest.raises(PolicyFault, match=r"ours\.cedar, line 2: is not text in UTF-8"):
        files.ids()
    files.policy("// x\n" * 2_000_000)
    with pytest.raises(PolicyFault, match="Split it"):
        files.ids()


async def test_what_changed_and_is_at_rest_is_read_and_what_is_bad_is_not(running: Running) -> None:
    """G-1: a bad set never replaces a good one, and is told once for each content."""
    await running.reloading.look()
    before = running.holds
    running.files.policy(OWN.format("ours"))
    await running.reloading.look()
    good = running.holds
    assert good != before
    running.files.policy("permit (principal")
    for _ in range(3):
        await running.reloading.look()
    assert running.holds == good
    (told,) = [one for one in running.told() if one.kind == "rules-invalid"]
    assert told.facts["wrong"].startswith("policies/ours.cedar, line 1, column ")
    running.files.policy(OWN.format("ours"))
    await running.reloading.look()
    assert running.holds == good
    assert [bool(one.facts.get("settled")) for one in running.told() if one.kind == "rules-invalid"] == [True]


async def test_what_is_no_file_and_has_no_end_holds_up_no_look(running: Running) -> None:
    """A pipe or a device that is called like a policy is none; before, a look at it never came back."""
    before, folder = running.holds, running.files.folder / "policies"
    os.mkfifo(folder / "pipe.cedar")
    (folder / "device.cedar").symlink_to("/dev/zero")
    (folder / "itself.cedar").symlink_to("itself.cedar")
    async with asyncio.timeout(20):
        await running.reloading.look()
    assert (running.holds, running.told()) == (before, [])
    running.files.policy(OWN.format("never-on-fridays"), file=".cedar")
    await running.reloading.look()
    assert running.holds != before


async def test_what_is_written_between_the_start_and_the_first_look_is_read(running: Running) -> None:
    """G-1: it would else wait for the next change of a file, or for a restart."""
    before = running.holds
    running.files.policy(OWN.format("ours"))
    await running.reloading.look()
    assert running.holds != before


async def test_what_is_still_being_written_is_not_read(running: Running) -> None:
    """G-1: no half of a file, and no half of two files."""
    await running.reloading.look()
    before = running.holds

    async def write() -> None:
        for at in range(12):
            running.files.policy(OWN.format(f"ours-{at}"), f"{at}.cedar")
            await asyncio.sleep(0.02)

    writing = asyncio.create_task(write())
    await asyncio.sleep(0.02)
    await running.reloading.look()
    assert running.holds == before
    await writing
    await running.reloading.look()
    assert {f"ours-{at}" for at in range(12)} <= set(running.held.newest.composition.policies)


async def test_the_catalogue_is_read_with_the_policies_from_a_folder_of_files(running: Running) -> None:
    """G-1: also where wicket.toml came to name the folder only now."""
    await running.reloading.look()
    folder = running.files.folder / "catalogue"
    folder.mkdir()
    first, second = ROWS.format(id="wiki", risk=1), ROWS.format(id="blog", risk=2)
    (folder / "a.toml").write_text(first)
    (folder / "b.toml").write_text(second[second.index("[[entitlement]]") :])
    running.files.toml(f'{MORE}[catalogue]\ndirectory = "catalogue"\n')
    for _ in range(2):
        await running.reloading.look()
    assert {name: one.risk for name, one in running.held.catalogue.entitlements.items()} == {
        "wiki": 1,
        "blog": 2,
    }
    (folder / "b.toml").write_text(second[second.index("[[entitlement]]") :].replace("risk = 2", "risk = 9"))
    await running.reloading.look()
    assert running.held.catalogue.entitlements["blog"].risk == 2
    assert "b.toml, line 1: entitlement[blog].risk: must be at most 5" in str(
        running.told()[-1].facts["wrong"]
    )


def test_one_row_that_is_wrong_refuses_the_whole_and_all_are_told_with_file_and_line(files: Files) -> None:
    """G-1: without a row, something else would hold than was written, so none is left out alone."""
    folder = files.folder / "catalogue"
    folder.mkdir()
    rows = ROWS.format(id="wiki", risk=9)
    entitlement = rows[rows.index("[[entitlement]]") :]
    (folder / "a.toml").write_text(rows)
    (folder / "b.toml").write_text(
        "# more\n" + entitlement.replace("risk = 9", "risk = 1") + entitlement.replace('"tool"', '"tol"')
    )
    files.toml(f'{MORE}[catalogue]\ndirectory = "catalogue"\n')
    with pytest.raises(Unusable) as wrong:
        files.settings()
    told = str(wrong.value)
    twice = "a.toml, line 7 and b.toml, line 2 and b.toml, line 13: entitlement[wiki].id: is used twice"
    assert twice in told
    assert told.count(".risk: must be at most 5") >= 1
    assert '.kind: "tol" is not a kind policies know' in told


async def test_asked_to_it_reads_what_has_not_changed(running: Running) -> None:
    await running.reloading.look()
    before = running.holds
    running.reloading.forget()
    await running.reloading.look()
    assert running.holds == before


async def test_asked_to_while_it_reads_it_reads_once_more(running: Running) -> None:
    """What is under way may have read before whatever somebody asks for it to see."""
    begun, go_on, times = threading.Event(), threading.Event(), list[str]()

    def reread() -> Settings:
        begun.set()
        assert go_on.wait(10)
        times.append("read")
        return running.files.settings()

    settings, database = running.files.settings(), running.database
    ground = ground_of(settings, database, {}, database.now, held=running.held)
    reloading = Reloading(settings, govern(settings, ground, running.held), reread, settled=0.01)
    reloading.forget()
    reading = asyncio.create_task(reloading.look())
    assert await asyncio.to_thread(begun.wait, 10)
    reloading.forget()
    go_on.set()
    await reading
    assert len(times) == 1
    await reloading.look()
    assert len(times) == 2
    await reloading.look()
    assert len(times) == 2


async def test_a_thousand_policies_are_read_beside_the_loop(running: Running) -> None:
    """G-1: in all processor time that passes between two turns of the loop, whoever holds the interpreter."""
    await running.reloading.look()
    running.files.policy("".join(OWN.format(f"ours-{at}") for at in range(1000)))
    longest, at_it = 0.0, True

    async def tick() -> None:
        nonlocal longest
        while at_it:
            began = time.process_time()
            await asyncio.sleep(0.001)
            longest = max(longest, time.process_time() - began)

    ticking = asyncio.create_task(tick())
    await running.reloading.look()
    at_it = False
    await ticking
    assert len(running.held.newest.composition.policies) > 1000
    assert longest < 0.05


def test_a_start_with_bad_rules_is_refused_unless_approved_ones_are_known(files: Files) -> None:
    """G-1, G-3: in the same words as a reload."""
    database = Database(copy_empty_database(files.folder / "wicket.db"))
    try:
        files.policy("permit (principal")
        with pytest.raises(PolicyFault, match="line 1, column"):
            begin_with(files.settings(), None, database, None)
        files.toml(f'{MORE}owners = "policy-owners"\ntwo_owners = true\n')
        with pytest.raises(PolicyFault, match="line 1, column"):  # nothing was ever approved
            begin_with(files.settings(), None, database, None)
        files.policy(OWN.format("ours"))
        settings = files.settings()
        held, _ = begin_with(settings, None, database, None)
        ground = ground_of(settings, database, {}, database.now, held=held)
        asyncio.run(govern(settings, ground, held).begin(""))
        files.policy("permit (principal")
        kept, wrong = begin_with(files.settings(), None, database, None)
        assert kept.newest.content == held.newest.content
        assert "line 1, column" in wrong
    finally:
        database.close()
    # With keys, in a process that did not walk over the log yet: it was begun by a version that put it under none.
    database = Database(files.folder / "wicket.db", macs=MACS)
    try:
        database.write_now(lambda tx: sign_unsigned(tx, "rule_sets", limit=9))
        assert begin_with(files.settings(), None, database, None)[1] == wrong
    finally:
        database.close()


def test_two_owners_need_a_group(files: Files) -> None:
    files.toml(f"{MORE}two_owners = true\n")
    with pytest.raises(Unusable, match="two_owners needs to know whose"):
        files.settings()


def test_the_settings_that_bear_on_security_are_named_and_their_values_are_not(files: Files) -> None:
    """G-2, N-2: a change of one is told by its name alone."""
    composition = load_rules(files.settings()).composition
    assert "security.approvers_group" in composition.settings
    assert "security-team" not in json.dumps(composition.plain)


def test_a_running_bot_reads_its_rules_anew_when_it_is_told(tmp_path: Path, environ: dict[str, str]) -> None:
    """G-1: SIGHUP, in a process of its own."""
    words = written(tmp_path)
    (tmp_path / "policies").mkdir()
    with (tmp_path / "wicket.toml").open("a") as file:
        file.write(MORE)
    with serving(words, environ) as running:
        started(running.stdout)
        (tmp_path / "policies" / "ours.cedar").write_text(OWN.format("ours"))
        running.process.send_signal(signal.SIGHUP)
        seen = next(line for line in map(json.loads, running.stdout) if line["message"] == "rules.hold")
        assert len(seen["policy_set"]) == 64
        (tmp_path / "policies" / "ours.cedar").write_text("permit (")
        running.process.send_signal(signal.SIGHUP)
        bad = next(line for line in map(json.loads, running.stdout) if line["message"] == "rules.refused")
        assert bad["wrong"].startswith("policies/ours.cedar, line 1, column ")
