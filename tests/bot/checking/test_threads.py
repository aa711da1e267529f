"""Calls that hang, on threads apart: a command that is done ends without them."""

import asyncio
import threading
import time
from contextlib import suppress

import pytest

from bot.checking.threads import Apart


def test_a_call_that_hangs_keeps_no_command_from_ending():
    hanging = threading.Event()

    async def command() -> str:
        asyncio.get_running_loop().set_default_executor(Apart())
        with suppress(TimeoutError):
            async with asyncio.timeout(0.05):
                await asyncio.to_thread(hanging.wait, 30)
        return await asyncio.to_thread(str, 7)

    began = time.monotonic()
    assert asyncio.run(command()) == "7"
    assert time.monotonic() - began < 5
    hanging.set()


async def test_what_a_call_raises_is_its_callers():
    asyncio.get_running_loop().set_default_executor(Apart())
    with pytest.raises(ValueError, match="nowhere"):
        await asyncio.to_thread(int, "nowhere")
