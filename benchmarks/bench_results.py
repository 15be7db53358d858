"""Results page and exports of a large survey, in a database of its own that is thrown away.

`python -m benchmarks.bench_results [RESPONSES]` prints JSON; `make bench` takes 50,000. `floor`:
reading all responses over the same kind of cursor without making anything of them. `rss_growth_mb`
compares the greatest memory of the process after an export with that after the floor: it must not
grow with the number of responses.
"""

import json
import resource
import sys
import time
from collections.abc import Iterator

from sqlalchemy import text

from benchmarks.city import city

RESPONSES = 50_000
_FILL = """
INSERT INTO responses
  (version_id, campaign_id, state, language, answers, reached, mode, is_test, started_at,
   submitted_at)
SELECT :version, :campaign, 'complete', 'fa',
  jsonb_build_object('way', (ARRAY['bus', 'walk', 'car'])[1 + n % 3],
    'wishes', jsonb_build_array('park', 'lamp'), 'age', n % 90, 'metres', n / 7.0,
    'idea', repeat('نور خیابان ', 1 + n % 9)),
  '', 'link', false, now(), now()
FROM generate_series(1, :number) AS n
"""


def rss() -> float:
    """The greatest memory so far, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def timed(work: object) -> float:
    before = time.perf_counter()
    work()  # type: ignore[operator]
    return time.perf_counter() - before


def main(number: int = RESPONSES) -> None:
    with city(plugins="surveys"):
        print(json.dumps(measure(number), indent=2))


def measure(number: int) -> dict[str, object]:
    from portal import clock
    from portal.db import db
    from surveys.analysis import counting, downloads, services
    from surveys.analysis.rows import snapshot
    from surveys.campaigns.models import Campaign
    from surveys.questionnaires.services import publish
    from tests.surveys.analysis.answers import FORM

    version, _is_new = publish(
        "BENCH", FORM, question_count=5, filename="", source_digest=b"\0" * 32, user_id=None
    )
    campaign = Campaign(
        name="Bench", version_id=version.id, state="launched", launched_at=clock.now()
    )
    db.session.add(campaign)
    db.session.commit()
    values = {"version": version.id, "campaign": campaign.id, "number": number}
    db.session.execute(text(_FILL), values)
    db.session.commit()
    with db.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("VACUUM ANALYZE"))
    survey = services.find("BENCH")
    assert survey is not None
    survey_id = survey.id
    found: dict[str, object] = {"benchmark": "results", "responses": number}

    def count() -> None:
        counting.refresh(survey_id, None)
        db.session.commit()

    found["count_s"] = round(timed(count), 2)
    found["recheck_s"] = round(timed(count), 3)
    pages = [timed(lambda: counting.find(survey_id, None, [campaign])) for _round in range(5)]
    found["page_figures_s"] = round(min(pages), 3)

    def floor() -> None:
        with snapshot(db.engine, survey_id) as source:
            for _row in source.rows([]):
                pass

    floor_s = timed(floor)
    base = rss()
    found["floor_s"] = round(floor_s, 2)
    for kind, wanted in downloads.FORMATS.items():
        if kind == "ddi":
            continue
        pieces: Iterator[bytes] = wanted.make(survey, None, "fa")
        size = 0
        before = time.perf_counter()
        for piece in pieces:
            size += len(piece)
        seconds = time.perf_counter() - before
        found[kind] = {
            "seconds": round(seconds, 2),
            "ratio_to_floor": round(seconds / floor_s, 1),
            "mb": round(size / 1e6, 1),
            "rss_growth_mb": round(rss() - base, 1),
        }
    return found


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else RESPONSES)
