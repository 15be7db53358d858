"""The cases of a person, for the page of a contact."""

from collections.abc import Sequence
from typing import Final

from flask import url_for
from sqlalchemy import or_, select

from portal.contacts.history import Before, HistoryItem, HistorySource
from portal.contacts.models import Contact
from portal.db import db
from portal.i18n import _l
from workflows.cases.models import Case
from workflows.cases.moves import shortened
from workflows.cases.stages import STAGE_NAMES


def _items(contact: Contact, before: Before, limit: int) -> Sequence[HistoryItem]:
    rows = db.session.scalars(
        select(Case)
        .where(
            or_(Case.contact_id == contact.id, Case.e164 == contact.e164),
            before.condition("cases", Case.received_at, Case.id),
        )
        .order_by(Case.received_at.desc(), Case.id.desc())
        .limit(limit)
    )
    return [
        HistoryItem(
            row.received_at,
            row.id,
            _l("Message to the city"),
            f"{row.code} · {STAGE_NAMES[row.stage]}",
            shortened(row.text),
            "good" if row.stage == "closed" else "info",
            url_for("cases.show", case_id=row.id),
        )
        for row in rows
    ]


SOURCE: Final = HistorySource("cases", "cases.read", _items)
