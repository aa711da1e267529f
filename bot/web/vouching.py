"""The page's way of being vouched for: its forms, carried to their handler, and what the template is shown.

It shows a code only in the browser that asked for it, and answers alike for everybody (P-9).
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from bot.texts import template
from bot.web.deeds import Again, Answer, Deed, Onward, Sent, digits
from handlers.secure_page.looking import Look, Step
from handlers.secure_page.proving import MAIL_DIGITS, RECOVERY_LENGTH, plain_recovery_code
from handlers.secure_page.visits import Proven, Refused, Visitor
from handlers.vouching.being_vouched import BeingVouched, ShownCode

WAY = "vouch"
NEED_CODE = template("Type the eight digits from the mail, or one recovery code.")
NOT_ASKED = template("This link is over, so there is no code. Begin again with a new link.")
NOT_YET = template(
    "That did not work. Either nobody has vouched for you, or the time after it is not over, or the code is not right. "
    "A code works once."
)


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What the template is given. offered: there is such a way. code: None before one was asked for."""

    offered: bool
    code: ShownCode | None = None


class VouchingForms:
    """floor: seconds that each answer takes at least."""

    def __init__(self, being: BeingVouched, *, floor: float) -> None:
        self._being, self._floor = being, floor
        self.table: Mapping[str, Deed] = {
            "ask-vouching": self._ask,
            "cancel-vouching": self._cancel,
        }

    async def shown(self, visitor: Visitor, look: Look, way: str) -> Shown:
        """For the page at this step."""
        offered = look.step == Step.PROVE and self._being.offered(look.purpose)
        if not offered or way != WAY:
            return Shown(offered=offered)
        return Shown(offered=True, code=await self._being.shown(visitor))

    async def give(self, sent: Sent) -> Proven | Refused | Again:
        """Somebody's word with a code of one's own; Again where what was typed is none."""
        typed = "".join(sent["code"].split())
        if digits(typed, MAIL_DIGITS) is None and len(plain_recovery_code(typed)) != RECOVERY_LENGTH:
            return Again(errors={"code": NEED_CODE}, kept={})
        return await self._being.give(sent.visitor, typed)

    async def _ask(self, sent: Sent) -> Answer:
        until = asyncio.get_running_loop().time() + self._floor
        asked = await self._being.ask(sent.visitor)
        await asyncio.sleep(max(0.0, until - asyncio.get_running_loop().time()))
        return Onward(query=f"?way={WAY}") if asked else Again(errors={"": NOT_ASKED}, kept={})

    async def _cancel(self, sent: Sent) -> Answer:
        until = asyncio.get_running_loop().time() + self._floor
        await self._being.cancel(sent.visitor)
        await asyncio.sleep(max(0.0, until - asyncio.get_running_loop().time()))
        return Onward(query=f"?way={WAY}&done=cancelled")
