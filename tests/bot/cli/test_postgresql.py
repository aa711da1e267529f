"""The commands on a PostgreSQL database: made, read, signed, verified and mended as a file is."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from bot.checking.database import examine_database
from bot.settings import load_settings
from storage.engine.stores import Server
from storage.failures import count_attempt
from storage.grants import add
from storage.states import GrantState
from tests.bot.cli.test_cli import ADA, SETTINGS, Install, _people, granted, utc_now
from tests.storage.postgres import postgres


@dataclass
class OnServer(Install):
    """The same folder, with its tables on a server."""

    server: Server = field(kw_only=True)

    @property
    def store(self) -> Server:
        return self.server

    def sql(self, statement: str) -> None:
        """One statement behind everybody's back."""
        with psycopg.connect(self.server.url, autocommit=True) as raw:
            raw.execute(statement)


@contextmanager
def installed_on_server(folder: Path) -> Iterator[OnServer]:
    """Settings that name a database in which there is nothing yet."""
    running = postgres()
    with running.database() as name:
        server = running.server(name)
        section = f'[database]\nurl = "{server.url}"\n[server]'
        (folder / "wicket.toml").write_text(SETTINGS.replace("[server]", section))
        asyncio.run(_people(folder / "people.db"))
        yield OnServer(folder, server=server)


@pytest.fixture
def install(tmp_path: Path) -> Iterator[OnServer]:
    with installed_on_server(tmp_path) as made:
        yield made


def test_a_database_is_made_by_migrating_and_no_other_command_makes_tables(install: OnServer):
    early = install.run("grants", "list")
    assert early.exit_code == 2
    assert early.stderr.endswith("is of an earlier version. Run `wicket migrate` first.\n")
    done = install.run("migrate")
    assert (done.exit_code, done.stdout) == (0, f"The database {install.server.url} is up to date.\n")
    assert install.run("migrate").stdout == done.stdout
    assert install.run("grants", "list").stdout == "None is open. --all shows those that are over.\n"
    assert not (install.folder / "wicket.db").exists()


def test_what_is_kept_is_listed_shown_signed_and_verified(install: OnServer):
    install.run("migrate")
    install.happened(3)
    with install.tx() as write:
        write(lambda tx: add(tx, granted(GrantState.PENDING)))
    assert "prod-db" in install.run("grants", "list", "--person", "ada").stdout
    assert install.run("audit", "show", "--person", "ada").stdout.count("grant.requested") == 3
    checkpoint = install.checkpoint()
    assert install.run("audit", "verify", "--checkpoint", str(checkpoint)).stdout.startswith(
        "Sound up to the checkpoint: the first 3 entries agree"
    )


def test_an_edited_entry_is_found(install: OnServer):
    install.run("migrate")
    install.happened(3)
    install.sql("DROP TRIGGER audit_entries_update ON audit_entries")
    install.sql(
        "UPDATE audit_entries SET leaf = convert_to(replace(convert_from(leaf, 'UTF8'), 'p-1', 'p-9'), 'UTF8')"
        ' WHERE "index" = 1'
    )
    done = install.run("audit", "verify")
    assert done.exit_code == 1
    assert done.stdout.startswith("Not sound. Entry")


def test_unlocking_lets_the_person_prove_again(install: OnServer):
    install.run("migrate")
    with install.tx() as write:
        write(
            lambda tx: count_attempt(
                tx, directory="staff", account=ADA, at=utc_now(), limit=1, lock=timedelta(days=1)
            )
        )
    done = install.run("proofs", "unlock", "ada")
    assert (done.exit_code, done.stdout) == (0, "Ada Lovelace can give proofs on the secure page again.\n")


def test_missing_guards_are_put_back_by_migrating_and_named(install: OnServer):
    install.run("migrate")
    install.sql("ALTER TABLE audit_head DISABLE TRIGGER audit_head_update")
    install.sql("DROP TRIGGER audit_entries_delete ON audit_entries")
    install.sql("ALTER TABLE audit_texts DROP CONSTRAINT audit_texts_pkey")
    done = install.run("migrate")
    assert done.stdout.startswith(
        "Put back what guards the audit tables: PRIMARY KEY (index, name) on audit_texts, audit_entries_delete, "
        "audit_head_update."
    )
    assert "Put back" not in install.run("migrate").stdout


@pytest.mark.parametrize("command", ["migrate", "grants list", "audit verify"])
def test_a_server_that_is_away_is_one_sentence(install: OnServer, command: str):
    written = (install.folder / "wicket.toml").read_text()
    away = written.replace(install.server.url, "postgresql://wicket@127.0.0.1:1/wicket")
    (install.folder / "wicket.toml").write_text(away)
    install.environ["WICKET_DATABASE_PASSWORD"] = "a-password-of-the-test"
    done = install.run(*command.split())
    assert done.exit_code == 2
    assert done.stderr.startswith("The database cannot be used right now: connection failed")
    assert len(done.stderr.splitlines()) == 1
    assert "a-password" not in done.output


def test_a_dump_restores_whole(install: OnServer):
    """History, triggers and all: a checkpoint from before the dump agrees with the restored one."""
    install.run("migrate")
    install.happened(3)
    checkpoint = install.checkpoint()
    running, dump = postgres(), install.folder / "wicket.dump"
    running.program("pg_dump", "--format=custom", f"--file={dump}", install.server.url)
    with running.database() as name:
        restored = running.server(name)
        running.program("pg_restore", "--exit-on-error", f"--dbname={restored.url}", dump)
        settings = (install.folder / "wicket.toml").read_text().replace(install.server.url, restored.url)
        (install.folder / "wicket.toml").write_text(settings)
        assert install.run("audit", "verify", "--checkpoint", str(checkpoint)).stdout.startswith(
            "Sound up to the checkpoint: the first 3 entries agree"
        )
        assert "Put back" not in install.run("migrate").stdout
        install.server = restored
        install.happened(1)
        assert install.run("audit", "verify").exit_code == 0


def test_migrating_prints_what_a_second_role_needs_and_check_says_when_one_may_too_much(install: OnServer):
    """T-2: only what is to be run stands on standard output; a name that is none is refused."""
    done = install.run("migrate", "--rights", "wicket_bot")
    assert done.exit_code == 0
    assert done.stdout.startswith("GRANT USAGE ON SCHEMA public TO wicket_bot;\n")
    assert "GRANT INSERT ON audit_entries TO wicket_bot;\n" in done.stdout
    assert all(line.endswith(";") for line in done.stdout.splitlines())
    refused = install.run("migrate", "--rights", "bot; DROP TABLE grants")
    assert refused.exit_code == 2
    assert "letters, digits and underscores" in refused.stderr
    settings = load_settings(install.folder / "wicket.toml", install.environ, serving=False)
    lines = {one.about: one for one in examine_database(settings, now=utc_now())}
    assert lines["role"].level == "warning"
    assert "owns audit_entries" in lines["role"].found
    assert "wicket migrate --rights" in lines["role"].advice
