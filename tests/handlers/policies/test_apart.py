"""What nobody has both of, over the handlers: asked of live memberships and of grants, three times over (A-5, N-8)."""

from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from handlers.decisions.cedar import CedarPolicy
from handlers.decisions.drift import Way
from handlers.drift.finding import Drift
from handlers.drift.reconciling import Reconciling
from handlers.exceptions.raising import Kind
from handlers.intents import AskTogether, Reconcile
from handlers.outcomes import AskedTogether, NotPossible, Reconciled
from storage.catalogue import Catalogue
from storage.directories.local import LocalDirectory
from storage.directories.scrypt import Scrypt
from storage.group_names import GroupNames
from tests.handlers.access_ground import CATALOGUE, HOUR, World, thing, world
from tests.handlers.lab_ground import WITH_LAB, lab
from tests.handlers.made_once import without_step_up
from tests.handlers.page_ground import Clock
from tests.handlers.requests.test_asking import by_charles, foreseen, link
from tests.storage.directories.ldap_stage import ldap_stage

APART = Catalogue(
    entitlements={
        **CATALOGUE.entitlements,
        "enter": thing("enter", group="wiki-edit", conflicts_with=("release",)),
        "release": thing("release", group="wiki-admins", conflicts_with=("enter",)),
        "pay": thing("pay", group="prod-db", risk=4, environment="production", workload="pay"),
        "pay-test": thing("pay-test", group="prod-admin", environment="staging", workload="pay"),
    },
    owners=CATALOGUE.owners,
)
TOLD = "Ada has enter, and nobody has both at once. Give that back first, or ask Data Platform who else can do this."


@pytest.fixture
async def company(tmp_path: Path) -> AsyncIterator[World]:
    """The seven, in a company that keeps some things apart."""
    async with world(tmp_path, catalogue=APART) as made:
        yield made
        assert await made.sound()


async def test_what_conflicts_with_a_grant_is_refused_and_told(company: World) -> None:
    """A-5: at the request; the person reads what they have and whom to ask, and security hears of it."""
    await company.given("ada", "enter")
    refused = await company.asked("ada", "release")
    row = await company.grant(refused)
    assert (row.state, row.reasons) == ("refused", [TOLD])
    assert (await company.last("grant.refused"))["policy"]["ids"] == ["duties-apart"]
    assert await company.kinds() == ["refused-request"]
    assert not await company.holds("ada", "wiki-admins")


async def test_what_conflicts_with_a_membership_by_other_hands_is_refused(company: World) -> None:
    """A-5: what the directory says now counts, whoever gave it; and what it says no more does not."""
    await company.local.put_in_group("wiki-edit", "ada")
    assert await company.state(await company.asked("ada", "release")) == "refused"
    await company.local.remove_member("ada", "wiki-edit")
    await company.given("ada", "release")


async def test_what_a_second_account_of_theirs_has_counts(company: World) -> None:
    """A-5, R-1: nobody has both by two accounts, neither by other hands nor by two grants."""
    await company.local.change_account("ada", person="1815")
    await company.local.change_account("charles", person="1815")
    await company.local.put_in_group("wiki-edit", "charles")
    assert await company.state(await company.asked("ada", "release")) == "refused"
    await company.local.take_from_group("wiki-edit", "charles")
    assert await company.state(await company.asked("charles", "enter")) == "approved"  # and nobody has it yet
    assert await company.state(await company.asked("ada", "release")) == "refused"
    await company.local.change_account("charles", person="1791")
    assert await company.state(await company.asked("ada", "release")) == "approved"


@pytest.mark.parametrize("theirs", ["p-ada", "ada"])
async def test_what_somebody_has_where_they_could_sign_in_too_counts(tmp_path: Path, theirs: str) -> None:
    """A-5, R-1: in another home, where the same number is the same person's, whatever id the account has there."""
    with closing(LocalDirectory(tmp_path / "plant.db", name="plant", now=Clock(), cost=Scrypt(n=2))) as plant:
        await plant.add_group("valves")
        await plant.add_account(theirs, login="ada", name="Ada", mail="", person="1815")
        valves = thing("valves", directory="plant", conflicts_with=("enter",))
        enter = thing("enter", group="wiki-edit", conflicts_with=("valves",))
        apart = replace(APART, entitlements={"enter": enter, "valves": valves})
        async with world(tmp_path, catalogue=apart, beside={"plant": plant}) as company:
            await company.local.change_account("ada", person="1815")
            await plant.put_in_group("valves", theirs)
            assert await company.state(await company.asked("ada", "enter")) == "refused"
            await plant.take_from_group("valves", theirs)
            await company.given("ada", "enter")


