"""One human's Slack client: what they can do, and what they see.

It does nothing a person could not do, with two hostile exceptions: a forged button value, and a stale screen.
"""

from collections.abc import Mapping

from bot.demo.workspace.answers import Json
from bot.demo.workspace.deliveries import Delivery
from bot.demo.workspace.elements import picked
from bot.demo.workspace.interactions import Interactions, the_place
from bot.demo.workspace.messages import Message
from bot.demo.workspace.people import Channel, User
from bot.demo.workspace.state import State
from bot.demo.workspace.submissions import Submission, Submissions
from bot.demo.workspace.views import View

Value = str | list[str] | None

# Seconds that somebody waits for what is promised to come. It costs nothing when it comes, however busy the machine is.
PATIENCE = 20.0


class PersonClient:
    """Acts and reads as one person. A deactivated one still can: refusing them is the app's part."""

    def __init__(
        self, user_id: str, *, state: State, interactions: Interactions, submissions: Submissions
    ) -> None:
        self.user_id = user_id
        self._state = state
        self._interactions = interactions
        self._submissions = submissions

    # Acting

    async def say(self, text: str, *, channel: str | None = None) -> Message:
        """Say something, to the bot if no channel is named. It does not wait for the app."""
        where = self._channel(channel)
        if self.user_id not in where.members or where.is_archived:
            raise LookupError(f"{self.user_id} cannot write in {where.id}")
        return self._interactions.say(self._user, where, text)

    async def slash(self, command: str, text: str = "", *, channel: str | None = None) -> Delivery:
        """Send a slash command and wait until the app took it."""
        return await self._interactions.slash(self._user, self._channel(channel), command, text)

    async def click(
        self, message: Message | View, action_id: str, *, value: str | None = None,
        block_id: str | None = None, stale: bool = False,
    ) -> Delivery:  # fmt: skip
        """Press a button that is really there (LookupError otherwise) and wait until the app took it.

        `value` forges the button's value. `stale` presses what `message` showed when it was read, as a client
        does that has not heard of a change yet.
        """
        current = message if stale else self._current(message)
        place = the_place(current.blocks, action_id, block_id, value)
        if place.kind != "button":
            raise LookupError(f"{action_id!r} is a {place.kind}, not a button")
        pressed = value if value is not None else place.element.get("value")
        return await self._interactions.press(self._user, current, place, pressed)

    async def choose(
        self, where: Message | View, action_id: str, value: str | list[str], *, block_id: str | None = None
    ) -> Delivery:
        """Choose in a menu, boxes, radio buttons or a picker, by option value or by its text."""
        current = self._current(where)
        place = the_place(current.blocks, action_id, block_id, None)
        return await self._interactions.choose(self._user, current, place, value)

    async def options(self, view: View | Message, action_id: str, query: str) -> list[Json]:
        """What an external menu offers for these letters."""
        current = self._current(view)
        place = the_place(current.blocks, action_id, None, None)
        return await self._interactions.options(self._user, current, place, query)

    async def groups(self, view: View | Message, action_id: str, query: str) -> dict[str, list[Json]]:
        """What an external menu offers for these letters, by the labels of its groups; none if it has no groups."""
        current = self._current(view)
        place = the_place(current.blocks, action_id, None, None)
        menu = await self._interactions.menu(self._user, current, place, query)
        return {group["label"]["text"]: group["options"] for group in menu.get("option_groups") or []}

    async def submit(self, view: View, values: Mapping[str, Value] | None = None) -> Submission:
        """Fill fields by `action_id`, submit, and see what comes of it. Fields not named keep what they hold."""
        for action_id, value in (values or {}).items():
            await self._fill(view, action_id, value)
        current = self._current_view(view)
        if current.submit is None:
            raise LookupError("this modal has no submit button")
        return await self._submissions.submit(self._user, current)

    async def _fill(self, view: View, action_id: str, value: Value) -> None:
        current = self._current_view(view)
        place = the_place(current.blocks, action_id, None, None)
        if place.kind == "button":
            raise LookupError(f"{action_id!r} is a button, not a field")
        if value is None:
            entry = picked(place.element, None, [])
            self._interactions.type_in(self.user_id, current, {(place.block_id, place.action_id): entry})
        else:
            await self._interactions.choose(self._user, current, place, value)

    async def close_view(self) -> None:
        """Close the modal on top without submitting it."""
        view = self.view
        if view is None:
            raise LookupError("no modal is open")
        await self._submissions.close(self._user, view)

    async def shortcut(self, callback_id: str, message: Message | None = None) -> Delivery:
        """Use a shortcut, of one message if it is given."""
        return await self._interactions.shortcut(self._user, callback_id, message)

    async def open_home(self, *, within: float = PATIENCE) -> View | None:
        """Open the app's Home and wait until it is there, so many seconds at most."""
        return await self._interactions.open_home(self._user, within)

    def reload(self) -> None:
        """Load the client anew: ephemeral messages are gone, modals are closed."""
        self._state.forget_ephemerals(self.user_id)
        self._state.views.clear(self.user_id)

    # Seeing

    @property
    def view(self) -> View | None:
        """The modal this person looks at."""
        return self._state.views.top(self.user_id)

    @property
    def home(self) -> View | None:
        """The Home this person would see, as published last."""
        return self._state.views.home(self.user_id)

    def messages(self, channel: str | None = None) -> list[Message]:
        """What this person sees there, oldest first, own ephemeral messages included."""
        return self._state.seen_by(self.user_id, self._channel(channel).id)

    async def sees(
        self,
        *containing: str,
        channel: str | None = None,
        after: str = "",
        timeout: float = PATIENCE,  # noqa: ASYNC109 - a caller gives its own patience
    ) -> Message:
        """The newest visible message with all these words, as soon as there is one; AssertionError otherwise.

        after: the `ts` of a message; older ones, and that one itself, do not count.
        """
        where = self._channel(channel).id

        def newest() -> Message | None:
            seen = reversed(self._state.seen_by(self.user_id, where))
            newer = (message for message in seen if message.ts > after)
            return next((message for message in newer if all(map(message.says, containing))), None)

        found = await self._state.changes.until(newest, timeout)
        if found is None:
            there = "\n---\n".join(m.plain for m in self._state.seen_by(self.user_id, where)) or "(nothing)"
            words = " and ".join(map(repr, containing))
            raise AssertionError(f"{self.user_id} never saw {words} in {where}. There is:\n{there}")
        return found

    async def sees_view(self, containing: str = "", *, timeout: float = PATIENCE) -> View:  # noqa: ASYNC109 - a caller gives its own patience
        """The modal on top, as soon as it holds these words; AssertionError otherwise."""

        def on_top() -> View | None:
            view = self.view
            return view if view is not None and containing in view.plain else None

        found = await self._state.changes.until(on_top, timeout)
        if found is None:
            shown = self.view.plain if self.view else "(no modal)"
            raise AssertionError(f"{self.user_id} never saw a modal with {containing!r}. There is:\n{shown}")
        return found

    # Finding

    @property
    def _user(self) -> User:
        return self._state.users[self.user_id]

    def _channel(self, channel_id: str | None) -> Channel:
        if channel_id is None:
            return self._state.direct(self.user_id)
        channel = self._state.channels.get(channel_id)
        if channel is None or not self._state.may_read(self.user_id, channel):
            raise LookupError(f"{self.user_id} cannot see a channel {channel_id}")
        return channel

    def _current(self, where: Message | View) -> Message | View:
        if isinstance(where, View):
            return self._current_view(where)
        self._channel(where.channel)
        for only_for in (None, self.user_id):
            message = self._state.message(where.channel, where.ts, only_for)
            if message is not None:
                return message
        raise LookupError(f"{self.user_id} cannot see this message: {where.plain}")

    def _current_view(self, view: View) -> View:
        if self.home is not None and self.home.id == view.id:
            return self.home
        if self.view is None or self.view.id != view.id:
            raise LookupError(f"the modal {view.title!r} is not on top for {self.user_id}")
        return self.view
