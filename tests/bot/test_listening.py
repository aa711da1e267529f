"""The end of a server, at whichever moment of it somebody connects."""

import asyncio
import socket

import pytest
from aiohttp import web

from bot.demo.phone import Phones
from bot.listening import listen

# asyncio lets somebody in within four turns of its loop; a few more, so that all of them are met.
AT_ANY_TURN = pytest.mark.parametrize("turn", range(8))


@AT_ANY_TURN
async def test_whoever_comes_at_the_very_end_is_let_go_at_once(turn: int) -> None:
    """Not half let in, which nobody would close, and not waited for as if it had asked something."""
    listening = await listen(web.Application(), "127.0.0.1", 0)
    async with asyncio.timeout(5):
        await ends_with(turn, listening.port, listening.close)


@AT_ANY_TURN
async def test_whoever_brings_a_letter_at_the_very_end_is_let_go_at_once(turn: int) -> None:
    phones = Phones([])
    await phones.start()
    async with asyncio.timeout(5):
        await ends_with(turn, phones.smtp_port, phones.stop)


async def test_an_address_that_is_taken_is_told_and_the_next_one_can_be_had() -> None:
    app = web.Application()
    first = await listen(web.Application(), "127.0.0.1", 0)
    with pytest.raises(OSError, match="in use"):
        await listen(app, "127.0.0.1", first.port)
    await first.close()


async def ends_with(turn: int, port: int, end) -> None:
    """Somebody connects, the server is ended so many turns of the loop later, and they are hung up on."""
    with socket.create_connection(("127.0.0.1", port)) as visitor:
        visitor.setblocking(False)
        for _ in range(turn):
            await asyncio.sleep(0)
        await end()
        try:
            while await asyncio.get_running_loop().sock_recv(visitor, 4096):
                pass
        except ConnectionResetError:
            pass
