"""A packet from the figures to the decision, and to the next packet that reports it."""

import datetime as dt
import io
import json
from pathlib import Path

import openpyxl
import psycopg.errors
import pytest
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError

from portal import clock
from portal.accounts.models import User
from portal.audit.models import AuditEntry
from portal.db import db
from tests.factories.accounts import csrf_token, make_user, sign_in
from tests.factories.cases import make_case
from tests.factories.units import make_unit
from tests.queries import count_queries
from workflows.cases import feedback, work
from workflows.cases.models import Case, CaseClock
from workflows.packets import jobs, services, snapshots
from workflows.packets.models import Packet, PacketDecision, PacketFile, PacketSnapshot

NOW = "2026-11-22T08:00:00+00:00"
FIRST, LAST = dt.date(2026, 10, 23), dt.date(2026, 11, 22)


def compiled(first: dt.date = FIRST, last: dt.date = LAST) -> int:
    """A ready packet; needs an application context."""
    packet, _new = services.request(first, last, by=None)
    packet_id = packet.id
    db.session.commit()
    jobs.compile_packet(packet_id)
    return packet_id


def data_of(packet_id: int, name: str) -> list[dict]:  # type: ignore[type-arg]
    snapshot = snapshots.read(packet_id)
    return next(s["blocks"] for s in snapshot.data["sections"] if s["name"] == name)


def values(block: dict) -> list[object]:  # type: ignore[type-arg]
    return [item["value"] for item in block["items"]]


@pytest.fixture
def member(app: Flask) -> User:
    return make_user(("council_member",), language="fa", name="ناهید شریفی")


def test_every_number_is_the_one_of_the_cases(context: Flask) -> None:
    unit = make_unit(names={"fa": "منطقهٔ ۱۲", "en": "District 12"})
    with clock.freeze(NOW):
        clock.shift(days=-1)
        make_case(channel="council", unit_id=unit.id)
        slow = make_case(urgency="danger", unit_id=unit.id)
        quick = make_case(urgency="waste", channel="sms", unit_id=unit.id)
        make_case(channel="studio", unit_id=unit.id)
        clock.shift(hours=1)
        work.first_action(quick.id, by=None, text="اکیپ اعزام شد")
        work.finish(quick.id, by=None, outcome="done", text="انجام شد")
        db.session.commit()
        feedback.answer_by_call(quick.id, by=None, accepted=True, words="")
        clock.shift(hours=2)
        work.first_action(slow.id, by=None, text="اکیپ اعزام شد")
        db.session.commit()
        clock.shift(hours=21)
        packet_id = compiled()
    urgent = data_of(packet_id, "urgent")
    assert values(urgent[0]) == [
        {"number": 2},
        {"part": 1, "whole": 2},
        {"part": 1, "whole": 1},
    ]
    answered = data_of(packet_id, "answered")
    assert values(answered[0]) == [{"part": 1, "whole": 3}]
    rows = {row[0]["words"]["en"]: row[1] for row in answered[1]["rows"]}
    assert rows["SMS"] == {"part": 1, "whole": 1}
    by_unit = [[row[0]["words"].get("fa"), row[1]] for row in answered[2]["rows"]]
    assert by_unit == [["منطقهٔ ۱۲", {"part": 1, "whole": 3}]]
    assert values(data_of(packet_id, "outcomes")[0]) == [{"part": 1, "whole": 1}]
    open_cases = data_of(packet_id, "open")
    assert values(open_cases[0]) == [{"number": 2}]
    assert open_cases[1]["rows"][0][5] == {"code": str(slow.id)}


