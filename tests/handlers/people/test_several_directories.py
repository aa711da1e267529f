"""Access in another directory than one's own: found by number, asked again each time, and never guessed."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from handlers.decisions.drift import Way
from handlers.drift.finding import Drift
from handlers.drift.reconciling import Reconciling
from handlers.exceptions.raising import Kind
from handlers.grants.leavers import Leavers
from handlers.intents import Reconcile
from handlers.outcomes import (
    AlreadyAsked,
    AlreadyHeld,
    Asked,
    Drafted,
    NotAllowed,
    NotPossible,
    Reconciled,
    TooLate,
)
from handlers.requests.storytelling import tell
from storage.faults import DirectoryUnavailable
from storage.records import Grant, Holding
from tests.handlers.access_ground import HOUR
from tests.handlers.lab_ground import NUMBERS, Lab
from tests.handlers.lab_ground import lab as open_lab


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[Lab]:
    async with open_lab(tmp_path) as made:
        yield made


async def refused(lab: Lab, login: str = "ada", what: str = "lab-notes") -> str:
    """They ask and are refused; with what sentence."""
    outcome = await lab.world.ask(login, what)
    assert isinstance(outcome, Asked)
    assert outcome.state == "refused"
    assert await lab.changes() == []
    return " ".join(outcome.reasons)


# Found by number


async def test_access_goes_to_ones_own_account_in_that_directory(lab: Lab) -> None:
    """Promise 1 as ever: given, and taken back on time, from the account with the number."""
    grant = await lab.world.given("ada", "lab-notes")
    row = await lab.world.grant(grant)
    assert (row.directory, row.account) == ("lab", "l-ada")
    assert (row.requester_directory, row.requester_account) == ("staff", "ada")
    lab.world.clock.forward(hours=2)
    await lab.world.tick()
    assert await lab.changes() == ["add l-ada lab-notes", "remove l-ada lab-notes"]
    assert await lab.world.changes() == []


async def test_the_record_says_who_asked_and_which_account_it_went_to(lab: Lab) -> None:
    """A-6."""
    await lab.world.given("ada", "lab-notes")
    for action in ("grant.approved", "access.given"):
        said = await lab.world.last(action)
        assert said["subject"] == "ada"
        assert (said["facts"]["directory"], said["facts"]["account"]) == ("lab", "l-ada")
    await lab.world.given("ada", "wiki-edit")
    assert "account" not in (await lab.world.last("access.given"))["facts"]


async def test_an_owner_of_ones_own_directory_approves_it(lab: Lab) -> None:
    grant = await lab.world.asked("ada", "lab-db")
    assert await lab.world.state(grant) == "pending"
    assert (await lab.world.decide("grace", grant)).state == "approved"
    await lab.world.settle()
    assert await lab.changes() == ["add l-ada lab-db"]


async def test_an_account_that_is_called_the_same_is_not_theirs(lab: Lab) -> None:
    """Name, login and address of Grace, and another number: never matched by these."""
    await lab.add("grace", "2000", login="grace", name="Grace", mail="grace@example.com")
    said = await refused(lab, "grace")
    assert "no account there has your staff number" in said
    assert "the directory lab" in said
    assert "Ask the IT desk" in said


async def test_a_number_that_is_somebodys_login_leads_to_nobody(lab: Lab) -> None:
    await lab.add("eve", "2001", login="eve")
    await lab.world.local.change_account("linus", person="eve")
    assert "no account there has your staff number" in await refused(lab, "linus")


@pytest.mark.parametrize("number", ["", "  "])
async def test_two_empty_numbers_are_not_the_same_number(lab: Lab, number: str) -> None:
    await lab.add("l-eve", number, login="eve", name="Eve", mail="eve@example.com")
    await lab.world.local.change_account("charles", person=number)
    assert "the directory staff has none for you" in await refused(lab, "charles")


async def test_having_no_account_there_is_everyday_unless_it_is_privileged(lab: Lab) -> None:
    """Of what is privileged every refusal is told; of the rest there is nothing to tell."""
    await refused(lab, "grace", "lab-notes")
    assert await lab.world.kinds() == []
    assert (await lab.world.last("grant.refused"))["policy"]["ids"] == ["no-account-there"]
    await refused(lab, "grace", "lab-db")
    assert await lab.world.kinds() == ["refused-request"]


async def test_a_switched_off_account_is_refused_as_such(lab: Lab) -> None:
    await lab.local.change_account("l-ada", active=False)
    assert "Your account in the directory lab is switched off" in await refused(lab)


# Ambiguity is an exception, not a guess


@pytest.mark.parametrize("active", [True, False])
async def test_two_accounts_with_the_number_are_refused_and_told(lab: Lab, active: bool) -> None:
    """Once, however often they ask; a switched-off one has the number too."""
    await lab.add("l-ada2", "1815")
    await lab.local.change_account("l-ada2", active=active)
    said = await refused(lab)
    assert "the directory lab has two accounts with your staff number" in said
    assert "Ask the IT desk to correct that. The security team has been told." in said
    await refused(lab)
    (told,) = await lab.world.exceptions()
    assert (told.kind, told.severity, told.count) == ("ambiguous-identity", "medium", 2)
    assert told.facts["directory"] == "lab"
    assert told.facts["accounts"] == ["l-ada", "l-ada2"]
    assert told.who == "Ada (ada)"
    assert (await lab.world.last("grant.refused"))["policy"]["ids"] == ["one-person-one-account"]


async def test_two_people_with_one_number_are_refused_both(lab: Lab) -> None:
    await lab.world.local.change_account("charles", person="1815")
    for login in ("ada", "charles"):
        assert "the directory staff has two accounts with your staff number" in await refused(lab, login)
    assert [told.facts["accounts"] for told in await lab.world.exceptions()] == [["ada", "charles"]] * 2


async def test_no_number_stands_in_an_exception_or_a_row(lab: Lab) -> None:
    """Ids are enough to find them by."""
    await lab.add("l-ada2", "1815")
    await refused(lab)
    (told,) = await lab.world.exceptions()
    assert "1815" not in str(told.facts)
    assert "1815" not in str(await lab.world.audit())


# Asked again at the click and before access exists (promise 3)


async def move_number(lab: Lab) -> str:
    """Ada's number leads to another account from now on."""
    await lab.local.change_account("l-ada", person="")
    await lab.add("l-other", "1815")
    return "leads to another account"


