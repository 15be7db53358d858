"""Whatever is done to a case in whatever order, its stored due times are those of the oracle."""

import datetime as dt
import random

import pytest
from flask import Flask
from sqlalchemy import select

from portal import clock
from portal.db import db
from tests.factories.cases import make_case, make_category
from tests.factories.units import make_unit
from tests.workflows.calendars.oracle import DAY, DAYS, FIRST_DAY, TEHRAN, Facts, Stretch
from workflows.calendars import city, own
from workflows.calendars.model import DAYS as WEEK
from workflows.cases import clocks, moves, pauses, stages, work
from workflows.cases.clock_jobs import redate
from workflows.cases.jobs import sweep_clocks
from workflows.cases.models import CaseClock, Category

MORNING, SHIFTS, NIGHT, WHOLE = (
    ((450, 855),),
    ((480, 720), (780, 900)),
    ((1320, 1800),),
    ((0, 1440),),
)
WEEKS = [
    [MORNING, MORNING, SHIFTS, MORNING, (), MORNING, MORNING],
    [SHIFTS, NIGHT, SHIFTS, (), WHOLE, NIGHT, SHIFTS],
]
BEGIN = dt.datetime.combine(FIRST_DAY, dt.time(0), TEHRAN)


def moment(minute: int) -> dt.datetime:
    return BEGIN + dt.timedelta(minutes=minute)


def texts(week: list[tuple[tuple[int, int], ...]]) -> dict[str, list[str]]:
    def time(minute: int) -> str:
        return f"{minute // 60 if minute <= 1440 else minute // 60 - 24:02d}:{minute % 60:02d}"

    return {
        day: [f"{time(start)}-{time(end)}" for start, end in hours]
        for day, hours in zip(WEEK, week, strict=True)
        if hours
    }


