"""What holds for every test. It starts nothing."""

import fcntl
import gc
import os
from collections.abc import Generator, Iterator

import pytest
import structlog
from hypothesis import HealthCheck, settings

# How long one example takes says more about what else the machine is doing than about the code.
# A quarter of the usual examples, so that all tests together take minutes: each run tries others. The other profile has
# as many as one wants.
settings.register_profile(
    "patient", deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow]
)
# `--hypothesis-profile=chaos`: as many examples as a night holds, and new ones each time.
settings.register_profile("chaos", settings.get_profile("patient"), max_examples=2000)
settings.load_profile("patient")

# Where no logs were set up, a fault is printed as Python does it: structlog's own way draws every line's source and
# values in frames, and takes longer than the test that the fault is of.
structlog.dev.ConsoleRenderer.get_active().exception_formatter = structlog.dev.plain_traceback

# Objects are made by the thousand and most are gone by themselves: looking for the others rarely saves a twentieth.
gc.set_threshold(20_000, 20, 50)


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--postgresql`: what `make postgresql` adds (tests/handlers/conftest.py)."""
    parser.addoption("--postgresql", action="store_true", help="run every handler's test on both engines")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is collected stays until the end, so it is never gone through, neither meanwhile nor later.

    Processes that run tests side by side collect one after the other: in a new clone, the first compiles every file for
    all of them, which takes three times as long as the rest; at the same moment, each would.
    """
    gc.disable()
    try:
        with open(__file__) as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(autouse=True, scope="session")
def nothing_kept_at_home(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A bot that a test starts as a process keeps its state here, and not with whoever runs the tests."""
    os.environ.pop("STATE_DIRECTORY", None)
    os.environ["XDG_STATE_HOME"] = str(tmp_path_factory.mktemp("state"))


@pytest.fixture(autouse=True, scope="module")
def no_long_collections() -> Iterator[None]:
    """What earlier modules left is not gone through again: in a long run that takes over a second at a time.

    A second is all that Slack's answer about who somebody is may take, so single tests of the wire failed by it.
    """
    yield
    gc.collect()
    gc.freeze()
