"""The door: the rate limit comes before everything, then who it is."""

from typing import Any, cast

import pytest

from bot.slack import sentences
from bot.slack.door import Door, Turned
from bot.slack.incoming import Incoming
from bot.slack.limiter import Limiter
from storage.clock import utc_now

NOBODY = cast(Any, None)


@pytest.mark.parametrize(("by_message", "says"), [(False, sentences.TOO_FAST), (True, sentences.TOO_FAST)])
async def test_what_was_typed_is_not_even_read_of_whoever_is_too_fast(by_message: bool, says: str) -> None:
    """The limit comes first: no look-up, and no grammar either, is at the disposal of one fast hand."""
    limiter, read = Limiter(1, utc_now), list[str]()
    door = Door(limiter=limiter, profiles=NOBODY, identity=NOBODY, pages=NOBODY)
    incoming = Incoming(user="U0ADA", delivery="d-1", channel="D0ADA", transport="socket")
    assert limiter.allows("U0ADA")

    def live() -> bool:
        read.append("what was typed")
        return True

    turned = await door.admit(incoming, live=live, by_message=by_message)
    assert isinstance(turned, Turned)
    assert (turned.outcome, turned.message is not None and says in turned.message.text) == ("limited", True)
    assert read == []
