"""The way to the company's sign-in and back: a page that leaves for it, and one that takes up what came back.

Only the provider's own address is ever gone to, and coming back by itself changes nothing: a form must follow.
"""

from collections.abc import Mapping

from aiohttp import web

from bot.texts import template
from bot.web.forms import FormPages, new_form_cookie
from handlers.secure_page.signing_in import Back, SignIns
from handlers.secure_page.visits import Visitor

RETURN_PATH = "/signed-in"
_LONGEST = 2048

NOT_HERE = (
    template("This sign-in is over, or it began in another browser."),
    template("Nothing was done. Go back to the page where you began, and sign in again from there."),
)


class SigningIn:
    """The two pages of it."""

    def __init__(self, sign_ins: SignIns, forms: FormPages) -> None:
        self._sign_ins, self._forms = sign_ins, forms

    async def leave(self, visitor: Visitor) -> web.Response | None:
        """A page that goes to the provider at once, by a link where it does not; None if nothing can come of it.

        No redirect: browsers hold a form to the places that the policy names, and a provider may send on from its own.
        """
        browser = new_form_cookie()
        address = await self._sign_ins.begin(visitor, browser)
        if address is None:
            return None
        response = self._forms.pages.page("leave", address=address)
        self._forms.cookies.set_sign_in(response, browser)
        return response

    async def returned(self, request: web.Request) -> web.Response:
        """GET: what the provider sent a browser back with, as a form to the visit that it belongs to."""
        query = request.query
        back = {name: query.get(name, "")[:_LONGEST] for name in ("code", "state", "iss", "error")}
        text = await self._sign_ins.link_of(back["state"], self._forms.cookies.sign_in(request))
        if text is None:
            return self._forms.pages.ended("⌛", *NOT_HERE, status=403)
        return self._forms.page(request, "returned", text, here=f"/p/{text}", back=back)


def brought_back(fields: Mapping[str, str]) -> Back:
    """What the form of that page carries on."""
    state, code, issuer, error = (
        fields.get(name, "")[:_LONGEST] for name in ("state", "code", "iss", "error")
    )
    return Back(state=state, code=code, issuer=issuer, error=error)
