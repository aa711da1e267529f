"""Secrets: from the environment or a file it names, well-formed, and never shown (N-2, SL-7)."""

import itertools

import pytest

from bot.settings import new_audit_key
from storage.faults import SettingsFault
from storage.secrets import Vault, generate_key


def test_a_secret_may_come_from_a_file(load, secrets, tmp_path):
    (tmp_path / "token").write_text("xoxb-2-from-file\n")
    del secrets["WICKET_SLACK_BOT_TOKEN"]
    settings = load(environ={"WICKET_SLACK_BOT_TOKEN_FILE": str(tmp_path / "token")})
    assert settings.secrets.need("slack_bot_token").get_secret_value() == "xoxb-2-from-file"


def test_several_keys_are_kept_newest_first(load):
    newer, older = generate_key(), generate_key()
    vault = load(environ={"WICKET_SECRET_KEYS": f"{newer}, {older}"}).secrets.vault()
    assert vault.open(Vault([older]).seal("kept")) == "kept"
    assert Vault([newer]).open(vault.seal("new")) == "new"


def test_the_audit_key_becomes_a_signer(load):
    secrets = load(environ={"WICKET_AUDIT_KEY": new_audit_key("audit.example.com/wicket")}).secrets
    assert secrets.signer().name == "audit.example.com/wicket"


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        ({"WICKET_SLACK_BOT_TOKEN": "xoxp-1-canary"}, "WICKET_SLACK_BOT_TOKEN: is not a bot token: that begins"),
        ({"WICKET_SLACK_BOT_TOKEN": "xapp-1-canary"}, "WICKET_SLACK_BOT_TOKEN: is not a bot token"),
        ({"WICKET_SLACK_APP_TOKEN": "xoxb-1-canary"}, "WICKET_SLACK_APP_TOKEN: is not an app-level token"),
        ({"WICKET_SLACK_BOT_TOKEN": " "}, "WICKET_SLACK_BOT_TOKEN: is empty"),
        ({"WICKET_SLACK_SIGNING_SECRET": "canary"}, "WICKET_SLACK_SIGNING_SECRET: is not a signing secret"),
        ({"WICKET_SECRET_KEYS": "canary"}, "WICKET_SECRET_KEYS: is not one or several keys"),
        ({"WICKET_SECRET_KEYS": ","}, "WICKET_SECRET_KEYS: is not one or several keys"),
        ({"WICKET_AUDIT_KEY": "canary=="}, "WICKET_AUDIT_KEY: is not a signing key"),
        ({"WICKET_AUDIT_KEY_FILE": "/canary"}, "WICKET_AUDIT_KEY: is set and so is WICKET_AUDIT_KEY_FILE"),
        ({"WICKET_SMTP_PASSWORD_FILE": "/canary"}, "WICKET_SMTP_PASSWORD_FILE: names a file that cannot be read"),
    ],
)  # fmt: skip
def test_a_secret_of_the_wrong_shape_is_named_and_not_shown(environ, told, wrong):
    message = wrong(environ=environ)
    assert f"  {told}" in message
    assert "canary" not in message


def test_an_empty_file_is_not_a_secret(wrong, tmp_path):
    (tmp_path / "empty").write_text("\n")
    message = wrong(environ={"WICKET_SMTP_PASSWORD_FILE": str(tmp_path / "empty")})
    assert "  WICKET_SMTP_PASSWORD_FILE: names an empty file" in message


@pytest.mark.parametrize(
    ("extra", "needed"),
    [
        ({}, {"SLACK_APP_TOKEN"}),
        ({"WICKET_SLACK__TRANSPORT": "http"}, {"SLACK_SIGNING_SECRET"}),
        ({"WICKET_MAIL__USERNAME": "me"}, {"SLACK_APP_TOKEN", "SMTP_PASSWORD"}),
    ],
)
def test_serving_names_every_secret_that_is_missing(extra, needed, wrong, secrets):
    secrets.clear()
    message = wrong(environ=extra)
    named = {line.split(":")[0].strip().removeprefix("WICKET_") for line in message.splitlines()[1:]}
    assert named == needed | {"SLACK_BOT_TOKEN", "SECRET_KEYS", "AUDIT_KEY"}


def test_a_misspelt_variable_is_pointed_out(wrong, secrets):
    secrets["WICKET_SLACK_BOT_TOKN"] = secrets.pop("WICKET_SLACK_BOT_TOKEN")
    message = wrong()
    assert "  WICKET_SLACK_BOT_TOKEN: is missing." in message
    assert (
        "  WICKET_SLACK_BOT_TOKN: is not a variable that Wicket reads here. Did you mean WICKET_SLACK_BOT_TOKEN?"
        in (message)
    )
    assert "canary" not in message


def test_commands_that_do_not_serve_go_without_secrets(load, secrets):
    secrets.clear()
    settings = load(serving=False)
    with pytest.raises(
        SettingsFault, match=r"WICKET_AUDIT_KEY: is missing\. Set it, or WICKET_AUDIT_KEY_FILE"
    ):
        settings.secrets.need("audit_key")


@pytest.mark.parametrize(
    ("old", "new", "name", "variable"),
    [
        ("[slack]", '[slack]\nbot_token = "xoxb-9-planted"', "slack.bot_token", "WICKET_SLACK_BOT_TOKEN"),
        ("[slack]", '[slack]\nsigning_secret = "planted"', "slack.signing_secret", "WICKET_SLACK_SIGNING_SECRET"),
        ('"T0WICKET"', '"xapp-1-planted"', "slack.teams[1]", "WICKET_SLACK_APP_TOKEN"),
        ("[mail]", '[mail]\npassword = "planted"', "mail.password", "WICKET_SMTP_PASSWORD"),
        ("[security]", '[security]\nsecret_keys = ["planted"]', "security.secret_keys", "WICKET_SECRET_KEYS"),
        ("[server]", '[server]\ntls_private_key = "planted"', "server.tls_private_key", "an environment variable"),
        ("[server]", '[server]\nnote = "PRIVATE+KEY+planted"', "server.note", "WICKET_AUDIT_KEY"),
    ],
)  # fmt: skip
def test_a_secret_in_the_file_is_refused_by_name_alone(old, new, name, variable, wrong):
    message = wrong(replace={old: new})
    assert f"  {name}: is a secret, and secrets are not read from here" in message
    assert variable in message
    assert "planted" not in message


def test_a_secret_among_the_plain_variables_is_refused_too(wrong):
    message = wrong(environ={"WICKET_SLACK__BOT_TOKEN": "planted"})
    assert "  WICKET_SLACK__BOT_TOKEN: is a secret, and secrets are not read from here" in message
    assert "use WICKET_SLACK_BOT_TOKEN or" in message
    assert "planted" not in message


def test_no_secret_is_ever_shown(load, secrets):
    """N-2: neither by printing the settings, nor by dumping them, nor in the digest's input."""
    settings = load()
    shown = "".join((repr(settings), str(settings), settings.model_dump_json(exclude={"catalogue"})))
    shown += repr(settings.secrets) + f"{settings.secrets.vault()}"
    for value in itertools.chain(secrets.values(), settings.secrets.values()):
        assert value not in shown


def test_every_secret_is_known_to_those_who_must_hide_it(load, secrets):
    newer, older = generate_key(), generate_key()
    values = load(environ={"WICKET_SECRET_KEYS": f"{newer},{older}"}).secrets.values()
    assert {newer, older, secrets["WICKET_SLACK_BOT_TOKEN"], secrets["WICKET_AUDIT_KEY"]} <= set(values)
