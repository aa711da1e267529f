"""`wicket audit give-up-siem`: archiving waits for a SIEM that is gone until somebody gives it up by name (A-17)."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from storage import streams
from storage.database import Database
from storage.macs import SENDING, Macs
from storage.secrets import Vault
from tests.bot.cli.test_archives import BY, DAY, KEYS, folder
from tests.bot.cli.test_cli import Install, install
from tests.handlers.audit.test_archiving import NOW

__all__ = ["folder", "install"]

GIVE_UP = ("audit", "give-up-siem", *BY)
SIEM = '[siem]\nto = "file"\nfile = "events.jsonl"\n'


@pytest.fixture(autouse=True)
def taken(install: Install, folder: Path) -> None:
    """A bot sent what stands before entry 300 to a SIEM that is not in the settings any more."""
    database = Database(install.store, macs=Macs(Vault((KEYS,))))
    until = NOW + timedelta(minutes=1)
    database.write_now(
        lambda tx: streams.take(tx, SENDING, sender="r1", at=NOW, until=until, begins=lambda _: 300)
    )
    database.close()


def archive(install: Install, folder: Path) -> tuple[int, str]:
    done = install.run("audit", "archive", "--before", DAY, "--to", str(folder), *BY, "--yes")
    return done.exit_code, done.output


def test_archiving_that_waits_for_a_siem_that_is_gone_names_the_command(
    install: Install, folder: Path
) -> None:
    _, said = archive(install, folder)
    assert "Entries from 300 on wait" in said
    assert "`wicket audit give-up-siem --by NAME --why WORDS`" in said


def test_what_is_given_up_is_archived_and_stands_on_record_by_name(install: Install, folder: Path) -> None:
    asked = install.run(*GIVE_UP)  # and nobody answers
    assert asked.exit_code != 0
    assert "809 entries wait for it" in asked.stdout
    assert "768 entries were archived" not in archive(install, folder)[1]
    done = install.run(*GIVE_UP, "--yes")
    assert done.exit_code == 0, done.output
    assert "goes on from entry 300, without what was archived meanwhile" in done.stdout
    [entry] = json.loads(install.run("audit", "show", "--json", "--action", "stream.given_up").stdout)
    assert entry["texts"]["by"]["text"] == "Olga"
    assert entry["texts"]["rationale"]["text"] == "RETENTION-7"
    assert entry["facts"] == {"position": 300, "waits": 810}
    _, said = archive(install, folder)
    assert "512 entries were archived" in said
    assert "wait" not in said


def test_what_is_given_up_already_is_not_put_on_record_again(install: Install, folder: Path) -> None:
    assert install.run(*GIVE_UP, "--yes").exit_code == 0
    again = install.run(*GIVE_UP, "--yes")
    assert (again.exit_code, "there was nothing to give up" in again.stdout) == (0, True)
    told = json.loads(install.run("audit", "show", "--json", "--action", "stream.given_up").stdout)
    assert len(told) == 1


def test_a_siem_that_is_set_is_not_given_up(install: Install, folder: Path) -> None:
    settings = install.folder / "wicket.toml"
    settings.write_text(settings.read_text() + SIEM)
    done = install.run(*GIVE_UP, "--yes")
    assert (done.exit_code, "Take that section out" in done.stderr) == (2, True)
    assert json.loads(install.run("audit", "show", "--json", "--action", "stream.given_up").stdout) == []


def test_a_siem_that_is_set_again_is_waited_for_again(install: Install, folder: Path) -> None:
    assert install.run(*GIVE_UP, "--yes").exit_code == 0
    settings = install.folder / "wicket.toml"
    settings.write_text(settings.read_text() + SIEM)
    assert "Entries from 300 on wait" in archive(install, folder)[1]


@pytest.mark.parametrize("name", [SENDING, "detecting"])
def test_no_place_that_others_put_forward_lets_anything_leave(
    install: Install, folder: Path, name: str
) -> None:
    """T-9: without the keys nobody can tell, so nothing is archived; with them the place counts for nothing."""
    install.tamper(
        "DELETE FROM streams", f"INSERT INTO streams (name, position, sender) VALUES ('{name}', 1000, '')"
    )
    keys = install.environ.pop("WICKET_SECRET_KEYS")
    for command in (("archive", "--before", DAY, "--to", str(folder)), ("give-up-siem",)):
        done = install.run("audit", *command, *BY, "--yes")
        assert (done.exit_code, "WICKET_SECRET_KEYS" in done.stderr) == (2, True), done.output
    install.environ["WICKET_SECRET_KEYS"] = keys
    assert "Nothing was archived." in archive(install, folder)[1]
    assert list(folder.iterdir()) == []
