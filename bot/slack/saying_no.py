"""What Slack says no with: its own word, also where it is not Slack that answers but something that stands before it.

It calls nobody and judges nothing.
"""

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

UNREADABLE = "unreadable"
"""In the place of the word where there is none: a proxy's page, half an answer."""


def word_of(error: SlackApiError) -> str:
    """Slack's word for what is wrong. slack_sdk hands over whatever came, which need not be an answer of Slack's."""
    answer = error.response
    data = answer.data if isinstance(answer, AsyncSlackResponse) else None
    return str(data.get("error", UNREADABLE)) if isinstance(data, dict) else UNREADABLE
