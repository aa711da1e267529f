"""Breaking the glass, without Slack: nothing is given before everybody was told, whatever fails or dies on the way."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, text

from handlers.decisions.emergencies import EmergencyRules
from handlers.decisions.freezing import Stopped
from handlers.emergencies.asking import AskingEmergency
from handlers.emergencies.granting import GIVEN_WITHIN, Emergencies
from handlers.emergencies.outcomes import (
    ALERTED,
    BeingTold,
    BreakGlass,
    EmergencyAsked,
    EmergencyRefused,
    HeldAlready,
    MayBreakGlass,
    NotListed,
)
from handlers.exceptions.outside import Notice
from handlers.exceptions.raising import Kind
from handlers.intents import Intent
from handlers.outcomes import EndedEarly, NotAllowed
from storage import emergencies, freezes, outbox, rule_sets
from storage.directories.local import LocalDirectory
from storage.directories.scrypt import Scrypt
from storage.engine.stores import Server
from storage.exceptions import SECURITY
from storage.faults import OutsideUnavailable
from storage.group_names import ALL_EXACT, GroupNames
from storage.handles import bind, move
from storage.records import Emergency, Owed, StepUp
from storage.states import EmergencyState, FreezeKind, Result, RuleSetState
from tests.handlers.access_ground import CATALOGUE, World, thing
from tests.handlers.access_ground import world as open_world
from tests.handlers.lab_ground import WITH_LAB
from tests.handlers.lab_ground import lab as open_lab

LISTED = replace(
    CATALOGUE,
    entitlements={
        **CATALOGUE.entitlements,
        "prod-db": thing(
            "prod-db", risk=4, environment="production", kind="database", break_glass=("data-owners",)
        ),
        "prod-admin": thing(
            "prod-admin", risk=4, environment="production", kind="admin",
            break_glass=("data-owners", "security-team"),
        ),
    },
)  # fmt: skip
WHY = "The database is down, restarting it"


@dataclass
class Pager:
    """A channel outside Slack that takes everything, unless it is down."""

    name: str = "webhook"
    down: bool = False
    taken: list[Notice] = field(default_factory=list)

    async def tell(self, notice: Notice) -> None:
        if self.down:
            raise OutsideUnavailable("It answered 503.")
        self.taken.append(notice)


@dataclass
class Glass:
    """The world with a pager, and a Slack in which the alert arrives when a test says so."""

    world: World
    pager: Pager = field(default_factory=Pager)

    def __post_init__(self) -> None:
        self.start()

    def start(self, **rules: Any) -> None:
        """A process begins, on what the one before it left."""
        if rules:
            self.world.ground = replace(self.world.ground, emergencies=EmergencyRules(**rules))
        self.asking = AskingEmergency(self.world.ground)
        self.worker = Emergencies(self.world.ground, [self.pager])

    async def ask(self, who: str = "grace", what: str = "prod-db", **changes: Any) -> Any:
        """They send the form; the handler's outcome."""
        delivery = changes.pop("delivery", "")
        given = {"incident": "INC-1", "reason": WHY, "minutes": 60, **changes}
        intent = await self.world.intent(who, delivery)
        return await self.asking.ask(BreakGlass(**intent, entitlement=what, **given))

    async def asked(self, who: str = "grace", what: str = "prod-db", **changes: Any) -> str:
        outcome = await self.ask(who, what, **changes)
        assert isinstance(outcome, EmergencyAsked), outcome
        return outcome.emergency

    async def prove(self, emergency: str, *kinds: str) -> None:
        """They give the proof on the page (tests.handlers.approvals.test_stepping_up plays how)."""
        handle = (await self.row(emergency)).handle

        def work(tx: Session) -> None:
            assert bind(
                tx, handle, proven=list(kinds or ("passkey",)), session="s", was="", at=self.world.clock()
            )
            assert move(tx, handle, was=Result.OPEN, now=Result.DONE, at=self.world.clock())

        await self.world.ground.database.write(work)

    async def arrive(self, emergency: str) -> None:
        """Slack takes the alert."""
        await self.world.ground.database.write(
            lambda tx: outbox.remember_posted(
                tx, kind=ALERTED, subject=emergency, recipient=SECURITY, channel="C1", ts="1.1",
                at=self.world.clock(),
            )
        )  # fmt: skip

    async def proven(self, who: str = "grace", what: str = "prod-db", **changes: Any) -> str:
        """They asked and proved it, and the alerts are on their way."""
        emergency = await self.asked(who, what, **changes)
        await self.prove(emergency)
        await self.worker.go_on()
        assert await self.state(emergency) == EmergencyState.TELLING
        return emergency

    async def granted(self, who: str = "grace", what: str = "prod-db", **changes: Any) -> str:
        emergency = await self.proven(who, what, **changes)
        await self.arrive(emergency)
        await self.go_on()
        await self.world.settle()
        assert await self.state(emergency) == EmergencyState.GRANTED
        assert await self.world.state(emergency) == "active"
        return emergency

    async def go_on(self, rounds: int = 4) -> None:
        for _ in range(rounds):
            await self.worker.go_on()

    async def row(self, emergency: str) -> Emergency:
        row = await self.world.ground.database.read(lambda tx: tx.get(Emergency, emergency))
        assert row is not None
        return row

    async def state(self, emergency: str) -> str:
        return (await self.row(emergency)).state

    async def freeze(self) -> None:
        await self.world.ground.database.write(
            lambda tx: freezes.begin(
                tx, at=self.world.clock(), kind=FreezeKind.EMERGENCY, by="sam", lost_from=None, facts={}
            )
        )

    async def refused(self) -> list[tuple[str, str]]:
        """Stage and severity of each exception about breaking the glass, by stage."""
        found = [row for row in await self.world.exceptions() if row.kind == Kind.EMERGENCY_REFUSED]
        return sorted((row.facts["stage"], row.severity) for row in found)

    async def nothing_was_given(self, emergency: str) -> bool:
        """Whether nobody has, or is about to have, anything by it."""
        await self.world.settle()
        assert await self.state(emergency) in (EmergencyState.REFUSED, EmergencyState.LAPSED)
        return not await self.world.rows_of_grants() and not await self.world.changes()