def test_every_outcome_is_an_answer(context: Flask) -> None:
    with clock.freeze(NOW):
        clock.shift(days=-1)
        for outcome in ("done", "not_municipal", "planned"):
            case = make_case(e164=None)
            day = clock.now().date() + dt.timedelta(days=30) if outcome == "planned" else None
            work.finish(case.id, by=None, outcome=outcome, text="پاسخ", promised_on=day)
        make_case(text="من رضا صادقی هستم، ۰۹۱۲۱۲۳۴۵۶۷، چراغ سوخته", citizen_name="رضا صادقی")
        db.session.commit()
        clock.shift(hours=23)
        packet_id = compiled()
    assert values(data_of(packet_id, "answered")[0]) == [{"part": 3, "whole": 4}]
    outcomes = {row[0]["words"]["en"]: row[1] for row in data_of(packet_id, "outcomes")[1]["rows"]}
    assert sum(rate["part"] for rate in outcomes.values()) == 3
    assert max(rate["part"] for rate in outcomes.values()) == 1
    (oldest,) = data_of(packet_id, "open")[1]["rows"]
    assert "چراغ سوخته" in oldest[0]
    assert "۰۹۱۲" not in oldest[0]
    assert "صادقی" not in oldest[0]


def test_a_worker_that_is_killed_each_time_does_not_go_on_for_ever(context: Flask) -> None:
    with clock.freeze(NOW):
        packet_id = services.request(FIRST, LAST, by=None)[0].id
        for _attempt in range(services.MOST_ATTEMPTS):
            assert services.claim(packet_id)
            db.session.commit()
            clock.shift(services.LEASE)
        jobs.sweep()
        packet = db.session.get_one(Packet, packet_id, populate_existing=True)
        assert packet.state == "failed"
        assert packet.problem
        assert services.request(FIRST, LAST, by=None)[1], "the office may ask again"


@pytest.mark.surveys
def test_surveys_report_their_campaigns(context: Flask) -> None:
    from tests.factories.surveys import make_campaign, make_invitation

    with clock.freeze(NOW):
        campaign = make_campaign(name="بودجه")
        make_invitation(campaign)
        invitation, _token = make_invitation(campaign)
        invitation = db.session.merge(invitation)
        invitation.state = "answered"
        db.session.commit()
        blocks = data_of(compiled(), "campaigns")
    assert values(blocks[0]) == [{"number": 1}, {"part": 1, "whole": 2}]
    assert blocks[1]["rows"][0][1] == "بودجه"


def test_a_decision_becomes_a_case_that_the_next_packet_reports(
    app: Flask, client: FlaskClient, member: User
) -> None:
    unit = make_unit(names={"fa": "سازمان پارک‌ها", "en": "Parks"})
    with clock.freeze(NOW):
        with app.app_context():
            first = compiled()
        sign_in(client, member)
        page = client.get(f"/council/{first}?lang=fa").text
        assert 'dir="rtl"' in page
        token = csrf_token(client, f"/council/{first}")
        form = {
            "csrf_token": token,
            "text": "روشنایی بوستان تا پایان ماه کامل شود",
            "unit_id": unit.id,
            "due_on": "۱۴۰۵/۰۹/۱۰",
        }
        answer = client.post(f"/council/{first}/decisions?lang=fa", data=form)
        assert answer.status_code == 303, answer.text[:3000]
        again = client.post(f"/council/{first}/decisions?lang=fa", data=form)
        assert again.status_code == 422 and "پیش‌تر سپرده شده است" in again.text
        with app.app_context():
            decision = db.session.scalars(select(PacketDecision)).one()
            case = db.session.get_one(Case, decision.case_id)
            assert (case.channel, case.origin_type, case.origin_id) == (
                "council",
                "decision",
                decision.id,
            )
            assert case.unit_id == unit.id
            due = select(CaseClock.due_at).where(
                CaseClock.case_id == case.id, CaseClock.kind == "resolution"
            )
            assert db.session.scalar(due) == dt.datetime(2026, 12, 1, 20, 30, tzinfo=dt.UTC)
            code = case.code
            assert "packet.decided" in set(db.session.scalars(select(AuditEntry.action)))
        assert code in client.get(f"/council/{first}").text
        clock.shift(days=1)
        with app.app_context():
            second = compiled(FIRST, dt.date(2026, 11, 23))
            row = data_of(second, "decisions")[1]["rows"][0]
            assert row[0] == "روشنایی بوستان تا پایان ماه کامل شود"
            assert row[5] == {"code": code}
            work.first_action(case.id, by=None, text="شروع شد")
            work.finish(case.id, by=None, outcome="done", text="انجام شد")
            db.session.commit()
            third = compiled(FIRST, dt.date(2026, 11, 23))
            assert values(data_of(third, "decisions")[0])[0] == {"part": 1, "whole": 1}
            assert db.session.get_one(Packet, third).edition == 2
        assert code in client.get(f"/council/{second}?lang=en").text


