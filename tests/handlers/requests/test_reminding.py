"""What is due before a request or a grant is over: once each, whatever the clock, a replica or a restart does."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlmodel import delete

from handlers.approvals.deciders import deciders
from handlers.approvals.owners import CHANNEL, Owners, Trouble, approvers_in
from handlers.outcomes import NotAllowed
from handlers.requests.passing import pass_on
from handlers.requests.reminding import Reminding
from handlers.requests.storytelling import tell, with_deciders
from storage import grants, holdings, rule_sets
from storage.catalogue import Owner
from storage.records import Owed
from storage.states import GrantState, RuleSetState
from tests.handlers.access_ground import CATALOGUE, world
from tests.wire.test_stages import TWO_PEOPLE, policy

WITH_FALLBACK = replace(
    CATALOGUE,
    owners={
        "data": replace(CATALOGUE.owners["data"], fallback="wiki"),
        "wiki": Owner(id="wiki", name="Wiki", channel="C0WIKI", approvers="wiki-admins"),
    },
)
# Whoever stands in has somebody to stand in for them.
WITH_A_CHAIN = replace(
    WITH_FALLBACK,
    owners={
        **WITH_FALLBACK.owners,
        "it": Owner(id="it", name="IT desk", channel="C0IT", approvers="security-team"),
        "wiki": replace(WITH_FALLBACK.owners["wiki"], fallback="it"),
    },
)


async def owed(wicket, kind: str) -> list[str]:
    """To whom messages of this kind are owed."""
    return [row.recipient for row in await wicket.rows(Owed) if row.kind == kind]


async def asked(wicket) -> str:
    """Ada asks for prod-db, and the owner was looked at."""
    grant = await wicket.asked("ada", "prod-db")
    await wicket.reminding.remind_due()
    return grant


async def holds_by_the_store(wicket, policy_set: str) -> None:
    """Another replica brought these rules."""
    loaded = rule_sets.Loaded(
        policy_set=policy_set, content=policy_set, composition={}, sources={}, catalogue={}
    )

    def work(tx) -> None:
        if (before := rule_sets.active(tx)) is not None:
            rule_sets.end(tx, before, RuleSetState.FORMER, at=wicket.clock())
        rule_sets.add(tx, loaded, RuleSetState.ACTIVE, at=wicket.clock())

    await wicket.ground.database.write(work)


async def test_a_request_is_reminded_of_once_passed_on_once_and_lapses(tmp_path):
    """Half-way, half-way again, and the end; the fallback's channel has it then, too."""
    async with world(tmp_path, catalogue=WITH_FALLBACK) as wicket:
        await wicket.local.put_in_group("wiki-admins", "charles")
        grant = await asked(wicket)
        steps = []
        for hours in (11, 2, 3, 1, 2, 4):
            wicket.clock.forward(hours=hours)
            await wicket.reminding.remind_due()
            await wicket.reminding.remind_due()
            steps.append([len(await owed(wicket, "reminder")), len(await owed(wicket, "approval"))])
        assert steps == [[0, 1], [1, 1], [1, 1], [1, 1], [1, 2], [1, 2]]
        row = await wicket.grant(grant)
        assert (row.passed_on_to, row.passed_on_why) == ("wiki", "nobody answered")
        assert await owed(wicket, "reminder") == ["owner:data"]
        assert set(await owed(wicket, "approval")) == {"owner:data", "owner:wiki"}
        wicket.clock.forward(hours=2)
        await wicket.tick()
        assert await wicket.state(grant) == "lapsed"
        assert await wicket.actions("request.reminded", "request.passed_on", "grant.lapsed") == [
            "request.reminded done", "request.passed_on done", "grant.lapsed done",
        ]  # fmt: skip


async def test_whom_it_was_passed_on_to_may_decide_as_policy_says(tmp_path):
    """Their people count as the owner's from then on, not before; the record says that they stand in."""
    async with world(tmp_path, catalogue=WITH_FALLBACK) as wicket:
        await wicket.local.put_in_group("wiki-admins", "charles")
        grant = await asked(wicket)
        assert isinstance(await wicket.decide("charles", grant), NotAllowed)
        wicket.clock.forward(hours=18)
        await wicket.reminding.remind_due()
        wicket.clock.forward(seconds=1)
        await wicket.reminding.remind_due()
        await wicket.decide("charles", grant)
        await wicket.settle()
        assert await wicket.holds("ada", "prod-db")
        entry = await wicket.last("approval.given")
        assert entry["facts"]["stands_in"] == "wiki"
        assert entry["policy"]["ids"] == ["approve-standing-in"]


