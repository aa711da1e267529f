"""A translation that settings name is what people read: in messages, whispers and forms, whoever delivers them."""

from pathlib import Path

from bot.extraction import everything
from tests.bot.texts.compiled import compiled
from tests.bot.texts.pseudo import Pseudo
from tests.wire.conftest import close_world, open_world


def translated(file: Path) -> Path:
    """Everything that is said, in wide letters."""
    wide, texts = Pseudo(), {}
    for text in everything().texts:
        one = wide.gettext(text.one)
        texts[(text.one, text.many) if text.many else text.one] = (
            (one, wide.gettext(text.many)) if text.many else one
        )
    return compiled(file, texts)


async def test_a_request_is_asked_and_answered_in_the_language_that_settings_name(tmp_path: Path) -> None:
    """SL-19: what a courier delivers, what is answered at once, and what stands in a form."""
    translated(tmp_path / "wide.mo")
    world = await open_world(tmp_path, changes={"[slack]\n": '[slack]\ntranslation = "wide.mo"\n'})
    try:
        ada = world.person("ada")
        await ada.slash("/wicket", "what access do I have?")
        assert "Ｙｏｕ ｈｏｌｄ 2 ｔｈｉｎｇｓ" in (await ada.sees("ｔｈｉｎｇｓ")).plain
        await ada.slash("/wicket", "request")
        assert "Ｆｏｒ ｈｏｗ ｌｏｎｇ?" in ada.view.plain
        await ada.say("I need prod-db for 2h because INC-4711")
        await ada.sees("Ｎｏｔｈｉｎｇ ｉｓ ｓｅｎｔ ｙｅｔ")
    finally:
        await close_world(world)
