"""Settings for tests that need them whole. It reads nothing but the example in docs/."""

from pathlib import Path

import pytest

from bot.settings import Settings, load_settings

EXAMPLE = Path(__file__).parents[2] / "docs" / "wicket.toml.example"


@pytest.fixture
def settings_over_http() -> Settings:
    return load_settings(EXAMPLE, {"WICKET_SLACK__TRANSPORT": "http"}, serving=False)
