"""Who somebody is, asked on the command line where not every directory can be asked."""

import asyncio
from pathlib import Path

import pytest

from bot.cli.people import find_person, names_of
from bot.settings import Settings, load_settings
from storage.directories.local import LocalDirectory
from storage.directories.scrypt import Scrypt
from storage.faults import DirectoryUnavailable

WRITTEN = """
[slack]
teams = ["T0WICKET"]
security_channel = "C0SECURITY"
[server]
public_url = "https://wicket.example.com"
[directories.corp]
kind = "ldap"
servers = ["ldaps://ldap.invalid"]
bind_dn = "cn=wicket,dc=example"
people_base = "ou=people,dc=example"
groups_base = "ou=groups,dc=example"
admin_groups = ["administrators"]
[mail]
host = "smtp.example.com"
sender = "wicket@example.com"
[security]
approvers_group = "security-team"
"""

_MAIL = WRITTEN[WRITTEN.index("[mail]") :]


def settings(folder: Path, **environ: str) -> Settings:
    """Settings of a command that only reads."""
    file = folder / "wicket.toml"
    file.write_text(WRITTEN)
    return load_settings(file, environ, serving=False)


def test_nobody_is_said_to_be_unknown_by_a_directory_that_was_not_asked(tmp_path: Path) -> None:
    with pytest.raises(DirectoryUnavailable, match="corp was not asked: its password is not given"):
        find_person(settings(tmp_path), "ada")


def test_nobody_is_said_to_be_unknown_by_a_directory_whose_file_is_not_there(tmp_path: Path) -> None:
    file = tmp_path / "wicket.toml"
    file.write_text(
        WRITTEN.partition("[directories.corp]")[0]
        + _MAIL
        + '[directories.local]\nkind = "local"\npath = "people.db"\n'
    )
    with pytest.raises(
        DirectoryUnavailable, match=r"The directory local was not asked: there is no file .*people\.db"
    ):
        find_person(load_settings(file, {}, serving=False), "ada")
    assert not (tmp_path / "people.db").exists()


def test_without_an_answer_an_id_stays_an_id(tmp_path: Path) -> None:
    given = settings(tmp_path, WICKET_DIRECTORY_CORP_PASSWORD="canary-pass")
    assert names_of(given, ["p-1"]) == {"p-1": "p-1"}
    assert names_of(settings(tmp_path), ["p-1"]) == {"p-1": "p-1"}
    with pytest.raises(DirectoryUnavailable, match="no address"):
        find_person(given, "ada")


LOCAL = """
[directories.staff]
kind = "local"
path = "staff.db"
[directories.field]
kind = "local"
path = "field.db"
PEOPLE_OF
[mail]
"""


async def people(folder: Path) -> None:
    """Ada in one directory, and somebody else with her login in the other."""
    for name, account in (("staff", "p-ada"), ("field", "f-ada")):
        directory = LocalDirectory(folder / f"{name}.db", name=name, cost=Scrypt(n=2))
        await directory.add_account(account, login="ada", name=f"Ada of {name}", mail="")
        directory.close()


def of_two(folder: Path, people_of: str) -> Settings:
    file = folder / "wicket.toml"
    start, end = WRITTEN.index("[directories.corp]"), WRITTEN.index("[mail]")
    file.write_text(WRITTEN[:start] + LOCAL.replace("PEOPLE_OF", people_of) + WRITTEN[end + len("[mail]") :])
    asyncio.run(people(folder))
    return load_settings(file, {}, serving=False)


def test_a_login_of_two_people_is_nobodys(tmp_path: Path) -> None:
    """Nobody is guessed; the id is one person's."""
    given = of_two(tmp_path, "")
    with pytest.raises(DirectoryUnavailable, match="in each of the directories staff and field"):
        find_person(given, "ada")
    found = find_person(given, "f-ada")
    assert found is not None
    assert found.name == "Ada of field"


def test_a_login_where_nobody_signs_in_finds_nobody(tmp_path: Path) -> None:
    """It may be another person's; ids there still have names."""
    given = of_two(tmp_path, 'people_of = "staff"')
    found = find_person(given, "ada")
    assert found is not None
    assert found.id == "p-ada"
    assert find_person(given, "f-ada") is None
    assert names_of(given, ["f-ada"]) == {"f-ada": "Ada of field"}
