"""Metrics: each number is where Prometheus will look for it, and none names a person."""

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from bot.metrics import Metrics


@pytest.fixture
def metrics():
    return Metrics.in_registry(CollectorRegistry())


def test_requests_are_counted_by_kind_and_outcome(metrics):
    metrics.request("command", "done")
    metrics.request("command", "done")
    metrics.request("action", "refused")
    lines = metrics.text().decode().splitlines()
    assert 'wicket_requests_total{kind="command",outcome="done"} 2.0' in lines
    assert 'wicket_requests_total{kind="action",outcome="refused"} 1.0' in lines


def test_forged_requests_have_a_count_of_their_own(metrics):
    metrics.forgery("signature")
    assert 'wicket_forged_requests_total{reason="signature"} 1.0' in metrics.text().decode()


def test_the_backlog_is_what_it_was_last_said_to_be(metrics):
    metrics.backlog(3)
    metrics.backlog(1)
    assert "wicket_outbox_backlog 1.0" in metrics.text().decode()


def test_deliveries_are_counted_by_outcome(metrics):
    metrics.delivery("slack", "retried")
    text = metrics.text().decode()
    assert 'wicket_deliveries_total{courier="slack",outcome="retried"} 1.0' in text


def test_a_revocation_on_time_falls_into_the_first_buckets(metrics):
    metrics.revoked(0.2)
    metrics.revoked(45)
    metrics.revoked(-3)
    text = metrics.text().decode()
    assert 'wicket_revocation_lateness_seconds_bucket{le="0.5"} 2.0' in text
    assert 'wicket_revocation_lateness_seconds_bucket{le="30.0"} 2.0' in text
    assert 'wicket_revocation_lateness_seconds_bucket{le="60.0"} 3.0' in text
    assert "wicket_revocation_lateness_seconds_sum 45.2" in text


def test_tries_are_counted_by_what_came_of_them(metrics):
    metrics.tried("done")
    metrics.tried("failed")
    metrics.tried("failed")
    lines = metrics.text().decode().splitlines()
    assert 'wicket_directory_tries_total{outcome="done"} 1.0' in lines
    assert 'wicket_directory_tries_total{outcome="failed"} 2.0' in lines


def test_what_is_overdue_now_can_be_watched(metrics):
    metrics.standing(leased=2, overdue=3, oldest_seconds=90.5)
    lines = metrics.text().decode().splitlines()
    assert "wicket_open_leases 2.0" in lines
    assert "wicket_overdue_revocations 3.0" in lines
    assert "wicket_oldest_overdue_seconds 90.5" in lines
    metrics.standing(leased=0, overdue=0, oldest_seconds=-1)
    assert "wicket_oldest_overdue_seconds 0.0" in metrics.text().decode()


def test_two_bots_in_one_process_count_apart(metrics):
    other = Metrics.in_registry(CollectorRegistry())
    other.request("message", "done")
    assert "wicket_requests_total{" not in metrics.text().decode()
    assert b"wicket_" not in generate_latest()


def test_open_freezes_are_a_number_to_wake_somebody_by():
    metrics = Metrics.in_registry(CollectorRegistry())
    metrics.stopped(1)
    assert "wicket_open_freezes 1.0" in metrics.text().decode()
