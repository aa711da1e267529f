"""Who stands in for whom, as the catalogue knows it."""

from storage.catalogue import Catalogue, Owner


def owners(**fallbacks: str) -> Catalogue:
    """A catalogue of owners alone, each with its fallback."""
    made = {
        name: Owner(id=name, name=name, channel="C0", approvers=name, fallback=other)
        for name, other in fallbacks.items()
    }
    return Catalogue(entitlements={}, owners=made)


def test_a_fallback_stands_in_and_so_does_its_own():
    catalogue = owners(data="platform", platform="it", it="", desk="")
    for name in ("platform", "it"):
        found = catalogue.stands_in("data", name)
        assert found is not None
        assert found.id == name


def test_nobody_else_stands_in():
    """Neither an owner that the settings name for something else, nor the owner itself."""
    catalogue = owners(data="platform", platform="", it="", desk="it")
    assert [catalogue.stands_in("data", name) for name in ("data", "it", "desk", "gone", "")] == [None] * 5
    assert catalogue.stands_in("gone", "platform") is None


def test_a_circle_that_got_past_the_settings_ends():
    assert owners(data="platform", platform="data").stands_in("data", "it") is None
