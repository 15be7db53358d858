"""The session: two operators, answers, a promise that becomes a case, minutes, figures."""

import datetime as dt
import re
import threading
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal import clock
from portal.accounts.models import User
from portal.db import db
from portal.messaging.models import Message
from tests.factories.accounts import csrf_token, make_user, sign_in
from tests.factories.callins import make_call, make_session
from tests.factories.units import make_unit
from tests.queries import count_queries
from workflows.callins import board, figures
from workflows.callins.models import Call, CallinSession
from workflows.cases import queries, work
from workflows.cases.models import Case
from workflows.cases.persons import without_person

NOW = "2026-03-25T08:00:00+00:00"
BOARD = "/staff/callin-board"


class Desk:
    """An operator at a browser."""

    def __init__(self, app: Flask, user: User) -> None:
        self.user = user
        self.client = app.test_client()
        sign_in(self.client, user)
        self.token = csrf_token(self.client, "/staff/profile")

    def post(self, path: str, **data: str) -> TestResponse:
        return self.client.post(path, data={"csrf_token": self.token, **data})

    def get(self, path: str) -> str:
        answer = self.client.get(path)
        assert answer.status_code == 200, path
        return answer.text


@pytest.fixture(autouse=True)
def _still() -> Iterator[None]:
    with clock.freeze(NOW):
        yield


@pytest.fixture
def session() -> CallinSession:
    return make_session()


@pytest.fixture
def desk(app: Flask) -> Desk:
    return Desk(app, make_user(("operator",), language="fa", name="رضا محمدی"))


def begin(desk: Desk, session: CallinSession) -> None:
    clock.shift(session.starts_at - clock.now())
    desk.post(f"{BOARD}/{session.id}/open")


def states(app: Flask) -> list[str]:
    with app.app_context():
        return [c.state for c in db.session.query(Call).order_by(Call.id)]


def test_the_promise_from_the_call_to_the_minutes(app: Flask, session: CallinSession) -> None:
    unit = make_unit(names={"fa": "ادارهٔ روشنایی", "en": "Lighting"})
    official = make_user(("official",), language="fa", name="علی رضایی")
    desk = Desk(app, official)
    call = make_call(
        session, name="زهرا احمدی", e164="+989121234567", subject="تاریکی کوچه؛ شماره‌ام ۰۹۱۲۱۲۳۴۵۶۷"
    )
    desk.post(f"{BOARD}/{session.id}/open")
    assert "هنوز زود است؛ این نشست از " in desk.get(f"{BOARD}/{session.id}")
    begin(desk, session)
    taken = desk.post(f"{BOARD}/{session.id}/next")
    assert taken.location.endswith(f"/calls/{call.id}")
    page = desk.get(taken.location)
    assert "زهرا احمدی" in page
    ids = re.findall(r'\bid="(?!csrf_token)([^"]+)"', page)
    assert len(ids) == len(set(ids)), "a label or a link would lead to something else"

    # A day that has passed is refused, and nothing is registered.
    promise = {
        "subject": "تاریکی کوچه؛ شماره‌ام ۰۹۱۲۱۲۳۴۵۶۷",
        "promise": "تا پایان هفته سه چراغ نصب می‌شود، خانم احمدی",
        "unit_id": str(unit.id),
    }
    past = desk.post(f"{BOARD}/calls/{call.id}/promise", due_on="۱۴۰۵/۰۲/۰۵", **promise)
    assert past.status_code == 422
    assert states(app) == ["in_call"]

    kept = desk.post(f"{BOARD}/calls/{call.id}/promise", due_on="۱۴۰۵/۰۲/۱۲", **promise)
    assert kept.status_code == 302, kept.text
    # Sent again, it is no second promise.
    assert (
        desk.post(f"{BOARD}/calls/{call.id}/promise", due_on="۱۴۰۵/۰۲/۱۲", **promise).status_code
        == 422
    )
    due = dt.datetime(2026, 5, 2, 20, 29, tzinfo=dt.UTC)  # 12 Ordibehesht, 23:59 in Tehran
    with app.app_context():
        (case,) = db.session.query(Case).all()
        assert (case.channel, case.origin_type, case.origin_id) == ("callin", "call_in", call.id)
        assert (case.unit_id, case.e164, case.registered_by) == (
            unit.id,
            "+989121234567",
            official.id,
        )
        told = db.session.query(Message).order_by(Message.id.desc()).first()
        assert told is not None
        assert case.code in told.body
        assert "سه چراغ" in told.body
        clocks = {each.kind: each.due_at for each in _clocks(case.id)}
        assert clocks["resolution"] == due
        made = figures.figures(session.starts_at, session.ends_at)
        assert made["promises"] == {
            "made": 1,
            "kept": 0,
            "late": 0,
            "open": 1,
            "overdue": 0,
            "not_kept": 0,
        }
        code = case.code

    desk.post(f"{BOARD}/{session.id}/close")
    assert states(app) == ["promised"]

    # Minutes: nothing public before they are published; no name and no number in them.
    public = app.test_client()
    assert "سه چراغ" not in public.get(f"/fa/callins/{session.id}").text
    editor = Desk(app, make_user(("communications",)))
    page = editor.get(f"/staff/callins/sessions/{session.id}/minutes")
    assert "سه چراغ" in page
    editor.post(
        f"/staff/callins/sessions/{session.id}/minutes",
        **{
            f"public-{call.id}": "y",
            f"subject-{call.id}": _call(app, call.id).public_subject,
            f"text-{call.id}": "سه چراغ نصب می‌شود",
            "publish": "1",
        },
    )
    page = public.get(f"/fa/callins/{session.id}").text
    assert "سه چراغ نصب می‌شود" in page
    assert "تاریکی کوچه" in page
    assert "هنوز" in page or "Not due yet" in page
    for secret in ("احمدی", "۰۹۱۲۱۲۳۴۵۶۷", "9121234567", code):
        assert secret not in page

    # Done in time: kept, in the figures and on the public page.
    clock.shift(days=3)
    with app.app_context():
        work.finish(case.id, by=None, outcome="done", text="نصب شد")
        db.session.commit()
        made = figures.figures(session.starts_at, session.ends_at)
        assert made["promises"]["kept"] == 1
        assert made["list"][0]["state"] == "kept"
        assert made["list"][0]["text"] == "سه چراغ نصب می‌شود"
        assert made["by_official"][0]["promises"]["kept"] == 1
    assert "Kept in time" in public.get(f"/en/callins/{session.id}").text


