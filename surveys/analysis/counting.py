"""What the results page shows: counted at once for small surveys, kept for large ones.

Over LIVE responses a page would make people wait, so a job counts and the page says when. Ids are
committed out of order and anonymous answers carry only a day, so no mark of "counted up to here"
can be trusted: each time the job compares a fingerprint over all responses (how many there are,
and the sum of their ids, both read from an index), and counts everything anew where it differs.
Answering a survey touches nothing of this. Whoever changes answers that stay complete, as erasing
does, calls `forget`.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import insert

from portal import clock
from portal.db import db
from surveys.analysis import services
from surveys.analysis.histogram import Bins
from surveys.analysis.models import ResultCount
from surveys.analysis.services import Figures, Result
from surveys.analysis.variables import variables
from surveys.campaigns import figures
from surveys.campaigns.models import Campaign
from surveys.questionnaires.models import SurveyVersion
from surveys.responses.models import Response

LIVE: Final = 20_000
"""Most responses that are counted while somebody waits."""
FRESH: Final = dt.timedelta(minutes=1)
_LOCK: Final = 0x436F756E  # "Coun"


@dataclass(frozen=True)
class Counted:
    """`counted_at`: None where it was counted for this page. `is_waiting`: nothing is kept yet."""

    complete: int
    results: list[Result] = field(default_factory=list)
    dispositions: dict[str, int] = field(default_factory=dict)
    counted_at: dt.datetime | None = None
    is_waiting: bool = False

    @property
    def is_old(self) -> bool:
        """Whether it is time to look for new answers."""
        return self.is_waiting or (
            self.counted_at is not None and self.counted_at < clock.now() - FRESH
        )


def find(survey_id: int, campaign_id: int | None, campaigns: Sequence[Campaign]) -> Counted:
    """The figures of a survey or of one campaign; `campaigns`: those that are looked at."""
    number = _up_to_live(survey_id, campaign_id)
    if number <= LIVE:
        return Counted(
            number,
            services.results(survey_id, campaign_id),
            figures.dispositions([each.id for each in campaigns]),
        )
    kept = _kept(survey_id, campaign_id)
    if kept is None:
        return Counted(number, is_waiting=True)
    return Counted(
        kept.complete,
        _results(survey_id, kept.document["results"]),
        kept.document["dispositions"],
        kept.counted_at,
    )


def is_large(survey_id: int, campaign_id: int | None) -> bool:
    """Whether there are more answers than anything is made of while somebody waits."""
    return _up_to_live(survey_id, campaign_id) > LIVE


def _up_to_live(survey_id: int, campaign_id: int | None) -> int:
    some = _complete(select(Response.id), survey_id, campaign_id).limit(LIVE + 1).subquery()
    return db.session.scalar(select(func.count()).select_from(some)) or 0


def refresh(survey_id: int, campaign_id: int | None) -> bool:
    """Count where something has changed; whether it did. Flushes."""
    if not hold(survey_id):
        return False
    # Read before the counting: what is committed in between is found the next time.
    moment = clock.now()
    number, total = db.session.execute(
        _complete(
            select(func.count(), func.coalesce(func.sum(Response.id), 0)), survey_id, campaign_id
        )
    ).one()
    fingerprint = f"{number}:{total}"
    kept = _kept(survey_id, campaign_id)
    if kept is not None and kept.fingerprint == fingerprint:
        kept.counted_at = moment
        db.session.flush()
        return False
    results = services.results(survey_id, campaign_id)
    chosen = [
        each
        for each in services.campaigns(survey_id)
        if campaign_id is None or each.id == campaign_id
    ]
    values = {
        "counted_at": moment,
        "fingerprint": fingerprint,
        "complete": number,
        "document": {
            "results": [_plain(result) for result in results],
            "dispositions": dict(figures.dispositions([each.id for each in chosen])),
        },
    }
    db.session.execute(
        insert(ResultCount)
        .values(survey_id=survey_id, campaign_id=campaign_id, **values)
        .on_conflict_do_update(index_elements=["survey_id", "campaign_id"], set_=values)
    )
    db.session.expire_all()
    return True


def hold(survey_id: int) -> bool:
    """Keep others from counting, or erasing, answers of a survey until the transaction ends.

    False: somebody is at it. Who changes answers holds it, or a count that is running would be
    kept although it read what was there before.
    """
    locked = text("SELECT pg_try_advisory_xact_lock(:lock, :survey)")
    return bool(db.session.scalar(locked, {"lock": _LOCK, "survey": survey_id % 2**31}))


def forget(survey_id: int) -> None:
    """Drop what is kept of a survey: its answers were changed."""
    db.session.execute(delete(ResultCount).where(ResultCount.survey_id == survey_id))


def due() -> list[tuple[int, int | None]]:
    """(survey, campaign) of kept counts that may be old, of surveys that still take answers."""
    live = (
        select(SurveyVersion.survey_id)
        .join(Campaign, Campaign.version_id == SurveyVersion.id)
        .where(Campaign.state.in_(("launched", "paused")))
    )
    rows = db.session.execute(
        select(ResultCount.survey_id, ResultCount.campaign_id)
        .where(ResultCount.survey_id.in_(live), ResultCount.counted_at < clock.now() - FRESH)
        .order_by(ResultCount.counted_at)
        .limit(100)
    )
    return [(survey_id, campaign_id) for survey_id, campaign_id in rows]


def _kept(survey_id: int, campaign_id: int | None) -> ResultCount | None:
    return db.session.scalars(
        select(ResultCount).where(
            ResultCount.survey_id == survey_id,
            ResultCount.campaign_id.is_not_distinct_from(campaign_id),
        )
    ).one_or_none()


def _complete(query: Any, survey_id: int, campaign_id: int | None) -> Any:
    versions = select(SurveyVersion.id).where(SurveyVersion.survey_id == survey_id)
    query = query.where(
        Response.version_id.in_(versions),
        Response.state == "complete",
        Response.is_test.is_(False),
    )
    return query if campaign_id is None else query.where(Response.campaign_id == campaign_id)


def _plain(result: Result) -> dict[str, Any]:
    return {
        "name": result.variable.name,
        "kind": result.variable.kind,
        "n": result.n,
        "counts": list(result.counts.items()),
        "figures": asdict(result.figures) if result.figures else None,
    }


def _results(survey_id: int, kept: list[dict[str, Any]]) -> list[Result]:
    """Wording and order come from the questionnaire, numbers from the table."""
    found = {(each["name"], each["kind"]): each for each in kept}
    results = []
    for variable in variables(survey_id):
        each = found.get((variable.name, variable.kind))
        if each is None:
            if variable.kind != "hidden":
                results.append(Result(variable, 0))
            continue
        of = each["figures"]
        results.append(
            Result(
                variable,
                each["n"],
                dict(each["counts"]),
                Figures(**{**of, "bins": Bins(**of["bins"])}) if of else None,
            )
        )
    return results
