"""The same facts but for some: what `dataclasses.replace` makes of them, and nothing that it would not."""

from dataclasses import dataclass, field, replace

import pytest

from handlers.decisions.but import but


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Some facts."""

    who: str
    minutes: int = 60
    groups: tuple[str, ...] = field(default=())


FACTS = Facts(who="ada", groups=("vpn",))


def test_it_is_what_replace_makes():
    changed = but(FACTS, minutes=5, groups=())
    assert changed == replace(FACTS, minutes=5, groups=()) == Facts(who="ada", minutes=5)
    assert (but(FACTS), hash(but(FACTS))) == (FACTS, hash(FACTS))


def test_what_it_was_made_of_stays_as_it_was():
    but(FACTS, who="grace")
    assert Facts(who="ada", groups=("vpn",)) == FACTS


def test_no_fact_is_added():
    """A misspelt fact would be none that policy hears of (A-10)."""
    with pytest.raises(TypeError, match="minuets"):
        but(FACTS, minuets=5)  # type: ignore[call-arg]