def test_wrong_decisions_are_said_to_be_wrong(
    app: Flask, client: FlaskClient, member: User
) -> None:
    unit = make_unit()
    with clock.freeze(NOW):
        with app.app_context():
            packet = compiled()
        sign_in(client, member)
        token = csrf_token(client, f"/council/{packet}")
        good = {"csrf_token": token, "text": "x", "unit_id": unit.id, "due_on": "2026-12-01"}
        for wrong in (
            {"text": "  "},
            {"unit_id": 0},
            {"unit_id": 99_999_999},
            {"due_on": "2026-11-21"},
            {"due_on": "1405/9/10"},
            {"due_on": ""},
        ):
            answer = client.post(f"/council/{packet}/decisions?lang=en", data={**good, **wrong})
            assert answer.status_code == 422, wrong
            assert 'id="error-summary"' in answer.text
        with app.app_context():
            assert db.session.scalars(select(PacketDecision)).all() == []


def test_comments_reading_and_files(app: Flask, client: FlaskClient, member: User) -> None:
    with clock.freeze(NOW):
        with app.app_context():
            packet = compiled()
        sign_in(client, member)
        assert client.get("/staff/?lang=en").text.count("New council packets") == 1
        token = csrf_token(client, f"/council/{packet}")
        sent = {"csrf_token": token, "comment": "<b>چرا؟</b>"}
        assert client.post(f"/council/{packet}/comments", data=sent).status_code == 303
        assert client.post(f"/council/{packet}/read", data=sent).status_code == 303
        assert client.post(f"/council/{packet}/read", data=sent).status_code == 303
        page = client.get(f"/council/{packet}?lang=en").text
        assert "&lt;b&gt;چرا؟&lt;/b&gt;" in page
        assert "1 person" in page
        for language in ("fa", "ar", "en"):
            found = client.get(f"/council/{packet}/packet-{language}.pdf")
            assert found.data.startswith(b"%PDF-")
            assert found.headers["Content-Disposition"].startswith("attachment")
        sheet = client.get(f"/council/{packet}/packet-fa.xlsx")
        assert len(openpyxl.load_workbook(io.BytesIO(sheet.data)).worksheets) >= 7
        assert client.get(f"/council/{packet + 1}").status_code == 404
        assert client.get(f"/council/{packet}/packet-de.pdf").status_code == 404


def test_the_office_asks_and_the_sweep_compiles(app: Flask, client: FlaskClient) -> None:
    sign_in(client, make_user(("communications",)))
    with clock.freeze(NOW):
        token = csrf_token(client, "/staff/packets/")
        wanted = {"csrf_token": token, "first_day": "۱۴۰۵/۰۸/۰۱", "last_day": "1405/9/1"}
        for _again in range(2):
            assert client.post("/staff/packets/?lang=fa", data=wanted).status_code == 303
        for wrong in ({"last_day": "1405/9/2"}, {"last_day": "1405/7/1"}, {"first_day": "?"}):
            answer = client.post("/staff/packets/?lang=fa", data={**wanted, **wrong})
            assert answer.status_code == 422
        with app.app_context():
            packet = db.session.scalars(select(Packet)).one()
            assert packet.state == "waiting"
            jobs.sweep()
            assert db.session.scalars(select(Packet.state)).one() == "ready"
            assert db.session.scalars(select(PacketFile)).all().__len__() == 6
        assert client.get("/council/?lang=fa").status_code == 200
        with count_queries() as one:
            client.get("/council/")
        with app.app_context():
            for number in range(4):
                compiled(FIRST, LAST - dt.timedelta(days=number + 1))
        with count_queries() as many:
            client.get("/council/")
        assert many.count == one.count


