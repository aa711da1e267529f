"""The views methods: open, push, update, publish.

They need a live trigger or a known view; whether a view is good is judged in `view_rules`.
"""

from dataclasses import replace
from typing import Any

from bot.demo.workspace.answers import Json, Refusal, refuse
from bot.demo.workspace.elements import with_ids
from bot.demo.workspace.rules import mass_mentions
from bot.demo.workspace.state import State
from bot.demo.workspace.triggers import Trigger, Triggers
from bot.demo.workspace.view_rules import is_too_large, view_problems
from bot.demo.workspace.views import View, no_longer_offered
from bot.demo.workspace.web_api import Args, Method, arguments


class ViewMethods:
    """The `views.*` family, and what an answered form does with views."""

    def __init__(self, *, state: State, triggers: Triggers) -> None:
        self._state = state
        self._views = state.views
        self._triggers = triggers

    def methods(self) -> dict[str, Method]:
        """Name to method; they need no scope."""
        return {
            "views.open": Method(run=self.open, arguments=arguments("trigger_id view interactivity_pointer")),
            "views.push": Method(run=self.push, arguments=arguments("trigger_id view interactivity_pointer")),
            "views.update": Method(run=self.update, arguments=arguments("view_id external_id hash view")),
            "views.publish": Method(run=self.publish, arguments=arguments("user_id hash view")),
        }

    def open(self, args: Args) -> Json | Refusal:
        """views.open: a first modal, or one more if the trigger came from a modal that is still open."""
        return self._shown(args, must_be_open=False)

    def push(self, args: Args) -> Json | Refusal:
        """views.push: one more modal; the trigger must come from one."""
        return self._shown(args, must_be_open=True)

    def _shown(self, args: Args, *, must_be_open: bool) -> Json | Refusal:
        view = self.judged(args.data("view"), "modal")
        if isinstance(view, Refusal):
            return view
        trigger = self._triggers.take(args.text("trigger_id"))
        if isinstance(trigger, Refusal):
            return trigger
        is_on_top = self._is_open(trigger)
        if must_be_open and not is_on_top:
            return refuse("not_found")
        if is_on_top:
            if self._views.is_full(trigger.user_id):
                return refuse("push_limit_reached")
            self._views.push(trigger.user_id, view)
        else:
            self._views.open(trigger.user_id, view)
        return self._told(trigger.user_id, view)

    def _is_open(self, trigger: Trigger) -> bool:
        open_ids = [view.id for view in self._views.stack(trigger.user_id)]
        return trigger.view_id is not None and trigger.view_id in open_ids

    def update(self, args: Args) -> Json | Refusal:
        """views.update: by id or external id; a given `hash` must be the current one."""
        found = self._views.find(args.text("view_id"), args.text("external_id"))
        if found is None:
            return refuse("not_found")
        user_id, old = found
        given = args.text("hash")
        if given and given != old.hash:
            return refuse("hash_conflict")
        view = self.judged(args.data("view"), old.type, replacing=old)
        if isinstance(view, Refusal):
            return view
        self._views.put(user_id, view)
        return self._told(user_id, view)

    def publish(self, args: Args) -> Json | Refusal:
        """views.publish: one person's Home, anew."""
        user_id = args.text("user_id")
        if user_id not in self._state.users:
            return refuse("user_not_found")
        old, given = self._views.home(user_id), args.text("hash")
        if given and old is not None and given != old.hash:
            return refuse("hash_conflict")
        view = self.judged(args.data("view"), "home", replacing=old)
        if isinstance(view, Refusal):
            return view
        self._views.publish(user_id, view)
        return self._told(user_id, view)

    def judged(self, given: Any, expected: str, *, replacing: View | None = None) -> View | Refusal:
        """The view Slack would make of this, or its refusal; a replaced view lends its place and typed text."""
        if problems := view_problems(given, expected=expected):
            return refuse("invalid_arguments", *problems)
        if is_too_large(given):
            return refuse("view_too_large")
        for mention in mass_mentions("", given["blocks"]):
            self._state.violation(f"a view would ping everybody: {mention}")
        twin = self._views.find(external_id=given.get("external_id") or "")
        if twin is not None and (replacing is None or twin[1].id != replacing.id):
            return refuse("duplicate_external_id")
        view = self._made(given)
        if replacing is None:
            return view
        for place in no_longer_offered(view, replacing):
            self._state.violation(
                f"{place.action_id} was given other options and kept its block_id: {place.block_id}"
            )
        return replace(
            view, id=replacing.id, typed=replacing.typed, root_view_id=replacing.root_view_id,
            previous_view_id=replacing.previous_view_id,
        )  # fmt: skip

    def _made(self, given: Json) -> View:
        mint = self._state.mint
        title = given.get("title")
        return View(
            id=mint.id("V"), hash=mint.view_hash(), type=given["type"],
            blocks=with_ids(given["blocks"], mint.block_id), title=title["text"] if title else "",
            title_object=title, callback_id=given.get("callback_id") or "",
            private_metadata=given.get("private_metadata") or "", external_id=given.get("external_id") or "",
            submit=given.get("submit"), close=given.get("close"),
            notify_on_close=bool(given.get("notify_on_close")),
            clear_on_close=bool(given.get("clear_on_close")), names=self._state.names,
        )  # fmt: skip

    def _told(self, user_id: str, view: View) -> Json:
        self._state.view_changed(user_id, home=view.type == "home")
        found = self._views.find(view.id)
        return {"view": self._state.view_body(found[1] if found else view)}
