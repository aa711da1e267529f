"""Settings as a whole: what is read, what goes before what, and that everything wrong is told at once."""

import re
from pathlib import Path

import pytest

from bot.settings import load_settings
from storage.faults import SettingsFault


def test_right_settings_are_read_with_their_defaults(load, tmp_path):
    settings = load()
    assert settings.slack.transport == "socket"
    assert settings.slack.teams == ("T0WICKET",)
    assert settings.slack.trust_email is False
    assert settings.security.link_minutes == 10
    assert settings.security.wrong_code_limit == 10
    assert settings.security.request_lapse_hours == 24
    assert settings.database.path == tmp_path / "wicket.db"
    assert settings.directories["local"].path == tmp_path / "people.db"


def test_a_variable_stands_before_the_file(load):
    settings = load(environ={"WICKET_SERVER__PORT": "9000", "WICKET_SLACK__TEAMS": '["T0OTHER"]'})
    assert settings.server.port == 9000
    assert settings.slack.teams == ("T0OTHER",)


def test_the_process_environment_is_not_looked_at(load, tmp_path):
    """Only what is passed in counts; pytest itself runs with PATH and HOME set."""
    assert load(environ={}).server.port == 8080


def test_settings_cannot_be_changed(load):
    settings = load()
    for section, key in (
        (settings, "slack"),
        (settings.slack, "trust_email"),
        (settings.secrets, "audit_key"),
    ):
        with pytest.raises(ValueError, match="frozen"):
            setattr(section, key, None)


def test_every_problem_is_told_at_once(wrong):
    message = wrong(
        replace={
            'teams = ["T0WICKET"]': 'teams = ["lovelace"]\ntransprt = "http"',
            "risk = 4": "risk = 6",
            'owner = "data"': 'owner = "dat"',
            'sender = "wicket@example.com"': "",
        },
        environ={"WICKET_SLACK_APP_TOKEN": "xoxb-1-canary"},
    )
    lines = message.splitlines()[1:]
    assert [line.split(":")[0].strip() for line in lines] == [
        "slack.teams[1]",
        "slack.transprt",
        "mail.sender",
        "entitlement[prod-db].risk",
        "entitlement[prod-db].owner",
        "WICKET_SLACK_APP_TOKEN",
    ]
    assert "6 things to mend" in message


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("[slack]", '[slack]\ntransport = "sockets"', 'slack.transport: must be "socket" or "http"'),
        ('teams = ["T0WICKET"]', "teams = []", "slack.teams: must not be empty"),
        ('teams = ["T0WICKET"]', 'teams = "T0WICKET"', 'slack.teams: must be a list. Write, under [slack]: teams = ['),
        ('teams = ["T0WICKET"]', "", "slack.teams: is missing. Write, under [slack]: teams ="),
        ('"C0SECURITY"', '"#security"', "slack.security_channel: is not a Slack channel id"),
        ("[slack]", '[slack]\nenterprise = "acme"', "slack.enterprise: is not a Slack enterprise id"),
        ("[slack]", '[slack]\napi_url = "http://slack.example/api/"', "slack.api_url: must begin with https://"),
        ("[slack]", '[slack]\ntrust_email = "perhaps"', "slack.trust_email: must be true or false"),
        ("[server]", "[server]\nport = 0", "server.port: must be at least 1"),
        ("[server]", '[server]\nport = "eighty"', "server.port: must be a whole number"),
        ("https://wicket", "http://wicket", "server.public_url: must begin with https://"),
        ("https://wicket.example.com", "https://wicket.example.com/start", "server.public_url: must be an origin"),
        ("https://wicket.example.com", "wicket.example.com", "server.public_url: is not a web address"),
        ("https://wicket.example.com", "https://me:pw@wicket.example.com", "server.public_url: is a secret"),
        ("[server]", '[database]\nurl = "mysql://db/wicket"\n[server]', "database: is neither a file nor an address"),
        ("[server]", '[database]\nurl = "sqlite://:memory:"\n[server]', "database: needs a file"),
        ('kind = "local"', 'kind = "ldpa"', "directories.local: has a kind that is not known"),
        ('path = "people.db"', "", "directories.local.path: is missing. Write, under [directories.local]: path ="),
        ('"wicket@example.com"', '"Wicket"', "mail.sender: is not a mail address"),
        ("[mail]", '[mail]\nencryption = "none"', 'mail: encryption = "none" is only for a server on this machine'),
        ("[security]", "[security]\nlink_minutes = 11", "security.link_minutes: must be at most 10"),
        ("[security]", "[security]\nwrong_code_limit = 101", "security.wrong_code_limit: must be at most 100"),
        ("[security]", "[security]\nrequest_lapse_hours = 0", "security.request_lapse_hours: must be at least 1"),
        ("[security]", "[limits]\nrequests_a_minute = 0\n[security]", "limits.requests_a_minute: must be at least 1"),
        ("[security]", '[scurity]', 'scurity: is not a setting of Wicket. Did you mean "security"?'),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_named_with_what_is_wrong_and_how_to_mend_it(old, new, told, wrong):
    message = wrong(replace={old: new})
    assert f"  {told}" in message
    assert not re.search(r"pydantic|type=|input_|validation error|Traceback", message)


