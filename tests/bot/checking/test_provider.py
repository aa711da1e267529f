"""The lines about the sign-in provider, against one on this machine; nobody is sent there."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from bot.checking.provider import examine_provider
from storage.clock import utc_now
from tests.oidc.provider import Lies, StandIn, standing_in
from tests.oidc.visits import client_of


@pytest.fixture
async def provider() -> AsyncIterator[StandIn]:
    """One that is as it should be."""
    async with standing_in() as made:
        yield made


async def _levels(provider: StandIn, **client: Any) -> dict[str, str]:
    found = await examine_provider(client_of(provider, apart=False, **client), now=utc_now())
    return {each.about: each.level for each in found}


async def test_a_provider_that_fits_is_well_and_is_asked_for_no_token(provider: StandIn) -> None:
    assert await _levels(provider) == {"provider": "ok", "keys": "ok", "its clock": "ok"}
    assert provider.asked == {"discovery": 1, "keys": 1}


async def test_what_does_not_fit_is_named_with_what_to_do(provider: StandIn) -> None:
    provider.lies = Lies(discovery={"token_endpoint": "http://keys.example.com/token"})
    (found,) = await examine_provider(client_of(provider), now=utc_now())
    assert (found.level, "keys.example.com" in found.found, bool(found.advice)) == ("failed", True, True)


async def test_a_provider_that_is_away_or_without_keys_fails(provider: StandIn) -> None:
    provider.lies = Lies(status={"discovery": 404})
    assert await _levels(provider) == {"provider": "failed"}
    provider.lies = Lies(body={"keys": b'{"keys":[]}'})
    assert (await _levels(provider))["keys"] == "failed"
    assert await _levels(provider, issuer="http://127.0.0.1:9") == {"provider": "failed"}


@pytest.mark.parametrize(("apart", "level"), [(5, "ok"), (40, "warning"), (90, "failed")])
async def test_its_clock_is_held_beside_ours(provider: StandIn, apart: int, level: str) -> None:
    found = await examine_provider(client_of(provider), now=utc_now() + timedelta(seconds=apart))
    assert {each.about: each.level for each in found}["its clock"] == level


async def test_what_depends_on_the_operators_word_is_asked_about(provider: StandIn) -> None:
    found = await examine_provider(client_of(provider, apart=True), now=utc_now())
    assert {each.about: each.level for each in found}["apart"] == "warning"
