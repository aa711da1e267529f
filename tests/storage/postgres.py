"""A real PostgreSQL server for the tests: made from nothing in a temporary folder, once for all tests of a process.

It listens on this machine alone, waits for no disk unless asked to, and ends with the process that started it.
"""

import atexit
import functools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, create_engine

from storage.engine.migrating import migrate
from storage.engine.postgresql import WRITERS
from storage.engine.stores import Server
from tests.ports import free_port
from tests.storage.lending import OF_NO_CONSEQUENCE, Lent, emptied, lent

# The log of what was written is cut short early: each test makes a database of its own, and throws it away.
_PLAIN = ("shared_buffers=32MB", "max_connections=60", "autovacuum=off", "max_wal_size=128MB")
# What is tested is not the disk; what is measured waits for it.
_QUICK = (*_PLAIN, "fsync=off", "full_page_writes=off")


NOT_INSTALLED = "PostgreSQL is not installed: apt-get install postgresql"


@dataclass(frozen=True, kw_only=True)
class Postgres:
    """A running server. folder: where its socket is. port: on 127.0.0.1."""

    folder: Path
    port: int
    _numbers: "count[int]" = field(default_factory=count)
    _templates: set[str] = field(default_factory=set)
    _returned: list[Lent] = field(default_factory=list)

    def server(self, database: str = "postgres", **more: str) -> Server:
        """The address of one of its databases, on this machine's own socket; `more` stands behind it."""
        options = {"host": str(self.folder), "port": str(self.port), **more}
        return Server(
            url=f"postgresql://wicket@/{database}?" + "&".join(f"{k}={v}" for k, v in options.items())
        )

    def connect(self, database: str = "postgres", **more: Any) -> psycopg.Connection:
        """A connection of a test's own, on which every statement stands by itself."""
        return psycopg.connect(self.server(database).url, autocommit=True, **more)

    def engine(self, server: Server) -> Engine:
        """SQLAlchemy on a database of it, without anything of ours in between."""
        return create_engine("postgresql+psycopg://", creator=functools.partial(psycopg.connect, server.url))

    def program(self, name: str, *arguments: "str | Path") -> None:
        """Run one of PostgreSQL's own programs."""
        programs = _programs()
        assert programs is not None
        subprocess.run([programs / name, *arguments], check=True, capture_output=True)

    def run(self, sql: str) -> None:
        """One statement of the server's administrator."""
        with self.connect() as admin:
            admin.execute(sql)

    @contextmanager
    def database(self, template: str = "template0") -> Iterator[str]:
        """The name of a database of one's own, like `template`; it is thrown away afterwards."""
        name = f"wicket_{next(self._numbers)}"
        with self.connect() as admin:
            # What is thrown away after a test need not go through the log; before version 15 nothing did.
            files = " STRATEGY FILE_COPY" if admin.info.server_version >= 15_00_00 else ""
            admin.execute(f"CREATE DATABASE {name} TEMPLATE {template}{files}")
        try:
            yield name
        finally:
            self.run(f"DROP DATABASE {name} WITH (FORCE)")

    def template(self, name: str, fill: Callable[[Server], object]) -> str:
        """A database to copy, filled when it is first asked for; its name."""
        if name not in self._templates:
            self.run(f"CREATE DATABASE {name} TEMPLATE template0")
            fill(self.server(name))
            self._templates.add(name)
        return name

    def filled(self, name: str, fill: Callable[[Server], object]) -> str:
        """A template with every table and what `fill` puts there."""

        def make(server: Server) -> None:
            migrate(server)
            fill(server)

        return self.template(name, make)

    @property
    def migrated(self) -> str:
        """A template with every table and nothing in them."""
        return self.template("migrated", migrate)

    @contextmanager
    def empty(self) -> Iterator[str]:
        """The name of a database of one's own with every table and nothing in them. It may have been lent before."""
        database = self._returned.pop() if self._returned else self._new_to_lend()
        try:
            yield database.name
        finally:
            if emptied(database):
                self._returned.append(database)
            else:
                database.ours.close()
                self.run(f"DROP DATABASE {database.name} WITH (FORCE)")

    def let_go(self) -> None:
        """Close what is kept open between tests."""
        for database in self._returned:
            database.ours.close()

    def _new_to_lend(self) -> Lent:
        name = f"wicket_{next(self._numbers)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {self.migrated}")
        return lent(name, self.connect(name, options=OF_NO_CONSEQUENCE))