@pytest.mark.parametrize("written", ["Wiki Admins", "wiki  admins", "\uff57iki admins", "wi\u212ai admins"])
async def test_a_group_is_the_same_in_other_letters(tmp_path: Path, written: str) -> None:
    """A-5: where a directory tells some letters not apart, a catalogue that writes them otherwise keeps apart too."""
    release = thing("release", directory="corp", group=written, conflicts_with=("enter",))
    apart = replace(APART, entitlements={**APART.entitlements, "release": release})
    async with ldap_stage() as corp:
        await corp.group("wiki admins")
        await corp.put("wiki admins", await corp.person("countess", person="1815"))
        more: dict[str, Any] = {"beside": {"corp": corp.directory}, "people_of": {"corp": "staff"}}
        names = GroupNames({"corp": corp.shape.group_key})
        async with world(tmp_path, catalogue=apart, group_names=names, **more) as company:
            await company.local.change_account("ada", person="1815")
            assert await company.state(await company.asked("ada", "enter")) == "refused"


async def test_of_two_asked_together_only_one_is_given(company: World) -> None:
    """A-5: the second of one form hears of the first, in the same transaction."""
    intent = AskTogether(
        **await company.intent("ada"), entitlements=("enter", "release"), duration=HOUR, justification="INC-1"
    )
    sent = await company.asking.ask_together(intent)
    assert isinstance(sent, AskedTogether)
    assert [row.state for row in await company.rows_of_grants()] == ["approved", "refused"]


async def test_a_request_that_waits_keeps_nothing_away_and_is_void_at_the_click(company: World) -> None:
    """A-5, N-8: what came to be since it was asked is seen when somebody approves."""
    waiting = await company.asked("ada", "pay")
    await company.given("ada", "pay-test")
    decided = await company.decide("grace", waiting)
    assert decided.state == "voided"
    assert "in another environment" in decided.reasons[0]
    assert (await company.last("grant.voided"))["policy"]["ids"] == ["environments-apart"]


async def test_what_came_to_be_after_the_approval_is_seen_before_access_exists(company: World) -> None:
    """A-5: the third time, just before the directory is changed."""
    approved = await company.asked("ada", "release")
    assert await company.state(approved) == "approved"
    await company.local.put_in_group("wiki-edit", "ada")
    await company.settle()
    row = await company.grant(approved)
    assert (row.state, row.end_reason) == ("voided", TOLD)
    assert not await company.holds("ada", "wiki-admins")


async def before_charles_asked_for_ada(company: World, thing: str, *, by: str) -> None:
    """Ada has this: somebody put her into its group, or Wicket gave it to her."""
    if by == "grant":
        await company.given("ada", thing)
    else:
        await company.local.put_in_group(APART.entitlements[thing].group, "ada")


@pytest.mark.parametrize("by", ["membership", "grant"])
async def test_at_the_request_and_the_click_what_counts_is_what_the_report_has(
    company: World, by: str
) -> None:
    """A-5, N-8, R-3: who asks for a report is asked about, and so is what the report has."""
    waiting = await by_charles(company, "pay")
    await before_charles_asked_for_ada(company, "pay-test", by=by)
    assert (await company.decide("grace", waiting)).state == "voided"
    wish = {"entitlements": ("pay",), "minutes": 60, "justification": "x", "report": "Uada"}
    assert [one.outcome for one in (await foreseen(company, "charles", **wish)).each] == ["refused"]
    assert await company.state(await by_charles(company, "pay")) == "refused"


@pytest.mark.parametrize("by", ["membership", "grant"])
async def test_before_access_exists_what_counts_is_what_the_report_has(company: World, by: str) -> None:
    """A-5, R-3, promise 3: though it was approved when nobody kept the two apart yet."""
    together = replace(
        APART, entitlements={**APART.entitlements, "release": thing("release", group="wiki-admins")}
    )
    company.reopen(
        catalogue=replace(
            together, entitlements={**together.entitlements, "enter": thing("enter", group="wiki-edit")}
        )
    )
    await before_charles_asked_for_ada(company, "enter", by=by)
    approved = await by_charles(company, "release")
    assert await company.state(approved) == "approved"
    company.reopen(catalogue=APART)
    await company.settle()
    assert await company.state(approved) == "voided"
    assert not await company.holds("ada", "wiki-admins")