@pytest.fixture
async def glass(tmp_path: Path) -> AsyncIterator[Glass]:
    async with open_world(tmp_path, catalogue=LISTED) as made:
        yield Glass(made)
        assert await made.sound()


@pytest.fixture
async def on_either(tmp_path: Path, server: Server | None) -> AsyncIterator[Glass]:
    async with open_world(tmp_path, server=server, catalogue=LISTED) as made:
        yield Glass(made)
        assert await made.sound()


async def test_access_begins_once_it_is_proven_and_both_have_the_alert(glass: Glass) -> None:
    """B-1, B-2: each step is on the record before the next, and the end of the access before the access."""
    emergency = await glass.asked()
    await glass.go_on()
    assert (await glass.state(emergency), glass.pager.taken) == (EmergencyState.ASKED, [])
    await glass.prove(emergency)
    await glass.go_on()
    assert [one.id for one in glass.pager.taken] == [emergency]
    assert await glass.state(emergency) == EmergencyState.TELLING
    assert await glass.world.rows_of_grants() == []
    await glass.arrive(emergency)
    await glass.go_on()
    grant, row = await glass.world.grant(emergency), await glass.row(emergency)
    assert grant.expires_at == row.ends_at == glass.world.clock() + timedelta(minutes=60)
    assert await glass.world.changes() == []
    await glass.world.settle()
    assert await glass.world.holds("grace", "prod-db")
    assert await glass.world.actions("emergency", "access") == [
        "emergency.asked done", "emergency.proven done", "emergency.told done", "emergency.told done",
        "emergency.granted done", "access.given done",
    ]  # fmt: skip
    said = await glass.world.last("emergency.proven")
    assert (said["facts"]["proof"], said["facts"]["proved_by"]) == (row.handle, ["passkey"])
    assert [one.spent_at for one in await glass.world.rows(StepUp)] == [glass.world.clock()]
    assert {one["correlation"] for one in await glass.world.audit()} == {emergency}


async def test_an_emergency_that_a_clock_granted_that_was_ahead_ends_its_minutes_from_when_that_is_noticed(
    glass: Glass,
) -> None:
    """Promise 1, B-2: what is told of it says so, too, and its row still counts."""
    glass.world.clock.forward(days=2)
    emergency = await glass.granted()
    glass.world.clock.forward(days=-2)
    assert await glass.world.revocation.end_sooner() == 1
    ends = glass.world.clock() + timedelta(minutes=60)
    assert (await glass.world.grant(emergency)).expires_at == (await glass.row(emergency)).ends_at == ends
    assert await glass.world.ground.database.read(lambda tx: emergencies.get(tx, emergency)) is not None


