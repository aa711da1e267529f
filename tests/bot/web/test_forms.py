"""The token in each form: made for one link in one browser, and for nothing less."""

from bot.web.forms import Tokens, new_form_cookie
from storage.secrets import Vault, generate_key


def test_a_token_fits_its_link_and_its_cookie_only() -> None:
    tokens, cookie = Tokens(Vault([generate_key()])), new_form_cookie()
    token = tokens.token("h-1.mac", cookie)
    assert tokens.fits("h-1.mac", cookie, token)
    assert not tokens.fits("h-2.mac", cookie, token)
    assert not tokens.fits("h-1.mac", new_form_cookie(), token)
    assert not tokens.fits("h-1.mac", cookie, token[:-1] + "é")


def test_without_a_cookie_no_token_fits() -> None:
    tokens = Tokens(Vault([generate_key()]))
    assert not tokens.fits("h-1.mac", "", tokens.token("h-1.mac", ""))


def test_a_page_that_was_open_while_the_keys_changed_still_works() -> None:
    old, new = generate_key(), generate_key()
    token = Tokens(Vault([old])).token("h-1.mac", "c")
    assert Tokens(Vault([new, old])).fits("h-1.mac", "c", token)
