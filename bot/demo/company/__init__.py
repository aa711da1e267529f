"""The sample company of the demo: "Lovelace Ltd", its people, its channels and what can be asked for there.

It knows the directory and the tables it is sown into, and nothing of Slack's listeners or messages.
"""

from bot.demo.company.lovelace import LOVELACE
from bot.demo.company.seeding import (
    catalogue,
    phone_owners,
    seed_directory,
    seed_links_and_proofs,
    seed_standings,
    seed_workspace,
    standing_members,
    welcome_mails,
)
from bot.demo.company.shapes import Channel, Company, Group, Person
from bot.demo.company.written import DISCOVER, LOCAL, toml

__all__ = [
    "DISCOVER",
    "LOCAL",
    "LOVELACE",
    "Channel",
    "Company",
    "Group",
    "Person",
    "catalogue",
    "phone_owners",
    "seed_directory",
    "seed_links_and_proofs",
    "seed_standings",
    "seed_workspace",
    "standing_members",
    "toml",
    "welcome_mails",
]