async def double_number(lab: Lab) -> str:
    """Ada's number leads to two accounts from now on."""
    await lab.add("l-other", "1815")
    return "has two accounts"


async def share_number(lab: Lab) -> str:
    """Somebody at home has Ada's number, too."""
    await lab.world.local.change_account("eve", person="1815")
    return "has two accounts"


UNCERTAIN = [move_number, double_number, share_number]


@pytest.mark.parametrize("happens", UNCERTAIN)
@pytest.mark.parametrize("way", ["consider", "decide"])
async def test_a_number_that_changed_before_the_click_voids_the_request(lab: Lab, happens, way: str) -> None:
    """And is an exception: nobody's account is taken in place of the one that was asked for."""
    grant = await lab.world.asked("ada", "lab-db")
    why = await happens(lab)
    if way == "consider":
        outcome = await lab.world.deciding.consider(await lab.world.on("grace", grant))
    else:
        outcome = await lab.world.decide("grace", grant)
    assert isinstance(outcome, TooLate)
    assert outcome.state == "voided"
    assert why in (await lab.world.grant(grant)).end_reason
    assert await lab.world.kinds() == ["ambiguous-identity"]
    assert (await lab.world.last("grant.voided"))["policy"]["ids"] == ["one-person-one-account"]
    await lab.world.settle()
    assert await lab.changes() == []


@pytest.mark.parametrize("happens", UNCERTAIN)
async def test_a_number_that_changed_before_execution_voids_the_grant(lab: Lab, happens) -> None:
    grant = await lab.world.asked("ada", "lab-db")
    assert (await lab.world.decide("grace", grant)).state == "approved"
    why = await happens(lab)
    await lab.world.settle()
    assert await lab.world.state(grant) == "voided"
    assert why in (await lab.world.grant(grant)).end_reason
    assert await lab.world.kinds() == ["ambiguous-identity"]
    assert await lab.changes() == []


async def test_an_automatic_grant_is_asked_about_again_before_it_exists(lab: Lab) -> None:
    grant = await lab.world.asked("ada", "lab-notes")
    await move_number(lab)
    await lab.world.settle()
    assert await lab.world.state(grant) == "voided"
    assert await lab.changes() == []


