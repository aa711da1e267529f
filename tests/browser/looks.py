"""How a page is looked at: on a desk, in a hand, in the dark, twice as large; one after another, on one page.

It knows no page of ours. What a browser shows in each is what it would have shown from the start: they differ in what a
style sheet asks for, and the secure page's asks for nothing else.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import CDPSession, Page

# All of WCAG 2.2 up to AA that a program can see, and what axe holds for good practice besides. Nobody asks for what it
# finds in order, so it writes no more of that than it must.
WCAG = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
_FINDS = """options => axe.run(options).then(
  ({violations}) => violations.map(each => [each.id, each.nodes[0].html]))"""
# Everything to press or fill in that somebody sees, and that something else lies upon.
_COVERED = """() => {
  const all = [...document.querySelectorAll('a[href], button, summary, select, textarea, input:not([type=hidden])')];
  const seen = each => each.checkVisibility({visibilityProperty: true}) && !each.closest('[aria-hidden=true]');
  return all.filter(seen).filter(each => {
    each.scrollIntoView({block: 'center'});
    const box = each.getClientRects()[0];
    const there = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
    return !there || !each.contains(there) && !there.closest('label')?.contains(each);
  }).map(each => each.outerHTML.slice(0, 120));
}"""


@dataclass(frozen=True, kw_only=True)
class Look:
    """One way. width, height: CSS pixels. scale: how many of a screen's pixels make one of those."""

    width: int
    height: int
    scale: int = 1
    dark: bool = False
    touch: bool = False


class Mirror:
    """Shows one tab in one look after another."""

    def __init__(self, page: Page, devtools: CDPSession) -> None:
        self._page = page
        self._devtools = devtools

    @classmethod
    async def before(cls, page: Page) -> "Mirror":
        """One for this tab."""
        return cls(page, await page.context.new_cdp_session(page))

    async def each(self, looks: Mapping[str, Look]) -> AsyncIterator[str]:
        """Every one of them; its name while the browser shows it, where nothing lies upon what is to be pressed."""
        # A click only waits for the next page to begin; what it looks like comes with the style sheet.
        await self._page.wait_for_load_state()
        for name, look in looks.items():
            await self._shows(look)
            covered = await self._page.evaluate(_COVERED)
            assert covered == [], f"{name}: something lies upon {covered}"
            yield name

    async def _shows(self, look: Look) -> None:
        await self._devtools.send(
            "Emulation.setDeviceMetricsOverride",
            {
                "width": look.width,
                "height": look.height,
                "deviceScaleFactor": look.scale,
                "mobile": False,
            },
        )
        await self._devtools.send("Emulation.setTouchEmulationEnabled", {"enabled": look.touch})
        await self._page.emulate_media(color_scheme="dark" if look.dark else "light")
        # Colours go over into one another where nobody asked for less of that.
        await self._page.evaluate("document.getAnimations().forEach(each => each.finish())")
        shown = await self._page.evaluate(
            "[innerWidth, innerHeight, devicePixelRatio, navigator.maxTouchPoints > 0,"
            " matchMedia('(prefers-color-scheme: dark)').matches]"
        )
        assert shown == [look.width, look.height, look.scale, look.touch, look.dark]


async def axe_finds(page: Page) -> list[list[str]]:
    """Each rule that this page breaks, with the first place."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE_SCRIPT)
    found: list[list[str]] = await page.evaluate(_FINDS, WCAG)
    return found
