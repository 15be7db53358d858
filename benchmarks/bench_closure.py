"""How long an announced closure takes to re-date every open case, in a city of its own.

`python -m benchmarks.bench_closure [OPEN_CASES]` prints JSON; 50,000 without an argument. All of
them move: the calendar is closed tomorrow and the two days after. Each has two running clocks, and
gets an event of history and a row of the audit trail. The second figure takes the closure back.
`cpu_seconds`: what this process and its database backends worked, which several processors share.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any, Final

OPEN_CASES: Final = 50_000


def main(number: int = OPEN_CASES) -> None:
    from benchmarks.city import cases, city, units

    with city():
        cases(number, open_every=1, unit_ids=units())
        print(json.dumps(_measured(number)))


def _measured(number: int) -> dict[str, Any]:
    import datetime as dt

    from sqlalchemy import func, select

    from portal.audit.models import AuditEntry
    from portal.db import db
    from portal.i18n import today
    from workflows.calendars import city
    from workflows.cases.clock_jobs import redate
    from workflows.cases.models import CaseClock, CaseEvent

    def due() -> int:
        found = db.session.scalar(select(func.sum(func.extract("epoch", CaseClock.due_at))))
        db.session.rollback()
        return int(found or 0)

    before = due()
    worked = _cpu()
    started = time.perf_counter()
    closure_id = city.announce(
        calendars=["tehran-office"],
        first=today() + dt.timedelta(1),
        last=today() + dt.timedelta(3),
        hours=None,
        reasons={"fa": "آلودگی هوا"},
        by=None,
    ).id
    db.session.commit()
    redate()
    closing = time.perf_counter() - started
    worked = _cpu() - worked
    moved = db.session.scalar(select(func.count(CaseEvent.case_id.distinct()))) or 0
    events = db.session.scalar(select(func.count()).select_from(CaseEvent)) or 0
    entries = db.session.scalar(
        select(func.count()).select_from(AuditEntry).where(AuditEntry.action == "case.redated")
    )
    db.session.rollback()
    started = time.perf_counter()
    city.take_back(closure_id, by=None)
    db.session.commit()
    redate()
    return {
        "benchmark": "closure",
        "open_cases": number,
        "moved": moved,
        "events": events,
        "audit_rows": entries,
        "seconds": round(closing, 2),
        "cpu_seconds": round(worked, 2),
        "seconds_to_take_back": round(time.perf_counter() - started, 2),
        "as_before": due() == before,
    }


def _cpu() -> float:
    """Seconds that this process and the backends of its database have worked so far."""
    from sqlalchemy import text

    from portal.db import db

    ticks = 0
    for pid in db.session.scalars(
        text("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
    ):
        stat = Path(f"/proc/{pid}/stat")
        if stat.exists():
            ticks += sum(map(int, stat.read_text().rsplit(")", 1)[1].split()[11:13]))
    return time.process_time() + ticks / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
