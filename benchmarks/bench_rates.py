"""The published rates of a month in a city of many messages, in a database that is thrown away.

`python -m benchmarks.bench_rates [CASES]` prints JSON; `make bench` takes 100,000, spread over a
year. `month_ms`: the counts behind the staff's page for one month (five breakdowns and the ways of
asking); it must grow with the month, not with what lies before it. `year_ms`: the same for all.
`queue_ms`: the list of feedback calls, with 2,000 citizens who have not answered.
"""

import datetime as dt
import json
import sys
import time
from collections.abc import Callable

from sqlalchemy import text

from benchmarks.city import city

CASES = 100_000
_FILL = (
    """
    INSERT INTO cases (code, channel, language, text, place, neighbourhood, citizen_name, e164,
      unit_id, urgency, state, special, stage, stage_at, outcome, outcome_text, confirmation,
      received_at, closed_at, reopened)
    SELECT 'B' || lpad(n::text, 9, '0'), (ARRAY['phone', 'sms', 'portal'])[1 + n % 3], 'fa', 'x',
      '', '', '', '+98912' || lpad(n::text, 7, '0'), :unit + n % 22,
      CASE WHEN n % 10 = 0 THEN 'danger' END,
      CASE WHEN n > :number - 2000 THEN 'feedback' WHEN n % 5 = 0 THEN 'assigned'
        ELSE 'closed' END, false,
      CASE WHEN n > :number - 2000 THEN 'feedback' WHEN n % 5 = 0 THEN 'assigned'
        ELSE 'closed' END, at,
      CASE WHEN n > :number - 2000 OR n % 5 > 0
        THEN CASE WHEN n % 7 = 0 THEN 'planned' ELSE 'done' END END, '',
      CASE WHEN n <= :number - 2000 AND n % 5 > 0
        THEN (ARRAY['accepted', 'timed_out', 'not_asked'])[1 + n % 3] END, at, at, 0
    FROM (SELECT n, CAST(:until AS timestamptz) - (:number - n) * interval '1 year' / :number AS at
          FROM generate_series(1, :number) AS n) AS rows
    """,
    """
    INSERT INTO case_feedback_questions
      (case_id, round, e164, state, created_at, asked_at, channel, words)
    SELECT id, 1, e164,
      CASE WHEN stage = 'feedback' THEN 'open' WHEN confirmation = 'accepted' THEN 'accepted'
        ELSE 'timed_out' END, received_at, received_at,
      CASE WHEN confirmation = 'accepted' THEN 'sms' END, ''
    FROM cases WHERE outcome IS NOT NULL
    """,
)


def main(number: int = CASES) -> None:
    with city():
        print(json.dumps(measure(number), indent=2))


def best_ms(work: Callable[[], object]) -> float:
    """The quickest of five rounds."""
    found = []
    for _round in range(5):
        before = time.perf_counter()
        work()
        found.append(time.perf_counter() - before)
    return round(min(found) * 1000, 1)


def measure(number: int) -> dict[str, object]:
    from portal import clock
    from portal.db import db
    from portal.packet import Period
    from portal.units.models import Unit
    from workflows.cases.staff import calls
    from workflows.rates import counting
    from workflows.rates.counting import Wanted

    units = [
        Unit(code=f"d{n}", kind="district", names={"fa": f"منطقهٔ {n}"}, sort_key=f"{n:03}")
        for n in range(22)
    ]
    db.session.add_all(units)
    db.session.flush()
    until = clock.now() - dt.timedelta(days=1)
    for statement in _FILL:
        values = {"number": number, "unit": units[0].id, "until": until}
        db.session.execute(
            text(statement), {k: v for k, v in values.items() if f":{k}" in statement}
        )
    db.session.commit()
    with db.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("VACUUM ANALYZE"))

    def rates(days: int) -> None:
        wanted = Wanted(Period(until.date() - dt.timedelta(days=days - 1), until.date()))
        counting.count(wanted)
        counting.ways(wanted)

    def look() -> None:
        assert calls.waiting(0)

    month = Wanted(Period(until.date() - dt.timedelta(days=29), until.date()))
    return {
        "benchmark": "rates",
        "cases": number,
        "of_the_month": counting.count(month).total.received,
        "month_ms": best_ms(lambda: rates(30)),
        "year_ms": best_ms(lambda: rates(366)),
        "queue_ms": best_ms(look),
    }


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else CASES)
