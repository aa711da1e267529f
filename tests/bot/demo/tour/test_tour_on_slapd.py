"""The whole tour against OpenLDAP: nothing of the story is left out, and the server itself says what came of it."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.demo.tour.chapters import CHAPTERS
from tests.bot.demo.tour.performance import Performance, perform
from tests.bot.demo.tour.slapd_keepers import slapd_keepers

# It is played once, for every test here.
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def played(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Performance]:
    async with slapd_keepers() as keepers:
        yield await perform(tmp_path_factory.mktemp("tour"), keepers)


async def test_the_whole_story_is_as_promised(played: Performance) -> None:
    assert played.code == 0, played.told[-3000:]
    for title, _ in CHAPTERS:
        assert f"\n{title}\n" in played.told
