"""Asking a slow gateway about thousands of messages leaves room for everything else."""

from datetime import timedelta

import pytest

from portal import beat, clock
from portal.alone import alone
from portal.messaging import delivery, dispatch
from portal.messaging import jobs as message_jobs
from tests.factories.messages import FakeGateway, make_message

pytestmark = pytest.mark.usefixtures("context")

JOB = "portal.messaging.jobs.pull_deliveries"


def _accepted(count: int) -> None:
    for _ in range(count):
        make_message()
    dispatch.run(5)


def test_one_at_a_time_asks(gateway: FakeGateway) -> None:
    gateway.asks = 2
    _accepted(4)
    asked = 0
    deepest = 0
    depth = 0

    def meanwhile() -> None:
        """Another worker, and the beat, begin the same job."""
        nonlocal asked, depth, deepest
        asked += 1
        depth += 1
        deepest = max(deepest, depth)
        message_jobs.pull_deliveries()
        depth -= 1

    gateway.before_send = meanwhile
    with clock.freeze():
        clock.shift(minutes=1)
        message_jobs.pull_deliveries()
        assert (asked, deepest) == (2, 1)
        clock.shift(minutes=2)
        message_jobs.pull_deliveries()
        assert (asked, deepest) == (4, 1), "the work can be done again once it was done"


def test_the_worker_is_given_back_before_all_is_asked(
    gateway: FakeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway.asks = 1
    monkeypatch.setattr(delivery, "SECONDS", 0.0)
    _accepted(3)
    gateway.states = dict.fromkeys(gateway.states, "delivered")
    with clock.freeze():
        clock.shift(minutes=1)
        assert delivery.pull() == 0
        monkeypatch.setattr(delivery, "SECONDS", 15.0)
        assert delivery.pull() == 3


def test_the_slice_ends_before_the_beat_does_the_job_itself() -> None:
    (job,) = [item for item in beat.periodic_jobs() if item.job.name == JOB]
    assert timedelta(seconds=delivery.SECONDS) < timedelta(seconds=2 * job.every_seconds)


def test_who_is_alone_is_so_until_the_end() -> None:
    with pytest.raises(RuntimeError), alone("work") as first, alone("work") as second:
        assert (first, second) == (True, False)
        with alone("other work") as third:
            assert third
        raise RuntimeError
    with alone("work") as again:
        assert again
