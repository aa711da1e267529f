"""The name that one bot of several has where none is set: that of its machine, which stays as it is.

It asks no network.
"""

import re
import socket

_LONGEST = 63
_NAMELESS = "wicket"


def replica_here() -> str:
    """The name of this machine, as far as letters, digits and hyphens go; what a container is called in its pod."""
    name = re.sub("[^a-z0-9]+", "-", socket.gethostname().lower()).strip("-")
    return name[:_LONGEST].strip("-") or _NAMELESS
