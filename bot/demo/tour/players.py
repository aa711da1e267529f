"""A person in the tour: what they say, press and fill in, and what they see, all of it told.

They find buttons and fields by their labels, as people do, and nothing here knows what the bot calls them.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from bot.demo.company import LOVELACE, Person
from bot.demo.tour.browser import Browser, Page
from bot.demo.tour.telling import NotAsPromised, Teller
from bot.demo.workspace import Message, PersonClient, Submission, View
from storage.clock import Clock

COMMAND = "/wicket"
# A busy machine is no broken promise; how quick the bot is, is measured elsewhere.
PATIENCE = 30.0
# Where it is so busy that nothing was done, people are told so, and do it once more.
_BUSY = ("I can't read the directory right now", "That took too long, so Slack would not open the form")
TRIES = 3

T = TypeVar("T")


class Player:
    """One person with their Slack client. What they hear is always newer than what they did last."""

    def __init__(
        self,
        person: Person,
        client: PersonClient,
        teller: Teller,
        now: Clock,
        shortcuts: Sequence[Mapping[str, str]] = (),
    ) -> None:
        self.person, self.client, self._shortcuts = person, client, shortcuts
        self._teller, self._now = teller, now
        self._since = ""
        # What they did last, and where an answer to that is told.
        self._deed: Callable[[], Awaitable[object]] | None = None
        self._place: str | None = None

    def does(self, what: str) -> None:
        """Tell that this person does something."""
        self._teller.does(self._now(), self.person.name, what)

    async def says(self, words: str) -> None:
        """Write to Wicket."""
        self.does(f"says: {words}")
        self._since = (await self._do(partial(self.client.say, words))).ts

    async def says_in(self, words: str, *, channel: str) -> Message:
        """Say something to colleagues in a channel."""
        self.does(f"says in #{channel}: {words}")
        return await self.client.say(words, channel=_id(channel))

    async def uses(self, shortcut: str, message: Message | None = None) -> None:
        """Use the shortcut of this name, of the workspace or of a message."""
        self.does(f"uses the shortcut “{shortcut}”{' of that message' if message else ''}")
        found = [one["callback_id"] for one in self._shortcuts if one["name"] == shortcut]
        if not found:
            raise NotAsPromised(f"There is no shortcut called “{shortcut}”.")
        await self._do(partial(self.client.shortcut, found[0], message), message.channel if message else None)

    async def chooses(self, view: View, beginning: str, value: str | list[str], *, shown: str = "") -> None:
        """Choose in the field whose label begins so. shown: what to tell of it, if not the value."""
        current = self.client.view or view
        field = _field(current, beginning)
        told = shown or (value if isinstance(value, str) else ", ".join(value))
        self.does(f"chooses in “{field['label']['text']}”: {told}")
        await self.client.choose(current, field["element"]["action_id"], value)

    async def commands(self, words: str, *, channel: str) -> None:
        """Use the slash command somewhere."""
        self.does(f"types in #{channel}: {COMMAND} {words}")
        await self._do(partial(self.client.slash, COMMAND, words, channel=_id(channel)), _id(channel))

    async def hears(self, *words: str, channel: str | None = None) -> Message:
        """The newest message since they spoke with all these words; channel: by name, None for Wicket's own."""
        return await self._sees(words, channel, self._since)

    @property
    def was_answered(self) -> bool:
        """Whether Wicket wrote to them since they spoke."""
        return any(message.ts > self._since for message in self.client.messages())

    async def sees(self, *words: str, channel: str | None = None) -> Message:
        """The newest message with all these words, whenever it was posted; it may have been edited since."""
        return await self._sees(words, channel, "")

    async def _sees(self, words: tuple[str, ...], channel: str | None, after: str) -> Message:
        message = await self._trying_again(
            partial(self.client.sees, *words, channel=channel and _id(channel), after=after, timeout=PATIENCE)
        )
        place = f"in #{channel}" if channel else "from Wicket"
        self.does(f"sees {place}{', only for their eyes' if message.ephemeral else ''}:")
        self._teller.shows(message.plain)
        return message

    async def presses(self, message: Message, label: str, *, stale: bool = False) -> None:
        """Press the button with this label. stale: on a screen that has not heard of a change yet."""
        self.does(f"presses [{label}]")
        found = [name for name, button in message.buttons.items() if button["text"]["text"] == label]
        if not found:
            raise NotAsPromised(f"There is no button [{label}] in:\n{message.plain}")
        self._since = max(self._since, message.ts)
        await self._do(partial(self.client.click, message, found[0], stale=stale), message.channel)

    async def form(self, words: str) -> View:
        """The form that opens, with these words."""
        view = await self._trying_again(partial(self.client.sees_view, words, timeout=PATIENCE))
        self.does("sees a form:")
        self._teller.shows(view.plain)
        return view

    async def _do(self, deed: Callable[[], Awaitable[T]], place: str | None = None) -> T:
        self._deed, self._place = deed, place
        return await deed()

    async def _trying_again(self, look: Callable[[], Awaitable[T]]) -> T:
        """What they look for; each time that they are told that nothing was done, they do what they did once more."""
        for _ in range(TRIES):
            if self._deed is None:
                break
            wanted = asyncio.ensure_future(look())
            told = await self._told_before(wanted)
            if told is None:
                return await wanted
            wanted.cancel()
            self._since = told.ts
            self.does("is told that nothing was done, and tries once more")
            await self._deed()
        return await look()

    async def _told_before(self, wanted: "asyncio.Future[T]") -> Message | None:
        """What told them that nothing was done; None once what they look for is there, or is given up."""
        told = [
            asyncio.ensure_future(
                self.client.sees(words, channel=self._place, after=self._since, timeout=PATIENCE + 1)
            )
            for words in _BUSY
        ]
        either: tuple[asyncio.Future[Any], ...] = (wanted, *told)
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        found = None if wanted.done() else next(one.result() for one in told if one.done())
        for one in told:
            one.cancel()
        await asyncio.gather(*told, return_exceptions=True)
        return found

    async def fills(self, view: View, values: Mapping[str, str]) -> Mapping[str, str]:
        """Fill fields, each named by how its label begins, and submit; the errors then shown, named likewise."""
        fields = {}
        for beginning, value in values.items():
            fields[beginning] = field = _field(view, beginning)
            self.does(f"fills in “{field['label']['text']}”: {value}")
        typed: dict[str, str | list[str] | None] = {
            field["element"]["action_id"]: values[beginning] for beginning, field in fields.items()
        }
        self._deed = None  # a form that was sent is not there to be sent again
        outcome = await self._submits(view, typed)
        for text in outcome.errors.values():
            self.does(f"is told by the form: {text}")
        return {
            beginning: outcome.errors[field["block_id"]]
            for beginning, field in fields.items()
            if field["block_id"] in outcome.errors
        }

    async def _submits(self, view: View, typed: Mapping[str, str | list[str] | None]) -> Submission:
        """What comes of a form; each time that it says that nothing was done, it is sent once more."""
        for _ in range(TRIES):
            outcome = await self.client.submit(view, typed)
            if not any(busy in text for text in outcome.errors.values() for busy in _BUSY):
                return outcome
            self.does("is told by the form that nothing was done, and sends it once more")
        return await self.client.submit(view, typed)

    async def sends(self, browser: Browser, page: Page, button: str, *, told: str = "", **typed: str) -> Page:
        """Fill a form of the secure page and press its button. told: what to tell of what was typed."""
        self.does(f"on the secure page{f' types {told} and' if told else ''} presses [{button}]")
        return self.reads(await browser.send(page, button, **typed))

    def reads(self, page: Page) -> Page:
        """Tell what the page shows first: its title and what comes next."""
        self._teller.shows("\n".join(page.text.splitlines()[:3]))
        return page


def _field(view: View, beginning: str) -> Mapping[str, Any]:
    """The one field whose label begins so. NotAsPromised if there is none, or more."""
    inputs = [block for block in view.blocks if block.get("type") == "input"]
    found = [block for block in inputs if block["label"]["text"].startswith(beginning)]
    if len(found) != 1:
        raise NotAsPromised(f"{len(found)} fields of this form begin with “{beginning}”:\n{view.plain}")
    return found[0]


def _id(channel: str) -> str:
    return LOVELACE.channel(channel).id
