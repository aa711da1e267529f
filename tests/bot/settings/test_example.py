"""The example in docs/ is what it says: loadable settings that show every setting there is."""

import re
import tomllib
from pathlib import Path

from bot.settings import load_settings, new_audit_key
from bot.settings.directories import (
    ActiveDirectorySection,
    AdAttributesSection,
    LdapAttributesSection,
    LdapDirectorySection,
    LocalDirectorySection,
)
from bot.settings.entries import EntitlementEntry, OwnerEntry, Written
from bot.settings.secrets import NAMES, variable
from storage.secrets import generate_key

EXAMPLE = Path(__file__).parents[3] / "docs" / "wicket.toml.example"


def test_the_example_loads_as_it_is():
    environ = {
        "WICKET_SLACK_BOT_TOKEN": "xoxb-1-example",
        "WICKET_SLACK_APP_TOKEN": "xapp-1-example",
        "WICKET_SECRET_KEYS": generate_key(),
        "WICKET_AUDIT_KEY": new_audit_key(),
        "WICKET_SMTP_PASSWORD": "example",
    }
    assert "prod-db" in load_settings(EXAMPLE, environ).catalogue.entitlements


def test_the_example_loads_with_its_comments_taken_as_settings(tmp_path):
    """What is commented out must be right too, or it misleads whoever turns it on."""
    text = EXAMPLE.read_text(encoding="utf-8").replace("# file =", "## file =").replace("# [", "[")
    text = text.replace('# directory = "catalogue"', '## directory = "catalogue"')  # the rows stand here
    path = tmp_path / "wicket.toml"
    path.write_text(re.sub(r"^# (\w+ = )", r"\1", text, flags=re.MULTILINE), encoding="utf-8")
    settings = load_settings(path, {}, serving=False)
    assert settings.slack.enterprise == "E0123ABCD"
    assert settings.directories["corp"].kind == "ldap"
    assert settings.directories["ad"].kind == "active-directory"


def test_the_example_shows_every_setting():
    text = EXAMPLE.read_text(encoding="utf-8")
    models = [
        OwnerEntry,
        EntitlementEntry,
        LocalDirectorySection,
        LdapDirectorySection,
        LdapAttributesSection,
        ActiveDirectorySection,
        AdAttributesSection,
    ]
    for name, info in Written.model_fields.items():
        assert name in text
        if isinstance(info.annotation, type) and hasattr(info.annotation, "model_fields"):
            models.append(info.annotation)
    keys = {info.alias or name for model in models for name, info in model.model_fields.items()}
    shown = {line.removeprefix("# ").split("=")[0].strip() for line in text.splitlines() if "=" in line}
    headed = {
        name
        for heading in re.findall(r"^#? ?\[+([\w.]+)\]", text, re.MULTILINE)
        for name in heading.split(".")
    }
    assert keys - shown - headed == set()


def test_the_example_names_every_secret_and_holds_none():
    text = EXAMPLE.read_text(encoding="utf-8")
    assert all(variable(name) in text for name in NAMES)
    assert "secrets" not in tomllib.loads(text)
