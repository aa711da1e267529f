"""Numbers about the running bot for Prometheus: counts, a backlog, how late revocations are.

They carry no person's name and no id, and live in the registry that is passed in, never in a global one.
"""

from dataclasses import dataclass
from typing import Literal, Self

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import generate_latest

# Seconds. Promise 1 is judged by the first bucket; security hears from 60 on, the owner from 900, again each 3600.
LATENESS_BUCKETS = (0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3600)

RequestKind = Literal["message", "command", "action", "view", "shortcut", "options", "home", "page", "other"]
RequestOutcome = Literal["done", "refused", "repeated", "limited", "failed"]
Forgery = Literal["signature", "stale", "malformed"]
DeliveryOutcome = Literal["delivered", "retried", "given_up"]


@dataclass(frozen=True, kw_only=True)
class Metrics:
    """The bot's metrics. Made once, by the composition root, through `in_registry`."""

    registry: CollectorRegistry
    requests: Counter
    forged: Counter
    outbox_backlog: Gauge
    deliveries: Counter
    revocation_lateness: Histogram
    tries: Counter
    leases: Gauge
    overdue: Gauge
    oldest_overdue: Gauge
    open_freezes: Gauge
    stream_behind: Gauge

    @classmethod
    def in_registry(cls, registry: CollectorRegistry) -> Self:
        """New metrics in this registry. ValueError if it already holds them."""
        return cls(
            registry=registry,
            requests=Counter(
                "wicket_requests", "Requests by kind and outcome.", ["kind", "outcome"], registry=registry
            ),
            forged=Counter(
                "wicket_forged_requests",
                "Requests refused before anything else, by what was wrong with them.",
                ["reason"],
                registry=registry,
            ),
            outbox_backlog=Gauge(
                "wicket_outbox_backlog", "Messages owed and not delivered yet.", registry=registry
            ),
            deliveries=Counter(
                "wicket_deliveries",
                "Delivery attempts by courier and outcome.",
                ["courier", "outcome"],
                registry=registry,
            ),
            revocation_lateness=Histogram(
                "wicket_revocation_lateness_seconds",
                "From the end of a grant to the directory, read back, agreeing that it ended.",
                buckets=LATENESS_BUCKETS,
                registry=registry,
            ),
            tries=Counter(
                "wicket_directory_tries",
                "Tries to bring a membership to what the grants say, by outcome.",
                ["outcome"],
                registry=registry,
            ),
            leases=Gauge(
                "wicket_open_leases", "Memberships that are being worked on right now.", registry=registry
            ),
            overdue=Gauge(
                "wicket_overdue_revocations", "Removals that are more than a minute late.", registry=registry
            ),
            oldest_overdue=Gauge(
                "wicket_oldest_overdue_seconds",
                "How late the latest of the overdue removals is; 0 while there is none.",
                registry=registry,
            ),
            open_freezes=Gauge(
                "wicket_open_freezes",
                "Freezes that nobody has lifted: above 0, no new access.",
                registry=registry,
            ),
            stream_behind=Gauge(
                "wicket_stream_behind", "Audit entries that [siem] has not taken yet.", registry=registry
            ),
        )

    def request(self, kind: RequestKind, outcome: RequestOutcome) -> None:
        """Count one request."""
        self.requests.labels(kind, outcome).inc()

    def forgery(self, reason: Forgery) -> None:
        """Count one request that Slack did not sign; such requests are metrics, not audit entries."""
        self.forged.labels(reason).inc()

    def backlog(self, owed: int) -> None:
        """Say how many messages are owed now."""
        self.outbox_backlog.set(owed)

    def delivery(self, courier: str, outcome: DeliveryOutcome) -> None:
        """Count one attempt to deliver."""
        self.deliveries.labels(courier, outcome).inc()

    def revoked(self, seconds_late: float) -> None:
        """Record how long after its end a grant was really gone. A negative number (a clock set back) counts as 0."""
        self.revocation_lateness.observe(max(0.0, seconds_late))

    def tried(self, outcome: Literal["done", "failed"]) -> None:
        """Count one try on a directory."""
        self.tries.labels(outcome).inc()

    def standing(self, *, leased: int, overdue: int, oldest_seconds: float) -> None:
        """Say how much is being worked on, how many removals are overdue, and how late the latest of them is."""
        self.leases.set(leased)
        self.overdue.set(overdue)
        self.oldest_overdue.set(max(0.0, oldest_seconds))

    def stopped(self, freezes: int) -> None:
        """Say how many freezes are open."""
        self.open_freezes.set(freezes)

    def text(self) -> bytes:
        """Everything in Prometheus' text format."""
        return generate_latest(self.registry)
