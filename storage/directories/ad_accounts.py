"""From an entry of Active Directory to an Account: its flags, times and marks.

It changes nothing, and what the directory does not show is a fault, never "no".
"""

from datetime import datetime

from storage.directories import ad_values
from storage.directories.ad_groups import AdGroups
from storage.directories.ad_shape import AdShape
from storage.directories.ldap_accounts import Accounts
from storage.directories.ldap_policy import Standing
from storage.directories.ldap_session import Entry, Session


class AdAccounts(Accounts):
    """The people of a domain below one base. label: the directory's name."""

    def __init__(self, shape: AdShape, groups: AdGroups, label: str) -> None:
        super().__init__(shape, groups, label, standing_in=ad_values.STANDING_IN)

    def standing(self, session: Session, entry: Entry, now: datetime) -> Standing:  # noqa: ARG002 - the entry says it all
        """How the account stands with the password policy that holds for it."""
        return ad_values.standing(entry, now)

    def _mail_changed_at(self, entry: Entry) -> datetime | None:
        """By what controllers tell each other; None where that is not shown to Wicket's account."""
        if self._shape.attributes.mail.casefold() != "mail":
            return None
        return ad_values.changed_at(entry, ad_values.MAIL)

    def _is_marked(self, entry: Entry) -> bool:
        return ad_values.is_marked(entry)
