"""The secure page over HTTP: every step without a script, and nothing gained by whoever holds a link alone."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import structlog
from structlog.testing import capture_logs

from bot.web.deeds import FORMS_AN_HOUR
from bot.web.forms import LARGEST_FORM
from bot.web.front_door import WAIT
from bot.web.page import DID_NOT_WORK, NEED_LOGIN, NEED_SIX, NOT_FROM_HERE
from handlers.secure_page.visits import Visitor
from storage.records import Failures, Link
from storage.states import Purpose
from tests.bot.web.serving import Browser, serving
from tests.handlers.page_ground import NEW_PASSWORD, OLD_PASSWORD, World, world


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[World]:
    """The secure page and its people."""
    async with world(tmp_path) as made:
        yield made


@pytest.fixture
async def origin(page: World) -> AsyncIterator[str]:
    """The server's origin."""
    async with serving(page) as served:
        yield served


@pytest.fixture
async def browser(origin: str) -> AsyncIterator[Browser]:
    """Ada's browser."""
    async with Browser(origin) as opened:
        yield opened


def _path(visitor: Visitor) -> str:
    return f"/p/{visitor.text}"


async def test_a_password_is_reset_from_the_link_to_the_end(page: World, browser: Browser) -> None:
    path = _path(await page.opened(Purpose.RESET))
    await browser.open(path)
    assert "Show that it is you" in browser.shown.text
    assert "Ada" not in browser.shown.text
    await browser.send("totp", code=f"{page.code()[:3]} {page.code()[3:]}")
    assert "It is you, Ada Byron" in browser.shown.text
    await browser.send("choose", password=NEW_PASSWORD, repeated=NEW_PASSWORD)
    assert "Your password was changed." in browser.shown.text
    assert await page.local.verify_password("ada", NEW_PASSWORD)
    assert "Your password was changed." in (await browser.open(path)).text


async def test_a_recovery_code_and_a_mailed_code_lead_to_a_new_password(
    page: World, browser: Browser
) -> None:
    path = _path(await page.opened(Purpose.RESET))
    await browser.open(path + "?way=recovery")
    await browser.send("mail-code")
    assert "a code is on its way" in browser.shown.text
    await browser.send("recovery", recovery=page.codes["ada"][0], mailed=await page.mailed())
    assert "Choose a new password" in browser.shown.text


async def test_an_account_is_unlocked_by_the_proof_alone(page: World, browser: Browser) -> None:
    await page.local.change_account("ada", locked=True)
    await browser.open(_path(await page.opened(Purpose.UNLOCK)))
    await browser.send("totp", code=page.code())
    assert "Your account is unlocked." in browser.shown.text


async def test_proofs_are_set_up_and_the_codes_shown_once(page: World, browser: Browser) -> None:
    path = _path(await page.opened(Purpose.ENROL, "bob"))
    await browser.open(path)
    await browser.send("sign-in", password=OLD_PASSWORD)
    assert "<svg" in browser.shown.html
    key = browser.shown.html.split('aria-labelledby="key-label">')[1].split("<")[0]
    page.seeds["bob"] = key.replace(" ", "")
    await browser.send("confirm", code="000000" if page.code("bob") != "000000" else "111111")
    assert "not the code" in browser.shown.text
    assert key in browser.shown.html
    await browser.send("confirm", code=page.code("bob"))
    assert browser.shown.html.count("<li><code>") == 10
    assert "<li>" not in (await browser.open(path)).html


async def test_each_browser_that_shows_the_password_gets_a_key_of_its_own(
    page: World, browser: Browser, origin: str
) -> None:
    """P-5: whoever came first with a stolen link and password does not know the key that its person then confirms."""
    path = _path(await page.opened(Purpose.ENROL, "bob"))
    await browser.open(path)
    await browser.send("sign-in", password=OLD_PASSWORD)
    theirs = browser.shown.html.split('aria-labelledby="key-label">')[1].split("<")[0]
    async with Browser(origin) as person:
        await person.open(path)
        await person.send("sign-in", password=OLD_PASSWORD)
        assert "key-label" in person.shown.html
        assert theirs not in person.shown.html
    assert "key-label" not in (await browser.open(path)).html


