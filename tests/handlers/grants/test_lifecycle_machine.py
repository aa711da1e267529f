"""Many lives of grants at once, with everything that can go wrong in between, held to the promises after every step.

A small number by default, the same every time; `--hypothesis-profile=chaos` tries thousands of new ones, and
`WICKET_LIVES=500` that many.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlmodel import Session

from handlers.decisions.drift import Way
from handlers.decisions.lifecycle import OVERDUE_AFTER, PAGE_AGAIN, is_page
from handlers.drift.finding import Drift
from handlers.drift.reconciling import Reconciling
from handlers.exceptions.raising import Kind
from handlers.grants.effects import LEASE
from handlers.grants.leavers import Leavers
from handlers.intents import Reconcile
from handlers.outcomes import Asked, Reconciled
from storage import outbox
from storage.catalogue import Catalogue
from storage.faults import DirectoryUnavailable
from storage.records import ExceptionRecord, Grant, Holding, Owed
from storage.states import FOLLOWS, LIVE
from storage.states import GrantState as State
from tests.handlers.access_ground import CATALOGUE, HOUR, World
from tests.handlers.access_ground import world as open_world

LIVES = int(os.environ.get("WICKET_LIVES", "0"))

# Seconds after which a hanging call is given up: soon, or late enough that something else happens meanwhile.
SHORT, LONG = 0.01, 5

ASKERS = st.sampled_from(["ada", "charles"])
APPROVERS = st.sampled_from(["grace", "linus", "sam", "charles"])
DECIDERS = st.sampled_from(["sam", "sam", "grace", "charles"])
THINGS = st.sampled_from(["wiki-edit", "wiki-edit", "prod-db"])
CALLS = st.sampled_from(
    ["account", "membership", "add_member", "remove_member", "memberships_of", "remove_members"]
)
WORK = st.sampled_from(["ask", "give back", "end", "wait"])
FAULTS = st.sampled_from(["error", "hang", "lie", "succeed_after_timeout", "partial"])

WAYS = st.sampled_from([Way.ADOPT, Way.REMOVE, Way.DECLARE, Way.GIVE_AGAIN, Way.END])
READINGS = st.sampled_from(["group", "membership", "account"])
DRIFT = (Kind.UNEXPLAINED, Kind.VANISHED)

Pair = tuple[str, str]
"""An account and a group."""


def _catalogue() -> Catalogue:
    """One thing that may be held standing, and one from which whoever is unexplained is taken unasked."""
    changes = {"wiki-edit": {"standing_allowed": True}, "prod-db": {"drift": "remove"}}
    changed = {name: replace(CATALOGUE.entitlements[name], **more) for name, more in changes.items()}
    return replace(CATALOGUE, entitlements={**CATALOGUE.entitlements, **changed})


class Lives(RuleBasedStateMachine):
    """Two people ask, four may or may not decide; the directory fails and processes die as they please."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = TemporaryDirectory()
        self.stack = AsyncExitStack()
        self.before: dict[str, Grant] = {}
        self.others: set[Pair] = set()  # where other hands than ours were ever at work
        self.standing: set[Pair] = set()  # put in by other hands, and not taken out by them
        # Of those, who stood there before anything of ours began, and about whom nobody decided since.
        self.stays: set[Pair] = set()
        self.away: set[str] = set()  # switched off in the directory
        self.crashed = False
        # What the newest delivered message of each grant, or exception, said.
        self.said: dict[tuple[str, str], Any] = {}

    @initialize(at_once=st.sampled_from([1, 2, 500]))
    def open(self, at_once: int) -> None:
        """A company of its own for each life, whose directory takes so many removals in one call."""
        made = open_world(Path(self.folder.name), patience=SHORT, at_once=at_once, catalogue=_catalogue())
        self.world: World = self.run(self.stack.enter_async_context(made))
        self.world.faulty.timeout = LONG
        self.run(self.look())  # when there is nothing to find
        self.world.faulty.timeout = SHORT

    def run(self, work: Awaitable[Any]) -> Any:
        """On the one loop of this life."""

        async def running() -> Any:
            return await work

        return self.runner.run(running())

    # What people do. Often the worker comes at once, as it does when it is woken.

    @rule(who=ASKERS, what=THINGS, hours=st.integers(1, 3), approve=st.booleans(), work=st.booleans())
    def ask(self, who: str, what: str, hours: int, approve: bool, work: bool) -> None:
        if who in self.away:  # they do not come as far as a handler
            return
        outcome = self.run(self.patiently(self.world.ask(who, what, hours * HOUR)))
        if approve and isinstance(outcome, Asked) and outcome.state == State.PENDING:
            self.run(self.patiently(self.world.decide("linus", outcome.grant)))
        self.perhaps_work(work)

    @rule(who=APPROVERS, which=st.integers(0, 5), approve=st.booleans(), work=st.booleans())
    def decide(self, who: str, which: int, approve: bool, work: bool) -> None:
        grant = self.one_in(which, State.PENDING)
        if grant and who not in self.away:
            self.run(self.patiently(self.world.decide(who, grant.id, approve=approve)))
        self.perhaps_work(work)

    @rule(which=st.integers(0, 5))
    def withdraw(self, which: int) -> None:
        grant = self.one_in(which, State.PENDING)
        if grant:
            self.run(self.on(grant, self.world.access.withdraw))

    @rule(which=st.integers(0, 5), work=st.booleans())
    def give_back(self, which: int, work: bool) -> None:
        grant = self.one_in(which, *LIVE)
        if grant:
            self.run(self.on(grant, self.world.access.give_back))
        self.perhaps_work(work)

    @rule(who=DECIDERS, which=st.integers(0, 5), way=WAYS, work=st.booleans())
    def decide_about_drift(self, who: str, which: int, way: Way, work: bool) -> None:
        """Somebody presses a button of an exception, whether it is still so or not, and whether they may or not."""
        found = [row for row in self.run(self.world.exceptions()) if row.kind in DRIFT]
        if found:
            one = found[which % len(found)]
            outcome = self.run(self.patiently(self.deciding(who, one.id, way)))
            assert not isinstance(outcome, Reconciled) or who != "charles", "neither owner nor security"
            if isinstance(outcome, Reconciled) and way in (Way.ADOPT, Way.REMOVE):
                self.stays.discard((one.facts["member"], one.facts["group"]))
        self.perhaps_work(work)

    # What time and the schedule do.

    @rule(minutes=st.sampled_from([1, 6, 16, 61, 61, 24 * 60]), tick=st.booleans())
    def pass_time(self, minutes: int, tick: bool) -> None:
        self.world.clock.forward(minutes=minutes)
        if tick:
            self.tick()

    @rule(minutes=st.sampled_from([2, 20, 90]))
    def set_the_clock_back(self, minutes: int) -> None:
        self.world.clock.forward(minutes=-minutes)

    @rule()
    def tick(self) -> None:
        self.run(self.world.tick())
        now = self.world.clock()
        assert not [
            row for row in self.run(self.world.rows(Grant)) if row.state in LIVE and row.expires_at <= now
        ]
        self.what_is_overdue_is_told_and_one_message_about_it_is_open()

    @rule(hours=st.integers(0, 3))
    def stay_overdue(self, hours: int) -> None:
        """The directory takes nothing back for a while."""
        self.run(self.make_work("end"))
        self.world.faulty.error("remove_member")
        for minutes in (2, 16, *[61] * hours):
            self.world.clock.forward(minutes=minutes)
            self.tick()
        self.world.faulty.mend()

    @rule(fault=st.sampled_from(["", "error", "hang", "partial"]), call=READINGS)
    def look_for_drift(self, fault: str, call: str) -> None:
        if fault:
            getattr(self.world.faulty, fault)(call, times=1)
        self.run(self.look())

    @rule(dies=st.booleans())
    def deliver(self, dies: bool) -> None:
        """A courier takes what is owed, and says it; or dies just then, and its lease is left."""
        self.run(self.delivering(dies=dies))

    @rule(who=ASKERS, there=st.booleans())
    def leave_or_come_back(self, who: str, there: bool) -> None:
        """Switched off in the directory, or on again."""
        (self.away.discard if there else self.away.add)(who)
        self.run(self.world.local.switch(who, active=there))

    @rule(fault=st.sampled_from(["", "", "error", "hang"]), work=st.booleans())
    def look_for_leavers(self, fault: str, work: bool) -> None:
        """Who is switched off loses all at once, unless the directory does not say so."""
        self.world.faulty.mend()
        if fault:
            getattr(self.world.faulty, fault)("account")
        self.run(Leavers(self.world.ground).look())
        self.world.faulty.mend()
        rows = self.run(self.world.rows(Grant))
        kept = [row for row in rows if row.state in (*LIVE, State.PENDING) and row.account in self.away]
        assert fault or not kept
        self.perhaps_work(work)

    # What goes wrong.

    @rule(fault=FAULTS, call=CALLS, times=st.integers(1, 4), mend=st.booleans(), work=WORK)
    def work_in_trouble(self, fault: str, call: str, times: int, mend: bool, work: str) -> None:
        self.run(self.make_work(work))
        getattr(self.world.faulty, fault)(call, times=times)
        self.run(self.world.settle(rounds=1))
        if mend:
            self.world.faulty.mend()

    @rule(call=CALLS, after=st.booleans(), work=WORK, restarts=st.booleans())
    def crash(self, call: str, after: bool, work: str, restarts: bool) -> None:
        """The process dies before or right after its next call of this kind; another is there, or starts anew."""
        self.run(self.make_work(work))
        self.run(self.crashing(call, after=after, restarts=restarts))

    @rule(call=CALLS, wish=WORK, work=WORK)
    def meanwhile(self, call: str, wish: str, work: str) -> None:
        """The wish changes while a call is out."""
        self.run(self.make_work(work))
        self.run(self.overtaking(call, wish))

    @rule(who=ASKERS, group=st.sampled_from(["wiki-edit", "prod-db"]), put=st.booleans())
    def other_hands(self, who: str, group: str, put: bool) -> None:
        pair = (who, group)
        self.others.add(pair)
        if put:
            self.put(pair)
        else:
            self.standing.discard(pair)
            self.stays.discard(pair)
            self.run(self.world.local.take_from_group(group, who))

    @rule(who=ASKERS, work=st.booleans())
    def somebody_else_is_faster(self, who: str, work: bool) -> None:
        """Between the asking and our first look, other hands give what was asked for."""
        if who not in self.away:
            self.run(self.patiently(self.world.ask(who, "wiki-edit")))
            self.put((who, "wiki-edit"))
        self.perhaps_work(work)

    @rule(call=st.sampled_from(["membership", "account"]), work=WORK)
    def stand_still(self, call: str, work: str) -> None:
        """A worker stands still past its lease; another does its work; then the first goes on."""
        self.run(self.make_work(work))
        self.run(self.standing_still(call))

    @rule(has=st.booleans())
    def change_authority(self, has: bool) -> None:
        """Grace is an owner, or not."""
        change = self.world.local.put_in_group if has else self.world.local.take_from_group
        self.run(change("data-owners", "grace"))

    # What holds all the time.

    @invariant()
    def promises_hold(self) -> None:
        self.states_move_along_the_table_and_ends_never_move()
        self.nobody_has_what_no_grant_gives_and_nobody_else_gave()
        self.only_what_other_hands_touched_is_drift()
        assert self.stays <= self.held()  # promise 8
        self.whatever_was_not_said_yet_is_owed()

    def whatever_was_not_said_yet_is_owed(self) -> None:
        """Promise 10. That its time is over is told when it was taken back, or when that is late."""
        owed = {(row.kind, row.subject) for row in self.run(self.world.rows(Owed))}
        for row in self.before.values():
            if row.slack_user and row.state != State.DRAFT:
                assert ("request", row.id) in owed or self.said["request", row.id] == shown(row), row
        for told in self.run(self.world.exceptions()):
            assert ("exception", told.id) in owed or self.said["exception", told.id] == told.facts, told

    def only_what_other_hands_touched_is_drift(self) -> None:
        """Whatever we are at, fail at, or died at, when somebody looks: it is never told as somebody else's doing."""
        told = [row.facts for row in self.run(self.world.exceptions()) if row.kind in DRIFT]
        assert {(facts["member"], facts["group"]) for facts in told} <= self.others

    def states_move_along_the_table_and_ends_never_move(self) -> None:
        now = {row.id: row for row in self.run(self.world.rows(Grant))}
        for name, row in now.items():
            was = self.before.get(name)
            assert was is None or State(row.state) in reachable(State(was.state)), (was, row)
            assert was is None or was.expires_at in (None, row.expires_at)
            if row.state in (*LIVE, State.ENDING, State.ENDED):
                assert row.expires_at is not None  # promise 1
        self.before = now

    def nobody_has_what_no_grant_gives_and_nobody_else_gave(self) -> None:
        """Wherever nothing is left to do. What is under way is on its way to be so."""
        covered = {(row.account, row.group) for row in self.before.values() if row.state in LIVE}
        unsettled = {
            (row.account, row.group) for row in self.run(self.world.rows(Holding)) if not row.settled
        }
        assert self.held() <= covered | unsettled | self.standing
        active = {(row.account, row.group) for row in self.before.values() if row.state == State.ACTIVE}
        assert active - unsettled - self.others <= self.held()

    def what_is_overdue_is_told_and_one_message_about_it_is_open(self) -> None:
        """Right after a look. What is later than a quarter of an hour was told in its owner's channel too."""
        told: list[ExceptionRecord] = self.run(self.world.exceptions())
        open_now = [row for row in told if row.kind == "revocation-overdue" and is_open(row)]
        assert len({row.cause for row in open_now}) == len(open_now)
        now = self.world.clock()
        for row in self.run(self.world.rows(Holding)):
            if row.settled or row.wanted or now - row.due_at <= OVERDUE_AFTER:
                continue
            assert row.overdue_told, row
            assert now < row.page_at <= now + PAGE_AGAIN, row
            if is_page(row.due_at, now):
                assert any(one.owner for one in open_now), row

    def teardown(self) -> None:
        """Once the directory is well again and all time is over, nothing of ours is left anywhere."""
        try:
            if hasattr(self, "world"):
                self.run(self.wind_up())
        finally:
            self.run(self.stack.aclose())
            self.runner.close()
            self.folder.cleanup()

    async def wind_up(self) -> None:
        world = self.world
        world.faulty.mend()
        world.faulty.timeout = LONG  # well again, however busy this machine is
        for _ in range(4):
            world.clock.forward(hours=25)
            await self.look()
            await world.tick()
        await self.delivering()
        assert await world.rows(Owed) == []
        rows: list[Grant] = await world.rows(Grant)
        assert all(State(row.state) not in FOLLOWS for row in rows), [row.state for row in rows]
        assert all(row.settled and not row.wanted for row in await world.rows(Holding))
        assert not [
            row for row in await world.exceptions() if row.kind == "revocation-overdue" and is_open(row)
        ]
        held = {pair for pair in await world.local.memberships() if pair in self.pairs()}
        assert self.stays <= held <= {pair for pair in self.standing if pair[1] != "prod-db"}
        entries = [(entry["correlation"], entry["action"]) for entry in await world.audit()]
        adopted = {
            entry["facts"]["grant"] for entry in await world.audit() if entry["action"] == "drift.adopted"
        }
        for row in rows:
            ends = [action for of, action in entries if of == row.id and action in ENDINGS[State(row.state)]]
            assert ends, (row.state, [action for of, action in entries if of == row.id])
            given = (row.id, "access.given") in entries or row.id in adopted
            assert row.active_at is None or given
        self.no_effect_happened_twice_and_each_has_its_entry(
            await world.changes(),
            [(entry["subject"], entry["resource"], entry["action"]) for entry in await world.audit()],
        )
        assert await world.sound()

    def no_effect_happened_twice_and_each_has_its_entry(
        self, journal: list[str], entries: list[tuple[str, str, str]]
    ) -> None:
        for who, group in self.pairs() - self.others:
            done = [one.split()[0] for one in journal if one.endswith(f" {who} {group}")]
            assert done == [("add", "remove")[number % 2] for number in range(len(done))], done
            said = [action for subject, resource, action in entries if (subject, resource) == (who, group)]
            failed = said.count("access.change_failed")
            if not self.crashed:  # what a dead process did is found and told with what comes next
                assert done.count("add") <= said.count("access.given") + failed
                assert done.count("remove") <= said.count("access.removed") + failed

    # Helpers of the rules.

    def pairs(self) -> set[Pair]:
        return {(who, group) for who in ("ada", "charles") for group in ("wiki-edit", "prod-db")}

    def held(self) -> set[Pair]:
        return {pair for pair in self.run(self.world.local.memberships()) if pair in self.pairs()}

    def put(self, pair: Pair) -> None:
        """Other hands give it. What was not there when we looked first, or was not looked at yet, is theirs."""
        ours = {
            (row.account, row.group)
            for row in self.run(self.world.rows(Holding))
            if row.stood_before is False
        }
        if pair[1] != "prod-db" and pair not in self.held() and pair not in ours:
            self.stays.add(pair)
        self.others.add(pair)
        self.standing.add(pair)
        self.run(self.world.local.put_in_group(pair[1], pair[0]))

    def perhaps_work(self, work: bool) -> None:
        if work:
            self.run(self.world.settle(rounds=1))

    async def make_work(self, work: str) -> None:
        """Leave the worker something to do, if it can be had."""
        rows: list[Grant] = await self.world.rows(Grant)
        live = [row for row in rows if row.state in LIVE]
        if work == "give back" and live:
            await self.on(live[0], self.world.access.give_back)
        elif work == "end" and live:
            self.world.clock.forward(minutes=61)
            await self.world.revocation.end_due()
        elif work != "wait":
            await self.patiently(self.world.ask("ada", "wiki-edit"))

    def one_in(self, which: int, *states: State) -> Grant | None:
        found = [row for row in self.before.values() if row.state in states]
        return found[which % len(found)] if found else None

    async def on(self, grant: Grant, act: Callable[[Any], Awaitable[Any]]) -> None:
        await act(await self.world.on(grant.requester_account, grant.id))

    async def patiently(self, doing: Coroutine[Any, Any, Any]) -> Any:
        """What came of it; None if the directory failed: that is told to the person, and nothing happened."""
        try:
            return await doing
        except DirectoryUnavailable:
            return None

    async def crashing(self, call: str, *, after: bool, restarts: bool) -> None:
        world, others = self.world, asyncio.all_tasks()
        world.faulty.mend()
        world.faulty.timeout = LONG
        world.faulty.hang(call, times=1)
        await world.effects.settle_due()
        begun = asyncio.all_tasks() - others
        await self.hanging_or_done(begun)
        if after and world.faulty.hanging:
            world.faulty.release()
            world.faulty.hang("membership", times=1)
            await asyncio.sleep(0.002)
            await self.hanging_or_done(begun)
        self.crashed = self.crashed or bool(begun)
        await world.crash(begun, restarts=restarts)
        world.faulty.mend()
        world.faulty.timeout = SHORT

    async def standing_still(self, call: str) -> None:
        world, others = self.world, asyncio.all_tasks()
        world.faulty.mend()
        world.faulty.timeout = LONG
        world.faulty.hang(call, times=1)
        await world.effects.settle_due()
        await self.hanging_or_done(asyncio.all_tasks() - others)
        still, world.effects = world.effects, world.new_effects()
        world.clock.forward(seconds=LEASE.total_seconds() + 1)
        await world.settle(rounds=2)
        world.faulty.mend()
        await still.finish()
        world.faulty.timeout = SHORT

    async def look(self) -> None:
        await Drift(self.world.ground).look("staff")

    async def deciding(self, who: str, exception: str, way: Way) -> Any:
        said = {**await self.world.intent(who), "exception": exception, "way": way, "rationale": "so it is"}
        if way == Way.ADOPT:
            said["minutes"] = 60
        if way == Way.DECLARE:
            said |= {"owner": "data", "review": (self.world.clock() + timedelta(days=30)).date()}
        return await Reconciling(self.world.ground).reconcile(Reconcile(**said))

    async def delivering(self, *, dies: bool = False) -> None:
        """Say what is owed, as it is now, until nothing is due; or die with a handful of it."""

        def some(tx: Session) -> int:
            lease, longest = timedelta(seconds=30), timedelta(minutes=5)
            taken = outbox.claim(
                tx, courier="slack", at=self.world.clock(), lease=lease, limit=5, longest=longest
            )
            for owed in [] if dies else taken:
                grant, told = tx.get(Grant, owed.subject), tx.get(ExceptionRecord, owed.subject)
                self.said[owed.kind, owed.subject] = shown(grant) if grant else told and dict(told.facts)
                outbox.done(tx, owed)
            return 0 if dies else len(taken)

        while await self.world.ground.database.write(some):
            pass

    async def overtaking(self, call: str, wish: str) -> None:
        world, others = self.world, asyncio.all_tasks()
        world.faulty.mend()
        world.faulty.timeout = LONG
        world.faulty.hang(call, times=1)
        await world.effects.settle_due()
        await self.hanging_or_done(asyncio.all_tasks() - others)
        await self.make_work(wish)
        await self.look()
        world.faulty.mend()
        await world.effects.finish()
        world.faulty.timeout = SHORT

    async def hanging_or_done(self, begun: set["asyncio.Task[Any]"]) -> None:
        for _ in range(100):
            if self.world.faulty.hanging or all(task.done() for task in begun):
                return
            await asyncio.sleep(0.001)


