"""The pages as HTML, from templates in which everything is escaped and a missing word is an error.

It decides nothing about what may be seen. A template says its sentences as Python does: `{{ say("It is you, {name}.",
name=look.name) }}`, in the language of whoever reads the page.
"""

from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import segno
from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from bot.slack import words
from bot.texts import as_counted, as_told, say, spoken

_TEMPLATES = Path(__file__).parent / "templates"


class Pages:
    """Renders templates. One is enough for the whole server."""

    def __init__(self) -> None:
        self._templates = _templates()

    def page(self, template: str, *, status: int = 200, **words: Any) -> web.Response:
        """A page from the template of this name."""
        html = self._templates.get_template(f"{template}.html").render(words)
        answer = web.Response(status=status, text=html, content_type="text/html")
        answer.headers["Vary"] = "Accept-Language"
        if language := spoken():
            answer.headers["Content-Language"] = language
        return answer

    def fault(self, status: int, title: str, sentence: str) -> web.Response:
        """A page that says what went wrong, and what was not done."""
        return self.ended("⚠️", title, sentence, status=status)

    def ended(self, symbol: str, title: str, *sentences: str, status: int = 200) -> web.Response:
        """A page that only says something. symbol: one sign that says the same as the title."""
        return self.page("message", status=status, symbol=symbol, title=title, sentences=sentences)


@cache
def _templates() -> Environment:
    """Every template, compiled when it is first shown: that takes ten times as long as showing it."""
    made = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        # They are part of the program: looking for newer ones at each page takes longer than the page.
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(say=_say, say_counted=_say_counted, strong=_strong, spoken=spoken)
    made.filters.update(told=as_told, day=words.full_day, moment=words.in_full)
    return made


def _say(template: str, /, **values: str | int) -> Markup:
    """The template in the reader's language, in which only a value can be markup: a translation never is."""
    return escape(as_told(template)).format_map(values)


def _say_counted(one: str, many: str, count: int, /, **values: str | int) -> Markup:
    """The template for so many, which it calls {count}."""
    return escape(as_counted(one, many, count)).format_map({"count": count, **values})


def _strong(text: str) -> Markup:
    """A value that stands out in its sentence."""
    return Markup("<strong>{}</strong>").format(text)


def qr_code(uri: str) -> Markup:
    """The text as a QR code, drawn in SVG for use inside a page."""
    drawn = BytesIO()
    segno.make(uri, error="m").save(
        drawn, kind="svg", xmldecl=False, svgns=False, svgclass="qr", lineclass=None, border=4, scale=4,
        light="#fff", dark="#000", title=say("QR code with your new key"), omitsize=True,
    )  # fmt: skip
    return Markup(drawn.getvalue().decode("utf-8"))  # noqa: S704 - segno's own drawing, of squares only
