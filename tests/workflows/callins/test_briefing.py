"""The sheet before a session, and what may stand in the minutes after it."""

import datetime as dt
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal import clock
from portal.db import db
from tests.factories.accounts import make_user, sign_in
from tests.factories.callins import make_call, make_session, sessions_of
from tests.factories.cases import make_case
from tests.factories.units import make_unit
from tests.queries import count_queries
from tests.workflows.callins.test_board import BOARD, Desk, begin
from tests.workflows.packets.documents import read_pdf
from workflows.callins import board, briefing, minutes
from workflows.callins.models import Call, CallinSession
from workflows.cases import work

NOW = "2026-03-25T08:00:00+00:00"
BRIEFINGS = "/staff/callin-briefings"


@pytest.fixture(autouse=True)
def _still() -> Iterator[None]:
    with clock.freeze(NOW):
        yield


def promised(session_id: int, by: int, days: int, words: str) -> int:
    """A promise of somebody who rang in, due so many days later; the id of its case."""
    call = board.add_caller(session_id, e164=None, name="", language="fa", subject=words, by=by)
    board.take(call.id, by)
    board.promise(
        call.id,
        by=by,
        subject=words,
        text=f"{words} درست می‌شود",
        unit_id=make_unit(names={"fa": "ادارهٔ عمران", "en": "Works"}).id,
        assignee_id=None,
        due_at=clock.now() + dt.timedelta(days=days),
    )
    db.session.commit()
    assert call.case_id
    return call.case_id


def a_month_later(many: int = 3) -> tuple[int, list[str]]:
    """The next session of an official who promised: one kept, one open, the others overdue; and
    as many registered callers. Its id and the numbers of the callers."""
    first = make_session()
    first_id, series = first.id, first.series
    operator = make_user(("operator",)).id
    clock.shift(first.starts_at - clock.now())
    board.open_session(first_id)
    kept = promised(first_id, operator, 3, "موضوع انجام‌شده")
    promised(first_id, operator, 60, "موضوع در مهلت")
    for n in range(many):
        promised(first_id, operator, 5 + n, f"موضوع عقب‌افتادهٔ {n}")
    work.finish(kept, by=operator, outcome="done", text="شد")
    db.session.commit()
    clock.shift(days=20)
    coming = sessions_of(series)[1]
    numbers = []
    for n in range(many):
        call = make_call(coming, name=f"شهروند شمارهٔ {n}", subject=f"پرسش {n} " + "آسفالت " * 60)
        assert call.e164
        numbers.append(call.e164)
        make_case(e164=call.e164, text=f"پیام باز {n} " + "چاله " * 60)
        make_case(e164=call.e164, text=f"پیام دوم {n} " + "چاله " * 60)
    return coming.id, numbers


def test_unkept_promises_come_first_then_callers_with_their_open_cases(
    app: Flask, client: FlaskClient
) -> None:
    with app.app_context():
        session_id, numbers = a_month_later()
    sign_in(client, make_user(("official",), language="fa"))
    page = client.get(f"{BRIEFINGS}/{session_id}").text
    order = [
        "موضوع عقب‌افتادهٔ 0",
        "موضوع عقب‌افتادهٔ 2",
        "موضوع در مهلت",
        "شهروند شمارهٔ 0",
        "پیام باز 0",
    ]
    places = [page.index(words) for words in order]
    assert places == sorted(places)
    assert "موضوع انجام‌شده" not in page
    # The sheet lies on a table: no telephone number on it.
    assert not any(number[-7:] in page for number in numbers)
    assert client.get(f"{BRIEFINGS}/{session_id}/briefing.pdf").mimetype == "application/pdf"
    with count_queries() as queries:
        client.get(f"{BRIEFINGS}/{session_id}")
    assert queries.count <= 16, queries.statements


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="SKIPPED LOUDLY: no pdftotext here")
def test_however_much_there_is_it_is_one_sheet(app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        session_id, _numbers = a_month_later(14)
        with app.test_request_context("/fa/"):
            data = briefing.pdf(briefing.read(session_id))
    path = tmp_path / "briefing.pdf"
    path.write_bytes(data)

    info = subprocess.run(["pdfinfo", path], capture_output=True, text=True, check=True).stdout
    assert re.search(r"Pages:\s+1\n", info)
    text = read_pdf(data, tmp_path)
    assert "شهروند" in text and "موضوع" in text


def test_nothing_leaves_in_the_minutes_by_which_a_caller_is_known(app: Flask) -> None:
    session: CallinSession = make_session()
    calls = [make_call(session, name=name, subject="کوچه") for name in ("زهرا احمدی", "بهار کریمی")]
    desk = Desk(app, make_user(("operator",), language="en"))
    begin(desk, session)
    for call in calls:
        desk.post(f"{BOARD}/calls/{call.id}/take")
        desk.post(f"{BOARD}/calls/{call.id}/end", state="answered", words="گفته شد")
    desk.post(f"{BOARD}/{session.id}/close")
    url = f"/staff/callins/sessions/{session.id}/minutes"

    def release(first: str, second: str, **more: str) -> bool:
        texts = {f"text-{c.id}": t for c, t in zip(calls, (first, second), strict=True)}
        public = {f"public-{c.id}": "y" for c in calls}
        desk.post(url, **texts, **public, publish="1", **more)
        with app.app_context():
            kept = db.session.get_one(CallinSession, session.id)
            return kept.minutes_published_at is not None

    assert not release("تماس با ۰۹۱۲ ۱۲۳ ۴۵۶۷", "خوب")
    # What was typed is kept as a draft, and the page says what is wrong with it.
    assert "۰۹۱۲ ۱۲۳" in desk.get(url)
    assert not release("به زهرا احمدی گفته شد", "خوب")
    assert not release("خوب", "به زهرا احمدي گفته شد")
    assert not release("خوب", "به بهار كريمي گفته شد")
    assert not release("تماس با (۰۹۱۲) – ۱۲۳ – ۴۵۶۷", "خوب")
    # «بهار» is a street here: somebody has read it and says so. A number never passes.
    assert not release("خوب", "خیابان بهار آسفالت می‌شود")
    assert not release("کد ۰۰۱۲۳۴۵۶۷۸", "خیابان بهار", checked="y")
    assert release("خوب", "خیابان بهار آسفالت می‌شود", checked="y")
    # Nor can it be put in afterwards, and what was typed is there to be put right.
    values = {f"text-{c.id}": f"شماره ۰۹۱۲۱۲۳۴۵۶۷، دراز {c.id}" for c in calls}
    refused = desk.post(url, **values, **{f"public-{c.id}": "y" for c in calls})
    assert refused.status_code == 422
    assert f"دراز {calls[1].id}" in refused.text
    assert "دراز" not in app.test_client().get(f"/fa/callins/{session.id}").text
    # A name that is none can be said to be none then too.
    values = {f"text-{c.id}": "خیابان کریمی" for c in calls}
    refused = desk.post(url, **values, **{f"public-{c.id}": "y" for c in calls})
    assert 'name="checked"' in refused.text
    release("خوب", "خیابان بهار آسفالت می‌شود", checked="y")
    release("شماره ۰۹۱۲۱۲۳۴۵۶۷", "خوب")
    public = app.test_client().get(f"/fa/callins/{session.id}").text
    assert "۰۹۱۲" not in public and "خیابان بهار" in public
    with app.app_context():
        assert minutes.leaks(session.id) == [minutes.Leak(2, "name")]
        assert db.session.query(Call).filter_by(public=True).count() == 2
