"""[oidc] and [front_door]: what they may hold, and that a provider nobody could trust is refused at the start."""

from typing import Any

import pytest
from pydantic import ValidationError

from bot.settings.oidc import OidcSection
from bot.settings.sections import FrontDoorSection, ServerSection

GOOD: dict[str, Any] = {
    "issuer": "https://login.example.com/tenant/",
    "client_id": "wicket",
    "acr": ["phr"],
    "claim": "employee_id",
    "matches": "person",
}


def test_what_is_written_is_what_the_client_insists_on() -> None:
    section = OidcSection(**GOOD, hosts=["keys.example.com"])
    client = section.client(secret="canary", redirect_uri="https://wicket.example.com/signed-in")
    assert (client.issuer, client.acr, client.acr_values) == (GOOD["issuer"], frozenset({"phr"}), "phr")
    assert (client.apart, "canary" in repr(client)) == (False, False)


@pytest.mark.parametrize(
    "wrong",
    [
        {"issuer": "http://login.example.com"},
        {"issuer": "login.example.com"},
        {"issuer": "https://me@login.example.com"},
        {"issuer": "https://login.example.com?x=1"},
        {"acr": []},
        {"acr": ["two words"]},
        {"scopes": "email"},
        {"scopes": "openid  email"},
        {"claim": "email", "matches": "mail"},
        {"matches": "name"},
        {"auth_method": "client_secret_post"},
        {"hosts": ["https://keys.example.com"]},
    ],
)
def test_what_could_not_be_trusted_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        OidcSection(**{**GOOD, **wrong})


def test_the_front_door_is_open_unless_it_is_shut_and_proxies_are_named() -> None:
    assert FrontDoorSection().open
    page = ServerSection(public_url="https://wicket.example.com", trusted_proxies=["10.0.0.5", "10.1.0.0/16"])
    assert page.trusted_proxies == ("10.0.0.5/32", "10.1.0.0/16")
    with pytest.raises(ValidationError):
        ServerSection(public_url="https://wicket.example.com", trusted_proxies=["proxy.example.com"])
