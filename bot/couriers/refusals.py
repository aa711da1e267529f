"""What Slack says no with, and what follows from it: to wait, to try again, or to tell whoever can mend it.

It calls nobody and keeps nothing.
"""

from dataclasses import dataclass
from datetime import timedelta

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.slack.saying_no import word_of

# What Slack says when the message to edit is no longer there: then it is posted anew.
NOT_EDITABLE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})
# And of a message, or a channel, below which nothing is said (any more).
NO_REPLIES = frozenset(
    {
        "cannot_reply_to_message",
        "invalid_thread_ts",
        "message_not_found",
        "restricted_action_non_threadable_channel",
        "restricted_action_thread_locked",
        "thread_not_found",
    }
)
_PASSING = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout"})
# The second is chat.postMessage's own word; either comes with 429, or in an answer that is sound otherwise.
_RATE_LIMITED = frozenset({"ratelimited", "rate_limited"})
_AT_LEAST = timedelta(seconds=1)
# Longer than Slack asks for. Whoever writes more keeps nobody silent for longer: it is asked again.
_MOST_SECONDS = 3600


@dataclass(frozen=True, kw_only=True)
class Setback:
    """Why a message could not be delivered.

    tell: only an operator can mend it. alone: it is this message's, so the recipient's others may go.
    slacks: certainly not about the message, which keeps its place however long it takes. after: how long Slack asked
    to wait.
    """

    fault: str
    tell: bool = False
    alone: bool = False
    slacks: bool = False
    after: timedelta | None = None


def refusal(error: SlackApiError) -> Setback:
    """What Slack said no with: to wait, that it has troubles of its own, or what an operator must mend."""
    answer = error.response
    if not isinstance(answer, AsyncSlackResponse):  # a proxy's page, or half an answer
        return Setback(fault="Slack's answer could not be read.", slacks=True)
    word, is_theirs = word_of(error), answer.status_code >= 500
    is_limited = answer.status_code == 429 or word in _RATE_LIMITED
    after = _asked_to_wait(answer) if is_limited or is_theirs else None
    if answer.status_code == 429:
        after = after or _AT_LEAST
    if is_limited:
        return Setback(fault="rate limited", slacks=True, after=after)
    tell = not is_theirs and word not in _PASSING
    return Setback(fault=word, tell=tell, slacks=is_theirs, after=after)


def _asked_to_wait(answer: AsyncSlackResponse) -> timedelta | None:
    """None where no number of seconds is written: a proxy may write a date, and that is no rate limit of Slack's."""
    written = str(answer.headers.get("Retry-After", ""))
    is_number = written.isascii() and written.isdigit()
    return max(_AT_LEAST, timedelta(seconds=min(int(written[:12]), _MOST_SECONDS))) if is_number else None
