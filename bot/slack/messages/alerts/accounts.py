"""What security reads of self-service that was refused for what changed around an account.

Headlines and sentences only; bot.slack.messages.alerts.message makes messages of them. It names no address.
"""

from bot.slack.messages.alerts.facts import Alert
from bot.slack.words import day_and_clock, together
from bot.texts import say


def address_changed(alert: Alert) -> tuple[str, str]:
    """A reset refused since the mail address is new (P-3)."""
    at = alert.moment("changed_at")
    if alert.facts.get("door"):  # whoever types a login there need not have anybody's Slack account
        who = say("Somebody at the page's front door wanted to help themselves.")
    else:
        account = f"`{alert.fact('slack_user', '?')}`"
        who = say("Somebody with the Slack account {account} wanted to help themselves.", account=account)
    return (
        say("Refused: self-service for {name}, whose mail address is new", name=alert.whose),
        together(
            who,
            say(
                "The mail address of {name} changed {time}, and for 72 hours nothing is done on its strength.",
                name=alert.whose,
                time=day_and_clock(at) if at else say("lately"),
            ),
            say(
                "Nothing was changed; their old and their new address were told. If the change of address was not "
                "theirs, somebody else is about to be them."
            ),
        ),
    )