async def test_a_fallback_that_the_settings_no_longer_name_decides_nothing(tmp_path):
    """Also between the approval and its execution: authority is what the settings and the directory say now."""
    async with world(tmp_path, catalogue=WITH_FALLBACK) as wicket:
        await wicket.local.put_in_group("wiki-admins", "charles")
        grant = await asked(wicket)
        wicket.clock.forward(hours=18)
        await wicket.reminding.remind_due()
        await wicket.reminding.remind_due()
        await wicket.decide("charles", grant)
        wicket.reopen(catalogue=replace(WITH_FALLBACK, owners={**WITH_FALLBACK.owners, **CATALOGUE.owners}))
        await wicket.settle()
        assert await wicket.state(grant) == "voided"
        assert not await wicket.holds("ada", "prod-db")


async def test_nothing_is_owed_to_a_fallback_that_the_settings_do_not_have_any_more(tmp_path):
    """Nobody knows its channel: it would be tried for ever, and security told that it cannot be delivered."""
    async with world(tmp_path, catalogue=WITH_FALLBACK) as wicket:
        grant = await asked(wicket)
        wicket.clock.forward(hours=18)
        for _ in range(3):
            await wicket.reminding.remind_due()
        assert (await wicket.grant(grant)).passed_on_to == "wiki"
        await wicket.ground.database.write(lambda tx: tx.execute(delete(Owed)))
        wicket.reopen(catalogue=CATALOGUE)
        await wicket.decide("grace", grant)
        assert await wicket.owed() == {
            ("request", "Uada"), ("approval", "owner:data"), ("reminder", "owner:data"),
        }  # fmt: skip


async def test_without_a_fallback_there_is_a_reminder_and_nothing_more(tmp_path):
    async with world(tmp_path) as wicket:
        grant = await asked(wicket)
        wicket.clock.forward(hours=23)
        await wicket.reminding.remind_due()
        await wicket.reminding.remind_due()
        row = await wicket.grant(grant)
        assert (row.passed_on_to, row.remind_at) == ("", None)
        assert await owed(wicket, "reminder") == ["owner:data"]


async def test_two_replicas_and_a_restart_remind_once(tmp_path):
    """The row is the schedule."""
    async with world(tmp_path) as wicket:
        await asked(wicket)
        wicket.clock.forward(hours=12)
        others = [Reminding(wicket.ground, Owners(wicket.ground)) for _ in range(4)]
        await asyncio.gather(*(one.remind_due() for one in others))
        assert await owed(wicket, "reminder") == ["owner:data"]
        assert await wicket.actions("request.reminded") == ["request.reminded done"]


async def test_a_clock_that_is_set_back_and_forward_reminds_once(tmp_path):
    async with world(tmp_path) as wicket:
        await asked(wicket)
        grant = await wicket.given("linus")
        wicket.clock.forward(minutes=55)
        await wicket.reminding.remind_due()
        for hours in (-48, 48, 12):
            wicket.clock.forward(hours=hours)
            await wicket.reminding.remind_due()
        assert len(await wicket.actions("request.reminded")) == 1
        assert len(await wicket.actions("grant.end_reminded")) == 1
        assert (await wicket.grant(grant)).remind_at is None


@pytest.mark.parametrize(
    ("minutes", "before"), [(60, 6), (480, 48), (50, 5), (30, 5), (15, 5), (14, None), (1, None)]
)
async def test_the_end_is_told_of_a_tenth_before_and_at_least_five_minutes(tmp_path, minutes, before):
    """What is over in a quarter of an hour is not."""
    async with world(tmp_path) as wicket:
        length = timedelta(minutes=minutes)
        grant = await wicket.given("ada", duration=length)
        row = await wicket.grant(grant)
        expected = None if before is None else row.expires_at - timedelta(minutes=before)
        assert row.remind_at == expected
        if before is not None:
            wicket.clock.forward(minutes=minutes - before, seconds=-1)
            await wicket.reminding.remind_due()
            assert await owed(wicket, "ending") == []
            wicket.clock.forward(seconds=1)
            await wicket.reminding.remind_due()
            assert await owed(wicket, "ending") == ["Uada"]


async def test_what_ended_meanwhile_is_not_reminded_of(tmp_path):
    async with world(tmp_path) as wicket:
        grant = await wicket.given("ada")
        await wicket.access.give_back(await wicket.on("ada", grant))
        wicket.clock.forward(minutes=55)
        await wicket.reminding.remind_due()
        assert await owed(wicket, "ending") == []


