"""Publish questionnaires as versions that never change, and read them back."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import selectinload, undefer

from portal import audit, clock
from portal.db import db
from portal.text import ascii_digits
from surveys.questionnaires import pictures
from surveys.questionnaires.models import Survey, SurveyVersion
from surveys.questionnaires.problems import Problem
from surveys.questionnaires.schema import Questionnaire
from surveys.questionnaires.xlsform import read

CODE = re.compile(r"[A-Z0-9][A-Z0-9_-]{1,39}")


class CodeError(ValueError):
    """A code that no survey can have."""


@dataclass(frozen=True)
class Imported:
    """What came of an import. `version` is None exactly when a problem is an error;
    `is_new` is False where the newest version already said the same."""

    version: SurveyVersion | None
    problems: tuple[Problem, ...]
    is_new: bool = False
    languages: tuple[str, ...] = ()
    question_count: int = 0


def normalise_code(code: str) -> str:
    """`BUDGET-1405` however it was typed. Raises CodeError."""
    found = ascii_digits(code).strip().upper()
    if not CODE.fullmatch(found):
        raise CodeError(code)
    return found


def import_survey(code: str, data: bytes, filename: str, user_id: int | None) -> Imported:
    """Read a spreadsheet and publish it; with an error in it nothing is stored. CodeError."""
    code = normalise_code(code)
    reading = read(data, filename)
    version, is_new = None, False
    if reading.questionnaire is not None:
        pictures.keep(reading.pictures)
        version, is_new = publish(
            code,
            reading.questionnaire,
            question_count=reading.question_count,
            filename=filename,
            source_digest=hashlib.sha256(data).digest(),
            user_id=user_id,
        )
    return Imported(version, reading.problems, is_new, reading.languages, reading.question_count)


def publish(
    code: str,
    questionnaire: Questionnaire,
    *,
    question_count: int,
    filename: str,
    source_digest: bytes,
    user_id: int | None,
) -> tuple[SurveyVersion, bool]:
    """(the version that holds this questionnaire, whether it is new)."""
    definition = questionnaire.to_json()
    titles = dict(questionnaire.title)
    db.session.execute(
        insert(Survey)
        .values(code=code, titles=titles, created_at=clock.now(), created_by=user_id)
        .on_conflict_do_nothing(index_elements=["code"])
    )
    # The lock lets two imports of one code follow each other: their numbers never clash.
    survey = db.session.scalars(select(Survey).where(Survey.code == code).with_for_update()).one()
    newest = db.session.scalars(
        select(SurveyVersion)
        .where(SurveyVersion.survey_id == survey.id)
        .order_by(SurveyVersion.number.desc())
        .limit(1)
        .options(undefer(SurveyVersion.definition))
    ).first()
    if newest is not None and newest.definition == definition:
        return newest, False
    version = SurveyVersion(
        survey=survey,
        number=newest.number + 1 if newest else 1,
        definition=definition,
        question_count=question_count,
        languages=list(questionnaire.languages),
        source_filename=filename[:255],
        source_digest=source_digest,
        published_at=clock.now(),
    )
    survey.titles = titles
    db.session.add(version)
    db.session.flush()
    audit.record(
        "survey.version_published",
        "survey",
        survey.id,
        code=code,
        version=version.number,
        filename=version.source_filename,
        sha256=source_digest.hex(),
    )
    return version, True


@lru_cache(maxsize=128)
def load_version(version_id: int) -> Questionnaire:
    """The questionnaire of a version, kept in this process: versions never change. LookupError."""
    definition = db.session.scalar(
        select(SurveyVersion.definition).where(SurveyVersion.id == version_id)
    )
    if definition is None:
        raise LookupError(f"There is no survey version {version_id}")
    return Questionnaire.from_json(definition)


@dataclass(frozen=True)
class SurveyLine:
    """A survey in the list, with what its newest version says."""

    survey: Survey
    newest: SurveyVersion
    versions: int


def list_surveys(limit: int = 200) -> Sequence[SurveyLine]:
    """The surveys, those published last first."""
    newest = (
        select(
            SurveyVersion.survey_id,
            func.max(SurveyVersion.number).label("number"),
            func.count().label("versions"),
        )
        .group_by(SurveyVersion.survey_id)
        .subquery()
    )
    rows = db.session.execute(
        select(Survey, SurveyVersion, newest.c.versions)
        .join(newest, newest.c.survey_id == Survey.id)
        .join(
            SurveyVersion,
            (SurveyVersion.survey_id == Survey.id) & (SurveyVersion.number == newest.c.number),
        )
        .order_by(SurveyVersion.published_at.desc(), Survey.id.desc())
        .limit(limit)
    )
    return [SurveyLine(survey, version, versions) for survey, version, versions in rows]


def find_survey(code: str) -> Survey | None:
    """A survey with its versions, oldest first."""
    return db.session.scalars(
        select(Survey).where(Survey.code == code).options(selectinload(Survey.versions))
    ).one_or_none()


def find_version(code: str, number: int) -> SurveyVersion | None:
    return db.session.scalars(
        select(SurveyVersion)
        .join(Survey)
        .where(Survey.code == code, SurveyVersion.number == number)
    ).one_or_none()
