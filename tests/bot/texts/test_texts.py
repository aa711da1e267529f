"""A sentence is a template that is filled once; nothing that people write is ever one (SL-19, SL-9)."""

import asyncio
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack import words
from bot.slack.messages.approvals import approval_message
from bot.slack.messages.requests import request_message
from bot.texts import ENGLISH, as_told, places, read_from, read_in, say, say_counted, zone_named
from handlers.decisions.durations import parse_duration
from storage.sentences import Sentence
from tests.bot.slack.stories import GRACE, approved, hears, story
from tests.bot.texts.pseudo import Pseudo

BRACES = st.text(alphabet="{}ab0.[]", max_size=30)


@given(BRACES)
def test_braces_in_a_persons_words_are_words(text: str):
    assert say("{name} asked.", name=text) == f"{text} asked."
    assert say_counted("{name}: {count} day", "{name}: {count} days", 2, name=text) == f"{text}: 2 days"
    assert as_told(text) == text
    assert words.listed([text, text, text]) == f"{text}, {text} and {text}"


@pytest.mark.parametrize(
    "text", ["{name}", "{0}", "{", "}", "{story.requester}", "{{time}}", "{name!r:>9999999}"]
)
def test_a_message_full_of_braces_says_them_and_nothing_else(text: str):
    """Formatted twice, one of these would fail, show another fact, or fill the memory."""
    told = story(justification=text, reasons=(text,))
    assert f"“{text}”" in hears(approval_message(told))
    assert f"because {text}" in hears(approval_message(told))
    given = approved(said=(GRACE,), end_reason=text)
    assert hears(request_message(given))


@given(BRACES)
def test_nor_are_they_in_another_language(text: str):
    with read_in(Pseudo()):
        assert say("{name} asked.", name=text).startswith(text)
        assert text in hears(approval_message(story(justification=text))) or not text.strip()


async def test_each_task_speaks_its_own_language():
    """A reader's language is set at the edge, and holds for nobody who is served at the same time."""

    async def answer(language: Pseudo | None) -> str:
        if language is None:
            await asyncio.sleep(0)
            return say("Approve")
        with read_in(language):
            await asyncio.sleep(0)
            return say("Approve")

    assert await asyncio.gather(answer(Pseudo()), answer(None), answer(Pseudo())) == [
        "Ａｐｐｒｏｖｅ",
        "Approve",
        "Ａｐｐｒｏｖｅ",
    ]
    assert say("Approve") == "Approve"


def test_a_plural_has_as_many_forms_as_the_language():
    class Slavic(Pseudo):
        def ngettext(self, one: str, many: str, count: int) -> str:
            return "{count} dni" if count in (2, 3, 4) else one if count == 1 else many

    with read_in(Slavic()):
        assert [words.duration(days * 1440) for days in (1, 3, 5)] == ["1 day", "3 dni", "5 days"]


@pytest.mark.parametrize("minutes", [1, 59, 60, 61, 90, 1440, 1501, 525_600])
def test_what_a_form_writes_into_a_field_is_read_again_in_any_language(minutes: int):
    """Times are typed in English words; a translated one would come back as unreadable."""
    with read_in(Pseudo()):
        read = parse_duration(words.written(minutes))
    assert not isinstance(read, str)
    assert read.total_seconds() == minutes * 60


def test_months_and_numbers_are_said_in_the_readers_language():
    at = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
    assert words.in_full(at) == "2 March 2026 at 14:05 UTC"
    assert words.number(1234567) == "1,234,567"
    with read_in(Pseudo()):
        assert words.plainly(at) == "02 Ｍａｒ 14:05 UTC"
        assert words.clock(at) == "<!date^1772460300^{time}|14:05 UTC>"


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("Europe/Berlin", "2 March 2026 at 15:05 CET"),
        ("America/New_York", "2 March 2026 at 09:05 EST"),
        ("Asia/Dubai", "2 March 2026 at 18:05 UTC+04"),
        ("Pacific/Auckland", "3 March 2026 at 03:05 NZDT"),
        ("", "2 March 2026 at 14:05 UTC"),
        ("Middle/Earth", "2 March 2026 at 14:05 UTC"),
        ("../../etc/passwd", "2 March 2026 at 14:05 UTC"),
        ("x" * 10_000, "2 March 2026 at 14:05 UTC"),
    ],
)
def test_a_time_is_read_in_the_readers_zone_which_is_named(name: str, read: str):
    """Where nothing localises it; a zone that nobody knows is UTC."""
    at = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
    with read_in(ENGLISH):
        read_from(name)
        assert words.in_full(at) == read
        assert words.clock(at).endswith(f"|{' '.join(read.split()[-2:])}>")
    assert words.in_full(at) == "2 March 2026 at 14:05 UTC"


def test_without_the_readers_own_zone_it_is_the_companys():
    at = datetime(2026, 7, 2, 14, 5, tzinfo=UTC)
    with read_in(ENGLISH, zone_named("Europe/Berlin")):
        read_from("")
        assert words.plainly(at) == "02 Jul 16:05 CEST"


@pytest.mark.parametrize(
    ("template", "found"),
    [("Left.", set()), ("{name} at {time}", {"name", "time"}), ("{{no}} {yes}", {"yes"})],
)
def test_the_places_of_a_template_are_bare_names(template: str, found: set[str]):
    assert places(template) == found


@pytest.mark.parametrize(
    "template", ["{", "{}", "{0}", "{name.x}", "{name[0]}", "{name!r}", "{name:>9}", "}"]
)
def test_anything_more_in_a_place_is_no_template(template: str):
    with pytest.raises(ValueError, match=r".+"):
        places(template)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("“it was a drill”", "Started again: “it was a drill”. Ends go on."),
        ("“It was a drill.”", "Started again: “It was a drill.” Ends go on."),
        ("“A drill?”", "Started again: “A drill?”. Ends go on."),
        ("it ended..", "Started again: it ended... Ends go on."),
    ],
)
def test_a_quotation_that_ends_in_a_full_stop_ends_the_sentence(words, said):
    """Their words stay as they are: it is the sentence that needs no stop of its own."""
    assert say("Started again: {words}. Ends go on.", words=words) == said
    assert say_counted("Started again: {words}. Ends go on.", "{words}", 1, words=words) == said
    assert as_told(Sentence("Started again: {words}. Ends go on.", words=words)) == said


def test_a_quotation_at_the_end_of_a_part_ends_the_sentence_around_it():
    """A part that is said by itself has no stop yet, and brings its quotation along."""
    by = say("{name} at {time}: {words}", name="Grace Hopper", time="14:09", words="“Go on.”")
    assert say("Approved by {approvals}.", approvals=by) == "Approved by Grace Hopper at 14:09: “Go on.”"
