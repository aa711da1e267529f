"""Passkeys and the care page over HTTP, with an authenticator of our own in the browser's place."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from bot.web.deeds import FORMS_AN_HOUR
from bot.web.forms import LARGEST_FORM
from bot.web.front_door import DoorWidth
from bot.web.page import DID_NOT_WORK, PASSKEY_REFUSED
from handlers.secure_page.adding import NOT_MADE
from handlers.secure_page.care import LAST_ONE
from storage.records import Challenge, Failures, Passkey
from storage.states import Purpose
from tests.bot.web.serving import Browser, serving
from tests.handlers.page_ground import NEW_PASSWORD, OLD_PASSWORD, World, world
from tests.soft_authenticator import ES512, HONEST, UP, Authenticator, Lies

_ADDS = ("add-passkey", "new-key", "new-codes")


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[World]:
    """The secure page and its people."""
    async with world(tmp_path) as made:
        yield made


@pytest.fixture
async def origin(page: World) -> AsyncIterator[str]:
    """The server's origin, by a name: browsers have no passkeys for numbers."""
    async with serving(page, host="localhost") as served:
        yield served


@pytest.fixture
async def browser(origin: str) -> AsyncIterator[Browser]:
    """Ada's browser."""
    async with Browser(origin) as opened:
        yield opened


async def _asked(browser: Browser, do: str) -> tuple[dict[str, Any], str]:
    """What the script of the page would hear for this form, and where the form goes."""
    form = browser.shown.form(do)
    kind = "make" if do == "add-passkey" else "show"
    page = browser.shown
    answer = await browser.post(f"{form.action}/passkey", {"kind": kind, "token": form.fields["token"]})
    browser.shown = page
    assert answer.status == 200, answer.text
    return json.loads(answer.html), form.action


async def _entered(page: World, browser: Browser, account: str = "ada") -> str:
    path = f"/p/{(await page.opened(Purpose.CARE, account)).text}"
    await browser.open(path)
    await browser.send("sign-in", password=OLD_PASSWORD)
    if account in page.seeds:
        await browser.send("totp", code=page.code(account))
        page.clock.forward(seconds=60)
    assert "Your proofs" in browser.shown.text
    return path


async def _made(page: World, browser: Browser, account: str = "ada", name: str = "") -> Authenticator:
    """A passkey that was added on the care page."""
    await _entered(page, browser, account)
    device = Authenticator(origin=browser.origin)
    options, _ = await _asked(browser, "add-passkey")
    await browser.send("add-passkey", answer=device.make(options), name=name)
    assert "It was added." in browser.shown.text
    return device


async def _resetting(page: World, browser: Browser, account: str = "ada") -> str:
    path = f"/p/{(await page.opened(Purpose.RESET, account)).text}"
    await browser.open(path)
    return path


async def _shows(browser: Browser, device: Authenticator, lies: Lies = HONEST) -> None:
    options, _ = await _asked(browser, "passkey")
    await browser.send("passkey", answer=device.show(options, lies))


async def test_a_passkey_is_added_and_resets_the_password(page: World, browser: Browser) -> None:
    device = await _made(page, browser, name="work laptop")
    assert "work laptop" in browser.shown.text
    await _resetting(page, browser)
    await _shows(browser, device)
    assert "It is you, Ada Byron" in browser.shown.text
    await browser.send("choose", password=NEW_PASSWORD, repeated=NEW_PASSWORD)
    assert "Your password was changed." in browser.shown.text


async def test_who_has_no_passkey_sees_no_button_and_no_script(page: World, browser: Browser) -> None:
    await _resetting(page, browser)
    assert "passkey" not in browser.shown.html.casefold()
    assert "passkeys.js" not in browser.shown.html


async def test_at_the_front_door_everybody_is_asked_alike_and_a_passkey_counts(page: World) -> None:
    """P-9: whoever has none, and who does not exist, is offered what a person with one is offered."""
    door = DoorWidth(directory="staff")
    async with serving(page, host="localhost", front_door=door) as origin, Browser(origin) as browser:
        device = await _made(page, browser)
        seen = []
        for login in ("grace", "nobody", "ada"):
            await browser.open("/start")
            await browser.send("start", login=login, what="reset")
            asked, _ = await _asked(browser, "passkey")
            seen.append((browser.shown.text, {**asked, "challenge": ""}))
        assert seen[0] == seen[1] == seen[2]
        await _shows(browser, device)
        assert "It is you, Ada Byron" in browser.shown.text


