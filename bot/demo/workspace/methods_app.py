"""The methods about the app itself: api.test, auth.test and the opening of Socket Mode.

They tell who the app is; they never show a person anything.
"""

from collections.abc import Callable

from bot.demo.workspace.answers import Json, Refusal, refuse
from bot.demo.workspace.sockets import SocketMode
from bot.demo.workspace.state import State
from bot.demo.workspace.web_api import Args, Method, arguments


class AppMethods:
    """`page_url()` is the workspace's own address, `socket_url()` the WebSocket endpoint's."""

    def __init__(
        self, *, state: State, sockets: SocketMode, page_url: Callable[[], str], socket_url: Callable[[], str]
    ) -> None:
        self._state = state
        self._sockets = sockets
        self._page_url = page_url
        self._socket_url = socket_url

    def methods(self) -> dict[str, Method]:
        """Name to method."""
        return {
            "api.test": Method(run=self.test, caller="anyone", arguments=arguments("error foo")),
            "auth.test": Method(run=self.who),
            "apps.connections.open": Method(run=self.connect, scope="connections:write", caller="app"),
        }

    def test(self, args: Args) -> Json | Refusal:
        """api.test: says back what it was given."""
        if error := args.text("error"):
            return refuse(error, args=args.values)
        return {"args": args.values}

    def who(self, _args: Args) -> Json:
        """auth.test."""
        team = self._state.team
        return {
            "url": self._page_url(), "team": team.name, "user": "wicket", "team_id": team.id,
            "user_id": team.bot_user_id, "bot_id": team.bot_id, "is_enterprise_install": False,
        }  # fmt: skip

    def connect(self, _args: Args) -> Json:
        """apps.connections.open: an address for one socket, good once."""
        return {
            "url": f"{self._socket_url()}?ticket={self._sockets.ticket()}&app_id={self._state.team.app_id}"
        }
