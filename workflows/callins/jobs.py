"""What happens to call-ins by itself: sessions planned ahead, reminders the day before."""

import datetime as dt

from sqlalchemy import select

from portal import clock, jobs
from portal.db import db
from workflows.callins import proving, services, sms
from workflows.callins.models import Call, CallinSession

REMIND_BEFORE = dt.timedelta(hours=24)
BATCH = 50


@jobs.job(queue="default", timeout_seconds=120)
def prepare() -> None:
    """Plan what is missing, forget old codes, then remind. Safe to run twice and at any moment."""
    services.plan_all()
    proving.sweep()
    db.session.commit()
    while remind(BATCH):
        pass


def remind(limit: int) -> int:
    """Remind up to `limit` registered callers of a session within 24 hours; commits.

    Once each: the row is claimed, marked and given its SMS in one transaction. Who registered
    within those 24 hours has a fresh confirmation and needs no reminder.
    """
    now = clock.now()
    rows = db.session.execute(
        select(Call, CallinSession)
        .join(CallinSession, CallinSession.id == Call.session_id)
        .where(
            CallinSession.state == "planned",
            CallinSession.starts_at > now,
            CallinSession.starts_at <= now + REMIND_BEFORE,
            Call.state == "queued",
            Call.walk_in.is_(False),
            Call.reminded_at.is_(None),
        )
        .order_by(Call.id)
        .limit(limit)
        .with_for_update(of=Call, skip_locked=True)
    ).all()
    for call, session in rows:
        call.reminded_at = now
        if call.created_at <= session.starts_at - REMIND_BEFORE:
            sms.send_reminder(call, session)
    db.session.commit()
    return len(rows)
