"""Worker and beat are killed while 200 clocks run out; each warns once and escalates once."""

import datetime as dt
import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal import clock, services
from portal.app import create_app
from portal.beat import PeriodicRun
from portal.cli import prepare_database
from portal.db import db
from portal.text import sort_key
from portal.units.models import Unit
from tests.conftest import close, make_settings
from tests.processes.test_survival import Crew, wait_until

pytestmark = [pytest.mark.processes, pytest.mark.workflows, pytest.mark.timeout(120)]

CASES = 200
SPREAD_SECONDS = 16
"""The clocks run out one after another over this time."""


@pytest.fixture
def city(tmp_path: Path) -> Iterator[tuple[Flask, Crew]]:
    environ = {
        "PASOKH_ENV": "test",
        "DATA_DIR": str(tmp_path / "city"),
        "SECRET_KEY": "s" * 40,
        "PUBLIC_URL": "http://localhost",
        "PLUGINS": "workflows",
        "LOG_LEVEL": "WARNING",
    }
    settings = make_settings(
        data_dir=tmp_path / "city", secret_key="s" * 40, plugins=("workflows",)
    )
    app = create_app(settings)
    prepare_database(app)
    crew = Crew({**os.environ, **environ})
    try:
        yield app, crew
    finally:
        crew.stop()
        close(app)
        services.stop(tmp_path / "city")


def make_cases() -> None:
    """Urgent cases that came almost two hours ago: the moments of their first actions are near."""
    from workflows.cases import intake

    above = Unit(code="above", kind="deputy", names={"en": "Above"}, sort_key=sort_key("Above"))
    db.session.add(above)
    db.session.flush()
    unit = Unit(
        code="below",
        kind="district",
        names={"en": "Below"},
        sort_key=sort_key("Below"),
        parent_id=above.id,
    )
    db.session.add(unit)
    db.session.flush()
    now = clock.now()
    for number in range(CASES):
        due_in = dt.timedelta(seconds=4 + number * SPREAD_SECONDS / CASES)
        with clock.freeze(now + due_in - dt.timedelta(hours=2)):
            intake.receive(
                channel="phone",
                text=f"خطر {number}",
                language="fa",
                urgency="danger",
                unit_id=unit.id,
                notify=False,
            )
    db.session.commit()


def told() -> Counter[str]:
    """How often a first action's clock warned or escalated, in all."""
    from workflows.cases.models import CaseEvent

    rows = db.session.execute(
        select(CaseEvent.kind, func.count())
        .where(CaseEvent.data["clock"].astext == "first_action")
        .group_by(CaseEvent.kind)
    )
    found = Counter(dict(rows.all()))
    db.session.rollback()
    return found


def test_every_clock_warns_once_and_escalates_once(city: tuple[Flask, Crew]) -> None:
    from workflows.cases.jobs import sweep_clocks
    from workflows.cases.models import CaseEvent

    app, crew = city
    chance = random.Random(137)
    with app.app_context():

        def due_again() -> None:
            """Processes start and die quicker than the period of the sweep: make it due."""
            crew.keep()
            with db.engine.begin() as connection:
                connection.execute(
                    PeriodicRun.__table__.update()  # type: ignore[attr-defined]
                    .where(PeriodicRun.name == sweep_clocks.name)
                    .values(last_queued_at=None)
                )

        def swept() -> bool:
            found = db.session.get(PeriodicRun, sweep_clocks.name)
            db.session.rollback()
            return found is not None and found.last_finished_at is not None

        # On a slow machine everything would be due before anybody was there to be killed.
        assert wait_until(swept, 60, crew.keep)
        make_cases()
        kills = 0
        deadline = time.monotonic() + 75
        while time.monotonic() < deadline:
            victim = chance.choice(["worker-1", "worker-2", "beat"])
            before = sum(told().values())
            moved = wait_until(
                lambda before=before: sum(told().values()) > before,  # type: ignore[misc]
                6,
                due_again,
            )
            if told() == {"warned": CASES, "escalated": CASES}:
                break
            if moved and kills < 9:
                time.sleep(chance.uniform(0, 0.3))
                crew.kill(victim)
                kills += 1
        assert kills >= 3, "all was over too early to hurt it"
        # One more round by everybody at once: nothing is left to say.
        sweep_clocks()
        for kind in ("warned", "escalated"):
            rows = db.session.scalars(
                select(func.count())
                .where(CaseEvent.kind == kind, CaseEvent.data["clock"].astext == "first_action")
                .group_by(CaseEvent.case_id)
            ).all()
            assert list(rows) == [1] * CASES, f"{kind}: {Counter(rows)}"
