"""Variables of the environment: none that begins with WICKET_ is passed over in silence, and none is shown."""

import pytest

NOT_READ = "is not a variable that Wicket reads here."


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("WICKET_SERVRE__PORT", "Did you mean WICKET_SERVER__PORT?"),
        ("WICKET_SERVER_PORT", "Did you mean WICKET_SERVER__PORT?"),
        ("WICKET_LINK_MINUTES", "Did you mean WICKET_SECURITY__LINK_MINUTES?"),
        ("WICKET_SECURTY__LINK_MINUTES", "Did you mean WICKET_SECURITY__LINK_MINUTES?"),
        ("WICKET_AUDIT_KEYS_FILE", "Did you mean WICKET_AUDIT_KEY_FILE?"),
        ("wicket_smtp_password", "Did you mean WICKET_SMTP_PASSWORD?"),
        ("WICKET_PORT", "Did you mean WICKET_SERVER__PORT or WICKET_MAIL__PORT?"),
        ("WICKET_HOME", "If it is left over from something else, unset it."),
        ("WICKET_DIRECTORY_OLD_PASSWORD", "If it is left over from something else, unset it."),
        ("WICKET_CATALOGUE__FILE", "The catalogue is read from the file alone: write it there"),
        ("WICKET_ENTITLEMENT", "The catalogue is read from the file alone: write it there"),
    ],
)
@pytest.mark.parametrize("serving", [True, False])
def test_a_variable_that_nothing_reads_is_named_with_what_was_meant(name, advice, serving, wrong):
    message = wrong(environ={name: "canary"}, serving=serving)
    assert f"  {name}: {NOT_READ} {advice}" in message
    assert len(message.splitlines()) == 2
    assert "canary" not in message


def test_a_setting_misspelt_below_its_section_is_named(wrong):
    message = wrong(environ={"WICKET_SERVER__PROT": "80"})
    assert 'WICKET_SERVER__PROT: is not a setting of Wicket. Did you mean "port"?' in message
    assert len(message.splitlines()) == 2


def test_what_is_known_is_taken_however_it_is_given(load, tmp_path):
    (tmp_path / "password").write_text("canary-pass")
    settings = load(
        environ={
            "wicket_server__port": "9000",
            "WICKET_LOGS": '{"level": "debug"}',
            "WICKET_SMTP_PASSWORD_FILE": str(tmp_path / "password"),
            "WICKETS": "another program's",
            "MY_WICKET_THING": "another program's",
        }
    )
    assert (settings.server.port, settings.logs.level) == (9000, "debug")


def test_what_a_platform_sets_by_itself_does_no_harm(load):
    """Kubernetes does so for every service, by its name."""
    links = {
        "WICKET_SERVICE_HOST": "10.0.0.1",
        "WICKET_SERVICE_PORT": "80",
        "WICKET_SERVICE_PORT_HTTP": "80",
        "WICKET_PORT": "tcp://10.0.0.1:80",
        "WICKET_PORT_80_TCP": "tcp://10.0.0.1:80",
        "WICKET_PORT_80_TCP_ADDR": "10.0.0.1",
        "WICKET_DB_SERVICE_HOST": "10.0.0.2",
        "WICKET_DB_PORT": "tcp://10.0.0.2:5432",
    }
    assert load(environ=links).server.port == 8080


def test_a_name_that_would_move_a_terminal_is_shown_as_letters(wrong):
    message = wrong(environ={"WICKET_\x1b[2J": "1"})
    assert "\x1b" not in message
    assert "WICKET_\\x1b[2J" in message
