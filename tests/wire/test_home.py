"""The App Home over Slack's protocol: one's own access and requests, what waits for one's decision, and paging."""

from datetime import UTC, datetime, timedelta

from sqlmodel import Session

from storage import grants
from storage.identifiers import new_id
from storage.records import Grant
from storage.states import GrantState
from tests.wire.steps import approve, ask


async def test_a_waiting_request_stands_on_both_homes_and_on_nobody_elses(world):
    """SL-18: the requester sees that it waits, an approver that it waits for them, a colleague nothing."""
    ada, grace, luca = world.person("ada"), world.person("grace"), world.person("luca")
    await ask(ada, "I need prod-db for 2h because INC-4711")
    await ada.sees("waiting for")
    mine, hers, his = await ada.open_home(), await grace.open_home(), await luca.open_home()
    assert "prod-db for 2 hours waits for" in mine.plain
    assert "Waiting for you" not in mine.plain
    assert "Waiting for you (1)" in hers.plain
    assert "Ada Lovelace asks for prod-db for 2 hours · risk 4 of 5 · lapses in 24 hours" in hers.plain
    assert "Ada" not in his.plain
    assert "prod-db" not in his.plain


async def test_what_waits_is_decided_from_the_home_with_every_fact_in_the_form(world):
    """Promise 9: the line on the home is short, so the form repeats what must be seen."""
    ada, grace = world.person("ada"), world.person("grace")
    await ask(ada, "I need prod-db for 2h because INC-4711")
    await ada.sees("waiting for")
    await grace.click(await grace.open_home(), "approval.approve")
    form = await grace.sees_view("Approve request")
    assert "INC-4711" in form.plain
    assert (await grace.submit(form, {"rationale": "ok for the incident"})).closed
    await ada.sees("✅ prod-db")
    assert "Waiting for you" not in (await grace.open_home()).plain


async def test_what_one_has_decided_waits_for_one_no_more(world):
    """Two must agree: for the first of them it is done, whatever is still needed."""
    ada, edsger = world.person("ada"), world.person("edsger")
    await ask(ada, "I need github-admin for 1h because INC-4711")
    await ada.sees("waiting for")
    assert "Waiting for you (1)" in (await edsger.open_home()).plain
    await approve(edsger, world.channel("platform-owners"), "github-admin")
    await ada.sees("Approved so far by Edsger")
    assert "Waiting for you" not in (await edsger.open_home()).plain


async def test_withdrawing_on_the_home_shows_it_anew_at_once(world):
    ada = world.person("ada")
    await ask(ada, "I need prod-db for 2h because INC-4711")
    await ada.sees("waiting for")
    await ada.click(await ada.open_home(), "request.withdraw")
    await world.until(lambda: "Your requests" not in ada.home.plain)
    assert "prod-db, 2 hours, taken back by you" in ada.home.plain


async def test_im_done_on_the_home_takes_the_access_back_and_says_so(world):
    ada = world.person("ada")
    await ask(ada, "I need grafana-edit for 2h because INC-4711")
    await ada.sees("✅ grafana-edit")
    home = await ada.open_home()
    assert "grafana-edit, until" in home.plain
    await ada.click(home, "grant.give_back")
    await world.until(lambda: "grafana-edit, until" not in ada.home.plain)
    await ada.sees("grafana-edit · edit ended")
    assert "grafana-edit, 2 hours, ended" in (await ada.open_home()).plain


async def test_many_that_wait_are_turned_page_by_page(world):
    """Five at a time, those that lapse first first; turning a page shows no one of them twice."""
    await world.database.write(_seven_wait)
    grace = world.person("grace")
    first = await grace.open_home()
    assert "Waiting for you (7)" in first.plain
    assert first.plain.count("asks for prod-db") == 5
    assert "Page 1 of 2" in first.plain
    await grace.click(first, "home.more")
    await world.until(lambda: "Page 2 of 2" in grace.home.plain)
    assert grace.home.plain.count("asks for prod-db") == 2
    assert "Person 6 asks" in grace.home.plain
    await grace.click(grace.home, "home.back")
    await world.until(lambda: "Person 0 asks" in grace.home.plain)


async def test_a_directory_that_cannot_be_read_is_said_where_the_overview_would_stand(world):
    """Promise 7: unknown, and never nothing; what can be done all the same stays."""
    ada = world.person("ada")
    world.faulty.error("account", "account_by_login", "accounts_by_mail")
    home = await ada.open_home()
    assert "I can't read the directory right now" in home.plain
    assert "You hold nothing" not in home.plain


def _seven_wait(tx: Session) -> None:
    at = datetime.now(UTC)
    for number in range(7):
        grants.add(
            tx,
            Grant(
                id=new_id("g", at), state=GrantState.PENDING, directory="local", account=f"p-{number}",
                requester_directory="local", requester_account=f"p-{number}", entitlement="prod-db",
                group="prod-db-rw", minutes=120, justification="INC-4711", slack_team="T0WICKET", slack_user="",
                requester_name=f"Person {number}", requester_login=f"p{number}", requester_team="",
                requester_employment="employee", manager_name="", standing=[], reasons=[], missing={"owner": 1},
                policy_set="x", requested_at=at, lapses_at=at + timedelta(hours=1, minutes=number),
            ),
        )  # fmt: skip


async def test_whom_a_request_is_for_is_said_and_does_not_wait_for_them(world):
    """Requester, approver and target are three people (promise 5): no button is offered that would be an offence."""
    await world.directory.put_in_group("data-platform-owners", "p-ada")
    charles, ada, grace = world.person("charles"), world.person("ada"), world.person("grace")
    await charles.slash("/wicket", "request")
    form = await charles.sees_view("What do you need?")
    await charles.choose(form, "for", "U0ADA")
    await charles.choose(form, "entitlement", ["prod-db"])
    assert (await charles.submit(form, {"duration": "2h", "justification": "INC-4711"})).closed
    await charles.sees("waiting for Data Platform")
    assert "prod-db for Ada Lovelace, for 2 hours waits for" in (await charles.open_home()).plain
    assert "Charles Babbage asks for prod-db for Ada Lovelace, for 2 hours" in (await grace.open_home()).plain
    assert "Waiting for you" not in (await ada.open_home()).plain
    await charles.click(charles.home, "request.withdraw")
    await world.until(lambda: "prod-db for Ada Lovelace, 2 hours, taken back by you" in charles.home.plain)


async def test_what_was_made_shorter_waits_again_for_whoever_approved_the_longer_time(world):
    """Their approval is void (R-2)."""
    ada, edsger, joan = world.person("ada"), world.person("edsger"), world.person("joan")
    await ask(ada, "I need github-admin for 2h because INC-4711")
    await approve(edsger, world.channel("platform-owners"), "github-admin")
    await ada.sees("Approved so far by Edsger")
    assert "Waiting for you" not in (await edsger.open_home()).plain
    await joan.click(await joan.open_home(), "approval.approve")
    await joan.close_view()
    request = await joan.sees("1 of 2: Edsger", channel=world.channel("platform-owners"))
    await joan.click(request, "approval.less")
    form = await joan.sees_view("Approve for less")
    assert (await joan.submit(form, {"less": "60", "rationale": "enough"})).closed
    await ada.sees("Approved so far by Joan")
    assert "Waiting for you (1)" in (await edsger.open_home()).plain
