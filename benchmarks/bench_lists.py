"""The work lists at a million cases, over HTTP, in a database of its own that is thrown away.

`python -m benchmarks.bench_lists [CASES]` prints JSON: milliseconds at the server of each list, the
median and the slowest of five requests with warm caches. `cpu_ms`: so long of a request the web
process and its database connection calculated; on a machine that does other work too, the rest is
waiting for it. `make bench` takes 100,000. A fifth of the cases is open, spread over 120 units
and 300 people.
"""

import json
import os
import statistics
import sys
import time
from pathlib import Path

from sqlalchemy import text

from benchmarks.city import application

CASES = 100_000
ROUNDS = 5
LIMIT_MS = 150
_UNITS = """
INSERT INTO units (code, kind, names, sort_key, parent_id, active, created_at)
SELECT 'b-' || n, CASE WHEN n = 1 THEN 'city' WHEN n <= 16 THEN 'district' ELSE 'office' END,
  jsonb_build_object('fa', CASE WHEN n = 1 THEN 'شهر' WHEN n <= 16 THEN 'منطقهٔ ' || (n - 1)
    ELSE 'ادارهٔ ' || n END), lpad(n::text, 6, '0'),
  CASE WHEN n = 1 THEN NULL WHEN n <= 16 THEN 1 ELSE 2 + n % 15 END, true, now()
FROM generate_series(1, 120) AS n ORDER BY n
"""
_CATEGORIES = """
INSERT INTO case_categories
  (code, names, sort_key, calendar, first_action_hours, resolution_hours, active)
SELECT 'k-' || n, jsonb_build_object('fa', 'موضوع ' || n), lpad(n::text, 6, '0'),
  'tehran-office', 8, 40, true
FROM generate_series(1, 60) AS n
"""
_PEOPLE = """
INSERT INTO users (email, name, language, unit_id, active, fs_uniquifier, created_at)
SELECT 'b' || n || '@city.example', 'کارمند ' || n, 'fa', 1 + n % 120, true, 'bench-' || n, now()
FROM generate_series(1, 300) AS n;
INSERT INTO user_roles (user_id, role_id)
SELECT users.id, roles.id FROM users, roles
WHERE fs_uniquifier LIKE 'bench-%' AND roles.name = 'unit_officer'
"""
# One case in five is open and has a due time around now; words are of frequent, middling and rare
# kinds; coordinates scatter around fifteen centres.
_CASES = """
INSERT INTO cases
  (code, channel, category_id, language, text, place, neighbourhood, latitude, longitude,
   citizen_name, e164, urgency,
   state, special, stage, stage_at, outcome, outcome_text, confirmation, unit_id,
   assignee_id, received_at, closed_at, reopened, next_due_at)
SELECT code, channel, 1 + n % 60, 'fa', words, 'خیابان ' || n % 900, 'محلهٔ ' || n % 110,
  CASE WHEN n % 3 <> 0 THEN 32.55 + (n % 15) * 0.012 + random() * 0.01 END,
  CASE WHEN n % 3 <> 0 THEN 51.6 + (n * 7 % 15) * 0.014 + random() * 0.01 END,
  'شهروند ' || n % 5000, e164,
  CASE WHEN n % 9 = 0 THEN 'danger' END,
  CASE WHEN NOT open THEN 'closed' WHEN n % 10 < 6 THEN 'assigned' WHEN n % 10 < 9
    THEN 'in_progress' ELSE 'feedback' END, false,
  CASE WHEN NOT open THEN 'closed' WHEN n % 10 < 6 THEN 'assigned' WHEN n % 10 < 9
    THEN 'in_progress' ELSE 'feedback' END,
  at, CASE WHEN NOT open THEN 'done' END, '', CASE WHEN NOT open THEN 'accepted' END,
  1 + n * 31 % 120, CASE WHEN n % 4 <> 0 THEN first_user + n * 13 % 300 END, at,
  CASE WHEN NOT open THEN at + interval '3 days' END, 0,
  CASE WHEN open THEN now() + (random() * 20 - 2) * interval '1 day' END
FROM (
  SELECT n, n % 5 = 0 AS open, 'B' || lpad(n::text, 9, '0') AS code,
    '+98912' || lpad((n % 9000000)::text, 7, '0') AS e164,
    (ARRAY['phone','phone','sms','portal','counter','phone','portal'])[1 + n % 7] AS channel,
    now() - (:number - n) * interval '30 seconds' AS at,
    (SELECT min(id) FROM users WHERE fs_uniquifier LIKE 'bench-%') AS first_user,
    (ARRAY['چاله بزرگ جلوی مدرسه', 'چراغ خاموش کوچه', 'زباله مانده در پیاده رو',
      'فاضلاب بالا زده', 'درخت خشک خطرناک'])[1 + n % 5] || ' نزدیک پلاک ' || n % 400
      || CASE WHEN n % 50 = 0 THEN ' نشت آب' ELSE '' END
      || CASE WHEN n % 2000 = 0 THEN ' میدان نقش جهان قو' ELSE '' END
      || CASE WHEN n < 20000 THEN ' جشنواره گل' ELSE '' END AS words
  FROM generate_series(CAST(:low AS bigint), CAST(:high AS bigint)) AS n
) AS made
"""
_WORDS = """
INSERT INTO case_words (case_id, words, is_open)
SELECT id, lower(code) || E'\\n' || ltrim(e164, '+') || E'\\n' || replace(text, 'آ', 'ا')
    || E'\\n' || place || E'\\n' || replace(neighbourhood, 'هٔ', 'ه') || E'\\n' || citizen_name,
  stage <> 'closed'
FROM cases ORDER BY id
"""
_EVENTS = """
INSERT INTO case_events (case_id, at, kind, actor, text, public, data)
SELECT id, received_at, 'received', '', '', true, '{}' FROM cases
"""


