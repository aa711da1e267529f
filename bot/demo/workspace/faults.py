"""What can go wrong with the pretend Slack, switched on by a test: outages, rate limits, lost answers.

Everything is off at first; a fault never changes what the workspace holds, only how it answers.
"""

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """What becomes of one call: wait `seconds`, then refuse with `error`, limit, or drop the answer.

    page: the status and the media type of a page that somebody before Slack answers with instead.
    """

    seconds: float = 0.0
    page: tuple[int, str] | None = None
    error: str | None = None
    retry_after: int | None = None
    drop: bool = False


class _Countdown:
    """Something that happens a number of times for one method, or for every one."""

    def __init__(self) -> None:
        self._left: dict[str | None, list[tuple[int, int | str | None]]] = {}

    def add(self, method: str | None, times: int, what: int | str | None = None) -> None:
        self._left.setdefault(method, []).append((times, what))

    def take(self, method: str) -> tuple[bool, int | str | None]:
        for key in (method, None):
            queue = self._left.get(key, [])
            while queue:
                times, what = queue.pop(0)
                if times > 0:
                    if times > 1:
                        queue.insert(0, (times - 1, what))
                    return True, what
        return False, None


class Faults:
    """The switches. `method` is a Web API method, None means every one. held: how many calls wait to be let go."""

    def __init__(self) -> None:
        self.is_down = False
        self.copies = 1
        self.triggers_expired = False
        self._limits = _Countdown()
        self._failures = _Countdown()
        self._pages = _Countdown()
        self._drops = _Countdown()
        self._delays: dict[str | None, float] = {}
        self.held = 0
        self._holds: dict[str, asyncio.Event] = {}
        self._paced, self._taken = False, dict[str, float]()
        self._on_down: list[Callable[[], None]] = []
        self._is_up = asyncio.Event()
        self._is_up.set()

    def down(self) -> None:
        """The Web API answers 503, sockets are cut and new ones refused, until `up`."""
        self.is_down = True
        self._is_up.clear()
        for call in self._on_down:
            call()

    def up(self) -> None:
        """Slack is back."""
        self.is_down = False
        self._is_up.set()

    async def wait_up(self) -> None:
        """Wait until Slack is back."""
        await self._is_up.wait()

    def rate_limit(self, method: str | None, retry_after: int, times: int) -> None:
        """The next `times` calls hear 429 with `Retry-After: retry_after` seconds; nothing is done."""
        self._limits.add(method, times, retry_after)

    def one_a_second(self, on: bool = True) -> None:
        """A channel takes one message or edit a second, as Slack says of posting; more hears 429."""
        self._paced = on
        self._taken.clear()

    def is_too_soon(self, channel: str, now: float) -> bool:
        """Whether one more into this channel is more than it takes now. now: seconds on any clock that only goes on."""
        if not self._paced or now - self._taken.get(channel, -math.inf) >= 1:
            self._taken[channel] = now
            return False
        return True

    def fail(self, method: str, error: str, times: int = 1) -> None:
        """The next `times` calls hear `{"ok": false, "error": error}`; nothing is done."""
        self._failures.add(method, times, error)

    def delay(self, method: str | None, seconds: float) -> None:
        """Every call waits so long before it is done; 0 ends it."""
        self._delays[method] = seconds

    def hold(self, method: str) -> None:
        """Every call waits before it is done, until `let_go`."""
        self._holds[method] = asyncio.Event()

    def let_go(self, method: str) -> None:
        """What was held is done now, and nothing waits any more."""
        self._holds.pop(method).set()

    async def wait(self, method: str, trouble: Trouble) -> None:
        """Wait as long as this call is to."""
        await asyncio.sleep(trouble.seconds)
        if (let_go := self._holds.get(method)) is not None:
            self.held += 1
            try:
                await let_go.wait()
            finally:
                self.held -= 1

    def garble(self, method: str, status: int, media_type: str = "text/html", times: int = 1) -> None:
        """The next `times` calls get a page, as of a proxy, and not Slack's JSON; nothing is done."""
        self._pages.add(method, times, f"{status} {media_type}")

    def drop_response(self, method: str, times: int = 1) -> None:
        """The work is done, then the connection is cut: the caller never hears."""
        self._drops.add(method, times)

    def deliver_times(self, n: int) -> None:
        """Everything sent to the app arrives `n` times, though acked; 1 ends it."""
        self.copies = n

    def expire_triggers(self, on: bool = True) -> None:
        """Every `trigger_id` is already old when the app uses it."""
        self.triggers_expired = on

    def trouble(self, method: str) -> Trouble:
        """What befalls this call; each countdown is used up by one."""
        seconds = self._delays.get(method, self._delays.get(None, 0.0))
        limited, retry_after = self._limits.take(method)
        if limited:
            return Trouble(seconds=seconds, retry_after=int(retry_after or 0))
        failed, error = self._failures.take(method)
        if failed:
            return Trouble(seconds=seconds, error=str(error))
        garbled, page = self._pages.take(method)
        if garbled:
            status, media_type = str(page).split()
            return Trouble(seconds=seconds, page=(int(status), media_type))
        dropped, _ = self._drops.take(method)
        return Trouble(seconds=seconds, drop=dropped)

    def when_down(self, call: Callable[[], None]) -> None:
        """Call this when Slack goes."""
        self._on_down.append(call)
