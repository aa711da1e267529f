"""A translation, read from the file that gettext's tools make of it, and held against the templates it translates.

It chooses no language for anybody, and takes no translation that would leave a value out or could not be filled.
"""

import re
import struct
from gettext import GNUTranslations
from pathlib import Path

from bot.extraction import everything
from bot.extraction_pages import Text
from bot.texts import ENGLISH, Language, places, tag_of
from storage.faults import SettingsFault

_TAG = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")


def read_language(file: Path | None) -> Language:
    """The language in this compiled file (.mo); English without one. SettingsFault if it cannot be used as it is."""
    if file is None:
        return ENGLISH
    try:
        with file.open("rb") as opened:
            language = GNUTranslations(opened)
    except (OSError, ValueError, LookupError, struct.error) as fault:
        raise SettingsFault(
            f"The translation {file} cannot be read ({type(fault).__name__}). Compile it with msgfmt, or take "
            "it out of wicket.toml ([slack] translation, [server] translations)."
        ) from fault
    if not _TAG.fullmatch(tag_of(language)):
        raise SettingsFault(
            f"The translation {file} does not say its language. Write it at the head of its .po file, such as "
            '"Language: de\\n", and compile it again with msgfmt.'
        )
    if wrong := wrong_in(language):
        raise SettingsFault(
            f"The translation {file} does not fit this version of Wicket: {'; '.join(wrong)}. Correct these, or take "
            "it out of wicket.toml ([slack] translation, [server] translations)."
        )
    return language


def wrong_in(language: Language) -> list[str]:
    """What would be left out or could not be filled, a line for each text; empty if all is well.

    A plural form may leave its number out, since a word may say it as well.
    """
    wrong = []
    for text in everything().texts:
        expected = _places(text.one) or frozenset()
        expected |= _places(text.many) or frozenset()
        for said in _forms(language, text):
            found = _places(said)
            if found is None or found - {"count"} != expected - {"count"} or found - expected:
                wrong.append(f"“{said}” does not have the places of “{text.many or text.one}”")
    return wrong


def _forms(language: Language, text: Text) -> list[str]:
    """Each text that may be said for this one: for a plural, whatever numbers lead to."""
    if not text.many:
        return [language.gettext(text.one)]
    return list(dict.fromkeys(language.ngettext(text.one, text.many, count) for count in range(200)))


def _places(said: str) -> frozenset[str] | None:
    try:
        return places(said)
    except ValueError:
        return None
