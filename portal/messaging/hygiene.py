"""Numbers to which messages keep coming back: marked, left out of audiences, and forgiven.

A number is unreachable after messages to it came back on UNREACHABLE_AFTER different days (of the
city) since the last one that arrived and the last one that came from it. A delivery or an SMS from
it takes the mark away. Who blocked our line, or said no, is no such number.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Final

from flask import current_app
from sqlalchemy import select, text

from portal import clock
from portal.config import Settings
from portal.contacts.models import Contact
from portal.db import db
from portal.messaging import gateway_words

PAGE: Final = 50
LOOK_BACK: Final = dt.timedelta(days=2)
"""How old a message that came back may be to have its number looked at: longer than a machine
stands still as a rule. Its earlier ones are counted whatever their age."""

_MARK: Final = text("""
    WITH lately AS (
        SELECT DISTINCT m.e164 FROM messages m
        JOIN contacts c ON c.e164 = m.e164 AND c.unreachable_since IS NULL
        WHERE m.state IN ('undelivered', 'failed') AND m.state_at > :since
            AND (m.state = 'undelivered' OR m.reason = ANY (CAST(:bad AS text[])))
    ), counted AS (
        SELECT m.e164,
            count(DISTINCT CAST(m.state_at AT TIME ZONE :zone AS date)) AS days,
            (array_agg(coalesce(m.reason, m.state) ORDER BY m.state_at DESC))[1] AS reason
        FROM lately l
        CROSS JOIN LATERAL (
            SELECT greatest(
                (SELECT max(d.delivered_at) FROM messages d WHERE d.e164 = l.e164),
                (SELECT max(i.received_at) FROM inbound_messages i WHERE i.e164 = l.e164)) AS at
        ) good
        JOIN messages m ON m.e164 = l.e164 AND m.state_at > coalesce(good.at, '-infinity')
        WHERE m.state = 'undelivered'
            OR m.state = 'failed' AND m.reason = ANY (CAST(:bad AS text[]))
        GROUP BY m.e164
    )
    UPDATE contacts c SET unreachable_since = :now, unreachable_reason = counted.reason
    FROM counted
    WHERE c.e164 = counted.e164 AND counted.days >= :days AND c.unreachable_since IS NULL
    RETURNING c.id
""")

_FORGIVE: Final = text("""
    UPDATE contacts c SET unreachable_since = NULL, unreachable_reason = NULL
    WHERE c.unreachable_since IS NOT NULL AND (
        EXISTS (SELECT FROM messages m
                WHERE m.e164 = c.e164 AND m.delivered_at > c.unreachable_since)
        OR EXISTS (SELECT FROM inbound_messages i
                   WHERE i.e164 = c.e164 AND i.received_at > c.unreachable_since))
    RETURNING c.id
""")


def sweep() -> tuple[int, int]:
    """Mark and forgive. Returns how many of each; does not commit, and may run twice."""
    settings: Settings = current_app.extensions["pasokh_settings"]
    forgiven = len(db.session.execute(_FORGIVE).all())
    if not settings.unreachable_after:
        return 0, forgiven
    now = clock.now()
    marked = db.session.execute(
        _MARK,
        {
            "now": now,
            "since": now - LOOK_BACK,
            "zone": settings.timezone,
            "days": settings.unreachable_after,
            "bad": gateway_words.bad_number_reasons(),
        },
    ).all()
    return len(marked), forgiven


def page(before: int | None = None) -> tuple[Sequence[Contact], int | None]:
    """Unreachable contacts, the newest in the bank first, and where the next page begins."""
    query = (
        select(Contact)
        .where(Contact.unreachable_since.is_not(None))
        .order_by(Contact.id.desc())
        .limit(PAGE + 1)
    )
    if before is not None:
        query = query.where(Contact.id < before)
    found = db.session.scalars(query).all()
    return found[:PAGE], found[PAGE - 1].id if len(found) > PAGE else None