async def test_what_a_stranger_is_asked_for_does_not_tell_that_somebody_proved_something(page: World) -> None:
    """P-9: a visit of somebody who exists is overtaken by what they do; one of nobody never is."""
    door = DoorWidth(directory="staff")
    async with serving(page, host="localhost", front_door=door) as origin, Browser(origin) as stranger:
        await stranger.open("/start")
        await stranger.send("start", login="ada", what="unlock")
        await page.passwords.unlock(await page.proven(Purpose.UNLOCK))
        await _asked(stranger, "passkey")
        page.clock.forward(minutes=10)
        form = stranger.shown.form("passkey")
        asked = {"kind": "show", "token": form.fields["token"]}
        assert (await stranger.post(f"{form.action}/passkey", asked)).status == 409


async def test_the_button_waits_for_the_script_and_the_script_is_a_file_of_ours(
    page: World, browser: Browser
) -> None:
    """Strict content policy: no inline code anywhere."""
    await _made(page, browser)
    await _resetting(page, browser)
    shown = browser.shown
    assert 'data-passkey="show" hidden' in shown.html
    scripts = [f'<script src="/static/{name}.js" defer></script>' for name in ("page", "passkeys")]
    assert [shown.html.count(each) for each in scripts] == [1, 1]
    assert shown.html.count("<script") == 2
    assert " on" not in {part[:3] for part in shown.html.split('"') if "=" in part}
    script = await browser.open("/static/passkeys.js")
    assert script.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert "script-src 'self';" in shown.headers["Content-Security-Policy"]
    assert "unsafe" not in shown.headers["Content-Security-Policy"]


async def test_by_bare_numbers_no_passkey_is_offered(page: World, browser: Browser) -> None:
    await _made(page, browser)
    async with AsyncExitStack() as stack:
        numbered = await stack.enter_async_context(serving(page))
        other = await stack.enter_async_context(Browser(numbered))
        await other.open(f"/p/{(await page.opened(Purpose.RESET)).text}")
        assert "passkey" not in other.shown.html.casefold()
        await _entered(page, other)
        assert "data-passkey" not in other.shown.html


HOSTILE = {
    "wrong origin": Lies(origin="http://localhost:1"),
    "wrong rp id": Lies(rp_id="example.com"),
    "no user verification": Lies(flags=UP),
    "another person's handle": Lies(user_handle=b"x" * 32),
    "a bad signature": Lies(break_signature=True),
}


@pytest.mark.parametrize("lies", HOSTILE.values(), ids=HOSTILE)
async def test_a_wrong_answer_hears_what_any_wrong_answer_hears(
    page: World, browser: Browser, lies: Lies
) -> None:
    """P-9, P-11."""
    device = await _made(page, browser)
    await _resetting(page, browser)
    await _shows(browser, device, lies)
    assert (browser.shown.status, PASSKEY_REFUSED in browser.shown.text) == (422, True)


async def test_a_replayed_answer_is_refused(page: World, browser: Browser) -> None:
    device = await _made(page, browser)
    path = await _resetting(page, browser)
    options, _ = await _asked(browser, "passkey")
    fields = {**browser.shown.form("passkey").fields, "answer": device.show(options)}
    await browser.post(path, fields)
    assert "Choose a new password" in browser.shown.text
    again = await browser.post(path, fields)
    assert again.status == 422
    other = await _resetting(page, browser)
    form = browser.shown.form("passkey").fields
    assert PASSKEY_REFUSED in (await browser.post(other, {**form, "answer": fields["answer"]})).text


async def test_an_answer_to_another_browsers_challenge_is_refused(
    page: World, origin: str, browser: Browser
) -> None:
    """A thief with the link asks, the person is brought to answer, and the thief sends it."""
    device = await _made(page, browser)
    path = await _resetting(page, browser)
    async with Browser(origin) as thief:
        await thief.open(path)
        options, _ = await _asked(browser, "passkey")
        await thief.send("passkey", answer=device.show(options))
        assert PASSKEY_REFUSED in thief.shown.text


async def test_an_answer_for_another_link_is_refused(page: World, browser: Browser) -> None:
    device = await _made(page, browser)
    await _resetting(page, browser)
    options, _ = await _asked(browser, "passkey")
    await _resetting(page, browser)
    await browser.send("passkey", answer=device.show(options))
    assert PASSKEY_REFUSED in browser.shown.text


async def test_an_expired_challenge_is_refused(page: World, browser: Browser) -> None:
    device = await _made(page, browser)
    await _resetting(page, browser)
    options, _ = await _asked(browser, "passkey")
    page.clock.forward(minutes=6)
    await browser.send("passkey", answer=device.show(options))
    assert PASSKEY_REFUSED in browser.shown.text


