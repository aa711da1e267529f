"""A secure page with a sign-in provider behind it: somebody goes there, signs in, and comes back to the visit.

It does with the browser's part what a browser would, and lets a test change anything on the way.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from handlers.secure_page.signing_in import Back, SignIns
from handlers.secure_page.visits import Proven, Refused, Visitor
from storage.oidc.client import Client
from storage.oidc.provider import Provider
from storage.states import Purpose
from tests.handlers.page_ground import World, world
from tests.oidc.provider import CLIENT_ID, SECRET, StandIn, standing_in

COOKIE = "b" * 43


def client_of(stand_in: StandIn, **otherwise: Any) -> Client:
    """Wicket as this provider knows it. otherwise: what a test wants different."""
    made = Client(
        issuer=stand_in.issuer,
        client_id=CLIENT_ID,
        secret=SECRET,
        redirect_uri="http://127.0.0.1:1/signed-in",
        acr=frozenset({"phr"}),
        acr_values="phr",
        claim="employee",
        matches="id",
        apart=True,
        name="Example sign-in",
    )
    return replace(made, **otherwise)


@dataclass
class Visits:
    """The page's people and the provider."""

    world: World
    provider: StandIn
    sign_ins: SignIns

    async def gone(self, purpose: Purpose = Purpose.RESET, account: str = "ada") -> tuple[Visitor, str]:
        """Somebody opens a link and goes to sign in: they, with their cookie, and the address they are sent to."""
        visitor = replace(await self.world.opened(purpose, account), browser=COOKIE)
        address = await self.sign_ins.begin(visitor, COOKIE)
        assert address is not None
        return visitor, address

    async def back(self, visitor: Visitor, address: str, **otherwise: str) -> Proven | Refused:
        """They sign in and come back. otherwise: of what their browser brings."""
        return await self.sign_ins.finish(visitor, self.brought(address, **otherwise))

    def brought(self, address: str, **otherwise: str) -> Back:
        """What the provider sends them back with."""
        back = self.provider.signs_in(address)
        said = {"state": back["state"], "code": back["code"], "issuer": back.get("iss", ""), **otherwise}
        return Back(**said)

    async def signs_in(self, purpose: Purpose = Purpose.RESET, account: str = "ada") -> Proven | Refused:
        """The whole way."""
        return await self.back(*await self.gone(purpose, account))

    async def why(self, action: str = "proof.given") -> str:
        """Why the last one was not accepted, as the record has it."""
        outcome, why = (await self.world.audited(action))[-1]
        assert outcome == "refused"
        return str(why)


@asynccontextmanager
async def visits(folder: Path, name: str = "127.0.0.1", **otherwise: Any) -> AsyncIterator[Visits]:
    """The page of `page_ground`, and a provider at which Ada is the employee "ada". otherwise: of the client.

    name: of the provider; by another than the page's it is another site to a browser.
    """
    async with world(folder) as made, standing_in(lambda: made.clock().timestamp(), name) as stand_in:
        stand_in.who.claims["employee"] = "ada"
        client = client_of(stand_in, **otherwise)
        stand_in.redirect_uri = client.redirect_uri
        provider = Provider(client, made.clock, within=1.0)
        made.ground = replace(made.ground, provider=provider)
        made.__post_init__()
        yield Visits(made, stand_in, SignIns(made.ground, made.linking))
        await provider.close()
