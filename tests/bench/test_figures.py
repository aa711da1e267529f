"""A figure that misses what it is held to says so; one that is held to nothing holds."""

import pytest

from tests.bench.figures import Figure, missed


def figure(value: float, *, limit: float | None = None, least: float | None = None) -> Figure:
    return Figure(part="audit", what="something", value=value, unit="", limit=limit, least=least)


@pytest.mark.parametrize(
    ("one", "holds", "held_to"),
    [
        (figure(20.1, limit=20), False, "under 20"),
        (figure(19.9, limit=20), True, "under 20"),
        (figure(199_999, least=200_000), False, "at least 200,000"),
        (figure(200_000, least=200_000), True, "at least 200,000"),
        (figure(0), True, ""),
    ],
)
def test_a_figure_holds_what_it_is_held_to_or_is_missed(one: Figure, holds: bool, held_to: str) -> None:
    assert (one.holds, one.held_to, one.plain()["holds"]) == (holds, held_to, holds)
    assert missed([one, figure(1)]) == ([] if holds else [one])
