"""Suggestions of the same matter while typing: 1,000,000 cases, 200,000 of them open.

`python -m benchmarks.bench_duplicates [CASES]` prints JSON; `make bench` takes 1,000,000. Each
figure is the time at the server for one message as it is typed, over 60 different ones; the limit
is 150 ms. `cpu_ms` is the mean time of the processor, of this process and of PostgreSQL: on a
machine that does other things as well the others say more of the machine.
"""

import json
import os
import random
import statistics
import sys
import time
from pathlib import Path

from sqlalchemy import text

from benchmarks.city import city

CASES = 1_000_000
LIMIT_MS = 150
_WHAT = (
    "چاله بزرگ|چراغ خاموش|لوله ترکیده|زباله جمع نشده|درخت شکسته|سد معبر|سگ ولگرد|آسفالت خراب|"
    "فاضلاب بالا زده|سرعت گیر کنده شده"
)
_FILL = """
INSERT INTO cases (code, channel, category_id, language, text, place, neighbourhood, latitude,
  longitude, citizen_name, state, special, stage, stage_at, outcome_text, received_at, reopened)
SELECT lpad(n::text, 10, '0'), 'phone', 1 + a % 20, 'fa', t, p, h,
  CASE WHEN a % 3 = 0 THEN 35.6 + b % 10000 / 40000.0 END,
  CASE WHEN a % 3 = 0 THEN 51.2 + c % 10000 / 30000.0 END,
  '', CASE WHEN n % 5 = 0 THEN 'assigned' ELSE 'closed' END, false,
  CASE WHEN n % 5 = 0 THEN 'assigned' ELSE 'closed' END, now(), '',
  now() - (c % 400) * interval '1 day' - (n % 1440) * interval '1 minute', 0
FROM (SELECT n, a, b, c,
  (string_to_array(:what, '|'))[1 + a % 10] || ' جلوی پلاک ' || b % 300 || ' در خیابان '
    || (CAST(:streets AS text[]))[1 + c % 400] || ' چند روز است و کسی رسیدگی نمی کند' AS t,
  'خیابان ' || (CAST(:streets AS text[]))[1 + c % 400] || ' پلاک ' || b % 300 AS p,
  'محله ' || b % 120 AS h
  FROM (SELECT n, abs(hashint8extended(n, 1)) AS a, abs(hashint8extended(n, 2)) AS b,
    abs(hashint8extended(n, 3)) AS c FROM generate_series(1, :number) AS n) AS hashed) AS made
"""
_WORDS = """
INSERT INTO case_words (case_id, words, is_open)
SELECT id, code || E'\n' || text || E'\n' || place || E'\n' || neighbourhood, stage <> 'closed'
FROM cases ORDER BY id
"""


def main(number: int = CASES) -> None:
    with city():
        print(json.dumps(measure(number), ensure_ascii=False, indent=2))


def _cpu() -> float:
    """Seconds of processor of this process and of its backend, whatever else the machine does."""
    from portal.db import db

    pid = db.session.execute(text("SELECT pg_backend_pid()")).scalar_one()
    facts = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    ticks = int(facts[11]) + int(facts[12])
    return time.process_time() + ticks / os.sysconf("SC_CLK_TCK")


def measure(number: int) -> dict[str, object]:
    from portal.db import db
    from workflows.cases.matter import candidates

    random.seed(137)
    letters = "ابپتجدرزسشفقکگلمنوهی"
    streets = ["".join(random.choices(letters, k=6)) for _n in range(400)]
    db.session.execute(
        text(
            "INSERT INTO case_categories (code, names, sort_key, calendar, first_action_hours, "
            "resolution_hours, active) SELECT 'c' || n, '{}', '', 'always', 8, 40, true "
            "FROM generate_series(1, 20) AS n"
        )
    )
    begun = time.perf_counter()
    # Built afterwards the two indexes of trigrams take a quarter of the time.
    kept = db.session.scalars(
        text(
            "SELECT indexdef FROM pg_indexes"
            " WHERE tablename = 'case_words' AND indexdef ~ 'gin_trgm'"
        )
    ).all()
    for definition in kept:
        db.session.execute(text(f"DROP INDEX {definition.split()[2]}"))
    db.session.execute(text(_FILL).bindparams(what=_WHAT, streets=streets, number=number))
    db.session.execute(text(_WORDS))
    for definition in kept:
        db.session.execute(text(definition))
    db.session.commit()
    filled = time.perf_counter() - begun
    with db.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(
            text("VACUUM ANALYZE cases, case_words")
        )
    ways = {
        "all_known": {"place": True, "hood": True, "point": True, "category": True},
        "category_and_neighbourhood": {"hood": True, "category": True},
        "text_and_street": {"place": True},
        "text_alone": {},
    }
    found: dict[str, object] = {
        "benchmark": "duplicates",
        "cases": number,
        "open": number // 5,
        "fill_s": round(filled, 1),
        "limit_ms": LIMIT_MS,
    }
    for name, known in ways.items():
        spent, hits = [], 0
        before = _cpu()
        for at in range(60):
            street = streets[at * 5 % 400]
            said = candidates.typed(
                text=f"{random.choice(_WHAT.split('|'))} در خیابان {street} خطرناک است",
                place=f"خیابان {street}" if known.get("place") else "",
                neighbourhood=f"محله {at}" if known.get("hood") else "",
                latitude=35.6 + at / 400 if known.get("point") else None,
                longitude=51.2 + at / 300 if known.get("point") else None,
                category_id=1 + at % 20 if known.get("category") else None,
            )
            begun = time.perf_counter()
            hits += len(candidates.like(said))
            spent.append((time.perf_counter() - begun) * 1000)
            db.session.rollback()
        cpu = _cpu() - before
        spent.sort()
        found[name] = {
            "cpu_ms": round(cpu * 1000 / len(spent), 1),
            "median_ms": round(statistics.median(spent), 1),
            "p95_ms": round(spent[int(len(spent) * 0.95)], 1),
            "worst_ms": round(spent[-1], 1),
            "suggestions": hits,
        }
    return found


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else CASES)
