"""The secure page in a language that nobody speaks: every template, in every shape that it has (SL-19)."""

import re
from collections.abc import Mapping
from dataclasses import replace
from html.parser import HTMLParser
from itertools import cycle, product
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from bot.extraction import ROOT, everything
from bot.extraction_pages import PAGES, said_on
from bot.texts import as_told, read_in, tag_of
from bot.web import (
    asking,
    deeds,
    endings,
    front_door,
    guard,
    not_me,
    page,
    regaining,
    signing_in,
    stepping,
    vouching,
)
from bot.web.languages import Languages
from bot.web.rendering import Pages, qr_code
from handlers.intents import JUSTIFICATION_LIMIT
from handlers.secure_page.enrolment import NewKey
from handlers.secure_page.looking import Look, Step
from handlers.secure_page.owned import OwnAuthenticator, Owned, OwnPasskey
from handlers.vouching.being_vouched import ShownCode
from storage.sentences import Sentence
from storage.states import Purpose, Result
from tests.bot.slack.stories import NOW
from tests.bot.texts.pseudo import Pseudo, english
from tests.bot.texts.unsaid import unsaid_on

TEMPLATES = sorted(file.stem for file in (ROOT / PAGES).glob("*.html") if file.stem not in ("base", "parts"))
_READ_OUT = frozenset({"alt", "title", "placeholder", "aria-label", "data-show", "data-hide"})
_OURS = {"Wicket"}
WHERE = ("synced", "may be synced", "one device")
_CODE = ShownCode(code="1234 5678", until=NOW)
VOUCHED = (
    vouching.Shown(offered=False),
    vouching.Shown(offered=True),
    vouching.Shown(offered=True, code=_CODE),
    vouching.Shown(offered=True, code=replace(_CODE, manager="Γρεις")),
    vouching.Shown(offered=True, code=replace(_CODE, counts_from=NOW, counts_until=NOW)),
)