async def test_an_account_that_is_gone_before_the_click_is_no_exception_and_given_nothing(lab: Lab) -> None:
    """As somebody who left: the request is over, and nobody has to look."""
    grant = await lab.world.asked("ada", "lab-db")
    await lab.local.change_account("l-ada", active=False)
    assert isinstance(await lab.world.decide("grace", grant), TooLate)
    assert await lab.world.state(grant) == "voided"
    assert await lab.world.kinds() == []


async def test_an_account_that_is_gone_before_execution_is_authority_lost(lab: Lab) -> None:
    grant = await lab.world.asked("ada", "lab-db")
    await lab.world.decide("grace", grant)
    await lab.local.drop_account("l-ada")
    await lab.world.settle()
    assert await lab.world.state(grant) == "voided"
    (told,) = await lab.world.exceptions()
    assert told.kind == "authority-lost"
    assert told.facts["reasons"] == ["No account in the directory lab has the requester's staff number."]


# The end goes to the account on the row, whatever the numbers say


@pytest.mark.parametrize("happens", UNCERTAIN)
async def test_the_removal_goes_to_the_account_that_got_it(lab: Lab, happens) -> None:
    grant = await lab.world.given("ada", "lab-notes")
    await happens(lab)
    await lab.world.local.drop_account("ada")
    lab.world.clock.forward(hours=2)
    await lab.world.tick()
    assert await lab.changes() == ["add l-ada lab-notes", "remove l-ada lab-notes"]
    assert await lab.world.state(grant) == "ended"


async def test_the_removal_waits_for_no_other_directory(lab: Lab) -> None:
    await lab.world.given("ada", "lab-notes")
    lab.world.faulty.hang()
    lab.world.clock.forward(hours=2)
    await lab.world.tick()
    assert not await lab.holds("l-ada")


# Nobody approves for themselves through a second account


async def test_a_second_account_with_the_same_number_approves_nothing(lab: Lab) -> None:
    await lab.world.local.add_account(
        "ada-admin", login="ada-admin", name="A", mail="admin@example.com", person=" 1815 "
    )
    await lab.world.local.put_in_group("data-owners", "ada-admin")
    grant = await lab.world.asked("ada", "prod-db")
    outcome = await lab.world.decide("ada-admin", grant)
    assert isinstance(outcome, NotAllowed)
    assert outcome.reasons == ("Nobody approves their own request.",)
    (told,) = await lab.world.exceptions()
    assert (told.kind, told.severity, told.facts["own"]) == ("wrong-approver", "high", True)


async def test_whoever_reads_the_mail_of_the_account_that_gets_it_does_not_approve(lab: Lab) -> None:
    """Requester, approver and target are three."""
    await lab.local.change_account("l-ada", mail="Grace@example.com")
    grant = await lab.world.asked("ada", "lab-db")
    assert isinstance(await lab.world.decide("grace", grant), NotAllowed)
    assert (await lab.world.decide("linus", grant)).state == "approved"


async def test_an_approver_whose_id_is_the_same_there_is_somebody_else(lab: Lab) -> None:
    await lab.local.drop_account("l-ada")
    await lab.add("grace", "1815", login="countess")
    grant = await lab.world.asked("ada", "lab-db")
    assert (await lab.world.decide("grace", grant)).state == "approved"
    await lab.world.settle()
    assert await lab.changes() == ["add grace lab-db"]


async def test_one_number_counts_once_among_approvers(lab: Lab) -> None:
    """Two accounts of one owner are one approval."""
    await lab.world.local.add_account(
        "grace2", login="grace2", name="G", mail="other@example.com", person="1906"
    )
    await lab.world.local.put_in_group("security-team", "grace2")
    grant = await lab.world.asked("ada", "prod-admin")
    await lab.world.decide("grace", grant)
    assert await lab.world.state(grant) == "pending"
    assert isinstance(await lab.world.decide("grace2", grant), TooLate)
    assert await lab.world.state(grant) == "pending"


# What means the person, and what means the membership


async def test_asking_twice_is_told_by_who_asks(lab: Lab) -> None:
    grant = await lab.world.asked("ada", "lab-db")
    assert await lab.world.ask("ada", "lab-db") == AlreadyAsked(grant=grant, entitlement="lab-db")


async def test_what_stands_there_already_is_not_given_again(lab: Lab) -> None:
    await lab.local.put_in_group("lab-notes", "l-ada")
    assert await lab.world.ask("ada", "lab-notes") == AlreadyHeld(entitlement="lab-notes", until=None)