class Watch:
    """The case, and what the oracle has been told of it."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.facts = [Facts(f"hours-{number}", list(week)) for number, week in enumerate(WEEKS)]
        self.units = []
        for number, week in enumerate(WEEKS):
            own.create(
                f"hours-{number}",
                titles={"fa": str(number)},
                weekly=texts(week),
                country=None,
                by=None,
            )
            unit = make_unit()
            self.units.append(unit.id)
            own.set_unit_calendar(unit.id, f"hours-{number}", by=None)
        db.session.commit()
        redate()
        self.minute = 3 * DAY
        self.calendar = 0
        self.category: Category = make_category(first_action_hours=8, resolution_hours=20)
        self.limits = {"first_action": 480, "resolution": 1200, "objection": 960}
        self.courses: dict[str, list[Stretch]] = {}
        self.waiting: set[str] = set()
        self.closures: list[tuple[int, int, int, int]] = []
        self.case_id = 0

    def begin(self) -> None:
        self.case_id = make_case(e164=None, unit_id=self.units[0], category_id=self.category.id).id
        for kind in ("first_action", "resolution"):
            self.start(kind)

    def start(self, kind: str) -> None:
        stretch = Stretch(self.calendar, self.minute, None, self.limits[kind])
        self.courses.setdefault(kind, []).append(stretch)

    def end(self, kind: str) -> None:
        self.courses[kind][-1].end = self.minute

    # What may happen

    def pass_time(self) -> None:
        minutes = self.chance.choice((1, 40, 200, 700, 2000))
        self.minute += minutes
        clock.shift(minutes=minutes)
        sweep_clocks()

    def pause(self) -> None:
        kinds = [
            kind
            for kind in self.courses
            if kind not in self.waiting and (self.due(kind) or 0) > self.minute
        ]
        if not kinds:
            with pytest.raises(stages.StageError):
                pauses.pause(self.case_id, by=None, reason="other_body", text="x")
            return
        pauses.pause(self.case_id, by=None, reason="other_body", text="x")
        for kind in kinds:
            self.end(kind)
        self.waiting |= set(kinds)

    def resume(self) -> None:
        if not self.waiting:
            return
        pauses.resume(self.case_id, by=None)
        for kind in self.waiting:
            self.start(kind)
        self.waiting = set()

    def pass_on(self) -> None:
        number = self.chance.randrange(2)
        work.assign(self.case_id, unit_id=self.units[number], assignee_id=None, by=None)
        if number != self.calendar:
            self.calendar = number
            for kind in set(self.courses) - self.waiting:
                self.end(kind)
                self.start(kind)

    def agree(self) -> None:
        hours = self.chance.choice((1, 10, 30))
        category = db.session.get_one(Category, self.category.id)
        category.resolution_hours = hours
        db.session.commit()
        clocks.rebase(moves.lock(self.case_id), why="agreement", by=None)
        if self.limits["resolution"] != hours * 60:
            self.limits["resolution"] = hours * 60
            if "resolution" in self.courses and "resolution" not in self.waiting:
                self.end("resolution")
                self.start("resolution")

    def close(self) -> None:
        number = self.chance.randrange(2)
        day = self.minute // DAY + self.chance.randrange(-1, 4)
        first = FIRST_DAY + dt.timedelta(day)
        whole = self.chance.random() < 0.5
        row = city.announce(
            calendars=[f"hours-{number}"],
            first=first,
            last=first,
            hours=None if whole else (dt.time(9), dt.time(14, 30)),
            reasons={"fa": "برف"},
            by=None,
        )
        cut = (day * DAY + 540, day * DAY + 870)
        self.closures.append((row.id, number, day if whole else -1, cut[0]))
        if whole:
            self.facts[number].closed_days.add(day)
        else:
            self.facts[number].cuts.append(cut)
        db.session.commit()
        redate()

    def open_again(self) -> None:
        if not self.closures:
            return
        closure_id, number, day, begin = self.closures.pop()
        city.take_back(closure_id, by=None)
        if day < 0:
            self.facts[number].cuts.remove((begin, begin + 330))
        elif not any(one[1:3] == (number, day) for one in self.closures):
            self.facts[number].closed_days.discard(day)
        db.session.commit()
        redate()

    def reopen(self) -> None:
        work.finish(self.case_id, by=None, outcome="done", text="x")
        work.reopen(self.case_id, by=None, text="x")
        self.courses, self.waiting = {}, set()
        self.start("objection")

    # What must be true

    def due(self, kind: str) -> int | None:
        used, due = 0, None
        for one in self.courses[kind]:
            facts = self.facts[one.calendar]
            due = (one.start if due is None else due) if used >= one.limit else None
            for minute in range(one.start, DAYS * DAY if one.end is None else one.end):
                if one.end is None and due is not None:
                    break
                used += facts.counts(minute)
                if used == one.limit and due is None:
                    due = minute + 1
        return due

    def check(self) -> None:
        rows = db.session.scalars(
            select(CaseClock)
            .where(CaseClock.case_id == self.case_id, CaseClock.stopped_at.is_(None))
            .execution_options(populate_existing=True)
        ).all()
        assert {row.kind for row in rows} == set(self.courses)
        assert {row.kind for row in rows if row.paused_at} == self.waiting
        for row in rows:
            if row.kind not in self.waiting:
                due = self.due(row.kind)
                assert due is not None
                assert row.due_at == moment(due), (row.kind, self.courses[row.kind])


@pytest.mark.parametrize("seed", range(5))
def test_every_order_of_things(context: Flask, seed: int) -> None:
    chance = random.Random(seed)
    watch = Watch(chance)
    with clock.freeze(moment(watch.minute)):
        watch.begin()
        steps = (
            watch.pass_time,
            watch.pass_time,
            watch.pause,
            watch.resume,
            watch.pass_on,
            watch.agree,
            watch.close,
            watch.open_again,
        )
        for number in range(24):
            step = watch.reopen if number == 17 else chance.choice(steps)
            step()
            db.session.commit()
            watch.check()