async def test_what_whoever_asks_has_keeps_nothing_from_their_report(company: World) -> None:
    """A-5, R-3: it is about the one who has it."""
    await company.given("charles", "enter")
    await company.given("charles", "pay-test")
    await link(company, "ada", "charles")
    for what, outcome in (("release", "automatic"), ("pay", "approval")):
        wish = {"entitlements": (what,), "minutes": 60, "justification": "x", "report": "Uada"}
        assert [one.outcome for one in (await foreseen(company, "charles", **wish)).each] == [outcome]
    automatic, approved = await by_charles(company, "release"), await by_charles(company, "pay")
    assert (await company.decide("grace", approved)).state == "approved"
    await company.settle()
    assert [await company.state(one) for one in (automatic, approved)] == ["active", "active"]


async def test_given_back_is_not_held_any_more(company: World) -> None:
    """A-5: nobody waits for the end of what they gave back, once the directory has it back."""
    given = await company.given("ada", "enter")
    await company.access.give_back(await company.on("ada", given))
    assert await company.state(await company.asked("ada", "release")) == "refused"  # it is not back yet
    await company.settle()
    await company.given("ada", "release")


async def test_others_are_not_held_up(company: World) -> None:
    """A-5: it is about one person."""
    await company.given("ada", "enter")
    await company.given("charles", "release")


@pytest.mark.parametrize(("accounts", "state"), [(1, "refused"), (2, "refused"), (0, "approved")])
async def test_what_conflicts_in_another_directory_counts(tmp_path: Path, accounts: int, state: str) -> None:
    """A-5, A-10: it is looked up there too; whose account is not certain may hold it, and none holds nothing."""
    async with lab(tmp_path) as two:
        apart = {
            "wiki-edit": replace(WITH_LAB.entitlements["wiki-edit"], conflicts_with=("lab-notes",)),
            "lab-notes": replace(WITH_LAB.entitlements["lab-notes"], conflicts_with=("wiki-edit",)),
        }
        two.world.reopen(catalogue=replace(WITH_LAB, entitlements={**WITH_LAB.entitlements, **apart}))
        who = "ada" if accounts else "grace"
        if accounts == 1:
            await two.local.put_in_group("lab-notes", "l-ada")
        elif accounts == 2:
            await two.add("l-ada-2", "1815")
        row = await two.world.grant(await two.world.asked(who, "wiki-edit"))
        assert row.state == state
        if accounts == 2:
            assert row.reasons[0].startswith("I could not find out what Ada has in another directory")


async def test_a_directory_that_does_not_say_where_somebody_works_refuses_and_is_told(tmp_path: Path) -> None:
    """A-10: a directory that answers half is no reason to let in; security hears which policy misses what."""
    sources, schema = without_step_up()
    own = (
        '@id("oslo-only") @reason("Only from Oslo.") forbid (principal, action == Action::"grant", resource) '
        'unless { principal.location == "Oslo" };'
    )
    policy = CedarPolicy.load({**sources, "own.cedar": own}, schema, bound_to="test")
    async with world(tmp_path, policy=policy) as company:
        row = await company.grant(await company.asked("ada", "wiki-edit"))
        assert row.state == "refused"
        assert row.reasons[0].startswith("I could not find out the location of Ada")
        (told,) = await company.exceptions()
        assert (told.kind, told.severity) == ("policy-error", "medium")
        said = await company.last("grant.refused")
        assert said["policy"]["ids"] == ["fact-missing"]
        assert "policy `oslo-only`" in said["facts"]["errors"][0]
        await company.local.change_account("ada", location="Oslo")
        await company.given("ada", "wiki-edit")


