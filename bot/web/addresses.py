"""Where a request comes from: the address of the connection, or what a proxy that the operator named says of it.

It believes no header of anybody else, and keeps no address longer than its limit needs.
"""

import ipaddress
from collections import OrderedDict
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network

from aiohttp import web

from storage.clock import Clock

_KEPT = 10_000
_MOST_HOPS = 16


class Callers:
    """trusted: addresses or networks of proxies, whose X-Forwarded-For is believed."""

    def __init__(self, trusted: Sequence[str] = ()) -> None:
        self._trusted = [ipaddress.ip_network(each) for each in trusted]

    def of(self, request: web.Request) -> str:
        """The caller's network: an IPv4 address, or the /64 of an IPv6 one, of which one household has many."""
        address = request.remote or ""
        if self._is_trusted(address):
            said = ",".join(request.headers.getall("X-Forwarded-For", [])).split(",")
            # From the nearest hop outwards: whatever stands before the first that is not ours, anybody can write.
            for hop in reversed(said[-_MOST_HOPS:]):
                if not _is_address(hop.strip()):
                    break
                address = hop.strip()
                if not self._is_trusted(address):
                    break
        return _network(address)

    def _is_trusted(self, address: str) -> bool:
        if not _is_address(address):
            return False
        parsed = ipaddress.ip_address(address)
        return any(parsed.version == each.version and parsed in each for each in self._trusted)


class Hourly:
    """So many an hour from each, counted in memory; one that is full is filled again evenly."""

    def __init__(self, an_hour: int, now: Clock) -> None:
        self._size, self._now = float(an_hour), now
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def allows(self, who: str) -> bool:
        """Whether one more is let through; it counts if so."""
        at = self._now().timestamp()
        left, since = self._left.get(who, (self._size, at))
        left = min(self._size, left + max(0.0, at - since) * self._size / 3600)
        self._left[who] = (left - 1 if left >= 1 else left, at)
        self._left.move_to_end(who)
        if len(self._left) > _KEPT:
            self._left.popitem(last=False)
        return left >= 1


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _network(address: str) -> str:
    if not _is_address(address):
        return ""
    parsed = ipaddress.ip_address(address)
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is None:
        return str(IPv6Network((parsed, 64), strict=False))
    plain = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else parsed
    return str(IPv4Network((plain or 0, 32)))
