"""Settings: read from `wicket.toml` and the environment, checked whole, then handed to the composition root.

They are never looked up from a global, and secrets come from the environment alone.
"""

from bot.settings.directories import (
    ActiveDirectorySection,
    DirectorySection,
    LdapDirectorySection,
    LocalDirectorySection,
)
from bot.settings.early import origin_for_slack
from bot.settings.load import load_settings
from bot.settings.problems import Unusable
from bot.settings.secrets import Secrets, new_audit_key, new_key
from bot.settings.sections import BulletinsSection, MailSection, SecuritySection
from bot.settings.settings import Settings

__all__ = [
    "ActiveDirectorySection",
    "BulletinsSection",
    "DirectorySection",
    "LdapDirectorySection",
    "LocalDirectorySection",
    "MailSection",
    "Secrets",
    "SecuritySection",
    "Settings",
    "Unusable",
    "load_settings",
    "new_audit_key",
    "new_key",
    "origin_for_slack",
]
