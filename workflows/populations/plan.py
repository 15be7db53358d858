"""What a move of a running population would do: checked and counted before anybody agrees."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select

from portal.db import db
from portal.i18n import LazyText, _l
from workflows.cases import flow
from workflows.cases.models import Case, CaseClock
from workflows.engine import catalogue, clock_checks, versions
from workflows.engine.model import Definition


class PlanError(ValueError):
    """The move cannot be asked for; `message` is for people."""

    def __init__(self, message: LazyText) -> None:
        super().__init__(str(message))
        self.message = message


@dataclass(frozen=True)
class Report:
    """`states`: state -> (its new state, cases); clocks: name -> running clocks concerned."""

    cases: int
    states: dict[str, tuple[str | None, int]] = field(default_factory=dict)
    go_on: dict[str, int] = field(default_factory=dict)
    stop: dict[str, int] = field(default_factory=dict)
    start: dict[str, int] = field(default_factory=dict)
    problems: tuple[LazyText, ...] = ()

    def stored(self) -> dict[str, Any]:
        return {
            "cases": self.cases,
            "states": {name: list(pair) for name, pair in self.states.items()},
            "go_on": self.go_on,
            "stop": self.stop,
            "start": self.start,
        }


def definition_from(workflow: str, from_id: int | None) -> Definition:
    """The old version. Raises LookupError."""
    return versions.get(from_id) if from_id is not None else catalogue.shipped()[workflow]


def suggested(old: Definition, new: Definition) -> dict[str, str]:
    """Each state to the one of the same name; ends need none."""
    return {
        name: name
        for name, state in old.states.items()
        if not state.final and name in new.states and not new.states[name].final
    }


def running(workflow: str, from_id: int | None) -> ColumnElement[bool]:
    """The open cases of a version."""
    if from_id is not None:
        return and_(Case.definition_id == from_id, Case.stage != "closed")
    found = [Case.definition_id.is_(None), Case.stage != "closed"]
    if workflow == flow.URGENT:
        found.append(Case.urgency.is_not(None))
    else:
        found.append(Case.urgency.is_(None))
        origins = {name: origin for origin, name in flow.OF_ORIGIN.items()}
        if workflow in origins:
            found.append(Case.origin_type == origins[workflow])
        else:
            found.append(func.coalesce(Case.origin_type, "").not_in(flow.OF_ORIGIN))
    return and_(*found)


def dry_run(workflow: str, from_id: int | None, to_id: int, mapping: Mapping[str, str]) -> Report:
    """Counts without changing anything; a constant number of statements. Raises LookupError."""
    old, new = definition_from(workflow, from_id), versions.get(to_id)
    counted = dict(
        db.session.execute(
            select(Case.state, func.count()).where(running(workflow, from_id)).group_by(Case.state)
        ).all()
    )
    clocks = db.session.execute(
        select(Case.state, CaseClock.kind, func.count())
        .join(CaseClock, CaseClock.case_id == Case.id)
        .where(running(workflow, from_id), CaseClock.stopped_at.is_(None))
        .group_by(Case.state, CaseClock.kind)
    ).all()
    go_on: dict[str, int] = {}
    stop: dict[str, int] = {}
    for _state, kind, number in clocks:
        into = go_on if kind in new.clocks else stop
        into[kind] = into.get(kind, 0) + number
    start: dict[str, int] = {}
    owed = started(old, new, mapping)
    for state, number in counted.items():
        for name in owed.get(state, ()):
            start[name] = start.get(name, 0) + number
    return Report(
        cases=sum(counted.values()),
        states={state: (mapping.get(state), number) for state, number in counted.items()},
        go_on=go_on,
        stop=stop,
        start=start,
        problems=tuple(_problems(old, new, mapping, counted)),
    )


def started(old: Definition, new: Definition, mapping: Mapping[str, str]) -> dict[str, list[str]]:
    """state of the old version -> the promises that a case in it is owed by the new one alone:
    the old one does not know them, or not there."""
    promised = {
        name: clock_checks.where(old, old.clocks[name]) if name in old.clocks else frozenset()
        for name in new.clocks
    }
    return {
        before: [
            name
            for name, rule in new.clocks.items()
            if after in rule.starts and before not in promised[name]
        ]
        for before, after in mapping.items()
    }


def _problems(
    old: Definition, new: Definition, mapping: Mapping[str, str], counted: Mapping[str, int]
) -> list[LazyText]:
    found: list[LazyText] = []
    # Where nobody is now somebody may be when the move comes by.
    ways = {one for one in mapping if one in old.states and not old.states[one].final}
    for state in sorted({*counted, *ways}):
        target = mapping.get(state)
        if not target or target not in new.states:
            found.append(_l("Choose where the cases in the state “%(state)s” go.", state=state))
        elif new.states[target].final:
            found.append(_l("“%(state)s” would be ended: an end is never moved to.", state=state))
        elif (new.states[target].stage == "feedback") != (old.states[state].stage == "feedback"):
            found.append(
                _l(
                    "“%(state)s” and “%(target)s” do not fit: in one of them the citizen has "
                    "been asked, in the other not.",
                    state=state,
                    target=target,
                )
            )
    return found