async def test_what_is_given_once_more_is_not_reminded_of_again(tmp_path):
    """Its end is where it was, and was told of."""
    async with world(tmp_path) as wicket:
        grant = await wicket.given("ada")
        wicket.clock.forward(minutes=54)
        await wicket.reminding.remind_due()

        def give_again(tx):
            row = grants.get(tx, grant)
            grants.move(tx, row, GrantState.APPROVED)
            holdings.follow_grant(tx, row, at=wicket.clock(), due_at=wicket.clock())

        await wicket.ground.database.write(give_again)
        await wicket.settle()
        assert await wicket.state(grant) == "active"
        await wicket.reminding.remind_due()
        row = await wicket.grant(grant)
        assert (row.reminder, row.remind_at) == ("end", None)
        assert len(await wicket.actions("grant.end_reminded")) == 1


async def test_what_goes_on_is_not_reminded_of_but_its_last_end_is(tmp_path):
    async with world(tmp_path) as wicket:
        first = await wicket.given("ada")
        wicket.clock.forward(minutes=50)
        second = (await wicket.extend("ada", first)).grant
        await wicket.settle()
        wicket.clock.forward(minutes=5)
        await wicket.reminding.remind_due()
        assert await owed(wicket, "ending") == []
        wicket.clock.forward(minutes=50)
        await wicket.reminding.remind_due()
        assert [row.subject for row in await wicket.rows(Owed) if row.kind == "ending"] == [second]


@pytest.mark.parametrize("trouble", ["no-group", "nobody"])
async def test_an_owner_without_anybody_is_found_at_the_request_and_passed_by(tmp_path, trouble):
    """An exception that settles by itself; the fallback has the request at once, and may decide."""
    async with world(tmp_path, catalogue=WITH_FALLBACK) as wicket:
        await wicket.local.put_in_group("wiki-admins", "charles")
        for login in ("grace", "linus"):
            await wicket.local.remove_member(login, "data-owners")
        if trouble == "no-group":
            await wicket.local.drop_group("data-owners")
        grant = await asked(wicket)
        assert (await wicket.grant(grant)).passed_on_to == "wiki"
        (row,) = await wicket.exceptions()
        assert (row.kind, row.facts["trouble"], row.facts["fallback"]) == (
            "owner-unreachable",
            trouble,
            "Wiki",
        )
        await asked_again_counts_nothing(wicket)
        if trouble == "no-group":
            await wicket.local.add_group("data-owners")
        await wicket.local.put_in_group("data-owners", "grace")
        found = await wicket.owners.approvers("data")
        await wicket.ground.database.write(lambda tx: wicket.owners.keep(tx, "data", found))
        (row,) = await wicket.exceptions()
        assert "settled" in row.facts
        await wicket.decide("charles", grant)
        await wicket.settle()
        assert await wicket.holds("ada", "prod-db")


async def test_a_fallback_that_cannot_be_reached_either_is_passed_by_as_well(tmp_path):
    """Each look is at whoever has it now, until somebody can decide; the reminder is still one."""
    async with world(tmp_path, catalogue=WITH_A_CHAIN) as wicket:
        grant = await asked(wicket)
        wicket.clock.forward(hours=18)
        for _ in range(4):
            await wicket.reminding.remind_due()
        assert (await wicket.grant(grant)).passed_on_to == "it"
        assert await wicket.kinds() == ["owner-unreachable"]
        assert await owed(wicket, "reminder") == ["owner:data"]
        await wicket.decide("sam", grant)
        await wicket.settle()
        assert await wicket.holds("ada", "prod-db")


async def test_a_look_that_another_replica_overtook_takes_no_look_from_whoever_has_it_now(tmp_path):
    """The slower one looked at whoever had it before: without the next look nobody finds that nobody decides."""
    async with world(tmp_path, catalogue=WITH_A_CHAIN) as wicket:
        for login in ("grace", "linus"):
            await wicket.local.remove_member(login, "data-owners")
        grant = await wicket.asked("ada", "prod-db")
        wicket.faulty.hang("group", times=1)
        slower = asyncio.create_task(wicket.reminding.remind_due())
        await wicket.until_hanging()
        other = Reminding(wicket.ground, Owners(wicket.ground))
        await other.remind_due()
        assert (await wicket.grant(grant)).passed_on_to == "wiki"
        wicket.faulty.release()
        await slower
        await other.remind_due()
        assert (await wicket.grant(grant)).passed_on_to == "it"


