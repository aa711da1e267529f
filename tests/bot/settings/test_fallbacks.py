"""Who stands in for whom, as it is written down: every mistake named, with how to mend it."""

from bot.settings.fallbacks import fallbacks_checked


def rows(**fallbacks: str | None) -> dict[int, dict[str, object]]:
    """Owners by id with their fallback, as they stand in wicket.toml."""
    named = [{"id": owner, **({"fallback": other} if other else {})} for owner, other in fallbacks.items()]
    return dict(enumerate(named))


def told(**fallbacks: str | None) -> list[str]:
    return [f"{one.name} {one.wrong}. {one.mend}" for one in fallbacks_checked(rows(**fallbacks))]


def test_a_chain_that_ends_is_as_it_should_be():
    assert told(data="platform", platform="it", it=None) == []


def test_an_owner_that_is_not_there_is_named_with_what_was_meant():
    (problem,) = told(data="platfrom", platform=None)
    assert problem.startswith('owner[data].fallback "platfrom" is no [[owner]]\'s id.')
    assert "platform" in problem


def test_nobody_stands_in_for_themselves():
    assert told(data="data") == [
        "owner[data].fallback names the owner itself. Name another owner, or remove the line."
    ]


def test_a_circle_is_named_whole_at_each_of_its_owners():
    """Whoever only leads into it is in no circle."""
    problems = told(data="platform", platform="it", it="platform", desk="data")
    assert [one.partition(" ")[0] for one in problems] == ["owner[platform].fallback", "owner[it].fallback"]
    assert "goes in a circle: platform to it to platform. Let one of them have no fallback." in problems[0]


def test_what_is_no_text_is_told_elsewhere():
    """By the row's own check, in words of its own."""
    assert list(fallbacks_checked({0: {"id": "data", "fallback": 7}, 1: {"fallback": "data"}})) == []
