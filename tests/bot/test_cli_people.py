"""Who somebody is, asked on the command line where not every directory can be asked."""

from pathlib import Path

import pytest

from bot.cli.people import find_person, names_of
from bot.settings import Settings, load_settings
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


def settings(folder: Path, **environ: str) -> Settings:
    """Settings of a command that only reads."""
    file = folder / "wicket.toml"
    file.write_text(WRITTEN)
    return load_settings(file, environ, serving=False)


def test_nobody_is_said_to_be_unknown_by_a_directory_that_was_not_asked(tmp_path: Path) -> None:
    with pytest.raises(DirectoryUnavailable, match="corp was not asked: its password is not given"):
        find_person(settings(tmp_path), "ada")


def test_without_an_answer_an_id_stays_an_id(tmp_path: Path) -> None:
    given = settings(tmp_path, WICKET_DIRECTORY_CORP_PASSWORD="canary-pass")
    assert names_of(given, ["p-1"]) == {"p-1": "p-1"}
    assert names_of(settings(tmp_path), ["p-1"]) == {"p-1": "p-1"}
    with pytest.raises(DirectoryUnavailable, match="no address"):
        find_person(given, "ada")
