"""What a translator is given: every sentence, whole, and nothing that is said by another way (SL-19)."""

from functools import cache
from pathlib import Path

import pytest

from bot.extraction import (
    ROOT,
    everything,
    handed_over,
    handing,
    said_in,
    speaking,
    write_template,
)
from bot.slack.messages.handed import PHRASES
from bot.texts import places
from handlers.decisions.statements import PLACES
from tests.bot.texts.unsaid import bare_faults, unsaid_in, unseen_faults

FILES = speaking()

NOT_SAID = {
    # Words that only the record, a log or our own code reads; faults among them are said with `as_told`.
    "bot/couriers/refusals.py": {"Slack's answer could not be read.", "rate limited"},
    "bot/couriers/slack.py": {
        "Its owner is not in wicket.toml any more.", "Another replica may know another place for it.",
        "Slack did not answer (", "It could not be made (",
    },
    "bot/couriers/undeliverable.py": {"externally shared channel"},
    "bot/slack/door.py": {"several matches"},
    "bot/slack/messages/alerts/message.py": {"externally shared channel"},
    "bot/slack/messages/alerts/people.py": {
        "no match", "several matches", "the e-mail address changed", "people no longer sign in from its directory",
    },
    "bot/slack/messages/answers.py": {"ask two people", "set up proofs first"},
    "bot/slack/messages/drift.py": {"switched off"},
    "bot/slack/messages/requests.py": {"its time is over", "at once"},
    "bot/slack/replies.py": {"changed meanwhile", "not shown"},
    "bot/slack/requesting.py": {"changed meanwhile"},
    "bot/slack/signed_http.py": {"not signed by Slack"},
    # What machines read.
    "bot/web/guard.py": {"noindex, nofollow"},
    "bot/web/server.py": {"text/plain; version=0.0.4; charset=utf-8", "Nothing was signed yet.\n"},
}  # fmt: skip


IN_HANDLERS = {
    # Codes, which each have a sentence of their own where they are told; patterns; what the record alone holds.
    "handlers/secure_page/asking.py": {"ask two people", "governed way", "set up proofs first"},
    "handlers/questions/answers.py": {"ask two people", "governed way", "set up proofs first"},
    "handlers/secure_page/suspicions.py": {
        "too many wrong proofs in a row", "the Slack account fits nobody",
        "the person or the Slack account is linked to another already", "somebody else signed in at the provider",
        "the provider knows them as somebody else than before", "the e-mail address changed",
        "the link does not stand any more",
    },
    "handlers/secure_page/changes.py": {
        "the sessions could not be ended", "the directory did not answer, so it is unknown whether it was done",
    },
    "handlers/decisions/cedar.py": {
        "no decision was reached", "approve and grant",
        r"error while evaluating policy `(policy\d+)`: .* does not have the attribute `(\w+)`",
    },
    "handlers/decisions/pinpointing.py": {"invalid token", "unexpected end of input"},
    "handlers/decisions/statements.py": {"for policy `policy0`, ", "@reason may hold ", ", and no other braces"},
    "handlers/drift/differences.py": {"the catalogue", "the record"},
    "handlers/requests/foresight.py": {"to be said"},
    "handlers/rules/governing.py": {"rules refused ", "rules differ "},
    "handlers/people/identity.py": {
        "no match", "several matches", "people no longer sign in from its directory", "the e-mail address changed",
        ":not told", "Slack told no confirmed e-mail address",
    },
    "handlers/grants/leavers.py": {"switched off", "what many leavers hold"},
    "handlers/people/linking.py": {"signed in"},
    "handlers/secure_page/owned.py": {"may be synced", "one device"},
    "handlers/rules/holding.py": {"kept rules"},
    "handlers/requests/stories.py": {"ended early"},
}  # fmt: skip
# Words that people type, names of products, sentences that constants are made of, which are found whole, and what the
# command line alone says of policies and their cases, in English as all of it.
NO_SENTENCES = {
    "handlers/decisions/asking_about.py",
    "handlers/decisions/asking_after.py", "handlers/decisions/courtesies.py",
    "handlers/decisions/said_otherwise.py",
    "handlers/decisions/stop_words.py", "handlers/decisions/typed_secrets.py",
    "handlers/decisions/cases.py", "handlers/decisions/inspecting.py", "handlers/decisions/stated_facts.py",
    "handlers/decisions/stating.py", "handlers/decisions/facts_used.py", "handlers/decisions/recollecting.py",
    "handlers/rules/replaying.py",
    "handlers/decisions/drafts.py", "handlers/decisions/durations.py", "handlers/decisions/freezing.py",
    "handlers/decisions/for_others.py", "handlers/decisions/grammar.py", "handlers/decisions/passkey_names.py",
}  # fmt: skip


