"""The sign-in of Wicket's own account: one at a time at each server, so that a wrong password does not lock it.

It opens no connection, and never says the password.
"""

import threading
import time
from collections.abc import Iterable
from typing import Any

from storage.directories.ldap_call import Call
from storage.directories.ldap_servers import LdapServer
from storage.directories.ldap_session import (
    INVALID_CREDENTIALS,
    Answer,
    read_answer,
)
from storage.directories.ldap_tls import ServerSilent, plain_words
from storage.faults import DirectoryUnavailable

# The ppolicy request control: asks for the directory's own reason when a sign-in or a new password is refused.
PASSWORD_POLICY = "1.3.6.1.4.1.42.2.27.8.5.1"  # noqa: S105 - an object identifier


class ServiceAccount:
    """What is known of the account's sign-in. pause: seconds in which a refused password is not tried again."""

    def __init__(self, *, label: str, dn: str, servers: Iterable[LdapServer], pause: float) -> None:
        self.dn, self._label, self._pause = dn, label, pause
        self._turns = {server: threading.Lock() for server in servers}
        self._silent_at: dict[LdapServer, float] = {}
        self._refused_until = 0.0

    def mind_refusal(self) -> None:
        """DirectoryUnavailable while the password is known to be refused: each try counts towards a lockout."""
        if time.monotonic() < self._refused_until:
            raise DirectoryUnavailable(
                "The directory {directory} refuses the password of Wicket's account {dn}.",
                directory=self._label,
                dn=self.dn,
            )

    def sign_in(self, server: LdapServer, call: Call, connection: Any) -> Answer:
        """The server's answer. Calls that come at once take turns, and learn from whoever went before.

        DirectoryUnavailable if the password was refused meanwhile, ServerSilent if the server fell silent meanwhile.
        """
        came = time.monotonic()
        turn = self._turns[server]
        if not turn.acquire(timeout=call.seconds_left):
            raise self._silence()
        try:
            call.check()
            self.mind_refusal()
            if self._silent_at.get(server, 0.0) > came:
                raise self._silence()
            return self._bind(server, connection)
        finally:
            turn.release()

    def _bind(self, server: LdapServer, connection: Any) -> Answer:
        try:
            with plain_words(self._label):
                answer = bind(connection)
        except ServerSilent:
            self._silent_at[server] = time.monotonic()
            raise
        if answer.code == INVALID_CREDENTIALS:
            self._refused_until = time.monotonic() + self._pause
        return answer

    def _silence(self) -> ServerSilent:
        return ServerSilent("The directory {directory} did not answer in time.", directory=self._label)


def bind(connection: Any) -> Answer:
    """Sign in as whom the connection is for, whoever that is."""
    connection.bind(read_server_info=False, controls=[(PASSWORD_POLICY, False, None)])
    return read_answer(connection.result)
