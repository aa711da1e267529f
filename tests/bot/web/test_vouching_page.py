"""The page's way of being vouched for, in a browser: the same for everybody, and its code in one browser alone."""

import re
from dataclasses import replace
from pathlib import Path

from bot.web.front_door import DoorWidth
from storage.states import Purpose
from tests.bot.web.serving import Browser, serving
from tests.handlers.vouching_ground import Company, company

DOOR = DoorWidth(directory="staff", an_hour=100, an_hour_from_one_address=1000)
CODE = re.compile(r'<p class="said">(\d{4} \d{4})</p>')


async def from_the_door(origin: str, login: str) -> str:
    """What a stranger sees who types this login and asks for a code, without what differs in every visit."""
    async with Browser(origin) as browser:
        await browser.open("/start")
        shown = await browser.send("start", login=login)
        await browser.open(f"{shown.form('totp').action}?way=vouch")
        html = (await browser.send("ask-vouching")).html
    assert CODE.search(html)
    return re.sub(r"/p/[^\"?]+|value=\"[A-Za-z0-9_=-]{20,}\"", "", CODE.sub("", html))


async def test_a_stranger_sees_the_same_whoever_is_named(tmp_path: Path) -> None:
    """P-9, P-13: somebody, nobody, and somebody privileged; no manager is named."""
    async with company(tmp_path) as staff, serving(staff.page, front_door=DOOR) as origin:
        await staff.page.local.change_account("ina", privileged=True)
        seen = {await from_the_door(origin, login) for login in ("ada", "nobody-here", "ina")}
        assert len(seen) == 1
        assert "Gil" not in seen.pop()


async def way(staff: Company, browser: Browser, login: str = "ada") -> None:
    """They open a link of theirs at this way."""
    visitor = await staff.page.opened(Purpose.RESET, login)
    await browser.open(f"/p/{visitor.text}?way=vouch")


async def test_the_code_stays_in_its_browser_and_a_get_makes_none(tmp_path: Path) -> None:
    async with company(tmp_path) as staff, serving(staff.page) as origin, Browser(origin) as browser:
        visitor = await staff.page.opened(Purpose.RESET)
        path = f"/p/{visitor.text}?way=vouch"
        assert not CODE.search((await browser.open(path)).html)
        shown = await browser.send("ask-vouching")
        assert "Gil Bates" in shown.text
        assert CODE.findall(shown.html) == CODE.findall((await browser.open(path)).html)
        async with Browser(origin) as other:
            assert not CODE.search((await other.open(path)).html)
        assert "It is cancelled" in (await browser.send("cancel-vouching")).text


async def test_the_word_and_a_code_lead_to_a_new_password(tmp_path: Path) -> None:
    """P-13; what is no code hears so at its field, and one that is wrong hears what all hear."""
    async with company(tmp_path) as staff, serving(staff.page) as origin, Browser(origin) as browser:
        await staff.vouched()
        await way(staff, browser)
        assert "Type the eight digits" in (await browser.send("vouched", code="12")).text
        assert "That did not work" in (await browser.send("vouched", code="00000000")).text
        assert "a code is on its way" in (await browser.send("mail-code")).text
        shown = await browser.send("vouched", code=await staff.page.mailed())
        assert "Choose a new password" in shown.text


async def test_where_nobody_vouches_there_is_no_such_way(tmp_path: Path) -> None:
    async with company(tmp_path) as staff:
        staff.page.ground = replace(staff.page.ground, vouching=None)
        async with serving(staff.page) as origin, Browser(origin) as browser:
            await way(staff, browser)
            assert "Show that it is you" in browser.shown.text
            assert "vouch" not in browser.shown.html
