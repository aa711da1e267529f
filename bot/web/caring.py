"""Looking after one's proofs, and passkeys, on the secure page: its forms, and what the one script there asks for.

What a browser's authenticator answered goes to its handler unread, and is shown to nobody.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from bot.web.deeds import NEED_SIX, Again, Answer, Deed, Onward, Sent, six_digits
from bot.web.rendering import Pages
from handlers.secure_page.adding import Adding
from handlers.secure_page.care import Care
from handlers.secure_page.enrolment import Codes, Enrolment
from handlers.secure_page.passkeys import Passkeys
from handlers.secure_page.regaining import Regaining
from handlers.secure_page.visits import NotYet, Over, PageGround, Visitor

_ID_IN = "passkey"


class CaringForms:
    """The forms of the care page. Every one of them works without a script, but for the making of a passkey."""

    def __init__(
        self,
        ground: PageGround,
        pages: Pages,
        *,
        adding: Adding,
        enrolment: Enrolment,
        address: Callable[[str], str],
    ) -> None:
        self._pages, self._adding, self._enrolment, self._address = pages, adding, enrolment, address
        self._care = Care(ground)
        self.table: Mapping[str, Deed] = {
            "add-passkey": self._add_passkey,
            "rename": self._rename,
            "remove": self._remove,
            "new-key": self._new_key,
            "drop-key": self._drop_key,
            "add-key": self._add_key,
            "remove-key": self._remove_key,
            "new-codes": self._new_codes,
        }

    async def _add_passkey(self, sent: Sent) -> Answer:
        made = await self._adding.add_passkey(sent.visitor, answer_in(sent), sent["name"])
        return _after(made, "", "added")

    async def _rename(self, sent: Sent) -> Answer:
        passkey = sent[_ID_IN]
        return _after(
            await self._care.rename(sent.visitor, passkey, sent["name"]), f"name-{passkey}", "renamed"
        )

    async def _remove(self, sent: Sent) -> Answer:
        return _after(await self._care.remove_passkey(sent.visitor, sent[_ID_IN]), "", "removed")

    async def _new_key(self, sent: Sent) -> Answer:
        await self._enrolment.offer_key(sent.visitor)
        return Onward()

    async def _drop_key(self, sent: Sent) -> Answer:
        await self._adding.give_up_authenticator(sent.visitor)
        return Onward()

    async def _add_key(self, sent: Sent) -> Answer:
        code = six_digits(sent["code"])
        if code is None:
            return Again(errors={"code": NEED_SIX}, kept={})
        return _after(await self._adding.add_authenticator(sent.visitor, code), "code", "added")

    async def _remove_key(self, sent: Sent) -> Answer:
        return _after(await self._care.remove_authenticator(sent.visitor), "", "removed")

    async def _new_codes(self, sent: Sent) -> Answer:
        answer = await self._adding.new_codes(sent.visitor)
        if isinstance(answer, Codes):
            return self._pages.page("codes", codes=answer.codes, back=self._address(sent.visitor.text))
        return _after(answer, "", "added")


class PasskeyOptions:
    """What the script of the page asks for before it turns to the authenticator."""

    def __init__(self, passkeys: Passkeys, adding: Adding, regaining: Regaining) -> None:
        self._ask = {"show": passkeys.ask, "make": self._make}
        self._adding, self._regaining = adding, regaining

    async def _make(self, visitor: Visitor) -> dict[str, Any] | None:
        """For whoever looks after their proofs, or for whoever lost all."""
        return await self._adding.ask_passkey(visitor) or await self._regaining.ask_passkey(visitor)

    async def answer(self, visitor: Visitor, kind: str) -> web.Response:
        """The options as JSON; 409 where there is nothing to ask an authenticator for."""
        ask = self._ask.get(kind)
        options = await ask(visitor) if ask is not None else None
        return web.Response(
            status=200 if options is not None else 409,
            text=json.dumps(options),
            content_type="application/json",
        )


def answer_in(sent: Sent) -> str:
    """What the authenticator answered, as the script put it into the form: longer than anything that is typed."""
    return sent.fields.get("answer", "")


def _after(outcome: object, field: str, done: str) -> Answer:
    """What follows a change: the reason at its field, or the list with what was done."""
    if isinstance(outcome, NotYet):
        return Again(errors={field: outcome.reason}, kept={})
    return Onward() if isinstance(outcome, Over) else Onward(query=f"?done={done}")
