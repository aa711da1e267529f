"""The pages as HTML, from templates in which everything is escaped and a missing word is an error.

It decides nothing about what may be seen.
"""

from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import segno
from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

_TEMPLATES = Path(__file__).parent / "templates"


class Pages:
    """Renders templates. One is enough for the whole server."""

    def __init__(self) -> None:
        self._templates = Environment(
            loader=FileSystemLoader(_TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            # They are part of the program: looking for newer ones at each page takes longer than the page.
            auto_reload=False,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters["day"] = _day
        self._templates.filters["moment"] = _moment

    def page(self, template: str, *, status: int = 200, **words: Any) -> web.Response:
        """A page from the template of this name."""
        html = self._templates.get_template(f"{template}.html").render(words)
        return web.Response(status=status, text=html, content_type="text/html")

    def fault(self, status: int, title: str, sentence: str) -> web.Response:
        """A page that says what went wrong, and what was not done."""
        return self.page("message", status=status, symbol="⚠️", title=title, sentences=(sentence,))


def qr_code(uri: str) -> Markup:
    """The text as a QR code, drawn in SVG for use inside a page."""
    drawn = BytesIO()
    segno.make(uri, error="m").save(
        drawn, kind="svg", xmldecl=False, svgns=False, svgclass="qr", lineclass=None, border=4, scale=4,
        light="#fff", dark="#000", title="QR code with your new key", omitsize=True,
    )  # fmt: skip
    return Markup(drawn.getvalue().decode("utf-8"))  # noqa: S704 - segno's own drawing, of squares only


def _day(at: datetime) -> str:
    return f"{at.day} {at:%B %Y}"


def _moment(at: datetime) -> str:
    # The directory does not say where people are, so the zone is named.
    return f"{_day(at)}, {at:%H:%M} UTC"
