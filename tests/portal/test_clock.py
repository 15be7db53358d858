import threading
from datetime import UTC, datetime, timedelta

import pytest

from portal import clock

NOON = datetime(2026, 3, 21, 12, tzinfo=UTC)


def test_now_is_aware_utc_and_runs() -> None:
    first = clock.now()
    assert first.tzinfo is UTC
    assert clock.now() >= first
    assert not clock.is_frozen()


def test_a_frozen_clock_stands_still_and_is_released() -> None:
    with clock.freeze(NOON):
        assert clock.now() == clock.now() == NOON
        assert clock.is_frozen()
    assert clock.now() != NOON
    assert not clock.is_frozen()


def test_text_with_another_zone_becomes_utc() -> None:
    with clock.freeze("2026-03-21T15:30:00+03:30") as moment:
        assert moment == NOON
        assert clock.now().tzinfo is UTC


def test_naive_moments_are_refused() -> None:
    with (
        pytest.raises(ValueError, match="aware"),
        clock.freeze(datetime(2026, 1, 1)),  # noqa: DTZ001
    ):
        pass
    assert not clock.is_frozen()


def test_shift_moves_and_nesting_restores() -> None:
    with clock.freeze(NOON):
        assert clock.shift(hours=2) == NOON + timedelta(hours=2)
        with clock.freeze("2020-01-01T00:00:00Z"):
            clock.shift(timedelta(days=1), minutes=5)
            assert clock.now() == datetime(2020, 1, 2, 0, 5, tzinfo=UTC)
        assert clock.now() == NOON + timedelta(hours=2)


def test_a_running_clock_cannot_be_shifted() -> None:
    with pytest.raises(RuntimeError):
        clock.shift(hours=1)


def test_an_error_inside_releases_the_clock() -> None:
    with pytest.raises(KeyError), clock.freeze(NOON):
        raise KeyError
    assert not clock.is_frozen()


def test_threads_see_the_same_moment() -> None:
    seen: list[datetime] = []
    with clock.freeze(NOON):
        clock.shift(seconds=7)
        threads = [threading.Thread(target=lambda: seen.append(clock.now())) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert seen == [NOON + timedelta(seconds=7)] * 8


def test_no_shift_of_many_threads_is_lost() -> None:
    with clock.freeze(NOON):
        threads = [
            threading.Thread(target=lambda: [clock.shift(seconds=1) for _ in range(200)])
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert clock.now() == NOON + timedelta(seconds=800)