@contextmanager
def writing_elsewhere(server: Server) -> Iterator[None]:
    """Somebody else holds the lock of all writers."""
    with psycopg.connect(server.url) as other:
        other.execute(f"SELECT pg_advisory_xact_lock({WRITERS})")
        yield
        other.rollback()


@functools.cache
def postgres() -> Postgres:
    """The server of this process. Skips the test where PostgreSQL is not installed; where it must be, it fails."""
    _must_be_installed()
    made, running = _first_start(_QUICK)
    atexit.register(_end, running, made.folder)
    atexit.register(made.let_go)
    return made


def installed() -> bool:
    """Whether there is a PostgreSQL to start."""
    return _programs() is not None


def started(settings: tuple[str, ...] = _PLAIN) -> Postgres:
    """A server of one's own, with these settings, that ends with this process. Without more it waits for the disk."""
    made, running = _first_start(settings)
    atexit.register(_end, running, made.folder)
    return made


class Mortal:
    """A server of a test's own, which can be killed and started again."""

    def __init__(self) -> None:
        _must_be_installed()
        self.server, self._running = _first_start(_QUICK)

    def kill(self) -> None:
        """It ends as in a power cut; what was committed is on its disk."""
        self._running.send_signal(signal.SIGQUIT)
        self._running.wait(10)

    def start(self) -> None:
        """Start it again on what is there."""
        self._running = _start(self.server.folder, self.server.port, _QUICK)
        _wait_for(self.server, self._running)

    def end(self) -> None:
        _end(self._running, self.server.folder)


def _must_be_installed() -> None:
    if not installed():
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(NOT_INSTALLED)


def _first_start(settings: tuple[str, ...]) -> "tuple[Postgres, subprocess.Popen[bytes]]":
    programs = _programs()
    assert programs is not None, NOT_INSTALLED
    user = _somebody()
    folder = Path(tempfile.mkdtemp(prefix="wicket-pg-"))
    if user is not None:
        os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
    data = folder / "data"
    make = programs / "initdb", "--no-sync", "--auth=trust", "--username=wicket", "--encoding=UTF8"
    subprocess.run([*make, "--locale=C", data], check=True, capture_output=True, user=user, cwd=folder)
    made = Postgres(folder=folder, port=free_port())
    running = _start(folder, made.port, settings)
    _wait_for(made, running)
    return made, running


def _start(folder: Path, port: int, settings: tuple[str, ...]) -> "subprocess.Popen[bytes]":
    programs = _programs()
    assert programs is not None, NOT_INSTALLED
    options = [each for setting in settings for each in ("-c", setting)]
    place = ("-D", folder / "data", "-k", folder, "-h", "127.0.0.1", "-p", str(port))
    with (folder / "log").open("a") as log:
        return subprocess.Popen(
            [programs / "postgres", *place, *options], stdout=log, stderr=log, user=_somebody(), cwd=folder
        )


def _end(running: "subprocess.Popen[bytes]", folder: Path) -> None:
    running.send_signal(signal.SIGQUIT)
    running.wait(10)
    shutil.rmtree(folder, ignore_errors=True)


def _wait_for(made: Postgres, running: "subprocess.Popen[bytes]") -> None:
    ends = time.monotonic() + 20
    while True:
        try:
            return made.run("SELECT 1")
        except psycopg.OperationalError:
            log = (made.folder / "log").read_text()
            assert running.poll() is None, log
            assert time.monotonic() < ends, log
            time.sleep(0.02)


def _programs() -> Path | None:
    """Where the server's programs are; Debian keeps them out of the way."""
    found = shutil.which("initdb")
    places = [Path(found).resolve().parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    return places[-1] if places else None


def _somebody() -> str | None:
    """Who runs the server, which refuses to run as root; None for whoever runs the tests."""
    if os.geteuid() != 0:
        return None
    names = {each.pw_name for each in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"
