"""Which clocks a step starts and stops, by the rules of the case's definition. Nothing commits."""

import datetime as dt
from typing import Final

from workflows.calendars import services as calendars
from workflows.cases import agreements, clocks, dating, standing
from workflows.cases.models import Case, CaseClock
from workflows.engine import run
from workflows.engine.model import ClockRule, Definition

PROMISED: Final = "resolution"
"""The clock that a promise given by a person takes the place of."""


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
            clocks.start(case, name, clocks.ALWAYS, limit, since, rule=rule)
        else:
            calendar, limit = agreements.of(case, name)
            if calendars.due(dating.usable(calendar), since, limit).at < due_at:
                start(case, rule, since)
    standing.follow_state(case, run.paused_clocks(definition, definition.initial))


def follow(case: Case, definition: Definition, before: str, after: str, action: str) -> None:
    """Stop and start what a step from one state to another stops and starts."""
    for name in run.stop_clocks(definition, before, after, action):
        clocks.stop(case, name, action)
    for name in run.start_clocks(definition, before, after, action):
        if name not in {row.kind for row in clocks.running(case.id)}:
            start(case, definition.clocks[name])
    standing.follow_state(case, run.paused_clocks(definition, after))


def changed(case: Case, before: Definition, after: Definition) -> None:
    """Another workflow from the same state on: what both promise goes on, by the new one's rules;
    what only the old one promises ends, what only the new one promises begins."""
    known = {row.kind: row for row in clocks.running(case.id)}
    for name, row in known.items():
        rule = after.clocks.get(name)
        if rule is None:
            clocks.stop(case, name, "workflow")
        else:
            clocks.follow(row, rule)
    for name, rule in after.clocks.items():
        if name not in before.clocks and name not in known and case.state in rule.starts:
            start(case, rule)
    standing.follow_state(case, run.paused_clocks(after, case.state))


def start(case: Case, rule: ClockRule, since: dt.datetime | None = None) -> CaseClock:
    """A clock of the definition, in the hours and with the limit that hold for the case now."""
    return clocks.start(
        case,
        rule.name,
        *agreements.of(case, rule.name),
        since,
        agreed=rule.calendar == agreements.OF_CATEGORY,
        rule=rule,
    )
