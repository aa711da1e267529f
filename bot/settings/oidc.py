"""[oidc]: the company's sign-in provider, and when a sign-in there is a proof.

Its secret has no place here: it comes from WICKET_OIDC_CLIENT_SECRET.
"""

import re
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from bot.settings.section import Section
from bot.settings.shapes import Line, is_loopback
from storage.oidc.client import AuthMethod, Client, Matched

_TOKEN = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")


def _issuer(value: str) -> str:
    """Kept letter by letter, for the provider's tokens must say the same."""
    try:
        parts = urlsplit(value)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        parts, host = urlsplit(""), ""
    if parts.scheme not in {"http", "https"} or not host or parts.username is not None:
        raise ValueError('is not a web address. Write it as the provider does: "https://login.example.com"')
    if "?" in value or "#" in value:
        raise ValueError("has no question mark and no number sign. Write it as the provider does")
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError("must begin with https://, or anybody between could say who signed in")
    return value


def _scopes(value: str) -> str:
    words = value.split(" ")
    if "openid" not in words or not all(_TOKEN.fullmatch(word) for word in words):
        raise ValueError('are words with single spaces between, "openid" among them: "openid email"')
    return value


def _host(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9.-]+(?::\d{1,5})?", value):
        raise ValueError('is not a host. Write it alone, with its port if it has one: "keys.example.com"')
    return value


def _acr(value: str) -> str:
    if not _TOKEN.fullmatch(value):
        raise ValueError("is one word, as the provider writes it")
    return value


class OidcSection(Section):
    """Where people sign in, as what Wicket is known there, and what a sign-in must have been to count."""

    issuer: Annotated[Line, AfterValidator(_issuer)] = Field(examples=["https://login.example.com"])
    client_id: Line = Field(examples=["wicket"])
    acr: tuple[Annotated[str, AfterValidator(_acr)], ...] = Field(min_length=1, examples=[["phr"]])
    claim: Line = Field(examples=["employee_id"])
    matches: Matched = Field(examples=["person"])
    name: Line = Field(default="the company's sign-in", max_length=40, examples=["Example sign-in"])
    scopes: Annotated[str, AfterValidator(_scopes)] = Field(default="openid", examples=["openid email"])
    acr_values: tuple[Annotated[str, AfterValidator(_acr)], ...] = Field(default=(), examples=[["phr"]])
    auth_method: AuthMethod = Field(default="client_secret_basic", examples=["client_secret_basic"])
    hosts: tuple[Annotated[str, AfterValidator(_host)], ...] = Field(
        default=(), examples=[["keys.example.com"]]
    )
    apart: bool = Field(default=False, examples=[False])
    ca_file: Path | None = Field(default=None, examples=["login-ca.pem"])

    @model_validator(mode="after")
    def _mail_is_asked_for(self) -> Self:
        if self.claim == "email" and "email" not in self.scopes.split(" "):
            raise ValueError('claim = "email" needs its scope. Write, under [oidc]: scopes = "openid email"')
        return self

    def client(self, *, secret: str, redirect_uri: str) -> Client:
        """What Wicket is there."""
        return Client(
            issuer=self.issuer,
            client_id=self.client_id,
            secret=secret,
            redirect_uri=redirect_uri,
            acr=frozenset(self.acr),
            acr_values=" ".join(self.acr_values or self.acr),
            scopes=self.scopes,
            auth_method=self.auth_method,
            claim=self.claim,
            matches=self.matches,
            hosts=frozenset(self.hosts),
            apart=self.apart,
            name=self.name,
            ca_file=str(self.ca_file) if self.ca_file else None,
        )
