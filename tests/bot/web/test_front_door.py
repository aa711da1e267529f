"""The page's own front door: a visit begins alike for everybody, within limits, and leads on with the same proofs."""

import time
import unicodedata
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp.test_utils import make_mocked_request

from bot.web.addresses import Callers, Hourly
from bot.web.front_door import NEED_LOGIN, NOT_FROM_HERE, SHUT, TOO_MANY, DoorWidth
from bot.web.page import DID_NOT_WORK
from handlers.secure_page.front_door import FrontDoor, Opened
from storage import freezes
from storage.directories.base import Account
from storage.directories.local import LocalDirectory
from storage.directories.scrypt import Scrypt
from storage.records import Failures, Handle
from storage.states import FreezeKind
from tests.bot.web.serving import Browser, Shown, serving
from tests.handlers.page_ground import NEW_PASSWORD, Clock, World, world

WIDTH = DoorWidth(directory="staff")


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[World]:
    """The secure page and its people."""
    async with world(tmp_path) as made:
        yield made


@pytest.fixture
async def browser(page: World) -> AsyncIterator[Browser]:
    """A browser before the open door."""
    async with serving(page, front_door=WIDTH) as origin, Browser(origin) as opened:
        yield opened


async def _starts(browser: Browser, login: str, what: str = "reset") -> Shown:
    await browser.open("/start")
    return await browser.send("start", login=login, what=what)


async def test_a_password_is_reset_without_slack_and_told_there_and_by_mail(
    page: World, browser: Browser
) -> None:
    """P-6."""
    assert "Show that it is you" in (await _starts(browser, " ADA ")).text
    await browser.send("totp", code=page.code())
    await browser.send("choose", password=NEW_PASSWORD, repeated=NEW_PASSWORD)
    assert "Your password was changed." in browser.shown.text
    assert await page.local.verify_password("ada", NEW_PASSWORD)
    told = set(await page.told())
    assert {("slack", "password-changed", "Uada"), ("mail", "password-changed", "ada")} <= told
    assert await page.audited("front_door.opened") == [("done", "")]


async def test_an_account_is_unlocked_without_slack(page: World, browser: Browser) -> None:
    await page.local.change_account("ada", locked=True)
    await _starts(browser, "ada", "unlock")
    assert "Your account is unlocked." in (await browser.send("totp", code=page.code())).text


UNFIT = {
    "nobody": "unknown",
    "ada\0": "unknown",
    "x" * 900: "unknown",
    "(uid=*)": "unknown",
    "eve": "not_linked",
}


@pytest.mark.parametrize("login", UNFIT)
async def test_unknown_people_see_what_everybody_sees(page: World, browser: Browser, login: str) -> None:
    """P-9: the same pages, the same words, at every step; the record knows better."""
    await page.local.add_account("eve", login="eve", name="Eve", mail="eve@example.com", password="x" * 20)
    theirs = [(await _starts(browser, "ada")).text]
    theirs.append((await browser.send("totp", code=page.wrong_code())).text)
    ours = [(await _starts(browser, login)).text]
    ours.append((await browser.send("totp", code=page.wrong_code())).text)
    assert ours == theirs
    assert DID_NOT_WORK in ours[1]
    assert (await page.audited("front_door.opened"))[-1] == ("refused", UNFIT[login])
    assert await page.exceptions() == []


async def test_every_answer_takes_its_time(page: World) -> None:
    """P-9."""
    async with serving(page, front_door=WIDTH, floor=0.3) as origin, Browser(origin) as browser:
        for login in ("ada", "nobody"):
            await browser.open("/start")
            started = time.monotonic()
            await browser.send("start", login=login)
            assert time.monotonic() - started >= 0.3


async def test_wrong_codes_are_counted_with_those_of_visits_from_slack(page: World, browser: Browser) -> None:
    """P-7: one count for one person, whatever the door."""
    for _ in range(2):
        await _starts(browser, "ada")
        await browser.send("totp", code=page.wrong_code())
    counted = {row.account: row.count for row in await page.rows(Failures)}
    assert counted == {"ada": 2}


async def test_nobodys_wrong_codes_lock_nobody_else(page: World, browser: Browser) -> None:
    for login in ("nobody", "no one"):
        await _starts(browser, login)
        await browser.send("totp", code=page.wrong_code())
    counted = [row for row in await page.rows(Failures) if row.account.startswith("door:")]
    assert [row.count for row in counted] == [1, 1]


async def test_too_many_visits_of_one_login_lead_nowhere_and_look_alike(page: World) -> None:
    """P-7: nobody hears that there were too many, for that would say that there is somebody."""
    width = DoorWidth(directory="staff", an_hour=2)
    async with serving(page, front_door=width) as origin, Browser(origin) as browser:
        for _ in range(2):
            await _starts(browser, "ada")
        assert "Show that it is you" in (await _starts(browser, "Ada")).text
        assert DID_NOT_WORK in (await browser.send("totp", code=page.code())).text
        assert (await page.audited("front_door.opened"))[-1] == ("refused", "too_often")
        page.clock.forward(hours=1, seconds=1)
        await _starts(browser, "ada")
        assert "Choose a new password" in (await browser.send("totp", code=page.code())).text


