"""Which listener a payload is for: one look into a table, before Bolt would ask each of its listeners in turn.

It looks at nothing of a payload but its kind, and what is for nobody here it leaves to Bolt.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

from slack_bolt.async_app import AsyncAck, AsyncBoltRequest
from slack_bolt.middleware.async_middleware import AsyncMiddleware
from slack_bolt.response import BoltResponse

from bot.slack import incoming as arrived

Listener: TypeAlias = Callable[[AsyncAck, dict[str, Any]], Awaitable[None]]
Kind: TypeAlias = tuple[str, str]
"""A command and its name, an event and its type, or the type of any other payload and ""."""


class Dispatch(AsyncMiddleware):
    """Runs before Bolt's authorization, which would give a listener a token that none of ours takes."""

    def __init__(self, listeners: Mapping[Kind, Listener]) -> None:
        self._listeners = listeners

    async def async_process(
        self,
        *,
        req: AsyncBoltRequest,
        resp: BoltResponse,
        next: Callable[[], Awaitable[Any]],  # noqa: A002  Bolt's
    ) -> BoltResponse | None:
        """The answer of the listener for this kind; it has acknowledged when it is done."""
        listener = self._listeners.get(kind_of(req.body))
        if listener is None:
            await next()
            return resp
        ack = req.context.ack
        await listener(ack, req.body)
        return ack.response


def kind_of(body: Mapping[str, Any]) -> Kind:
    """What kind of payload this is, whatever its shape."""
    if "command" in body:  # a form of Slack's, which has no type
        return "command", arrived.text(body["command"])
    kind = arrived.text(body.get("type"))
    return (
        (kind, arrived.text(arrived.part(body, "event").get("type")))
        if kind == "event_callback"
        else (kind, "")
    )