def main(number: int = CASES) -> None:
    with application("surveys,workflows") as app:
        from tests.factories.context import use

        use(app)
        with app.app_context():
            built = build(number)
        print(json.dumps(measure(app, number, built), indent=2))


def build(number: int) -> float:
    from portal.db import db

    before = time.perf_counter()
    # Indexes that cost most are made anew behind the rows.
    definitions = db.session.execute(
        text(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename IN ('cases', 'case_words')"
            " AND indexname LIKE 'ix\\_%'"
        )
    ).all()
    for name, _sql in definitions:
        db.session.execute(text(f"DROP INDEX {name}"))
    db.session.execute(text(_UNITS))
    db.session.execute(text(_CATEGORIES))
    for statement in _PEOPLE.split(";"):
        db.session.execute(text(statement))
    for low in range(1, number + 1, 100_000):
        db.session.execute(
            text(_CASES),
            {"number": number, "low": low, "high": min(low + 99_999, number)},
        )
    db.session.execute(text(_WORDS))
    db.session.execute(text(_EVENTS))
    for _name, sql in definitions:
        db.session.execute(text(sql))
    db.session.commit()
    with db.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("VACUUM ANALYZE"))
    return time.perf_counter() - before


def cpu(backend: int) -> float:
    """Seconds that this process and a server process of PostgreSQL have calculated."""
    fields = Path(f"/proc/{backend}/stat").read_text().rsplit(")", 1)[1].split()
    ticks = int(fields[11]) + int(fields[12])
    return time.process_time() + ticks / os.sysconf("SC_CLK_TCK")