async def test_what_only_another_replica_knows_is_refused_by_none(glass: Glass) -> None:
    """B-2: while a catalogue is rolled out an older one found it gone, and refused who had proven it."""
    newer = rule_sets.Loaded(policy_set="newer", content="c", composition={}, sources={}, catalogue={})
    database, clock = glass.world.ground.database, glass.world.clock
    held = await database.write(lambda tx: rule_sets.add(tx, newer, RuleSetState.ACTIVE, at=clock()).id)
    emergency = await glass.asked()
    await glass.prove(emergency)
    states = []
    for arrived in (False, True):
        if arrived:
            await glass.arrive(emergency)
        for catalogue in (replace(LISTED, entitlements={}), LISTED):
            glass.world.reopen(catalogue=catalogue)
            glass.start()
            await glass.go_on()
            states.append(await glass.state(emergency))
    assert states == ["asked", "telling", "told", "granted"]
    gone = await glass.asked("linus", incident="INC-2")
    await glass.prove(gone)
    await database.write(
        lambda tx: rule_sets.end(tx, rule_sets.get(tx, held), RuleSetState.FORMER, at=clock())
    )
    glass.world.reopen(catalogue=replace(LISTED, entitlements={}))
    glass.start()
    await glass.go_on()
    assert await glass.state(gone) == EmergencyState.REFUSED


async def test_what_leaves_slack_holds_no_words_of_the_person_and_is_one_notice(glass: Glass) -> None:
    """Promise 4: their reason stays in the house. The id is the same at each try."""
    emergency = await glass.proven(reason="password is hunter2 and so on")
    await glass.go_on()
    assert len(glass.pager.taken) == 1
    assert "hunter2" not in str(vars(glass.pager.taken[0]))
    assert glass.pager.taken[0].correlation == emergency


async def test_security_the_owner_and_the_person_hear_at_once_and_before_them_nobody(glass: Glass) -> None:
    """Before it is proven nobody but the person hears: it may be somebody else at their Slack account."""
    emergency = await glass.asked()
    assert await glass.world.owed() == {("emergency-status", "Ugrace")}
    await glass.prove(emergency)
    await glass.go_on()
    owed = await glass.world.rows(Owed)
    assert {(one.kind, one.recipient, one.urgency) for one in owed} == {
        ("emergency-status", "Ugrace", outbox.ALERT),
        (ALERTED, SECURITY, outbox.ALERT),
        (ALERTED, "owner:data", outbox.ALERT),
    }


async def test_whoever_is_on_no_list_is_refused_before_any_form_and_told_of(glass: Glass) -> None:
    """B-1: the list is explicit; reaching for the glass is an exception, and a form that was made up helps nothing."""
    outcome = await glass.asking.consider(Intent(**await glass.world.intent("ada")))
    assert outcome == NotListed()
    forged = await glass.ask("ada")
    assert isinstance(forged, EmergencyRefused)
    assert forged.reasons == ("You are not on the list of those who may take this in an emergency.",)
    assert await glass.refused() == [("asked", "medium"), ("listed", "medium")]
    assert await glass.world.rows(Emergency) == []
    assert await glass.world.actions("emergency") == [
        "emergency.not_listed refused", "emergency.refused refused",
    ]  # fmt: skip


async def test_the_form_offers_what_the_list_gives_this_person_and_nothing_else(glass: Glass) -> None:
    """B-1: each entitlement names its own groups."""
    for who, offered in (("grace", ["prod-admin", "prod-db"]), ("sam", ["prod-admin"])):
        outcome = await glass.asking.consider(Intent(**await glass.world.intent(who)))
        assert isinstance(outcome, MayBreakGlass)
        assert [one.id for one in outcome.choices] == offered


async def test_the_form_offers_nothing_of_a_directory_that_they_do_not_sign_in_from(tmp_path: Path) -> None:
    """SL-3: a group there that is called the same is of other people."""
    far = thing("far-db", directory="branch", risk=4, break_glass=("data-owners",))
    catalogue = replace(LISTED, entitlements={**LISTED.entitlements, "far-db": far})
    branch = LocalDirectory(tmp_path / "branch.db", name="branch", cost=Scrypt(n=2))
    async with open_world(tmp_path, catalogue=catalogue, beside={"branch": branch}) as world:
        found = await Glass(world).asking.consider(Intent(**await world.intent("grace")))
        assert isinstance(found, MayBreakGlass)
        assert [one.id for one in found.choices] == ["prod-admin", "prod-db"]
    branch.close()


