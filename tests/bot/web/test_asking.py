"""The page at /ask: so many petitions from one address, and none that another site sent."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from bot.metrics import Metrics
from bot.web.asking import ASKED, AskingPage
from bot.web.front_door import NOT_FROM_HERE, TOO_MANY, DoorWidth
from handlers.petitions.front_door import PetitionDoor
from storage.records import Petition
from tests.bot.web.serving import Browser, serving
from tests.handlers.petition_ground import Square, square


@pytest.fixture
async def sq(tmp_path: Path) -> AsyncIterator[Square]:
    """Where petitions are asked."""
    async with square(tmp_path) as made:
        yield made


@pytest.fixture
async def browser(sq: Square) -> AsyncIterator[Browser]:
    """A browser before the page, which takes two an hour from one address."""
    width = DoorWidth(directory="staff", an_hour_from_one_address=2)

    def page(origin: str) -> AskingPage:
        door, metrics = PetitionDoor(sq.ground, directory="staff"), Metrics.in_registry(CollectorRegistry())
        return AskingPage(door, sq.page.ground, width, public_url=origin, metrics=metrics, floor=0)

    async with serving(sq.page, more=lambda origin: page(origin).routes()) as origin, Browser(origin) as made:
        yield made


TYPED = {"what": "proofs", "words": "My phone is gone"}


async def test_one_address_asks_so_often_and_no_header_makes_it_another(sq: Square, browser: Browser) -> None:
    """P-7, P-14: whoever asks for one after the other holds up nobody's help desk."""
    for login in ("nobody", "no one"):
        await browser.open("/ask")
        assert ASKED[0] in (await browser.send("ask", login=login, **TYPED)).text
    form = (await browser.open("/ask")).form("ask").fields
    asked = {**form, **TYPED, "login": "ada"}
    answer = await browser.post("/ask", asked, **{"X-Forwarded-For": "198.51.100.7"})
    assert (answer.status, TOO_MANY[0] in answer.text) == (429, True)
    assert await sq.page.rows(Petition) == []


async def test_what_another_site_sends_asks_nothing(sq: Square, browser: Browser) -> None:
    """P-14: somebody else's browser is no way to ask in their name."""
    form = (await browser.open("/ask")).form("ask").fields
    asked = {**form, **TYPED, "login": "ada"}
    for fields, site in ((asked, "cross-site"), ({**asked, "token": "x"}, "same-origin")):
        answer = await browser.post("/ask", fields, **{"Sec-Fetch-Site": site})
        assert (answer.status, NOT_FROM_HERE in answer.text) == (403, True)
    assert await sq.page.rows(Petition) == []