async def test_how_many_grants_somebody_has_is_counted_where_a_policy_asks(tmp_path: Path) -> None:
    """A-10: grants and waiting requests, but not the one that is asked about."""
    sources, schema = without_step_up()
    own = (
        '@id("two-at-most") @reason("Two at a time.") forbid (principal, action == Action::"grant", resource) '
        "when { context.openGrants >= 2 };"
    )
    policy = CedarPolicy.load({**sources, "own.cedar": own}, schema, bound_to="test")
    async with world(tmp_path, policy=policy, catalogue=APART) as company:
        await company.given("ada", "enter")
        waiting = await company.asked("ada", "prod-db")
        assert await company.state(await company.asked("ada", "wiki-edit")) == "refused"
        await company.given("charles", "wiki-edit")
        await company.decide("grace", waiting)
        await company.settle()
        assert await company.state(waiting) == "active"


@pytest.mark.parametrize(
    ("left_out", "kept_apart"),
    [("environments.cedar", ("enter", "release")), ("duties.cedar", ("pay-test", "pay"))],
)
async def test_where_one_kind_of_keeping_apart_was_taken_away_the_other_still_counts(
    tmp_path: Path, left_out: str, kept_apart: tuple[str, str]
) -> None:
    """A-5, N-8: what somebody has is looked up for either."""
    sources, schema = without_step_up()
    del sources[left_out]
    policy = CedarPolicy.load(sources, schema, bound_to="test")
    async with world(tmp_path, policy=policy, catalogue=APART) as company:
        first, second = kept_apart
        await company.given("ada", first)
        assert await company.state(await company.asked("ada", second)) == "refused"


async def test_one_directory_that_is_certain_makes_another_no_more_so(tmp_path: Path) -> None:
    """A-10: of two that bear on it, one where nobody can tell which account is theirs is enough to refuse."""
    async with lab(tmp_path) as two:
        apart = replace(WITH_LAB.entitlements["wiki-edit"], conflicts_with=("lab-notes", "prod-admin"))
        two.world.reopen(
            catalogue=replace(WITH_LAB, entitlements={**WITH_LAB.entitlements, "wiki-edit": apart})
        )
        await two.add("l-ada-2", "1815")
        row = await two.world.grant(await two.world.asked("ada", "wiki-edit"))
        assert row.state == "refused"
        assert row.reasons[0].startswith("I could not find out what Ada has in another directory")


async def test_a_group_of_the_same_name_in_another_directory_is_another_group(tmp_path: Path) -> None:
    """A-5: what somebody has is looked for where the entitlement is."""
    async with lab(tmp_path) as two:
        apart = replace(WITH_LAB.entitlements["wiki-edit"], conflicts_with=("lab-notes", "prod-admin"))
        two.world.reopen(
            catalogue=replace(WITH_LAB, entitlements={**WITH_LAB.entitlements, "wiki-edit": apart})
        )
        await two.world.local.add_group("lab-notes")
        await two.world.local.put_in_group("lab-notes", "ada")
        await two.world.given("ada", "wiki-edit")


async def test_an_extension_is_no_conflict_with_itself(company: World) -> None:
    """A-5: what one has already is what is extended."""
    given = await company.given("ada", "enter", timedelta(hours=1))
    await company.extend("ada", given)
    assert {row.state for row in await company.rows_of_grants()} <= {"active", "approved"}


@pytest.mark.parametrize("way", [Way.ADOPT, Way.DECLARE])
async def test_what_is_found_beside_what_it_conflicts_with_does_not_stay(company: World, way: Way) -> None:
    """A-5: drift is no way around it; what was found is removed, or the other given back first."""
    release = replace(APART.entitlements["release"], standing_allowed=True)
    company.reopen(catalogue=replace(APART, entitlements={**APART.entitlements, "release": release}))
    given = await company.given("ada", "enter")
    await Drift(company.ground).look("staff")
    await company.local.put_in_group("wiki-admins", "ada")
    company.clock.forward(seconds=1)
    await Drift(company.ground).look("staff")
    (found,) = [one.id for one in await company.exceptions() if one.kind == Kind.UNEXPLAINED]

    async def decided() -> object:
        plain = await company.intent("grace")
        wish = Reconcile(
            **plain, exception=found, way=way, rationale="both", owner="data",
            minutes=60 if way == Way.ADOPT else 0,
        )  # fmt: skip
        return await Reconciling(company.ground).reconcile(wish)

    assert isinstance(refused := await decided(), NotPossible)
    assert "nobody has beside this" in refused.reasons[0]
    await company.access.give_back(await company.on("ada", given))
    await company.settle()
    assert await decided() == Reconciled(way=way)
    await company.settle()