def test_a_missing_section_says_what_it_must_hold(wrong):
    message = wrong(replace={"[mail]": "[mall]"})
    assert "  mail: is missing. Write [mail] with host = " in message
    assert '  mall: is not a setting of Wicket. Did you mean "mail"?' in message


def test_a_wrong_variable_is_named_as_the_operator_wrote_it(wrong):
    message = wrong(environ={"WICKET_SERVER__PORT": "99999", "WICKET_SLACK__TEAMS": "T0WICKET"})
    assert "  WICKET_SERVER__PORT: must be at most 65535. Write: WICKET_SERVER__PORT='8080'" in message
    assert "  WICKET_SLACK__TEAMS: must be a list. Write: WICKET_SLACK__TEAMS='[\"T0123ABCD\"]'" in message


@pytest.mark.parametrize("url", ["http://localhost:8080", "http://127.0.0.1:8080", "http://[::1]:8080"])
def test_plain_http_is_taken_on_this_machine_alone(url, load, wrong):
    assert load(replace={"https://wicket.example.com": url}).server.public_url == url
    message = wrong(replace={"https://wicket.example.com": url, "[server]": '[server]\nhost = "0.0.0.0"'})
    assert "server: public_url may begin with http:// only while host is this machine alone" in message


def test_the_origin_is_kept_without_its_last_slash(load):
    """The page compares origins as text, so there is one way to write it."""
    changed = load(replace={"https://wicket.example.com": "https://Wicket.Example.com:8443/"})
    assert changed.server.public_url == "https://wicket.example.com:8443"
    usual = load(replace={"https://wicket.example.com": "https://wicket.example.com:443"})
    assert usual.server.public_url == "https://wicket.example.com"


def test_a_file_that_is_not_there_says_where_to_start(tmp_path):
    with pytest.raises(
        SettingsFault, match=r"wicket\.toml: there is no such file\. Copy docs/wicket\.toml\.example"
    ):
        load_settings(tmp_path / "wicket.toml", {})


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"[slack", "is not valid TOML"),
        (b"\xff\xfe", "not a text file"),
        (b"x = " + b"[" * 20_000, "nested too deep"),
        (b"x = " + b"9" * 6_000, "a number that is too long"),
    ],
)
def test_a_file_that_is_not_toml_is_refused_plainly(content, told, tmp_path):
    path = tmp_path / "wicket.toml"
    path.write_bytes(content)
    with pytest.raises(SettingsFault, match=told):
        load_settings(path, {})


def test_a_folder_in_place_of_the_file_is_refused_plainly(tmp_path):
    with pytest.raises(SettingsFault, match="cannot be read"):
        load_settings(tmp_path, {})


def test_the_security_digest_follows_what_bears_on_security(load):
    digest = load().security_digest
    assert re.fullmatch(r"[0-9a-f]{64}", digest)
    bearing = [
        {'"T0WICKET"': '"T0WICKET", "T0OTHER"'},
        {"[slack]": "[slack]\ntrust_email = true"},
        {"[security]": "[security]\nwrong_code_limit = 9"},
        {'"security-team"': '"everybody"'},
        {"[security]": "[limits]\nrequests_a_minute = 9\n[security]"},
        {"https://wicket.example.com": "https://other.example.com"},
    ]
    assert len({digest, *(load(replace=change).security_digest for change in bearing)}) == len(bearing) + 1


def test_a_copy_with_other_settings_has_a_security_digest_of_its_own(load):
    """What was reckoned of the settings that it was copied from is not told of it."""
    settings, other = load(), load(replace={"[security]": "[security]\nwrong_code_limit = 9"})
    assert settings.security_digest != other.security_digest
    copied = settings.model_copy(update={"security": other.security})
    assert copied.security_digest == other.security_digest
    assert copied.bearing_on_security["security.wrong_code_limit"] == 9


def test_the_security_digest_is_the_same_wherever_it_runs(load):
    elsewhere = load(
        replace={
            "[server]": '[logs]\nlevel = "debug"\n[database]\nurl = "x.db"\n[server]\nport = 9\nhost = "10.0.0.1"',
            "people.db": "/srv/people.db",
        },
        environ={"WICKET_SLACK_BOT_TOKEN": "xoxb-2-other"},
    )
    assert elsewhere.server.port == 9
    assert elsewhere.security_digest == load().security_digest


def test_relative_paths_count_from_the_files_folder_and_absolute_ones_stay(load, tmp_path):
    changed = load(replace={"[server]": '[database]\nurl = "sqlite:////var/lib/wicket.db"\n[server]'})
    assert changed.database.path == Path("/var/lib/wicket.db")
    assert (
        load(replace={"[server]": '[database]\nurl = "data/w.db"\n[server]'}).database.path
        == tmp_path / "data/w.db"
    )
