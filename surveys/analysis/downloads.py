"""One door to all file formats of a survey's responses."""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from portal import clock
from portal.db import db
from portal.i18n import _, current_language, pick, use_language
from surveys.analysis import columns, ddi, export, sav_export, services, xlsx
from surveys.questionnaires.models import Survey
from surveys.retention import reading as retention

CHUNK: Final = 64 * 1024


@dataclass(frozen=True)
class Format:
    """`make(survey, campaign_id, lang)` reads in the session what it needs and returns the pieces
    of the file, which then come from a connection of their own."""

    mimetype: str
    ending: str
    make: Callable[[Survey, int | None, str | None], Iterator[bytes]]
    is_whole: bool = False
    """Nothing can be sent before all is made: of a large survey a job makes it (`waiting`)."""


def _csv(survey: Survey, campaign_id: int | None, lang: str | None) -> Iterator[bytes]:
    table = export.table(survey.id)
    pieces = export.lines(survey.id, table, campaign_id=campaign_id, bom=lang is not None)
    return (piece.encode() for piece in pieces)


def _sav(survey: Survey, campaign_id: int | None, lang: str | None) -> Iterator[bytes]:
    with use_language(lang or current_language()) as chosen:
        plan = sav_export.Plan(
            survey.id,
            pick(survey.titles, chosen) or survey.code,
            tuple(columns.of_survey(survey.id)),
            clock.now(),
            chosen,
            _("Yes"),
            _("No"),
            tuple(retention.sentences(survey.id, campaign_id)),
        )
    return sav_export.pieces(db.engine, plan, campaign_id)


def _xlsx(survey: Survey, campaign_id: int | None, lang: str | None) -> Iterator[bytes]:
    found, engine, survey_id = columns.of_survey(survey.id), db.engine, survey.id
    with use_language(lang or current_language()):
        notes = retention.sentences(survey.id, campaign_id)

    def pieces() -> Iterator[bytes]:
        # A workbook is a ZIP file: it can be sent only when it is whole, so it waits on the disk.
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "answers.xlsx"
            xlsx.write(
                engine, survey_id, found, path, campaign_id=campaign_id, lang=lang, notes=notes
            )
            with path.open("rb") as file:
                while piece := file.read(CHUNK):
                    yield piece

    return pieces()


def _ddi(survey: Survey, campaign_id: int | None, lang: str | None) -> Iterator[bytes]:
    # Labels stand there in all languages, what was erased in the reader's.
    with use_language(lang or current_language()):
        notes = retention.sentences(survey.id, campaign_id)
    found = columns.of_survey(survey.id)
    results = services.results(survey.id, campaign_id)
    whole = ddi.document(
        code=survey.code,
        titles=survey.titles,
        producer="Pasokh",
        columns=found,
        counts={
            result.variable.name: result.counts
            for result in results
            if result.counts and not result.variable.repeat
        },
        cases=services.complete_count(survey.id, campaign_id),
        created=clock.now(),
        notes=notes,
    )
    return iter([whole])


FORMATS: Final = {
    "csv": Format("text/csv", "csv", _csv),
    "xlsx": Format(
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx", _xlsx, True
    ),
    "sav": Format("application/x-spss-sav", "sav", _sav),
    "ddi": Format("application/xml", "xml", _ddi),
}
