"""Which clocks a step starts and stops, by the rules of the case's definition. Nothing commits."""

import datetime as dt
from typing import Final

from workflows.calendars import services as calendars
from workflows.cases import clocks
from workflows.cases.models import Case, CaseClock
from workflows.engine import run
from workflows.engine.model import ClockRule, Definition

OF_CATEGORY: Final = "category"
PROMISED: Final = "resolution"
"""The clock that a promise given by a person takes the place of."""
FIRST: Final = "first_action"


def begin(case: Case, definition: Definition, due_at: dt.datetime | None = None) -> None:
    """The clocks of a new case, from the moment its message came.

    `due_at`: a promise that somebody gave, instead of the limit of the settlement.
    """
    since = case.received_at
    for name in run.start_clocks(definition, None, definition.initial, ""):
        rule = definition.clocks[name]
        if due_at is None:
            start(case, rule, since)
        elif name == PROMISED:
            limit = max(due_at - since, dt.timedelta())
            clocks.start(case, name, clocks.ALWAYS, limit, since)
        elif calendars.due(calendar_of(case, rule), since, limit_of(case, rule)).at < due_at:
            start(case, rule, since)


def follow(case: Case, definition: Definition, before: str, after: str, action: str) -> None:
    """Stop and start what a step from one state to another stops and starts."""
    for name in run.stop_clocks(definition, before, after, action):
        clocks.stop(case, name, action)
    for name in run.start_clocks(definition, before, after, action):
        if name not in {row.kind for row in clocks.running(case.id)}:
            start(case, definition.clocks[name])


def start(case: Case, rule: ClockRule, since: dt.datetime | None = None) -> CaseClock:
    return clocks.start(case, rule.name, calendar_of(case, rule), limit_of(case, rule), since)


def calendar_of(case: Case, rule: ClockRule) -> str:
    """Name of the calendar a clock of the case runs in."""
    if rule.calendar != OF_CATEGORY:
        return rule.calendar
    return case.category.calendar if case.category else clocks.DEFAULT_CALENDAR


def limit_of(case: Case, rule: ClockRule) -> dt.timedelta:
    """Open time: the definition's, or what the category of the case promises."""
    if rule.limit_hours is not None:
        return dt.timedelta(hours=rule.limit_hours)
    category = case.category
    if rule.name == FIRST:
        hours = category.first_action_hours if category else clocks.DEFAULT_FIRST_ACTION_HOURS
    else:
        hours = category.resolution_hours if category else clocks.DEFAULT_RESOLUTION_HOURS
    return dt.timedelta(hours=hours)
