"""What a sweep of the clocks costs: by what is due, not by what is open.

`python -m benchmarks.bench_sweep [CASES …]` prints JSON; 10,000 and 100,000 without an argument,
1,000,000 takes some minutes to fill. A fifth of the cases is open, each with two running clocks.
`nothing_due_ms`: a sweep that finds nothing, the median of many. `per_clock_ms`: one of DUE clocks
that warn (history, audit, next moment written, committed in steps of 50). `pages_…`: what the
sweep's question touches in the database, which no other work on the machine disturbs. A city of its
own for each size, thrown away afterwards.
"""

import json
import statistics
import sys
import time
from typing import Any, Final

SIZES: Final = (10_000, 100_000)
DUE: Final = 500
ROUNDS: Final = 50


def main(*sizes: int) -> None:
    from benchmarks.city import cases, city, units

    for number in sizes or SIZES:
        with city():
            started = time.perf_counter()
            cases(number, unit_ids=units())
            filled = time.perf_counter() - started
            found = {"benchmark": "sweep", "cases": number, "open": number // 5}
            print(json.dumps({**found, **_measured(), "filled_in_s": round(filled, 1)}))


def _measured() -> dict[str, Any]:
    from sqlalchemy import text

    from portal.db import db
    from workflows.cases import clocks

    def one() -> float:
        started = time.perf_counter()
        taken = clocks.sweep()
        db.session.commit()
        assert not taken
        return time.perf_counter() - started

    # What has run out already in the made-up past is not what is measured.
    db.session.execute(
        text("UPDATE case_clocks SET act_at = act_at + interval '90 days' WHERE act_at < now()")
    )
    db.session.commit()
    one()
    quiet = statistics.median(one() for _round in range(ROUNDS))
    quiet_pages = _pages()
    db.session.execute(
        text(
            "UPDATE case_clocks SET act_at = now() - interval '1 minute', warned_at = NULL,"
            " due_at = now() + interval '1 day'"
            " WHERE id IN (SELECT id FROM case_clocks ORDER BY random() LIMIT :due)"
        ),
        {"due": DUE},
    )
    db.session.commit()
    due_pages = _pages()
    started, worked, taken = time.perf_counter(), time.process_time(), 0
    while step := clocks.sweep():
        db.session.commit()
        taken += step
    db.session.rollback()
    busy = time.perf_counter() - started
    return {
        "nothing_due_ms": round(quiet * 1000, 2),
        "due": taken,
        "per_clock_ms": round(busy / taken * 1000, 2),
        "per_clock_cpu_ms": round((time.process_time() - worked) / taken * 1000, 2),
        "pages_nothing_due": quiet_pages,
        "pages_50_due": due_pages,
    }


def _pages() -> int:
    """Pages of 8 KiB that the sweep's question touches, whatever else the machine does."""
    from sqlalchemy import text

    from portal.db import db

    plan = db.session.scalars(
        text(
            "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT * FROM case_clocks AS k"
            " JOIN cases AS c ON c.id = k.case_id"
            " WHERE k.stopped_at IS NULL AND k.act_at <= now()"
            " ORDER BY k.act_at, k.id LIMIT 50 FOR NO KEY UPDATE OF k, c SKIP LOCKED"
        )
    ).one()[0]
    db.session.rollback()
    return int(plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"])


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
