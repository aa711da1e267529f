"""Where checkpoints go if nobody named a file: a place that each process finds again, and shares with no other log."""

from pathlib import Path

import pytest

from bot.settings import new_audit_key
from tests.bot.settings.conftest import Load

NAMED = '[audit]\npublished = "elsewhere.txt"\n\n[security]'


def on_a_server(host: str = "127.0.0.1", name: str = "wicket") -> dict[str, str]:
    return {"WICKET_DATABASE__URL": f"postgresql://w@{host}/{name}?sslmode=verify-full&sslrootcert=ca.pem"}


def test_it_is_beside_a_file_of_tables_and_each_key_has_its_own(load: Load, tmp_path: Path) -> None:
    """T-2: another key behind the checkpoints of the one before would stop new access."""
    settings = load(environ={"HOME": "/home/wicket"})
    key = settings.secrets.signer().verifier.key_id.hex()
    assert settings.published == tmp_path / f"wicket.db.checkpoints-{key}.txt"
    assert settings.audit.published is None
    anew = load(environ={"WICKET_AUDIT_KEY": new_audit_key()}).published
    assert anew is not None
    assert anew != settings.published


def test_a_file_that_somebody_named_comes_first(load: Load, tmp_path: Path) -> None:
    assert load(replace={"[security]": NAMED}).published == tmp_path / "elsewhere.txt"


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        ({"STATE_DIRECTORY": "/var/lib/wicket:/var/lib/more", "HOME": "/home/wicket"}, "/var/lib/wicket"),
        ({"XDG_STATE_HOME": "/home/wicket/state", "HOME": "/home/wicket"}, "/home/wicket/state/wicket"),
        ({"XDG_STATE_HOME": "state", "HOME": "/home/wicket"}, "/home/wicket/.local/state/wicket"),
        ({"HOME": "/home/wicket"}, "/home/wicket/.local/state/wicket"),
        ({}, None),
    ],
)
def test_of_tables_on_a_server_it_is_where_the_process_keeps_its_state(
    load: Load, environ: dict[str, str], folder: str | None
) -> None:
    """Never the working directory, which may be read-only, another one each time, or somebody's checkout."""
    found = load(environ={**environ, **on_a_server()}).published
    assert (str(found.parent) if found is not None else None) == folder


def test_one_database_has_one_and_so_has_its_copy_on_another_server(load: Load) -> None:
    """T-2: where a server is restored as another one, the address changes and the log should not have."""
    home = {"HOME": "/home/wicket"}
    one = load(environ={**home, **on_a_server()}).published
    assert load(environ={**home, **on_a_server(host="restored.example.com")}).published == one
    assert load(environ={**home, **on_a_server(name="..%2Fstaging")}).published != one
    strange = load(environ={**home, **on_a_server(name="..%2Fstaging")}).published
    assert strange is not None
    assert strange.name.startswith("..%2Fstaging.checkpoints-")


def test_without_the_key_that_signs_there_is_none(load: Load, secrets: dict[str, str]) -> None:
    del secrets["WICKET_AUDIT_KEY"]
    assert load(serving=False).published is None
