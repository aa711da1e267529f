"""What a forest of Active Directory can do, found out from its servers and remembered for some minutes.

It remembers nothing about anybody.
"""

import time
from dataclasses import dataclass

from storage.directories.ldap_names import BadName, parse_dn
from storage.directories.ldap_session import Session

# LDAP_SERVER_POLICY_HINTS_OID: has a password set by somebody else kept to the history, too.
POLICY_HINTS = "1.2.840.113556.1.4.2239"
_REMEMBERED = 600.0
_ENDS_MEMBERSHIPS = "Privileged Access Management Feature"


@dataclass(frozen=True, kw_only=True)
class Abilities:
    """ends_memberships: whether a member can have an end. keeps_history: whether a reset is held to the history."""

    ends_memberships: bool
    keeps_history: bool


class Forest:
    """The forest behind one connector. Several threads may ask at once; then each may look."""

    def __init__(self) -> None:
        self._known: tuple[float, Abilities] | None = None

    def abilities(self, session: Session) -> Abilities:
        """What it can do, at most ten minutes old."""
        if self._known is None or self._known[0] <= time.monotonic():
            self._known = time.monotonic() + _REMEMBERED, _look(session)
        return self._known[1]


def _look(session: Session) -> Abilities:
    root = session.read("", ("configurationNamingContext", "supportedControl"))
    configuration = root.first("configurationNamingContext") if root else ""
    partitions = (
        session.read(f"CN=Partitions,{configuration}", ("msDS-EnabledFeature",)) if configuration else None
    )
    enabled = partitions.all("msDS-EnabledFeature") if partitions else []
    return Abilities(
        ends_memberships=any(is_the_feature(name) for name in enabled),
        keeps_history=root is not None and POLICY_HINTS in root.all("supportedControl"),
    )


def is_the_feature(dn: str) -> bool:
    """Whether this enabled feature is the one by which memberships end."""
    try:
        parts = parse_dn(dn)
    except BadName:
        return False
    return bool(parts) and parts[0][0][1].casefold() == _ENDS_MEMBERSHIPS.casefold()
