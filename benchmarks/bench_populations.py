"""Running cases move to another version of their workflow, and back.

`python -m benchmarks.bench_populations [CASES]` prints JSON, in a database of its own. `exact`:
after the way back every case and every clock is as it was. `floor_s`: one UPDATE of all these cases
and one INSERT of a row of history for each, without anything else.
"""

import json
import sys
import time
from typing import Any

from sqlalchemy import text

from benchmarks.city import city

CASES = 20_000
_CASES = """
INSERT INTO cases (code, channel, language, text, place, neighbourhood, citizen_name, definition_id,
  state, stage, special, stage_at, outcome_text, received_at, reopened, next_due_at)
SELECT 'B' || lpad(n::text, 9, '0'), 'phone', 'fa', 'چاله', '', '', '', :definition, s, s, false,
  now() - interval '1 day', '', now() - interval '1 day', 0, now() + interval '1 day'
FROM generate_series(1, :number) AS n,
  LATERAL (SELECT (ARRAY['assigned', 'in_progress', 'feedback'])[1 + n % 3] AS s) AS one
"""
_CLOCKS = """
INSERT INTO case_clocks (case_id, kind, calendar, started_at, open_seconds, due_at, act_at, level)
SELECT id, CASE state WHEN 'feedback' THEN 'feedback' ELSE 'resolution' END, 'always',
  received_at, 172800, next_due_at, received_at + interval '36 hours', 0 FROM cases
"""
_PICTURE = """
SELECT md5(string_agg(line, ';' ORDER BY line)) FROM (
  SELECT concat_ws(',', id, definition_id, state, stage, stage_at, next_due_at) AS line FROM cases
  UNION ALL SELECT concat_ws(',', 'clock', to_jsonb(c)::text) FROM case_clocks AS c) AS lines
"""


def main(number: int = CASES) -> None:
    with city():
        print(json.dumps(measure(number), indent=2))


def measure(number: int) -> dict[str, Any]:
    from portal.db import db
    from tests.factories.accounts import make_user
    from workflows.engine import catalogue, versions
    from workflows.populations import plan, services
    from workflows.populations.jobs import carry_out

    asker, second = make_user().id, make_user().id
    old = versions.current("follow-up")
    source = catalogue.path_of("follow-up").read_text(encoding="utf-8")
    source = source.replace("name: resolution", "name: settlement")
    row, _problems = versions.save_draft(source, by=None)
    if row is None:
        raise RuntimeError("The shipped definition cannot be read")
    new = versions.publish("follow-up", upon=row.digest, note="bench", by=None).id
    db.session.execute(text(_CASES), {"definition": old, "number": number})
    db.session.execute(text(_CLOCKS))
    db.session.commit()

    def picture() -> str:
        found = db.session.execute(text(_PICTURE)).scalar_one()
        db.session.rollback()
        return str(found)

    began = time.perf_counter()
    db.session.execute(text("UPDATE cases SET state = state"))
    db.session.execute(
        text(
            "INSERT INTO case_events (case_id, at, kind, actor, text, public, data) "
            "SELECT id, now(), 'migrated', '', '', false, '{}' FROM cases"
        )
    )
    floor = time.perf_counter() - began
    db.session.rollback()
    before = picture()
    mapping = plan.suggested(versions.get(old), versions.get(new))
    began = time.perf_counter()
    report = plan.dry_run("follow-up", old, new, mapping)
    dry = time.perf_counter() - began
    move = services.ask("follow-up", old, new, mapping, reason="bench", by=asker)
    services.decide(move.id, approved=True, by=second)
    db.session.commit()
    there, back = timed(carry_out), 0.0
    moved = services.result_of(move.id)
    services.undo(move.id, by=asker)
    db.session.commit()
    back = timed(carry_out)
    audited = db.session.execute(
        text("SELECT action, count(*) FROM audit_entries WHERE action LIKE '%migrat%' GROUP BY 1")
    ).all()
    return {
        "benchmark": "populations",
        "cases": report.cases,
        "dry_run_s": round(dry, 3),
        "there_s": round(there, 2),
        "back_s": round(back, 2),
        "floor_s": round(floor, 2),
        "moved": moved,
        "exact": picture() == before,
        "audited": dict(audited),
    }


def timed(work: Any) -> float:
    before = time.perf_counter()
    work()
    return time.perf_counter() - before


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else CASES)
