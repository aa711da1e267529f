"""Which words may go and which stay, from what was found: no database, no clock."""

from datetime import UTC, datetime, timedelta
from typing import Any

from handlers.audit.erasable import Found, Spoken, plan
from storage.audit.texts import Said
from storage.free_texts import Copy, Fact
from storage.words_needed import Need

AT = datetime(2026, 11, 23, 14, 2, 3, tzinfo=UTC)


def said(words: str = "because", story: str = "g1", **changes: Any) -> Said:
    plain: dict[str, Any] = {
        "entry": "e1", "name": "justification", "at": AT, "action": "grant.requested", "actor": "p-ada",
    }  # fmt: skip
    return Said(**{**plain, **changes}, words=words, story=story)


def copy(place: str = "grants.justification", words: str = "because", story: str = "g1") -> Copy:
    return Copy(place=place, key=("g1",), words=words, story=story)


def fact(words: str = "because", story: str = "g1", *, settled: bool = True) -> Fact:
    return Fact(exception="x1", words=words, story=story, settled=settled)


def test_what_belongs_to_no_open_story_goes_and_is_counted_by_kind_and_time() -> None:
    texts = [said(), said(entry="e2", at=AT + timedelta(days=1)), said(entry="e3", name="answer")]
    found = plan(Found(texts=texts, copies=[copy()], facts=[fact()], needs={}))
    assert (found.size, found.kinds, found.left) == (5, {"justification": 2, "answer": 1}, {})
    assert found.time == (AT, AT + timedelta(days=1))


def test_a_story_that_is_open_keeps_all_of_its_words_and_each_text_is_counted_once() -> None:
    found = plan(
        Found(texts=[said(), said(story="g2")], copies=[copy(), copy(story="g2")], needs={"g1": Need.HELD})
    )
    assert [one.story for one in found.texts] == [one.story for one in found.copies] == ["g2"]
    assert found.left == {Need.HELD: 1}


def test_words_in_an_exception_that_somebody_works_on_stay_wherever_they_stand() -> None:
    facts = [fact(settled=False), fact(story="g2")]
    found = plan(Found(texts=[said(), said(story="g2")], copies=[copy()], facts=facts, needs={}))
    assert ([one.story for one in found.texts], found.copies) == (["g2"], [])
    assert found.left == {Need.EXCEPTION: 1}


def test_what_names_a_passkey_or_declares_a_membership_stays_with_it_and_the_same_words_elsewhere_go() -> (
    None
):
    copies = [copy("passkeys.name", story=""), copy("proof_changes.name", story="h1"), copy()]
    texts = [said(name="name", story="h1"), said(action="drift.declared", story="x1"), said()]
    found = plan(Found(texts=texts, copies=copies, needs={}))
    assert (found.texts, found.copies) == ([said()], [copy()])
    assert found.left == {Need.STANDS: 2}


def test_the_same_words_count_in_the_same_story_alone_and_a_ticket_within_a_justification() -> None:
    spoken = Spoken([said("INC-7 is why"), said("INC-9 is fine", story="g2", name="rationale")])
    ticket = copy("grants.ticket", "INC-7")
    assert spoken.stories == {"g1", "g2"}
    assert spoken.among(ticket)
    assert not spoken.among(
        copy("grants.ticket", "INC-9", "g2")
    )  # the approver's words name somebody else's ticket
    assert not spoken.among(copy("grants.end_rationale", "INC-7"))
    assert not spoken.among(said("INC-7 is why", story="g2"))


def test_what_is_of_one_story_is_erased_together() -> None:
    found = plan(
        Found(texts=[said(), said(story="g2")], copies=[copy(), copy(story="")], facts=[fact()], needs={})
    )
    assert sorted(len(one) for one in found.by_story()) == [1, 1, 3]