def test_a_killed_run_is_taken_over_and_a_held_one_is_not(context: Flask) -> None:
    with clock.freeze(NOW):
        packet, _new = services.request(FIRST, LAST, by=None)
        packet_id = packet.id
        assert services.claim(packet_id)
        db.session.commit()
        steps = services.compile_steps(packet_id)
        next(steps)
        db.session.commit()
        before = snapshots.read(packet_id).digest
        jobs.sweep()
        assert db.session.scalars(select(Packet.state)).one() == "running"
        clock.shift(services.LEASE)
        make_case()
        jobs.sweep()
        assert db.session.scalars(select(Packet.state)).one() == "ready"
        assert snapshots.read(packet_id).digest == before
        jobs.compile_packet(packet_id)
        assert db.session.scalars(select(Packet.attempts)).one() == 2


def test_a_run_that_cannot_be_done_fails_after_three_attempts(
    context: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: object) -> bytes:
        raise RuntimeError("no ink")

    monkeypatch.setitem(services.RENDERERS, "pdf", broken)
    packet_id = services.request(FIRST, FIRST, by=None)[0].id
    db.session.commit()
    for _attempt in range(3):
        with pytest.raises(RuntimeError):
            jobs.compile_packet(packet_id)
    jobs.compile_packet(packet_id)
    packet = db.session.get_one(Packet, packet_id, populate_existing=True)
    assert (packet.state, packet.attempts) == ("failed", 3)
    assert packet.problem == "RuntimeError: no ink"


@pytest.mark.parametrize("table", ["packet_snapshots", "packet_files"])
def test_the_database_refuses_every_change(context: Flask, table: str) -> None:
    with clock.freeze(NOW):
        compiled()
    for statement in (f"UPDATE {table} SET digest = 'x'", f"DELETE FROM {table}"):
        with pytest.raises(DBAPIError) as refused:
            db.session.execute(text(statement))
        assert isinstance(refused.value.orig, psycopg.errors.RaiseException)
        db.session.rollback()


def test_data_that_were_changed_behind_the_trigger_are_not_shown(context: Flask) -> None:
    with clock.freeze(NOW):
        packet_id = compiled()
    db.session.execute(text("SET LOCAL session_replication_role = replica"))
    db.session.execute(update(PacketSnapshot).values(data={"sections": []}))
    db.session.commit()
    with pytest.raises(snapshots.DamagedError):
        snapshots.read(packet_id)


def test_the_command(runner: FlaskCliRunner, tmp_path: Path) -> None:
    target = tmp_path / "packet.pdf"
    args = ["packets", "compile", "--json", "--lang", "fa"]
    with clock.freeze(NOW):
        result = runner.invoke(
            args=[*args, "--from", "1405-08-01", "--to", "2026-11-22", "-o", str(target)]
        )
        assert result.exit_code == 0, result.output
        found = json.loads(result.stdout)
        assert (found["from"], found["to"], found["edition"]) == ("2026-10-23", "2026-11-22", 1)
        assert found["bytes"] == target.stat().st_size
        names = [name for name in found["sections"] if name != "campaigns"]
        assert names == [
            "decisions",
            "call_ins",
            "urgent",
            "calls",
            "answered",
            "closed",
            "matters",
            "outcomes",
            "open",
        ]
        late = [*args, "--from", "2026-11-22", "--to", "2027-01-01", "-o", str(target)]
        result = runner.invoke(args=late)
        assert result.exit_code == 1
        assert json.loads(result.stdout)["problems"] == ["The period lies in the future."]
        bad = [*args, "--from", "yesterday", "--to", "1600-01-01", "-o", str(target)]
        result = runner.invoke(args=bad)
        assert result.exit_code == 1
        assert len(json.loads(result.stdout)["problems"]) == 2
        wrong = [*args, "--from", "2026-11-01", "--to", "2026-11-02", "-o", "packet.doc"]
        assert runner.invoke(args=wrong).exit_code == 2