async def test_a_new_key_needs_the_old_one_too(page: World, browser: Browser) -> None:
    await browser.open(_path(await page.opened(Purpose.ENROL)))
    await browser.send("sign-in", password=OLD_PASSWORD)
    assert "You are signed in. You set up proofs before: show that you still have one" in browser.shown.text
    assert "<svg class" in browser.shown.html
    assert "key-label" not in browser.shown.html
    await browser.send("totp", code=page.code())
    assert "key-label" in browser.shown.html


async def test_a_slack_account_is_linked(page: World, browser: Browser) -> None:
    await page.local.add_account("cy", login="cyr", name="Cy", mail="cy@example.com", password=OLD_PASSWORD)
    await browser.open(_path(await page.opened(Purpose.LINK, "cy")))
    await browser.send("link", login="", password=OLD_PASSWORD)
    assert NEED_LOGIN in browser.shown.text
    await browser.send("link", login="cyr", password="wrong")
    assert DID_NOT_WORK in browser.shown.text
    assert browser.shown.form("link").fields["login"] == "cyr"
    await browser.send("link", password=OLD_PASSWORD)
    assert "Your Slack account is linked to you." in browser.shown.text
    assert "cy" in [link.account for link in await page.rows(Link)]


async def test_looking_changes_nothing_and_spends_nothing(page: World, browser: Browser) -> None:
    """Unfurlers, scanners and impatient people look many times."""
    path = _path(await page.opened(Purpose.RESET))
    before = (await page.rows(Failures), len(await page.audit()), await page.told())
    for _ in range(3):
        await browser.open(path)
        await browser.open(path + "?way=recovery")
        await browser.raw("HEAD", path, data=b"")
    assert (await page.rows(Failures), len(await page.audit()), await page.told()) == before
    await browser.open(path)
    assert "Choose a new password" in (await browser.send("totp", code=page.code())).text


async def test_a_wrong_code_keeps_nothing_that_was_typed(page: World, browser: Browser) -> None:
    await browser.open(_path(await page.opened(Purpose.RESET)))
    wrong = page.wrong_code()
    await browser.send("totp", code=wrong)
    assert browser.shown.status == 422
    assert DID_NOT_WORK in browser.shown.text
    assert wrong not in browser.shown.html


async def test_what_is_no_code_at_all_is_told_at_its_field_and_not_counted(
    page: World, browser: Browser
) -> None:
    await browser.open(_path(await page.opened(Purpose.RESET)))
    counted = [row.count for row in await page.rows(Failures)]
    for typed in ("", "12345", "abcdef", "١٢٣٤٥٦", "1" * 5000, "12345\0", "🔑🔑🔑🔑🔑🔑"):
        await browser.send("totp", code=typed)
        assert NEED_SIX in browser.shown.text
    assert [row.count for row in await page.rows(Failures)] == counted


async def test_a_weak_password_is_explained_and_never_shown_again(page: World, browser: Browser) -> None:
    await browser.open(_path(await page.opened(Purpose.RESET)))
    await browser.send("totp", code=page.code())
    await browser.send("choose", password="canary short", repeated="canary short")
    assert "It has 12 characters and needs at least 15." in browser.shown.text
    assert "canary" not in browser.shown.html
    await browser.send("choose", password=NEW_PASSWORD, repeated=NEW_PASSWORD + "x")
    assert "The two passwords are not the same." in browser.shown.text
    assert 'id="repeated-error"' in browser.shown.html