async def test_another_persons_passkey_is_refused(page: World, origin: str, browser: Browser) -> None:
    await _made(page, browser)
    async with Browser(origin) as other:
        bobs = await _made(page, other, "bob")
    await _resetting(page, browser)
    await _shows(browser, bobs)
    assert PASSKEY_REFUSED in browser.shown.text


async def test_a_clone_is_stopped_told_and_shown_as_stopped(page: World, browser: Browser) -> None:
    """P-11."""
    device = await _made(page, browser, name="key on my ring")
    clone = device.copy()
    await _resetting(page, browser)
    await _shows(browser, device)
    await _resetting(page, browser)
    await _shows(browser, clone)
    assert PASSKEY_REFUSED in browser.shown.text
    assert "data-passkey" not in browser.shown.html
    assert await page.exceptions() == ["cloned-passkey"]
    await _entered(page, browser)
    assert "Stopped on 2 March 2026" in browser.shown.text


async def test_an_algorithm_that_was_not_offered_makes_no_passkey(page: World, browser: Browser) -> None:
    await _entered(page, browser)
    options, _ = await _asked(browser, "add-passkey")
    device = Authenticator(origin=browser.origin)
    await browser.send("add-passkey", answer=device.make(options, Lies(alg=ES512)))
    assert (browser.shown.status, NOT_MADE in browser.shown.text) == (422, True)
    assert await page.rows(Passkey) == []


async def test_a_replayed_registration_makes_no_second_passkey(page: World, browser: Browser) -> None:
    await _entered(page, browser)
    options, action = await _asked(browser, "add-passkey")
    answer = Authenticator(origin=browser.origin).make(options)
    fields = {**browser.shown.form("add-passkey").fields, "answer": answer}
    await browser.post(action, fields)
    assert NOT_MADE in (await browser.post(action, fields)).text
    assert len(await page.rows(Passkey)) == 1


@pytest.mark.parametrize(
    "answer", ["", "{", "[]", "null", "[" * 4000, '{"id": 1}', "é" * 100, "\0", '{"response": []}'], ids=repr
)
async def test_a_malformed_answer_is_refused_without_harm(page: World, browser: Browser, answer: str) -> None:
    await _made(page, browser)
    await browser.send("add-passkey", answer=answer)
    assert (browser.shown.status, NOT_MADE in browser.shown.text) == (422, True)
    await _resetting(page, browser)
    await browser.send("passkey", answer=answer)
    assert (browser.shown.status, PASSKEY_REFUSED in browser.shown.text) == (422, True)


async def test_an_answer_that_is_too_large_is_not_read(page: World, browser: Browser) -> None:
    await _made(page, browser)
    await _resetting(page, browser)
    counted = [row.count for row in await page.rows(Failures)]
    answer = await browser.send("passkey", answer="9" * LARGEST_FORM)
    assert answer.status == 413
    assert [row.count for row in await page.rows(Failures)] == counted


@pytest.mark.parametrize("kind", ["show", "make", "", "both", "../x"])
async def test_what_to_ask_is_told_to_the_page_alone(page: World, browser: Browser, kind: str) -> None:
    """CSRF, and a link in the wrong hands: no challenge without its token, none without a passkey or entering."""
    path = await _resetting(page, browser)
    token = browser.shown.form("totp").fields["token"]
    for fields, headers, status in (
        ({"kind": kind, "token": token}, {}, 409),
        ({"kind": kind, "token": "x"}, {}, 403),
        ({"kind": kind, "token": token}, {"Sec-Fetch-Site": "cross-site"}, 403),
    ):
        assert (await browser.post(f"{path}/passkey", fields, **headers)).status == status
    assert await page.rows(Challenge) == []
    answer = await browser.raw("GET", f"{path}/passkey", data=b"")
    assert answer.status == 405


async def test_a_link_asks_for_so_many_passkeys_an_hour_as_it_takes_forms(
    page: World, browser: Browser
) -> None:
    path = await _resetting(page, browser)
    fields = {"kind": "show", "token": browser.shown.form("totp").fields["token"]}
    asked = [(await browser.post(f"{path}/passkey", fields)).status for _ in range(FORMS_AN_HOUR + 1)]
    assert asked == [409] * FORMS_AN_HOUR + [429]


async def test_the_last_proof_stays_in_two_tabs_at_once(page: World, browser: Browser) -> None:
    """P-5."""
    await _made(page, browser, "bob", name="one")
    device = Authenticator(origin=browser.origin)
    options, action = await _asked(browser, "add-passkey")
    await browser.send("add-passkey", answer=device.make(options), name="two")
    token = browser.shown.form("remove").fields["token"]
    shown = await asyncio.gather(
        *(
            browser.post(action, {"do": "remove", "token": token, "passkey": row.id})
            for row in await page.rows(Passkey)
        )
    )
    assert sorted(LAST_ONE in each.text for each in shown) == [False, True]
    assert len(await page.rows(Passkey)) == 1
    await browser.open(action)
    assert "This is your last proof, so it stays." in browser.shown.text
    with pytest.raises(LookupError):
        browser.shown.form("remove")


