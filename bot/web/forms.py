"""What a browser sends to the secure page: small urlencoded forms, and the two cookies with the token that ties them.

It never trusts a form without its token, and keeps nothing that was typed.
"""

import base64
import hmac
import re
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from bot.web.rendering import Pages
from storage.secrets import Vault

LARGEST_FORM = 16 * 1024
_MOST_FIELDS = 12
_COOKIE = re.compile(r"[A-Za-z0-9_-]{43}")
_URLENCODED = "application/x-www-form-urlencoded"


class Cookies:
    """One cookie holds the session once proofs were given; the other only ties forms to the browser they went to.

    They are two, because a click in Slack arrives without strict cookies: a new form cookie then ends no session.
    """

    def __init__(self, *, secure: bool) -> None:
        # The prefix makes browsers refuse the cookie unless it is secure and of this host alone.
        prefix = "__Host-" if secure else ""
        self._secure = secure
        self._session, self._form = f"{prefix}wicket", f"{prefix}wicket-form"
        self._sign_in = f"{prefix}wicket-sign-in"

    def session(self, request: web.Request) -> str:
        """The session's cookie; "" if there is none of its shape."""
        return _sent(request, self._session)

    def form(self, request: web.Request) -> str:
        """The form cookie; "" if there is none of its shape."""
        return _sent(request, self._form)

    def sign_in(self, request: web.Request) -> str:
        """The cookie of whoever went to sign in; "" if there is none of its shape."""
        return _sent(request, self._sign_in)

    def set_session(self, response: web.StreamResponse, value: str) -> None:
        """A new session for this browser."""
        self._set(response, self._session, value)

    def set_form(self, response: web.StreamResponse, value: str) -> None:
        """A form cookie for this browser."""
        self._set(response, self._form, value)

    def set_sign_in(self, response: web.StreamResponse, value: str) -> None:
        """A cookie that comes back with whoever comes back from the provider: lax, for that is another site."""
        self._set(response, self._sign_in, value, samesite="Lax")

    def _set(self, response: web.StreamResponse, name: str, value: str, *, samesite: str = "Strict") -> None:
        response.set_cookie(
            name, value, path="/", secure=self._secure, httponly=True, samesite=samesite, max_age=None
        )


class Tokens:
    """The token in each form: computed from the link and the form cookie, so that no other site can know it."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def token(self, text: str, cookie: str) -> str:
        """The token for this link in this browser."""
        return _readable(self._vault.derive("form", f"{text}\0{cookie}"))

    def fits(self, text: str, cookie: str, token: str) -> bool:
        """Whether the token was made for this link and this browser."""
        given = token.encode("utf-8")
        ours = [_readable(each) for each in self._vault.derive_all("form", f"{text}\0{cookie}")]
        return bool(cookie) and any(hmac.compare_digest(given, each.encode("ascii")) for each in ours)


class FormPages:
    """Pages with a form, each tied to the browser that it goes to."""

    def __init__(self, vault: Vault, *, public_url: str) -> None:
        """public_url: says whether cookies are of the secure kind."""
        self.cookies = Cookies(secure=public_url.startswith("https://"))
        self.tokens, self.pages = Tokens(vault), Pages()

    def page(
        self, request: web.Request, name: str, text: str, *, status: int = 200, **words: Any
    ) -> web.Response:
        """The page of this name. text: of the link, or the address, that its form is for."""
        cookie = self.cookies.form(request) or new_form_cookie()
        response = self.pages.page(name, status=status, token=self.tokens.token(text, cookie), **words)
        if cookie != self.cookies.form(request):
            self.cookies.set_form(response, cookie)
        return response

    def is_ours(self, request: web.Request, text: str, fields: Mapping[str, str]) -> bool:
        """Whether this came from such a page in this browser."""
        fits = self.tokens.fits(text, self.cookies.form(request), fields.get("token", ""))
        return fits and not from_elsewhere(request)


def new_form_cookie() -> str:
    """A form cookie that nobody can guess."""
    return secrets.token_urlsafe(32)


async def read_form(request: web.Request) -> dict[str, str]:
    """The fields of a form, the last of each name. HTTP 413, 415 or 400 for what a page of ours never sends."""
    if request.content_type != _URLENCODED:
        raise web.HTTPUnsupportedMediaType(text="Only the forms of this page are taken.\n")
    if (request.content_length or 0) > LARGEST_FORM:
        raise web.HTTPRequestEntityTooLarge(max_size=LARGEST_FORM, actual_size=request.content_length or 0)
    try:
        body = await request.content.read(LARGEST_FORM + 1)
        while len(body) <= LARGEST_FORM and (more := await request.content.read(LARGEST_FORM + 1)):
            body += more
    except web.RequestPayloadError as error:  # cut off, or compressed and crooked
        raise web.HTTPBadRequest(text="That is not a form of this page.\n") from error
    if len(body) > LARGEST_FORM:
        raise web.HTTPRequestEntityTooLarge(max_size=LARGEST_FORM, actual_size=len(body))
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict"
        )
    except ValueError as error:  # not ASCII, not UTF-8 behind the percent signs, or too many fields
        raise web.HTTPBadRequest(text="That is not a form of this page.\n") from error
    return dict(pairs)


def from_elsewhere(request: web.Request) -> bool:
    """Whether the browser says that another site sent this. Older browsers say nothing, and the token decides."""
    return request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none")


def _sent(request: web.Request, name: str) -> str:
    """The cookie of exactly this name; "" if there is none of its shape, or several that differ.

    Another host of the domain can set one whose name differs by a space that browsers keep and lenient parsers drop, as
    aiohttp's does: then the prefix would hold nothing.
    """
    pairs = ";".join(request.headers.getall("Cookie", [])).split(";")
    parted = (pair.strip(" \t").partition("=") for pair in pairs)
    values = {value for given, _, value in parted if given == name}
    value = values.pop() if len(values) == 1 else ""
    return value if _COOKIE.fullmatch(value) else ""


def _readable(derived: bytes) -> str:
    return base64.urlsafe_b64encode(derived[:24]).decode("ascii")
