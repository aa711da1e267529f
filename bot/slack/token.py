"""What Slack says to a bot token, judged: whether it will ever work, and whether it is of a workspace of ours.

It asks Slack nothing itself, and never sees the token.
"""

from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.settings.sections import SlackSection

# What Slack says of a token that will never work, against a Slack that is only away.
BAD_TOKEN = frozenset({"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired"})


def foreign_team(answer: AsyncSlackResponse, slack: SlackSection) -> str | None:
    """The team of this answer to `auth.test`, if neither it nor its enterprise is in the settings."""
    is_ours = answer["team_id"] in slack.teams or answer.get("enterprise_id") == (slack.enterprise or "")
    return None if is_ours else str(answer["team_id"])
