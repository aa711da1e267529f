"""The pretend Slack workspace: one object that is the whole cloud, on loopback.

It knows Slack's protocol and is stricter than Slack; it knows nothing of the bot that talks to it.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from bot.demo.workspace.answers import Json
from bot.demo.workspace.changes import Change
from bot.demo.workspace.deliveries import Deliveries, Delivery, Kind
from bot.demo.workspace.faults import Faults
from bot.demo.workspace.interactions import Interactions
from bot.demo.workspace.methods_app import AppMethods
from bot.demo.workspace.methods_chat import ChatMethods
from bot.demo.workspace.methods_people import PeopleMethods
from bot.demo.workspace.methods_views import ViewMethods
from bot.demo.workspace.page_api import PageApi
from bot.demo.workspace.page_deeds import PageDeeds
from bot.demo.workspace.page_state import PageState, PhoneBook
from bot.demo.workspace.page_stream import PageStream
from bot.demo.workspace.payloads import Payloads
from bot.demo.workspace.people import Channel, User
from bot.demo.workspace.person import PersonClient
from bot.demo.workspace.posting import Posting
from bot.demo.workspace.server import ResponseUrls, Server
from bot.demo.workspace.signed_http import SignedHttp
from bot.demo.workspace.sockets import SocketMode
from bot.demo.workspace.state import ApiCall, State, Team
from bot.demo.workspace.submissions import Submissions
from bot.demo.workspace.triggers import ReplyUrls, Triggers
from bot.demo.workspace.web_api import WebApi


def utc_now() -> datetime:
    """The time now, aware."""
    return datetime.now(UTC)


class Workspace:
    """A small, strict Slack. `ack_seconds` is Slack's patience: 3, or less in a test about impatience."""

    def __init__(
        self,
        *,
        team_id: str = "T0WICKET",
        team_name: str = "Lovelace Ltd",
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self.faults = Faults()
        self.ack_seconds = 3.0
        self.commands: list[Json] = []
        self.shortcuts: list[Json] = []
        self.links: list[tuple[str, str]] = []
        self.phone: PhoneBook | None = None
        self._state = State(team=Team(id=team_id, name=team_name), now=now)
        mint, team = self._state.mint, self._state.team
        self.app_token = mint.token("xapp-1-A0WICKET-")
        self.bot_token = mint.token("xoxb-")
        self.signing_secret = mint.token("")
        self.bot_user_id = team.bot_user_id
        self.add_user(team.bot_user_id, name="wicket", real_name="Wicket", email="", is_bot=True)
        self._sockets = SocketMode(state=self._state, faults=self.faults, patience=self._patience)
        self._http: SignedHttp | None = None
        self._deliveries = Deliveries(wire=self._sockets, faults=self.faults)
        self._build(now)

    def _build(self, now: Callable[[], datetime]) -> None:
        state, mint = self._state, self._state.mint
        triggers = Triggers(now=now, mint=mint, faults=self.faults)
        replies = ReplyUrls(now=now, mint=mint)
        posting = Posting(state)
        payloads = Payloads(
            state=state, triggers=triggers, replies=replies, reply_base=lambda: f"{self.page_url}reply/"
        )
        views = ViewMethods(state=state, triggers=triggers)
        self._interactions = Interactions(
            state=state, deliveries=self._deliveries, payloads=payloads, posting=posting
        )
        self._submissions = Submissions(
            state=state, deliveries=self._deliveries, payloads=payloads, views=views
        )
        app = AppMethods(
            state=state, sockets=self._sockets, page_url=lambda: self.page_url, socket_url=self._socket_url
        )
        chat = ChatMethods(state=state, posting=posting, page_url=lambda: self.page_url)
        methods = app.methods() | chat.methods() | PeopleMethods(state).methods() | views.methods()
        tokens = {self.app_token: "app", self.bot_token: "bot"}
        web_api = WebApi(state=state, faults=self.faults, methods=methods, tokens=tokens)
        responses = ResponseUrls(state=state, faults=self.faults, replies=replies, posting=posting)
        page = PageState(state=state, around=self)
        self._stream = PageStream(state=state, page=page)
        deeds = PageDeeds(
            state=state,
            page=page,
            around=self,
            interactions=self._interactions,
            submissions=self._submissions,
        )
        pages = PageApi(state=state, page=page, stream=self._stream, deeds=deeds)
        self._server = Server(
            web_api=web_api, sockets=self._sockets, responses=responses, more=pages.routes()
        )

    # Where it is

    @property
    def page_url(self) -> str:
        """The address a browser opens; valid after `start`."""
        return f"http://{self._server.authority}/"

    @property
    def api_url(self) -> str:
        """The Web API's base address, for `AsyncWebClient(base_url=…)`; valid after `start`."""
        return f"{self.page_url}api/"

    def _socket_url(self) -> str:
        return f"ws://{self._server.authority}/socket"

    def _patience(self) -> float:
        return self.ack_seconds

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen on loopback; port 0 takes a free one."""
        await self._server.start(host, port)

    async def stop(self) -> None:
        """End every connection and everything under way."""
        self._stream.stop()
        await self._deliveries.stop()
        await self._sockets.stop()
        if self._http is not None:
            await self._http.stop()
        await self._server.stop()

    # Who is there

    def add_user(
        self, id: str, *, name: str, real_name: str, email: str, title: str = "", tz: str = "Europe/London",  # noqa: A002 - Slack's own word
        team_id: str | None = None, is_restricted: bool = False, is_ultra_restricted: bool = False,
        deleted: bool = False, is_bot: bool = False, is_stranger: bool = False,
    ) -> None:  # fmt: skip
        """Add an account; a `team_id` of another workspace makes it an outsider."""
        user = User(
            id=id, name=name, real_name=real_name, email=email, title=title, tz=tz,
            team_id=team_id or self._state.team.id, is_restricted=is_restricted,
            is_ultra_restricted=is_ultra_restricted, deleted=deleted, is_bot=is_bot, is_stranger=is_stranger,
        )  # fmt: skip
        self._state.put_user(user)

    def update_user(self, id: str, **changes: Any) -> None:  # noqa: A002 - Slack's own word
        """Change facts of an account: deactivate it, make it a guest, change its e-mail."""
        self._state.changed_user(id, changes)

    def add_channel(
        self, id: str, *, name: str, members: Iterable[str], is_private: bool = False,  # noqa: A002 - Slack's own word
        is_ext_shared: bool = False, is_archived: bool = False, topic: str = "",
    ) -> None:  # fmt: skip
        """Add a channel with these members; the bot is one only if it is named, or installed later."""
        channel = Channel(
            id=id, name=name, members=frozenset(members), is_private=is_private, is_ext_shared=is_ext_shared,
            is_archived=is_archived, topic=topic, created=int(self._state.now().timestamp()),
        )  # fmt: skip
        self._state.put_channel(channel)

    def update_channel(self, id: str, **changes: Any) -> None:  # noqa: A002 - Slack's own word
        """Change facts of a channel: archive it, share it, change its members."""
        self._state.changed_channel(id, changes)

    def install_bot_in(self, channel_id: str) -> None:
        """Make the bot a member."""
        members = self._state.channels[channel_id].members | {self.bot_user_id}
        self._state.changed_channel(channel_id, {"members": members})

    def person(self, user_id: str) -> PersonClient:
        """This human's Slack client."""
        if user_id not in self._state.users:
            raise LookupError(f"nobody here has the id {user_id}")
        return PersonClient(
            user_id, state=self._state, interactions=self._interactions, submissions=self._submissions
        )

    def phone_changed(self, user_id: str) -> None:
        """Tell this person's page that their phone has something new."""
        self._state.changes.tell(Change(kind="phone", to=frozenset({user_id})))

    def reinstall(self, *, bot: Iterable[str] | None = None, app: Iterable[str] | None = None) -> None:
        """Give the tokens these scopes from now on, as another installation of the app does; None: as they are."""
        for kind, scopes in (("bot", bot), ("app", app)):
            if scopes is not None:
                self._state.scopes[kind] = frozenset(scopes)

    # What the app did

    @property
    def calls(self) -> list[ApiCall]:
        """Every Web API call so far."""
        return self._state.calls

    @property
    def violations(self) -> list[str]:
        """Everything the app did that real Slack would refuse, or that Wicket must never do."""
        return self._state.violations

    # The wire

    def deliver_by_http(self, url: str) -> None:
        """Send signed HTTP to this URL from now on, instead of Socket Mode."""
        if self._http is not None:
            raise RuntimeError("a URL was given already")
        self._http = SignedHttp(
            url=url, secret=self.signing_secret, state=self._state, patience=self._patience
        )
        self._deliveries.wire = self._http

    async def wait_connected(self, timeout: float = 10) -> None:  # noqa: ASYNC109 - a caller gives its own patience
        """Wait until a socket is open, or the URL has proved itself; ConnectionError otherwise."""
        is_there = await (self._http.verify() if self._http else self._sockets.wait_open(timeout))
        if not is_there:
            raise ConnectionError("the app is not connected to the pretend workspace")

    async def refresh_sockets(self) -> None:
        """Ask the app to come back on new sockets, as Slack does every few hours."""
        await self._sockets.refresh()

    async def settled(self) -> None:
        """Wait until every event under way was taken by the app or given up."""
        await self._deliveries.settled()

    async def send(
        self, payload: Json, *, kind: Kind, headers: dict[str, str] | None = None, times: int = 1
    ) -> list[Delivery]:
        """Deliver any payload, `times` at once. In HTTP mode `headers` replace those made for it."""
        return await self._deliveries.deliver(kind, payload, headers=headers, times=times)
