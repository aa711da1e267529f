"""The policies that a Wicket with these settings runs by, loaded and checked.

It asks them nothing.
"""

from bot.settings import Settings
from handlers.decisions.cedar import CedarPolicy
from handlers.policies import shipped


def load_policy(settings: Settings) -> CedarPolicy:
    """The shipped set, bound to the catalogue and to the settings that bear on security. PolicyFault if it is bad."""
    sources, schema = shipped()
    bound_to = f"{settings.catalogue.digest}:{settings.security_digest}"
    return CedarPolicy.load(sources, schema, bound_to=bound_to)
