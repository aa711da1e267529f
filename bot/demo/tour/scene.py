"""What the tour stands on: the running demo, its people, a clock that can be skipped, and the directory itself.

It acts through Slack, the browser and the phone alone; the directory is read, and changed as its keepers would.
"""

import asyncio
from datetime import datetime, timedelta

from bot.demo.company import LOVELACE
from bot.demo.company.described import Describing
from bot.demo.operator import Operator
from bot.demo.stage import Stage
from bot.demo.tour.players import PATIENCE, TRIES, Player
from bot.demo.tour.telling import NotAsPromised, Teller, expect
from bot.demo.workspace import Message
from storage.clock import utc_now
from storage.directories.base import Capabilities


class TourClock:
    """Starts some days ago and is skipped forward, so that what the tour leaves behind is not in the future.

    behind: how far back it starts. None: it starts now and runs ahead of the real time, for a story with something in
    it that goes by the real time: what that says happened just now would otherwise lie in the story's future.
    """

    def __init__(self, behind: timedelta | None) -> None:
        self._runs_ahead = behind is None
        self._behind = behind or timedelta(0)

    def now(self) -> datetime:
        """The time in the story."""
        return utc_now() - self._behind

    def skip(self, span: timedelta) -> None:
        """Go forward. ValueError beyond the real time, unless it is to run ahead."""
        if span > self._behind and not self._runs_ahead:
            raise ValueError("the story would overtake the clock")
        self._behind -= span

    def catch_up(self) -> timedelta:
        """Go forward to the real time, where it is not there yet; by how much."""
        skipped = max(self._behind, timedelta(0))
        self._behind -= skipped
        return skipped


class Scene:
    """One performance. notes: what people wrote down for later. screens: what somebody left open on theirs."""

    def __init__(self, stage: Stage, teller: Teller, clock: TourClock) -> None:
        self.stage, self.teller, self.clock, self.operator = stage, teller, clock, Operator()
        self.notes: dict[str, str] = {}
        self.screens: dict[str, Message] = {}
        self.keepers = stage.keepers
        self._players: dict[str, Player] = {}
        self._rang = asyncio.Event()
        stage.phones.on_change = self._ring

    def player(self, login: str) -> Player:
        """The person with this login."""
        if login not in self._players:
            person = LOVELACE.person(login)
            self._players[login] = Player(
                person,
                self.stage.slack.person(person.slack),
                self.teller,
                self.clock.now,
                self.stage.slack.shortcuts,
            )
        return self._players[login]

    @property
    def capabilities(self) -> Capabilities:
        """What the bot says that it can do in this directory."""
        return self.stage.app.directories[LOVELACE.directory].capabilities

    @property
    def removal(self) -> str:
        """What people are told when access ends: from when on it is gone; "" where that is at once."""
        when = self.capabilities.removal_takes_effect
        return "" if when == "at once" else f"The removal takes effect {when}."

    async def later(self, **parts: float) -> None:
        """Let time go by, once everything under way has ended."""
        await self.stage.slack.settled()
        span = timedelta(**parts)
        self.clock.skip(span)
        self.teller.later(span)

    async def is_in(self, login: str, entitlement: str) -> bool:
        """Whether the directory itself has this person in the entitlement's group."""
        return await self.keepers.has(login, self._group(entitlement))

    async def must_be_in(self, login: str, entitlement: str, *, whether: bool = True) -> None:
        """NotAsPromised unless the directory says so."""
        found = await self.is_in(login, entitlement)
        name = LOVELACE.person(login).name
        words = "is in" if found else "is not in"
        expect(found == whether, f"The directory says that {name} {words} {entitlement}.")
        self.teller.does(self.clock.now(), "The directory", f"says: {name} {words} {entitlement}.")

    async def by_other_hands_put(self, login: str, entitlement: str) -> None:
        """Put somebody into the entitlement's group, past the bot."""
        await self.keepers.put(login, self._group(entitlement))
        self._other_hands(f"put {LOVELACE.person(login).name} into {entitlement}.")

    async def by_other_hands_take(self, login: str, entitlement: str) -> None:
        """Take somebody out of the entitlement's group, past the bot."""
        await self.keepers.take(login, self._group(entitlement))
        self._other_hands(f"take {LOVELACE.person(login).name} out of {entitlement}.")

    async def by_other_hands_describe(self, said: Describing) -> None:
        """Have a group say something of itself."""
        await self.keepers.describe(*said)
        self._other_hands(f"write to {said.group}: {'; '.join(said.lines)}")

    async def by_other_hands_switch_off(self, login: str) -> None:
        """Switch somebody's account off."""
        await self.keepers.switch_off(login)
        self._other_hands(f"switch the account of {LOVELACE.person(login).name} off.")

    async def by_other_hands_rename(self, login: str, *, new_login: str, name: str) -> None:
        """Give somebody another login and name; here they are still known by the first one."""
        await self.keepers.rename(login, new_login=new_login, name=name)
        self._other_hands(f"write {name} ({new_login}) for {LOVELACE.person(login).name}.")

    async def the_directory_is_compared(self) -> None:
        """The bot looks at the directory now, instead of within a quarter of an hour.

        On a busy machine some of it may not be read, which is no broken promise: it looks again, as by the clock.
        """
        await self.stage.slack.settled()
        for _ in range(TRIES):
            read = await self.stage.app.compare()
            self.teller.does(self.clock.now(), "Wicket", "compares the directory with what was granted.")
            if read:
                return
            self.teller.does(self.clock.now(), "Wicket", "could not read all of it.")

    def _group(self, entitlement: str) -> str:
        return self.stage.app.ground.catalogue.entitlements[entitlement].group

    def _other_hands(self, what: str) -> None:
        self.teller.does(self.clock.now(), "Other hands", what)

    async def must_sign_in(
        self, login: str, password: str, *, whether: bool = True, which: str = "the password"
    ) -> None:
        """NotAsPromised unless the directory takes, or refuses, this password at a sign-in. which: it is, to tell."""
        found = await self.keepers.signs_in(login, password)
        words = f"{'takes' if found else 'refuses'} {which} of {LOVELACE.person(login).name}"
        expect(found == whether, f"The directory {words}.")
        self.teller.does(self.clock.now(), "The directory", f"{words}.")

    async def mail(self, login: str, subject: str) -> str:
        """The text of the newest mail with this subject, as soon as it is there."""
        person = LOVELACE.person(login)
        try:
            async with asyncio.timeout(PATIENCE):
                while True:
                    self._rang.clear()
                    for mail in reversed(self.stage.phones.mailbox(person.slack)):
                        if subject in mail["subject"]:
                            self.teller.does(self.clock.now(), person.name, f"gets mail: {mail['subject']}")
                            return mail["text"]
                    await self._rang.wait()
        except TimeoutError:
            there = ", ".join(mail["subject"] for mail in self.stage.phones.mailbox(person.slack))
            raise NotAsPromised(f"{person.name} got no mail “{subject}”. There is: {there}") from None

    def code(self, login: str) -> str:
        """What this person's authenticator shows now."""
        codes = self.stage.phones.codes(LOVELACE.person(login).slack)
        expect(bool(codes), f"{login} has no authenticator")
        return str(codes[-1]["code"])

    def _ring(self, user_id: str) -> None:
        self.stage.slack.phone_changed(user_id)
        self._rang.set()
