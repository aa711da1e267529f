"""Bars as SVG, for a page that holds no script and is printed: a few numbers side by side, each with its word.

It knows nothing of what is counted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from markupsafe import Markup

_WIDTH, _HEIGHT, _GAP = 640, 150, 2
_FLOOR = 18  # room for the words below
_CEILING = 14  # and for the numbers above


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One place on the line. parts: how much of each kind, from the bottom up."""

    word: str
    parts: Sequence[int]

    @property
    def total(self) -> int:
        """All parts together."""
        return sum(self.parts)


def bars(title: str, line: Sequence[Bar], kinds: Sequence[str]) -> Markup:
    """A chart of these bars. kinds: the word for each part; their colours are those of the page (k0, k1 …)."""
    most = max((bar.total for bar in line), default=0) or 1
    step = _WIDTH / max(len(line), 1)
    width = max(1.0, min(step - _GAP, 48.0))
    drawn = [
        _bar(bar, kinds, left=number * step + (step - width) / 2, width=width, most=most)
        for number, bar in enumerate(line)
    ]
    # So many words that they would run into each other are thinned out.
    every = max(1, -(-len(line) * 44 // _WIDTH))
    words = [
        f'<text x="{(number + 0.5) * step:.1f}" y="{_HEIGHT - 4}">{escape(bar.word)}</text>'
        for number, bar in enumerate(line)
        if number % every == 0
    ]
    told = ", ".join(f"{bar.word}: {bar.total}" for bar in line)
    floor = f'<line x1="0" x2="{_WIDTH}" y1="{_HEIGHT - _FLOOR}" y2="{_HEIGHT - _FLOOR}"/>'
    whole = f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(f"{title}. {told}")}">'
    svg = "".join((whole, floor, *drawn, *words, "</svg>"))
    return Markup(svg)  # noqa: S704 - numbers of ours, and words that were escaped


def _bar(bar: Bar, kinds: Sequence[str], *, left: float, width: float, most: int) -> str:
    unit = (_HEIGHT - _FLOOR - _CEILING) / most
    top, drawn = float(_HEIGHT - _FLOOR), ""
    for number, part in enumerate(bar.parts):
        height = part * unit
        top -= height
        if part:
            drawn += (
                f'<rect class="k{number}" x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}">'
                f"<title>{escape(f'{bar.word}, {kinds[number]}: {part}')}</title></rect>"
            )
    if bar.total:
        drawn += f'<text x="{left + width / 2:.1f}" y="{top - 3:.1f}">{bar.total}</text>'
    return drawn