async def test_who_is_no_more_fit_for_it_is_refused_at_the_proof(glass: Glass) -> None:
    """Promise 3: policy is asked again with what is so then; the proof that was given is spent all the same."""
    emergency = await glass.asked()
    await glass.world.local.take_from_group("data-owners", "grace")
    await glass.prove(emergency)
    await glass.go_on()
    assert await glass.nothing_was_given(emergency)
    assert (await glass.refused(), glass.pager.taken) == ([("proven", "medium")], [])


async def test_who_is_no_more_fit_for_it_is_refused_after_the_alert(glass: Glass) -> None:
    """Promise 3."""
    emergency = await glass.proven()
    await glass.world.local.take_from_group("data-owners", "grace")
    await glass.arrive(emergency)
    await glass.go_on()
    assert await glass.nothing_was_given(emergency)
    assert await glass.refused() == [("told", "medium")]


async def test_who_is_no_more_fit_for_it_has_nothing_of_a_grant_that_waits(glass: Glass) -> None:
    """Promise 3: policy is asked at the execution as well, by what was proven and told."""
    emergency = await glass.proven()
    await glass.arrive(emergency)
    await glass.go_on()
    assert await glass.world.state(emergency) == "approved"
    await glass.world.local.take_from_group("data-owners", "grace")
    await glass.world.settle()
    assert await glass.world.state(emergency) == "voided"
    assert await glass.world.changes() == []


async def test_a_proof_from_another_slack_account_or_none_in_time_gives_nothing(glass: Glass) -> None:
    """B-1: it lapses, and since somebody else may have asked, security hears of it."""
    emergency = await glass.asked()
    glass.world.clock.forward(minutes=11)
    await glass.go_on()
    assert await glass.nothing_was_given(emergency)
    assert await glass.state(emergency) == EmergencyState.LAPSED
    assert await glass.refused() == [("unproven", "medium")]


async def test_a_weak_proof_gives_nothing(glass: Glass) -> None:
    emergency = await glass.asked()
    await glass.prove(emergency, "recovery_code", "mail_code")
    await glass.go_on()
    assert await glass.nothing_was_given(emergency)
    assert await glass.refused() == [("proven", "high")]


@pytest.mark.both_engines
async def test_the_same_asked_twice_is_one_and_gives_its_own_link_again(on_either: Glass) -> None:
    """Promise 6: four deliveries, one effect; a second form leaves the first one as it was written."""
    first = await on_either.ask(delivery="d-same")
    assert isinstance(first, EmergencyAsked)
    assert [await on_either.ask(delivery="d-same") for _ in range(3)] == [first] * 3
    again = await on_either.ask(minutes=15)
    assert again == replace(first, again=True)
    assert [one.minutes for one in await on_either.world.rows(Emergency)] == [60]
    await on_either.prove(first.emergency)
    await on_either.go_on()
    assert await on_either.ask() == BeingTold(entitlement="prod-db")
    await on_either.arrive(first.emergency)
    await on_either.go_on()
    assert len(await on_either.world.rows_of_grants()) == 1


async def test_one_person_has_one_at_a_time_and_everybody_together_only_so_many(on_either: Glass) -> None:
    """B-1."""
    on_either.start(most_in_all=2)
    await on_either.granted("grace", "prod-db")
    outcome = await on_either.ask("grace", "prod-admin", incident="INC-1")
    assert isinstance(outcome, EmergencyRefused)
    await on_either.granted("linus", "prod-admin", incident="INC-1")
    outcome = await on_either.ask("sam", "prod-admin", incident="INC-2")
    assert isinstance(outcome, EmergencyRefused)
    assert await on_either.refused() == [("asked", "high"), ("asked", "medium")]


