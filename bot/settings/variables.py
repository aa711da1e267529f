"""The environment variables that begin with WICKET_: which of them mean something, and what to say of the others.

It reads no value but to tell an orchestrator's own variables from ours, and repeats none.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import get_origin

from bot.settings.entries import Written
from bot.settings.problems import Problem, nearest
from bot.settings.secrets import NAMES, password_variable, variable
from bot.settings.section import Section
from bot.settings.sections import Sections

PREFIX = "WICKET_"
# A platform on which a service is called "wicket" or "wicket-db" sets these by itself (Kubernetes' service links).
_PLATFORMS = re.compile(
    r"WICKET_(?:[A-Z0-9_]+_)?(?:SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9_]+)?|PORT_\d+_(?:TCP|UDP|SCTP)(?:_[A-Z]+)?)"
)
_PLATFORM_PORT = re.compile(r"(?:tcp|udp|sctp)://")
# Short names are near to everything; this is one letter in ten or a part left out.
_CLOSENESS = 0.75


def unknown_variables(environ: Mapping[str, str], directories: Collection[str]) -> Iterator[Problem]:
    """A problem for each variable that nothing reads: misspelt, left over, or of a setting for the file alone.

    directories: the names of those that may take a password.
    """
    secrets = _secrets(directories)
    known = {name.lower(): name for name in (*secrets, *_plain())}
    for name in sorted(environ):
        if name.upper().startswith(PREFIX) and not _means_something(name, environ[name], secrets):
            yield _unknown(name, known)


def _means_something(name: str, value: str, secrets: Collection[str]) -> bool:
    """Whether somebody reads it. Below a section, validation tells what is not a setting."""
    if name in secrets or _section(name) in Sections.model_fields:
        return True
    return bool(_PLATFORMS.fullmatch(name)) or (name.endswith("_PORT") and bool(_PLATFORM_PORT.match(value)))


def _unknown(name: str, known: Mapping[str, str]) -> Problem:
    shown = name if name.isprintable() else ascii(name)
    if _section(name) in Written.model_fields:
        mend = "The catalogue is read from the file alone: write it there, and unset this."
    elif meant := _meant(name, known):
        mend = f"Did you mean {' or '.join(meant)}? If it is left over from something else, unset it."
    else:
        mend = (
            "If it is left over from something else, unset it. A setting is written WICKET_SECTION__SETTING."
        )
    return Problem(name=shown, wrong="is not a variable that Wicket reads here", mend=mend)


def _meant(name: str, known: Mapping[str, str]) -> list[str]:
    """What was probably meant: the settings called so where only the section was left out, else the nearest."""
    below = f"__{name[len(PREFIX) :].lower()}"
    if same := [written for key, written in known.items() if key.endswith(below)]:
        return same
    close = nearest(name, known, closeness=_CLOSENESS)
    return [] if close is None else [known[close]]


def _section(name: str) -> str:
    """The section that a variable begins with: `server` of WICKET_SERVER__PORT, in any case."""
    return name[len(PREFIX) :].partition("__")[0].lower()


def _secrets(directories: Collection[str]) -> list[str]:
    """Every variable of a secret; those of passwords only for directories that may take one."""
    direct = [*(variable(name) for name in NAMES), *(password_variable(name) for name in directories)]
    return [*direct, *(f"{name}_FILE" for name in direct)]


def _plain() -> Iterator[str]:
    """Every variable of a setting, for the advice; names of directories are the operator's."""
    for section, field in Sections.model_fields.items():
        held = field.annotation
        if get_origin(held) is None and isinstance(held, type) and issubclass(held, Section):
            yield from (f"{PREFIX}{section}__{key}".upper() for key in held.model_fields)
