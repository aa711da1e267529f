"""A file of settings that is right, to be spoilt one thing at a time. It never reads the process's environment."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

import pytest

from bot.settings import Settings, load_settings, new_audit_key
from storage.faults import SettingsFault
from storage.secrets import generate_key

SECTIONS = """
[slack]
teams = ["T0WICKET"]
security_channel = "C0SECURITY"

[server]
public_url = "https://wicket.example.com"

[directories.local]
kind = "local"
path = "people.db"

[mail]
host = "smtp.example.com"
sender = "wicket@example.com"

[security]
approvers_group = "security-team"
"""
ROWS = """
[[owner]]
id = "data"
name = "Data Platform"
channel = "C0DATA"
approvers = "data-leads"

[[entitlement]]
id = "prod-db"
title = "Production database"
directory = "local"
group = "prod-db-rw"
owner = "data"
risk = 4
environment = "production"
kind = "database"
access = "read and write"
max = "8h"
"""

Load: TypeAlias = Callable[..., Settings]
Wrong: TypeAlias = Callable[..., str]


@pytest.fixture
def secrets() -> dict[str, str]:
    return {
        "WICKET_SLACK_BOT_TOKEN": "xoxb-1-canary",
        "WICKET_SLACK_APP_TOKEN": "xapp-1-canary",
        "WICKET_SECRET_KEYS": generate_key(),
        "WICKET_AUDIT_KEY": new_audit_key(),
    }


@pytest.fixture
def load(tmp_path: Path, secrets: dict[str, str]) -> Load:
    """Load the right settings: pieces of text `replace`d, other `rows`, `environ` laid over the secrets."""

    def loaded(
        *,
        replace: Mapping[str, str] | None = None,
        rows: str = ROWS,
        environ: Mapping[str, str] | None = None,
        serving: bool = True,
    ) -> Settings:
        text = SECTIONS + rows
        for old, new in (replace or {}).items():
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "wicket.toml"
        path.write_text(text, encoding="utf-8")
        return load_settings(path, {**secrets, **(environ or {})}, serving=serving)

    return loaded


@pytest.fixture
def wrong(load: Load) -> Wrong:
    """The message with which the settings are refused."""

    def message(**changes: object) -> str:
        with pytest.raises(SettingsFault) as fault:
            load(**changes)
        return str(fault.value)

    return message
