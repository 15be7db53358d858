"""The one source of the present moment, which tests hold still and move."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

_lock = threading.Lock()
_frozen: datetime | None = None


def now() -> datetime:
    """The present moment as an aware UTC datetime."""
    with _lock:
        if _frozen is not None:
            return _frozen
    return datetime.now(UTC)


@contextmanager
def freeze(at: datetime | str | None = None) -> Iterator[datetime]:
    """Hold the clock of every thread at one moment (default: this one) until the block ends.

    Blocks nest: leaving the inner one brings back the moment of the outer one, with its shifts.
    Raises ValueError for a moment without a zone.
    """
    global _frozen  # noqa: PLW0603
    moment = datetime.fromisoformat(at) if isinstance(at, str) else at or now()
    if moment.tzinfo is None:
        raise ValueError("the clock is frozen at an aware datetime only")
    moment = moment.astimezone(UTC)
    with _lock:
        before, _frozen = _frozen, moment
    try:
        yield moment
    finally:
        with _lock:
            _frozen = before


def shift(delta: timedelta | None = None, **units: float) -> datetime:
    """Move a frozen clock: `shift(hours=2)`, `shift(timedelta(days=1))`. Returns the new moment.

    Raises RuntimeError when the clock runs: a shift that nothing ends would outlive its test.
    """
    global _frozen  # noqa: PLW0603
    step = (delta or timedelta()) + timedelta(**units)
    with _lock:
        if _frozen is None:
            raise RuntimeError("freeze the clock before shifting it")
        _frozen += step
        return _frozen


def is_frozen() -> bool:
    """Whether a `freeze` block is open."""
    with _lock:
        return _frozen is not None
