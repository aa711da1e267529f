"""Numbers about the running bot for Prometheus: counts, a backlog, how late revocations are.

They carry no person's name and no id, and live in the registry that is passed in, never in a global one.
"""

from dataclasses import dataclass
from typing import Literal, Self

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import generate_latest

# Seconds. Promise 1 is judged by the first bucket; the last is the half hour after which a person has been told.
LATENESS_BUCKETS = (0.5, 1, 2, 5, 10, 30, 60, 300, 1800)

RequestKind = Literal["message", "command", "action", "view", "options", "home", "page", "other"]
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

    def text(self) -> bytes:
        """Everything in Prometheus' text format."""
        return generate_latest(self.registry)
