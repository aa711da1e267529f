"""What Wicket is to the sign-in provider, as the operator wrote it down: its names, its secret, what it insists on.

It asks nobody, and its secret appears in no repr.
"""

from dataclasses import dataclass, field
from typing import Literal

AuthMethod = Literal["client_secret_basic", "private_key_jwt"]
Matched = Literal["id", "person", "login", "mail"]
"""Which field of a directory account the claim must equal."""


@dataclass(frozen=True, kw_only=True)
class Client:
    """issuer: exactly as the provider writes it. secret: a text, or a private key in PEM for private_key_jwt.

    acr: what a sign-in must have been, one of these; never empty. acr_values: what is asked for. claim, matches: the
    claim that must equal this field of the account. hosts: beside the issuer's, where its endpoints may be.
    apart: the provider checks something else than the directory's password, so a forgotten one can be reset with it.
    ca_file: trusted instead of the system's certificates.
    """

    issuer: str
    client_id: str
    secret: str = field(repr=False)
    redirect_uri: str
    acr: frozenset[str]
    acr_values: str = ""
    scopes: str = "openid"
    auth_method: AuthMethod = "client_secret_basic"
    claim: str = "sub"
    matches: Matched = "id"
    hosts: frozenset[str] = frozenset()
    apart: bool = False
    name: str = "the company's sign-in"
    ca_file: str | None = None