async def test_the_same_group_name_at_home_is_another_group(lab: Lab) -> None:
    await lab.world.local.add_group("lab-notes")
    await lab.world.local.put_in_group("lab-notes", "ada")
    await lab.world.given("ada", "lab-notes")
    assert await lab.holds("l-ada")


async def test_overlapping_grants_there_are_counted_for_the_account_there(lab: Lab) -> None:
    """Promise 8."""
    await lab.world.given("ada", "lab-notes", HOUR)
    await lab.world.given("ada", "lab-notes", 3 * HOUR)
    lab.world.clock.forward(hours=2)
    await lab.world.tick()
    assert await lab.holds("l-ada")
    (holding,) = await lab.world.rows(Holding)
    assert (holding.directory, holding.account) == ("lab", "l-ada")
    lab.world.clock.forward(hours=2)
    await lab.world.tick()
    assert not await lab.holds("l-ada")


async def test_a_draft_is_sent_for_the_account_that_is_theirs_when_it_is_sent(lab: Lab) -> None:
    """A draft without a duration promises nobody's account anything."""
    drafted = await lab.world.draft("ada", "lab-notes", duration=None)
    assert isinstance(drafted, Drafted)
    await move_number(lab)
    outcome = await lab.world.ask("ada", "lab-notes", draft=drafted.grant)
    assert isinstance(outcome, Asked)
    await lab.world.settle()
    assert await lab.changes() == ["add l-other lab-notes"]


async def test_giving_back_is_the_requesters_alone(lab: Lab) -> None:
    """Whoever signs in with the id of the account there is somebody else."""
    await lab.world.local.add_account("l-ada", login="mallory", name="M", mail="m@example.com")
    grant = await lab.world.given("ada", "lab-notes")
    await lab.world.access.give_back(await lab.world.on("l-ada", grant))
    assert await lab.world.kinds() == ["tampered"]
    await lab.world.access.give_back(await lab.world.on("ada", grant))
    await lab.world.settle()
    assert not await lab.holds("l-ada")


async def test_an_approver_is_told_what_the_person_has_here_and_there(lab: Lab) -> None:
    """Promise 9: what stands at home and where it is asked for, every grant, and how often they had it."""
    await lab.world.local.put_in_group("prod-admin", "ada")
    await lab.local.put_in_group("lab-notes", "l-ada")
    await lab.world.given("ada", "wiki-edit")
    grant = await lab.world.asked("ada", "lab-db")
    told = await lab.world.ground.database.read(lambda tx: tell(tx, lab.world.ground, grant))
    assert told is not None
    assert told.holds == ("prod-admin", "lab-notes", "wiki-edit")
    assert (told.directory, told.account) == ("lab", "l-ada")
    await lab.world.decide("grace", grant)
    lab.world.clock.forward(hours=2)
    await lab.world.tick()
    again = await lab.world.asked("ada", "lab-db")
    told = await lab.world.ground.database.read(lambda tx: tell(tx, lab.world.ground, again))
    assert told is not None
    assert told.had == 1


# No fault in one directory delays requests for another (promise 7)


async def test_a_request_elsewhere_never_asks_the_directory_that_hangs(lab: Lab) -> None:
    lab.faulty.hang()
    await lab.world.given("ada", "wiki-edit")
    grant = await lab.world.asked("ada", "prod-db")
    assert (await lab.world.decide("grace", grant)).state == "approved"
    await lab.world.settle()
    assert await lab.world.state(grant) == "active"
    assert not lab.faulty.calls


async def test_a_directory_that_does_not_answer_is_unknown_and_nothing_is_begun(lab: Lab) -> None:
    lab.faulty.error()
    with pytest.raises(DirectoryUnavailable):
        await lab.world.ask("ada", "lab-notes")
    assert await lab.world.actions("grant") == []
    assert await lab.world.kinds() == []


async def test_an_approved_grant_waits_for_its_directory_and_for_its_home(lab: Lab) -> None:
    """Neither "none" nor a guess while the numbers cannot be asked for."""
    grant = await lab.world.asked("ada", "lab-notes")
    lab.world.faulty.error("accounts_of")
    await lab.world.settle(rounds=1)
    assert await lab.world.state(grant) == "approved"
    assert await lab.changes() == []
    lab.world.faulty.mend()
    lab.world.clock.forward(seconds=5)
    await lab.world.settle()
    assert await lab.world.state(grant) == "active"


# What other hands did there, and who left


