"""Signing in at the provider by way of the page, over HTTP: there and back by a browser's own rules."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from bot.web.page import SIGN_IN_FAILED
from bot.web.signing_in import NOT_HERE
from storage.states import Purpose
from tests.bot.web.serving import Browser, serving
from tests.oidc.provider import Lies
from tests.oidc.visits import Visits, visits


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[Visits]:
    """The page, and a provider."""
    async with visits(tmp_path) as made:
        yield made


@pytest.fixture
async def browser(page: Visits) -> AsyncIterator[Browser]:
    """Ada's browser. The provider sends it back to where the page is."""
    async with serving(page.world) as origin, Browser(origin) as opened:
        page.provider.redirect_uri = f"{origin}/signed-in"
        # The page was built with this ground; where it is is only known now.
        provider = page.world.ground.provider
        assert provider is not None
        provider.client = replace(provider.client, redirect_uri=f"{origin}/signed-in")
        yield opened


async def _leaves(page: Visits, browser: Browser, purpose: Purpose = Purpose.RESET) -> str:
    visitor = await page.world.opened(purpose)
    await browser.open(f"/p/{visitor.text}")
    await browser.send("go-to-sign-in")
    html = browser.shown.html
    address = html.split('content="0; url=')[1].split('"')[0].replace("&amp;", "&")
    assert f'<a href="{address.replace("&", "&amp;")}">' in html
    return address


def _back(page: Visits, address: str) -> str:
    back = page.provider.signs_in(address)
    return "/signed-in?" + "&".join(f"{name}={value}" for name, value in back.items())


async def test_somebody_signs_in_and_chooses_a_new_password(page: Visits, browser: Browser) -> None:
    """P-1."""
    await browser.open(_back(page, await _leaves(page, browser)))
    assert "You are back" in browser.shown.text
    assert "Choose a new password" in (await browser.send("signed-in")).text


async def test_coming_back_changes_nothing_by_itself(page: Visits, browser: Browser) -> None:
    path = _back(page, await _leaves(page, browser))
    before = len(await page.world.audit())
    for _ in range(3):
        assert "You are back" in (await browser.open(path)).text
    assert len(await page.world.audit()) == before
    assert "token" not in page.provider.asked
    assert "Choose a new password" in (await browser.send("signed-in")).text


async def test_in_another_browser_it_is_over(page: Visits, browser: Browser) -> None:
    """Also a login CSRF, and a session fixed from outside."""
    path = _back(page, await _leaves(page, browser))
    async with Browser(browser.origin) as other:
        answer = await other.open(path)
        assert (answer.status, NOT_HERE[0] in answer.text) == (403, True)
        other.plant("wicket-sign-in", "A" * 43)
        assert (await other.open(path)).status == 403
    form = (await browser.open(path)).form("signed-in")
    async with Browser(browser.origin) as other:
        assert (await other.post(form.action, form.fields)).status == 403


async def test_used_twice_it_is_over(page: Visits, browser: Browser) -> None:
    path = _back(page, await _leaves(page, browser))
    form = (await browser.open(path)).form("signed-in")
    await browser.send("signed-in")
    assert (await browser.open(path)).status == 403
    assert SIGN_IN_FAILED not in browser.shown.text
    assert (
        "Choose a new password" in (await browser.post(form.action, form.fields)).text
    )  # nothing more came of it
    assert page.provider.asked["token"] == 1


async def test_a_sign_in_that_does_not_count_says_so_in_one_way(page: Visits, browser: Browser) -> None:
    """P-9: neither the reason nor whose account it was."""
    answers = set()
    for lie in (Lies(claims={"acr": "pwd"}), Lies(claims={"sub": None}), Lies(claims={"employee": "bob"})):
        page.provider.lies = lie
        await browser.open(_back(page, await _leaves(page, browser)))
        answers.add((await browser.send("signed-in")).text)
    assert len(answers) == 1
    assert SIGN_IN_FAILED in answers.pop()


async def test_the_browser_is_sent_to_the_provider_and_nowhere_else(page: Visits, browser: Browser) -> None:
    """Open redirect: nothing that somebody types or adds decides where it goes."""
    visitor = await page.world.opened(Purpose.RESET)
    form = (await browser.open(f"/p/{visitor.text}?next=https://evil.example.com")).form("go-to-sign-in")
    evil = {
        "next": "https://evil.example.com",
        "redirect_uri": "https://evil.example.com",
        "iss": "https://evil",
    }
    answer = await browser.post(form.action, {**form.fields, **evil})
    assert "evil" not in answer.html
    asked = parse_qs(urlsplit(answer.html.split("url=")[1].split('"')[0].replace("&amp;", "&")).query)
    assert asked["redirect_uri"] == [f"{browser.origin}/signed-in"]
    back = await browser.open("/signed-in?state=x&code=y&next=https://evil.example.com")
    assert (back.status, "evil" in back.html) == (403, False)


async def test_a_provider_that_is_away_gets_a_kind_page(page: Visits, browser: Browser) -> None:
    """Promise 7."""
    page.provider.lies = Lies(status={"discovery": 500})
    visitor = await page.world.opened(Purpose.RESET)
    await browser.open(f"/p/{visitor.text}")
    answer = await browser.send("go-to-sign-in")
    assert (answer.status, "The company's sign-in does not answer right now." in answer.text) == (503, True)


async def test_the_cookie_of_a_sign_in_is_its_own_and_lax(page: Visits, browser: Browser) -> None:
    """It must come back from another site; the two that matter more stay strict."""
    visitor = await page.world.opened(Purpose.RESET)
    form = (await browser.open(f"/p/{visitor.text}")).form("go-to-sign-in")
    answer = await browser.post(form.action, form.fields)
    (cookie,) = [each for each in answer.headers.getall("Set-Cookie") if "sign-in" in each]  # type: ignore[attr-defined]
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))


async def test_without_a_provider_nothing_is_offered(tmp_path: Path) -> None:
    async with visits(tmp_path) as page:
        page.world.ground = replace(page.world.ground, provider=None)
        async with serving(page.world) as origin, Browser(origin) as browser:
            visitor = await page.world.opened(Purpose.RESET)
            await browser.open(f"/p/{visitor.text}")
            with pytest.raises(LookupError):
                browser.shown.form("go-to-sign-in")
            assert (await browser.open("/signed-in?state=x&code=y")).status == 403
