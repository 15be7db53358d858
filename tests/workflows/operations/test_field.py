"""Records of field visits: once each, in good order, conflicts kept as notes, nobody else's."""

import datetime as dt
import io
import json
import threading
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from portal import clock
from portal.accounts.models import User
from portal.db import db
from tests.factories.accounts import make_user
from tests.factories.cases import make_case
from tests.queries import count_queries
from tests.workflows.operations.desk import Desk
from tests.workflows.operations.test_centre import events, picture
from workflows.cases import feedback, work
from workflows.cases.models import Case
from workflows.operations import services, uploads, visits
from workflows.operations.models import CaseProof, FieldEntry, Visit

NOW = "2026-11-22T08:00:00+00:00"
FIELD = "/staff/field/"


@pytest.fixture(autouse=True)
def _still() -> Iterator[None]:
    with clock.freeze(NOW):
        yield


@pytest.fixture
def supervisor(app: Flask) -> User:
    return make_user(("field_supervisor",), language="fa", name="لیلا صبوری")


@pytest.fixture
def phone(app: Flask, supervisor: User) -> Desk:
    return Desk(app, supervisor)


def order(app: Flask, user: User, case: Case, minutes: int = 60) -> int:
    with app.app_context():
        due = clock.now() + dt.timedelta(minutes=minutes)
        visit = services.order_visit(
            case.id, supervisor_id=user.id, due_at=due, instructions="ببینید", by=None
        )
        db.session.commit()
        return visit.id


def at(moment: dt.datetime) -> int:
    return int(moment.timestamp() * 1000)


def record(visit_id: int, **values: Any) -> dict[str, Any]:
    now = at(clock.now())
    return {
        "format": 1,
        "uuid": str(uuid.uuid4()),
        "visit": visit_id,
        "kind": "finding",
        "at": now,
        "sent": now,
        "finding": "settled",
        "words": "چاله پر شد",
        **values,
    }


def send(phone: Desk, data: dict[str, Any], **files: Any) -> TestResponse:
    token = json.loads(phone.get(f"{FIELD}session.json"))["token"]
    sent = {"record": json.dumps(data), **files}
    return phone.client.post(f"{FIELD}records", data=sent, headers={"X-CSRFToken": token})


def case_now(app: Flask, case: Case) -> Case:
    with app.app_context():
        found = db.session.get_one(Case, case.id)
        db.session.expunge(found)
        return found


def test_my_visits_by_due_time_without_the_citizens_number(
    app: Flask, phone: Desk, supervisor: User
) -> None:
    case = make_case(
        e164="+989121112233",
        citizen_name="زهرا احمدی",
        place="میدان ونک",
        text="چاله است؛ زهرا احمدي، ۰۹۱۲ ۱۱۱ ۲۲۳۳",
    )
    later, sooner = order(app, supervisor, case, 90), order(app, supervisor, make_case(), 30)
    order(app, make_user(("field_supervisor",)), make_case())
    text = phone.get(f"{FIELD}visits.json")
    found = json.loads(text)
    assert [each["id"] for each in found["visits"]] == [sooner, later]
    assert found["visits"][1]["address"] == "میدان ونک"
    assert found["visits"][1]["text"] == "چاله است؛ …، …"
    with app.app_context():
        # With a code anybody could answer in the citizen's place.
        assert not any(code in text for code in db.session.scalars(select(Case.code)))
    assert "9121112233" not in text and "احمدی" not in json.dumps(found, ensure_ascii=False)
    with count_queries() as few:
        phone.get(f"{FIELD}visits.json")
    for _each in range(5):
        order(app, supervisor, make_case())
    with count_queries() as many:
        phone.get(f"{FIELD}visits.json")
        assert len(json.loads(phone.get(f"{FIELD}visits.json"))["visits"]) == 7
    assert many.count == 2 * few.count


def test_a_record_sent_twice_is_one_record(app: Flask, phone: Desk, supervisor: User) -> None:
    case = make_case(urgency="danger")
    visit_id = order(app, supervisor, case)
    data = record(visit_id)
    for _twice in range(2):
        answer = send(
            phone, data, before=(picture("red"), "b.jpg"), after=(picture("green"), "a.jpg")
        )
        assert (answer.status_code, answer.json["state"]) == (200, "taken"), answer.text
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(FieldEntry)) == 1
        kinds = sorted(row.kind for row in db.session.scalars(select(CaseProof)))
        assert kinds == ["after", "before"]
        visit = db.session.get_one(Visit, visit_id)
        assert (visit.state, visit.finding, visit.words) == ("done", "settled", "چاله پر شد")
        assert len(events(case, "visited")) == 1
    # Who is there has begun; the answer is the centre's.
    assert case_now(app, case).stage == "in_progress"
    assert json.loads(phone.get(f"{FIELD}visits.json"))["visits"] == []


