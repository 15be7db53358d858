"""The place of a row in a list by due time, as it stands in an address."""

import datetime as dt

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def key(due: dt.datetime | None, row_id: int) -> str:
    """Microseconds of the due time and the id; nothing before the point: no due time."""
    mark = "" if due is None else str((due - _EPOCH) // dt.timedelta(microseconds=1))
    return f"{mark}.{row_id}"


def read(typed: str) -> tuple[dt.datetime | None, int] | None:
    """None for what is no key."""
    mark, _dot, number = typed[:40].partition(".")
    if not (number.isascii() and number.isdigit() and len(number) < 18):
        return None
    if not mark:
        return None, int(number)
    if not (mark.isascii() and mark.isdigit() and len(mark) < 17):
        return None
    return _EPOCH + dt.timedelta(microseconds=int(mark)), int(number)
