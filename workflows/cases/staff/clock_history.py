"""What the history says of pauses, other agreements, and due times that moved."""

import datetime as dt
from typing import Any

from portal.i18n import LazyText, _, _l, format_datetime, pick
from workflows.cases.explain import PAUSE_NAMES
from workflows.cases.following import clock_title
from workflows.cases.models import Case

WHY: dict[str, LazyText] = {
    "closure": _l("Closed: %(words)s"),
    "reopened": _l("A closure was taken back: %(words)s"),
    "holiday": _l("Day of a holiday: %(words)s"),
    "hours": _l("Other working hours"),
    "calendar": _l("Another working calendar"),
    "agreement": _l("Another agreement"),
    "unit": _l("Hours of another unit"),
    "urgency": _l("Another urgency"),
    "category": _l("Another category"),
}


def lines(case: Case, kind: str, data: dict[str, Any]) -> list[str]:
    match kind:
        case "paused":
            found = [str(PAUSE_NAMES.get(str(data.get("reason")), ""))]
            if until := _moment(data.get("until")):
                found.append(_("Until %(when)s", when=format_datetime(until, "day")))
            return found
        case "resumed":
            due = data.get("due") or {}
            return [_line(case, str(clock), when) for clock, when in due.items()]
        case _:
            why = WHY.get(str(data.get("why")))
            words = data.get("words") or {}
            text = str(why) % {"words": pick(words) if words else ""} if why else ""
            return [text, *(_moved(case, one) for one in data.get("clocks") or ())]


def _moved(case: Case, one: dict[str, Any]) -> str:
    before, after = _moment(one.get("from")), _moment(one.get("to"))
    if before is None or after is None or before == after:
        return _line(case, str(one.get("clock")), one.get("to"))
    return _(
        "%(what)s: %(before)s → %(after)s",
        what=clock_title(case, str(one.get("clock"))),
        before=format_datetime(before, "day"),
        after=format_datetime(after, "day"),
    )


def _line(case: Case, clock: str, when: object) -> str:
    due = _moment(when)
    if due is None:
        return ""
    return _(
        "%(what)s, due %(when)s",
        what=clock_title(case, clock),
        when=format_datetime(due, "day"),
    )


def _moment(value: object) -> dt.datetime | None:
    try:
        return dt.datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
