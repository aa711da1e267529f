"""Secrets found where settings are written: they are taken out and refused, by name alone.

It never repeats a value; what a value looks like only decides which variable is named.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from bot.settings.problems import Place, Problem, dotted
from bot.settings.secrets import SecretName, password_variable, variable

# A file repeats a few dozen of them, and is read again and again while the bot runs.
_NAMES = 1000
_SECRET_KEY = re.compile(
    r"(^|_)(tokens?|secrets?|passwords?|passphrase|private_keys?|signing_keys?|secret_keys?|audit_keys?|api_keys?)$"
)
_SECRET_VALUE = re.compile(
    r"xox[a-z](\.xox[a-z])?-|xapp-\d|-----BEGIN |PRIVATE\+KEY\+|otpauth://|://[^/@\s]*:[^/@\s]+@"
)


def without_secrets(data: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """The data without what is or looks like a secret, and a problem for each such thing."""
    problems: list[Problem] = []
    clean = _cleaned(data, (), problems)
    return clean, problems


def _cleaned(value: Any, place: Place, problems: list[Problem]) -> Any:
    if isinstance(value, str):  # as nearly all is, and to ask about a Mapping takes longer
        return value
    if isinstance(value, Mapping):
        return dict(_cleaned_items(value.items(), place, problems))
    if isinstance(value, list):
        return [kept for _, kept in _cleaned_items(enumerate(value), place, problems)]
    return value


def _cleaned_items(
    items: Iterable[tuple[Any, Any]], place: Place, problems: list[Problem]
) -> Iterator[tuple[Any, Any]]:
    for key, value in items:
        here = (*place, key)
        named = isinstance(key, str) and _names_a_secret(key) and not isinstance(value, Mapping)
        if named or (isinstance(value, str) and _SECRET_VALUE.search(value)):
            problems.append(_misplaced(here, value))
        else:
            yield key, _cleaned(value, here, problems)


@lru_cache(_NAMES)
def _names_a_secret(key: str) -> bool:
    return _SECRET_KEY.search(key.lower()) is not None


def _misplaced(place: Place, value: object) -> Problem:
    """The sentence for a secret in a file; of the value, only what kind of secret it looks like is used."""
    key = next((step for step in reversed(place) if isinstance(step, str)), "").lower()
    meant = _meant_by_value(value) or _meant_by_key(key)
    if place[0] == "database":
        meant = "database_password"
    wanted = variable(meant) if meant else None
    if meant == "smtp_password" and place[0] == "directories" and len(place) > 2:
        wanted = password_variable(str(place[1]))
    names = f"{wanted} or {wanted}_FILE" if wanted else "an environment variable"
    return Problem(
        name=dotted(place),
        wrong="is a secret, and secrets are not read from here",
        mend=f"Remove it, replace the secret if others could read it, and use {names}.",
    )


def _meant_by_value(value: object) -> SecretName | None:
    by_start: tuple[tuple[str, SecretName], ...] = (
        ("xoxb-", "slack_bot_token"),
        ("xapp-", "slack_app_token"),
        ("PRIVATE+KEY+", "audit_key"),
    )
    text = value if isinstance(value, str) else ""
    return next((name for start, name in by_start if text.startswith(start)), None)


def _meant_by_key(key: str) -> SecretName | None:
    by_part: tuple[tuple[str, SecretName], ...] = (
        ("app_token", "slack_app_token"),
        ("token", "slack_bot_token"),
        ("signing_secret", "slack_signing_secret"),
        ("audit", "audit_key"),
        ("secret_key", "secret_keys"),
        ("password", "smtp_password"),
    )
    return next((name for part, name in by_part if part in key), None)