def _clocks(case_id: int) -> list:
    from workflows.cases.models import CaseClock

    return db.session.query(CaseClock).filter_by(case_id=case_id).all()


def _call(app: Flask, call_id: int) -> Call:
    with app.app_context():
        return db.session.get_one(Call, call_id)


def test_a_promise_nobody_keeps_is_overdue_and_one_done_late_is_late(
    app: Flask, session: CallinSession, desk: Desk
) -> None:
    call = make_call(session)
    unit = make_unit()
    begin(desk, session)
    with app.app_context():
        board.take(call.id, desk.user.id)
        board.promise(
            call.id,
            by=desk.user.id,
            subject="x",
            text="y",
            unit_id=unit.id,
            assignee_id=None,
            due_at=clock.now() + dt.timedelta(days=2),
        )
        db.session.commit()
        clock.shift(days=2, seconds=1)
        found = figures.figures(session.starts_at, session.ends_at)
        assert found["promises"]["overdue"] == 1
        (case,) = db.session.query(Case).all()
        work.finish(case.id, by=None, outcome="done", text="z")
        db.session.commit()
        assert figures.figures(session.starts_at, session.ends_at)["promises"]["late"] == 1
        work.reopen(case.id, by=None, text="no")
        db.session.commit()
        assert figures.figures(session.starts_at, session.ends_at)["promises"]["overdue"] == 1
        work.finish(case.id, by=None, outcome="impossible", text="z")
        db.session.commit()
        assert figures.figures(session.starts_at, session.ends_at)["promises"]["not_kept"] == 1


