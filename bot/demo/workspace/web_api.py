"""The Web API's front: reads a call as Slack does, checks its token and scope, and answers.

What a method does stands with its family; nothing here knows one method from another.
"""

import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from email.utils import format_datetime
from typing import Any

from aiohttp import web

from bot.demo.workspace.answers import Json, Refusal, refuse
from bot.demo.workspace.faults import Faults
from bot.demo.workspace.state import ApiCall, State


def arguments(names: str) -> frozenset[str]:
    """The names of one spaced line."""
    return frozenset(names.split())


# What is wrong with these is the app's own doing; other refusals come with circumstances.
FORM_ERRORS = arguments(
    "invalid_blocks msg_too_long msg_blocks_too_long no_text invalid_arguments unknown_method missing_scope "
    "invalid_auth not_authed not_allowed_token_type view_too_large invalid_json json_not_object invalid_post_type "
    "invalid_trigger_id duplicate_external_id cannot_dm_bot invalid_cursor invalid_limit invalid_types"
)

# What a channel takes one of a second, where that is switched on.
PACED = arguments("chat.postMessage chat.update")

# slack_sdk adds it to whatever a client that knows its team calls.
EVERYWHERE = arguments("team_id")


class Args:
    """The arguments of one call; forms and queries carry JSON and booleans as text."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = dict(values)

    def text(self, name: str) -> str:
        """An argument as text, empty when absent."""
        value = self.values.get(name)
        return "" if value is None else str(value)

    def flag(self, name: str) -> bool:
        """Whether an argument is set: true, "true", 1 or "1"."""
        return str(self.values.get(name, "")).lower() in ("1", "true")

    def data(self, name: str) -> Any:
        """A structured argument; None when absent, text when it is not JSON."""
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError:
            return value


Handler = Callable[[Args], Json | Refusal]


@dataclass(frozen=True, kw_only=True)
class Method:
    """One method: what carries it out, the scope it needs, the arguments it knows, whether it reads JSON,
    and whose token it takes (`bot`, `app` or `anyone`'s)."""

    run: Handler
    scope: str | None = None
    arguments: frozenset[str] = frozenset()
    reads_json: bool = True
    caller: str = "bot"


class WebApi:
    """Every Web API call comes through `handle`."""

    def __init__(
        self, *, state: State, faults: Faults, methods: Mapping[str, Method], tokens: Mapping[str, str]
    ) -> None:
        self._state = state
        self._faults = faults
        self._methods = methods
        self._tokens = tokens

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one call; refusals are JSON with status 200, as Slack has them."""
        name = request.match_info["method"]
        if self._faults.is_down:
            return web.json_response({"ok": False, "error": "service_unavailable"}, status=503)
        read = await _read(request)
        if isinstance(read, Refusal):
            return self._answer(name, Args({}), read, {})
        token, args = read
        trouble = self._faults.trouble(name)
        await self._faults.wait(name, trouble)
        if trouble.retry_after is not None:
            return self._limited(name, args, trouble.retry_after)
        if name in PACED and self._faults.is_too_soon(str(args.values.get("channel")), time.monotonic()):
            return self._limited(name, args, 1)
        if trouble.page is not None:
            self._record(name, args, "garbled")
            status, media_type = trouble.page
            return web.Response(status=status, text="<h1>Sorry", content_type=media_type)
        headers = self._headers(name, token)
        if trouble.error is not None:
            self._record(name, args, trouble.error)
            return web.json_response(refuse(trouble.error).body(), headers=headers)
        answer = self._answer(name, args, self._call(name, token, args, request.content_type), headers)
        if trouble.drop and request.transport is not None:
            request.transport.abort()
        return answer

    def _limited(self, name: str, args: Args, retry_after: int) -> web.Response:
        self._record(name, args, "ratelimited")
        headers = {"Retry-After": str(retry_after)}
        return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers=headers)

    def _call(self, name: str, token: str, args: Args, content_type: str) -> Json | Refusal:
        method = self._methods.get(name)
        if method is None:
            return refuse("unknown_method", req_method=name)
        if refusal := self._check_token(method, token):
            return refusal
        if content_type == "application/json" and not method.reads_json:
            return refuse("invalid_arguments", "[ERROR] this method reads forms and queries, not JSON")
        if unknown := sorted(set(args.values) - method.arguments - EVERYWHERE):
            self._state.violation(f"{name} was given arguments Slack does not know: {', '.join(unknown)}")
        return method.run(args)

    def _check_token(self, method: Method, token: str) -> Refusal | None:
        if method.caller == "anyone":
            return None
        if not token:
            return refuse("not_authed")
        kind = self._tokens.get(token)
        if kind is None:
            return refuse("invalid_auth")
        if kind != method.caller:
            return refuse("not_allowed_token_type")
        granted = self._state.scopes[kind]
        if method.scope is not None and method.scope not in granted:
            return missing_scope(method.scope, granted)
        return None

    def _headers(self, name: str, token: str) -> dict[str, str]:
        """Slack's own time, the scopes of a token that it knows, and the one that the method takes."""
        headers = {"Date": format_datetime(self._state.now(), usegmt=True)}
        if kind := self._tokens.get(token):
            headers["x-oauth-scopes"] = ",".join(sorted(self._state.scopes[kind]))
        if (method := self._methods.get(name)) and method.scope:
            headers["x-accepted-oauth-scopes"] = method.scope
        return headers

    def _answer(
        self, name: str, args: Args, result: Json | Refusal, headers: Mapping[str, str]
    ) -> web.Response:
        error = result.error if isinstance(result, Refusal) else None
        self._record(name, args, error)
        if isinstance(result, Refusal) and result.error in FORM_ERRORS:
            self._state.violation(f"{name} refused: {result.error} {'; '.join(result.messages)}".strip())
        body = result.body() if isinstance(result, Refusal) else {"ok": True, **result}
        return web.json_response(body, headers=headers)

    def _record(self, name: str, args: Args, error: str | None) -> None:
        call = ApiCall(
            method=name, arguments=args.values, ok=error is None, error=error, at=self._state.now()
        )
        self._state.calls.append(call)


def missing_scope(needed: str, granted: Iterable[str]) -> Refusal:
    """The refusal for a scope that the token was not given."""
    return refuse("missing_scope", needed=needed, provided=",".join(sorted(granted)))


async def _read(request: web.Request) -> tuple[str, Args] | Refusal:
    """The token (of the header, else of the arguments) and the arguments."""
    values: dict[str, Any] = dict(request.query)
    if request.method == "POST":
        if request.content_type == "application/json":
            try:
                body = await request.json()
            except ValueError:
                return refuse("invalid_json")
            if not isinstance(body, dict):
                return refuse("json_not_object")
            values |= {key: value for key, value in body.items() if value is not None}
        elif request.can_read_body:
            if request.content_type not in ("application/x-www-form-urlencoded", "multipart/form-data"):
                return refuse("invalid_post_type")
            values |= dict(await request.post())
    scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
    given = str(values.pop("token", ""))
    return (bearer if scheme == "Bearer" else given), Args(values)