@pytest.mark.both_engines
async def test_an_incident_serves_several_people_while_it_lasts_and_nobody_afterwards(
    on_either: Glass,
) -> None:
    """B-1: once all that was taken for it is over, whoever names it again names the wrong one, or pretends."""
    first = await on_either.granted("grace", "prod-db")
    second = await on_either.granted("linus", "prod-admin")
    for one in (first, second):
        await on_either.world.access.give_back(
            await on_either.world.on("grace" if one == first else "linus", one)
        )
    await on_either.world.settle()
    outcome = await on_either.ask("sam", "prod-admin")
    assert isinstance(outcome, EmergencyRefused)
    assert outcome.reasons == (
        "That incident was used before, and what was taken for it is over. Open a new one.",
    )
    assert await on_either.refused() == [("asked", "high")]
    await on_either.granted("sam", "prod-admin", incident="INC-2")


async def test_the_same_again_needs_a_second_person_whom_the_ordinary_request_asks(glass: Glass) -> None:
    """B-1: not renewable alone, neither at once nor an hour after its end; what an owner approves is had by that."""
    emergency = await glass.granted()
    extended = await glass.world.extend("grace", emergency)
    assert await glass.world.state(extended.grant) == "pending"
    await glass.world.decide("linus", extended.grant)
    await glass.world.settle()
    assert await glass.world.state(extended.grant) == "active"
    glass.world.clock.forward(minutes=121)
    await glass.world.tick()
    outcome = await glass.ask(incident="INC-2")
    assert isinstance(outcome, EmergencyRefused)
    assert outcome.again
    glass.world.clock.forward(hours=24)
    await glass.granted(incident="INC-3")


async def test_the_same_again_under_another_name_needs_a_second_person_too(on_either: Glass) -> None:
    """B-1: the catalogue called it otherwise meanwhile, and it is the same group."""
    emergency = await on_either.granted()
    await on_either.world.access.give_back(await on_either.world.on("grace", emergency))
    await on_either.world.settle()
    things = dict(LISTED.entitlements)
    things["orders-db"] = replace(things.pop("prod-db"), id="orders-db")
    on_either.world.reopen(catalogue=replace(LISTED, entitlements=things))
    on_either.start()
    outcome = await on_either.ask("grace", "orders-db", incident="INC-2")
    assert isinstance(outcome, EmergencyRefused)
    assert outcome.again
    await on_either.granted("linus", "orders-db", incident="INC-3")


@pytest.mark.parametrize(("names", "again"), [(ALL_EXACT, False), (GroupNames({"staff": str.lower}), True)])
async def test_the_same_again_is_the_same_group_to_its_directory(
    tmp_path: Path, names: GroupNames, again: bool
) -> None:
    """B-1: written in other capitals meanwhile, it is the same where the directory tells none apart."""
    async with open_world(tmp_path, catalogue=LISTED, group_names=names) as made:
        glass = Glass(made)
        await made.access.give_back(await made.on("grace", await glass.granted()))
        await made.settle()
        things = dict(LISTED.entitlements)
        things["orders-db"] = replace(things.pop("prod-db"), id="orders-db", group="Prod-DB")
        made.reopen(catalogue=replace(LISTED, entitlements=things))
        glass.start()
        outcome = await glass.ask("grace", "orders-db", incident="INC-2")
        assert isinstance(outcome, EmergencyRefused if again else EmergencyAsked)


async def test_a_drill_stands_in_the_way_of_no_emergency(glass: Glass) -> None:
    drill = await glass.proven(drill=True, incident="INC-7")
    await glass.arrive(drill)
    await glass.go_on()
    assert glass.pager.taken[0].kind == "break-glass.drill"
    await glass.granted(incident="INC-8")


async def test_another_account_of_theirs_is_no_second_person(on_either: Glass) -> None:
    """B-1, R-1: neither beside the first one nor after it, and by whatever account they began."""
    await on_either.world.local.add_account(
        "grace2", login="grace2", name="Grace II", mail="GRACE@example.com"
    )
    await on_either.world.local.put_in_group("data-owners", "grace2")
    emergency = await on_either.granted("grace", "prod-db")
    beside = await on_either.ask("grace2", "prod-admin")
    assert isinstance(beside, EmergencyRefused)
    assert beside.reasons == ("You broke the glass already, and that is not over. End it first.",)
    await on_either.world.access.give_back(await on_either.world.on("grace", emergency))
    await on_either.world.settle()
    again = await on_either.ask("grace2", "prod-db", incident="INC-2")
    assert isinstance(again, EmergencyRefused)
    assert again.again
    await on_either.granted("linus", "prod-db", incident="INC-3")


