"""What is written, as plain data: one file of TOML and the environment's settings, nested alike, secrets left out.

It judges no setting; it only finds that a file cannot be read, or that a secret stands where settings are written.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsConfigDict

from bot.settings.misplaced import without_secrets
from bot.settings.problems import Place, Problem
from bot.settings.sections import Sections
from bot.settings.variables import PREFIX
from storage.faults import SettingsFault

# How to come by a file, where there is none.
START = "Copy docs/wicket.toml.example there, or name another file with --config."


def read_toml(path: Path, problems: list[Problem]) -> dict[str, Any]:
    """The file's data, secrets left out. Raises SettingsFault if there is no data to speak of."""
    try:
        with path.open("rb") as file:
            read = tomllib.load(file)
    except tomllib.TOMLDecodeError as fault:
        raise SettingsFault(f"{path}: is not valid TOML: {fault}. Mend that line.") from None
    except UnicodeDecodeError:
        raise SettingsFault(f"{path}: is not a text file in UTF-8. Save it as one.") from None
    except (ValueError, RecursionError):
        wrong = "has tables that are nested too deep, or a number that is too long"
        raise SettingsFault(f"{path}: {wrong}. Write it plainer.") from None
    except FileNotFoundError:
        raise SettingsFault(f"{path}: there is no such file. {START}") from None
    except OSError as fault:
        raise SettingsFault(f"{path}: cannot be read: {fault.strerror}. Check its rights.") from None
    clean, misplaced = without_secrets(read)
    problems.extend(misplaced)
    return clean


def read_environment(environ: Mapping[str, str], problems: list[Problem]) -> dict[str, Any]:
    """What plain settings the environment holds, nested as in the file."""
    if not any(_names_a_setting(name.upper()) for name in environ):
        return {}  # mostly it holds secrets alone, and pydantic-settings asks about every setting there is
    clean, misplaced = without_secrets(_GivenEnvironment(environ)())
    problems.extend(
        Problem(name=PREFIX + each.name.upper().replace(".", "__"), wrong=each.wrong, mend=each.mend)
        for each in misplaced
    )
    return clean


def _names_a_setting(variable: str) -> bool:
    """Whether it names a section, or something within one."""
    section = variable.removeprefix(PREFIX).partition("__")[0]
    return variable.startswith(PREFIX) and section.lower() in Sections.model_fields


def environment_names(data: Mapping[str, Any], above: Place = ()) -> dict[Place, str]:
    """The variable that each of these settings came from."""
    names: dict[Place, str] = {}
    for key, value in data.items():
        place = (*above, key)
        if isinstance(value, Mapping):
            names |= environment_names(value, place)
        else:
            names[place] = PREFIX + "__".join(str(step) for step in place).upper()
    return names


def lay_over(data: dict[str, Any], upper: Mapping[str, Any]) -> None:
    """Put the upper data over the lower, section by section."""
    for key, value in upper.items():
        below = data.get(key)
        if isinstance(value, Mapping) and isinstance(below, dict):
            lay_over(below, value)
        else:
            data[key] = value


class _Variables(Sections, BaseSettings):
    """The sections as environment variables: WICKET_SERVER__PORT is [server] port. Never instantiated."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_nested_delimiter="__")


class _GivenEnvironment(EnvSettingsSource):
    """pydantic-settings' reading of variables, from the mapping passed in; bad JSON is left to validation."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        super().__init__(_Variables)
        self.env_vars = {name.lower(): value for name, value in environ.items()}

    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:
        """The list or section written in a variable, or the text itself when it is neither."""
        try:
            return super().decode_complex_value(field_name, field, value)
        except ValueError:
            return value
