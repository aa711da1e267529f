"""The forms of the visit that a petition for lost proofs opens: what is left is shown, then a new proof is set up.

What was typed or answered goes to its handler unread, and is shown to nobody.
"""

import asyncio
from collections.abc import Mapping

from bot.texts import template
from bot.web.caring import answer_in
from bot.web.deeds import NEED_SIX, Again, Answer, Deed, Onward, Sent, digits, six_digits
from bot.web.rendering import Pages
from handlers.secure_page.enrolment import Codes
from handlers.secure_page.proving import MAIL_DIGITS, Proving
from handlers.secure_page.regaining import Regaining
from handlers.secure_page.visits import NotYet, Over, Proven, Refused

NEED_MAILED = template("Type the eight digits from the mail.")
NEED_PASSWORD = template("Type your password.")


class RegainingForms:
    """floor: seconds that sending a code takes at least. refused: the sentence for whatever did not work (P-9)."""

    def __init__(
        self,
        regaining: Regaining,
        proving: Proving,
        pages: Pages,
        *,
        floor: float,
        refused: str,
    ) -> None:
        self._regaining, self._proving, self._pages = regaining, proving, pages
        self._floor, self._refused = floor, refused
        self.table: Mapping[str, Deed] = {
            "regain-password": self._give_password,
            "regain-send": self._send,
            "regain-mailed": self._give_mailed,
            "regain-key": self._confirm,
            "regain-passkey": self._add_passkey,
        }

    async def _give_password(self, sent: Sent) -> Answer:
        if not sent["password"]:
            return Again(errors={"password": NEED_PASSWORD}, kept={})
        return await self._shown(sent, await self._regaining.give_password(sent.visitor, sent["password"]))

    async def _send(self, sent: Sent) -> Answer:
        until = asyncio.get_running_loop().time() + self._floor
        await self._proving.send_mail_code(sent.visitor)
        await asyncio.sleep(max(0.0, until - asyncio.get_running_loop().time()))
        return Onward(query="?way=recovery&sent=1")

    async def _give_mailed(self, sent: Sent) -> Answer:
        mailed = digits(sent["mailed"], MAIL_DIGITS)
        if mailed is None:
            return Again(errors={"mailed": NEED_MAILED}, kept={})
        return await self._shown(sent, await self._regaining.give_mail_code(sent.visitor, mailed))

    async def _shown(self, sent: Sent, answer: Proven | Refused) -> Answer:
        if isinstance(answer, Refused):
            return Again(errors={"": self._refused}, kept={})
        await self._regaining.offer_key(sent.visitor, session=answer.session)
        return Onward(session=answer.session)

    async def _confirm(self, sent: Sent) -> Answer:
        code = six_digits(sent["code"])
        if code is None:
            return Again(errors={"code": NEED_SIX}, kept={})
        return self._after(await self._regaining.confirm(sent.visitor, code), "code")

    async def _add_passkey(self, sent: Sent) -> Answer:
        return self._after(await self._regaining.add_passkey(sent.visitor, answer_in(sent), sent["name"]), "")

    def _after(self, outcome: Codes | NotYet | Over, field: str) -> Answer:
        if isinstance(outcome, Codes):
            return self._pages.page("codes", codes=outcome.codes)
        return Again(errors={field: outcome.reason}, kept={}) if isinstance(outcome, NotYet) else Onward()
