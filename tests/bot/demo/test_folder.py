"""The demo's folder keeps what must last, renews what is of one run, and leaves other people's files alone."""

import stat
import tomllib
from pathlib import Path

import pytest

from bot.demo.folder import Addresses, Folder, Tokens
from bot.settings import load_settings
from storage.faults import SettingsFault

FIRST = Addresses(api_url="http://127.0.0.1:4001/api/", page_port=4002, smtp_port=4003)
LATER = Addresses(api_url="http://127.0.0.1:5001/api/", page_port=5002, smtp_port=5003)
TOKENS = Tokens(bot="xoxb-1", app="xapp-1", signing="0" * 32)


def test_what_it_writes_are_settings_that_the_bot_runs_by(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "new" / "demo")
    settings = load_settings(folder.config, folder.write(FIRST, TOKENS))
    assert settings.server.public_url == "http://localhost:4002"
    assert settings.database.path == folder.database


def test_the_secrets_are_for_their_owner_alone(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "demo")
    folder.write(FIRST, TOKENS)
    assert stat.S_IMODE(folder.secrets.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700


def test_a_second_run_keeps_the_keys_and_takes_new_tokens(tmp_path: Path) -> None:
    first = Folder(tmp_path).write(FIRST, TOKENS)
    second = Folder(tmp_path).write(LATER, Tokens(bot="xoxb-2", app="xapp-2", signing="1" * 32))
    kept = ("WICKET_SECRET_KEYS", "WICKET_AUDIT_KEY")
    assert [second[name] for name in kept] == [first[name] for name in kept]
    assert second["WICKET_SLACK_BOT_TOKEN"] == "xoxb-2"


def test_a_second_run_moves_the_addresses_and_keeps_what_somebody_edited(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.write(FIRST, TOKENS)
    before = folder.config.read_text()
    edited = before.replace("requests_a_minute = 60", "requests_a_minute = 7  # slowly")
    assert edited != before
    folder.config.write_text(edited)
    Folder(tmp_path).write(LATER, TOKENS)
    text = folder.config.read_text()
    assert "requests_a_minute = 7  # slowly" in text
    data = tomllib.loads(text)
    assert data["slack"]["api_url"] == LATER.api_url
    assert (data["server"]["port"], data["mail"]["port"]) == (5002, 5003)
    assert data["server"]["public_url"] == "http://localhost:5002"


def test_settings_of_a_real_company_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "wicket.toml").write_text('[slack]\nteams = ["T0REAL"]\n')
    with pytest.raises(SettingsFault, match="was not written by the demo"):
        Folder(tmp_path)


def test_tables_without_their_keys_are_not_opened(tmp_path: Path) -> None:
    """New keys could read nothing of what the old ones sealed, and would sign another log."""
    (tmp_path / "wicket.db").touch()
    with pytest.raises(SettingsFault, match="which is gone"):
        Folder(tmp_path)


def test_a_folder_that_cannot_be_made_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingsFault, match="cannot use the folder"):
        Folder(tmp_path / "file" / "demo")
