"""[incidents]: what leaves Slack travels encrypted and signed, and its secret is never in the settings."""

import base64

import pytest
from pydantic import ValidationError

from bot.settings.incidents import IncidentsSection, read_keys
from bot.settings.secrets import read_secrets


@pytest.mark.parametrize(
    "url",
    [
        "http://incidents.example.com/",
        "incidents.example.com",
        "https://u:p@incidents.example.com/",
        "https://incidents.example.com/#there",
        "ftp://incidents.example.com/",
    ],
)
def test_a_webhook_is_reached_by_tls_or_on_this_machine(url: str) -> None:
    """O-5, N-2: and no secret stands in the settings."""
    with pytest.raises(ValidationError):
        IncidentsSection(webhook=url)
    assert IncidentsSection(webhook="http://127.0.0.1:8088/raw").webhook == "http://127.0.0.1:8088/raw"


@pytest.mark.parametrize(
    "written",
    [
        "",
        ",",
        "plain text",
        "whsec_",
        "whsec_not base64!",
        f"whsec_{base64.b64encode(b'short').decode()}",
        f"whsec_{base64.b64encode(bytes(65)).decode()}",
        f"whsec_{base64.b64encode(bytes(24)).decode()},other",
    ],
)
def test_a_secret_that_is_none_is_refused_at_the_start(written: str) -> None:
    """O-5: one of several too; and what was given is not repeated."""
    assert read_keys(written) is None
    secrets, problems = read_secrets({"WICKET_INCIDENT_SECRET": written})
    assert secrets.incident_secret is None
    assert [each.name for each in problems] == ["WICKET_INCIDENT_SECRET"]
    assert written in ("", ",", "whsec_") or written not in problems[0].line


def test_several_secrets_are_several_keys() -> None:
    """O-5: newest first, while one takes over from the other."""
    first, second = (f"whsec_{base64.b64encode(bytes([n]) * 24).decode()}" for n in (1, 2))
    assert read_keys(f" {first} ,{second}") == (b"\x01" * 24, b"\x02" * 24)
