"""Slack's own troubles, one after another at random, while bots come and go.

It throws the pretend workspace's switches and nothing else.
"""

import random
from collections import Counter

from bot.demo.workspace.faults import Faults

_POSTS = ("chat.postMessage", "chat.update")


class Trouble:
    """made: which troubles, how often."""

    def __init__(self, faults: Faults, chance: random.Random) -> None:
        self._faults, self._chance = faults, chance
        self.made: Counter[str] = Counter()

    def make(self) -> None:
        """The last trouble is over, and perhaps another begins."""
        self.end()
        method = self._chance.choice(_POSTS)
        match self._chance.randrange(7):
            case 0:
                self._faults.delay(method, self._chance.uniform(0.1, 0.6))
                self.made["delays"] += 1
            case 1:
                self._faults.drop_response(method)
                self.made["answers cut off"] += 1
            case 2:
                self._faults.rate_limit(method, 1, 2)
                self.made["rate limits (429)"] += 1
            case 3:
                self._faults.fail(method, "internal_error", 2)
                self.made["errors of Slack's own"] += 1
            case 4:
                self._faults.deliver_times(2)
                self.made["payloads delivered twice"] += 1
            case 5:
                self._faults.down()
                self.made["outages (503)"] += 1
            case _:
                pass

    def end(self) -> None:
        """Slack is well, but for what is still counted down."""
        if self._faults.is_down:
            self._faults.up()
        self._faults.deliver_times(1)
        for method in _POSTS:
            self._faults.delay(method, 0)
