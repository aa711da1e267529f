"""A bounded pool of threads and connections to the servers of one LDAP directory, with fail-over among them.

Each directory has its own, so that a server that hangs holds up nobody else; none of it runs on the event loop.
"""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, TypeVar

from storage.directories.ldap_call import Call, close_abruptly, has_news
from storage.directories.ldap_servers import LdapServer
from storage.directories.ldap_service import ServiceAccount, bind
from storage.directories.ldap_session import (
    SUCCESS,
    Answer,
    ChangeUnknown,
    Session,
)
from storage.directories.ldap_tls import (
    ConnectionLost,
    ServerSilent,
    certificate_end,
    new_connection,
    open_encrypted,
    plain_words,
    verifying_context,
)
from storage.faults import DirectoryUnavailable

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One server on its own. fault: why it is of no use now, as a sentence; empty if it is of use.

    certificate_ends: aware UTC; None if no certificate was seen, or one that is not trusted whatever the date.
    """

    server: LdapServer
    fault: str
    certificate_ends: datetime | None


class Connections:
    """Runs functions of a Session on threads, each within `timeout` seconds, whatever the server does.

    servers: asked in this order; one that failed is left alone for `pause` seconds, then tried by one call alone.
    step: whole seconds for a single answer, less than half the timeout so that a second server gets its chance.
    slots: calls at one time; the others wait their turn. SettingsFault if the CA file cannot be read.
    """

    def __init__(
        self,
        *,
        label: str,
        servers: Sequence[LdapServer],
        bind_dn: str,
        password: str,
        ca_file: Path | None = None,
        timeout: float = 5.0,
        step: int = 2,
        slots: int = 8,
        pause: float = 15.0,
        references: Literal["refuse", "ignore"] = "refuse",
    ) -> None:
        self.label, self.timeout = label, timeout
        self.servers, self._references = tuple(servers), references
        self._service = ServiceAccount(label=label, dn=bind_dn, servers=self.servers, pause=pause)
        self._password = password
        self._context = verifying_context(ca_file)
        self._dateless = verifying_context(ca_file, whatever_the_date=True)
        self._step, self._pause = step, pause
        self._lock = threading.Lock()
        self._idle: dict[LdapServer, list[Any]] = {server: [] for server in self.servers}
        self._rest_until: dict[LdapServer, float] = {}
        self._calls: set[Call] = set()
        self._closed = False
        self._threads = ThreadPoolExecutor(max_workers=slots, thread_name_prefix=f"directory-{label}")

    async def run(
        self, work: Callable[[Session], T], *, repeat: bool = True, within: float | None = None
    ) -> T:
        """The work's answer. ConnectionLost, ServerSilent or another DirectoryUnavailable when there is none.

        repeat: after a broken connection the work is done again from its start, on another one; False: once it sent
        a change it is not, and ends in ChangeUnknown. within: seconds, instead of the timeout. A call that did not
        get its turn in that time is never carried out; one that did begins no further step.
        """
        return await self._in_time(
            lambda call: self._on_some_server(call, work, repeat=repeat),
            self.timeout if within is None else within,
        )

    async def look(self, server: LdapServer) -> Seen:
        """One server on its own, on a new connection, whether or not others answer. It never raises."""
        ends: list[datetime] = []
        fault = ""
        try:
            await self._in_time(lambda call: self._look(server, call, ends), self.timeout)
        except DirectoryUnavailable as why:
            fault = str(why)
        return Seen(server=server, fault=fault, certificate_ends=next(iter(ends), None))

    async def _in_time(self, job: Callable[[Call], T], seconds: float) -> T:
        if self._closed:
            raise DirectoryUnavailable("The directory {directory} is closed.", directory=self.label)
        call = Call(time.monotonic() + seconds, self.label)
        future = self._threads.submit(self._carry_out, call, job)
        # Should the server trickle bytes for ever, cutting the connection is what frees the slot.
        watch = asyncio.get_running_loop().call_later(seconds, call.cut)
        try:
            async with asyncio.timeout(seconds):
                return await asyncio.wrap_future(future)
        except TimeoutError as late:
            raise ServerSilent(
                "The directory {directory} did not answer within {seconds} s.",
                directory=self.label,
                seconds=f"{seconds:g}",
            ) from late
        finally:
            call.given_up = True
            if future.done():
                watch.cancel()

    def close(self) -> None:
        """Let go of every connection and wait for the threads, which then end at once. Idempotent."""
        self._closed = True
        with self._lock:
            calls = list(self._calls)
        for call in calls:
            call.cut()
        self._threads.shutdown(wait=True, cancel_futures=True)
        for server in self.servers:
            self._forget_idle(server)

    def _carry_out(self, call: Call, job: Callable[[Call], T]) -> T:
        call.check()
        with self._lock:
            self._calls.add(call)
        try:
            return job(call)
        finally:
            with self._lock:
                self._calls.discard(call)

    def _on_some_server(self, call: Call, work: Callable[[Session], T], *, repeat: bool) -> T:
        """Try one server after the other."""
        last: DirectoryUnavailable | None = None
        for server in self._in_order():
            try:
                return self._on(server, call, work, repeat=repeat)
            except ConnectionLost as lost:
                self._rest(server)
                last = lost
        raise last or DirectoryUnavailable("The directory {directory} has no servers.", directory=self.label)

    def _on(self, server: LdapServer, call: Call, work: Callable[[Session], T], *, repeat: bool) -> T:
        """Do the work on this server: on an idle connection first, on a new one when that turned out stale."""
        while True:
            idle = self._take_idle(server)
            connection = idle or self._open_as_service(server, call)
            session = self._session(connection, server, call)
            try:
                with self._lent(connection, server, call):
                    return work(session)
            except ConnectionLost as lost:
                self._forget_idle(server)
                stale = idle is not None and not isinstance(lost, ServerSilent)
                if session.changing and not repeat:
                    if not stale:
                        self._rest(server)
                    raise ChangeUnknown(str(lost)) from None
                if not stale:
                    raise

    def _session(self, connection: Any, server: LdapServer, call: Call) -> Session:
        return Session(
            connection,
            label=self.label,
            may_go_on=call.check,
            sign_in=lambda dn, password: self._sign_in(server, call, dn, password),
            references=self._references,
        )

    @contextmanager
    def _lent(self, connection: Any, server: LdapServer, call: Call) -> Iterator[None]:
        """Lend a connection to a piece of work. It goes back unless it broke or the work did."""
        call.hold(connection)
        whole = True
        try:
            yield
        except BaseException as fault:
            whole = isinstance(fault, DirectoryUnavailable) and not isinstance(fault, ConnectionLost)
            raise
        finally:
            call.release(connection)
            if whole:
                self._give_back(server, connection)
            else:
                close_abruptly(connection)

    def _look(self, server: LdapServer, call: Call, ends: list[datetime]) -> None:
        """Sign in on this server, and put into `ends` when its certificate ends: even of one that ended already."""

        def sign_in(connection: Any) -> Answer:
            ends.append(certificate_end(connection))
            return self._service.sign_in(server, call, connection)

        try:
            found = self._reach(server, call, self._service.dn, self._password, sign_in)
            close_abruptly(self._as_service(server, *found))
        except ConnectionLost as lost:
            self._rest(server)
            if not ends and not isinstance(lost, ServerSilent):
                with suppress(DirectoryUnavailable):
                    connection, end = self._reach(
                        server, call, "", "", certificate_end, whatever_the_date=True
                    )
                    close_abruptly(connection)
                    ends.append(end)
            raise

    def _open_as_service(self, server: LdapServer, call: Call) -> Any:
        self._service.mind_refusal()

        def sign_in(connection: Any) -> Answer:
            return self._service.sign_in(server, call, connection)

        return self._as_service(server, *self._reach(server, call, self._service.dn, self._password, sign_in))

    def _as_service(self, server: LdapServer, connection: Any, answer: Answer) -> Any:
        """The connection, if the server took the sign-in of Wicket's account."""
        if answer.code == SUCCESS:
            self._rest_until.pop(server, None)
            return connection
        close_abruptly(connection)
        self._service.mind_refusal()
        raise ConnectionLost(
            "The directory {directory} refused the service account ({code}).",
            directory=self.label,
            code=answer.name,
        )

    def _sign_in(self, server: LdapServer, call: Call, dn: str, password: str) -> Answer:
        connection, answer = self._reach(server, call, dn, password, bind)
        close_abruptly(connection)
        return answer

    def _reach(
        self,
        server: LdapServer,
        call: Call,
        user: str,
        password: str,
        then: Callable[[Any], T],
        *,
        whatever_the_date: bool = False,
    ) -> tuple[Any, T]:
        """An encrypted connection to the first address that answers, and what came of the first thing done on it."""
        context = self._dateless if whatever_the_date else self._context
        lost: ConnectionLost | None = None
        for address in self._addresses(server):
            call.check()
            connection = new_connection(
                server, address, context, user=user, password=password, step=self._step
            )
            call.hold(connection)
            try:
                with plain_words(self.label):
                    open_encrypted(connection, starttls=server.starttls)
                    return connection, then(connection)
            except DirectoryUnavailable as broken:
                close_abruptly(connection)
                if not isinstance(broken, ConnectionLost):
                    raise
                lost = broken
            finally:
                call.release(connection)
        raise lost or ConnectionLost(
            "The directory {directory} has no address for {server}.", directory=self.label, server=str(server)
        )

    def _addresses(self, server: LdapServer) -> list[str]:
        try:
            found = socket.getaddrinfo(server.host, server.port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise ConnectionLost(
                "The directory {directory} cannot be reached: no address for {host} ({reason}).",
                directory=self.label,
                host=server.host,
                reason=error.strerror or "",
            ) from None
        return list(dict.fromkeys(str(each[4][0]) for each in found))

    def _in_order(self) -> list[LdapServer]:
        """The servers to try: those that are well first. One whose rest is over is tried by this call alone."""
        now = time.monotonic()
        with self._lock:
            resting = {server: until for server, until in self._rest_until.items() if until > now}
            for server in set(self._rest_until) - set(resting):
                self._rest_until[server] = now + self._pause
        return sorted(self.servers, key=lambda server: server in resting)

    def _rest(self, server: LdapServer) -> None:
        with self._lock:
            self._rest_until[server] = time.monotonic() + self._pause

    def _take_idle(self, server: LdapServer) -> Any | None:
        """A connection that nothing was heard on since: a closed one would have something to read."""
        while True:
            with self._lock:
                if not self._idle[server]:
                    return None
                connection = self._idle[server].pop()
            if not connection.closed and not has_news(connection.socket):
                return connection
            close_abruptly(connection)

    def _give_back(self, server: LdapServer, connection: Any) -> None:
        with self._lock:
            keep = not self._closed and not connection.closed
            if keep:
                self._idle[server].append(connection)
        if not keep:
            close_abruptly(connection)

    def _forget_idle(self, server: LdapServer) -> None:
        with self._lock:
            forgotten, self._idle[server] = self._idle[server], []
        for connection in forgotten:
            close_abruptly(connection)
