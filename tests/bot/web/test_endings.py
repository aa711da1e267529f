"""How a visit ended: never more than is known, and always what to do."""

import pytest

from bot.web.endings import ending
from storage.states import Purpose, Result


@pytest.mark.parametrize("result", [Result.DONE, Result.NO_SESSIONS, Result.SESSIONS_OPEN, Result.UNKNOWN])
def test_nobody_reads_of_sessions_that_were_not_ended(result: Result) -> None:
    """P-8: where none could be ended, the person does it themselves."""
    found = ending(Purpose.RESET, result)
    said = " ".join((found.title, *found.sentences))
    assert ("signed out everywhere" in said) == (result == Result.DONE)
    assert ("sign out yourself" in said) == (result in (Result.NO_SESSIONS, Result.SESSIONS_OPEN))
    assert (found.title == "Your password was changed.") == (result in (Result.DONE, Result.NO_SESSIONS))