def test_what_was_done_counts_from_when_it_was_done(
    app: Flask, phone: Desk, supervisor: User
) -> None:
    """Ten minutes without a network; the clock of the phone is an hour wrong."""
    case = make_case(urgency="danger")
    visit_id = order(app, supervisor, case)
    clock.shift(minutes=50)
    wrong = at(clock.now()) - 3_600_000
    arrival = record(visit_id, kind="arrival", at=wrong, sent=wrong + 600_000)
    finding = record(visit_id, at=wrong + 120_000, sent=wrong + 600_000, answer="پر شد")
    clock.shift(minutes=10)
    assert [send(phone, each).status_code for each in (arrival, finding)] == [200, 200]
    begun = dt.datetime.fromisoformat(NOW)
    with app.app_context():
        visit = db.session.get_one(Visit, visit_id)
        assert visit.arrived_at == begun + dt.timedelta(minutes=50)
        assert visit.ended_at == begun + dt.timedelta(minutes=52)
    found = case_now(app, case)
    assert found.first_action_at == begun + dt.timedelta(minutes=52)
    # Settled with words for the citizen: answered, and asked.
    assert (found.stage, found.outcome, found.outcome_text) == ("feedback", "done", "پر شد")


def test_somebody_else_was_quicker(app: Flask, phone: Desk, supervisor: User) -> None:
    case, called_off = make_case(urgency="danger"), make_case()
    visit_id, other_id = order(app, supervisor, case), order(app, supervisor, called_off)
    with app.app_context():
        work.finish(case.id, by=None, outcome="done", text="گروه دیگری رفت")
        services.cancel_visit(other_id, by=None)
        db.session.commit()
    clock.shift(minutes=5)
    late = record(visit_id, words="هنوز باز است", finding="not_settled", reason="آب دارد")
    first = send(phone, late, after=(picture(), "a.jpg"))
    again = send(phone, late)
    assert first.json == again.json
    assert first.json["state"] == "note" and "۱۱:۳۰" in first.json["text"]
    second = send(phone, record(other_id))
    assert (second.status_code, second.json["state"]) == (200, "note")
    found = case_now(app, case)
    assert (found.stage, found.outcome_text) == ("feedback", "گروه دیگری رفت")
    with app.app_context():
        (note,) = events(case, "visit_note")
        assert "هنوز باز است" in note.text and not note.public
        (photo,) = db.session.scalars(select(CaseProof))
        assert photo.visit_id == visit_id
        assert db.session.get_one(Visit, other_id).state == "cancelled"


def test_a_second_record_of_a_visit_is_a_note(app: Flask, phone: Desk, supervisor: User) -> None:
    case = make_case()
    visit_id = order(app, supervisor, case)
    answers = [send(phone, record(visit_id, words=words)) for words in ("یک", "دو")]
    assert [answer.json["state"] for answer in answers] == ["taken", "note"]
    with app.app_context():
        assert db.session.get_one(Visit, visit_id).words == "یک"


