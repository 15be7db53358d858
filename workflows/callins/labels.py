"""States, rules and days of call-ins in words."""

from portal.i18n import LazyText, _, _l
from workflows.callins.models import CallinSeries

SESSION_STATES: dict[str, LazyText] = {
    "planned": _l("Planned"),
    "open": _l("On the air now"),
    "closed": _l("Ended"),
    "cancelled": _l("Cancelled"),
}
KINDS: dict[str, LazyText] = {
    "call_in": _l("Answering by telephone"),
    "meeting": _l("Public meeting"),
    "mosque": _l("Meeting in a mosque"),
    "press": _l("Press conference"),
    "visit": _l("Visit of a project"),
}
ON_HOLIDAYS: dict[str, LazyText] = {
    "skip": _l("There is no session on a holiday"),
    "hold": _l("The session takes place all the same"),
}
CALL_STATES: dict[str, LazyText] = {
    "waiting": _l("On the waiting list"),
    "queued": _l("In the queue"),
    "in_call": _l("Talking now"),
    "answered": _l("Answered at once"),
    "promised": _l("Promised"),
    "transferred": _l("Transferred"),
    "dropped": _l("Call dropped"),
    "no_show": _l("Did not pick up"),
    "unreached": _l("Not reached before the end"),
    "cancelled": _l("Cancelled by the citizen"),
}
CALL_TONES = {
    "waiting": "warn",
    "queued": "info",
    "in_call": "special",
    "answered": "good",
    "promised": "info",
    "dropped": "bad",
    "no_show": "warn",
    "unreached": "warn",
}
PROMISE_STATES: dict[str, LazyText] = {
    "kept": _l("Kept in time"),
    "late": _l("Kept late"),
    "open": _l("Not due yet"),
    "overdue": _l("Overdue"),
    "not_kept": _l("Ended without being done"),
}
PROMISE_TONES = {
    "kept": "good",
    "late": "warn",
    "open": "info",
    "overdue": "bad",
    "not_kept": "bad",
}
WEEKDAYS: dict[int, LazyText] = {
    5: _l("Saturday"),
    6: _l("Sunday"),
    0: _l("Monday"),
    1: _l("Tuesday"),
    2: _l("Wednesday"),
    3: _l("Thursday"),
    4: _l("Friday"),
}
"""In the order of the Iranian week."""
ORDINALS: dict[int, LazyText] = {
    1: _l("First"),
    2: _l("Second"),
    3: _l("Third"),
    4: _l("Fourth"),
    -1: _l("Last"),
}
FREQUENCIES: dict[str, LazyText] = {
    "monthly": _l("Once a month"),
    "weekly": _l("Every week"),
}
MONTH_CALENDARS: dict[str, LazyText] = {
    "persian": _l("Persian months"),
    "gregorian": _l("Gregorian months"),
}


def rule_words(series: CallinSeries) -> str:
    """ "First Sunday of the month", "Every Sunday"."""
    weekday = WEEKDAYS[series.weekday]
    if series.frequency == "weekly":
        return _("Every %(weekday)s", weekday=weekday)
    return _(
        "%(ordinal)s %(weekday)s of the month", ordinal=ORDINALS[series.ordinal], weekday=weekday
    )
