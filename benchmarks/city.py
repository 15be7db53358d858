"""A throw-away city in a database folder of its own, with as many cases as a benchmark asks for."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from flask import Flask


@contextlib.contextmanager
def application(plugins: str = "workflows") -> Iterator[Flask]:
    """An application on new tables, without a context; everything is gone afterwards."""
    os.environ.setdefault("PASOKH_EMBEDDED_FAST", "1")
    from portal import services
    from portal.app import create_app
    from portal.cli import prepare_database
    from portal.config import Settings
    from portal.db import db

    with tempfile.TemporaryDirectory() as name:
        data_dir = Path(name) / "city"
        environ = {
            "PASOKH_ENV": "test",
            "DATA_DIR": str(data_dir),
            "SECRET_KEY": "benchmark-secret-key-that-is-long-enough",
            "PUBLIC_URL": "http://localhost",
            "PLUGINS": plugins,
            "LOG_LEVEL": "ERROR",
        }
        app = create_app(Settings.from_environ(environ))
        try:
            prepare_database(app)
            yield app
            with app.app_context():
                db.engine.dispose()
        finally:
            services.stop(data_dir)


@contextlib.contextmanager
def city(plugins: str = "workflows") -> Iterator[Flask]:
    """The same with its application context."""
    from portal.db import db

    with application(plugins) as app, app.app_context():
        yield app
        db.session.remove()


def units() -> list[int]:
    """A city of three levels; ids of the lowest."""
    from portal.db import db
    from portal.text import sort_key
    from portal.units.models import Unit

    def unit(code: str, parent: Unit | None) -> Unit:
        made = Unit(
            code=code,
            kind="district",
            names={"fa": code},
            sort_key=sort_key(code),
            parent_id=parent.id if parent else None,
        )
        db.session.add(made)
        db.session.flush()
        return made

    top = unit("deputy", None)
    districts = [unit(f"district-{number}", top) for number in range(1, 16)]
    offices = [unit(f"office-{number}", districts[number % 15]) for number in range(60)]
    db.session.commit()
    return [one.id for one in offices]


_CASES = """
    INSERT INTO cases (id, code, channel, category_id, language, text, place, neighbourhood,
        citizen_name, state, special, stage, stage_at, outcome_text, unit_id,
        received_at, closed_at, reopened, next_due_at)
    SELECT n, 'C' || lpad(n::text, 9, '0'), 'phone', %(category)s, 'fa',
        'چالهٔ بزرگی جلوی مدرسه است', 'خیابان ' || n %% 900, '', '',
        CASE WHEN n %% %(every)s = 0 THEN 'assigned' ELSE 'closed' END, false,
        CASE WHEN n %% %(every)s = 0 THEN 'assigned' ELSE 'closed' END, %(now)s, '',
        (%(units)s::bigint[])[1 + n %% cardinality(%(units)s::bigint[])],
        %(now)s - make_interval(mins => n::int %% 4000),
        CASE WHEN n %% %(every)s = 0 THEN NULL ELSE %(now)s END, 0, NULL
    FROM generate_series(1, %(cases)s) AS n
"""
_WORDS = """
    INSERT INTO case_words (case_id, words, is_open)
    SELECT id, replace(text || ' ' || place, 'هٔ', 'ه'), stage <> 'closed' FROM cases
"""


def cases(number: int, *, open_every: int = 5, unit_ids: list[int], hours: int = 40) -> int:
    """`number` cases, one of `open_every` open with two running clocks of office hours that are
    dated as the product dates them. Returns the category."""
    from portal import clock
    from portal.db import db
    from portal.text import sort_key
    from workflows.cases.models import Category

    category = Category(
        code=f"category-{number}",
        names={"fa": "چاله"},
        sort_key=sort_key("چاله"),
        resolution_hours=hours,
    )
    db.session.add(category)
    db.session.flush()
    now = clock.now()
    driver = db.session.connection().connection.driver_connection
    assert driver is not None
    with driver.cursor() as cursor:
        cursor.execute(
            _CASES,
            {
                "category": category.id,
                "every": open_every,
                "now": now,
                "units": unit_ids,
                "cases": number,
            },
        )
        cursor.execute(_WORDS)
        cursor.execute("SELECT id, received_at FROM cases WHERE stage <> 'closed' ORDER BY id")
        rows = [
            (case_id, kind, begun, limit)
            for case_id, begun in cursor.fetchall()
            for kind, limit in (("first_action", 8), ("resolution", hours))
        ]
        _clocks(cursor, rows)
        cursor.execute(
            "UPDATE cases SET next_due_at = found.due FROM (SELECT case_id, min(due_at) AS due"
            " FROM case_clocks GROUP BY case_id) AS found WHERE found.case_id = cases.id"
        )
    db.session.commit()
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE cases")
        connection.exec_driver_sql("VACUUM ANALYZE case_words")
        connection.exec_driver_sql("VACUUM ANALYZE case_clocks")
    return category.id


def _clocks(cursor: object, rows: list[tuple[int, str, object, int]]) -> None:
    import datetime as dt

    from workflows.calendars import clock as calendars
    from workflows.calendars import services

    office = services.calendar("tehran-office")
    columns = "case_id, kind, calendar, started_at, open_seconds, due_at, act_at, warned_at, level"
    with cursor.copy(f"COPY case_clocks ({columns}, agreed) FROM STDIN") as copy:  # type: ignore[attr-defined]
        for case_id, kind, begun, limit in rows:
            assert isinstance(begun, dt.datetime)
            length = dt.timedelta(hours=limit)
            due = calendars.due(office, begun, length).at
            copy.write_row(
                (case_id, kind, office.name, begun, limit * 3600, due, due, begun, 0, True)
            )
