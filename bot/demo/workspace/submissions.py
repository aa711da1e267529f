"""Submitting and closing forms: what a person filled in goes to the app, and its answer is carried out.

An answer Slack would not understand is written down, and the person sees that something went wrong.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.demo.workspace.answers import Json, Refusal
from bot.demo.workspace.deliveries import Deliveries
from bot.demo.workspace.elements import TEXT_INPUTS, Place, is_empty
from bot.demo.workspace.interactions import BAD_ANSWER
from bot.demo.workspace.methods_views import ViewMethods
from bot.demo.workspace.payloads import Payloads
from bot.demo.workspace.people import User
from bot.demo.workspace.state import State
from bot.demo.workspace.views import View

REQUIRED = "Please complete this required field."


@dataclass(frozen=True, kw_only=True)
class Submission:
    """What a person sees after pressing submit: errors by block_id, the modal now on top, all closed or not.

    The key "" holds an error that belongs to no field.
    """

    errors: Mapping[str, str] = field(default_factory=dict)
    view: View | None = None
    closed: bool = False


class Submissions:
    """Carries forms to the app and their answers back."""

    def __init__(
        self, *, state: State, deliveries: Deliveries, payloads: Payloads, views: ViewMethods
    ) -> None:
        self._state = state
        self._deliveries = deliveries
        self._payloads = payloads
        self._methods = views

    async def submit(self, user: User, view: View) -> Submission:
        """Submit the modal as it is filled in; empty or too long fields never leave the person's client."""
        if errors := _unfinished(view):
            return Submission(errors=errors, view=view)
        delivery = await self._deliveries.first("interactive", self._payloads.submission(user, view))
        if not delivery.acked:
            return self._now(user, {"": BAD_ANSWER})
        problem = self._carry_out(user, view, delivery.body or {})
        if isinstance(problem, str):
            self._state.violation(f"the answer to view_submission {view.callback_id}: {problem}")
            return self._now(user, {"": BAD_ANSWER})
        return self._now(user, problem)

    async def close(self, user: User, view: View) -> None:
        """Close the modal; the app hears of it if it wished to."""
        self._state.views.close(user.id, view.id)
        self._state.view_changed(user.id)
        if view.notify_on_close:
            payload = self._payloads.closing(user, view, cleared=False)
            delivery = await self._deliveries.first("interactive", payload)
            if delivery.body:
                self._state.violation(f"view_closed was acked with a body Slack ignores: {delivery.body}")

    def _now(self, user: User, errors: Mapping[str, str]) -> Submission:
        top = self._state.views.top(user.id)
        return Submission(errors=errors, view=top, closed=top is None)

    def _carry_out(self, user: User, view: View, answer: Json) -> dict[str, str] | str:
        """Do what the answer says: the errors to show, or (as text) why the answer makes no sense."""
        action = answer.get("response_action")
        if action == "errors":
            return _errors(view, answer)
        outcome = self._move(user, view, action, answer)
        self._state.view_changed(user.id)
        return outcome or {}

    def _move(self, user: User, view: View, action: object, answer: Json) -> str:
        extra = set(answer) - {"response_action", "view"}
        if extra:
            return f"unknown keys {sorted(extra)}"
        if action == "clear" or action is None:
            if "view" in answer:
                return f"a view with response_action {action}"
            if action == "clear":
                self._state.views.clear(user.id)
            else:
                self._state.views.close(user.id, view.id)
            return ""
        if action not in ("update", "push"):
            return f"unknown response_action {action!r}"
        judged = self._methods.judged(
            answer.get("view"), "modal", replacing=view if action == "update" else None
        )
        if isinstance(judged, Refusal):
            return f"{judged.error} {'; '.join(judged.messages)}"
        return self._place(user, judged, is_push=action == "push")

    def _place(self, user: User, judged: View, *, is_push: bool) -> str:
        if not is_push:
            self._state.views.put(user.id, judged)
        elif self._state.views.is_full(user.id):
            return "push_limit_reached"
        else:
            self._state.views.push(user.id, judged)
        return ""


def _errors(view: View, answer: Json) -> dict[str, str] | str:
    """The errors an answer names; each must belong to an input block and say something."""
    errors = answer.get("errors")
    inputs = {place.block_id for place in view.fields() if place.is_input}
    if not isinstance(errors, dict) or not errors:
        return "response_action errors without errors"
    if strange := sorted(set(errors) - inputs):
        return f"errors for blocks that are no input of this view: {strange}"
    if not all(isinstance(text, str) and text for text in errors.values()):
        return "an error without text"
    return {str(block_id): str(text) for block_id, text in errors.items()}


def _unfinished(view: View) -> dict[str, str]:
    found: dict[str, str] = {}
    for place in view.fields():
        if place.is_input and (words := _complaint(place, view.entry(place))):
            found[place.block_id] = words
    return found


def _complaint(place: Place, entry: Json) -> str:
    """What the person's client says about one field before anything is sent."""
    if is_empty(entry):
        return "" if place.block.get("optional") else REQUIRED
    if place.kind not in TEXT_INPUTS:
        return ""
    least, most = place.element.get("min_length", 0), place.element.get("max_length", 3000)
    text = str(entry["value"])
    if len(text) > most:
        return f"This must be at most {most} characters long."
    return f"This must be at least {least} characters long." if len(text) < least else ""
