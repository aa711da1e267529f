"""Troubles of Slack and of the directory, one after another at random, while bots come and go.

It throws the pretend workspace's switches and those in the directory's own file, and nothing else.
"""

import asyncio
import random
from collections import Counter
from pathlib import Path

from bot.demo.workspace.faults import Faults
from tests.chaos import recorder

_POSTS = ("chat.postMessage", "chat.update")
_HANGS_FOR = (0.3, 4.0)


class Trouble:
    """made: which troubles, how often."""

    def __init__(self, faults: Faults, directory: Path, chance: random.Random) -> None:
        self._faults, self._directory, self._chance = faults, directory, chance
        self._hanging: asyncio.Task[None] | None = None
        self.made: Counter[str] = Counter()

    async def make(self) -> None:
        """What there was is over, and perhaps there is something else."""
        await self.end()
        self._trouble_slack()
        self._trouble_directory()

    def _trouble_slack(self) -> None:
        method = self._chance.choice(_POSTS)
        match self._chance.randrange(8):
            case 0:
                self._faults.delay(method, self._chance.uniform(0.1, 0.6))
                self.made["Slack delays"] += 1
            case 1:
                self._faults.drop_response(method)
                self.made["answers cut off"] += 1
            case 2:
                self._faults.rate_limit(method, 1, 2)
                self.made["Slack limits (429)"] += 1
            case 3:
                self._faults.fail(method, "internal_error", 2)
                self.made["Slack fails"] += 1
            case 4:
                self._faults.deliver_times(2)
                self.made["payloads delivered twice"] += 1
            case 5:
                self._faults.down()
                self.made["Slack is away (503)"] += 1
            case _:
                pass

    def _trouble_directory(self) -> None:
        kind = self._chance.choice(("error", "partial", "lie", "hang", "", "", ""))
        if kind == "hang":
            self._hanging = asyncio.create_task(
                recorder.hang(self._directory, self._chance.uniform(*_HANGS_FOR))
            )
        elif kind:
            recorder.make_trouble(self._directory, kind)
        if kind:
            self.made[f"directory: {kind}"] += 1

    async def end(self) -> None:
        """Both are well, but for what Slack still counts down."""
        if self._faults.is_down:
            self._faults.up()
        self._faults.deliver_times(1)
        for method in _POSTS:
            self._faults.delay(method, 0)
        if self._hanging is not None:
            await self._hanging
            self._hanging = None
        recorder.make_trouble(self._directory, "")
