"""What other applications read of a case: taken back by whoever hides or removes a text of it."""

from portal.db import db
from workflows.cases.models import Case
from workflows.open311 import publishing


def take_back(case_id: int, *, by: int | None) -> None:
    """Where something of the case is listed or was released. The case is locked by the caller or
    is locked here; a person may release another text afterwards."""
    row, listed, _sender = publishing.state_of(db.session.get_one(Case, case_id))
    released = row is not None and (row.description or row.answer or row.media_url)
    if listed or released:
        publishing.withhold(case_id, by=by)
