"""A browser as plain as can be: it keeps cookies, follows links and sends forms, and runs no script.

It knows HTML and nothing of the pages it is shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Self
from urllib.parse import urljoin

import aiohttp

from bot.demo.tour.telling import NotAsPromised

_SILENT = frozenset({"style", "script", "title", "svg", "header", "footer"})
_LINES = frozenset({"p", "h1", "h2", "li", "label", "form", "div", "button"})
_MOST_HOPS = 5


@dataclass(kw_only=True)
class Form:
    """One form. fields: what would be sent if nothing were typed."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    button: str = ""


@dataclass(frozen=True, kw_only=True)
class Page:
    """What the browser shows now. links: address by label. listed: the text of each `code` element, in order."""

    address: str
    status: int
    text: str
    forms: tuple[Form, ...]
    links: Mapping[str, str]
    listed: tuple[str, ...]

    def form(self, button: str) -> Form:
        """The form with this button. NotAsPromised if there is none."""
        for form in self.forms:
            if form.button == button:
                return form
        raise NotAsPromised(f"The page has no button “{button}”. It shows:\n{self.text}")

    def shows(self, words: str) -> None:
        """NotAsPromised unless the page has these words."""
        if words not in self.text:
            raise NotAsPromised(f"The page does not say “{words}”. It shows:\n{self.text}")


class Browser:
    """One person's browser."""

    def __init__(self) -> None:
        # Loopback has no name, and without this a jar keeps no cookie for a bare address.
        self._session = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def open(self, address: str) -> Page:
        """Follow a link."""
        async with self._session.get(address) as answer:
            return _read(str(answer.url), answer.status, await answer.text())

    async def send(self, page: Page, button: str, **typed: str) -> Page:
        """Fill a form's fields and press its button. NotAsPromised for a field that is not there."""
        form = page.form(button)
        if missing := set(typed) - set(form.fields):
            raise NotAsPromised(f"The form “{button}” has no field {', '.join(sorted(missing))}.")
        address, data = urljoin(page.address, form.action), {**form.fields, **typed}
        for _ in range(_MOST_HOPS):
            async with self._session.post(address, data=data, allow_redirects=False) as answer:
                if answer.status != 303:
                    return _read(address, answer.status, await answer.text())
                return await self.open(urljoin(address, answer.headers["Location"]))
        raise NotAsPromised("The page sent the browser in circles.")


def _read(address: str, status: int, html: str) -> Page:
    reader = _Reader()
    reader.feed(html)
    lines = (" ".join(line.split()) for line in "".join(reader.text).splitlines())
    return Page(
        address=address,
        status=status,
        text="\n".join(line for line in lines if line),
        forms=tuple(reader.forms),
        links=reader.links,
        listed=tuple(reader.listed),
    )


class _Reader(HTMLParser):
    """Takes a page apart."""

    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self.forms: list[Form] = []
        self.links: dict[str, str] = {}
        self.listed: list[str] = []
        self._silent = 0
        self._within: list[str] = []
        self._href = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in _SILENT:
            self._silent += 1
        if tag in _LINES:
            self.text.append("\n")
        if tag == "form":
            self.forms.append(Form(action=given.get("action", "")))
        if tag == "input" and self.forms and "name" in given:
            self.forms[-1].fields[given["name"]] = given.get("value", "")
        if tag in ("a", "button", "code"):
            # A button that sends nothing is for scripts, and is hidden where there are none.
            self._within.append("" if given.get("type") == "button" else tag)
            self._href = given.get("href", "")
        if tag == "code":
            self.listed.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent -= 1
        if tag in _LINES:
            self.text.append("\n")
        if self._within and tag in ("a", "button", "code"):
            self._within.pop()

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        self.text.append(data)
        within = self._within[-1] if self._within else ""
        if within == "a":
            self.links[data.strip()] = self._href
        elif within == "button" and self.forms:
            self.forms[-1].button += data.strip()
        elif within == "code":
            self.listed[-1] += data.strip()
