"""The ways out: a file that is only added to, and a collector over HTTP that may refuse, redirect or be away."""

import asyncio
import errno
import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.siem import sinks
from bot.siem.sinks import File, Http
from handlers.audit.streaming import NotTaken

TOKEN = "Bearer s3cret"


async def test_a_file_is_added_to_and_may_be_rotated(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    await File(file).deliver(b"1\n")
    await File(file).deliver(b"2\n")
    assert file.read_bytes() == b"1\n2\n"
    assert file.stat().st_mode & 0o777 == 0o640 & ~_umask()
    file.rename(tmp_path / "events.1")
    await File(file).deliver(b"3\n")
    assert file.read_bytes() == b"3\n"


async def test_a_line_that_a_crash_cut_off_is_ended(tmp_path: Path) -> None:
    """It comes again as a whole, and spoils no other."""
    file = tmp_path / "events.jsonl"
    file.write_bytes(b'1\n{"hal')
    await File(file).deliver(b"2\n")
    assert file.read_bytes() == b'1\n{"hal\n2\n'


async def test_what_was_taken_is_on_disk_and_so_is_the_name_of_a_new_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """O-1: the cursor moves once this returns, and what it moved over never comes again."""
    file, synced, real = tmp_path / "events.jsonl", list[tuple[int, int]](), os.fsync

    def fsync(opened: int) -> None:
        real(opened)
        found = os.fstat(opened)
        synced.append((found.st_ino, found.st_size))

    def is_on_disk() -> tuple[bool, bool]:
        found = file.stat()
        seen = ((found.st_ino, found.st_size) in synced, tmp_path.stat().st_ino in dict(synced))
        synced.clear()
        return seen

    monkeypatch.setattr(os, "fsync", fsync)
    await File(file).deliver(b"1\n")
    assert is_on_disk() == (True, True)
    await File(file).deliver(b"2\n")
    assert is_on_disk() == (True, False)
    file.rename(tmp_path / "events.1")
    await File(file).deliver(b"3\n")
    assert is_on_disk() == (True, True)


async def test_what_the_disk_did_not_keep_was_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fsync(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(NotTaken, match="Input/output error"):
        await File(tmp_path / "events.jsonl").deliver(b"1\n")


async def test_a_file_that_cannot_be_written_takes_nothing(tmp_path: Path) -> None:
    """Nor is a link followed, by which somebody could have another file written to."""
    with pytest.raises(NotTaken, match="No such file"):
        await File(tmp_path / "nowhere" / "events.jsonl").deliver(b"1\n")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(NotTaken):
        await File(tmp_path / "link").deliver(b"1\n")
    assert not (tmp_path / "elsewhere").exists()


class Collector:
    """A collector that answers as it is told, and keeps what it accepted."""

    def __init__(self) -> None:
        self.status, self.headers = 200, dict[str, str]()
        self.bodies: list[bytes] = []
        self.tokens: list[str] = []
        self.breaks, self.waits = "", asyncio.Event()
        self.waits.set()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.tokens.append(request.headers.get("Authorization", ""))
        if self.breaks == "in the body":
            await request.content.read(1000)
            return _gone(request)
        body = await request.read()
        await self.waits.wait()
        if self.breaks == "in the answer's head":
            return _gone(request, b"HTTP/1.1 200 OK\r\nContent-Ty")
        if self.breaks == "in the answer's body":
            return _gone(request, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhal")
        if self.status == 200:
            self.bodies.append(body)
        return web.Response(status=self.status, headers=self.headers)


@pytest.fixture
async def collector() -> AsyncIterator[tuple[Collector, Http]]:
    made = Collector()
    app = web.Application()
    app.router.add_post("/{any:.*}", made.handle)
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        yield made, Http(session, str(server.make_url("/events")), authorization=TOKEN)


async def test_a_collector_gets_lines_and_the_token(collector: tuple[Collector, Http]) -> None:
    made, http = collector
    await http.deliver(b"1\n2\n")
    assert (made.bodies, made.tokens) == ([b"1\n2\n"], [TOKEN])


@pytest.mark.parametrize("status", [400, 401, 413, 500, 503])
async def test_anything_but_success_is_no_acceptance(collector: tuple[Collector, Http], status: int) -> None:
    """Nothing is lost: what was not accepted comes again."""
    made, http = collector
    made.status = status
    with pytest.raises(NotTaken, match=str(status)) as told:
        await http.deliver(b"1\n")
    assert "s3cret" not in str(told.value)
    assert told.value.too_much == (status == 413)


async def test_a_redirect_is_not_followed(collector: tuple[Collector, Http]) -> None:
    """N-2: the token goes where the settings say, and nowhere else."""
    made, http = collector
    made.status, made.headers = 307, {"Location": "/elsewhere"}
    with pytest.raises(NotTaken, match="307"):
        await http.deliver(b"1\n")
    assert len(made.tokens) == 1


async def test_a_collector_says_how_long_to_wait(collector: tuple[Collector, Http]) -> None:
    made, http = collector
    made.status, made.headers = 429, {"Retry-After": "7"}
    with pytest.raises(NotTaken) as told:
        await http.deliver(b"1\n")
    assert told.value.after == timedelta(seconds=7)
    for unreadable in ("Wed, 21 Oct 2026 07:28:00 GMT", "9" * 5000):
        made.headers = {"Retry-After": unreadable}
        with pytest.raises(NotTaken) as told:
            await http.deliver(b"1\n")
        assert told.value.after is None


async def test_a_collector_that_is_too_slow_may_be_asked_to_take_less(
    collector: tuple[Collector, Http], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it would get the same lines again and again, and never in time."""
    made, http = collector
    made.waits = asyncio.Event()
    monkeypatch.setattr(sinks, "_WITHIN", aiohttp.ClientTimeout(total=0.05))
    with pytest.raises(NotTaken, match="in time") as told:
        await http.deliver(b"1\n")
    made.waits.set()
    assert (told.value.too_late, told.value.too_much) == (True, False)


async def test_what_breaks_before_it_was_answered_is_no_acceptance(collector: tuple[Collector, Http]) -> None:
    """It comes again, though the collector may have kept it; once it said so, what follows changes nothing."""
    made, http = collector
    for made.breaks in ("in the body", "in the answer's head"):
        with pytest.raises(NotTaken, match="could not be reached"):
            await http.deliver(b"1\n" * 500_000)
    made.breaks = "in the answer's body"
    await http.deliver(b"2\n")


async def test_a_collector_that_is_away_takes_nothing() -> None:
    async with aiohttp.ClientSession() as session:
        with pytest.raises(NotTaken, match="could not be reached"):
            await Http(session, "http://127.0.0.1:1/", authorization="").deliver(b"1\n")


@pytest.mark.parametrize(("host", "token"), [("127.0.0.1", "Bearer s3cret\nX-Other: 1"), ("a..b", TOKEN)])
async def test_a_setting_that_no_request_can_be_made_of_is_told_as_any_refusal(host: str, token: str) -> None:
    """Else the stream would stand, and security never hear of it. N-2: the token is not repeated."""
    async with TestServer(web.Application()) as server, aiohttp.ClientSession() as session:
        http = Http(session, f"http://{host}:{server.port}/", authorization=token)
        with pytest.raises(NotTaken, match="could not be reached") as told:
            await http.deliver(b"1\n")
    assert "s3cret" not in str(told.value)


def _gone(request: web.Request, said: bytes = b"") -> web.Response:
    """The connection is closed after this."""
    assert request.transport is not None
    request.transport.write(said)
    request.transport.close()
    return web.Response()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