@cache
def sources() -> list[str]:
    """The text of each module that hands over sentences."""
    return [file.read_text() for folder in ("handlers", "storage") for file in (ROOT / folder).rglob("*.py")]


def reads(tmp_path: Path, source: str) -> Path:
    file = tmp_path / "module.py"
    file.write_text(source)
    return file


def test_every_sentence_is_a_literal_or_a_constant_with_exactly_its_places():
    assert everything().wrong == ()


def test_no_sentence_stands_beside_what_is_said():
    """A literal of two words that is neither said nor on the list above is a sentence that somebody forgot."""
    found = [(path, text) for path, text in unsaid_in(FILES) if not text.startswith("Mapping[")]
    assert {(path, text) for path, text in found} == {
        (path, text) for path, texts in NOT_SAID.items() for text in texts
    }


def test_no_handler_hands_over_a_sentence_that_no_translator_sees():
    """Whoever writes one marks it, or makes a `Sentence` of it where it has values."""
    known = {text.one for text in everything().texts}
    found: dict[str, set[str]] = {}
    for path, text in unsaid_in(one for one in handing() if one.is_relative_to(ROOT / "handlers")):
        if text not in known and path not in NO_SENTENCES and not text.startswith("Mapping["):
            found.setdefault(path, set()).add(text)
    assert found == IN_HANDLERS


def test_no_fault_of_a_directory_is_put_together_from_parts():
    assert bare_faults(handing()) == []


def test_no_fault_takes_values_whose_template_is_not_looked_for():
    """It would stay English, and a place without its value would be met only where something failed already."""
    assert unseen_faults((*handing(), *speaking())) == []


def test_what_is_handed_over_is_found_where_handlers_and_policies_say_it():
    texts = {one.one for one in handed_over()}
    assert "it is production" in texts
    assert "No policy allows this." in texts
    assert 'That is longer than a year. Write how long like "2h", "90 min" or "1 day".' in texts
    # Only a policy's reason has places, and no others than it may have.
    assert all(set(places(text)) <= PLACES for text in texts)


@pytest.mark.parametrize("phrase", PHRASES)
def test_each_phrase_that_is_translated_is_one_that_somebody_hands_over(phrase: str):
    assert any(f'"{phrase}"' in source for source in sources())


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ('say(f"{who} left.")', "neither a literal nor a constant"),
        ('text = "Left."\nsay(text)', "neither a literal nor a constant"),
        ('say("{name} left.")', "has the places ['name'], not []"),
        ('say("Left.", name=1)', "has the places [], not ['name']"),
        ('say("{name} left.", who=1)', "has the places ['name'], not ['who']"),
        ('say("{name.title} left.", name=1)', "a bare name"),
        ('say("{count:,} left.", count=1)', "a bare name"),
        ('say("{} left.", count=1)', "a bare name"),
        ('say("{name left.", name=1)', "expected '}'"),
        ('say("{name} left.", **values)', "values by name"),
        ('say_counted("one", many, 2)', "two literals"),
        ('say_counted("{count} day", "{count} days of {month}", 2)', "has the places"),
        ('template("a" + b)', "a template is a literal"),
        ('A = {1: template("{x} a"), 2: template("b")}\nsay(A[1])', "has the places ['x'], not []"),
        ('A = {1: template("a"), 2: template("b")}\nsay(A[1], x=1)', "no template in its table"),
        ('A = {1: template("a")}\nsay(A)', "neither a literal nor a constant"),
    ],
)
def test_what_no_translator_could_follow_is_named(tmp_path: Path, source: str, complaint: str):
    [wrong] = said_in([reads(tmp_path, source)], tmp_path).wrong
    assert complaint in wrong


def test_constants_and_tables_are_followed_across_modules(tmp_path: Path):
    (tmp_path / "a.py").write_text(
        'ONE = template("{x} a")\nTWO = {1: template("{x} b"), 2: template("c")}\n'
    )
    (tmp_path / "b.py").write_text("from a import ONE, TWO\nsay(ONE, x=1)\nsay(TWO[1], x=1)\nsay(ONE)\n")
    found = said_in([tmp_path / "a.py", tmp_path / "b.py"], tmp_path)
    assert [one.one for one in found.texts] == ["{x} a", "{x} b", "c"]
    assert found.wrong == ("b.py:4: '{x} a' has the places ['x'], not []",)


def test_the_template_of_a_translation_has_each_text_once(tmp_path: Path):
    target = tmp_path / "wicket.pot"
    with target.open("w") as out:
        write_template(out)
    lines = target.read_text().splitlines()
    ids = [line for line in lines if line.startswith("msgid ")]
    assert len(ids) == len(set(ids)) > 700
    assert 'msgid "{name} approved this at {time}."' in ids
    assert 'msgid_plural "{count} days"' in lines
    assert any(line.startswith("#: handlers/policies/requests.cedar:") for line in lines)