@pytest.mark.both_engines
async def test_drills_that_are_under_way_stand_in_the_way_of_no_emergency(on_either: Glass) -> None:
    """B-4: neither those of others, however many, nor one's own for the same, which is broken off."""
    on_either.start(most_in_all=2)
    theirs = await on_either.asked("linus", "prod-admin", drill=True)
    drill = await on_either.proven(drill=True)
    assert isinstance(await on_either.ask("sam", "prod-admin", drill=True), EmergencyRefused)
    on_either.start(most_in_all=1)
    emergency = await on_either.granted()
    assert drill != emergency
    assert await on_either.state(drill) == EmergencyState.REFUSED
    assert await on_either.state(theirs) == EmergencyState.ASKED
    assert [one.id for one in await on_either.world.rows_of_grants()] == [emergency]


async def test_two_replicas_at_one_step_take_it_once(glass: Glass) -> None:
    """B-2, promise 6: whichever comes second finds it done."""
    other = Emergencies(glass.world.ground, [glass.pager])
    emergency = await glass.asked()
    await glass.prove(emergency)
    await asyncio.gather(glass.worker.go_on(), other.go_on())
    await glass.arrive(emergency)
    for _ in range(2):
        await asyncio.gather(glass.worker.go_on(), other.go_on())
    assert await glass.world.actions("emergency") == [
        "emergency.asked done", "emergency.proven done", "emergency.told done", "emergency.told done",
        "emergency.granted done",
    ]  # fmt: skip


async def test_what_waits_for_a_proof_is_led_to_from_the_slack_account_that_asked_alone(glass: Glass) -> None:
    """SL-3: a proof is of whoever asked, at their Slack account."""
    emergency = await glass.asked()
    intent = await glass.world.intent("grace")
    intent["actor"] = replace(intent["actor"], slack_user="U0OTHER")
    again = BreakGlass(**intent, entitlement="prod-db", incident="INC-1", reason=WHY, minutes=60)
    assert await glass.asking.ask(again) == BeingTold(entitlement="prod-db")
    assert await glass.state(emergency) == EmergencyState.ASKED


async def test_an_account_that_is_another_persons_by_now_gets_nothing_of_a_grant_that_waits(
    tmp_path: Path,
) -> None:
    """P-8, promise 3: the grant names an account, and whose it is, is looked up anew."""
    listed = replace(WITH_LAB.entitlements["lab-db"], break_glass=("data-owners",))
    catalogue = replace(WITH_LAB, entitlements={**WITH_LAB.entitlements, "lab-db": listed})
    async with open_lab(tmp_path) as lab:
        await lab.add("l-grace", "1906")
        lab.world.reopen(catalogue=catalogue)
        glass = Glass(lab.world)
        emergency = await glass.proven("grace", "lab-db")
        await glass.arrive(emergency)
        await glass.go_on()
        assert await glass.state(emergency) == EmergencyState.GRANTED
        await lab.local.change_account("l-grace", person="1791")
        await lab.add("l-hopper", "1906")
        await glass.world.settle()
        assert await glass.world.state(emergency) == "voided"
        assert await lab.changes() == []


async def test_whoever_means_to_practise_is_not_led_to_the_proof_of_an_emergency(glass: Glass) -> None:
    """B-4: the link that waits would give real access."""
    emergency = await glass.asked()
    assert await glass.ask(drill=True) == BeingTold(entitlement="prod-db")
    assert await glass.state(emergency) == EmergencyState.ASKED


async def test_nothing_is_asked_or_given_while_new_access_is_stopped(glass: Glass) -> None:
    """Issue by issue the same: a freeze stops every way to access, at whatever step it comes."""
    underway = await glass.proven()
    await glass.freeze()
    assert isinstance(await glass.asking.consider(Intent(**await glass.world.intent("linus"))), Stopped)
    assert isinstance(await glass.ask("linus", "prod-admin"), Stopped)
    await glass.arrive(underway)
    await glass.go_on()
    assert await glass.nothing_was_given(underway)
    assert await glass.refused() == [("told", "high")]


async def test_a_freeze_before_the_proof_leaves_the_alert_unsent(glass: Glass) -> None:
    emergency = await glass.asked()
    await glass.freeze()
    await glass.prove(emergency)
    await glass.go_on()
    assert await glass.nothing_was_given(emergency)
    assert glass.pager.taken == []


