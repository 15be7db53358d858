"""Pictures of forms that were checked and never published."""

from sqlalchemy import Text, cast, select

from portal import clock, jobs
from portal.db import db
from surveys.editor.models import SurveyDraft, SurveyDraftRevision
from surveys.questionnaires import pictures
from surveys.questionnaires.forms import KEEP_SECONDS
from surveys.questionnaires.models import SurveyVersion


@jobs.job(queue="default", timeout_seconds=600)
def forget_pictures() -> None:
    """Delete pictures that no version and no draft names and nobody can publish any more."""
    oldest = clock.now().timestamp() - 2 * KEEP_SECONDS
    unwanted = {path.name for path in pictures.folder().iterdir() if path.stat().st_mtime < oldest}
    if not unwanted:
        return
    for table in (SurveyVersion, SurveyDraft, SurveyDraftRevision):
        found = db.session.scalars(
            select(cast(table.definition, Text)).execution_options(yield_per=10)
        )
        for definition in found:
            unwanted -= {match[0] for match in pictures.NAME.finditer(definition)}
    db.session.rollback()
    for name in unwanted:
        pictures.discard(name, oldest)
