"""People with passkeys: how one is made and shown at the handlers, as the page does it.

It pretends nothing: challenges, signatures and rows are real.
"""

from dataclasses import replace

from handlers.secure_page.adding import Made
from handlers.secure_page.visits import Proven, Refused, Visitor
from storage.states import Purpose
from tests.handlers.page_ground import OLD_PASSWORD, World
from tests.soft_authenticator import HONEST, Authenticator, Lies

ORIGIN = "https://wicket.example.com"
BROWSER = "B" * 43


async def cared(page: World, account: str = "ada") -> Visitor:
    """They entered the care page: by password, and by their authenticator's code if they have one."""
    visitor = replace(await page.opened(Purpose.CARE, account), form_cookie=BROWSER)
    visitor = _after(visitor, await page.enrolment.sign_in(visitor, OLD_PASSWORD))
    if account in page.seeds:
        visitor = _after(visitor, await page.proving.give_totp(visitor, page.code(account)))
        page.clock.forward(seconds=60)
    return visitor


async def made(
    page: World, visitor: Visitor, *, name: str = "", synced: bool = False, counts: bool = True
) -> Authenticator:
    """A passkey of theirs on a device of its own."""
    device = Authenticator(origin=ORIGIN, synced=synced, counts=counts)
    options = await page.adding.ask_passkey(visitor)
    assert options is not None
    assert isinstance(await page.adding.add_passkey(visitor, device.make(options), name), Made)
    return device


async def shows(
    page: World, visitor: Visitor, device: Authenticator, lies: Lies = HONEST
) -> Proven | Refused:
    """They show the passkey on this device."""
    options = await page.passkeys.ask(visitor)
    assert options is not None
    return await page.passkeys.show(visitor, device.show(options, lies))


async def opened(page: World, purpose: Purpose = Purpose.RESET, account: str = "ada") -> Visitor:
    """A fresh link in a browser that has its cookie."""
    return replace(await page.opened(purpose, account), form_cookie=BROWSER)


def _after(visitor: Visitor, answer: Proven | Refused) -> Visitor:
    assert isinstance(answer, Proven)
    return replace(visitor, session=answer.session)
