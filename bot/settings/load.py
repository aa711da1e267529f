"""From `wicket.toml` and the environment to settings, or to the list of everything that must be mended first.

It starts nothing and asks nobody: whether a token still works is found out by whoever uses it.
"""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsConfigDict

from bot.settings.entries import ROWS, Written, cross_checked, names_of_rows, to_catalogue
from bot.settings.misplaced import without_secrets
from bot.settings.problems import Place, Problem, explain
from bot.settings.secrets import (
    SecretName,
    Secrets,
    missing,
    missing_password,
    password_variable,
    read_secrets,
)
from bot.settings.sections import CatalogueSection, DatabaseSection, Sections
from bot.settings.settings import Settings
from bot.settings.variables import PREFIX, unknown_variables
from storage.faults import SettingsFault


def load_settings(path: Path, environ: Mapping[str, str], *, serving: bool = True) -> Settings:
    """The settings in the file at `path`, those in `environ` before them. Paths count from the file's folder.

    serving: the bot is about to run, so that every secret it needs must be there; other commands go without.
    Raises SettingsFault whose message lists every problem, one a line.
    """
    problems: list[Problem] = []
    data = _read_toml(path, problems)
    _include_catalogue(data, path.parent, problems)
    from_environment = _environment(environ, problems)
    _lay_over(data, from_environment)
    _anchor(data, path.parent)
    written = _validated(data, _environment_names(from_environment), problems)
    problems.extend(_between_rows(data))
    problems.extend(_one_variable_for_two(data))
    secrets, wrong_secrets = read_secrets(environ, _with_passwords(data))
    problems.extend(wrong_secrets)
    if serving:
        told = {problem.name for problem in wrong_secrets}
        problems.extend(_lacking(data, secrets, told))
    problems.extend(unknown_variables(environ, _may_take_passwords(data)))
    if problems or written is None:
        raise SettingsFault(_message(path, problems))
    shared = {name: getattr(written, name) for name in Sections.model_fields}
    return Settings(**shared, secrets=secrets, catalogue=to_catalogue(written))


_START = "Copy docs/wicket.toml.example there, or name another file with --config."


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


def _read_toml(path: Path, problems: list[Problem]) -> dict[str, Any]:
    """The file's data, secrets left out. Raises SettingsFault if there is no data to speak of."""
    try:
        with path.open("rb") as file:
            read = tomllib.load(file)
    except tomllib.TOMLDecodeError as fault:
        raise SettingsFault(f"{path}: is not valid TOML: {fault}. Mend that line.") from None
    except UnicodeDecodeError:
        raise SettingsFault(f"{path}: is not a text file in UTF-8. Save it as one.") from None
    except FileNotFoundError:
        raise SettingsFault(f"{path}: there is no such file. {_START}") from None
    except OSError as fault:
        raise SettingsFault(f"{path}: cannot be read: {fault.strerror}. Check its rights.") from None
    clean, misplaced = without_secrets(read)
    problems.extend(misplaced)
    return clean


def _include_catalogue(data: dict[str, Any], folder: Path, problems: list[Problem]) -> None:
    """Bring in the rows of [catalogue] file."""
    section = data.get("catalogue")
    file = section.get("file") if isinstance(section, Mapping) else None
    if not isinstance(file, str):
        return
    if inline := [kind for kind in ROWS if kind in data]:
        wrong = f"names a file while [[{inline[0]}]] stands here too"
        problems.append(Problem(name="catalogue.file", wrong=wrong, mend="Keep all rows in one place."))
        return
    try:
        rows = _read_toml(folder / file, problems)
    except SettingsFault as fault:
        mend = str(fault).removesuffix(_START).rstrip()
        problems.append(Problem(name="catalogue.file", wrong="cannot be used", mend=mend))
        return
    for key, value in rows.items():
        if key in ROWS:
            data[key] = value
        else:
            mend = "Only [[owner]] and [[entitlement]] stand in a catalogue."
            problems.append(Problem(name=f"{file}: {key}", wrong="does not belong there", mend=mend))


def _environment(environ: Mapping[str, str], problems: list[Problem]) -> dict[str, Any]:
    """What plain settings the environment holds, nested as in the file."""
    clean, misplaced = without_secrets(_GivenEnvironment(environ)())
    problems.extend(
        Problem(name=PREFIX + each.name.upper().replace(".", "__"), wrong=each.wrong, mend=each.mend)
        for each in misplaced
    )
    return clean


