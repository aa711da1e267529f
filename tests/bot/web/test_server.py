"""What holds for every answer: one host name, strict headers, strict cookies, and no more than is asked for."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from bot.web.forms import Cookies
from bot.web.guard import hardened
from storage.states import Purpose
from tests.bot.web.serving import Browser, serving
from tests.handlers.page_ground import World, world


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[World]:
    """The secure page and its people."""
    async with world(tmp_path, enrolled=False) as made:
        yield made


@pytest.mark.parametrize("path", ["/p/x", "/static/page.css", "/nothing", "/healthz", "/p/x?way=recovery"])
async def test_every_answer_is_hardened(page: World, path: str) -> None:
    async with serving(page) as origin, Browser(origin) as browser:
        headers = (await browser.open(path)).headers
    policy = headers["Content-Security-Policy"]
    for rule in ("default-src 'none'", "frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'"):
        assert rule in policy
    assert "unsafe" not in policy
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Server"] == "Wicket"
    assert "Strict-Transport-Security" not in headers


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "localhost:1", "", "127.0.0.1:1@evil.example"])
async def test_another_host_name_is_refused(page: World, host: str) -> None:
    async with serving(page) as origin, Browser(origin) as browser:
        assert (await browser.open("/p/x", Host=host)).status in (400, 421)
        assert (await browser.open("/healthz", Host="10.0.0.1")).status == 200


async def test_the_page_carries_nothing_inline_and_is_small(page: World) -> None:
    async with serving(page) as origin, Browser(origin) as browser:
        visitor = await page.opened(Purpose.RESET)
        html = (await browser.open(f"/p/{visitor.text}")).html
        css = (await browser.open("/static/page.css")).html
        script = (await browser.open("/static/page.js")).html
    assert html.count("<script") == html.count('<script src="/static/page.js" defer></script>') == 1
    assert not re.search(r"\son[a-z]+=", html)
    assert "style=" not in html
    assert "http://" not in html + css + script
    assert "https://" not in html + css + script
    assert len(html) + len(css) + len(script) < 60_000


async def test_health_readiness_and_metrics_answer(page: World) -> None:
    async with serving(page) as origin, Browser(origin) as browser:
        assert (await browser.open("/healthz")).html == "ok\n"
        assert (await browser.open("/readyz")).status == 200
        metrics = await browser.open("/metrics")
    assert "wicket_outbox_backlog" in metrics.html
    async with serving(page, missing=["Slack is not connected"]) as origin, Browser(origin) as browser:
        ready = await browser.open("/readyz")
    assert (ready.status, ready.html) == (503, "Slack is not connected\n")


async def test_slack_is_listened_to_only_where_it_is_wanted(page: World) -> None:
    async def listen(request: web.Request) -> web.Response:
        return web.Response(text=f"heard {len(await request.read())}")

    async with serving(page) as origin, Browser(origin) as browser:
        assert (await browser.raw("POST", "/slack/events", data=b"{}")).status == 404
    async with serving(page, slack=listen) as origin, Browser(origin) as browser:
        assert (await browser.raw("POST", "/slack/events", data=b"{}")).html == "heard 2"
        assert (await browser.raw("POST", "/slack/events", data=b"x" * 1_200_000)).status == 413


@pytest.mark.parametrize("name", ["nothing.css", "..%2fpage.py", "%2e%2e/server.py", "page.css/.."])
async def test_only_named_files_are_given_away(page: World, name: str) -> None:
    async with (
        serving(page) as origin,
        aiohttp.ClientSession() as client,
        client.get(URL(f"{origin}/static/{name}", encoded=True)) as response,
    ):
        assert response.status == 404


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "words"),
    [
        ("GET", "/nothing", b"", 404, "There is no page at this address."),
        ("GET", "/static/nothing.css", b"", 404, "There is no page at this address."),
        ("GET", "/p/" + "x" * 200, b"", 404, "There is no page at this address."),
        ("PUT", "/p/x", b"x", 405, "This page can't be used that way."),
        ("POST", "/p/x", b"a=" + b"x" * 20_000, 413, "That was too much to send."),
        ("POST", "/p/x", b"a=%ff", 400, "That is not a form of this page."),
    ],
)
async def test_what_is_not_there_or_not_taken_is_said_kindly(
    page: World, method: str, path: str, body: bytes, status: int, words: str
) -> None:
    """A page in the same dress as all others, with what to do; never the library's own words."""
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    async with serving(page) as origin, Browser(origin) as browser:
        shown = await browser.raw(method, path, data=body, **form)
    assert shown.status == status
    assert words in shown.text
    assert "Slack" in shown.text
    assert shown.headers["Content-Type"].startswith("text/html")
    assert "default-src 'none'" in shown.headers["Content-Security-Policy"]
    if status == 405:
        assert set(shown.headers["Allow"].split(",")) == {"GET", "HEAD", "POST"}


async def test_machines_are_refused_in_plain_text(page: World) -> None:
    async with serving(page) as origin, Browser(origin) as browser:
        shown = await browser.raw("POST", "/metrics", data=b"")
    assert (shown.status, shown.headers["Content-Type"].split(";")[0]) == (405, "text/plain")


def test_cookies_are_of_the_strictest_kind_over_https() -> None:
    response = web.Response()
    Cookies(secure=True).set_session(response, "s" * 43)
    Cookies(secure=True).set_form(response, "f" * 43)
    for name in ("__Host-wicket", "__Host-wicket-form"):
        written = response.cookies[name].OutputString()
        assert all(rule in written for rule in ("Secure", "HttpOnly", "SameSite=Strict", "Path=/"))
        assert "Domain" not in written


async def test_over_https_browsers_are_told_to_stay_there() -> None:
    response = web.Response()
    await hardened("https://wicket.example.com")(None, response)  # type: ignore[arg-type]  # the request is not read
    assert response.headers["Strict-Transport-Security"].startswith("max-age=")


async def test_the_last_checkpoint_is_handed_out_as_it_is(page: World) -> None:
    """T-8: plain text, kept by nobody in between; before the first look there is none."""
    note = "wicket.example\n5\nroot\n\n\u2014 wicket.example c2ln\n"
    async with serving(page, checkpoint=note) as origin, Browser(origin) as browser:
        shown = await browser.open("/audit/checkpoint")
    assert (shown.status, shown.html) == (200, note)
    assert shown.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert shown.headers["Cache-Control"] == "no-store"
    async with serving(page) as origin, Browser(origin) as browser:
        assert (await browser.open("/audit/checkpoint")).status == 503