def test_the_same_record_at_the_same_moment_is_taken_once(app: Flask, supervisor: User) -> None:
    """Two tabs of one phone, or a phone that lost patience."""
    visit_id = order(app, supervisor, make_case(urgency="danger"))
    key, start = uuid.uuid4(), threading.Barrier(4)
    states: list[str] = []

    def arrive() -> None:
        with app.app_context():
            now = clock.now()
            own = visits.Record(
                uuid=key, visit_id=visit_id, kind="finding", at=now, sent=now,
                finding="settled", words="پر شد", answer="پر شد",
            )  # fmt: skip
            start.wait()
            states.append(visits.take(own, supervisor.id).state)
            db.session.commit()
            db.session.remove()

    threads = [threading.Thread(target=arrive) for _each in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert states == ["taken"] * 4
    assert len(entries(app)) == 1
    with app.app_context():
        case = db.session.scalars(select(Case)).one()
        assert case.stage == "feedback" and len(events(case, "answered")) == 1


def test_after_an_objection_the_finding_is_kept_and_somebody_else_answers(
    app: Flask, phone: Desk, supervisor: User
) -> None:
    case = make_case(urgency="danger", e164="+989121112233")
    make_user(("unit_officer",))
    first = send(phone, record(order(app, supervisor, case), answer="پر شد"))
    assert first.json["state"] == "taken"
    with app.app_context():
        feedback.answer_by_call(case.id, by=None, accepted=False, words="نشد")
        db.session.commit()
    visit_id = order(app, supervisor, case)
    second = send(phone, record(visit_id, answer="این بار شد"), after=(picture(), "a.jpg"))
    assert (second.status_code, second.json["state"]) == (200, "taken"), second.text
    found = case_now(app, case)
    assert (found.stage in {"assigned", "in_progress"}, found.outcome) == (True, None)
    with app.app_context():
        visit = db.session.get_one(Visit, visit_id)
        assert (visit.finding, visit.words) == ("settled", "چاله پر شد")
        (photo,) = db.session.scalars(select(CaseProof))
        assert photo.visit_id == visit_id
        (note,) = events(case, "note")
        assert "این بار شد" in note.text and not note.public


def entries(app: Flask) -> list[FieldEntry]:
    with app.app_context():
        return list(db.session.scalars(select(FieldEntry)))


REFUSED: list[dict[str, Any]] = [
    {"finding": "gone"},
    {"finding": "not_settled", "reason": " "},
    {"finding": "more"},
    {"words": "  "},
    {"words": "x" * 3000},
    {"visit": 999_999_999},
    {"visit": "1"},
    {"uuid": "x"},
    {"kind": "party"},
    {"at": 5},
    {"at": True},
    {"words": ["x"]},
    {"words": "a\0b"},
]


def test_a_refused_record_leaves_no_trace(app: Flask, phone: Desk, supervisor: User) -> None:
    visit_id = order(app, supervisor, make_case())
    for values in REFUSED:
        answer = send(phone, record(visit_id, **values))
        assert (answer.status_code, answer.json["state"]) == (422, "refused"), values
        assert answer.json["text"]
    broken = send(phone, record(visit_id), before=(io.BytesIO(b"no photo"), "b.jpg"))
    assert broken.status_code == 422
    with app.app_context():
        assert db.session.scalars(select(FieldEntry)).all() == []
        assert db.session.get_one(Visit, visit_id).state == "ordered"


def test_nobody_records_for_somebody_else(app: Flask, phone: Desk, supervisor: User) -> None:
    other = make_user(("field_supervisor",), language="fa")
    visit_id = order(app, other, make_case())
    assert send(phone, record(visit_id)).status_code == 422
    assert phone.client.get(f"{FIELD}visits/{visit_id}").status_code == 404
    # Nor is the key of a record that is there a way to learn of it.
    data = record(visit_id)
    assert send(Desk(app, other), data).status_code == 200
    mine = order(app, supervisor, make_case())
    stolen = send(phone, record(mine, uuid=data["uuid"]))
    assert stolen.status_code == 422


def test_without_a_token_or_a_session_nothing_is_taken(
    app: Flask, phone: Desk, supervisor: User
) -> None:
    visit_id = order(app, supervisor, make_case())
    data = {"record": json.dumps(record(visit_id))}
    assert phone.client.post(f"{FIELD}records", data=data).status_code == 400
    assert app.test_client().get(f"{FIELD}session.json").status_code == 302


def test_without_script_the_forms_are_plain(app: Flask, phone: Desk, supervisor: User) -> None:
    case = make_case(place="میدان ونک")
    visit_id = order(app, supervisor, case)
    page = phone.get(FIELD)
    assert f'href="{FIELD}visits/{visit_id}"' in page and "میدان ونک" in page
    own = f"{FIELD}visits/{visit_id}"
    assert phone.post(f"{own}/arrive", own).status_code == 303
    assert phone.post(f"{own}/finding", own, finding="more").status_code == 422
    done = phone.post(
        f"{own}/finding",
        own,
        finding="more",
        reason="جرثقیل لازم است",
        before=(picture(), "b.jpg"),
    )
    assert done.status_code == 303, done.text
    with app.app_context():
        visit = db.session.get_one(Visit, visit_id)
        assert (visit.finding, visit.reason) == ("more", "جرثقیل لازم است")
        assert visit.arrived_at is not None
        assert len(db.session.scalars(select(CaseProof)).all()) == 1
    assert phone.client.get(own).status_code == 404


@given(
    st.text(max_size=40)
    | st.recursive(st.none() | st.integers() | st.text(max_size=5), st.lists).map(json.dumps)
)
@settings(max_examples=60, deadline=None)
def test_no_upload_breaks_the_reader(text: str) -> None:
    with pytest.raises((ValueError, TypeError)):
        uploads.record(text, [], [])


@given(
    said=st.integers(-(10**9), 10**9),
    lag=st.integers(-(10**7), 10**7),
)
@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_clock_of_a_phone_makes_a_moment_outside_the_visit(said: int, lag: int) -> None:
    now = clock.now()
    ordered = now - dt.timedelta(hours=3)
    made = now + dt.timedelta(seconds=said)
    given_record = visits.Record(
        uuid=uuid.uuid4(),
        visit_id=1,
        kind="finding",
        at=made,
        sent=made + dt.timedelta(seconds=lag),
    )
    found = visits.moment_of(given_record, ordered)
    assert ordered <= found <= now
    if 0 <= lag <= 3 * 3600:
        assert found == now - dt.timedelta(seconds=lag)
