"""What an exception says of whom it is about."""

import pytest

from handlers.exceptions.strange import DECIDED_BY_BUTTONS, Kind, named
from storage.macs import ACTED_UPON


@pytest.mark.parametrize(
    ("name", "login", "shown"),
    [
        ("Ada Lovelace", "ada", "Ada Lovelace (ada)"),
        ("Ada Lovelace (ada)", "eve", "Ada Lovelace (ada) (eve)"),
        ("Ada Lovelace", "", "Ada Lovelace"),
        ("A" * 500, "eve", "A" * 79 + "… (eve)"),
    ],
)
def test_the_login_stands_beside_the_name_and_nothing_pushes_it_out(
    name: str, login: str, shown: str
) -> None:
    """SL-3: names can be made to look alike, and be as long as somebody likes."""
    assert named(name, login) == shown


def test_whatever_buttons_decide_is_bound_by_a_mac():
    """T-9: what a click acts upon is what security read of."""
    assert {*DECIDED_BY_BUTTONS, Kind.NOT_ME} == ACTED_UPON
