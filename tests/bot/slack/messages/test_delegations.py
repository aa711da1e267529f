"""What people read of delegations: whole, kind, and inert whatever somebody or something is called (R-5)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.slack.forms.delegations import delegate_form, read_delegation
from bot.slack.forms.parts import Wrong
from bot.slack.messages.approvals import approval_message
from bot.slack.messages.delegations import (
    begin_message,
    delegation_message,
    delegations_message,
    ended_text,
    made_text,
)
from handlers.decisions.freezing import Stopped
from handlers.delegations.outcomes import (
    DelegationStory,
    EndedBefore,
    EndedNow,
    Made,
    MayNotDelegate,
    MayNotEnd,
    ScopeStory,
)
from handlers.outcomes import Repeated, Unknown
from handlers.requests.stories import ByDelegation, Said
from storage.states import DelegationEnd, FreezeKind, GrantState
from tests.bot.slack.stories import NOW, clumsy, hears, problems, reads, story

STORY = DelegationStory(
    id="dg-1", owner="Data Platform", by="Grace Hopper", to="Bob Noyce", to_group=False,
    things={"prod-db": "Production database"}, risk=4, minutes=240, made_at=NOW, until=NOW + timedelta(days=5),
)  # fmt: skip
SCOPE = ScopeStory(
    id="oslo", name="Data in Oslo", owner="Data Platform", group="oslo-leads",
    things={"prod-db": "Production database"}, where=("Oslo",), risk=2, minutes=60,
)  # fmt: skip
HOSTILE = "*<!channel>* <https://evil.example|Grace> `x`"
STATES = [
    STORY,
    replace(STORY, to="deputies", to_group=True),
    replace(STORY, things={str(number): "Production database" for number in range(20)}),
    *(replace(STORY, ended=one, ended_at=NOW, ended_by="Alan Turing") for one in DelegationEnd),
]


@pytest.mark.parametrize("one", STATES)
def test_each_state_is_told_whole_and_ends_at_a_click_while_it_is_open(one: DelegationStory) -> None:
    message = delegation_message(one)
    assert (clumsy(hears(message)), problems(message)) == ([], [])
    assert ("[End it]" in reads(message)) == (not one.ended)
    for fact in (one.owner, one.by, one.to, "Production database", "risk 4 of 5, 4 hours each"):
        assert fact in hears(message)


def test_what_somebody_is_called_stays_text() -> None:
    """SL-9."""
    bad = replace(STORY, by=HOSTILE, to=HOSTILE, owner="Data", things={"x": HOSTILE}, ended_by=HOSTILE)
    for one in (bad, replace(bad, ended=DelegationEnd.REVOKED, ended_at=NOW)):
        assert problems(delegation_message(one)) == []
    scope = replace(SCOPE, name=HOSTILE, group=HOSTILE, owner=HOSTILE)
    assert problems(delegations_message([bad], [scope])) == []


def test_the_list_names_each_and_says_so_where_there_is_none() -> None:
    shown = reads(delegations_message([STORY] * 12, [SCOPE]))
    assert "Grace Hopper lets Bob Noyce approve for Data Platform" in shown
    assert "and 2 more" in shown
    assert "Data in Oslo: the group oslo-leads approves for Data Platform" in shown
    assert "No approvals are delegated" in reads(delegations_message([], []))


def test_every_outcome_is_a_sentence_but_for_a_repeat() -> None:
    stopped = Stopped(id="z-1", kind=FreezeKind.EMERGENCY, since=NOW)
    for made in (
        Made(delegation="dg-1"),
        MayNotDelegate(reasons=("No.",)),
        stopped,
        Unknown(what="entitlement"),
    ):
        title, told = made_text(made)
        assert title
        assert clumsy(told) == []
    for ended in (
        EndedNow(),
        EndedBefore(by="Alan", at=NOW),
        EndedBefore(by="", at=NOW),
        MayNotEnd(owner="Data"),
    ):
        assert clumsy(ended_text(ended)) == []
    assert (made_text(Repeated()), ended_text(Repeated())) == (("", ""), "")
    assert "[Delegate approvals…]" in reads(begin_message())


def test_an_approval_by_delegation_says_by_whose_and_until_when() -> None:
    """R-5: "by delegation from NAME until …", while it waits and afterwards; a scope by its name."""
    by = ByDelegation(by="Grace Hopper", until=NOW + timedelta(days=5))
    said = Said(name="Bob Noyce", role="owner", approved=True, rationale="ok", at=NOW, delegation=by)
    for state in (GrantState.PENDING, GrantState.ACTIVE):
        told = hears(approval_message(story(state, said=(said,))))
        assert "Bob Noyce (by delegation from Grace Hopper until" in told
    scoped = replace(said, delegation=ByDelegation(scope="Data in Oslo"))
    assert "Bob Noyce (by the standing scope Data in Oslo)" in hears(
        approval_message(story(GrantState.ACTIVE, said=(scoped,)))
    )


def sent(**typed: object) -> dict[str, object]:
    usual = {
        "entitlement": {"selected_options": [{"value": "prod-db"}]}, "for": {"selected_user": "U0BOB"},
        "group": {"value": ""}, **{name: {"selected_option": {"value": value}} for name, value in
                                   (("risk", "4"), ("length", "240"), ("lasts", "5"))},
    }  # fmt: skip
    return {"state": {"values": {name: {name: value} for name, value in {**usual, **typed}.items()}}}


def test_the_form_is_read_back_and_every_mistake_stands_at_its_field() -> None:
    """What comes back is not believed: a number that is none, both a person and a group, neither."""
    filled = read_delegation(sent())
    assert not isinstance(filled, Wrong)
    assert (filled.whom, filled.max_risk, filled.max_minutes, filled.lasts) == (
        "U0BOB",
        4,
        240,
        timedelta(days=5),
    )
    for typed, at in (
        ({"entitlement": {}}, "entitlement"),
        ({"group": {"value": "deputies"}}, "group"),
        ({"for": {}}, "group"),
        ({"for": {"selected_user": "<!channel>"}}, "group"),
        ({"risk": {"selected_option": {"value": "6"}}}, "risk"),
        ({"length": {"selected_option": {"value": "-1"}}}, "length"),
        ({"lasts": {"selected_option": {"value": "٣"}}}, "lasts"),
    ):
        wrong = read_delegation(sent(**typed))
        assert isinstance(wrong, Wrong)
        assert list(wrong.at) == [at]
    assert delegate_form(riskiest=3).to_dict()["callback_id"] == "form.delegate"
