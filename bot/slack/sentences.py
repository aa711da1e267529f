"""The short sentences that answer a click, a command or a fault: templates, to be said where somebody reads them.

Plain, without blame, and always with what to do next.
"""

from bot.texts import template
from handlers.decisions.identity import NotAPerson

TOO_FAST = template(
    "That was a lot in one minute, so I did not take this up and nothing was done. "
    "Please wait a moment, then do it once more."
)
TRY_AGAIN = template("That took too long, so Slack would not open the form. Please click once more.")
TYPE_AGAIN = template("That took too long, so Slack would not open the form. Please send that once more.")
FAULT = template(
    "Something went wrong on my side, and it is noted for the operator. "
    "Please try again; nothing will be done twice."
)
NO_DIRECTORY = template(
    "I can't read the directory right now, so I don't know. Nothing was done and nothing was lost. "
    "Please try again in a few minutes."
)
NO_STORE = template(
    "I can't write to my records right now, so nothing was done and nothing was lost. "
    "Please try again in a few minutes."
)
UNSURE = template(
    "My records went away at the very moment of writing, so I can't say whether that was done. "
    "Please look in a few minutes, and ask again if it is not there; nothing is given twice."
)
NO_IDENTITY = template(
    "Slack did not tell me who you are just now, so nothing was done. Please try again in a minute."
)
GONE = template("This is no longer there. Ask me again and I will start anew.")
CHANGED = template(
    "In the database this is no longer as I wrote it, so nothing was changed, and the security team hears of it. "
    "If you still need it, look for a newer message about it, or ask an operator."
)
ALREADY_ASKED = template(
    "You have already asked for this and it is waiting. I did not send it twice. Say “where is my request?” to see it, "
    "or to withdraw it and ask anew."
)

TURNED_AWAY = {
    NotAPerson.GUEST: template(
        "I work for staff accounts only, and yours is a guest account. Please ask the person you work with here."
    ),
    NotAPerson.STRANGER: template("I work for people of this company only. Nothing was done."),
    NotAPerson.DEACTIVATED: template(
        "Your account is not active, so I can't act for it. Please ask the IT desk."
    ),
    NotAPerson.BOT: "",
    NotAPerson.UNKNOWN: template("I can't tell who you are, so nothing was done. Please ask the IT desk."),
}
