"""What holds for every test. It starts nothing."""

import gc
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

# How long one example takes says more about what else the machine is doing than about the code.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# `--hypothesis-profile=chaos`: as many examples as a night holds, and new ones each time.
settings.register_profile("chaos", settings.get_profile("patient"), max_examples=2000)
settings.load_profile("patient")


# These wait for most of their time. Spread over the first half of a run they leave the cores to the others, and none of
# them is what everybody waits for at its end.
_WAITING = (
    "tests/chaos/test_points.py",
    "tests/chaos/test_replicas.py",
    "tests/chaos/test_kills.py",
    "tests/bot/demo/tour/test_tour_on_samba.py",
    "tests/bot/demo/tour/test_tour_on_slapd.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files stay whole; only their order changes."""
    files: dict[str, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.nodeid.partition("::")[0], []).append(item)
    names = [name for name in files if name not in _WAITING]
    every = max(1, len(names) // (2 * len(_WAITING)))
    for turn, name in enumerate(one for one in _WAITING if one in files):
        names.insert(turn * (every + 1), name)
    items[:] = [item for name in names for item in files[name]]


@pytest.fixture(autouse=True, scope="module")
def no_long_collections() -> Iterator[None]:
    """What earlier modules left is not gone through again: in a long run that takes over a second at a time.

    A second is all that Slack's answer about who somebody is may take, so single tests of the wire failed by it.
    """
    yield
    gc.collect()
    gc.freeze()
