"""A year of calls to the centre: its figures and the page beside the telephone.

`python -m benchmarks.bench_calls [CALLS]` prints JSON, from a database of its own that is thrown
away; `make bench` takes 487,000, what the 137 of a large city hears in a year. Milliseconds, the
best of three.
"""

import datetime as dt
import json
import sys
import time
from collections.abc import Callable

from sqlalchemy import text

from benchmarks.city import city

CALLS = 487_000
OPERATORS = 25
_PEOPLE = """
INSERT INTO users (email, name, language, password, active, fs_uniquifier, created_at)
SELECT 'operator' || n || '@city.example', 'operator ' || n, 'fa', '', true, md5(n::text), now()
FROM generate_series(1, :number) AS n
"""
_FILL = """
INSERT INTO calls
  (line, name, e164, started_at, ended_at, day, hour, operator_id, result, transferred_to,
   language, subject, note)
SELECT '137', '', '+98912' || (1000000 + n % 300000), at, at, at::date, extract(hour FROM at),
  (SELECT min(id) FROM users) + n % :operators,
  (ARRAY['answered', 'answered', 'answered', 'answered', 'answered', 'answered', 'answered',
         'answered', 'registered', 'transferred', 'irrelevant', 'dropped'])[1 + n * 7 % 12],
  '', 'fa', '', ''
FROM (
  SELECT n, timestamp '2025-01-01 06:00' + n % 365 * interval '1 day'
    + n * 31 % 960 * interval '1 minute' AS at
  FROM generate_series(1, :number) AS n
) AS made
"""


def best(work: Callable[[], object]) -> float:
    times = []
    for _n in range(3):
        before = time.perf_counter()
        work()
        times.append(time.perf_counter() - before)
    return round(min(times) * 1000, 1)


def main(number: int = CALLS) -> None:
    with city() as app, app.test_request_context():
        print(json.dumps(measure(number), indent=2))


def measure(number: int) -> dict[str, object]:
    from portal.db import db
    from workflows.calls import counting, known

    db.session.execute(text(_PEOPLE), {"number": OPERATORS})
    db.session.execute(text(_FILL), {"number": number, "operators": OPERATORS})
    db.session.commit()
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE calls"))
    first, month, year = dt.date(2025, 8, 1), dt.date(2025, 8, 30), dt.date(2025, 1, 1)
    return {
        "calls": number,
        "day_ms": best(lambda: counting.figures(first, first)),
        "month_ms": best(lambda: counting.figures(first, month)),
        "year_ms": best(lambda: counting.figures(year, dt.date(2025, 12, 31))),
        "number_that_rings_ms": best(lambda: known.about("+989121000007")),
        "month_csv_ms": best(lambda: sum(1 for _line in counting.lines(first, month))),
    }


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else CALLS)
