"""From `wicket.toml` and the environment to settings, or to the list of everything that must be mended first.

It starts nothing and asks nobody: whether a token still works is found out by whoever uses it.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError

from bot.settings.catalogue_files import include_catalogue
from bot.settings.entries import Written, cross_checked, names_of_rows, to_catalogue
from bot.settings.homes import homes_checked, sections_of_directories
from bot.settings.own_place import own_place
from bot.settings.problems import Place, Problem, Unusable, explain
from bot.settings.reading import environment_names, lay_over, read_environment, read_toml
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
from bot.settings.variables import unknown_variables


def load_settings(path: Path, environ: Mapping[str, str], *, serving: bool = True) -> Settings:
    """The settings in the file at `path`, those in `environ` before them. Paths count from the file's folder.

    serving: the bot is about to run, so that every secret it needs must be there; other commands go without.
    Raises Unusable, whose message lists every problem, one a line; SettingsFault when there is nothing to read.
    """
    problems: list[Problem] = []
    data = read_toml(path, problems)
    included = include_catalogue(data, path.parent, problems)
    rule_files = [path.absolute(), *included.paths]
    from_environment = read_environment(environ, problems)
    lay_over(data, from_environment)
    _anchor(data, path.parent)
    written = _validated(data, environment_names(from_environment), problems)
    problems.extend(_between_rows(data))
    problems.extend(homes_checked(data))
    problems.extend(_one_variable_for_two(data))
    secrets, wrong_secrets = read_secrets(environ, _with_passwords(data))
    problems.extend(wrong_secrets)
    if serving:
        told = {problem.name for problem in wrong_secrets}
        problems.extend(_lacking(data, secrets, told))
    problems.extend(unknown_variables(environ, _may_take_passwords(data)))
    if problems or written is None:
        raise Unusable(path, included.placed(data, problems))
    shared = {name: getattr(written, name) for name in Sections.model_fields}
    if written.policy.directory is not None:
        rule_files.append(written.policy.directory)
    return Settings(
        **shared,
        secrets=secrets,
        catalogue=to_catalogue(written),
        rule_files=tuple(rule_files),
        words=written.catalogue,
        own_place=own_place(written.database, secrets, environ),
    )


_FILES = (
    ("audit", "published"),
    ("oidc", "ca_file"),
    ("policy", "directory"),
    ("siem", "file"),
    ("slack", "translation"),
)


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
    for name, key in _FILES:
        _anchor_in(data.get(name), key, folder)
    server = data.get("server")
    if isinstance(server, dict) and isinstance(files := server.get("translations"), list | tuple):
        server["translations"] = [
            str((folder / file).absolute()) if isinstance(file, str) else file for file in files
        ]
    for section in sections_of_directories(data).values():
        for key in ("path", "ca_file"):
            _anchor_in(section, key, folder)


def _anchor_in(section: object, key: str, folder: Path) -> None:
    if isinstance(section, dict) and isinstance(path := section.get(key), str):
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
    try:
        words = CatalogueSection(**data.get("catalogue", {}))
    except (ValidationError, TypeError):
        # Told already; the rows are then held against the usual words.
        words = CatalogueSection()
    yield from cross_checked(data, directories=sections_of_directories(data), words=words)


def _lacking(data: Mapping[str, Any], secrets: Secrets, told: set[str]) -> Iterator[Problem]:
    """The secrets that running needs and that were not given."""
    over_http = _at(data, "slack", "transport") == "http"
    needed = ["slack_bot_token", "slack_signing_secret" if over_http else "slack_app_token"]
    needed += ["secret_keys", "audit_key"]
    if _at(data, "mail", "username") is not None:
        needed.append("smtp_password")
    if isinstance(data.get("oidc"), Mapping):
        needed.append("oidc_client_secret")
    if _at(data, "incidents", "webhook") is not None:
        needed.append("incident_secret")
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
    return [name for name, section in sections_of_directories(data).items() if "bind_dn" in section]


def _may_take_passwords(data: Mapping[str, Any]) -> list[str]:
    """All but local ones: a section in which the account is still missing makes its password no stray."""
    return [name for name, section in sections_of_directories(data).items() if section.get("kind") != "local"]


def _at(data: Mapping[str, Any], section: str, key: str) -> object:
    found = data.get(section)
    return found.get(key) if isinstance(found, Mapping) else None