def _environment_names(data: Mapping[str, Any], above: Place = ()) -> dict[Place, str]:
    names: dict[Place, str] = {}
    for key, value in data.items():
        place = (*above, key)
        if isinstance(value, Mapping):
            names |= _environment_names(value, place)
        else:
            names[place] = PREFIX + "__".join(str(step) for step in place).upper()
    return names


def _lay_over(data: dict[str, Any], upper: Mapping[str, Any]) -> None:
    for key, value in upper.items():
        below = data.get(key)
        if isinstance(value, Mapping) and isinstance(below, dict):
            _lay_over(below, value)
        else:
            data[key] = value


def _anchor(data: dict[str, Any], folder: Path) -> None:
    """Make the paths of files absolute."""
    database = data.setdefault("database", {})
    if isinstance(database, dict):
        url = database.get("url", DatabaseSection.model_fields["url"].default)
        if (
            isinstance(url, str)
            and ("://" not in url or url.startswith("sqlite:///"))
            and ":memory:" not in url
        ):
            database["url"] = f"sqlite:///{(folder / url.removeprefix('sqlite:///')).absolute()}"
    directories = data.get("directories")
    for section in directories.values() if isinstance(directories, Mapping) else ():
        for key in ("path", "ca_file") if isinstance(section, dict) else ():
            if isinstance(path := section.get(key), str):
                section[key] = str((folder / path).absolute())


def _validated(
    data: Mapping[str, Any], names: Mapping[Place, str], problems: list[Problem]
) -> Written | None:
    try:
        return Written(**data)
    except ValidationError as fault:
        problems.extend(explain(fault, Written, names={**names_of_rows(data), **names}))
        return None


def _between_rows(data: Mapping[str, Any]) -> Iterator[Problem]:
    directories = data.get("directories")
    try:
        words = CatalogueSection(**data.get("catalogue", {}))
    except (ValidationError, TypeError):
        # Told already; the rows are then held against the usual words.
        words = CatalogueSection()
    named = directories.items() if isinstance(directories, Mapping) else ()
    known = [str(name) for name, section in named if isinstance(section, Mapping)]
    yield from cross_checked(data, directories=known, words=words)


def _lacking(data: Mapping[str, Any], secrets: Secrets, told: set[str]) -> Iterator[Problem]:
    """The secrets that running needs and that were not given."""
    over_http = _at(data, "slack", "transport") == "http"
    needed = ["slack_bot_token", "slack_signing_secret" if over_http else "slack_app_token"]
    needed += ["secret_keys", "audit_key"]
    if _at(data, "mail", "username") is not None:
        needed.append("smtp_password")
    for name in cast("list[SecretName]", needed):
        problem = missing(name)
        if getattr(secrets, name) is None and not told & {problem.name, f"{problem.name}_FILE"}:
            yield problem
    for directory in _with_passwords(data):
        problem = missing_password(directory)
        if directory not in secrets.directory_passwords and not told & {problem.name, f"{problem.name}_FILE"}:
            yield problem


def _one_variable_for_two(data: Mapping[str, Any]) -> Iterator[Problem]:
    """Two directories must not take one password: a variable's name has no dots and dashes."""
    seen: dict[str, str] = {}
    for name in _with_passwords(data):
        other = seen.setdefault(password_variable(name), name)
        if other != name:
            wrong = f"would take its password from {password_variable(name)}, as [directories.{other}] does"
            yield Problem(name=f"directories.{name}", wrong=wrong, mend="Rename one of them.")


def _with_passwords(data: Mapping[str, Any]) -> list[str]:
    """The directories in which Wicket has an account with a password."""
    directories = data.get("directories")
    sections = directories.items() if isinstance(directories, Mapping) else ()
    return [str(name) for name, section in sections if isinstance(section, Mapping) and "bind_dn" in section]


def _may_take_passwords(data: Mapping[str, Any]) -> list[str]:
    """All but local ones: a section in which the account is still missing makes its password no stray."""
    directories = data.get("directories")
    sections = directories.items() if isinstance(directories, Mapping) else ()
    return [
        str(name)
        for name, section in sections
        if isinstance(section, Mapping) and section.get("kind") != "local"
    ]


def _at(data: Mapping[str, Any], section: str, key: str) -> object:
    found = data.get(section)
    return found.get(key) if isinstance(found, Mapping) else None


def _message(path: Path, problems: list[Problem]) -> str:
    lines = list(dict.fromkeys(problem.line for problem in problems))
    count = "one thing" if len(lines) == 1 else f"{len(lines)} things"
    return "\n".join([f"{path} cannot be used yet: {count} to mend.", *(f"  {line}" for line in lines)])
