"""What the request form says of what would happen."""

from datetime import UTC, datetime

from bot.slack.messages.asking import foresight_blocks
from handlers.decisions.freezing import Stopped
from handlers.requests.foreseen import Foreseen, Foresight
from storage.states import FreezeKind
from tests.bot.slack.stories import OWNER, PROD_DB


def test_while_new_access_is_stopped_nothing_is_promised():
    """T-4: neither at once nor by approval, whatever policy would say."""
    at_once = Foreseen(entitlement=PROD_DB, owner=OWNER, outcome="automatic")
    free = Foresight(minutes=60, each=(at_once,))
    assert "at once" in str([block.to_dict() for block in foresight_blocks(free)])
    stop = Stopped(id="x-1", kind=FreezeKind.EMERGENCY, since=datetime(2026, 11, 25, tzinfo=UTC))
    told = str(
        [block.to_dict() for block in foresight_blocks(Foresight(minutes=60, each=(at_once,), stopped=stop))]
    )
    assert "no new access is given" in told
    assert "at once" not in told