async def test_whom_it_was_passed_on_to_before_counts_no_more_and_the_message_says_so(tmp_path):
    """Charles approved while he stood in; it went on to others, so "1 of 2" would say too much."""
    third = Owner(id="it", name="IT desk", channel="C0IT", approvers="security-team")
    first, second = WITH_FALLBACK.owners["data"], replace(WITH_FALLBACK.owners["wiki"], fallback="it")
    catalogue = replace(WITH_FALLBACK, owners={"data": first, "wiki": second, "it": third})
    async with world(tmp_path, catalogue=catalogue, policy=policy(TWO_PEOPLE)) as wicket:
        await wicket.local.put_in_group("wiki-admins", "charles")
        grant = await asked(wicket)

        async def passed_on() -> None:
            def work(tx):
                assert pass_on(tx, wicket.ground, grants.get(tx, grant), why="nobody answered")

            await wicket.ground.database.write(work)

        async def told() -> tuple[int | None, dict[str, int]]:
            story = await wicket.ground.database.read(lambda tx: tell(tx, wicket.ground, grant))
            now = await with_deciders(wicket.ground, story)
            return now.counted, dict(now.missing)

        await passed_on()
        await wicket.decide("charles", grant)
        assert await told() == (1, {"owner": 1})
        await passed_on()
        assert await told() == (0, {"owner": 2})
        await wicket.decide("grace", grant)
        assert await wicket.state(grant) == "pending"
        assert await told() == (1, {"owner": 1})


async def asked_again_counts_nothing(wicket) -> None:
    """The next request meets the same, which is no more news."""
    await wicket.asked("eve", "prod-db")
    await wicket.reminding.remind_due()
    (row,) = await wicket.exceptions()
    assert row.count == 1


async def test_a_directory_that_does_not_answer_has_no_empty_groups(tmp_path):
    """Promise 7: unknown is not nobody. It is asked again, and the reminder comes all the same."""
    async with world(tmp_path, catalogue=WITH_FALLBACK) as wicket:
        grant = await wicket.asked("ada", "prod-db")
        wicket.faulty.error("group")
        await wicket.reminding.remind_due()
        assert (await wicket.grant(grant)).remind_at == wicket.clock() + timedelta(minutes=1)
        assert await wicket.kinds() == []
        wicket.clock.forward(hours=12)
        await wicket.reminding.remind_due()
        await wicket.reminding.remind_due()
        assert await owed(wicket, "reminder") == ["owner:data"]
        assert (await wicket.grant(grant)).passed_on_to == ""


async def test_what_is_found_of_an_owner_counts_only_by_the_rules_that_hold(tmp_path):
    """A replica that does not have the new catalogue yet looks at the group, or the channel, that they left."""
    async with world(tmp_path, catalogue=WITH_FALLBACK) as wicket:
        grant = await asked(wicket)
        newer = rule_sets.Loaded(policy_set="newer", content="c", composition={}, sources={}, catalogue={})
        await wicket.ground.database.write(
            lambda tx: rule_sets.add(tx, newer, RuleSetState.ACTIVE, at=wicket.clock())
        )
        for looked in ({CHANNEL: Trouble.ARCHIVED}, {approvers_in("staff"): Trouble.NO_GROUP}):
            await wicket.ground.database.write(lambda tx, found=looked: wicket.owners.keep(tx, "data", found))
        assert (await wicket.grant(grant)).passed_on_to == ""
        assert await wicket.kinds() == []


async def test_a_look_by_rules_that_others_replaced_is_taken_again(tmp_path):
    """What it finds does not count, so whoever has the rules that hold is to look; or nobody ever does."""
    async with world(tmp_path, catalogue=WITH_FALLBACK) as wicket:
        await wicket.local.remove_member("grace", "data-owners")
        await wicket.local.remove_member("linus", "data-owners")
        ours = wicket.ground.policy.policy_set
        await holds_by_the_store(wicket, "newer")
        grant = await asked(wicket)
        assert (await wicket.grant(grant)).passed_on_to == ""
        wicket.clock.forward(minutes=1)
        await holds_by_the_store(wicket, ours)
        await wicket.reminding.remind_due()
        assert (await wicket.grant(grant)).passed_on_to == "wiki"


