"""Categories of cases from a CSV file; a known code changes that category. Nothing commits.

Columns: code, name_fa, name_ar, name_en, unit (its code, may stay empty), calendar,
first_action_hours, resolution_hours, definition (of the workflow; without the column it stays).
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select

from portal import audit
from portal.db import db
from portal.i18n import LANGUAGES, InputError, LazyText, _l, parse_int
from portal.text import sort_key
from portal.units import services as units
from workflows.calendars import services as calendars
from workflows.calendars.clock import CalendarError
from workflows.cases import clocks, tables
from workflows.cases.models import Category

MOST_HOURS = 2_000
DEFINITION = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")


@dataclass(frozen=True)
class Rejected:
    row: int
    reason: LazyText


@dataclass
class Result:
    imported: int = 0
    updated: int = 0
    rejected: list[Rejected] = field(default_factory=list)


class _Refused(ValueError):  # noqa: N818
    def __init__(self, reason: LazyText) -> None:
        super().__init__(str(reason))
        self.reason = reason


def import_file(path: Path) -> Result:
    """Store the good rows of a file; flushes. Raises tables.FileRefused."""
    result = Result()
    known = {category.code: category for category in db.session.scalars(select(Category))}
    for number, row in tables.read(path, ("code", "name_fa")):
        try:
            values = _values(row)
        except _Refused as refused:
            result.rejected.append(Rejected(number, refused.reason))
            continue
        except units.UnitError as error:
            result.rejected.append(Rejected(number, error.message))
            continue
        category = known.get(str(values["code"]))
        if category is None:
            category = Category(**values)
            db.session.add(category)
            known[category.code] = category
            result.imported += 1
            action = "case_category.created"
        else:
            if all(getattr(category, name) == value for name, value in values.items()):
                continue
            for name, value in values.items():
                setattr(category, name, value)
            result.updated += 1
            action = "case_category.changed"
        db.session.flush()
        audit.record(action, "case_category", category.id, **values)
    return result


def _values(row: dict[str, str]) -> dict[str, object]:
    names = units.checked_names({lang: row.get(f"name_{lang}", "") for lang in LANGUAGES})
    unit_id = None
    if row.get("unit"):
        unit = units.by_code(row["unit"])
        if unit is None:
            raise _Refused(_l("There is no unit with the code %(code)s.", code=row["unit"][:40]))
        unit_id = unit.id
    calendar = row.get("calendar") or clocks.DEFAULT_CALENDAR
    try:
        calendars.calendar(calendar)
    except CalendarError as error:
        raise _Refused(_l("The calendar cannot be used: %(why)s", why=str(error))) from error
    more: dict[str, object] = {}
    if "definition" in row:
        if row["definition"] and not DEFINITION.fullmatch(row["definition"]):
            raise _Refused(_l("There is no such workflow."))
        more["definition"] = row["definition"] or None
    return {
        **more,
        "code": units.checked_code(row["code"]),
        "names": names,
        "sort_key": sort_key(names.get("fa", "") or next(iter(names.values()))),
        "unit_id": unit_id,
        "calendar": calendar,
        "first_action_hours": _hours(
            row.get("first_action_hours", ""), clocks.DEFAULT_FIRST_ACTION_HOURS
        ),
        "resolution_hours": _hours(
            row.get("resolution_hours", ""), clocks.DEFAULT_RESOLUTION_HOURS
        ),
    }


def _hours(typed: str, default: int) -> int:
    if not typed:
        return default
    try:
        hours = parse_int(typed)
    except InputError:
        hours = 0
    if not 1 <= hours <= MOST_HOURS:
        raise _Refused(_l("Write a whole number of hours."))
    return hours
