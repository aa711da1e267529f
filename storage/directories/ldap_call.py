"""One call to an LDAP directory: its time, and the connections to cut when that time is over.

It is used by the thread that does the work and by the event loop that waits for it; it decides nothing else.
"""

import select
import socket
import threading
import time
from contextlib import suppress
from typing import Any

from storage.directories.ldap_session import GivenUp


class Call:
    """One call's time, and the connections it uses, so that they can be cut when the time is over."""

    def __init__(self, deadline: float, label: str) -> None:
        self._deadline, self._label = deadline, label
        self.given_up = False
        self._lock = threading.Lock()
        self._connections: list[Any] = []

    def check(self) -> None:
        """Raise GivenUp once nobody waits for this any more."""
        if self.given_up or time.monotonic() >= self._deadline:
            raise GivenUp(
                "The directory {directory} took so long that nothing more was begun.", directory=self._label
            )

    @property
    def seconds_left(self) -> float:
        """How long this may still wait; never less than 0."""
        return 0.0 if self.given_up else max(0.0, self._deadline - time.monotonic())

    def hold(self, connection: Any) -> None:
        """From now on this connection is cut with the call."""
        with self._lock:
            self._connections.append(connection)

    def release(self, connection: Any) -> None:
        """The connection is no longer this call's."""
        with self._lock:
            self._connections.remove(connection)

    def cut(self) -> None:
        """End every wait for the network in this call, from another thread."""
        self.given_up = True
        with self._lock:
            for connection in self._connections:
                if (channel := connection.socket) is not None:
                    with suppress(OSError):
                        # Not the method of SSLSocket, which would take TLS off under a thread that reads.
                        socket.socket.shutdown(channel, socket.SHUT_RDWR)


def has_news(channel: socket.socket) -> bool:
    """Whether there is something to read: on an idle connection, that the server closed it."""
    poll = select.poll()
    try:
        poll.register(channel, select.POLLIN)
        return bool(poll.poll(0))
    except (OSError, ValueError):
        return True


def close_abruptly(connection: Any) -> None:
    """Close without farewell: the server may not be listening any more."""
    channel = connection.socket
    with suppress(Exception):
        connection.strategy.close()
    if channel is not None:
        with suppress(OSError):
            channel.close()
