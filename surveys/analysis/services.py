"""Results of a survey, counted by the database: no response is ever loaded whole."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Float,
    String,
    bindparam,
    func,
    select,
    text,
)
from sqlalchemy.orm import selectinload

from portal.db import db
from surveys.analysis.histogram import Bins, bins
from surveys.analysis.variables import Variable, variables
from surveys.campaigns.models import Campaign
from surveys.questionnaires.models import Survey, SurveyVersion
from surveys.responses.models import Response


@dataclass(frozen=True)
class Figures:
    """Of a number question."""

    least: float
    greatest: float
    mean: float
    median: float
    bins: Bins
    counts: list[int]


@dataclass(frozen=True)
class Result:
    """One question: `n` people answered it (in a repeat: so many rounds of all people); `counts`
    are per choice name, in the order of the questionnaire, names that no version knows last."""

    variable: Variable
    n: int
    counts: dict[str, int] = field(default_factory=dict)
    figures: Figures | None = None
    places: dict[str, float] = field(default_factory=dict)
    """Of a ranking: the mean place of each choice; `counts` is how often it was put first."""


@dataclass(frozen=True)
class SurveyLine:
    survey: Survey
    complete: int
    campaigns: int


def surveys(limit: int = 200) -> list[SurveyLine]:
    """Surveys with a launched campaign, the newest first, and how many answered."""
    complete = _per_survey(
        select(SurveyVersion.survey_id, func.count().label("n"))
        .join(Response, Response.version_id == SurveyVersion.id)
        .where(Response.state == "complete", Response.is_test.is_(False))
    )
    launched = _per_survey(
        select(SurveyVersion.survey_id, func.count().label("n"))
        .join(Campaign, Campaign.version_id == SurveyVersion.id)
        .where(Campaign.launched_at.is_not(None))
    )
    rows = db.session.execute(
        select(Survey, func.coalesce(complete.c.n, 0), launched.c.n)
        .join(launched, launched.c.survey_id == Survey.id)
        .join(complete, complete.c.survey_id == Survey.id, isouter=True)
        .order_by(Survey.id.desc())
        .limit(limit)
    )
    return [SurveyLine(*row) for row in rows]


def _per_survey(query: Any) -> Any:
    return query.group_by(SurveyVersion.survey_id).subquery()


def find(code: str) -> Survey | None:
    return db.session.scalars(
        select(Survey).where(Survey.code == code).options(selectinload(Survey.versions))
    ).one_or_none()


def campaigns(survey_id: int) -> Sequence[Campaign]:
    """Launched campaigns of a survey, whatever its version, the newest first."""
    return db.session.scalars(
        select(Campaign)
        .join(Campaign.version)
        .where(SurveyVersion.survey_id == survey_id, Campaign.launched_at.is_not(None))
        .order_by(Campaign.id.desc())
        .limit(200)
    ).all()


def complete_count(survey_id: int, campaign_id: int | None = None) -> int:
    query = (
        select(func.count())
        .select_from(Response)
        .join(SurveyVersion, SurveyVersion.id == Response.version_id)
        .where(
            SurveyVersion.survey_id == survey_id,
            Response.state == "complete",
            Response.is_test.is_(False),
        )
    )
    if campaign_id is not None:
        query = query.where(Response.campaign_id == campaign_id)
    return db.session.scalar(query) or 0


def results(survey_id: int, campaign_id: int | None = None) -> list[Result]:
    """Every question in order, over complete responses (of one campaign, or of all)."""
    every = [variable for variable in variables(survey_id) if variable.kind != "hidden"]
    found: dict[int, Result] = {}
    repeats = sorted({each.repeat for each in every})
    for repeat in repeats:
        here = [each for each in every if each.repeat == repeat]
        for kinds, count in _COUNTS:
            chosen = [each for each in here if each.kind in kinds]
            found.update((id(result.variable), result) for result in count(chosen, campaign_id))
    return [found[id(variable)] for variable in every]


# Which answers belong to which variable: by name and by the versions that ask it so.
_ANSWERS: Final = """
    FROM responses AS r
    CROSS JOIN LATERAL {entries} AS e
    JOIN unnest(:names, :versions) AS asked(name, version_id)
      ON asked.name = e.key AND asked.version_id = r.version_id
    WHERE r.version_id = ANY(:all_versions) AND r.state = 'complete' AND NOT r.is_test
      AND (CAST(:campaign AS bigint) IS NULL OR r.campaign_id = :campaign)
      AND jsonb_typeof(e.value) = :json_type
