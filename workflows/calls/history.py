"""The calls of a person, for the page of a contact."""

from collections.abc import Sequence
from typing import Final

from flask import url_for
from sqlalchemy import select

from portal.contacts.history import Before, HistoryItem, HistorySource
from portal.contacts.models import Contact
from portal.db import db
from portal.i18n import _l
from workflows.calls import labels
from workflows.calls.models import CentreCall
from workflows.cases.moves import shortened


def _items(contact: Contact, before: Before, limit: int) -> Sequence[HistoryItem]:
    rows = db.session.scalars(
        select(CentreCall)
        .where(
            CentreCall.e164 == contact.e164,
            before.condition("calls", CentreCall.ended_at, CentreCall.id),
        )
        .order_by(CentreCall.ended_at.desc(), CentreCall.id.desc())
        .limit(limit)
    )
    return [
        HistoryItem(
            row.ended_at,
            row.id,
            _l("Call to the centre"),
            str(labels.RESULTS[row.result]),
            shortened(row.subject or row.note),
            labels.TONES.get(row.result, "info"),
            url_for("cases.show", case_id=row.case_id) if row.case_id else "",
        )
        for row in rows
    ]


SOURCE: Final = HistorySource("calls", "calls.read", _items)
