"""What a form begins with that is filled in from a message; nobody is asked, and nothing sent."""

from typing import Any, cast

from bot.slack.requesting import Requesting
from handlers.decisions.names import Names
from handlers.intents import MOST_TOGETHER
from storage.catalogue import Catalogue
from tests.handlers.decisions.cast import DATA, thing


def test_of_more_things_than_a_form_takes_it_has_the_first_and_says_so() -> None:
    """SL-9: Slack shows no form in which more is chosen than may be."""
    things = [thing(f"thing-{letter}") for letter in "abcdefghijkl"]
    catalogue = Catalogue(entitlements={one.id: one for one in things}, owners={DATA.id: DATA})
    unasked = cast(Any, None)
    form = Requesting(
        catalogue=catalogue,
        names=lambda: Names(catalogue),
        asking=unasked,
        foreseeing=unasked,
        replies=unasked,
    )
    filled, remark = form.read(f"I need {', '.join(catalogue.entitlements)} for 2h because INC-1")
    assert filled.entitlements == tuple(things[:MOST_TOGETHER])
    assert "Please choose 10 at most; send the rest after these." in remark
    most = form.read(f"I need {', '.join([*catalogue.entitlements][:MOST_TOGETHER])} for 2h because INC-1")
    assert len(most[0].entitlements) == MOST_TOGETHER
    assert "at most" not in most[1]
