"""What people do, carried to the app: saying, commands, presses, choices, shortcuts, looking at Home.

It goes over the wire like everything else; what a form's answer does stands in `submissions`.
"""

from bot.demo.workspace.answers import Json
from bot.demo.workspace.deliveries import Deliveries, Delivery
from bot.demo.workspace.elements import STATEFUL, Place, find, options_of, picked
from bot.demo.workspace.messages import Message
from bot.demo.workspace.payloads import Payloads
from bot.demo.workspace.people import Channel, User
from bot.demo.workspace.posting import Posting
from bot.demo.workspace.shape_rules import group_problems, option_problems
from bot.demo.workspace.state import State
from bot.demo.workspace.text import as_typed
from bot.demo.workspace.triggers import ReplyPlace
from bot.demo.workspace.views import View

LEAST_QUERY = 3
# Slack takes a hundred a group; a menu longer than that in all helps nobody.
MOST_OPTIONS = 100
NO_ANSWER = "Slack could not reach the app: it did not answer in time."
BAD_ANSWER = "We had some trouble connecting. Try again?"


class Interactions:
    """The deeds of people; each returns how the app took it."""

    def __init__(self, *, state: State, deliveries: Deliveries, payloads: Payloads, posting: Posting) -> None:
        self._state = state
        self._deliveries = deliveries
        self._payloads = payloads
        self._posting = posting
        self._offered: dict[tuple[str, str, str], list[Json]] = {}
        posting.told = self._direct_message_moved

    # Saying

    def say(self, user: User, channel: Channel, text: str) -> Message:
        """Put what a person says; in a direct conversation the app hears of it."""
        bot_id = "B" + user.id[1:] if user.is_bot else None
        message = self._state.put_message(
            Message(
                channel=channel.id, ts=self._state.mint.ts(), user=user.id, text=as_typed(text),
                blocks=[_typed_block(text)], bot_id=bot_id,
            )
        )  # fmt: skip
        if channel.is_im:
            payload = self._payloads.message_event(message)
            payload["event"] |= {"client_msg_id": self._state.mint.token(""), "team": user.team_id}
            payload["is_ext_shared_channel"] = user.team_id != self._state.team.id
            self._deliveries.later(self._heard(user, payload))
        return message

    async def _heard(self, user: User, payload: Json) -> None:
        delivery = await self._deliveries.first("events_api", payload)
        if not delivery.acked:
            self._state.toast(user.id, NO_ANSWER)

    def _direct_message_moved(self, subtype: str, message: Message, before: Message | None) -> None:
        """The app's own messages in direct conversations come back to it as events, as Slack has it."""
        if message.ephemeral or not self._state.channels[message.channel].is_im:
            return
        payload = self._payloads.message_event(message, subtype=subtype, before=before)
        self._deliveries.later(self._deliveries.deliver("events_api", payload))

    # Commands and shortcuts

    async def slash(self, user: User, channel: Channel, command: str, text: str) -> Delivery:
        """Send a command; what the app answers with is shown."""
        payload = self._payloads.command(user, channel, command, text)
        delivery = await self._deliveries.first("slash_commands", payload)
        if not delivery.acked:
            self._state.notice(user.id, channel.id, f"{command} failed. {NO_ANSWER}")
        elif delivery.body:
            place = ReplyPlace(user_id=user.id, channel=channel.id)
            if refusal := self._posting.reply(place, delivery.body):
                self._state.violation(f"the answer to {command}: {refusal.error} {refusal.messages}")
                self._state.notice(user.id, channel.id, f"{command} failed. {BAD_ANSWER}")
        return delivery

    async def shortcut(self, user: User, callback_id: str, message: Message | None) -> Delivery:
        """Use a shortcut, of the composer or of one message."""
        return await self._interactive(self._payloads.shortcut(user, callback_id, message))

    # Presses and choices

    async def press(self, user: User, where: Message | View, place: Place, value: str | None) -> Delivery:
        """Press a button, with this value."""
        return await self._act(user, where, self._payloads.action(place, None, value))

    async def choose(
        self, user: User, where: Message | View, place: Place, value: str | list[str] | None
    ) -> Delivery:
        """Choose in a menu or picker; a form's field tells the app only if it asks for that."""
        if place.kind.endswith("external_select"):
            await self._look_up(user, where, place, value)
        entry = picked(place.element, value, self.offered(user, where, place))
        if isinstance(where, View) and place.kind in STATEFUL:
            where = self.type_in(user.id, where, {(place.block_id, place.action_id): entry})
        if not place.tells_at_once:
            return Delivery(acked=True, attempts=0)
        return await self._act(user, where, self._payloads.action(place, entry, None))

    def type_in(self, user_id: str, view: View, typed: dict[tuple[str, str], Json]) -> View:
        """Keep what was typed into a view; the app hears of it with the next action or the submission."""
        found = self._state.views.find(view.id)
        newer = (found[1] if found else view).with_typed(typed)
        self._state.views.put(user_id, newer)
        return newer

    async def _act(self, user: User, where: Message | View, action: Json) -> Delivery:
        if isinstance(where, View):
            return await self._interactive(self._payloads.action_in_view(user, where, action))
        return await self._interactive(self._payloads.action_on_message(user, where, action))

    async def _interactive(self, payload: Json) -> Delivery:
        delivery = await self._deliveries.first("interactive", payload)
        if delivery.body:
            self._state.violation(f"{payload['type']} was acked with a body Slack ignores: {delivery.body}")
        return delivery

    # External menus

    async def options(self, user: User, where: Message | View, place: Place, query: str) -> list[Json]:
        """Ask the app for a menu's options, groups flattened; too short a query is not sent."""
        return options_of(await self.menu(user, where, place, query))

    async def menu(self, user: User, where: Message | View, place: Place, query: str) -> Json:
        """The same with its groups: what the app answered, if Slack would show it."""
        if len(query) < place.element.get("min_query_length", LEAST_QUERY):
            return {}
        payload = self._payloads.suggestion(user, where, place, query)
        delivery = await self._deliveries.first("interactive", payload)
        answer = self._judged_menu(place, delivery)
        offered = options_of(answer)
        known = self._offered.setdefault((user.id, _where_id(where), place.action_id), [])
        # A menu keeps showing what was chosen from an earlier answer.
        known[:] = [*offered, *(option for option in known if option not in offered)]
        return answer

    def _judged_menu(self, place: Place, delivery: Delivery) -> Json:
        if not delivery.acked:
            return {}
        body = delivery.body or {}
        options, groups = body.get("options"), body.get("option_groups")
        if groups is None:
            found = list(option_problems(options, "/options", most=100)) if options != [] else []
        else:
            found = list(group_problems(groups, "/option_groups")) if groups != [] else []
        if found:
            self._state.violation(f"options for {place.action_id}: {'; '.join(found)}")
            return {}
        if len(options_of(body)) > MOST_OPTIONS:
            self._state.violation(f"options for {place.action_id}: more than {MOST_OPTIONS} in all")
            return {}
        return body

    async def _look_up(
        self, user: User, where: Message | View, place: Place, value: str | list[str] | None
    ) -> None:
        """Look for what is about to be chosen, unless the menu shows it already."""
        for wanted in [value] if isinstance(value, str) else value or []:
            shown = self.offered(user, where, place)
            if not any(wanted in (option.get("value"), option["text"]["text"]) for option in shown):
                await self.options(user, where, place, wanted)

    def offered(self, user: User, where: Message | View, place: Place) -> list[Json]:
        """The options this person can see in a menu now."""
        own = options_of(place.element)
        if own:
            return own
        single = place.element.get("initial_option")
        initial = [single] if single else list(place.element.get("initial_options") or [])
        return [*self._offered.get((user.id, _where_id(where), place.action_id), []), *initial]

    # Home

    async def open_home(self, user: User, within: float = 2.0) -> View | None:
        """Look at the app's Home: tell the app, wait until it published anew or so many seconds are over."""
        before = self._state.views.home(user.id)
        channel = self._state.direct(user.id)
        payload = self._payloads.home_opened(user.id, channel, before)
        self._deliveries.later(self._deliveries.deliver("events_api", payload))

        def newer() -> View | None:
            home = self._state.views.home(user.id)
            return home if home is not None and (before is None or home.hash != before.hash) else None

        await self._state.changes.until(newer, within)
        return self._state.views.home(user.id)


def _where_id(where: Message | View) -> str:
    return where.id if isinstance(where, View) else f"{where.channel}:{where.ts}"


def _typed_block(text: str) -> Json:
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
    return {"type": "rich_text", "block_id": "typed", "elements": [section]}


def the_place(blocks: list[Json], action_id: str, block_id: str | None, value: str | None) -> Place:
    """The element a person means; LookupError when it is not there.

    Where several share the `action_id`, a `value` that one of them really has decides.
    """
    found = find(blocks, action_id, block_id)
    if not found:
        raise LookupError(f"nothing here has the action_id {action_id!r}")
    return next(
        (place for place in found if value is not None and place.element.get("value") == value), found[0]
    )
