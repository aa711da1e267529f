"""Whether everybody can read a page and hit what is on it: WCAG 2.2 AA, as far as a browser can measure it.

It knows no page of ours.
"""

from playwright.async_api import Page

# Every piece of text with its colour and the colour behind it, as WCAG 2.2 measures them.
CONTRASTS = """() => {
  const parts = colour => colour.match(/[\\d.]+/g).map(Number);
  const linear = v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
  const light = colour => {
    const [red, green, blue] = parts(colour).slice(0, 3).map(linear);
    return .2126 * red + .7152 * green + .0722 * blue;
  };
  const behind = element => {
    for (; element; element = element.parentElement) {
      const colour = getComputedStyle(element).backgroundColor;
      if ((parts(colour)[3] ?? 1) > 0) return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  const texts = 'h1, h2, p, label, button, a, li, code, footer, header, .error span, .wrong span';
  return [...document.querySelectorAll(texts)].filter(each => each.textContent.trim()).map(each => {
    const both = [light(getComputedStyle(each).color), light(behind(each))].sort((x, y) => y - x);
    return [(both[0] + .05) / (both[1] + .05), each.textContent.trim().slice(0, 40)];
  });
}"""


async def readable(page: Page) -> None:
    """Contrast of text, nothing sideways, one heading, a label for every field, and targets large enough."""
    # A click only waits for the next page to begin; its colours come with the style sheet.
    await page.wait_for_load_state()
    for contrast, text in await page.evaluate(CONTRASTS):
        assert contrast >= 4.5, f"{text}: {contrast:.1f}"
    assert not await page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert await page.get_by_role("heading", level=1).count() == 1
    fields = await page.get_by_role("textbox").evaluate_all(
        "all => all.map(e => [e.labels.length, e.getBoundingClientRect().height])"
    )
    for labels, height in fields:
        assert labels == 1
        assert height >= 44
    for height in await page.get_by_role("button").evaluate_all(
        "all => all.map(e => e.getBoundingClientRect().height)"
    ):
        assert height >= 44
