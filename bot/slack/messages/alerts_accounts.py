"""What security reads of self-service that was refused for what changed around an account.

Headlines and sentences only; bot.slack.messages.alerts makes messages of them. It names no address.
"""

from bot.slack.messages.alert_facts import Alert
from bot.slack.words import day_and_clock


def address_changed(alert: Alert) -> tuple[str, str]:
    """A reset refused since the mail address is new (P-3)."""
    at = alert.moment("changed_at")
    when = day_and_clock(at) if at else "lately"
    return (
        f"Refused: self-service for {alert.whose}, whose mail address is new",
        f"Somebody with the Slack account `{alert.fact('slack_user', 'unknown')}` wanted to help themselves. The mail "
        f"address of {alert.whose} changed {when}, and for 72 hours nothing is done on its strength. Nothing was "
        "changed; their old and their new address were told. If the change of address was not theirs, somebody else is "
        "about to be them.",
    )
