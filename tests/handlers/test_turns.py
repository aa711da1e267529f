"""Which of several looks at one thing count, whichever ends first."""

from handlers import turns
from handlers.turns import Turns


def test_what_an_earlier_look_found_counts_until_a_later_one_found_something() -> None:
    looks = Turns()
    first, second, third = (looks.begin() for _ in range(3))
    assert looks.counts("blog", first)
    assert looks.counts("blog", third, stands=False)
    assert looks.counts("blog", second)
    assert not looks.counts("blog", first)
    assert looks.counts("blog", second)
    assert looks.counts("blog", third)


def test_each_thing_that_is_looked_at_has_its_own_newest_look() -> None:
    looks = Turns()
    first, second = looks.begin(), looks.begin()
    assert looks.counts("blog", second)
    assert looks.counts("wiki", first)


def test_what_was_looked_at_long_ago_takes_no_place_for_ever() -> None:
    looks = Turns()
    early = looks.begin()
    for number in range(turns._KEPT):
        assert looks.counts(f"{number}", looks.begin())
    assert not looks.counts("0", early)
    assert looks.counts("one more", looks.begin())
    assert looks.counts("0", early)
