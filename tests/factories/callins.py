"""Series, sessions and calls of call-ins."""

import datetime as dt
import itertools
from typing import Any

from portal import clock
from portal.db import db
from tests.factories.contacts import number
from tests.factories.context import application
from workflows.callins import registration, services
from workflows.callins.models import Call, CallinSeries, CallinSession

_numbers = itertools.count(1)

TEXTS: dict[str, dict[str, str]] = {
    "titles": {
        "fa": "پاسخگویی تلفنی شهردار در ۱۳۷",
        "ar": "الرد الهاتفي لرئيس البلدية",
        "en": "Mayor call-in",
    },
    "officials": {
        "fa": "شهردار منطقهٔ ۱۲",
        "ar": "رئيس بلدية المنطقة ١٢",
        "en": "Mayor of district 12",
    },
    "places": {"fa": "مرکز ۱۳۷، سالن پاسخگویی", "ar": "مركز ١٣٧", "en": "137 centre, hall 1"},
    "subjects": {
        "fa": "خدمات شهری و معابر؛ پرونده‌های ملکی نه.",
        "ar": "الخدمات البلدية والشوارع؛ ليس ملفات العقارات.",
        "en": "City services and streets; no property files.",
    },
}


def make_series(**overrides: Any) -> CallinSeries:
    """A committed series, first Sunday of the Persian month 10:00-12:00, with its sessions."""
    values: dict[str, Any] = {
        **TEXTS,
        "phone": "137",
        "frequency": "monthly",
        "month_calendar": "persian",
        "ordinal": 1,
        "weekday": 6,
        "starts": dt.time(10),
        "ends": dt.time(12),
        "capacity": 20,
        "waiting_capacity": 10,
        "active": True,
        **overrides,
    }
    with application():
        series = services.create_series(values)
        db.session.commit()
        db.session.refresh(series)
        return series


def sessions_of(series: CallinSeries) -> list[CallinSession]:
    """Its sessions, the next first."""
    with application():
        found = db.session.query(CallinSession).filter_by(series_id=series.id)
        return found.order_by(CallinSession.starts_at).all()


def make_session(**overrides: Any) -> CallinSession:
    """The next session of a new series; keys of the session or of make_series."""
    own = {k: overrides.pop(k) for k in ("state", "starts_at", "ends_at") if k in overrides}
    session = sessions_of(make_series(**overrides))[0]
    with application():
        kept = db.session.get_one(CallinSession, session.id)
        for key, value in own.items():
            setattr(kept, key, value)
        db.session.commit()
        db.session.refresh(kept)
        return kept


def make_call(session: CallinSession, **overrides: Any) -> Call:
    """A committed pre-registration, as the public page makes it."""
    n = next(_numbers)
    values: dict[str, Any] = {
        "name": f"شهروند {n}",
        "e164": number(),
        "language": "fa",
        "subject": "روشنایی کوچه",
        "neighbourhood": "بازار",
        "form_key": f"factory-{n}-{clock.now().timestamp()}",
        **overrides,
    }
    with application():
        call = registration.register(session.id, **values)
        db.session.commit()
        db.session.refresh(call)
        return call