def test_every_other_end_of_a_call(app: Flask, session: CallinSession, desk: Desk) -> None:
    ids = [make_call(session).id for _each in range(5)]
    begin(desk, session)
    for call_id, state in zip(ids, ("answered", "transferred", "dropped", "no_show"), strict=False):
        assert desk.post(f"{BOARD}/{session.id}/next").location.endswith(f"/calls/{call_id}")
        if state in board.NEEDS_WORDS:
            silent = desk.post(f"{BOARD}/calls/{call_id}/end", state=state, words=" ")
            assert silent.status_code == 422
        done = desk.post(f"{BOARD}/calls/{call_id}/end", state=state, words="گفته شد")
        assert done.status_code == 302
    assert states(app) == ["answered", "transferred", "dropped", "no_show", "queued"]

    # Who did not answer is called again, after the others.
    desk.post(f"{BOARD}/calls/{ids[3]}/put-back")
    assert desk.post(f"{BOARD}/{session.id}/next").location.endswith(f"/calls/{ids[4]}")
    # One caller at a time.
    assert desk.post(f"{BOARD}/{session.id}/next").location.endswith(f"{BOARD}/{session.id}")
    refused = desk.post(f"{BOARD}/{session.id}/close")
    assert refused.status_code == 302
    assert states(app)[4] == "in_call"
    desk.post(f"{BOARD}/calls/{ids[4]}/end", state="answered", words="بله")
    desk.post(f"{BOARD}/{session.id}/close")
    assert states(app) == ["answered", "transferred", "dropped", "unreached", "answered"]
    with app.app_context():
        found = figures.figures(session.starts_at, session.ends_at)
        assert found["calls"] == 4
        assert found["answered_at_once"] == 2
        assert (found["transferred"], found["dropped"], found["unreached"]) == (1, 1, 1)
        assert (found["sessions"], found["registered"]) == (1, 5)
        assert figures.figures(session.ends_at, session.ends_at + dt.timedelta(1))["calls"] == 0


def test_walk_ins_come_after_the_registered_and_are_known(
    app: Flask, session: CallinSession, desk: Desk
) -> None:
    unit = make_unit()
    begin(desk, session)
    with app.app_context():
        from workflows.cases import intake

        intake.receive(
            channel="phone",
            text="چالهٔ خیابان",
            language="fa",
            e164="+989125556677",
            unit_id=unit.id,
            notify=False,
        )
        db.session.commit()
        code = queries.of_number("+989125556677")[0].code
    added = desk.post(
        f"{BOARD}/{session.id}/callers", number="۰۹۱۲۵۵۵۶۶۷۷", name="نسرین", language="fa"
    )
    assert added.status_code == 302
    twice = desk.post(f"{BOARD}/{session.id}/callers", number="09125556677", language="fa")
    assert twice.status_code == 422
    landline = desk.post(f"{BOARD}/{session.id}/callers", number="02188776655", language="fa")
    assert landline.status_code == 302
    nonsense = desk.post(f"{BOARD}/{session.id}/callers", number="12", language="fa")
    assert nonsense.status_code == 422
    withheld = desk.post(f"{BOARD}/{session.id}/callers", number="", language="ar")
    assert withheld.status_code == 302
    taken = desk.post(f"{BOARD}/{session.id}/next")
    page = desk.get(taken.location)
    assert code in page
    assert "چالهٔ خیابان" in page


def test_the_second_operator_is_told_who_was_quicker(
    app: Flask, session: CallinSession, desk: Desk
) -> None:
    first, second = make_call(session), make_call(session)
    other = Desk(app, make_user(("operator",), language="en", name="Sara"))
    begin(desk, session)
    assert desk.post(f"{BOARD}/calls/{first.id}/take").location.endswith(f"/calls/{first.id}")
    lost = other.post(f"{BOARD}/calls/{first.id}/take")
    assert lost.location.endswith(f"{BOARD}/{session.id}")
    board_of_other = other.get(f"{BOARD}/{session.id}/queue")
    assert f"/calls/{first.id}/take" not in board_of_other
    assert "رضا محمدی" in other.get(lost.location)
    # Nor can they end it, or take it for their own by ending it.
    stolen = other.post(f"{BOARD}/calls/{first.id}/end", state="answered", words="mine")
    assert stolen.status_code == 422
    assert other.post(f"{BOARD}/{session.id}/next").location.endswith(f"/calls/{second.id}")
    # A colleague whose computer stopped: put back, then taken.
    other.post(f"{BOARD}/calls/{second.id}/end", state="dropped", words="")
    # While the page of the call is open there it renews the lease, and nobody else gets the caller.
    for _each in range(3):
        clock.shift(minutes=9)
        assert desk.post(f"{BOARD}/calls/{first.id}/renew").status_code == 200
    for door in ("put-back", "take"):
        other.post(f"{BOARD}/calls/{first.id}/{door}")
    assert states(app) == ["in_call", "dropped"]
    clock.shift(board.LEASE)
    assert f"/calls/{first.id}/take" in other.get(f"{BOARD}/{session.id}/queue")
    assert other.post(f"{BOARD}/calls/{first.id}/take").location.endswith(f"/calls/{first.id}")
    # The first one comes back and is told.
    assert "Sara" in desk.post(f"{BOARD}/calls/{first.id}/renew").text
    late = desk.post(f"{BOARD}/calls/{first.id}/end", state="answered", words="سه چراغ نصب شد")
    assert late.status_code == 422
    # What was typed is not lost with the caller.
    assert "سه چراغ نصب شد" in late.text
    values = {"subject": "چراغ", "promise": "تا شنبه", "due_on": "۱۴۰۵/۰۳/۱۲"}
    values["unit_id"] = str(make_unit().id)
    late = desk.post(f"{BOARD}/calls/{first.id}/promise", **values)
    assert late.status_code == 422
    for typed in ("چراغ", "تا شنبه", "۱۴۰۵/۰۳/۱۲"):
        assert typed in late.text
    with app.app_context():
        call = db.session.get_one(Call, first.id)
        assert (call.taken_by, call.lease_until) == (other.user.id, clock.now() + board.LEASE)
    # A call that its operator left open does not hold up the end.
    assert other.post(f"{BOARD}/{session.id}/close").status_code == 302
    assert states(app)[0] == "in_call"
    clock.shift(board.LEASE)
    other.post(f"{BOARD}/{session.id}/close")
    assert states(app) == ["dropped", "dropped"]