async def test_one_address_tries_so_often_and_no_header_makes_it_another(page: World) -> None:
    width = DoorWidth(directory="staff", an_hour_from_one_address=3)
    async with serving(page, front_door=width) as origin, Browser(origin) as browser:
        for login in ("a", "b", "c"):
            await _starts(browser, login)
        form = (await browser.open("/start")).form("start").fields
        answer = await browser.post("/start", {**form, "login": "ada"}, **{"X-Forwarded-For": "198.51.100.7"})
        assert (answer.status, TOO_MANY[0] in answer.text, answer.headers["Retry-After"]) == (
            429,
            True,
            "300",
        )
    assert len(await page.rows(Handle)) == 4  # with the one by which Ada set up her proofs


@pytest.mark.parametrize(
    ("peer", "said", "found"),
    [
        ("192.0.2.1", "198.51.100.7", "192.0.2.1/32"),
        ("10.0.0.5", "198.51.100.7", "198.51.100.7/32"),
        ("10.0.0.5", "203.0.113.9, 198.51.100.7, 10.0.0.6", "198.51.100.7/32"),
        ("10.0.0.5", "198.51.100.7, evil", "10.0.0.5/32"),
        ("10.0.0.5", "", "10.0.0.5/32"),
        ("10.0.0.5", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8::1", "198.51.100.7", "2001:db8::/64"),
        ("::ffff:192.0.2.1", "", "192.0.2.1/32"),
    ],
)
def test_only_what_a_named_proxy_says_is_believed(peer: str, said: str, found: str) -> None:
    request = make_mocked_request("GET", "/start", headers={"X-Forwarded-For": said}).clone(remote=peer)
    assert Callers(["10.0.0.0/29"]).of(request) == found


async def test_a_form_from_elsewhere_or_without_its_token_opens_nothing(
    page: World, browser: Browser
) -> None:
    form = (await browser.open("/start")).form("start").fields
    before = len(await page.rows(Handle))
    elsewhere = await browser.post("/start", {**form, "login": "ada"}, **{"Sec-Fetch-Site": "cross-site"})
    without = await browser.post("/start", {"do": "start", "token": "x", "login": "ada"})
    for answer in (elsewhere, without):
        assert (answer.status, NOT_FROM_HERE in answer.text) == (403, True)
    assert NEED_LOGIN in (await browser.post("/start", {**form, "login": " "})).text
    assert len(await page.rows(Handle)) == before


async def test_the_door_can_be_kept_shut(page: World) -> None:
    async with serving(page) as origin, Browser(origin) as browser:
        assert (await browser.open("/start")).status == 404


async def test_while_the_store_is_not_to_be_relied_on_the_door_is_shut_for_everybody(
    page: World, browser: Browser
) -> None:
    await page.ground.database.write(
        lambda tx: freezes.begin(
            tx, at=page.clock(), kind=FreezeKind.RESTORED, by="cli", lost_from=None, facts={}
        )
    )
    assert await page.ground.database.read(lambda tx: len(freezes.open_ones(tx))) == 1
    for login in ("ada", "nobody"):
        answer = await _starts(browser, login)
        assert (answer.status, SHUT[0] in answer.text) == (503, True)


async def test_a_directory_that_is_away_is_away_for_everybody(page: World, browser: Browser) -> None:
    """Promise 7."""
    page.faulty.error("account_by_login")
    answers = {(await _starts(browser, login)).text for login in ("ada", "nobody")}
    assert len(answers) == 1
    assert "The directory does not answer right now." in answers.pop()


async def test_a_directory_that_goes_away_in_a_visit_is_away_for_everybody(
    page: World, browser: Browser
) -> None:
    """P-9: also where it is only slow, for it is asked about nobody as about somebody."""
    answers = set()
    for login in ("ada", "nobody"):
        page.faulty.mend()
        await _starts(browser, login)
        page.faulty.error("account")
        answers.add((await browser.send("totp", code=page.wrong_code())).text)
    assert len(answers) == 1
    assert "The directory does not answer right now." in answers.pop()


def test_an_hourly_limit_fills_up_again() -> None:
    clock = Clock()
    limit = Hourly(2, clock)
    assert [limit.allows("a") for _ in range(3)] == [True, True, False]
    assert limit.allows("b")
    clock.forward(minutes=30)
    assert [limit.allows("a") for _ in range(2)] == [True, False]


class _Lenient(LocalDirectory):
    """Compares logins as Active Directory does: without accents."""

    async def account_by_login(self, login: str) -> Account | None:
        plain = unicodedata.normalize("NFKD", login).encode("ascii", "ignore").decode()
        return await super().account_by_login(plain)


async def test_many_spellings_of_one_login_are_one_login(page: World) -> None:
    lenient = _Lenient(page.folder / "people.db", name="staff", now=page.clock, cost=Scrypt(n=2**4))
    door = FrontDoor(replace(page.ground, directories={"staff": lenient}), directory="staff", an_hour=2)
    for login in ("ada", "áda", "ádá", "adä", "ADA"):
        assert isinstance(await door.open(login, unlock=False), Opened)
    lenient.close()
    assert [why for _, why in await page.audited("front_door.opened")] == ["", "", *["too_often"] * 3]
