"""What a person can do on the page, one method for each `what`.

Each finds what is meant and hands it to the same code as `PersonClient`; LookupError says what is not there.
"""

from collections.abc import Mapping
from typing import Any

from bot.demo.workspace.answers import Json
from bot.demo.workspace.deliveries import Delivery
from bot.demo.workspace.elements import STATEFUL, Place, find, options_of, picked
from bot.demo.workspace.interactions import Interactions, the_place
from bot.demo.workspace.messages import Message
from bot.demo.workspace.page_state import PageState, Surroundings
from bot.demo.workspace.people import Channel, User
from bot.demo.workspace.state import State
from bot.demo.workspace.submissions import Submissions
from bot.demo.workspace.views import View


class PageDeeds:
    """Carries out `POST /page/do`."""

    def __init__(
        self,
        *,
        state: State,
        page: PageState,
        around: Surroundings,
        interactions: Interactions,
        submissions: Submissions,
    ) -> None:
        self._state = state
        self._page = page
        self._around = around
        self._interactions = interactions
        self._submissions = submissions
        self._deeds = {
            "say": self.say, "slash": self.slash, "action": self.action, "submit": self.submit,
            "close": self.close, "options": self.options, "shortcut": self.shortcut,
            "open_home": self.open_home, "scan": self.scan,
        }  # fmt: skip

    async def do(self, user: User, wish: Json) -> Json:
        """The result, `{"ok": true, …}` or `{"ok": false, "error": …}`."""
        self._state.direct(user.id)
        deed = self._deeds.get(str(wish.get("what")))
        return await deed(user, wish) if deed else _no("unknown_deed")

    async def say(self, user: User, wish: Json) -> Json:
        """`channel`, `text`."""
        channel = self._channel(user, wish)
        if user.id not in channel.members:
            return _no("not_in_channel")
        if channel.is_archived:
            return _no("is_archived")
        return {"ok": True, "ts": self._interactions.say(user, channel, str(wish["text"])).ts}

    async def slash(self, user: User, wish: Json) -> Json:
        """`channel`, `command`, `text`."""
        command, text = str(wish["command"]), str(wish.get("text") or "")
        if command not in [known["command"] for known in self._around.commands]:
            return _no(f"{command} is not a command here.")
        return _taken(await self._interactions.slash(user, self._channel(user, wish), command, text))

    async def action(self, user: User, wish: Json) -> Json:
        """`container`, `block_id`, `action_id`, `value` of a button, then `selected` for a choice.

        `state` holds the other fields.
        """
        where = self._container(user, wish["container"])
        if isinstance(where, View):
            where = self._typed(user, where, wish.get("state") or {})
        place = _meant(where, wish)
        if place.kind == "button":
            return _taken(await self._interactions.press(user, where, place, place.element.get("value")))
        return _taken(await self._interactions.choose(user, where, place, wish.get("selected")))

    async def submit(self, user: User, wish: Json) -> Json:
        """`view_id`, `values` by block and action id."""
        view = self._typed(user, self._modal(user, wish), wish.get("values") or {})
        submission = await self._submissions.submit(user, view)
        return {
            "ok": True, "errors": dict(submission.errors), "closed": submission.closed,
            "views": self._page.views(user),
        }  # fmt: skip

    async def close(self, user: User, wish: Json) -> Json:
        """`view_id`."""
        await self._submissions.close(user, self._modal(user, wish))
        return {"ok": True, "views": self._page.views(user)}

    async def options(self, user: User, wish: Json) -> Json:
        """`view_id` or `message`, `block_id`, `action_id`, `query`."""
        meant = wish.get("message") or {"type": "view", "view_id": wish.get("view_id")}
        where = self._container(user, {"type": "message", **meant})
        place = the_place(where.blocks, str(wish["action_id"]), str(wish["block_id"]), None)
        found = await self._interactions.menu(user, where, place, str(wish.get("query") or ""))
        labels = [group["label"]["text"] for group in found.get("option_groups") or []]
        return {"ok": True, "options": options_of(found), "labels": labels}

    async def shortcut(self, user: User, wish: Json) -> Json:
        """`callback_id`, and `channel` and `ts` for one of a message."""
        message = self._message(user, wish) if wish.get("ts") else None
        return _taken(await self._interactions.shortcut(user, str(wish["callback_id"]), message))

    async def open_home(self, user: User, _wish: Json) -> Json:
        """Nothing more."""
        await self._interactions.open_home(user)
        return {"ok": True, "view": self._page.home(user)}

    async def scan(self, user: User, wish: Json) -> Json:
        """`uri`, an otpauth:// address."""
        if self._around.phone is None:
            return _no("no_phone")
        try:
            self._around.phone.scan(user.id, str(wish["uri"]))
        except ValueError as error:
            return _no(str(error))
        return {"ok": True, "phone": self._page.phone(user)}

    # Finding what is meant

    def _channel(self, user: User, wish: Json) -> Channel:
        channel = self._state.channels.get(str(wish.get("channel")))
        if channel is None or not self._state.may_read(user.id, channel):
            raise LookupError("channel_not_found")
        return channel

    def _message(self, user: User, wish: Json) -> Message:
        channel, ts = self._channel(user, wish), str(wish.get("ts"))
        message = self._state.message(channel.id, ts, user.id) or self._state.message(channel.id, ts)
        if message is None:
            raise LookupError("message_not_found")
        return message

    def _container(self, user: User, container: Json) -> Message | View:
        if container["type"] != "view":
            return self._message(user, container)
        home = self._state.views.home(user.id)
        if home is not None and home.id == container["view_id"]:
            return home
        return self._modal(user, container)

    def _modal(self, user: User, wish: Json) -> View:
        view = self._state.views.top(user.id)
        if view is None or view.id != wish.get("view_id"):
            raise LookupError("view_not_found")
        return view

    def _typed(self, user: User, view: View, values: Mapping[str, Mapping[str, Any]]) -> View:
        """The view with these values typed in; values of elements that are not there are left out."""
        typed: dict[tuple[str, str], Json] = {}
        for block_id, fields in values.items():
            for action_id, value in fields.items():
                for place in find(view.blocks, action_id, block_id):
                    if place.kind in STATEFUL:
                        offered = self._interactions.offered(user, view, place)
                        typed[(block_id, action_id)] = picked(place.element, value, offered)
        return self._interactions.type_in(user.id, view, typed)


def _meant(where: Message | View, wish: Json) -> Place:
    """The element that was used. While it is on its way the message may be edited, and Slack names its blocks anew:
    then it is the one there that is for the same, if there still is one and no other.
    """
    action_id, block_id = str(wish["action_id"]), str(wish["block_id"])
    if isinstance(where, Message) and not find(where.blocks, action_id, block_id):
        same = [one for one in find(where.blocks, action_id) if one.element.get("value") == wish.get("value")]
        if len(same) == 1:
            return same[0]
    return the_place(where.blocks, action_id, block_id, None)


def _no(error: str) -> Json:
    return {"ok": False, "error": error}


def _taken(delivery: Delivery) -> Json:
    return {"ok": True} if delivery.acked else _no("timeout")
