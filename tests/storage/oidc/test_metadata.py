"""What a provider publishes of itself is used over TLS alone, wherever its endpoints are."""

from typing import Any

import pytest

from storage.oidc.client import Client
from storage.oidc.metadata import Metadata, Misfit, read

ISSUER = "https://login.example.com"


def _client() -> Client:
    return Client(
        issuer=ISSUER,
        client_id="wicket",
        secret="not one",
        redirect_uri="https://wicket.example.com/signed-in",
        acr=frozenset({"phr"}),
    )


def _published(**otherwise: Any) -> dict[str, Any]:
    return {
        "issuer": ISSUER,
        "authorization_endpoint": f"{ISSUER}/authorize",
        "token_endpoint": f"{ISSUER}/token",
        "jwks_uri": f"{ISSUER}/keys",
        **otherwise,
    }


@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
def test_an_endpoint_in_clear_is_refused_though_its_host_and_port_are_right(name: str) -> None:
    """By the same port in clear, anybody between could give us keys of their own."""
    assert isinstance(read(_published(), _client()), Metadata)
    found = read(_published(**{name: "http://login.example.com:443/x"}), _client())
    assert found == Misfit(why=f"Its {name} is missing or does not begin with https://.")
