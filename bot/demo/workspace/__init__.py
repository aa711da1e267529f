"""The pretend Slack workspace: Slack's Web API, Socket Mode and signed HTTP on loopback, stricter than Slack.

It knows Slack's protocol and never the bot: any app that speaks to Slack can be run against it.
"""

from bot.demo.workspace.deliveries import Delivery
from bot.demo.workspace.faults import Faults
from bot.demo.workspace.messages import Message
from bot.demo.workspace.page_state import PhoneBook
from bot.demo.workspace.person import PersonClient
from bot.demo.workspace.state import ApiCall
from bot.demo.workspace.submissions import Submission
from bot.demo.workspace.views import View
from bot.demo.workspace.workspace import Workspace

__all__ = [
    "ApiCall",
    "Delivery",
    "Faults",
    "Message",
    "PersonClient",
    "PhoneBook",
    "Submission",
    "View",
    "Workspace",
]
