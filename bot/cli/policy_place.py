"""What the commands that question policy begin with: the set, the person and the entitlement that are meant.

It asks no policy, and shows nothing.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.people import find_person
from bot.cli.place import Place
from bot.cli.policy import loaded, rulebook_of
from handlers.decisions.durations import parse_duration
from storage.faults import PolicyFault

if TYPE_CHECKING:
    from bot.settings import Settings
    from handlers.decisions.cedar import CedarPolicy
    from storage.catalogue import Entitlement
    from storage.directories.base import Account

For = Annotated[
    str, typer.Option("--for", help='For how long, like "2h"; "no end" asks for standing access.')
]
_NO_END = "no end"


def policy_of(
    place: Place, settings: "Settings", directory: Path | None, replaces: list[str] | None
) -> "CedarPolicy":
    """The set that is in force by the settings, or the one that is named."""
    from bot.policies import load_policy

    if directory is None and not replaces:
        return load_policy(settings)
    return loaded(rulebook_of(place, directory, replaces))


def person_of(settings: "Settings", word: str) -> "Account":
    """Whose login or id this is. PolicyFault if it is nobody's."""
    found = find_person(settings, word)
    if found is None:
        raise PolicyFault(f"Nobody has the login or account id {word}. Look it up in the directory.")
    return found


def entitlement_of(settings: "Settings", name: str) -> "Entitlement":
    """What is called so. PolicyFault, with what is near, if nothing is."""
    from handlers.decisions.stated_facts import unknown

    offered = settings.catalogue.entitlements
    if name not in offered:
        sentence = unknown(name, offered, "entitlement")
        raise PolicyFault(f"{sentence[:1].upper()}{sentence[1:]}")
    return offered[name]


def minutes_of(written: str) -> int:
    """How long, in minutes, rounded up; 0 for no end."""
    if written.strip() == _NO_END:
        return 0
    length = parse_duration(written)
    if isinstance(length, str):
        raise typer.BadParameter(f'{length} Or write "{_NO_END}".', param_hint="--for")
    return int(-(-length.total_seconds() // 60))
