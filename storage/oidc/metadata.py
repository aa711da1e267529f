"""What the provider publishes of itself (OpenID Connect Discovery 1.0), read strictly: what does not fit is refused.

It asks nobody and guesses nothing that is missing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from storage.oidc.client import Client
from storage.oidc.fetching import place
from storage.oidc.tokens import ALGORITHMS

WELL_KNOWN = "/.well-known/openid-configuration"


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """The provider's endpoints. says_issuer: its name stands in each answer (RFC 9207)."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    says_issuer: bool


@dataclass(frozen=True, kw_only=True)
class Misfit:
    """The provider cannot be used as it is. why: a sentence for an operator."""

    why: str


def discovery_url(issuer: str) -> str:
    """Where the provider publishes itself (Discovery 1.0, section 4.1)."""
    return issuer.removesuffix("/") + WELL_KNOWN


def hosts_of(client: Client) -> frozenset[str]:
    """The hosts that may be asked: the issuer's and those that the operator added."""
    secure = urlsplit(client.issuer).scheme == "https"
    added = (place(f"{'https' if secure else 'http'}://{host}") for host in client.hosts)
    return frozenset({place(client.issuer), *added}) - {""}


def read(body: Mapping[str, Any], client: Client) -> Metadata | Misfit:
    """What the document says, or why this client cannot work with it."""
    if body.get("issuer") != client.issuer:
        return Misfit(why="It calls itself by another name than [oidc] issuer, letter by letter.")
    names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    scheme, hosts = urlsplit(client.issuer).scheme, hosts_of(client)
    for name in names:
        url = body.get(name)
        if not isinstance(url, str) or not place(url) or urlsplit(url).scheme != scheme:
            return Misfit(why=f"Its {name} is missing or does not begin with {scheme}://.")
        if place(url) not in hosts:
            return Misfit(
                why=f"Its {name} is on the host {urlsplit(url).hostname}, which is not in [oidc] hosts."
            )
    if "S256" not in _listed(body, "code_challenge_methods_supported", ["S256"]):
        return Misfit(why="It does not take PKCE with S256.")
    if client.auth_method not in _listed(
        body, "token_endpoint_auth_methods_supported", ["client_secret_basic"]
    ):
        return Misfit(why=f"It does not take {client.auth_method} at its token endpoint.")
    if not ALGORITHMS & set(_listed(body, "id_token_signing_alg_values_supported", ["RS256"])):
        return Misfit(why="It signs its tokens with no algorithm that Wicket takes.")
    return Metadata(
        authorization_endpoint=str(body["authorization_endpoint"]),
        token_endpoint=str(body["token_endpoint"]),
        jwks_uri=str(body["jwks_uri"]),
        says_issuer=body.get("authorization_response_iss_parameter_supported") is True,
    )


def _listed(body: Mapping[str, Any], name: str, unsaid: list[str]) -> list[str]:
    """A list of the document; `unsaid` where it says nothing, as the specification has it."""
    found = body.get(name, unsaid)
    return [each for each in found if isinstance(each, str)] if isinstance(found, list) else []
