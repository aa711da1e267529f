"""What policy owners read of a change that waits for them: all of it, or no button to approve it by."""

from dataclasses import replace
from typing import Any

import pytest

from bot.slack.actions import Action
from bot.slack.messages.alerts.message import alert_message
from bot.slack.messages.parts import Message
from bot.slack.messages.rules_told import decided_text
from handlers.decisions.composition import Composition, differences
from handlers.exceptions.strange import Kind
from handlers.outcomes import Repeated, Unknown
from handlers.rules.outcomes import RulesApproved, RulesDenied, RulesOver, SaidAlready
from tests.bot.slack.messages.alerts.test_message import LATER, alert
from tests.bot.slack.stories import problems
from tests.handlers.access_ground import CATALOGUE

CHANGED = {
    "policies_removed": ["two-people-for-risk-4"],
    "entitlements_changed": ["prod-db", "risk", "4", "2"],
}


def proposal(changed: dict[str, list[str]] = CHANGED, **facts: Any) -> Message:
    told = {
        "proposal": "r-1",
        "set": "4ecab4e552c3832d",
        "changed": changed,
        "approved": [],
        "known": True,
        **facts,
    }
    return alert_message(alert(Kind.RULES_PROPOSED, told, who="Wicket", correlation="rules"))


STORY = (Action.STORY_OF_ALERT, "x-1")


def buttons(message: Message) -> list[tuple[str, str]]:
    rows = [block.to_dict() for block in message.blocks]
    found = [one for row in rows if row["type"] == "actions" for one in row["elements"]]
    return [(one["action_id"], one["value"]) for one in found]


def test_a_proposal_shows_what_would_change_and_who_is_needed() -> None:
    """G-3, SL-8."""
    message = proposal()
    assert "*Policies that are gone:* `two-people-for-risk-4`" in message.text
    assert "*prod-db:* its risk was lowered from 4 to 2" in message.text
    assert "Two policy owners have to approve it." in message.text
    assert buttons(message) == [
        (Action.RULES_APPROVE, "r-1"), (Action.RULES_DENY, "r-1"), STORY,
    ]  # fmt: skip
    assert "Approved by Grace. One more policy owner is needed." in proposal(approved=["Grace"]).text
    assert not problems(message)


def test_what_one_message_cannot_show_cannot_be_approved_by_it() -> None:
    """SL-8: nothing that an approver must see is cut."""
    many = {"policies_added": [f"a-policy-with-a-long-name-{at}" for at in range(2000)]}
    tail = {"entitlements_changed": ["prod-db", "aliases", "db, " * 1000, f"{'db, ' * 1000}payroll"]}
    for changed in (many, tail):
        message = proposal(changed)
        assert "nobody should approve what they cannot see" in message.text
        assert buttons(message) == [(Action.RULES_DENY, "r-1"), STORY]
        assert not problems(message)


def test_what_a_change_hides_behind_a_long_beginning_is_shown() -> None:
    """SL-8: two values that differ at their ends only do not read alike."""
    long = "ou=a-very-deep-tree," * 30
    message = proposal(
        {"entitlements_changed": ["prod-db", "group", f"cn=readers,{long}dc=a", f"cn=readers,{long}dc=b"]}
    )
    assert "dc=a, and is" in message.text
    assert "dc=b" in message.text


def test_what_is_new_shows_whom_it_makes_a_member_of_what() -> None:
    """SL-8, G-3: an id alone would let anything be approved."""
    before = Composition.of({}, CATALOGUE, {})
    one = replace(CATALOGUE.entitlements["prod-db"], id="wiki-2", group="Domain Admins", risk=1)
    after = Composition.of({}, replace(CATALOGUE, entitlements={**CATALOGUE.entitlements, "wiki-2": one}), {})
    message = proposal(differences(before, after))
    assert "*New entitlements:* `wiki-2`" in message.text
    assert "group Domain Admins" in message.text
    assert "risk 1" in message.text
    assert buttons(message)[0] == (Action.RULES_APPROVE, "r-1")
    assert not problems(message)


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        (
            {"became": "active", "approved": ["Grace", "Linus"]},
            "✅ It holds now. Approved by Grace and Linus.",
        ),
        ({"became": "denied", "denied_by": "Sam"}, "⛔ Denied by Sam. What held before goes on deciding."),
        (
            {"became": "withdrawn"},
            "It was withdrawn: its files say something else now, or another change came first.",
        ),
    ],
)
def test_what_is_over_decides_nothing_and_says_how_it_ended(facts: dict[str, Any], told: str) -> None:
    message = proposal(settled=LATER, **facts)
    assert told in message.text
    assert "was proposed" in message.text
    assert "waits for its owners" not in message.text
    assert buttons(message) == [STORY]


def test_what_was_before_and_is_not_known_is_said() -> None:
    """G-2: where database and log tell different things."""
    assert "the database and the audit log do not tell the same" in proposal(known=False).text


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        (RulesApproved(holds=False), "Your approval counts. One more policy owner is needed."),
        (RulesApproved(holds=True), "Your approval counts, and it was the last one: the change holds now."),
        (RulesDenied(), "Denied. What held before goes on deciding."),
        (RulesOver(state="denied"), "This change was denied already. Nothing more to do."),
        (RulesOver(state="active"), "This change holds already. Nothing more to do."),
        (SaidAlready(), "You approved this already. Somebody else has to be the second."),
        (Unknown(what="button", lost=True), "This message is from a time that my records no longer hold"),
        (Repeated(), ""),
    ],
)
def test_whoever_clicked_hears_what_came_of_it(outcome: object, told: str) -> None:
    assert decided_text(outcome).startswith(told)