@pytest.mark.parametrize("fallback", ["none", "security", "outside"])
async def test_without_the_alert_in_slack_nothing_is_given_unless_the_other_is_enough(
    glass: Glass, fallback: str
) -> None:
    """B-2: it waits for Slack as long as it may, and then goes by what policy makes of the setting."""
    glass.start(fallback=fallback)
    emergency = await glass.proven()
    await glass.go_on()
    assert await glass.state(emergency) == EmergencyState.TELLING
    glass.world.clock.forward(seconds=61)
    await glass.go_on()
    if fallback == "outside":
        assert (await glass.row(emergency)).fallback == "outside"
        assert await glass.world.state(emergency) == "approved"
        assert (await glass.world.last("emergency.granted"))["facts"]["fallback"] == "outside"
        assert (ALERTED, SECURITY) in await glass.world.owed()  # and is delivered when Slack is back
    else:
        assert await glass.nothing_was_given(emergency)
        assert await glass.refused() == [("told", "high")]
    assert (await glass.world.last("emergency.not_told"))["facts"]["security"] is False


@pytest.mark.parametrize("fallback", ["none", "security", "outside"])
async def test_without_anybody_outside_slack_nothing_is_given_unless_the_other_is_enough(
    glass: Glass, fallback: str
) -> None:
    """B-2: it is tried again while there is time."""
    glass.start(fallback=fallback)
    glass.pager.down = True
    emergency = await glass.proven()
    await glass.arrive(emergency)
    await glass.go_on()
    assert await glass.state(emergency) == EmergencyState.TELLING
    glass.world.clock.forward(seconds=61)
    await glass.go_on()
    if fallback == "security":
        assert await glass.world.state(emergency) == "approved"
    else:
        assert await glass.nothing_was_given(emergency)
        assert await glass.refused() == [("told", "high")]


async def test_a_channel_that_fails_in_an_unforeseen_way_keeps_no_other_from_telling(glass: Glass) -> None:
    """B-2: one that took it is enough."""

    class Broken(Pager):
        async def tell(self, notice: Notice) -> None:
            raise RuntimeError(notice.id)

    glass.worker = Emergencies(glass.world.ground, [Broken(name="mail"), glass.pager])
    emergency = await glass.granted()
    assert (await glass.row(emergency)).told_by == "webhook"


async def test_a_pager_that_is_back_in_time_is_told_then(glass: Glass) -> None:
    glass.pager.down = True
    emergency = await glass.proven()
    await glass.arrive(emergency)
    await glass.go_on()
    glass.pager.down = False
    await glass.go_on()
    assert await glass.world.state(emergency) == "approved"
    assert [one.id for one in glass.pager.taken] == [emergency]


async def test_without_any_channel_outside_slack_nobody_breaks_the_glass(glass: Glass) -> None:
    """B-2: a setting that was forgotten is no way round."""
    glass.worker = Emergencies(glass.world.ground)
    emergency = await glass.asked()
    await glass.prove(emergency)
    await glass.go_on()
    await glass.arrive(emergency)
    glass.world.clock.forward(seconds=61)
    await glass.go_on()
    assert await glass.nothing_was_given(emergency)


async def test_a_process_that_dies_after_each_step_is_taken_up_by_the_next_one(glass: Glass) -> None:
    """B-2: between any two of its transactions, and once while the pager had it and nothing was written down yet."""
    emergency = await glass.asked()
    glass.start()
    await glass.prove(emergency)
    await glass.worker.go_on()
    glass.start()
    notice = glass.pager.taken
    await glass.pager.tell(_like(emergency, glass))  # it was told, and the process died before it wrote so
    glass.start()
    await glass.worker.go_on()
    assert [one.id for one in notice] == [emergency, emergency]
    await glass.arrive(emergency)
    glass.start()
    await glass.worker.go_on()
    assert await glass.state(emergency) == EmergencyState.TOLD
    assert await glass.world.rows_of_grants() == []
    glass.start()
    await glass.worker.go_on()
    assert await glass.world.state(emergency) == "approved"
    await glass.world.crash(set(), restarts=True)
    await glass.world.settle()
    assert await glass.world.holds("grace", "prod-db")
    assert len(await glass.world.actions("emergency.granted")) == 1


async def test_what_was_told_long_before_a_start_is_not_given_any_more(glass: Glass) -> None:
    """Killed between telling and granting: an hour later nobody would expect it."""
    emergency = await glass.proven()
    await glass.arrive(emergency)
    await glass.worker.go_on()
    assert await glass.state(emergency) == EmergencyState.TOLD
    glass.world.clock.forward(seconds=61 + GIVEN_WITHIN.total_seconds())
    glass.start()
    await glass.go_on()
    assert await glass.nothing_was_given(emergency)
    assert await glass.refused() == [("told", "high")]


