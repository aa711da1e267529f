"""What an incident id and a reason look like, and what policy is asked before and after each step."""

import pytest

from handlers.decisions.emergencies import EmergencyRules, is_reason, may_break, supposing
from handlers.decisions.emergency_questions import EmergencyQuestion
from tests.handlers.decisions.cast import ADA, DATA, NOON, thing
from tests.handlers.made_once import shipped_policy

ASKED = EmergencyQuestion(
    principal=ADA, entitlement=thing("prod-db", break_glass=("responders",)), owner=DATA, minutes=60, now=NOON
)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("INC-4711", "INC-4711"), (" inc-4711 ", "INC-4711"), ("OPS-1", None), ("4711", None), ("", None),
        ("INC-4711 and more", None), ("https://example.com/INC-4711", None), ("INC-1\u0661", None),
    ],
)  # fmt: skip
def test_an_incident_id_is_written_as_the_settings_want_it(typed: str, read: str | None) -> None:
    """B-1."""
    assert EmergencyRules(incidents=("INC",)).incident(typed) == read


def test_without_a_word_of_the_settings_any_key_will_do() -> None:
    assert EmergencyRules().incident("ops-1") == "OPS-1"
    assert EmergencyRules(incidents=("SEV", "OPS")).example == "OPS-4711"


@pytest.mark.parametrize(
    ("words", "enough"),
    [
        ("The database is down", True), ("Datenbank ist weg", True), ("x", False), ("asap asap asap", False),
        ("... --- ...", False), ("INC-4711", False), ("1 2 3 4 5", False),
    ],
)  # fmt: skip
def test_a_reason_has_words_that_tell_something(words: str, enough: bool) -> None:
    """B-1."""
    assert is_reason(words) is enough


def test_whoever_is_on_no_list_hears_so_whatever_they_prove() -> None:
    """B-1: no policy permits it, and none forbids it either."""
    decision = may_break(shipped_policy(), supposing(ASKED))
    assert (decision.allowed, decision.policy_ids, decision.severity) == (False, (), "medium")
    assert decision.reasons == ("You are not on the list of those who may take this in an emergency.",)
