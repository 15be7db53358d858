"""Large files of answers: asked for, made by a job, taken within a day, erased.

The row is the truth: a job claims it with a lease, so a file is made once; whoever is killed
while making leaves a lease that ends, and the sweep makes it again. Flushes, never commits.
"""

import datetime as dt
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from flask import current_app
from sqlalchemy import ColumnElement, Text, delete, func, select, update

from portal import audit, clock
from portal.db import db
from portal.i18n import use_language
from surveys.analysis import columns, xlsx
from surveys.analysis.models import ExportFile
from surveys.questionnaires.models import Survey
from surveys.retention import reading as retention

TIMEOUT_SECONDS: Final = 1800
LEASE: Final = dt.timedelta(seconds=TIMEOUT_SECONDS + 60)
LIFE: Final = dt.timedelta(hours=24)
ATTEMPTS: Final = 3


@dataclass(frozen=True)
class Wanted:
    """What a job needs to know, read before its long work."""

    survey_id: int
    campaign_id: int | None
    language: str
    path: Path


def folder() -> Path:
    """Where they lie; every process of the portal must see the same folder."""
    path: Path = current_app.extensions["pasokh_settings"].data_dir / "exports"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def path_of(export: ExportFile) -> Path:
    return folder() / export.name


def erased_at(export: ExportFile) -> dt.datetime:
    return export.asked_at + LIFE


def ask(survey: Survey, campaign_id: int | None, language: str, user_id: int) -> ExportFile:
    """A file to be made; the one that waits already where the same person asks twice."""
    # Held to the commit, so that a double click finds what its first half made.
    db.session.execute(select(Survey.id).where(Survey.id == survey.id).with_for_update())
    known = db.session.scalars(
        select(ExportFile).where(
            ExportFile.survey_id == survey.id,
            ExportFile.campaign_id.is_not_distinct_from(campaign_id),
            ExportFile.language == language,
            ExportFile.asked_by == user_id,
            ExportFile.state == "waiting",
        )
    ).first()
    if known is not None:
        return known
    made = ExportFile(
        survey_id=survey.id,
        campaign_id=campaign_id,
        language=language,
        asked_by=user_id,
        state="waiting",
        attempts=0,
        name=f"{secrets.token_hex(16)}.xlsx",
    )
    db.session.add(made)
    db.session.flush()
    audit.record(
        "survey.export_asked", "survey", survey.id,
        format="xlsx", campaign=campaign_id, file=made.id,
    )  # fmt: skip
    return made


def find(export_id: int) -> ExportFile | None:
    """One that was not erased."""
    found = db.session.get(ExportFile, export_id)
    return found if found is not None and erased_at(found) > clock.now() else None


def due() -> list[int]:
    """Files that wait and that nobody is making."""
    return list(
        db.session.scalars(
            select(ExportFile.id)
            .where(ExportFile.state == "waiting", _free())
            .order_by(ExportFile.id)
        )
    )


def claim(export_id: int) -> Wanted | None:
    """Take it for as long as a job may last. None: somebody has it, or it is made. Commit then."""
    now = clock.now()
    row = db.session.execute(
        update(ExportFile)
        .where(
            ExportFile.id == export_id,
            ExportFile.state == "waiting",
            ExportFile.attempts < ATTEMPTS,
            _free(),
        )
        .values(leased_until=now + LEASE, attempts=ExportFile.attempts + 1)
        .returning(
            ExportFile.survey_id, ExportFile.campaign_id, ExportFile.language, ExportFile.name
        )
    ).first()
    if row is None:
        return None
    return Wanted(row.survey_id, row.campaign_id, row.language, folder() / row.name)


def write(wanted: Wanted) -> int:
    """Make the file; its bytes. Reads in a transaction of its own and leaves the session free."""
    found = columns.of_survey(wanted.survey_id)
    with use_language(wanted.language):
        notes = retention.sentences(wanted.survey_id, wanted.campaign_id)
    engine = db.engine
    db.session.rollback()
    unfinished = wanted.path.with_suffix(".part")
    try:
        unfinished.touch(mode=0o600)
        xlsx.write(
            engine,
            wanted.survey_id,
            found,
            unfinished,
            campaign_id=wanted.campaign_id,
            lang=wanted.language,
            notes=notes,
        )
        # Under its name it is whole.
        unfinished.replace(wanted.path)
    finally:
        unfinished.unlink(missing_ok=True)
    return wanted.path.stat().st_size


def finish(export_id: int, wanted: Wanted, size: int) -> None:
    db.session.execute(
        update(ExportFile)
        .where(_still(export_id, wanted))
        .values(state="made", size=size, leased_until=None)
    )


def release(export_id: int, wanted: Wanted) -> None:
    """It did not come to an end: the next sweep may try at once."""
    db.session.execute(
        update(ExportFile).where(_still(export_id, wanted)).values(leased_until=None)
    )


def make_anew(survey_id: int) -> None:
    """Answers of a survey were erased: files that hold them go with the next sweep, and are made
    again. What is being made at this moment may hold them too."""
    fresh = func.replace(func.gen_random_uuid().cast(Text), "-", "") + ".xlsx"
    db.session.execute(
        update(ExportFile)
        .where(
            ExportFile.survey_id == survey_id,
            (ExportFile.state == "made") | ExportFile.leased_until.is_not(None),
        )
        .values(state="waiting", attempts=0, leased_until=None, size=None, name=fresh)
        .execution_options(synchronize_session=False)
    )


def give_up() -> None:
    """Call failed what was tried often enough, e.g. because the disk is full."""
    db.session.execute(
        update(ExportFile)
        .where(ExportFile.state == "waiting", ExportFile.attempts >= ATTEMPTS, _free())
        .values(state="failed")
    )


def erase_old() -> None:
    """Forget files that are a day old; `sweep_folder` deletes them once that is committed."""
    db.session.execute(delete(ExportFile).where(ExportFile.asked_at <= clock.now() - LIFE))


def sweep_folder() -> None:
    """Delete files that no row names: erased ones, and leftovers of killed jobs."""
    # Listed first: the row of a file is committed before the file is begun.
    there = list(folder().iterdir())
    known = {name.removesuffix(".xlsx") for name in db.session.scalars(select(ExportFile.name))}
    for path in there:
        if path.stem not in known:
            path.unlink(missing_ok=True)


def _still(export_id: int, wanted: Wanted) -> ColumnElement[bool]:
    """Not made anew meanwhile: then the name is another one."""
    return (ExportFile.id == export_id) & (ExportFile.name == wanted.path.name)


def _free() -> ColumnElement[bool]:
    return ExportFile.leased_until.is_(None) | (ExportFile.leased_until < clock.now())