async def test_the_reminder_of_what_only_another_replica_knows_is_left_to_that_one(tmp_path):
    """An older one took it for a request whose owner is gone, and nobody was reminded, nor was it passed on."""
    async with world(tmp_path, catalogue=WITH_FALLBACK) as wicket:
        grant, ours = await asked(wicket), wicket.ground.policy.policy_set
        wicket.clock.forward(hours=12)
        await holds_by_the_store(wicket, "newer")
        wicket.reopen(catalogue=replace(WITH_FALLBACK, entitlements={}))
        await wicket.reminding.remind_due()
        wicket.reopen(catalogue=WITH_FALLBACK)
        await holds_by_the_store(wicket, ours)
        wicket.clock.forward(minutes=1)
        await wicket.reminding.remind_due()
        assert await owed(wicket, "reminder") == ["owner:data"]
        wicket.clock.forward(hours=6)
        await holds_by_the_store(wicket, "newer")
        wicket.reopen(catalogue=replace(WITH_FALLBACK, entitlements={}))
        await wicket.reminding.remind_due()
        wicket.reopen(catalogue=WITH_FALLBACK)
        await holds_by_the_store(wicket, ours)
        wicket.clock.forward(minutes=1)
        await wicket.reminding.remind_due()
        assert (await wicket.grant(grant)).passed_on_to == "wiki"


async def test_rules_that_began_to_hold_later_than_now_were_not_replaced_just_now(tmp_path):
    """After the clock was set back a replica that was forgotten would find nothing of any owner for hours."""
    async with world(tmp_path, catalogue=WITH_FALLBACK) as wicket:
        await wicket.local.remove_member("grace", "data-owners")
        await wicket.local.remove_member("linus", "data-owners")
        await holds_by_the_store(wicket, "newer")
        wicket.clock.forward(hours=-5)
        grant = await asked(wicket)
        assert (await wicket.grant(grant)).passed_on_to == "wiki"


async def test_an_owner_whose_channel_is_lost_while_it_waits_is_passed_by(tmp_path):
    """Everything that waits for it goes on; what is decided already does not."""
    async with world(tmp_path, catalogue=WITH_FALLBACK) as wicket:
        await wicket.local.put_in_group("wiki-admins", "charles")
        decided = await wicket.approved("charles")
        grant = await asked(wicket)
        await wicket.ground.database.write(
            lambda tx: wicket.owners.keep(tx, "data", {CHANNEL: Trouble.ARCHIVED})
        )
        assert (await wicket.grant(grant)).passed_on_why == "its channel is archived"
        assert (await wicket.grant(decided)).passed_on_to == ""
        assert (await wicket.grant(grant)).state == "pending"


async def test_approvers_who_are_missing_elsewhere_keep_nothing_from_those_at_home(tmp_path):
    """An owner may have people in several homes; each decides what was asked there."""
    async with world(tmp_path, catalogue=WITH_FALLBACK) as wicket:
        grant = await asked(wicket)
        await wicket.ground.database.write(
            lambda tx: wicket.owners.keep(tx, "data", {approvers_in("branch"): Trouble.NOBODY})
        )
        assert (await wicket.grant(grant)).passed_on_to == ""
        assert await wicket.kinds() == ["owner-unreachable"]


async def test_a_hung_directory_holds_up_no_reminder(tmp_path):
    """Promise 7: what needs no look goes first."""
    async with world(tmp_path, patience=60) as wicket:
        await wicket.given("linus")
        wicket.clock.forward(minutes=54)
        await wicket.asked("ada", "prod-db")
        wicket.faulty.hang("group")
        looking = asyncio.create_task(wicket.reminding.remind_due())
        await wicket.until_hanging()
        assert await owed(wicket, "ending") == ["Ulinus"]
        await looking
        wicket.faulty.release()


@pytest.mark.parametrize("first", ["sam", "grace"])
async def test_passing_on_to_people_of_security_takes_securitys_approval_from_nobody(tmp_path, first):
    """Owner and security: who stands in and is of security approves for security as long as that is wanted."""
    wiki = replace(WITH_FALLBACK.owners["wiki"], approvers="security-team")
    catalogue = replace(WITH_FALLBACK, owners={**WITH_FALLBACK.owners, "wiki": wiki})
    async with world(tmp_path, catalogue=catalogue) as wicket:
        grant = await wicket.asked("ada", "prod-admin")
        await wicket.decide(first, grant)
        await wicket.ground.database.write(
            lambda tx: pass_on(tx, wicket.ground, grants.get(tx, grant), why="nobody answered")
        )
        assert [one.role for one in await deciders(wicket.ground, grant)] == (
            ["owner", "owner"] if first == "sam" else ["owner", "security"]
        )
        await wicket.decide("grace" if first == "sam" else "sam", grant)
        await wicket.settle()
        assert await wicket.holds("ada", "prod-admin")
        given = [one["facts"] for one in await wicket.audit() if one["action"] == "approval.given"]
        assert {(one["role"], one.get("stands_in", "")) for one in given} == {("owner", ""), ("security", "")}
