"""A directory that fails on demand: a wrapper around a real one, for the tests of what others do about it.

It changes nothing about the directory inside, and a switch that is off lets every call through as it is.
"""

import asyncio
import math
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TypeVar

from storage.directories.base import (
    Account,
    Directory,
    Finding,
    Group,
    Membership,
    Pair,
    PasswordRejected,
    TemporaryPass,
    one_by_one,
)
from storage.directories.described import Described, Describing, Where
from storage.faults import DirectoryUnavailable

T = TypeVar("T")

WRITES = frozenset(
    {"add_member", "remove_member", "set_password", "recover", "unlock", "switch", "end_sessions"}
)


class FaultyDirectory:
    """`inner`, with switches. Each call that is still out after `timeout` seconds raises DirectoryUnavailable.

    Every switch takes the names of the methods it is for ("add_member", …; none: all) and `times` (default: until
    `mend()`). The last switch thrown for a method holds. calls: how often each method was called.
    at_once: what its capabilities say instead of the truth; as many are asked for one by one.
    """

    def __init__(self, inner: Directory, *, timeout: float = 0.5, at_once: int | None = None) -> None:
        self.inner, self.timeout = inner, timeout
        self.name = inner.name
        known = inner.capabilities
        self.capabilities = known if at_once is None else replace(known, at_once=at_once)
        self.calls: Counter[str] = Counter()
        self.hanging = 0
        self._switches: list[_Switch] = []
        self._released = asyncio.Event()

    # The switches.

    def error(self, *methods: str, times: float = math.inf) -> None:
        """Raise before anything is done."""
        self._throw("error", methods, times)

    def hang(self, *methods: str, times: float = math.inf) -> None:
        """Do nothing and never answer, until `release()` or the timeout. Released calls are then carried out."""
        self._released.clear()
        self._throw("hang", methods, times)

    def answer_late(self, *methods: str, times: float = math.inf) -> None:
        """Do it at once, and keep the answer back until `release()` or the timeout: it is of then, not of now."""
        self._released.clear()
        self._throw("answer_late", methods, times)

    def slow(self, seconds: float, *methods: str, times: float = math.inf) -> None:
        """Wait, then do it. Longer than the timeout: DirectoryUnavailable, and nothing is done."""
        self._throw("slow", methods, times, seconds)

    def lie(self, *methods: str, times: float = math.inf) -> None:
        """Changes answer that they are done, and are not. Questions are answered truly."""
        self._throw("lie", methods, times)

    def succeed_after_timeout(self, *methods: str, times: float = math.inf) -> None:
        """Do it, then raise DirectoryUnavailable: the caller cannot know."""
        self._throw("success_after_timeout", methods, times)

    def partial(self, *methods: str, every: int = 2, times: float = math.inf) -> None:
        """Raise on every second (third …) call, and carry the others out."""
        self._throw("partial", methods, times, every)

    def release(self) -> None:
        """Let hanging calls go on."""
        self._released.set()

    def mend(self) -> None:
        """Switch everything off and let hanging calls go on."""
        self._switches.clear()
        self.release()

    # The port.

    async def account(self, account_id: str) -> Account | None:
        return await self._do("account", lambda: self.inner.account(account_id))

    async def accounts_by_mail(self, mail: str) -> list[Account]:
        return await self._do("accounts_by_mail", lambda: self.inner.accounts_by_mail(mail))

    async def account_by_login(self, login: str) -> Account | None:
        return await self._do("account_by_login", lambda: self.inner.account_by_login(login))

    async def accounts_of(self, person: str) -> list[Account]:
        return await self._do("accounts_of", lambda: self.inner.accounts_of(person))

    async def group(self, name: str) -> Group | None:
        return await self._do("group", lambda: self.inner.group(name))

    async def group_names(self) -> frozenset[str]:
        return await self._do("group_names", self.inner.group_names)

    async def described(self, where: Where) -> tuple[Described, ...]:
        inner = self.inner
        assert isinstance(inner, Describing)
        return await self._do("described", lambda: inner.described(where))

    async def membership(self, account_id: str, group: str) -> Membership:
        return await self._do("membership", lambda: self.inner.membership(account_id, group))

    async def add_member(self, account_id: str, group: str, *, until: datetime | None = None) -> None:
        await self._do("add_member", lambda: self.inner.add_member(account_id, group, until=until))

    async def remove_member(self, account_id: str, group: str) -> None:
        await self._do("remove_member", lambda: self.inner.remove_member(account_id, group))

    async def memberships_of(self, pairs: Sequence[Pair]) -> Sequence[Membership | DirectoryUnavailable]:
        """The switches of `membership` hold for each of them."""
        each = partial(one_by_one, self.membership, pairs, within=math.inf)
        return await self._do("memberships_of", each, turns=len(pairs) + 1)

    async def remove_members(self, pairs: Sequence[Pair]) -> Sequence[DirectoryUnavailable | None]:
        """The switches of `remove_member` hold for each of them."""
        each = partial(one_by_one, self.remove_member, pairs, within=math.inf)
        return await self._do("remove_members", each, turns=len(pairs) + 1)

    async def verify_password(self, account_id: str, password: str) -> bool:
        return await self._do("verify_password", lambda: self.inner.verify_password(account_id, password))

    async def set_password(self, account_id: str, password: str) -> PasswordRejected | None:
        return await self._do("set_password", lambda: self.inner.set_password(account_id, password))

    async def recover(self, account_id: str) -> TemporaryPass | None:
        return await self._do("recover", lambda: self.inner.recover(account_id))

    async def unlock(self, account_id: str) -> None:
        await self._do("unlock", lambda: self.inner.unlock(account_id))

    async def switch(self, account_id: str, *, active: bool) -> None:
        await self._do("switch", lambda: self.inner.switch(account_id, active=active))

    async def end_sessions(self, account_id: str) -> None:
        await self._do("end_sessions", lambda: self.inner.end_sessions(account_id))

    async def health(self) -> None:
        await self._do("health", self.inner.health)

    async def examine(self, groups: Collection[str]) -> list[Finding]:
        return await self._do("examine", lambda: self.inner.examine(groups))

    def _throw(self, what: str, methods: tuple[str, ...], times: float, amount: float = 0) -> None:
        unknown = [method for method in methods if not callable(getattr(self.inner, method, None))]
        if unknown:
            raise ValueError(f"the port has no {unknown}")
        self._switches.append(_Switch(what, frozenset(methods), times, amount))

    def _switch_for(self, method: str) -> "_Switch | None":
        for switch in reversed(self._switches):
            if switch.left > 0 and (not switch.methods or method in switch.methods):
                switch.left -= 1
                switch.seen += 1
                return switch
        return None

    async def _do(self, method: str, call: Callable[[], Awaitable[T]], turns: int = 1) -> T:
        self.calls[method] += 1
        switch = self._switch_for(method)
        try:
            async with asyncio.timeout(self.timeout * turns):
                return await self._under(switch, method, call)
        except TimeoutError as error:
            raise DirectoryUnavailable(f"{self.name} did not answer within {self.timeout:g} s.") from error

    async def _under(self, switch: "_Switch | None", method: str, call: Callable[[], Awaitable[T]]) -> T:
        what = switch.what if switch else ""
        if switch and (what == "error" or (what == "partial" and switch.seen % int(switch.amount) == 0)):
            raise DirectoryUnavailable(f"The directory {self.name} answered with an error.")
        if what == "hang":
            await self._hang()
        if switch and what == "slow":
            await asyncio.sleep(switch.amount)
        if what == "lie" and method in WRITES:
            return None  # type: ignore[return-value]  # every change answers None when it is done
        answer = await call()
        if what == "answer_late":
            await self._hang()
        if what == "success_after_timeout":
            raise DirectoryUnavailable(f"{self.name} did not answer in time.")
        return answer

    async def _hang(self) -> None:
        self.hanging += 1
        try:
            await self._released.wait()
        finally:
            self.hanging -= 1


class _Switch:
    """What is wrong, with which methods, and for how many calls more."""

    def __init__(self, what: str, methods: frozenset[str], times: float, amount: float) -> None:
        self.what, self.methods, self.left, self.amount = what, methods, times, amount
        self.seen = 0