async def test_a_stolen_link_in_another_browser_shows_the_first_step_at_every_moment(
    page: World, origin: str, browser: Browser
) -> None:
    path = _path(await page.opened(Purpose.RESET))
    async with Browser(origin) as thief:
        untouched = (await thief.open(path)).text
        await browser.open(path)
        await browser.send("totp", code=page.code())
        assert (await thief.open(path)).text == untouched
        form = browser.shown.form("choose").fields
        stolen = await thief.post(path, {**form, "password": NEW_PASSWORD, "repeated": NEW_PASSWORD})
        assert stolen.status == 403
        own_token = thief.shown.form("totp").fields["token"]
        fields = {"do": "choose", "token": own_token, "password": NEW_PASSWORD, "repeated": NEW_PASSWORD}
        assert "Show that it is you" in (await thief.post(path, fields)).text
        await browser.send("choose", password=NEW_PASSWORD, repeated=NEW_PASSWORD)
        assert (await thief.open(path)).text == untouched
    assert page.faulty.calls["set_password"] == 1


async def test_the_session_is_new_at_the_moment_proofs_are_accepted(page: World, browser: Browser) -> None:
    """Session fixation: a cookie planted before is worth nothing after."""
    path = _path(await page.opened(Purpose.RESET))
    await browser.open(path)
    planted = "A" * 43
    browser.plant("wicket", planted)
    await browser.send("totp", code=page.code())
    assert "Choose a new password" in browser.shown.text
    assert browser.cookies()["wicket"] != planted
    browser.plant("wicket", planted)
    assert "Show that it is you" in (await browser.open(path)).text


@pytest.mark.parametrize("token", ["", "x", "A" * 32, "é\ud83d\ude00"[:1]])
async def test_a_form_without_its_token_does_nothing(page: World, browser: Browser, token: str) -> None:
    """CSRF."""
    path = _path(await page.opened(Purpose.RESET))
    await browser.open(path)
    answer = await browser.post(path, {"do": "totp", "token": token, "code": page.code()})
    assert (answer.status, NOT_FROM_HERE in answer.text) == (403, True)
    assert len(await page.audited("proof.given")) == 1  # the password, when Ada set up her proofs


async def test_a_token_is_good_for_its_own_link_and_its_own_browser(
    page: World, origin: str, browser: Browser
) -> None:
    one, two = _path(await page.opened(Purpose.RESET)), _path(await page.opened(Purpose.RESET))
    token = (await browser.open(one)).form("totp").fields["token"]
    fields = {"do": "totp", "token": token, "code": page.code()}
    assert (await browser.post(two, fields)).status == 403
    async with Browser(origin) as other:
        await other.open(one)
        assert (await other.post(one, fields)).status == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_a_form_that_another_site_sent_does_nothing(page: World, browser: Browser, site: str) -> None:
    """Nor one of another host of our domain."""
    path = _path(await page.opened(Purpose.RESET))
    form = (await browser.open(path)).form("totp")
    answer = await browser.post(path, {**form.fields, "code": page.code()}, **{"Sec-Fetch-Site": site})
    assert answer.status == 403


@pytest.mark.parametrize("who", ["bob", "ina", "gil", "nobody", ""])
async def test_the_page_answers_alike_whoever_the_link_is_for(
    page: World, browser: Browser, who: str
) -> None:
    """P-9: the same words, letter for letter, for the wrong code of somebody known and for everybody else."""
    await page.left("ina")
    await page.made_privileged("gil")

    async def answers(account: str, code: str) -> list[str]:
        visitor = await page.opened(Purpose.RESET, account, "Ustranger" if not account else "")
        first = (await browser.open(_path(visitor))).text
        return [first, (await browser.send("totp", code=code)).text]

    assert await answers(who, page.code(who) if who in page.seeds else "123456") == await answers(
        "ada", page.wrong_code()
    )


async def test_a_forged_link_looks_like_any_other(page: World, browser: Browser) -> None:
    visitor = await page.opened(Purpose.RESET)
    fresh = (await browser.open(_path(visitor))).text
    for path in (_path(visitor)[:-3] + "AAA", "/p/x", "/p/%00", "/p/%F0%9F%94%91", "/p/..%2f"):
        assert (await browser.open(path)).text == fresh
        assert DID_NOT_WORK in (await browser.send("totp", code=page.code())).text


