"""The page about connecting a workspace: what one is told to paste works when it is pasted."""

import asyncio
import re
from pathlib import Path

from bot.manifest import BOT_EVENTS, BOT_SCOPES
from bot.settings import load_settings
from bot.settings.secrets import NAMES, variable
from storage.directories.local import LocalDirectory
from tests.directories.reading import members_of

PAGE = (Path(__file__).parents[3] / "docs" / "slack-setup.md").read_text(encoding="utf-8")


def _block(language: str) -> str:
    (found,) = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    return found


def test_the_settings_on_the_page_load(tmp_path):
    path = tmp_path / "wicket.toml"
    path.write_text(_block("toml"), encoding="utf-8")
    assert "prod-db" in load_settings(path, {}, serving=False).catalogue.entitlements


def test_the_people_on_the_page_can_decide_what_the_settings_say(tmp_path):
    path = tmp_path / "people.db"
    code = _block("python").replace('"people.db"', repr(str(path)))
    exec(compile(code, "slack-setup.md", "exec"), {})

    async def leads() -> frozenset[str] | None:
        directory = LocalDirectory(path)
        try:
            return await members_of(directory, "data-platform-leads")
        finally:
            directory.close()

    assert asyncio.run(leads()) == {"grace"}


def test_the_page_names_every_secret():
    assert all(f"`{variable(name)}`" in PAGE for name in NAMES)


def test_the_page_counts_scopes_and_events_rightly():
    assert (len(BOT_SCOPES), len(BOT_EVENTS)) == (8, 2)
    assert "eight bot scopes and two events" in PAGE
