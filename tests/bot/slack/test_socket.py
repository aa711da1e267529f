"""Socket Mode kept open: a connection that is gone is opened anew, and no sooner than Slack asks for."""

import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.workspace import Workspace
from bot.slack.socket import Socket

OPEN = "apps.connections.open"


class Clock:
    """Seconds that pass when they are told to."""

    at = 100.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


def a_socket(slack: Workspace, client: AsyncWebClient, clock: Clock) -> Socket:
    """One that is looked at by hand: nothing keeps it open by itself."""
    return Socket(AsyncApp(client=client), app_token=slack.app_token, client=client, now=clock)


def asked(slack: Workspace) -> int:
    """How often somebody asked for a connection."""
    return sum(call.method == OPEN for call in slack.calls)


async def looks(socket: Socket, times: int = 4) -> None:
    for _ in range(times):
        await socket.look()


@pytest.mark.parametrize(("said", "waits"), [(30, 30), (3600, 3600), (86_400, 3600)])
async def test_a_connection_is_asked_for_anew_no_sooner_than_slack_says(
    slack: Workspace, client: AsyncWebClient, clock: Clock, said: int, waits: int
) -> None:
    """SL-11: however long that is, and an hour at most."""
    socket = a_socket(slack, client, clock)
    slack.faults.rate_limit(OPEN, said, 1)
    await looks(socket)
    assert asked(slack) == 1
    clock.at += waits - 0.001
    await looks(socket)
    assert (asked(slack), await socket.is_connected()) == (1, False)
    clock.at += 0.001
    await looks(socket)
    assert (asked(slack), await socket.is_connected()) == (2, True)
    await socket.close()


async def test_what_fails_otherwise_is_tried_again_at_once(
    slack: Workspace, client: AsyncWebClient, clock: Clock
) -> None:
    socket = a_socket(slack, client, clock)
    slack.faults.fail(OPEN, "internal_error", times=1)
    await looks(socket)
    assert (asked(slack), await socket.is_connected()) == (2, True)
    await looks(socket)
    assert asked(slack) == 2
    await socket.close()


async def test_a_page_in_the_place_of_an_answer_ends_no_trying(
    slack: Workspace, client: AsyncWebClient, clock: Clock
) -> None:
    """SL-11: a proxy's, who says nothing of how long to wait."""
    socket = a_socket(slack, client, clock)
    slack.faults.garble(OPEN, 200, times=1)
    await looks(socket)
    assert (asked(slack), await socket.is_connected()) == (2, True)
    await socket.close()