@pytest.mark.parametrize("purpose", list(Purpose))
@pytest.mark.parametrize("who", ["ada", "bob", "nobody", ""])
async def test_a_link_whose_time_is_over_says_so_whoever_it_was_for(
    page: World, browser: Browser, purpose: Purpose, who: str
) -> None:
    """P-9: links are made for people who fit nobody too, so their end tells nothing about who exists."""
    path = _path(await page.opened(purpose, who, "Ustranger" if not who else ""))
    page.clock.forward(minutes=10)
    shown = (await browser.open(path)).text
    assert "This link is over." in shown
    assert "Ask me in Slack for a new one." in shown
    assert "Ada" not in shown


async def test_a_link_that_ends_while_a_form_is_open_says_so(page: World, browser: Browser) -> None:
    await browser.open(_path(await page.opened(Purpose.RESET)))
    page.clock.forward(minutes=11)
    answer = await browser.send("totp", code=page.code())
    assert "This link is over." in answer.text
    assert DID_NOT_WORK not in answer.text


async def test_a_used_link_says_it_is_over_once_its_time_is_over(
    page: World, origin: str, browser: Browser
) -> None:
    path = _path(await page.opened(Purpose.UNLOCK))
    await browser.open(path)
    await browser.send("totp", code=page.code())
    page.clock.forward(minutes=10)
    assert "Your account is unlocked." in (await browser.open(path)).text
    async with Browser(origin) as other:
        assert "This link is over." in (await other.open(path)).text


async def test_a_link_that_was_overtaken_does_not_tell_others_that_somebody_proved_something(
    page: World, origin: str, browser: Browser
) -> None:
    """P-9: only time ends what a stranger sees; a link for nobody is never used and never overtaken."""
    kept = _path(await page.opened(Purpose.UNLOCK))
    path = _path(await page.opened(Purpose.UNLOCK))
    async with Browser(origin) as other:
        before = [(await other.open(each)).text for each in (kept, path)]
        await browser.open(path)
        await browser.send("totp", code=page.code())
        assert [(await other.open(each)).text for each in (kept, path)] == before


async def test_a_refusal_takes_its_time(page: World, tmp_path: Path) -> None:
    """P-9: how quickly it came tells nothing."""
    loop = asyncio.get_running_loop()
    async with serving(page, floor=0.3) as origin, Browser(origin) as browser:
        await browser.open("/p/forged")
        began = loop.time()
        await browser.send("totp", code="123456")
        assert loop.time() - began >= 0.3


async def test_a_form_leads_only_back_to_the_page(page: World, browser: Browser) -> None:
    """No open redirect: nothing that was typed is ever an address."""
    path = _path(await page.opened(Purpose.RESET))
    form = (await browser.open(path + "?next=https://evil.example&way=//evil.example")).form("totp")
    assert "evil" not in browser.shown.html
    cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies().items())
    body = f"do=totp&token={form.fields['token']}&code={page.code()}&next=//evil.example&way=//evil.example"
    answer = await browser.raw(
        "POST",
        path,
        data=body.encode(),
        Cookie=cookie,
        **{"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert (answer.status, answer.headers["Location"]) == (303, path)


async def test_two_tabs_at_once_change_one_password(page: World, browser: Browser) -> None:
    path = _path(await page.opened(Purpose.RESET))
    await browser.open(path)
    await browser.send("totp", code=page.code())
    fields = browser.shown.form("choose").fields
    await asyncio.gather(
        *(
            browser.post(path, {**fields, "password": NEW_PASSWORD + tab, "repeated": NEW_PASSWORD + tab})
            for tab in (" one", " two")
        )
    )
    assert page.faulty.calls["set_password"] == 1
    assert "Your password was changed." in (await browser.open(path)).text


_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"", _FORM, 403),
        (b"do=totp", _FORM, 403),
        (b"%00=%00&\0", _FORM, 403),
        (b"code=%ff%fe", _FORM, 400),
        (b"code=\xff\xfe", _FORM, 400),
        (b"&".join(b"f%d=1" % i for i in range(50)), _FORM, 400),
        (b"code=" + b"9" * LARGEST_FORM, _FORM, 413),
        (b"x" * 1_000_000, _FORM, 413),
        (b"{}", {"Content-Type": "application/json"}, 415),
        (b"--x--", {"Content-Type": "multipart/form-data; boundary=x"}, 415),
        (b"not gzip", {**_FORM, "Content-Encoding": "gzip"}, 400),
    ],
)
async def test_bad_forms_are_refused_without_harm(
    page: World, browser: Browser, body: bytes, headers: dict[str, str], status: int
) -> None:
    path = _path(await page.opened(Purpose.RESET))
    answer = await browser.raw("POST", path, data=body, **headers)
    assert answer.status == status
    assert "Traceback" not in answer.html


