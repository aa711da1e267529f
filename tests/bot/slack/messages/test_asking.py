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


def test_what_is_asked_for_too_long_says_how_long_it_is_given():
    """Policy's reason is a fixed sentence, and people choose a time by a number."""
    refused = Foreseen(
        entitlement=PROD_DB, owner=OWNER, outcome="refused", reasons=("It may not last so long.",)
    )
    told = str([block.to_dict() for block in foresight_blocks(Foresight(minutes=24 * 60, each=(refused,)))])
    assert "not possible. It may not last so long. It is given for 8 hours at most." in told
    within = str([block.to_dict() for block in foresight_blocks(Foresight(minutes=60, each=(refused,)))])
    assert "at most" not in within
