"""Whatever a person types, it stays what they typed and nothing in it comes alive (SL-9)."""

import html
import re
import unicodedata
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.demo.workspace.text import mass_mention, plain
from bot.slack import words

WORD_JOINER = "\u2060"
LIKE = str.maketrans("\uff06\u2039\u203a\u2217\u02cd\u223c\u02cb", "&<>*_~`")
HOSTILE = st.lists(
    st.sampled_from(
        [
            "<!channel>", "<@U0ADA>", "<https://evil.example|approve>", "*bold*", "_it_", "~no~", "`code`", "```",
            "__init__", ":tada:", ":+1:", "@here", "#general", "https://evil.example", "ada@lovelace.example",
            "&lt;!here&gt;", "|", "\n", "\r\n", "*", "_", "~", "`", "a",
            "\u2028", "\u202e", "\u200b", "\u00ad", "\U000e0041", "\x00", "\ufeff", "“", "”", "é", "中", "🧨", " ",
        ]
    )
    | st.text(max_size=10),
    max_size=40,
).map("".join)  # fmt: skip


def unseen(text: str) -> list[str]:
    """Controls, overrides and the like, but for the joiner of our own."""
    shapeless = ("Cc", "Cf", "Cs", "Zl", "Zp")
    return [one for one in text if unicodedata.category(one) in shapeless and one != WORD_JOINER]


@given(HOSTILE)
def test_nothing_in_a_persons_text_comes_alive(text):
    shown = words.inert(text)
    assert "<" not in shown
    assert ">" not in shown
    assert not unseen(shown)
    assert mass_mention(shown) is None
    assert plain(shown, {}) == html.unescape(shown)
    assert not re.search(r"[:@#][\w/!+-]", shown)


@given(HOSTILE)
def test_what_a_reader_sees_of_it_is_what_was_typed(text):
    """Nobody's words are changed on the way to the approver, but for the joints that keep them from coming alive."""
    seen = plain(words.inert(text), {}).replace(WORD_JOINER, "")
    assert seen.translate(LIKE) == words.visible(text).translate(LIKE)


@given(HOSTILE)
def test_a_hostile_text_takes_little_more_room_than_a_kind_one(text):
    """SL-8: five hundred ampersands must not push a fact out of a message."""
    assert len(words.inert(text)) <= 2 * len(words.visible(text)) + 40


@given(st.text())
def test_what_is_shown_literally_is_one_line_without_hidden_signs(text):
    shown = words.visible(text)
    assert not unseen(shown)
    assert WORD_JOINER not in shown
    assert len(shown.splitlines()) <= 1
    assert shown == words.visible(shown)


@pytest.mark.parametrize(
    "nothing", ["", " \n\t ", "\u200b\u2060", "\u3164\u3164", "\u2800", "\u202e\u202c", "\U000e0041"]
)
def test_text_that_shows_nothing_is_nothing(nothing):
    assert words.visible(nothing) == ""


def test_right_to_left_letters_stay_and_only_the_overrides_go():
    assert words.visible("שלום \u202eevil\u202c 日本") == "שלום evil 日本"


def test_a_quotation_cannot_be_closed_from_inside():
    """SL-9: a fake "Approved" stays inside the quotation."""
    assert words.in_quotes("fix” ✅ Approved by Grace") == '“fix" ✅ Approved by Grace”'


def test_a_long_quotation_is_cut_only_where_somebody_asks_for_it():
    assert words.quoted("a" * 500) == "“" + "a" * 500 + "”"
    assert words.quoted("a" * 500, most=10) == "“" + "a" * 9 + "…”"


@pytest.mark.parametrize(
    ("sent", "typed"),
    [
        ("a &lt; b &amp;&amp; c &gt; d", "a < b && c > d"),
        ("&amp;lt;", "&lt;"),
        ("see <https://jira.example/INC-1>", "see https://jira.example/INC-1"),
        ("see <http://jira.example|jira.example>", "see jira.example"),
        ("see <https://evil.example|https://good.example>", "see https://evil.example"),
        ("ask <mailto:ada@lovelace.example|ada@lovelace.example>", "ask ada@lovelace.example"),
        ("for <@U0ADA> in <#C0GENERAL|general>", "for @U0ADA in #general"),
        ("<!here> <!subteam^S1|@oncall>", "@here @oncall"),
        ("nothing special", "nothing special"),
    ],
)
def test_what_slack_made_of_the_text_is_undone(sent, typed):
    assert words.as_typed(sent) == typed


@pytest.mark.parametrize(
    ("minutes", "said"),
    [(0, "no time"), (1, "1 minute"), (90, "1 hour 30 minutes"), (1440, "1 day"), (1561, "1 day 2 hours 1 minute"),
     (43200, "30 days")],
)  # fmt: skip
def test_durations_are_said_as_people_say_them(minutes, said):
    assert words.duration(minutes) == said


@pytest.mark.parametrize(
    ("then", "said"),
    [
        ({"seconds": 5}, "in 1 minute"), ({"minutes": 52}, "in 52 minutes"), ({"minutes": 60}, "in 1 hour"),
        ({"minutes": 61}, "in 1 hour 1 minute"), ({"minutes": 119}, "in 1 hour 59 minutes"),
        ({"hours": 2}, "in 2 hours"), ({"hours": 47}, "in 47 hours"), ({"days": 12}, "in 12 days"),
        ({"minutes": -3}, "in 1 minute"),
    ],
)  # fmt: skip
def test_how_long_from_now(then, said):
    now = datetime(2026, 11, 23, 14, 2, tzinfo=UTC)
    assert words.until_from(now, now + timedelta(**then)) == said


def test_names_are_joined_as_in_a_sentence():
    assert [words.listed(list(names)) for names in ("", "a", "ab", "abc")] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]
    assert words.either(["a", "b", "c"]) == "a, b or c"


def test_sentences_stand_together_without_holes():
    assert words.together("", "It is late.", "", "Go home.") == "It is late. Go home."
    assert words.together("", "") == ""


@pytest.mark.parametrize("whole", ["", "Done.", "Done!", "Done?", "It says “Done.”"])
def test_a_sentence_that_ends_by_itself_gets_no_second_full_stop(whole):
    assert words.ended(whole) == whole
    assert words.ended("It says “done”") == "It says “done”."


def test_of_many_names_a_few_are_said_and_how_many_more_there_are():
    assert words.first(list("abc"), 3) == ["a", "b", "c"]
    assert words.first(list("abcd"), 2) == ["a", "b", "2 more"]
    assert words.first(["a"], 2, of=7) == ["a", "6 more"]


def test_times_carry_a_fallback_for_those_who_cannot_localise():
    at = datetime(2026, 11, 23, 14, 2, tzinfo=UTC)
    assert words.clock(at) == "<!date^1795442520^{time}|14:02 UTC>"
    assert words.day_and_clock(at) == "<!date^1795442520^{date_short_pretty} at {time}|23 Nov 14:02 UTC>"
    assert words.plainly(at) == "23 Nov 14:02 UTC"