"""
_OUTSIDE: Final = "jsonb_each(r.answers)"
_IN_ROUNDS: Final = """(
    SELECT answer.key, answer.value
    FROM jsonb_array_elements(CASE jsonb_typeof(r.answers -> :repeat)
        WHEN 'array' THEN r.answers -> :repeat ELSE '[]' END) AS one(round)
    CROSS JOIN LATERAL jsonb_each(CASE jsonb_typeof(one.round)
        WHEN 'object' THEN one.round ELSE '{}' END) AS answer
)"""


def _run(
    statement: str, asked: Sequence[Variable], campaign_id: int | None, json_type: str, **more: Any
) -> Sequence[Any]:
    if not asked:
        return []
    pairs = [(each.name, version_id) for each in asked for version_id in each.version_ids]
    repeat = asked[0].repeat
    entries = _IN_ROUNDS if repeat else _OUTSIDE
    query = text(statement.replace("{entries}", entries)).bindparams(
        bindparam("names", type_=ARRAY(String)),
        bindparam("versions", type_=ARRAY(BigInteger)),
        bindparam("all_versions", type_=ARRAY(BigInteger)),
    )
    values = {
        "names": [name for name, _version in pairs],
        "versions": [version_id for _name, version_id in pairs],
        "all_versions": sorted({version_id for _name, version_id in pairs}),
        "campaign": campaign_id,
        "json_type": json_type,
    }
    if repeat:
        values["repeat"] = repeat
    if more:
        query = query.bindparams(
            bindparam("binned", type_=ARRAY(String)),
            bindparam("starts", type_=ARRAY(Float)),
            bindparam("widths", type_=ARRAY(Float)),
            bindparam("counts", type_=ARRAY(BigInteger)),
        )
    return db.session.execute(query, {**values, **more}).all()


def _answered(asked: Sequence[Variable], campaign_id: int | None, json_type: str) -> dict[str, int]:
    statement = f"SELECT e.key, count(*) {_ANSWERS} AND e.value <> '[]' GROUP BY 1"
    return dict(map(tuple, _run(statement, asked, campaign_id, json_type)))


def _one(asked: Sequence[Variable], campaign_id: int | None) -> list[Result]:
    statement = f"SELECT e.key, e.value #>> '{{}}', count(*) {_ANSWERS} GROUP BY 1, 2"
    counts = _nested(_run(statement, asked, campaign_id, "string"))
    return [
        Result(each, sum(counts.get(each.name, {}).values()), _ordered(each, counts))
        for each in asked
    ]


def _multiple(asked: Sequence[Variable], campaign_id: int | None) -> list[Result]:
    # A choice that an answer names twice counts once.
    statement = _ANSWERS.replace(
        "WHERE",
        "CROSS JOIN LATERAL (SELECT DISTINCT value AS choice FROM jsonb_array_elements_text("
        "CASE jsonb_typeof(e.value) WHEN 'array' THEN e.value ELSE '[]' END)) AS c WHERE",
    )
    statement = f"SELECT e.key, c.choice, count(*) {statement} GROUP BY 1, 2"
    counts = _nested(_run(statement, asked, campaign_id, "array"))
    answered = _answered(asked, campaign_id, "array")
    return [Result(each, answered.get(each.name, 0), _ordered(each, counts)) for each in asked]


def _ranks(asked: Sequence[Variable], campaign_id: int | None) -> list[Result]:
    joined = _ANSWERS.replace(
        "WHERE",
        "CROSS JOIN LATERAL jsonb_array_elements_text(CASE jsonb_typeof(e.value) "
        "WHEN 'array' THEN e.value ELSE '[]' END) WITH ORDINALITY AS c(choice, place) WHERE",
        1,
    )
    statement = (
        "SELECT e.key, c.choice, count(*) FILTER (WHERE c.place = 1), avg(c.place) "
        f"{joined} GROUP BY 1, 2"
    )
    rows = _run(statement, asked, campaign_id, "array")
    firsts = _nested(row[:3] for row in rows)
    means: dict[str, dict[str, float]] = {}
    for name, choice, _count, mean in rows:
        means.setdefault(name, {})[choice] = float(mean)
    answered = _answered(asked, campaign_id, "array")
    return [
        Result(
            each,
            answered.get(each.name, 0),
            _ordered(each, firsts),
            places=means.get(each.name, {}),
        )
        for each in asked
    ]


def _texts(asked: Sequence[Variable], campaign_id: int | None) -> list[Result]:
    counts = _answered(asked, campaign_id, "string")
    return [Result(each, counts.get(each.name, 0)) for each in asked]


def _numbers(asked: Sequence[Variable], campaign_id: int | None) -> list[Result]:
    value = "CAST(e.value #>> '{}' AS float8)"
    statement = (
        f"SELECT e.key, count(*), min({value}), max({value}), avg({value}), "
        f"percentile_cont(0.5) WITHIN GROUP (ORDER BY {value}) {_ANSWERS} GROUP BY 1"
    )
    rows = {row[0]: row for row in _run(statement, asked, campaign_id, "number")}
    plans = {
        each.name: bins(rows[each.name][2], rows[each.name][3], whole=each.type == "integer")
        for each in asked
        if each.name in rows
    }
    counted = _histograms(asked, plans, campaign_id)
    found = []
    for each in asked:
        if (row := rows.get(each.name)) is None:
            found.append(Result(each, 0))
            continue
        figures = Figures(row[2], row[3], row[4], row[5], plans[each.name], counted[each.name])
        found.append(Result(each, row[1], figures=figures))
    return found


def _histograms(
    asked: Sequence[Variable], plans: dict[str, Bins], campaign_id: int | None
) -> dict[str, list[int]]:
    value = "CAST(e.value #>> '{}' AS float8)"
    joined = _ANSWERS.replace(
        "WHERE",
        "JOIN unnest(:binned, :starts, :widths, :counts) AS b(name, start, width, n) "
        "ON b.name = e.key WHERE",
    )
    # A value on the upper edge of the last class falls into it, whatever rounding does.
    # Less than a class above the edge is not divided: the database refuses a quotient that it
    # cannot tell from nothing.
    place = (
        f"CAST(CASE WHEN {value} - b.start < b.width THEN 0 "
        f"ELSE least(floor(({value} - b.start) / b.width), b.n - 1) END AS bigint)"
    )
    found = {name: [0] * plan.count for name, plan in plans.items()}
    if plans:
        rows = _run(
            f"SELECT e.key, {place}, count(*) {joined} GROUP BY 1, 2",
            asked,
            campaign_id,
            "number",
            binned=list(plans),
            starts=[float(plan.start) for plan in plans.values()],
            widths=[float(plan.width) for plan in plans.values()],
            counts=[plan.count for plan in plans.values()],
        )
        for name, number, count in rows:
            found[name][number] = count
    return found


_COUNTS: Final = (
    ({"one"}, _one),
    ({"multiple"}, _multiple),
    ({"rank"}, _ranks),
    ({"number"}, _numbers),
    ({"text", "photo"}, _texts),
)


def _nested(rows: Iterable[Any]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for name, choice, number in rows:
        found.setdefault(name, {})[choice] = number
    return found


def _ordered(variable: Variable, counts: dict[str, dict[str, int]]) -> dict[str, int]:
    mine = counts.get(variable.name, {})
    names = [choice.name for choice in variable.choices]
    return {name: mine.get(name, 0) for name in [*names, *sorted(set(mine) - set(names))]}
