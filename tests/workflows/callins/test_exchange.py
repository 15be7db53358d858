"""What the telephone exchange reports: by its calls to us, and by a file."""

import contextlib
import datetime as dt
import io
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from portal import clock
from portal.db import db
from portal.logs import redact
from tests.factories.accounts import csrf_token, make_user, sign_in
from tests.factories.callins import make_session
from workflows.callins import cdr, exchange, figures
from workflows.callins.exchange_models import ExchangeCall
from workflows.callins.models import CallinSession

NOW = "2026-03-25T08:00:00+00:00"
SECRET = "a-secret-of-at-least-22-characters"
HOOK = f"/hooks/exchange/{SECRET}"


@pytest.fixture(autouse=True)
def _still() -> Iterator[None]:
    with clock.freeze(NOW):
        yield


@pytest.fixture
def session(app: Flask) -> CallinSession:
    """It begins now; until noon in Tehran."""
    found = make_session()
    clock.shift(found.starts_at - clock.now())
    return found


@pytest.fixture
def send(app: Flask, make_app: Callable[..., Flask]) -> Callable[..., TestResponse]:
    client = make_app(exchange_hook_secret=SECRET).test_client()

    def post(document: Any, address: str = HOOK) -> TestResponse:
        return client.post(address, json=document)

    return post


def at(session: CallinSession, seconds: int) -> str:
    return (session.starts_at + dt.timedelta(seconds=seconds)).isoformat()


def reports(session: CallinSession) -> list[dict[str, str]]:
    """Three calls: one answered after 20 seconds, one after 40, one given up."""
    return [
        {"event": "offered", "call_id": "a", "at": at(session, 0), "number": "09121234567"},
        {"event": "answered", "call_id": "a", "at": at(session, 20), "line": "02137137"},
        {"event": "ended", "call_id": "a", "at": at(session, 200)},
        {"event": "offered", "call_id": "b", "at": at(session, 10), "line": "137"},
        {"event": "answered", "call_id": "b", "at": at(session, 50)},
        {"event": "offered", "call_id": "c", "at": at(session, 30)},
        {"event": "ended", "call_id": "c", "at": at(session, 90)},
    ]


def rows() -> list[tuple]:
    found = db.session.query(ExchangeCall).order_by(ExchangeCall.call_id)
    return [(c.call_id, c.offered_at, c.answered_at, c.ended_at, c.session_id) for c in found]


def test_the_exchange_calls_and_the_session_knows_how_long_people_waited(
    app: Flask, session: CallinSession, send: Callable[..., TestResponse]
) -> None:
    answer = send({"events": reports(session)})
    assert answer.status_code == 200
    assert answer.json == {"new": 3, "known": 0, "refused": []}
    # Repeated in another order it is the same.
    again = [send(one).status_code for one in reversed(reports(session))]
    assert set(again) == {200}
    with app.app_context():
        assert len(rows()) == 3
        assert {row[4] for row in rows()} == {session.id}
        assert exchange.of_session(session.id) == exchange.Figures(3, 2, 1, 30.0)
        made = figures.figures(session.starts_at, session.ends_at)
        assert (made["offered"], made["picked_up"], made["abandoned"]) == (3, 2, 1)
        first = db.session.query(ExchangeCall).filter_by(call_id="a").one()
        assert (first.e164, first.line, first.source) == ("+989121234567", "02137137", "hook")
    desk = app.test_client()
    sign_in(desk, make_user(("operator",), language="en"))
    assert "30 seconds" in desk.get(f"/staff/callin-board/{session.id}/queue").text


def test_only_who_knows_the_secret_is_heard_and_nonsense_is_listed(
    app: Flask, session: CallinSession, send: Callable[..., TestResponse]
) -> None:
    assert send(reports(session), "/hooks/exchange/wrong").status_code == 404
    # Where no secret is set the address does not exist, whatever it ends in.
    assert app.test_client().post(HOOK, json=reports(session)).status_code == 404
    assert app.test_client().post("/hooks/exchange/", json={}).status_code in {404, 405}
    odd = [
        {"event": "ringing", "call_id": "x"},
        {"event": "offered"},
        {"event": "offered", "call_id": "x", "at": "2126-01-01T00:00:00Z"},
        {"call_id": "x", "offered_at": at(session, 9), "answered_at": at(session, 1)},
        "text",
    ]
    answer = send(odd)
    assert answer.status_code == 422
    assert answer.json is not None
    assert [one["index"] for one in answer.json["refused"]] == [0, 1, 2, 3, 4]
    assert send([*odd, reports(session)[0]]).status_code == 200
    assert send([reports(session)[0]] * 501).status_code == 400
    assert send("x" * 300_000).status_code == 413
    with app.app_context():
        assert len(rows()) == 1
    assert SECRET not in redact(f"POST {HOOK} 200")


MOMENTS = st.one_of(st.none(), st.integers(0, 500))


@given(
    calls=st.lists(st.tuples(MOMENTS, MOMENTS, MOMENTS).filter(any), min_size=1, max_size=6),
    data=st.data(),
)
def test_reports_in_any_order_and_number_make_the_same_call(
    calls: list[tuple], data: st.DataObject
) -> None:
    """`_both` is what the database does as well: least, least, greatest."""
    start = dt.datetime(2026, 4, 26, tzinfo=dt.UTC)
    made = [
        exchange.Report(
            "x", *(start + dt.timedelta(seconds=s) if s is not None else None for s in moments)
        )
        for moments in calls
    ]
    shuffled = data.draw(st.permutations(made + made))

    def together(found: list[exchange.Report]) -> exchange.Report:
        whole = found[0]
        for one in found[1:]:
            whole = exchange._both(whole, one)
        return whole

    assert together(made) == together(shuffled)


