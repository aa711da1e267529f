"""The token in each form: made for one link in one browser, and for nothing less; and whose cookies are believed."""

import asyncio

import pytest
from aiohttp import StreamReader, web
from aiohttp.base_protocol import BaseProtocol
from aiohttp.test_utils import make_mocked_request

from bot.web.forms import LARGEST_FORM, Cookies, Tokens, new_form_cookie, read_form
from storage.secrets import Vault, generate_key


def test_a_token_fits_its_link_and_its_cookie_only() -> None:
    tokens, cookie = Tokens(Vault([generate_key()])), new_form_cookie()
    token = tokens.token("h-1.mac", cookie)
    assert tokens.fits("h-1.mac", cookie, token)
    assert not tokens.fits("h-2.mac", cookie, token)
    assert not tokens.fits("h-1.mac", new_form_cookie(), token)
    assert not tokens.fits("h-1.mac", cookie, token[:-1] + "é")


async def test_no_more_of_a_form_is_read_than_a_page_of_ours_sends() -> None:
    """Whoever sends on and on, and says no length, is refused before they end."""
    sent = StreamReader(BaseProtocol(asyncio.get_running_loop()), limit=LARGEST_FORM)
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Transfer-Encoding": "chunked"}
    request = make_mocked_request("POST", "/p/h-1.mac", headers=headers, payload=sent)
    sent.feed_data(b"x" * (LARGEST_FORM + 1))
    with pytest.raises(web.HTTPRequestEntityTooLarge):
        async with asyncio.timeout(5):
            await read_form(request)


def test_without_a_cookie_no_token_fits() -> None:
    tokens = Tokens(Vault([generate_key()]))
    assert not tokens.fits("h-1.mac", "", tokens.token("h-1.mac", ""))


def test_a_page_that_was_open_while_the_keys_changed_still_works() -> None:
    old, new = generate_key(), generate_key()
    token = Tokens(Vault([old])).token("h-1.mac", "c")
    assert Tokens(Vault([new, old])).fits("h-1.mac", "c", token)


_OURS, _THEIRS = "o" * 43, "t" * 43


@pytest.mark.parametrize(
    ("sent", "believed"),
    [
        (f"__Host-wicket={_OURS}", _OURS),
        (f"a=b; __Host-wicket={_OURS};c=d", _OURS),
        (f"\u2000__Host-wicket={_THEIRS}", ""),
        (f"__Host-wicket\u2000={_THEIRS}", ""),
        (f"__Host-wicket={_OURS}; \xa0__Host-wicket={_THEIRS}", _OURS),
        (f"__Host-wicket={_OURS}; __Host-wicket={_THEIRS}", ""),
        (f"__Host-wicket={_OURS}x", ""),
        ("__Host-wicket=short", ""),
        (f"$Version=1,__Host-wicket={_THEIRS}", ""),
        (f"=__Host-wicket={_THEIRS}", ""),
        (f"__host-wicket={_THEIRS}; wicket={_THEIRS}", ""),
    ],
)
def test_a_cookie_that_another_host_of_the_domain_planted_is_not_ours(sent: str, believed: str) -> None:
    """The prefix keeps others from its very name, and a lenient parser would make one of theirs into it."""
    request = make_mocked_request("GET", "/", headers={"Cookie": sent})
    assert Cookies(secure=True).session(request) == believed
