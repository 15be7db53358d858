"""Lists of sessions for pages and the feed."""

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import Select, select

from portal import clock
from portal.accounts.models import Role, User
from portal.db import db
from portal.i18n import _, local, pick
from workflows.calendars.closed import closed_day
from workflows.callins import ics
from workflows.callins.models import CallinSeries, CallinSession

FEED_PAST = dt.timedelta(days=180)
PAST_SHOWN = 24


def _sessions() -> Select[CallinSession]:
    return select(CallinSession).order_by(CallinSession.starts_at, CallinSession.id)


def coming(limit: int = 30) -> Sequence[CallinSession]:
    """Planned, cancelled and running sessions that are not over, the next first."""
    return db.session.scalars(
        _sessions()
        .where(
            (CallinSession.ends_at > clock.now()) | (CallinSession.state == "open"),
            CallinSession.state != "closed",
        )
        .limit(limit)
    ).all()


def on_holiday(sessions: Sequence[CallinSession]) -> set[int]:
    """Ids of planned sessions whose day the city's calendar closes, perhaps since they were
    planned: somebody moves or cancels them, or lets them be."""
    return {
        session.id
        for session in sessions
        if session.state == "planned" and closed_day(local(session.starts_at).date())
    }


def published() -> Sequence[CallinSession]:
    """Past sessions with public minutes, the newest first."""
    return db.session.scalars(
        select(CallinSession)
        .where(CallinSession.minutes_published_at.is_not(None))
        .order_by(CallinSession.starts_at.desc(), CallinSession.id)
        .limit(PAST_SHOWN)
    ).all()


def past(limit: int = PAST_SHOWN) -> Sequence[CallinSession]:
    """For staff: what was, the newest first."""
    return db.session.scalars(
        select(CallinSession)
        .where(CallinSession.starts_at < clock.now(), CallinSession.state != "open")
        .order_by(CallinSession.starts_at.desc(), CallinSession.id)
        .limit(limit)
    ).all()


def series() -> Sequence[CallinSeries]:
    return db.session.scalars(
        select(CallinSeries).order_by(CallinSeries.active.desc(), CallinSeries.id)
    ).all()


def events(address: str) -> list[ics.Event]:
    """The feed: half a year back and all that is planned. `address` + session id is its page."""
    found = db.session.scalars(_sessions().where(CallinSession.starts_at > clock.now() - FEED_PAST))
    return [
        ics.Event(
            uid=session.uid,
            sequence=session.sequence,
            changed_at=session.changed_at,
            starts_at=session.starts_at,
            ends_at=session.ends_at,
            summary=_(
                "%(title)s: %(official)s",
                title=pick(session.titles),
                official=pick(session.officials),
            ),
            description="\n".join(
                line
                for line in (
                    pick(session.subjects),
                    _("Telephone: %(phone)s", phone=session.phone)
                    if session.kind == "call_in"
                    else "",
                )
                if line
            ),
            location=pick(session.places),
            url=f"{address}{session.id}",
            cancelled=session.state == "cancelled",
        )
        for session in found
    ]


def people() -> list[tuple[int, str]]:
    """Who can be made responsible for a promise."""
    rows = db.session.execute(
        select(User.id, User.name, User.email)
        .where(
            User.active,
            User.roles.any(Role.name.in_(("official", "unit_officer", "operator"))),
        )
        .order_by(User.name, User.id)
    )
    return [(row.id, row.name or row.email) for row in rows]