class Heard(HTMLParser):
    """What is read on a page: what stands between tags, and the attributes that are read out."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.language = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "html":
            self.language = dict(attrs)["lang"] or ""
        self.words += [value for name, value in attrs if name in _READ_OUT and value]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def heard(html: str) -> Heard:
    reader = Heard()
    reader.feed(html)
    return reader


def owned(*, full: bool) -> Owned:
    if not full:
        return Owned(passkeys=(), authenticator=None, codes_left=0)
    passkeys = tuple(
        OwnPasskey(
            id=str(number), name="λαπτοπ", made_at=NOW, used_at=None if number else NOW, where=where,
            stopped_at=NOW if number == 2 else None, removable=number > 0,
        )
        for number, where in enumerate(WHERE)
    )  # fmt: skip
    return Owned(
        passkeys=passkeys,
        authenticator=OwnAuthenticator(made_at=NOW, used_at=NOW, removable=True),
        codes_left=2,
    )


def shapes() -> list[dict[str, Any]]:
    """Words for any template, in all the ways that change what one says."""
    found = []
    chosen = product(Purpose, (Step.PROVE, Step.PROVE_OLD), (True, False))
    for (purpose, step, full), shown in zip(chosen, cycle(VOUCHED), strict=False):
        look = Look(
            step=step, purpose=purpose, name="Αδα", login="αδα", result=Result.DONE, directory="staff",
            key=NewKey(text="123", uri="1:2"), passkeys=full, owned=owned(full=full),
        )  # fmt: skip
        errors = {} if full else dict.fromkeys(("", "code", "password", "name", "login"), deeds.NEED_SIX)
        found.append(
            {
                "token": "0", "here": "/", "look": look, "errors": errors, "kept": {}, "sent": full,
                "way": "" if full else "recovery", "vouching": shown, "vouching_minutes": 1 if full else 10,
                "done": "added" if full else "cancelled", "what": "password" if full else "", "most": 500,
                "recovery": "temporary_pass" if full else "own_flow",
                "sign_in": "Ωκτα",
                "codes": ("1", "2"), "address": "/", "symbol": "✅", "text": "12", "minutes": 1 if full else 30,
                "login": "αδα", "typed": {"login": "αδα" if full else "", "words": ""},
                "back": {"code": "", "state": "", "iss": "", "error": ""},
                "title": endings.OVER.title, "sentences": endings.OVER.sentences,
            }
        )  # fmt: skip
    return found


@pytest.mark.parametrize("name", TEMPLATES)
def test_each_page_speaks_its_readers_language_alone(name: str) -> None:
    pages, said = Pages(), []
    with read_in(Pseudo()):
        for words in shapes():
            answer = pages.page(name, **words, qr=qr_code("1"))
            reader = heard(answer.text or "")
            assert reader.language == answer.headers["Content-Language"] == "en-x-wide"
            said += reader.words
    assert [word for word in english(*said) if word not in _OURS] == []


def test_no_page_has_words_that_are_not_said() -> None:
    """Not even in a branch that no test went through."""
    assert unsaid_on(ROOT / PAGES) == []
    assert said_on(ROOT / PAGES, ROOT).wrong == ()


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("<p>Go on.</p>", ["Go on."]),
        ("<p>{{ say('Go on.') }}</p>", []),
        ("<p class='hint'>{% if x %}Go on.{% endif %}</p>", ["Go on."]),
        ("<img alt='A door' {% if x %}class=\"wide\"{% endif %}>", ["A door"]),
        ('<input{% if x %} class="code"{% endif %} value="{{ x }}">', []),
    ],
)
def test_words_that_were_forgotten_on_a_page_are_found(tmp_path: Path, source: str, found: list[str]) -> None:
    (tmp_path / "new.html").write_text(source)
    assert [words for _, words in unsaid_on(tmp_path)] == found


@pytest.mark.parametrize(
    "source",
    ["{{ say(title) }}", "{{ say('{name} left.') }}", "{{ say('Left.', name=1) }}", "{{ say('{0} left.') }}"],
)
def test_what_no_translator_could_follow_on_a_page_is_named(tmp_path: Path, source: str) -> None:
    (tmp_path / "new.html").write_text(source)
    [wrong] = said_on(tmp_path, tmp_path).wrong
    assert wrong.startswith("new.html:1: ")


def constants(module: ModuleType) -> list[str]:
    """The sentences that a module holds by name, in tuples and tables too."""

    def within(value: Any) -> list[str]:
        if isinstance(value, endings.Ending):
            return [value.title, *value.sentences]
        if isinstance(value, str):
            return [value] if re.fullmatch(r"[A-Z].* .*\.", value) else []
        if isinstance(value, Mapping):
            return [text for one in value.values() for text in within(one)]
        return [text for one in value for text in within(one)] if isinstance(value, tuple) else []

    return [
        text for name, value in vars(module).items() if name.strip("_").isupper() for text in within(value)
    ]


@pytest.mark.parametrize(
    "module",
    [asking, deeds, endings, front_door, guard, not_me, page, regaining, signing_in, stepping, vouching],
)
def test_each_sentence_that_a_page_is_handed_is_one_that_translators_see(module: ModuleType) -> None:
    known = {text.one for text in everything().texts}
    assert [text for text in constants(module) if text not in known] == []
    with read_in(Pseudo()):
        assert english(*(as_told(Sentence(one)) for one in constants(module) if "{" not in one)) == []


def test_how_much_may_be_written_at_ask_is_the_one_limit_in_the_readers_language() -> None:
    with read_in(Pseudo()):
        wrong = asking._wrong_with({"login": "α", "words": "β" * (JUSTIFICATION_LIMIT + 1)})
        told = as_told(wrong["words"])
    assert english(told) == []
    assert str(JUSTIFICATION_LIMIT) in told
    assert asking._wrong_with({"login": "α", "words": "β" * JUSTIFICATION_LIMIT}) == {}


def test_a_translation_is_never_markup_and_a_value_never_a_template() -> None:
    class Hostile(Pseudo):
        def gettext(self, message: str) -> str:
            return f"<script>{message}</script>"

    look = Look(step=Step.UNLOCK, purpose=Purpose.UNLOCK, name="{login}<b>", login="<i>")
    with read_in(Hostile()):
        html = Pages().page("choose", **{**shapes()[0], "look": look}).text or ""
    assert "<script>It is" not in html
    assert (
        "&lt;script&gt;It is you, {login}&lt;b&gt;. The new password is for <strong>&lt;i&gt;</strong>"
        in html
    )


class Named(Pseudo):
    """A language by its name alone."""

    def __init__(self, tag: str) -> None:
        self._tag = tag

    def info(self) -> Mapping[str, str]:
        return {"language": self._tag}


@pytest.mark.parametrize(
    ("accepted", "spoken"),
    [
        ("", "de"),  # the workspace's, for whoever asks for nothing
        ("ja", "de"),
        ("*", "de"),
        ("fr", "fr"),
        ("FR-ca", "fr"),
        ("pt", "pt-BR"),
        ("pt-PT", "pt-BR"),
        ("en-GB,de;q=0.8", "en"),
        ("ja, fr;q=0.4, en;q=0.5", "en"),
        ("fr;q=0, en;q=0.1", "en"),
        ("fr;q=x, en;q=0.1", "en"),
        ("fr;q=inf, en;q=0.1", "en"),
        ("fr;level=1, en;q=0.1", "en"),
        (";;;,,,q=1,\x00", "de"),
        ("x" * 100_000, "de"),
        (", " * 300 + "fr", "de"),  # nobody reads so many
    ],
)
def test_a_visitor_hears_the_installed_language_that_they_like_best(accepted: str, spoken: str) -> None:
    languages = Languages(Named("de"), [Named("fr"), Named("pt_BR")])
    assert tag_of(languages.asked_for(accepted)) == spoken