def test_a_session_of_last_month_is_not_opened_by_mistake(
    app: Flask, session: CallinSession, desk: Desk
) -> None:
    clock.shift(session.ends_at - clock.now() + dt.timedelta(days=30))
    desk.post(f"{BOARD}/{session.id}/open")
    with app.app_context():
        assert db.session.get_one(CallinSession, session.id).state == "planned"
    clock.shift(dt.timedelta(days=-30, hours=1))
    desk.post(f"{BOARD}/{session.id}/open")
    with app.app_context():
        assert db.session.get_one(CallinSession, session.id).state == "open"


def test_many_operators_at_the_same_moment_take_each_caller_once(
    app: Flask, session: CallinSession, desk: Desk
) -> None:
    callers = {make_call(session).id for _each in range(6)}
    begin(desk, session)
    users = [make_user(("operator",)).id for _each in range(8)]
    start = threading.Barrier(len(users))
    taken: list[int | None] = []

    def sit(user_id: int) -> None:
        with app.app_context():
            start.wait()
            call = board.take_next(session.id, user_id)
            found = call.id if call else None
            db.session.commit()
            taken.append(found)
            db.session.remove()

    threads = [threading.Thread(target=sit, args=(user_id,)) for user_id in users]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    got = [call_id for call_id in taken if call_id is not None]
    assert len(got) == len(set(got))
    assert set(got) <= callers
    with app.app_context():
        holders = [c.taken_by for c in db.session.query(Call) if c.state == "in_call"]
    assert len(set(holders)) == len(holders)
    assert len(holders) == len(got)


def test_a_click_on_one_caller_by_all_at_once(
    app: Flask, session: CallinSession, desk: Desk
) -> None:
    call = make_call(session)
    begin(desk, session)
    users = [make_user(("operator",)).id for _each in range(5)]
    start = threading.Barrier(len(users))
    outcomes: list[str] = []

    def sit(user_id: int) -> None:
        with app.app_context():
            start.wait()
            try:
                board.take(call.id, user_id)
                db.session.commit()
                outcomes.append("taken")
            except board.CallinError:
                db.session.rollback()
                outcomes.append("refused")
            db.session.remove()

    threads = [threading.Thread(target=sit, args=(user_id,)) for user_id in users]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["refused"] * 4 + ["taken"]


def test_the_board_refreshes_by_a_fragment_and_asks_no_more_for_many(
    app: Flask, session: CallinSession, desk: Desk
) -> None:
    make_call(session, name="نفر اول")
    begin(desk, session)
    page = desk.get(f"{BOARD}/{session.id}")
    assert f'hx-get="{BOARD}/{session.id}/queue' in page
    assert "<noscript><meta http-equiv" in page
    with count_queries() as few:
        fragment = desk.get(f"{BOARD}/{session.id}/queue")
    assert "نفر اول" in fragment
    assert "<html" not in fragment
    for _each in range(12):
        desk.post(f"{BOARD}/{session.id}/callers", name="x", number="", language="en")
    with count_queries() as many:
        desk.get(f"{BOARD}/{session.id}/queue")
    assert many.count == few.count


def test_a_session_opens_on_its_day_only(app: Flask, session: CallinSession, desk: Desk) -> None:
    desk.post(f"{BOARD}/{session.id}/open")
    with app.app_context():
        assert db.session.get_one(CallinSession, session.id).state == "planned"


