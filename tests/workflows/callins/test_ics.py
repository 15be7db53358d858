"""The feed, read back."""

import datetime as dt
import re

from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from portal import clock
from portal.db import db
from tests.factories.callins import TEXTS, make_series, make_session, sessions_of
from tests.workflows.callins import ics_reader
from workflows.callins import ics, services

NOW = "2026-03-25T08:00:00+00:00"
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=200)


def event(summary: str, description: str) -> ics.Event:
    at = dt.datetime(2026, 4, 26, 6, 30, tzinfo=dt.UTC)
    return ics.Event("u@x", 0, at, at, at + dt.timedelta(hours=2), summary, description, "", "u")


@given(summary=TEXT, lines=st.lists(TEXT, max_size=4))
def test_any_text_comes_back(summary: str, lines: list[str]) -> None:
    description = "\n".join(lines)
    feed = ics.calendar("نام", "fa", [event(summary, description)])
    calendar, events = ics_reader.read(feed.encode())
    assert calendar["X-WR-CALNAME"] == "نام"
    assert events[0]["SUMMARY"] == summary
    assert events[0]["DESCRIPTION"] == description


def test_the_feed_holds_the_sessions_in_the_language_asked_for(client: FlaskClient) -> None:
    with clock.freeze(NOW):
        series = make_series()
        for language in ("fa", "ar", "en"):
            response = client.get(f"/callins.ics?lang={language}")
            assert response.mimetype == "text/calendar"
            assert "charset=utf-8" in response.headers["Content-Type"]
            _calendar, events = ics_reader.read(response.data)
            assert len(events) == len(sessions_of(series)) >= 3
            first = events[0]
            assert TEXTS["titles"][language] in first["SUMMARY"]
            assert first["LOCATION"] == TEXTS["places"][language]
            assert TEXTS["subjects"][language] in first["DESCRIPTION"]
            # 10:00 in Tehran, first Sunday of Ordibehesht 1405.
            assert first["DTSTART"] == "20260426T063000Z"
            assert first["DTEND"] == "20260426T083000Z"
            assert re.fullmatch(r"\d{8}T\d{6}Z", first["DTSTAMP"])
            assert first["URL"].startswith(f"http://localhost/{language}/callins/")


def test_a_change_keeps_the_uid_and_raises_the_sequence(app: Flask, client: FlaskClient) -> None:
    with clock.freeze(NOW):
        session = make_session()
        before = ics_reader.read(client.get("/callins.ics").data)[1][0]
        clock.shift(days=1)
        with app.app_context():
            services.move_session(
                session.id,
                starts_at=session.starts_at + dt.timedelta(days=1),
                ends_at=session.ends_at + dt.timedelta(days=1),
                capacity=20,
            )
            db.session.commit()
        moved = ics_reader.read(client.get("/callins.ics").data)[1][0]
        assert moved["UID"] == before["UID"]
        assert (before["SEQUENCE"], moved["SEQUENCE"]) == ("0", "1")
        assert moved["DTSTART"] == "20260427T063000Z"
        assert moved["DTSTAMP"] > before["DTSTAMP"]
        with app.app_context():
            services.cancel_session(session.id)
            db.session.commit()
        gone = ics_reader.read(client.get("/callins.ics").data)[1][0]
        assert (gone["UID"], gone["SEQUENCE"], gone["STATUS"]) == (moved["UID"], "2", "CANCELLED")


def test_reading_it_twice_gives_the_same_bytes(client: FlaskClient) -> None:
    with clock.freeze(NOW):
        make_series()
        assert client.get("/callins.ics").data == client.get("/callins.ics").data
