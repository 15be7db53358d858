"""Working days for a reply, against a count of days one by one."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from portal import clock
from portal.db import db
from tests.factories.units import make_unit
from tests.workflows.letters.desk import make_letter
from workflows.calendars import catalogue
from workflows.calendars import services as calendars
from workflows.cases.moves import InputRefused
from workflows.letters import deadlines
from workflows.letters.models import Letter


@pytest.fixture(autouse=True)
def _still() -> Iterator[None]:
    with clock.freeze("2026-11-28T07:00:00+00:00"):
        yield


def test_the_last_of_so_many_days_that_are_open(context: Flask) -> None:
    office = calendars.calendar("tehran-office")

    @settings(max_examples=60)
    @given(
        st.dates(dt.date(2024, 1, 1), dt.date(2027, 6, 1)),
        st.integers(1, 60),
        st.sampled_from(["tehran-office", "always"]),
    )
    def check(day: dt.date, days: int, name: str) -> None:
        found = deadlines.count(name, day, days)
        counted, last = 0, day
        while counted < days:
            last += dt.timedelta(1)
            counted += name == "always" or bool(office.shifts_on(last))
        # Open until the end of the day: in Tehran that is the next day's first moment.
        local = (found.due_at - dt.timedelta(microseconds=1)).astimezone(office.zone)
        assert local.date() == last
        assert found.warn_at <= found.due_at
        assert found.warn_at.astimezone(office.zone).date() > day
        assert len(found.skipped) == (last - day).days - days

    check()


@pytest.mark.parametrize(("name", "days"), [("always", 0), ("always", 251), ("none-such", 5)])
def test_what_cannot_be_counted_is_refused(context: Flask, name: str, days: int) -> None:
    with pytest.raises(InputRefused):
        deadlines.count(name, dt.date(2026, 11, 28), days)


def test_a_closure_announced_later_moves_the_deadline_before_anybody_is_warned(
    app: Flask,
) -> None:
    unit = make_unit()
    made = make_letter(unit.id, issue=True, calendar="tehran-office", reply_days=4)
    with app.app_context():
        folder: Path = calendars.data_dir() / catalogue.FOLDER
        folder.mkdir(exist_ok=True)
        shipped = (catalogue.SHIPPED / "tehran-office.yaml").read_text()
        mine = folder / "tehran-office.yaml"
        mine.write_text(
            shipped
            + "\nclosures:\n  - {from: 2026-11-29, to: 2026-12-03, titles: {fa: آلودگی هوا}}\n"
        )
        try:
            assert made.act_at is not None
            clock.shift(made.act_at - clock.now())
            assert deadlines.sweep() == 1
            db.session.commit()
            letter = db.session.get_one(Letter, made.id)
            assert letter.warned_at is None
            assert letter.due_at is not None
            assert made.due_at is not None
            assert letter.due_at - made.due_at >= dt.timedelta(3)
            assert deadlines.sweep() == 0
        finally:
            mine.unlink()


def test_a_sweep_that_comes_after_everything_warns_and_reports_once_each(app: Flask) -> None:
    made = make_letter(make_unit().id, issue=True)
    clock.shift(days=60)
    with app.app_context():
        steps = 0
        while deadlines.sweep():
            db.session.commit()
            steps += 1
        assert steps == 2
        letter = db.session.get_one(Letter, made.id)
        assert letter.warned_at is not None
        # Nobody stands above: it stays with the unit itself.
        assert (letter.late_at, letter.reported_unit_id) == (clock.now(), letter.unit_id)
