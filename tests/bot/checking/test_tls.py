"""The lines about certificates, against real servers on this machine."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.checking.tls import examine_page
from storage.directories.base import Finding
from tests.bot.checking.conftest import Installation
from tests.storage.directories.certificates import Authority, Pair

Look = Callable[[Pair], Awaitable[Finding]]


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
async def look(authority: Authority) -> AsyncIterator[Look]:
    """Serve with this certificate at localhost, and examine that."""
    async with AsyncExitStack() as opened:

        async def looked(pair: Pair, trusted: Authority = authority) -> Finding:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(pair.certificate, pair.key)
            server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=context)
            opened.callback(server.close)
            port = server.sockets[0].getsockname()[1]
            trust = ssl.create_default_context(cafile=str(trusted.ca_file))
            [finding] = await examine_page(f"https://localhost:{port}", now=datetime.now(UTC), trust=trust)
            return finding

        yield looked


async def test_a_good_certificate(authority: Authority, look: Look):
    line = await look(authority.issue(ends=80))
    assert (line.level, line.advice) == ("ok", "")
    assert "in 79 days" in line.found


async def test_one_that_ends_soon(authority: Authority, look: Look):
    line = await look(authority.issue(ends=20))
    assert line.level == "warning"
    assert "in 19 days" in line.found
    assert line.advice.startswith("Renew")


async def test_one_that_has_ended(authority: Authority, look: Look):
    line = await look(authority.issue(expired=True))
    assert (line.level, line.found, line.advice) == ("failed", "Its certificate has expired.", "Renew it.")


async def test_one_that_has_not_begun(authority: Authority, look: Look):
    line = await look(authority.issue(starts=3, ends=90))
    assert (line.level, line.found) == ("failed", "Its certificate is not valid yet.")
    assert "clock" in line.advice


async def test_one_of_another_name(authority: Authority, look: Look):
    line = await look(authority.issue("elsewhere.example"))
    assert (line.level, line.found) == ("failed", "Its certificate is for another name.")
    assert line.advice


async def test_one_that_nobody_vouches_for(authority: Authority, look: Look, tmp_path: Path):
    line = await look(authority.issue(ends=80), Authority(tmp_path, "another-ca"))
    assert line.level == "failed"
    assert "Nobody whom this machine trusts" in line.found
    assert "SSL_CERT_FILE" in line.advice


async def test_one_who_answers_in_clear():
    def in_clear(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(in_clear, "127.0.0.1", 0)
    url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    [line] = await examine_page(url, now=datetime.now(UTC), trust=ssl.create_default_context())
    server.close()
    assert line.level == "failed"
    assert line.found.startswith("What answers there agrees on no TLS (")
    assert line.advice


async def test_a_page_that_cannot_be_reached_from_here(install: Installation):
    """Perhaps it can from elsewhere."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # and nobody listens
        url = f"https://127.0.0.1:{held.getsockname()[1]}"
        install.edit({'public_url = "http://localhost:1"': f'public_url = "{url}"'})
        [line] = await install.found("secure page")
    assert line.level == "warning"
    assert line.found.startswith("It cannot be reached from here (")
    assert "If people cannot reach it either" in line.advice


async def test_plain_http_has_no_certificate(install: Installation):
    assert await install.found("secure page") == []
