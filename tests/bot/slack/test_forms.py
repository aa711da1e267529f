"""Forms out, and what comes back of them: nothing typed is lost, and no shape of a payload is believed."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.demo.company import LOVELACE
from bot.demo.workspace.element_rules import element_problems
from bot.demo.workspace.shape_rules import option_problems
from bot.demo.workspace.view_rules import view_problems
from bot.slack.actions import Field
from bot.slack.forms import Wrong, note_form
from bot.slack.forms_decision import Decision, decision_form, read_decision
from bot.slack.forms_request import Prefilled, Typed, options_for, read_request, request_form
from storage.catalogue import Catalogue
from tests.bot.slack.stories import PROD_DB, story

CATALOGUE = Catalogue(
    entitlements={one.id: one for one in LOVELACE.entitlements},
    owners={one.id: one for one in LOVELACE.owners},
)


def filled(
    entitlement: Any = "prod-db", duration: Any = "2h", justification: Any = "INC-1", **more: Any
) -> dict[str, Any]:
    """A request form as Slack sends it back."""
    chosen = {"value": entitlement, "text": {"type": "plain_text", "text": "x"}} if entitlement else None
    values = {
        "entitlement": {"entitlement": {"type": "external_select", "selected_option": chosen}},
        "duration": {"duration": {"type": "plain_text_input", "value": duration}},
        "justification": {"justification": {"type": "plain_text_input", "value": justification}},
    }
    return {"state": {"values": values}, "private_metadata": "g-1", **more}


def decided(rationale: Any, grant: Any = "g-1") -> dict[str, Any]:
    """An approval form as Slack sends it back."""
    values = {"rationale": {"rationale": {"type": "plain_text_input", "value": rationale}}}
    return {"state": {"values": values}, "private_metadata": grant}


def test_a_filled_form_becomes_checked_values():
    typed = read_request(filled(justification="  fix INC-1 \n"), CATALOGUE)
    assert typed == Typed(
        entitlement="prod-db", duration=timedelta(hours=2), justification="fix INC-1", draft="g-1"
    )


def test_every_wrong_field_hears_its_own_sentence_at_once():
    wrong = read_request(
        filled(entitlement="no-such-thing", duration="tomorrow", justification=""), CATALOGUE
    )
    assert isinstance(wrong, Wrong)
    assert set(wrong.at) == {Field.ENTITLEMENT, Field.DURATION, Field.JUSTIFICATION}
    assert wrong.at[Field.ENTITLEMENT] == "Please choose something from the list."
    assert wrong.at[Field.JUSTIFICATION] == "Please write a few words about why."


@pytest.mark.parametrize("duration", ["0", "-1h", "9999d", "tomorrow", "", "for ever", "2", "half", "\u200b"])
def test_a_duration_that_cannot_be_read_says_how_to_write_it(duration):
    wrong = read_request(filled(duration=duration), CATALOGUE)
    assert isinstance(wrong, Wrong)
    assert "Write how long like" in wrong.at[Field.DURATION]


def test_five_hundred_characters_fit_and_one_more_does_not():
    assert isinstance(read_request(filled(justification="a" * 500), CATALOGUE), Typed)
    wrong = read_request(filled(justification="a" * 501), CATALOGUE)
    assert isinstance(wrong, Wrong)
    assert wrong.at[Field.JUSTIFICATION] == "Please keep it to 500 characters; this has 501."
    assert isinstance(read_decision(decided("a" * 500)), Decision)
    wrong = read_decision(decided("a" * 501))
    assert isinstance(wrong, Wrong)
    assert wrong.at[Field.RATIONALE] == "Please keep it to 500 characters; this has 501."


@pytest.mark.parametrize("nothing", ["", " ", "\n", "\u200b", "\u2060\u202e", "\u3164"])
def test_words_that_nobody_can_see_are_no_words(nothing):
    """SL-9: an approver must not read “” as a reason."""
    assert isinstance(read_request(filled(justification=nothing), CATALOGUE), Wrong)
    assert isinstance(read_decision(decided(nothing)), Wrong)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["prod-db", "2h"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from([*Field, "state", "values", "value"]), inner),
    max_leaves=10,
)  # fmt: skip


@given(state=JSON, metadata=JSON, values=st.dictionaries(st.sampled_from(list(Field)), JSON))
def test_a_view_of_any_shape_is_read_without_a_fault(state, metadata, values):
    """Whatever is no text is nothing; nothing hostile becomes a value."""
    for view in ({"state": state, "private_metadata": metadata}, {"state": {"values": values}}, {}):
        typed, decision = read_request(view, CATALOGUE), read_decision(view)
        assert isinstance(typed, Wrong) or (
            typed.entitlement in CATALOGUE.entitlements and isinstance(typed.draft, str)
        )
        assert isinstance(decision, Wrong) or isinstance(decision.grant, str)


@pytest.mark.parametrize("value", [7, None, ["prod-db"], {"value": "prod-db"}, True])
def test_a_choice_or_a_text_that_is_something_else_is_none(value):
    assert isinstance(read_request(filled(entitlement=value), CATALOGUE), Wrong)
    assert isinstance(read_request(filled(justification=value), CATALOGUE), Wrong)
    assert isinstance(read_decision(decided(value)), Wrong)


def test_half_a_character_is_dropped_before_it_reaches_a_store():
    typed = read_request(filled(justification="fix \ud800 this"), CATALOGUE)
    assert isinstance(typed, Typed)
    assert typed.justification.encode() == b"fix  this"


# Forms out.


@pytest.mark.parametrize("length", [0, 1, 500, 501, 3000, 9000])
def test_a_form_is_taken_by_slack_however_much_was_typed_before(length):
    """SL-8, and nothing typed is cut behind a back: what is too long stays, and hears so when it is sent."""
    form = request_form(
        Prefilled(entitlement=PROD_DB, duration="2 hours", justification="a" * length)
    ).to_dict()
    assert view_problems(form, expected="modal") == []
    field = form["blocks"][2]["element"]
    assert len(field.get("initial_value", "")) == min(length, 3000)
    assert field["max_length"] == (500 if length <= 500 else 3000)


def test_only_an_id_travels_in_a_form():
    form = decision_form(story(), approve=True).to_dict()
    assert form["private_metadata"] == "g-1"
    assert request_form(Prefilled(), draft="g-7").to_dict()["private_metadata"] == "g-7"


@pytest.mark.parametrize(("approve", "title", "label"), [(True, "Approve request", "Why is this right?"),
                                                         (False, "Deny request", "Why not?")])  # fmt: skip
def test_an_approver_reads_the_facts_again_before_deciding(approve, title, label):
    form = decision_form(story(justification="<!channel> *now*"), approve=approve).to_dict()
    assert view_problems(form, expected="modal") == []
    assert form["title"]["text"] == title
    assert "“<!channel> *now*”" in str(form["blocks"][0])
    assert form["blocks"][1]["label"]["text"] == label
    assert not form["blocks"][1].get("optional")


def test_a_note_takes_the_place_of_a_form():
    form = note_form("Nothing was changed, whatever you did", "Grace Hopper approved this.").to_dict()
    assert view_problems(form, expected="modal") == []
    assert "submit" not in form


# Choices.


def many(count: int) -> list[Any]:
    return [
        PROD_DB.__class__(**{**vars(PROD_DB), "id": f"thing-{n}", "access": "a" * 75, "aliases": ("things",)})
        for n in range(count)
    ]


def test_choices_hold_every_word_typed():
    def found(query: str) -> list[str]:
        return [option["value"] for option in options_for(query, LOVELACE.entitlements)]

    assert found("DATABASE prod") == ["prod-db"]
    assert found("vpn") == ["vpn-users"]
    assert found("zzz") == []
    assert len(found("")) == len(LOVELACE.entitlements)
    assert found("root") == ["prod-admin"]


def test_choices_are_never_more_or_longer_than_slack_shows():
    options = options_for("things", many(150))
    assert len(options) == 100
    assert list(option_problems(options, "/options", most=100)) == []


def test_a_chosen_entitlement_is_the_same_option_that_the_list_offers():
    """Slack drops a first choice that is not exactly an option."""
    element = request_form(Prefilled(entitlement=PROD_DB)).to_dict()["blocks"][0]["element"]
    assert list(element_problems(element, "/element", within="input")) == []
    assert element["initial_option"] in options_for("", [PROD_DB])
