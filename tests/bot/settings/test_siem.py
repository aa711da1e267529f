"""[siem]: each way out knows where to, and a token never travels in clear."""

import pytest
from pydantic import ValidationError

from bot.settings.siem import SiemSection


def test_each_way_needs_to_know_where() -> None:
    assert SiemSection(to="stdout").version == "1.7.0"
    for way, field in (("file", "file"), ("http", "url")):
        with pytest.raises(ValidationError, match=f"{field} = "):
            SiemSection(to=way)


@pytest.mark.parametrize(
    "url", ["http://siem.example.com/", "siem.example.com", "https://u:p@siem.example.com/"]
)
def test_a_collector_is_reached_by_tls_or_on_this_machine(url: str) -> None:
    """N-2: the token and the whole record travel there; and no secret stands in the settings."""
    with pytest.raises(ValidationError):
        SiemSection(to="http", url=url)
    assert SiemSection(to="http", url="http://127.0.0.1:8088/raw").url == "http://127.0.0.1:8088/raw"


def test_a_version_that_is_not_known_is_refused() -> None:
    """O-2: an event of a version that nobody mapped would be read wrongly."""
    with pytest.raises(ValidationError):
        SiemSection(to="stdout", version="2.0.0")
