"""The mail server's lines, against real ones on this machine; none of them ever gets a mail."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from bot.checking.mail import examine_mail
from bot.settings import MailSection
from storage.directories.base import Finding
from tests.storage.directories.certificates import Authority

PASSWORD = "canary-of-the-mail-server"
Serve = Callable[..., Awaitable[int]]


@dataclass
class Letters:
    """What the server was told: it must never be told of a letter."""

    commands: list[str] = field(default_factory=list)

    async def handle_MAIL(  # noqa: N802 - the name that aiosmtpd calls
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.commands.append(address)
        return "250 OK"


def _login(server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: object) -> AuthResult:
    assert isinstance(given, LoginPassword)
    right = given.password == PASSWORD.encode()
    # A server that repeats what it was told, as some do.
    said = None if right else f"535 wrong: {given.password.decode()}"
    return AuthResult(success=right, handled=False, message=said)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def letters() -> Letters:
    return Letters()


@pytest.fixture
async def serve(authority: Authority, letters: Letters) -> AsyncIterator[Serve]:
    """Start a mail server; its port. encrypted: from the first byte on. days: until its certificate ends."""
    async with AsyncExitStack() as opened:

        async def served(*, encrypted: bool = False, days: int = 80, **more: Any) -> int:
            pair = authority.issue(ends=days)
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(pair.certificate, pair.key)
            if more.pop("starttls", False):
                more["tls_context"] = context
            server = await asyncio.get_running_loop().create_server(
                lambda: SMTP(letters, hostname="localhost", **more),
                "127.0.0.1", 0, ssl=context if encrypted else None,
            )  # fmt: skip
            opened.callback(server.close)
            return int(server.sockets[0].getsockname()[1])

        yield served
    assert letters.commands == []


@pytest.fixture
def look(authority: Authority) -> Callable[..., Awaitable[list[Finding]]]:
    async def looked(
        port: int,
        encryption: str,
        *,
        password: str | None = None,
        trusted: Authority = authority,
        **more: Any,
    ) -> list[Finding]:
        mail = MailSection(host="localhost", port=port, sender="w@example.com", encryption=encryption, **more)
        trust = ssl.create_default_context(cafile=str(trusted.ca_file))
        return await examine_mail(mail, password, now=datetime.now(UTC), trust=trust)

    return looked


async def test_a_server_in_clear_on_this_machine(serve: Serve, look: Any):
    [line] = await look(await serve(), "none")
    assert (line.level, line.found) == ("ok", "It answers as a mail server.")


async def test_starttls_and_its_certificate(serve: Serve, look: Any):
    answers, certificate = await look(await serve(starttls=True), "starttls")
    assert (answers.level, certificate.level) == ("ok", "ok")
    assert "in 79 days" in certificate.found


async def test_tls_from_the_first_byte_on_and_a_certificate_that_ends_soon(serve: Serve, look: Any):
    answers, certificate = await look(await serve(encrypted=True, days=10), "tls")
    assert (answers.level, certificate.level) == ("ok", "warning")
    assert certificate.advice.startswith("Renew")


@pytest.mark.parametrize("encryption", ["starttls", "tls"])
async def test_a_certificate_that_nobody_vouches_for(
    serve: Serve, look: Any, tmp_path: Path, encryption: str
):
    port = await serve(encrypted=encryption == "tls", starttls=encryption == "starttls")
    [line] = await look(port, encryption, trusted=Authority(tmp_path, "another-ca"))
    assert line.level == "failed"
    assert "Nobody whom this machine trusts" in line.found


async def test_a_server_that_offers_no_encryption_gets_no_password(serve: Serve, look: Any):
    [line] = await look(await serve(), "starttls", username="wicket", password=PASSWORD)
    assert (line.level, line.found) == ("failed", "It answers, but does not offer STARTTLS.")
    assert 'encryption = "tls"' in line.advice


async def test_signing_in(serve: Serve, look: Any):
    port = await serve(starttls=True, authenticator=_login, auth_require_tls=True)
    *_, login = await look(port, "starttls", username="wicket", password=PASSWORD)
    assert (login.about, login.level) == ("login", "ok")


async def test_a_wrong_password_is_told_and_not_shown(serve: Serve, look: Any):
    """N-2: the server of this test repeats it."""
    port = await serve(starttls=True, authenticator=_login, auth_require_tls=True)
    found = await look(port, "starttls", username="wicket", password="canary-wrong")
    assert found[-1].level == "failed"
    assert "(535)" in found[-1].found
    assert "WICKET_SMTP_PASSWORD" in found[-1].advice
    assert "canary" not in str(found)


async def test_a_server_that_takes_no_sign_in(serve: Serve, look: Any):
    *_, login = await look(await serve(), "none", username="wicket", password=PASSWORD)
    assert (login.level, login.found) == (
        "failed",
        "The server takes no sign-in that Wicket knows (SMTPException).",
    )


async def test_a_password_that_is_not_given(serve: Serve, look: Any):
    *_, login = await look(await serve(), "none", username="wicket")
    assert login.level == "warning"
    assert "WICKET_SMTP_PASSWORD is not given" in login.found


async def test_nobody_who_answers(serve: Serve, look: Any):
    [line] = await look(1, "starttls")
    assert line.level == "failed"
    assert "Nothing answers there as a mail server" in line.found
    assert "until it answers, no letter arrives" in line.advice
