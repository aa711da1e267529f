"""The two settings that a manifest needs, from a file in which everything else is still to be written."""

import re

import pytest

from bot.settings import origin_for_slack
from storage.faults import SettingsFault


@pytest.fixture
def origin(tmp_path):
    """The origin that Slack would call, by what stands in the file and the environment."""

    def read(text: str, **environ: str) -> str | None:
        path = tmp_path / "wicket.toml"
        path.write_text(text, encoding="utf-8")
        return origin_for_slack(path, environ)

    return read


HTTP = '[slack]\ntransport = "http"\n[server]\npublic_url = "https://Wicket.Example.com/"\n'


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", None),
        ('[slack]\ntransport = "socket"\n', None),
        ('[server]\npublic_url = "https://wicket.example.com"\n', None),
        (HTTP, "https://wicket.example.com"),
        (f'{HTTP}port = "many"\n[directories]\n[mail]\nhots = 1\n[[owner]]\n', "https://wicket.example.com"),
    ],
)
def test_nothing_else_has_to_be_there_or_right(text, found, origin):
    assert origin(text) == found


def test_variables_stand_before_the_file_and_strays_do_not_matter_yet(origin):
    given = {
        "WICKET_SLACK__TRANSPORT": "http",
        "WICKET_SERVER__PUBLIC_URL": "https://other.example",
        "WICKET_DIRECTORY_LATER_PASSWORD": "canary",
    }
    assert origin("[server]\nport = 1\n", **given) == "https://other.example"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            '[slack]\ntransport = "http"\n',
            "server.public_url: is missing, and Slack calls it over HTTP. Write, under",
        ),
        (
            '[slack]\ntransport = "https"\n',
            'slack.transport: must be "socket" or "http". Write, under [slack]:',
        ),
        (HTTP.replace("https:", "http:"), "server.public_url: must begin with https://"),
        ("slack = 1", "slack: must be a section"),
    ],
)
def test_what_is_wrong_with_the_two_is_told_as_everywhere(text, told, origin):
    with pytest.raises(SettingsFault, match=re.escape(f"cannot be used yet: one thing to mend.\n  {told}")):
        origin(text)


def test_a_file_that_cannot_be_read_is_told(origin):
    with pytest.raises(SettingsFault, match="is not valid TOML"):
        origin("[slack")
