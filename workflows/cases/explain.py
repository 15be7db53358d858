"""A case's clock in words, the same for officer and citizen."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import select

from portal import clock
from portal.db import db
from portal.i18n import (
    LazyText,
    _,
    _l,
    format_datetime,
    format_duration,
    format_time,
    local,
    pick,
    use_language,
)
from portal.units.models import Unit
from workflows.cases.clock_models import ClockSpan
from workflows.cases.following import clock_title
from workflows.cases.models import Case, CaseClock

PAUSE_NAMES: dict[str, LazyText] = {
    "citizen": _l("Waiting for the citizen"),
    "other_body": _l("Waiting for another body"),
    "state": _l("Held by the state of the case"),
}


def explain(case: Case, lang: str | None = None) -> str:
    """«تا ۱۵:۴۰ اقدام اولیه؛ ۲۲ دقیقه مانده؛ سپس به … اعلام می‌شود.»"""
    return explain_many([case], lang)[case.id]


def explain_many(cases: Iterable[Case], lang: str | None = None) -> dict[int, str]:
    """case id -> its sentence; two queries for any number of cases, three where some wait."""
    cases = list(cases)
    clocks = _first_clocks([case.id for case in cases])
    chains = Chains() if clocks else None
    waiting = [row.id for row in clocks.values() if row.paused_at is not None]
    if chains and waiting:
        chains.reasons = _reasons(waiting)
    with use_language(lang):
        return {
            case.id: _sentence(case, clocks[case.id], chains)
            if chains and case.id in clocks
            else _without_clock(case)
            for case in cases
        }


def _reasons(clock_ids: list[int]) -> dict[int, str]:
    """clock id -> for whom it waits now."""
    rows = db.session.execute(
        select(ClockSpan.clock_id, ClockSpan.reason).where(
            ClockSpan.clock_id.in_(clock_ids),
            ClockSpan.ended_at.is_(None),
            ClockSpan.kind == "pause",
        )
    )
    return {row.clock_id: row.reason or "" for row in rows}


def _first_clocks(case_ids: list[int]) -> dict[int, CaseClock]:
    """Of each case the running clock that runs out first."""
    rows = db.session.scalars(
        select(CaseClock)
        .where(CaseClock.case_id.in_(case_ids), CaseClock.stopped_at.is_(None))
        .order_by(
            # One that stands still says so only where no other runs.
            CaseClock.paused_at.is_not(None).desc(),
            CaseClock.due_at.desc(),
            CaseClock.id.desc(),
        )
    )
    return {row.case_id: row for row in rows}


@dataclass
class Chains:
    """The tree of units in one query, for lists; portal.units.services.escalation_chain is the
    same for one unit."""

    units: dict[int, Unit] = field(
        default_factory=lambda: {unit.id: unit for unit in db.session.scalars(select(Unit))}
    )

    reasons: dict[int, str] = field(default_factory=dict)
    """clock id -> for whom it waits."""

    def above(self, unit_id: int | None) -> list[Unit]:
        found: list[Unit] = []
        seen: set[int] = set()
        unit = self.units.get(unit_id or 0)
        while unit is not None and unit.id not in seen:
            seen.add(unit.id)
            if unit.active and unit.id != unit_id:
                found.append(unit)
            unit = self.units.get(unit.escalates_to_id or unit.parent_id or 0)
        return found


def _sentence(case: Case, row: CaseClock, chains: Chains) -> str:
    now = clock.now()
    above = chains.above(case.unit_id)
    what = clock_title(case, row.kind)
    if row.paused_at is not None:
        return _(
            "%(what)s: the time stands still since %(when)s (%(reason)s).",
            what=what,
            when=_when(row.paused_at, now),
            reason=PAUSE_NAMES.get(chains.reasons.get(row.id, ""), "—"),
        )
    moment = _when(row.due_at, now)
    if now < row.due_at:
        left = _span(row.due_at - now)
        if not above:
            return _("%(what)s by %(when)s; %(left)s left.", what=what, when=moment, left=left)
        return _(
            "%(what)s by %(when)s; %(left)s left; then it is reported to %(unit)s.",
            what=what,
            when=moment,
            left=left,
            unit=pick(above[0].names),
        )
    late = _span(now - row.due_at)
    if row.told_units:
        told = chains.units[row.told_units[-1]]
        return _(
            "%(what)s was due by %(when)s; %(late)s late; it has been reported to %(unit)s.",
            what=what,
            when=moment,
            late=late,
            unit=pick(told.names),
        )
    if above:
        return _(
            "%(what)s was due by %(when)s; %(late)s late; it is now being reported to %(unit)s.",
            what=what,
            when=moment,
            late=late,
            unit=pick(above[0].names),
        )
    return _("%(what)s was due by %(when)s; %(late)s late.", what=what, when=moment, late=late)


def _without_clock(case: Case) -> str:
    if case.stage == "closed" and case.closed_at is not None:
        return _("Closed on %(when)s.", when=format_datetime(case.closed_at))
    return _("No deadline is running.")


def _when(moment: dt.datetime, now: dt.datetime) -> str:
    """The time of day; with its date unless that is today."""
    if local(moment).date() == local(now).date():
        return format_time(moment)
    return format_datetime(moment, "day")


def _span(span: dt.timedelta) -> str:
    minutes = int(span.total_seconds()) // 60
    if minutes < 1:
        return _("less than a minute")
    return format_duration(dt.timedelta(minutes=minutes))
