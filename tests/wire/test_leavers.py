"""People who left, over the wire: what they had ends at once, approvers see it, and one report tells of it."""

import pytest

from storage.links import make_link
from tests.wire.steps import SECURITY, answer_to, approve, ask, undecided

PLATFORM = "C0PLATFORM"


async def left(world, login: str, how: str = "switched off") -> None:
    """The directory says that they left, and it is looked at."""
    if how == "gone":
        await world.directory.drop_account(f"p-{login}")
    else:
        await world.directory.change_account(f"p-{login}", active=False)
    await world.app.compare()


@pytest.mark.parametrize("how", ["switched off", "gone"])
async def test_access_and_requests_of_a_leaver_end_at_once_with_one_report(world, how):
    ada, alan, grace = world.person("ada"), world.person("alan"), world.person("grace")
    await ask(ada, "I need grafana-edit for 2h because INC-4711")
    await ada.sees("✅ grafana-edit")
    await ask(ada, "I need prod-db for 2h because INC-4711")
    await undecided(grace, "C0DATAOWN", "prod-db")
    await left(world, "ada", how)
    report = await alan.sees("Left: Ada Lovelace (ada)", "access to grafana-edit", channel=SECURITY)
    assert "the open request for prod-db" in report.plain
    assert "the link of their Slack account" in report.plain
    assert "medium" in report.plain
    request = await grace.sees("Access request", "Not granted", channel="C0DATAOWN")
    assert request.buttons.keys() == {"story.tell"}
    await ada.sees("grafana-edit · edit ended at")
    assert "ada" not in await world.holders("grafana-edit")
    await world.app.compare()
    await world.told()
    assert len([one for one in alan.messages(SECURITY) if one.says("Left:")]) == 1


async def test_an_approval_of_somebody_who_left_is_shown_as_void(world):
    """Platform approved, then left; security's approval is not enough by itself, and the message says why."""
    ada, edsger, bob, joan = (world.person(login) for login in ("ada", "edsger", "bob", "joan"))
    world.slack.update_channel(PLATFORM, members=["U0EDSGER", "U0BOB", "U0JOAN", world.slack.bot_user_id])
    await ask(ada, "I need github-admin for 1h because INC-4711")
    await approve(edsger, PLATFORM, "github-admin")
    await joan.sees("Edsger Dijkstra approved at", channel=PLATFORM)
    await left(world, "edsger")
    await joan.sees("Edsger Dijkstra's approval is void: the account is switched off", channel=PLATFORM)
    await ada.sees("Edsger Dijkstra's approval is void")
    await approve(joan, PLATFORM, "github-admin")
    assert await world.holders("github-admin") == set()
    await approve(bob, PLATFORM, "github-admin")
    await ada.sees("✅ github-admin")


async def test_coming_back_revives_nothing(world):
    """J-4: not the access, and not the link, which has to be proven again."""
    ada, alan = world.person("ada"), world.person("alan")
    await ask(ada, "I need grafana-edit for 2h because INC-4711")
    await ada.sees("✅ grafana-edit")
    await left(world, "ada")
    await ada.sees("grafana-edit · edit ended at")
    await world.directory.change_account("p-ada", active=True)
    await world.app.compare()
    assert "First I need to know" in await answer_to(ada, "what access do I have?", "message")
    assert "ada" not in await world.holders("grafana-edit")
    await alan.sees("Coming back revives nothing", channel=SECURITY)


async def test_a_directory_that_does_not_answer_ends_nothing(world):
    """Promise 7."""
    ada = world.person("ada")
    await ask(ada, "I need grafana-edit for 2h because INC-4711")
    await ada.sees("✅ grafana-edit")
    world.faulty.error("account", "group")
    await world.app.compare()
    world.faulty.mend()
    assert "ada" in await world.holders("grafana-edit")
    assert "person.left done" not in await world.actions()


async def test_a_directory_that_lost_everybody_ends_nothing_until_security_says_so(world):
    """J-2: all but security are gone; one press of security's ends what they had."""
    ada, alan, konrad = world.person("ada"), world.person("alan"), world.person("konrad")
    await ask(ada, "I need grafana-edit for 2h because INC-4711")
    await ada.sees("✅ grafana-edit")
    staff = [one for one in world.company.people if one.linked and one.login not in ("alan", "konrad")]
    for person in [*staff, world.company.person("katherine")]:
        await world.directory.change_account(person.account, active=False)
    for number in range(3):
        await one_more(world, number)
    await world.app.compare()
    halted = await alan.sees("Halted: 13 people gone at once", channel=SECURITY)
    assert "high" in halted.plain
    assert "ada" in await world.holders("grafana-edit")
    await konrad.click(halted, "leavers.end")
    await konrad.sees("You can't decide this one", channel=SECURITY)
    await alan.click(halted, "leavers.end")
    await alan.sees("Confirmed by Alan Turing", channel=SECURITY)
    await world.app.compare()
    await alan.sees("Confirmed by Alan Turing", "It has ended", channel=SECURITY)
    await ada.sees("grafana-edit · edit ended at")
    assert "ada" not in await world.holders("grafana-edit")


async def one_more(world, number: int) -> None:
    """Somebody else who is linked and switched off."""
    login = f"x{number}"
    await world.directory.add_account(f"p-{login}", login=login, name=f"X {number}", mail="", active=False)
    now = world.clock.now()
    await world.database.write(
        lambda tx: make_link(
            tx, at=now, slack_team="T0WICKET", slack_user=f"U0{login.upper()}", directory="local",
            account=f"p-{login}", mail="", made_by="test",
        )
    )  # fmt: skip