def measure(app: object, number: int, built: float) -> dict[str, object]:
    from flask import Flask

    from tests.factories.accounts import make_user, sign_in

    assert isinstance(app, Flask)
    officer, operator = app.test_client(), app.test_client()
    first = None
    with app.app_context():
        from sqlalchemy import select

        from portal.accounts.models import User
        from portal.db import db

        first = db.session.scalars(select(User).where(User.email == "b7@city.example")).one()
        from flask_security import hash_password

        first.password = str(hash_password("a-long-test-password"))
        db.session.commit()
    sign_in(officer, "b7@city.example")
    sign_in(operator, make_user(("operator",), unit_id=1))
    district = make_user(("unit_officer",), unit_id=3)
    mayor = app.test_client()
    sign_in(mayor, district)
    base = "/staff/cases/"
    pages = {
        "my work": (officer, base + "?view=mine"),
        "my unit": (officer, base + "?view=unit"),
        "my district": (mayor, base + "?view=unit"),
        "unit: whole city": (operator, base + "?view=all&unit=1"),
        "overdue": (operator, base + "?view=overdue"),
        "unassigned": (operator, base + "?view=unassigned"),
        "all open": (operator, base + "?view=all"),
        "all open, deep page": (operator, base + "?view=all&after=99999999999999.5"),
        "urgent": (operator, base + "?view=all&urgent=y"),
        "category, counter": (operator, base + "?view=all&category=3&channel=counter"),
        "nothing fits": (operator, base + "?view=all&channel=studio"),
        "newest of a unit": (operator, base + "?view=all&stage=any&unit=40"),
        "newest of a channel that has none": (operator, base + "?stage=any&channel=studio"),
        "closed of a category": (operator, base + "?stage=closed&category=3"),
        "search: code": (operator, base + f"?q=B{number // 2:09d}"),
        "search: phone": (operator, base + f"?q=0912{number // 2:07d}"),
        "search: name": (operator, base + "?q=شهروند 4711"),
        "search: frequent word": (operator, base + "?q=چاله"),
        "search: two words": (operator, base + "?q=زباله نشت"),
        "search: two letters": (operator, base + "?q=آب"),
        "search: two letters, rare": (operator, base + "?q=قو"),
        "search: rare words": (operator, base + "?q=نقش جهان"),
        "search: long ago": (operator, base + "?q=جشنواره"),
        "search: frequent word, mine": (officer, base + "?view=mine&q=شهروند"),
        "search: absent in a category": (operator, base + "?category=3&q=نقش جهان"),
        "search: nowhere": (operator, base + "?q=ققنوس"),
        "search: open": (operator, base + "?stage=assigned&q=نقش جهان"),
        "map": (operator, base + "map"),
        "map of a district": (operator, base + "map?unit=3"),
        "operations centre": (operator, "/staff/operations/"),
        "dashboard": (operator, "/staff/"),
        "counts of tabs": (operator, base + "filters/counts"),
        "changes": (operator, base + f"changes?since={number - 400}"),
    }
    found: dict[str, object] = {}
    slow = []
    with app.app_context():
        from portal.db import db

        backend = db.session.scalar(text("SELECT pg_backend_pid()"))
        db.session.remove()
    for name, (client, url) in pages.items():
        times = []
        spent = 0.0
        for _round in range(ROUNDS + 1):
            if _round == 1:
                spent = cpu(backend)
            before = time.perf_counter()
            answer = client.get(url)
            times.append((time.perf_counter() - before) * 1000)
            if answer.status_code != 200:
                break
        if answer.status_code != 200:
            found[name] = f"status {answer.status_code}"
            continue
        middle = statistics.median(times[1:])
        found[name] = {
            "ms": round(middle),
            "cpu_ms": round((cpu(backend) - spent) / ROUNDS * 1000),
            "slowest": round(max(times[1:])),
            "cold": round(times[0]),
        }
        if middle > LIMIT_MS:
            slow.append(name)
    return {
        "benchmark": "lists",
        "cases": number,
        "open": number // 5,
        "built_s": round(built, 1),
        "limit_ms": LIMIT_MS,
        "too_slow": slow,
        "lists": found,
    }


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else CASES)