ENDINGS = {
    State.ENDED: {"access.removed", "access.kept"},
    State.DENIED: {"approval.denied"},
    State.LAPSED: {"grant.lapsed"},
    State.WITHDRAWN: {"grant.withdrawn"},
    State.VOIDED: {"grant.voided"},
    State.REFUSED: {"grant.refused"},
}


def shown(grant: Grant) -> State:
    """What its message says of it: what is being taken back is held until it is."""
    return State.ACTIVE if grant.state == State.ENDING else State(grant.state)


def is_open(row: ExceptionRecord) -> bool:
    """Whether its message says that it goes on, and none after it does."""
    return "settled" not in row.facts and "renewed" not in row.facts


def reachable(state: State) -> set[State]:
    """This state and all that may come after it."""
    found = {state}
    while more := {then for one in found for then in FOLLOWS.get(one, ())} - found:
        found |= more
    return found


def test_lives_of_grants_keep_the_promises() -> None:
    """Promises 1, 2, 3, 6, 8 and 10."""
    is_long = settings.get_current_profile_name() == "chaos"
    run_state_machine_as_test(  # type: ignore[no-untyped-call]  # hypothesis has no types for it
        Lives,
        settings=settings(
            max_examples=LIVES or (settings().max_examples if is_long else 9),
            stateful_step_count=25,
            derandomize=not (LIVES or is_long),
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
