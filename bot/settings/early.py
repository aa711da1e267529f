"""What the Slack app's manifest needs of the settings, which is wanted before the others can be known.

It looks at [slack] transport and [server] public_url alone; `load_settings` judges everything, later.
"""

from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from bot.settings.problems import Problem, explain, refusal
from bot.settings.reading import environment_names, lay_over, read_environment, read_toml
from bot.settings.sections import Sections, Transport
from bot.settings.shapes import Origin
from storage.faults import SettingsFault


def origin_for_slack(path: Path, environ: Mapping[str, str]) -> str | None:
    """The origin that Slack is to call, "https://…"; None for Socket Mode.

    SettingsFault when the file cannot be read, or when one of the two settings is wrong or, over HTTP, missing.
    """
    # A secret in the wrong place stops the bot, not its manifest.
    data, from_environment = read_toml(path, []), read_environment(environ, [])
    lay_over(data, from_environment)
    try:
        early = _Early(**data)
    except ValidationError as fault:
        names = environment_names(from_environment)
        raise SettingsFault(refusal(path, explain(fault, Sections, names=names))) from None
    if early.slack.transport == "socket":
        return None
    if early.server.public_url is None:
        raise SettingsFault(refusal(path, [_NO_ADDRESS]))
    return early.server.public_url


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class _Slack(_Part):
    transport: Transport = "socket"


class _Server(_Part):
    public_url: Origin | None = None


class _Early(_Part):
    slack: _Slack = _Slack()
    server: _Server = _Server()


_NO_ADDRESS = Problem(
    name="server.public_url",
    wrong="is missing, and Slack calls it over HTTP",
    mend='Write, under [server]: public_url = "https://wicket.example.com"',
)
