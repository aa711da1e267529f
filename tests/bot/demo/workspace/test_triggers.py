"""Short-lived handles by the workspace's own clock (SL-4)."""

from datetime import UTC, datetime, timedelta

from bot.demo.workspace.faults import Faults
from bot.demo.workspace.identifiers import Mint
from bot.demo.workspace.triggers import ReplyPlace, ReplyUrls, Trigger, Triggers


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.moment = datetime(2030, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment


def test_a_trigger_is_old_after_three_seconds():
    clock = Clock()
    triggers = Triggers(now=clock, mint=Mint(clock), faults=Faults())
    young, old = triggers.new("U1", "V1"), triggers.new("U1")
    clock.moment += timedelta(seconds=3)
    taken = triggers.take(young)
    assert isinstance(taken, Trigger)
    assert (taken.user_id, taken.view_id) == ("U1", "V1")
    clock.moment += timedelta(seconds=1)
    assert triggers.take(old).error == "expired_trigger_id"


def test_a_response_url_is_old_after_half_an_hour():
    clock = Clock()
    urls = ReplyUrls(now=clock, mint=Mint(clock))
    place = ReplyPlace(user_id="U1", channel="C1")
    secret = urls.new(place)
    clock.moment += timedelta(minutes=30)
    assert urls.take(secret) == place
    clock.moment += timedelta(seconds=1)
    assert urls.take(secret).error == "expired_url"
    assert urls.take("made up").error == "invalid_url"


def test_message_times_only_ever_grow():
    clock = Clock()
    mint = Mint(clock)
    first, second = mint.ts(), mint.ts()
    clock.moment -= timedelta(hours=1)
    assert first < second < mint.ts()
