"""Names of what the audit trail says of calendars."""

from portal.audit.words import describe
from portal.i18n import _l

describe(
    {
        "calendar.closed": _l("Closure announced"),
        "calendar.closure_taken_back": _l("Closure taken back"),
        "calendar.hours_changed": _l("Working hours changed"),
        "calendar.hours_withdrawn": _l("Change of working hours taken back"),
        "calendar.stored": _l("Working calendar stored"),
        "calendar.holiday_announced": _l("Day of a holiday announced"),
        "calendar.redated": _l("Due times of a calendar computed anew"),
        "calendar.of_unit": _l("Working calendar of a unit changed"),
        "case_category.applied": _l("Agreement of a category applied to open cases"),
    },
    {
        "calendar": _l("Working calendar"),
        "calendar_closure": _l("Closure"),
        "calendar_holiday": _l("Holiday"),
    },
)
