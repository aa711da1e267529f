"""What the pretend workspace answers: plain JSON objects, and refusals with Slack's own error words.

A refusal is an expected answer and is returned; nothing here is ever raised.
"""

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """One refused call: `error` is Slack's word for it, `messages` the reasons Slack gives beside it."""

    error: str
    messages: tuple[str, ...] = ()
    extra: Json = field(default_factory=dict)

    def body(self) -> Json:
        """The JSON Slack would answer with."""
        answer: Json = {"ok": False, "error": self.error, **self.extra}
        if self.messages:
            answer["response_metadata"] = {"messages": list(self.messages)}
        return answer


def refuse(error: str, *messages: str, **extra: Any) -> Refusal:
    """Shorthand for a `Refusal`."""
    return Refusal(error=error, messages=messages, extra=extra)