def test_staff_make_a_series_and_move_a_session(app: Flask, client: FlaskClient) -> None:
    desk = Desk(app, make_user(("communications",), language="fa"))
    form = {
        "kind": "call_in",
        "on_holiday": "skip",
        "titles_fa": "پاسخگویی هفتگی",
        "officials_fa": "مدیر سازمان پارک‌ها",
        "phone": "۱۳۷",
        "unit_id": "",
        "frequency": "weekly",
        "ordinal": "1",
        "weekday": "0",
        "month_calendar": "persian",
        "starts": "۱۰:۰۰",
        "ends": "۰۹:۰۰",
        "capacity": "۲۵",
        "waiting_capacity": "5",
        "active": "y",
    }
    assert desk.post("/staff/callins/series/new", **form).status_code == 422
    # A number field of the browser would take no Persian digit, and lose what it cannot read.
    wrong = desk.post("/staff/callins/series/new", **{**form, "capacity": "بیست"})
    assert 'type="number"' not in wrong.text and 'value="بیست"' in wrong.text
    large = desk.post("/staff/callins/series/new", **{**form, "capacity": "۹۰۰"})
    assert "۵۰۰ باشد" in large.text
    made = desk.post("/staff/callins/series/new", **{**form, "ends": "۱۲:۰۰"})
    assert made.status_code == 302, made.text
    with app.app_context():
        first = db.session.query(CallinSession).order_by(CallinSession.starts_at).first()
        assert first is not None
        assert (first.phone, first.capacity) == ("137", 25)
        session_id = first.id
    assert "پاسخگویی هفتگی" in client.get("/fa/callins").text
    url = f"/staff/callins/sessions/{session_id}"
    assert "۱۴۰۵/۰۱/۱۰" in desk.get(url)
    moved = desk.post(f"{url}/change", day="1405/01/11", starts="11:00", ends="13:00", capacity="9")
    assert moved.status_code == 302, moved.text
    assert (
        desk.post(
            f"{url}/change", day="1404/01/11", starts="11:00", ends="13:00", capacity="9"
        ).status_code
        == 422
    )
    with app.app_context():
        session = db.session.get_one(CallinSession, session_id)
        assert session.starts_at.isoformat() == "2026-03-31T07:30:00+00:00"
        assert session.sequence == 1
        series_id = session.series_id
    assert desk.get(f"/staff/callins/series/{series_id}")
    renamed = desk.post(
        f"/staff/callins/series/{series_id}", **{**form, "ends": "۱۲:۰۰", "titles_en": "Weekly"}
    )
    assert renamed.status_code == 302
    assert "Weekly" in client.get("/en/callins").text
    assert desk.get("/staff/callins/")
    desk.post(f"{url}/cancel")
    assert "لغو" in client.get("/fa/callins").text or "Cancelled" in client.get("/en/callins").text


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("شماره‌ام ۰۹۱۲ ۱۲۳ ۴۵۶۷ است", "", "شماره‌ام … است"),
        ("کد ملی 0012345678.", "", "کد ملی …."),
        ("پلاک ۱۲ کوچهٔ ۴۵", "", "پلاک ۱۲ کوچهٔ ۴۵"),
        ("من زهرا احمدی هستم", "زهرا احمدی", "من … هستم"),
        ("Ann said so", "Ann", "… said so"),
        ("annual", "Ann", "annual"),
        ("به علي كاظمي گفته شد", "علی کاظمی", "به … گفته شد"),
        ("به علیرضا گفته شد", "علی‌رضا", "به … گفته شد"),
        ("ANN said so", "Ann", "… said so"),
        ("زنگ (۰۹۱۲) – ۳۴۵ – ۶۷۸۹", "", "زنگ (…"),
        ("زنگ 0912\u200c345\u200e6789", "", "زنگ …"),
        ("تا ۱۴۰۵/۰۹/۳۰ ساعت ۱۰ آسفالت", "", "تا ۱۴۰۵/۰۹/۳۰ ساعت ۱۰ آسفالت"),
        ("by 28/11/2026 or 2026-12-01", "", "by 28/11/2026 or 2026-12-01"),
        ("کد 1405/09/12-3456", "", "کد …"),
    ],
)
def test_the_draft_of_the_minutes_leaves_persons_out(text: str, name: str, expected: str) -> None:
    assert without_person(text, name) == expected
