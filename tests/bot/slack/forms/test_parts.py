"""Forms out, and what comes back of them: nothing typed is lost, and no shape of a payload is believed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.demo.company import LOVELACE
from bot.demo.workspace.element_rules import element_problems
from bot.demo.workspace.rules import mass_mentions
from bot.demo.workspace.shape_rules import group_problems, option_problems
from bot.demo.workspace.view_rules import is_too_large, view_problems
from bot.slack.actions import Field
from bot.slack.choices import Choices
from bot.slack.forms.decision import Decision, decision_form, read_decision
from bot.slack.forms.freezes import resume_form
from bot.slack.forms.parts import Wrong, note_form
from bot.slack.forms.request import Prefilled, Typed, read_request, read_so_far, request_form
from handlers.decisions.durations import HOW_TO_WRITE
from handlers.outcomes import MayResume
from handlers.requests.foreseen import Foreseen, Foresight, Length
from storage.catalogue import Catalogue
from tests.bot.slack.stories import PROD_DB, story

CATALOGUE = Catalogue(
    entitlements={one.id: one for one in LOVELACE.entitlements},
    owners={one.id: one for one in LOVELACE.owners},
)


NOTHING = Foresight(minutes=0)


def filled(
    entitlement: Any = "prod-db", duration: Any = "2h", justification: Any = "INC-1", **more: Any
) -> dict[str, Any]:
    """A request form as Slack sends it back. more: length, ticket and for_whom as they were filled in."""
    several = entitlement if isinstance(entitlement, tuple) else (entitlement,) if entitlement else ()
    chosen = [{"value": one, "text": {"type": "plain_text", "text": "x"}} for one in several]
    length = {"value": more["length"], "text": {}} if "length" in more else None
    values = {
        "entitlement": {"entitlement": {"type": "multi_external_select", "selected_options": chosen}},
        "length:15,30": {"length": {"type": "static_select", "selected_option": length}},
        "duration": {"duration": {"type": "plain_text_input", "value": duration}},
        "justification": {"justification": {"type": "plain_text_input", "value": justification}},
        "ticket": {"ticket": {"type": "plain_text_input", "value": more.get("ticket")}},
        "for": {"for": {"type": "users_select", "selected_user": more.get("for_whom")}},
    }
    return {"state": {"values": values}, "private_metadata": "g-1"}


def decided(rationale: Any, grant: Any = "g-1") -> dict[str, Any]:
    """An approval form as Slack sends it back."""
    values = {"rationale": {"rationale": {"type": "plain_text_input", "value": rationale}}}
    return {"state": {"values": values}, "private_metadata": grant}


def test_a_filled_form_becomes_checked_values():
    typed = read_request(filled(justification="  fix INC-1 \n"), CATALOGUE)
    assert typed == Typed(
        entitlements=("prod-db",), duration=timedelta(hours=2), justification="fix INC-1", ticket="", report="",
        draft="g-1",
    )  # fmt: skip


def test_several_things_a_chosen_time_a_ticket_and_a_report_are_read():
    view = filled(
        ("prod-db", "wiki-edit", "prod-db"), None, length="480", ticket=" inc-4711 ", for_whom="U0ADA"
    )
    typed = read_request(view, CATALOGUE)
    assert isinstance(typed, Typed)
    assert typed.entitlements == ("prod-db", "wiki-edit")
    assert typed.duration == timedelta(hours=8)
    assert (typed.ticket, typed.report) == ("INC-4711", "U0ADA")


def test_what_is_written_counts_before_what_is_chosen():
    typed = read_request(filled(duration="45 min", length="480"), CATALOGUE)
    assert isinstance(typed, Typed)
    assert typed.duration == timedelta(minutes=45)


def test_without_any_time_the_form_asks_for_one():
    wrong = read_request(filled(duration=None), CATALOGUE)
    assert isinstance(wrong, Wrong)
    assert wrong.at == {Field.DURATION: "Choose for how long, or write it here. " + HOW_TO_WRITE}


@pytest.mark.parametrize("length", ["", "0", "-60", "9" * 40, "other", "60 minutes", 60, None, "forever"])
def test_a_time_that_no_menu_of_ours_offers_is_none(length):
    """A forged option: at most a year, at least a minute, and nothing but minutes."""
    assert isinstance(read_request(filled(duration=None, length=length), CATALOGUE), Wrong)


def test_more_than_ten_things_at_once_are_too_many():
    many = tuple(f"x-{n}" for n in range(10))
    assert isinstance(read_request(filled(("prod-db", *many[:9])), CATALOGUE), Typed)
    wrong = read_request(filled(("prod-db", *many)), CATALOGUE)
    assert isinstance(wrong, Wrong)
    assert "10 at most" in wrong.at[Field.ENTITLEMENT]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("INC-4711", "INC-4711"),
        ("inc-4711", "INC-4711"),
        ("https://tracker.example.com/browse/INC-1?a=b", "https://tracker.example.com/browse/INC-1?a=b"),
        ("the usual one", None),
        ("INC", None),
        ("javascript:alert(1)", None),
        ("https://user:secret@tracker.example.com/1", None),
        ("https://tracker.example.com/<!channel>", None),
        ("https://[", None),
        ("http://", None),
        (f"https://tracker.example.com/{'a' * 200}", None),
    ],
)
def test_a_ticket_is_a_key_or_a_link(written, read):
    typed = read_request(filled(ticket=written), CATALOGUE)
    if read is None:
        assert isinstance(typed, Wrong)
        assert "INC-4711" in typed.at[Field.TICKET]
        assert read_so_far(filled(ticket=written), CATALOGUE).ticket == ""
    else:
        assert isinstance(typed, Typed)
        assert typed.ticket == read


def test_what_is_half_filled_in_is_read_as_far_as_it_goes():
    so_far = read_so_far(filled(("prod-db", "gone"), "2 hou", ""), CATALOGUE)
    assert so_far == Prefilled(entitlements=(CATALOGUE.entitlements["prod-db"],), written="2 hou")


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
        assert all(one in LOVELACE.entitlements for one in read_so_far(view, CATALOGUE).entitlements)
        assert isinstance(typed, Wrong) or (
            any(one in CATALOGUE.entitlements for one in typed.entitlements) and isinstance(typed.draft, str)
        )
        assert isinstance(decision, Wrong) or isinstance(decision.grant, str)


@pytest.mark.parametrize("value", [7, None, ["prod-db"], {"value": "prod-db"}, True])
def test_a_choice_or_a_text_that_is_something_else_is_none(value):
    assert isinstance(read_request(filled(entitlement=value), CATALOGUE), Wrong)
    assert isinstance(read_request(filled(justification=value), CATALOGUE), Wrong)
    assert isinstance(read_decision(decided(value)), Wrong)


def test_half_a_character_is_dropped_before_it_reaches_a_store():
    typed = read_request(filled(justification="fix\0 \ud800 this"), CATALOGUE)
    assert isinstance(typed, Typed)
    assert typed.justification.encode() == b"fix  this"


# Forms out.


@pytest.mark.parametrize("length", [0, 1, 500, 501, 3000, 9000])
def test_a_form_is_taken_by_slack_however_much_was_typed_before(length):
    """SL-8, and nothing typed is cut behind a back: what is too long stays, and hears so when it is sent."""
    prefilled = Prefilled(entitlements=(PROD_DB,), minutes=120, justification="a" * length)
    form = request_form(prefilled, NOTHING).to_dict()
    assert view_problems(form, expected="modal") == []
    field = form["blocks"][3]["element"]
    assert len(field.get("initial_value", "")) == min(length, 3000)
    assert field["max_length"] == (500 if length <= 500 else 3000)


def test_only_an_id_travels_in_a_form():
    form = decision_form(story(), approve=True).to_dict()
    assert form["private_metadata"] == "g-1"
    assert request_form(Prefilled(), NOTHING, draft="g-7").to_dict()["private_metadata"] == "g-7"


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
    return [replace(PROD_DB, id=f"thing-{n:04}", access="a" * 75, title="t" * 75) for n in range(count)]


def offered(query: str, entitlements: Any) -> list[str]:
    answer = Choices(entitlements).offered(query)
    options = answer["options"] if "options" in answer else answer["option_groups"][0]["options"]
    return [option["value"] for option in options]


def test_choices_hold_every_word_typed():
    def found(query: str) -> list[str]:
        return offered(query, LOVELACE.entitlements)

    assert found("DATABASE prod") == ["prod-db"]
    assert found("vpn") == ["vpn-users"]
    assert found("zzz") == []
    assert len(found("")) == len(LOVELACE.entitlements)
    assert found("root") == ["prod-admin"]


def test_choices_are_never_more_or_longer_than_slack_shows_and_say_how_many_more_there_are():
    answer = Choices(many(5012)).offered("thing")
    (group,) = answer["option_groups"]
    assert group["label"]["text"] == "100 of 5,012: type more to narrow it down"
    assert len(group["options"]) == 100
    assert list(group_problems(answer["option_groups"], "/option_groups")) == []
    assert list(option_problems(Choices(many(100)).offered("thing")["options"], "/options", most=100)) == []


def test_a_chosen_entitlement_is_the_same_option_that_the_list_offers():
    """Slack drops a first choice that is not exactly an option."""
    element = request_form(Prefilled(entitlements=(PROD_DB,)), NOTHING).to_dict()["blocks"][0]["element"]
    assert list(element_problems(element, "/element", within="input")) == []
    assert element["initial_options"] == Choices([PROD_DB]).offered("")["options"]


# What would happen.

LINES = st.text(st.characters(exclude_categories=("C", "Zl", "Zp", "Zs")), min_size=1, max_size=75)
SLUGS = st.from_regex(r"[a-z0-9][a-z0-9._-]{0,62}", fullmatch=True)
THINGS = st.builds(
    lambda name, title, access: replace(PROD_DB, id=name, title=title, access=access), SLUGS, LINES, LINES
)
FORESEEN = st.builds(
    Foreseen,
    entitlement=THINGS,
    owner=LINES.map(lambda name: replace(LOVELACE.owners[0], name=name)),
    outcome=st.sampled_from(["automatic", "approval", "refused", "held", "waiting", "unsaid"]),
    reasons=st.lists(st.text(max_size=900), max_size=5).map(tuple),
    missing=st.dictionaries(st.sampled_from(["owner", "security", "manager"]), st.integers(1, 3)),
)
FORESIGHTS = st.builds(
    Foresight,
    minutes=st.integers(0, 525_600),
    each=st.lists(FORESEEN, max_size=10).map(tuple),
    lengths=st.lists(
        st.builds(Length, minutes=st.integers(1, 527_040), at_once=st.booleans()),
        max_size=13,
        unique_by=lambda one: one.minutes,
    ).map(tuple),
    ticket_wanted=st.booleans(),
    no_report=st.booleans(),
    report=st.text(max_size=100),
)


@given(
    things=st.lists(THINGS, max_size=10, unique_by=lambda one: one.id),
    foresight=FORESIGHTS | st.text(min_size=1, max_size=500).filter(str.strip),
    minutes=st.integers(0, 525_600),
    justification=st.text(max_size=600),
    ticket=st.text(max_size=200),
    remark=st.text(max_size=4000),
)
def test_any_catalogue_and_any_foresight_make_a_form_that_slack_takes(
    things, foresight, minutes, justification, ticket, remark
):
    """SL-8, SL-9: whatever stands in the catalogue, in policies and in the form."""
    prefilled = Prefilled(
        entitlements=tuple(things),
        minutes=minutes,
        justification=justification,
        ticket=ticket,
        report="U0ADA",
    )
    form = request_form(prefilled, foresight, draft="g-1", remark=remark).to_dict()
    assert view_problems(form, expected="modal") == []
    assert not is_too_large(form)
    assert mass_mentions("", form["blocks"]) == []
    for thing in things:
        offered = Choices([thing]).offered("")["options"]
        assert list(option_problems(offered, "/options", most=100)) == []


@given(foresight=FORESIGHTS, minutes=st.integers(0, 525_600))
def test_a_time_that_is_offered_is_chosen_and_any_other_stands_beside_it(foresight, minutes):
    """Nothing that somebody said is lost, and nothing is chosen that is not there."""
    form = request_form(Prefilled(minutes=minutes), foresight).to_dict()
    menu, field = form["blocks"][1]["element"], form["blocks"][2]["element"]
    assert ("initial_option" in menu) + ("initial_value" in field) == (minutes > 0)
    if "initial_option" in menu:
        assert menu["initial_option"] in menu["options"]
    if foresight.lengths:
        assert [option["value"] for option in menu["options"]] == [
            str(one.minutes) for one in foresight.lengths
        ]


def test_since_when_new_access_is_stopped_is_a_time_and_no_markup():
    """Facts are shown as they stand: a date in Slack's own mark-up would be read as it is written."""
    may = MayResume(exception="x-1", kind="restored", since=datetime(2026, 11, 23, 14, 2, tzinfo=UTC), lost=3)
    facts, paragraph = (block.to_dict() for block in resume_form(may).blocks[:2])
    assert "<!date" not in str(facts)
    assert "stopped since <!date^" in paragraph["text"]["text"]
