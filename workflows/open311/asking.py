"""What a query for requests asks for, read from an address. Raises ApiError."""

import datetime as dt
from collections.abc import Mapping

from portal import clock
from portal.i18n import _l
from portal.text import ascii_digits
from workflows.cases.staff.categories import CODE
from workflows.open311.errors import ApiError, Fault
from workflows.open311.reading import DEEPEST, LONGEST, MOST, MOST_IDS, STATUSES, Wanted
from workflows.open311.writing import read_date


def wanted(args: Mapping[str, str]) -> Wanted:
    """Absent and empty mean the same, as the specification says."""
    now = clock.now()
    ids = _list(args, "service_request_id")
    if ids:
        if len(ids) > MOST_IDS:
            raise ApiError(400, Fault("service_request_id", _l("These are too many requests.")))
        return Wanted(now, now, ids=ids, size=len(ids))
    start, end = (_date(args, name) for name in ("start_date", "end_date"))
    if start is None and end is None:
        start, end = now - LONGEST, now
    elif start is None and end is not None:
        start = end - LONGEST
    elif start is not None and end is None:
        end = min(start + LONGEST, max(now, start))
    if start is None or end is None or start > end:
        raise ApiError(400, Fault("start_date", _l("start_date lies after end_date.")))
    if end - start > LONGEST:
        raise ApiError(400, Fault("end_date", _l("The dates span more than 90 days.")))
    statuses = tuple(one.lower() for one in _list(args, "status")) or STATUSES
    if not set(statuses) <= set(STATUSES):
        raise ApiError(400, Fault("status", _l("status is open, closed or both.")))
    page, size = _count(args, "page", 1), _count(args, "page_size", MOST)
    if size > MOST or page * size > max(DEEPEST, MOST):
        raise ApiError(
            400,
            Fault("page", _l("Pages lead to 10,000 requests; ask with other dates for more.")),
        )
    return Wanted(
        start,
        end,
        services=_services(args),
        statuses=statuses,
        page=page,
        size=size,
    )


def _services(args: Mapping[str, str]) -> tuple[str, ...]:
    """Codes that can be ones; where none of those asked for can, nothing is found."""
    typed = _list(args, "service_code")
    return tuple(code for code in typed if CODE.fullmatch(code)) or (typed[:1] and ("",))


def _list(args: Mapping[str, str], name: str) -> tuple[str, ...]:
    typed = args.get(name, "")[:10_000]
    return tuple(part.strip() for part in typed.split(",") if part.strip())


def _date(args: Mapping[str, str], name: str) -> dt.datetime | None:
    typed = args.get(name, "").strip()
    if not typed:
        return None
    found = read_date(typed[:60])
    if found is None:
        raise ApiError(
            400,
            Fault(name, _l("Write %(name)s like 2026-11-27T08:00:00Z, with its zone.", name=name)),
        )
    return found


def _count(args: Mapping[str, str], name: str, default: int) -> int:
    typed = ascii_digits(args.get(name, "")).strip()
    if not typed:
        return default
    if not (typed.isascii() and typed.isdigit() and len(typed) <= 6 and int(typed) >= 1):
        raise ApiError(400, Fault(name, _l("%(name)s is a number from 1.", name=name)))
    return int(typed)