async def test_a_silent_directory_is_said_kindly_and_costs_nothing(page: World, browser: Browser) -> None:
    """Promise 7: nothing was changed, and the same link can be tried again."""
    path = _path(await page.opened(Purpose.RESET))
    await browser.open(path)
    form = browser.shown
    page.faulty.error("account")
    answer = await browser.send("totp", code=page.code())
    assert (answer.status, "The directory does not answer right now." in answer.text) == (503, True)
    page.faulty.mend()
    browser.shown = form
    assert "Choose a new password" in (await browser.send("totp", code=page.code())).text


async def test_a_fault_of_ours_shows_a_number_and_logs_no_secret(page: World, browser: Browser) -> None:
    """N-2: neither the link nor what was typed, even when the directory repeats it in its error."""
    path = _path(await page.opened(Purpose.ENROL, "bob"))
    await browser.open(path)

    class Leaky(type(page.local)):  # type: ignore[misc]  # the class of a real directory, made to fail
        def __init__(self) -> None:
            self.name = "staff"

        async def account(self, account_id: str) -> object:
            return await page.local.account(account_id)

        async def verify_password(self, account_id: str, password: str) -> bool:
            raise RuntimeError(f"could not bind as {account_id} with {password}")

    page.ground.directories["staff"] = Leaky()  # type: ignore[index]  # a plain dict in this world
    structlog.reset_defaults()
    with capture_logs() as lines:
        answer = await browser.send("sign-in", password="canary-password")
    assert answer.status == 500
    assert "Something went wrong on my side." in answer.text
    assert [line["event"] for line in lines] == ["page_failed"]
    assert lines[0]["error_id"] in answer.text
    assert "canary" not in answer.html + repr(lines)
    assert path.split(".")[1] not in repr(lines)


async def test_a_link_takes_so_many_forms_an_hour_and_no_more_are_looked_at(
    page: World, browser: Browser
) -> None:
    """Whoever holds an open link makes neither codes reckoned for nothing nor entries without end."""
    path = _path(await page.opened(Purpose.RESET))
    await browser.open(path)
    for _ in range(FORMS_AN_HOUR):
        assert (await browser.send("totp", code="12")).status == 422
    before = len(await page.audit())
    for _ in range(2):
        await browser.open(path)
        answer = await browser.send("totp", code=page.code())
        assert (answer.status, answer.headers["Retry-After"]) == (429, WAIT)
        assert "Too much was sent" in answer.text
    assert len(await page.audit()) == before
    assert (await browser.open(_path(await page.opened(Purpose.RESET)))).status == 200
    assert (await browser.send("totp", code="12")).status == 422
    page.clock.forward(minutes=1)
    await browser.open(path)
    assert "It is you, Ada Byron" in (await browser.send("totp", code=page.code())).text


async def test_forms_without_a_token_of_ours_use_up_nothing(page: World, browser: Browser) -> None:
    """Nobody locks another's link by its address alone."""
    path = _path(await page.opened(Purpose.RESET))
    await browser.open(path)
    for _ in range(FORMS_AN_HOUR + 1):
        assert (await browser.post(path, {"do": "totp", "code": "123456", "token": "x"})).status == 403
    await browser.open(path)
    assert "It is you, Ada Byron" in (await browser.send("totp", code=page.code())).text