async def drifted(lab: Lab, account: str) -> str:
    """Other hands put an account of the lab into a group of it, and it is told; the exception's id."""
    await lab.local.put_in_group("lab-notes", account)
    await Drift(lab.world.ground).look("lab")
    return (await lab.world.exceptions())[-1].id


async def adopting(lab: Lab, login: str, exception: str) -> object:
    """Somebody makes what was found a grant of an hour."""
    wish = Reconcile(
        **await lab.world.intent(login), exception=exception, way=Way.ADOPT, rationale="needed", minutes=60
    )
    return await Reconciling(lab.world.ground).reconcile(wish)


async def test_what_is_adopted_elsewhere_is_the_persons_at_home(lab: Lab) -> None:
    """J-1: when they leave home, it ends there as well."""
    await Drift(lab.world.ground).look("lab")
    assert await adopting(lab, "sam", await drifted(lab, "l-ada")) == Reconciled(way="adopt")
    await lab.world.settle()
    (grant,) = await lab.world.rows(Grant)
    assert (grant.directory, grant.account) == ("lab", "l-ada")
    assert (grant.requester_directory, grant.requester_account) == ("staff", "ada")
    await lab.world.local.drop_account("ada")
    assert await Leavers(lab.world.ground).look() == 1
    await lab.world.settle()
    assert not await lab.holds("l-ada")


async def test_what_is_nobodys_for_certain_is_not_adopted(lab: Lab) -> None:
    """Nobody would notice that they left, so it cannot be theirs for a time."""
    await lab.add("l-eve", "", login="eve", name="Eve", mail="eve@example.com")
    await Drift(lab.world.ground).look("lab")
    answer = await adopting(lab, "sam", await drifted(lab, "l-eve"))
    assert isinstance(answer, NotPossible)
    assert "not certain whose account" in answer.reasons[0]
    assert await lab.world.rows(Grant) == []


async def test_what_differs_is_told_with_its_directory(lab: Lab) -> None:
    """Groups of two directories may have one name."""
    await lab.add("l-new", NUMBERS["ada"], login="other", name="Other", mail="")
    found = await drifted(lab, "l-new")
    (row,) = [one for one in await lab.world.exceptions() if one.id == found]
    assert (row.facts["directory"], row.facts["group"]) == ("lab", "lab-notes")


async def test_nobody_decides_about_their_own_account_elsewhere(lab: Lab) -> None:
    """R-1: known by the number, whatever it is called there."""
    await lab.add("l-sam", NUMBERS["sam"], login="other", name="Other", mail="")
    await Drift(lab.world.ground).look("lab")
    assert isinstance(await adopting(lab, "sam", await drifted(lab, "l-sam")), NotAllowed)


async def test_nobody_declares_a_group_that_holds_their_own_account_elsewhere(lab: Lab) -> None:
    """R-1: a whole group was put in, and the one who would declare it is in it by another account."""
    await lab.add("l-sam", NUMBERS["sam"], login="other", name="Other", mail="")
    await lab.local.put_in_group("lab-db", "l-sam")
    await Drift(lab.world.ground).look("lab")
    await lab.local.put_in_group("lab-notes", groups=["lab-db"])
    await Drift(lab.world.ground).look("lab")
    (row,) = [one for one in await lab.world.exceptions() if one.kind == Kind.UNEXPLAINED]
    assert row.facts["kind"] == "group"
    wish = Reconcile(
        **await lab.world.intent("sam"), exception=row.id, way=Way.DECLARE, rationale="ok", owner="data"
    )
    assert isinstance(await Reconciling(lab.world.ground).reconcile(wish), NotAllowed)


async def test_whoever_leaves_home_loses_what_they_have_elsewhere(lab: Lab) -> None:
    """J-1."""
    await lab.world.given("ada", "lab-notes")
    waiting = await lab.world.asked("ada", "lab-db")
    await lab.world.local.change_account("ada", active=False)
    assert await Leavers(lab.world.ground).look() == 1
    await lab.world.settle()
    assert not await lab.holds("l-ada")
    assert await lab.world.state(waiting) == "voided"


async def test_whoever_is_switched_off_elsewhere_loses_what_is_there_alone(lab: Lab) -> None:
    notes, wiki = await lab.world.given("ada", "lab-notes"), await lab.world.given("ada", "wiki-edit")
    await lab.local.change_account("l-ada", active=False)
    assert await Leavers(lab.world.ground).look() == 1
    await lab.world.settle()
    assert await lab.world.state(notes) == "ended"
    assert await lab.world.state(wiki) == "active"