async def test_a_clock_that_was_set_back_gives_nothing_either(glass: Glass) -> None:
    emergency = await glass.proven()
    await glass.arrive(emergency)
    await glass.worker.go_on()
    glass.world.clock.forward(hours=-2)
    await glass.go_on()
    assert await glass.nothing_was_given(emergency)


async def test_a_directory_that_is_silent_gives_nothing_and_holds_up_nobody_else(glass: Glass) -> None:
    """Promise 7: it is tried again until it is too late."""
    emergency = await glass.proven()
    await glass.arrive(emergency)
    await glass.worker.go_on()
    glass.world.faulty.error("account")
    await glass.go_on()
    assert await glass.state(emergency) == EmergencyState.TOLD
    glass.world.clock.forward(seconds=61 + GIVEN_WITHIN.total_seconds())
    await glass.go_on()
    assert await glass.state(emergency) == EmergencyState.REFUSED


async def test_a_row_that_was_changed_by_hand_gives_nothing(glass: Glass) -> None:
    """T-9: whoever can write to the database cannot say that everybody was told, or for how long."""
    emergency = await glass.proven()
    await glass.world.ground.database.write(
        lambda tx: tx.connection().execute(
            text("UPDATE emergencies SET state = 'told', told_security_at = 1, told_outside_at = 1")
        )
    )
    await glass.go_on()
    assert await glass.world.rows_of_grants() == []
    assert await glass.world.ground.database.read(lambda tx: emergencies.get(tx, emergency)) is None


async def test_a_row_that_was_changed_by_hand_keeps_nobody_from_breaking_the_glass(glass: Glass) -> None:
    """T-9: it counts nowhere, so it is in nobody's way; it stays as little as it was."""
    spoilt = await glass.asked()
    await glass.world.ground.database.write(
        lambda tx: tx.connection().execute(text("UPDATE emergencies SET minutes = 600"))
    )
    await glass.granted()
    assert await glass.state(spoilt) == EmergencyState.REFUSED
    assert await glass.world.ground.database.read(lambda tx: emergencies.get(tx, spoilt)) is None


async def test_what_is_held_already_needs_no_emergency(glass: Glass) -> None:
    await glass.world.local.put_in_group("prod-db", "grace")
    assert await glass.ask() == HeldAlready(entitlement="prod-db")
    assert await glass.world.actions("emergency") == ["emergency.needless refused"]


@pytest.mark.parametrize(("who", "ended"), [("linus", True), ("sam", True), ("ada", False)])
async def test_its_owners_team_and_security_end_it_at_one_click_and_nobody_else(
    glass: Glass, who: str, ended: bool
) -> None:
    """The click needs no words: the alert says who it was."""
    emergency = await glass.granted()
    outcome = await glass.world.end(who, emergency, rationale="")
    await glass.world.settle()
    assert isinstance(outcome, EndedEarly if ended else NotAllowed)
    assert await glass.world.holds("grace", "prod-db") is not ended
    places = {(one.kind, one.subject, one.recipient) for one in await glass.world.rows(Owed)}
    news = {("emergency-news", f"{emergency}:{what}", SECURITY) for what in ("begun", "over")}
    assert news <= places if ended else ("emergency-news", f"{emergency}:over", SECURITY) not in places


async def test_it_ends_by_itself_after_its_time_and_both_channels_read_so(glass: Glass) -> None:
    """Promise 1."""
    emergency = await glass.granted(minutes=15)
    glass.world.clock.forward(minutes=15)
    await glass.world.tick()
    assert await glass.world.state(emergency) == "ended"
    assert not await glass.world.holds("grace", "prod-db")
    owed = {(one.kind, one.subject, one.recipient) for one in await glass.world.rows(Owed)}
    for place in (SECURITY, "owner:data"):
        assert {(ALERTED, emergency, place), ("emergency-news", f"{emergency}:over", place)} <= owed


def _like(emergency: str, glass: Glass) -> Notice:
    return Notice(
        id=emergency, kind="break-glass", severity="high", title="", told="", at=glass.world.clock(),
        correlation=emergency,
    )  # fmt: skip