async def test_a_code_works_once_on_the_care_page_too(page: World, browser: Browser) -> None:
    code = page.code()
    await browser.open(f"/p/{(await page.opened(Purpose.CARE)).text}")
    await browser.send("sign-in", password=OLD_PASSWORD)
    await browser.send("totp", code=code)
    assert "Recovery codes" in browser.shown.text
    await browser.open(f"/p/{(await page.opened(Purpose.CARE)).text}")
    await browser.send("sign-in", password=OLD_PASSWORD)
    await browser.send("totp", code=code)
    assert DID_NOT_WORK in browser.shown.text


async def test_everything_but_making_a_passkey_works_without_a_script(page: World, browser: Browser) -> None:
    path = await _entered(page, browser, "bob")
    await browser.send("new-key")
    key = browser.shown.html.split('aria-labelledby="key-label">')[1].split("<")[0]
    await browser.send("drop-key")
    assert "Authenticator app" in browser.shown.text
    await browser.send("new-key")
    assert key not in browser.shown.html
    page.seeds["bob"] = (
        browser.shown.html.split('aria-labelledby="key-label">')[1].split("<")[0].replace(" ", "")
    )
    await browser.send("add-key", code="12345")
    assert "Type the six digits" in browser.shown.text
    await browser.send("add-key", code=page.code("bob"))
    assert "It was added." in browser.shown.text
    await browser.send("new-codes")
    assert browser.shown.html.count("<li><code>") == 10
    assert "10 left." in (await browser.open(path)).text
    assert "<li><code>" not in browser.shown.html


async def test_a_passkey_is_renamed_and_removed(page: World, browser: Browser) -> None:
    await _made(page, browser, name="<b>old</b>")
    assert "<b>old</b>" not in browser.shown.html
    await browser.send("rename", name="")
    assert "Type a name" in browser.shown.text
    await browser.send("rename", name="new")
    assert "It has its new name." in browser.shown.text
    await browser.send("remove")
    assert "It was removed." in browser.shown.text
    assert await page.rows(Passkey) == []


async def test_a_link_alone_shows_nothing_of_what_somebody_has(
    page: World, origin: str, browser: Browser
) -> None:
    await _made(page, browser, name="work laptop")
    path = await _entered(page, browser)
    async with Browser(origin) as thief:
        shown = (await thief.open(path)).text
        assert "Sign in to look after your proofs" in shown
        assert "Ada" not in shown
        assert "laptop" not in shown
        fields = {"do": "new-codes", "token": thief.shown.form("sign-in").fields["token"]}
        assert "Sign in" in (await thief.post(path, fields)).text


@pytest.mark.parametrize("who", ["bob", "ina", "gil", "nobody", ""])
async def test_the_care_page_answers_alike_whoever_the_link_is_for(
    page: World, browser: Browser, who: str
) -> None:
    """P-9."""
    await page.left("ina")

    async def answers(account: str, password: str) -> list[str]:
        visitor = await page.opened(Purpose.CARE, account, "Ustranger" if not account else "")
        first = (await browser.open(f"/p/{visitor.text}")).text
        return [first, (await browser.send("sign-in", password=password)).text]

    password = OLD_PASSWORD if who in ("ina", "nobody", "") else "wrong"
    assert await answers(who, password) == await answers("ada", "wrong")


async def test_the_page_says_why_nothing_can_be_added_while_the_store_is_unchecked(
    page: World, browser: Browser
) -> None:
    """T-2: what is there can still be removed, and nobody is sent to their authenticator for nothing."""
    await _made(page, browser)
    path, unchecked = await _entered(page, browser), page.ground.database.unchecked
    unchecked.begin("checkpoints", page.clock())
    await browser.send("new-codes")
    assert (browser.shown.status, "no new access is given" in browser.shown.text) == (422, True)
    await browser.open(path)
    assert "Try again in some minutes" in browser.shown.text
    for do in _ADDS:
        with pytest.raises(LookupError):
            browser.shown.form(do)
    await browser.send("remove-key")
    assert "It was removed." in browser.shown.text
    unchecked.end("checkpoints")
    await browser.open(path)
    assert "Try again in some minutes" not in browser.shown.text
    assert all(browser.shown.form(do) for do in _ADDS)