ASTERISK = """calldate,src,dst,duration,billsec,disposition,uniqueid
2026-04-26 10:00:05,09121234567,137,95,80,ANSWERED,1777.1
2026-04-26 10:01:00,02188776655,137,30,0,NO ANSWER,1777.2
2026-04-26 10:02:00,anonymous,137,45,40,ANSWERED,1777.3
when?,1,137,1,1,ANSWERED,1777.4
2026-04-26 10:03:00,1,137,x,1,ANSWERED,1777.5
2026-04-26 10:04:00,1,137,1,1,ANSWERED,
"""


def test_a_file_of_the_exchange_twice(
    app: Flask, session: CallinSession, runner: FlaskCliRunner, tmp_path: Path
) -> None:
    desk = app.test_client()
    sign_in(desk, make_user(("communications",), language="en"))
    token = csrf_token(desk, "/staff/callins/exchange/")

    def upload(text: str, **columns: str) -> TestResponse:
        data = {"csrf_token": token, "file": (io.BytesIO(text.encode()), "cdr.csv"), **columns}
        return desk.post("/staff/callins/exchange/", data=data)

    page = upload(ASTERISK)
    assert page.status_code == 200
    assert page.text.count('data-label="Reason"') == 3
    with app.app_context():
        # 15 seconds, and 5, of ringing; one nobody answered.
        assert exchange.of_session(session.id) == exchange.Figures(3, 2, 1, 10.0)
        before = rows()
    assert upload(ASTERISK).status_code == 200
    with app.app_context():
        assert rows() == before

    # Another exchange: other names, other marks between the cells, Persian digits.
    other = "زنگ;جواب;شناسه\n۲۰۲۶-۰۴-۲۶ ۱۰:۱۰:۰۰;۲۰۲۶-۰۴-۲۶ ۱۰:۱۰:۳۰;Z\n"
    assert upload(other).status_code == 422
    assert upload(other, call_id="شناسه", offered="زنگ", answered="جواب").status_code == 200
    assert upload("\x00" * 10).status_code == 422
    with app.app_context():
        assert exchange.of_session(session.id).answered == 3

    path = tmp_path / "cdr.csv"
    path.write_text(ASTERISK.replace("calldate", "began"), encoding="utf-8")
    result = runner.invoke(
        args=["callins", "import-calls", str(path), "--column", "offered=began", "--json"]
    )
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    assert (found["new"], found["known"]) == (0, 3)
    assert [one["row"] for one in found["rejected"]] == [5, 6, 7]


def test_a_call_outside_every_session_or_on_another_line_belongs_to_none(
    app: Flask, session: CallinSession, send: Callable[..., TestResponse]
) -> None:
    before = (session.starts_at - dt.timedelta(hours=1)).isoformat()
    send({"call_id": "early", "offered_at": before})
    send({"call_id": "other", "offered_at": at(session, 5), "line": "110"})
    make_session(starts_at=session.starts_at, ends_at=session.ends_at, phone="138")
    send({"call_id": "unclear", "offered_at": at(session, 6)})
    send({"call_id": "clear", "offered_at": at(session, 7), "line": "138"})
    with app.app_context():
        assert {row[0]: row[4] is None for row in rows()} == {
            "early": True,
            "other": True,
            "unclear": True,
            "clear": False,
        }


def test_a_session_that_nobody_closed_does_not_take_the_calls_of_the_next(
    app: Flask, session: CallinSession, send: Callable[..., TestResponse]
) -> None:
    with app.app_context():
        db.session.get_one(CallinSession, session.id).state = "open"
        db.session.commit()
    clock.shift(hours=3)
    send({"call_id": "long", "offered_at": at(session, 3 * 3600)})
    clock.shift(days=7)
    send({"call_id": "later", "offered_at": at(session, 7 * 86400)})
    with app.app_context():
        assert {row[0]: row[4] for row in rows()} == {"long": session.id, "later": None}


@given(st.text(max_size=400))
def test_any_file_is_read_or_refused(text: str) -> None:
    try:
        for _number, cells in cdr._rows(text, {}):
            with contextlib.suppress(exchange.ReportRefused):
                cdr._report(cells)
    except cdr.FileRefused:
        pass


@pytest.mark.parametrize(
    "typed",
    [
        "2026-04-26T06:30:05Z",
        "2026-04-26 10:00:05",
        "2026/4/26 10:00:05",
        "1405/02/06 10:00:05",
        "۱۴۰۵-۲-۶ ۱۰:۰۰:۰۵",
        "1405-02-06 10:00:05.5+03:30",
        "1405/2/6 6:30:05Z",
    ],
)
def test_the_time_of_a_call_in_either_calendar(app: Flask, typed: str) -> None:
    with app.app_context():
        found = exchange.moment(typed)
        assert found is not None
        assert found.replace(microsecond=0) == dt.datetime(2026, 4, 26, 6, 30, 5, tzinfo=dt.UTC)
        for wrong in ("1405/13/06 10:00", "1405/02/06 25:00", "1405/02/06 x", "1405/2/6 9:5"):
            # Kept in its own direction: «when?» among Persian words was read as «?when».
            with pytest.raises(exchange.ReportRefused, match=f"\u2066{re.escape(wrong)}\u2069"):
                exchange.moment(wrong)
