"""Steps that only a definition knows, and the tasks it gives, through the pages of staff."""

import io

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select

from portal import clock
from portal.db import db
from portal.messaging.models import Message
from tests.factories.accounts import csrf_token, make_user, sign_in
from tests.factories.cases import make_case
from tests.factories.units import make_unit
from tests.queries import count_queries
from workflows.cases import clockwork, flow, steps
from workflows.cases.models import Case, CaseClock, CaseEvent, CasePhoto
from workflows.cases.tasks import services as tasks

SATURDAY = "2025-11-22T06:00:00+00:00"


def naming(app: Flask, **values: object) -> int:
    """A proposal to name a street, at its beginning."""
    with app.app_context():
        case = db.session.get_one(Case, make_case(**values).id)
        flow.bind(case, "street-naming")
        clockwork.begin(case, flow.definition_of(case))
        db.session.commit()
        return case.id


def state(app: Flask, case_id: int) -> tuple[str, str]:
    with app.app_context():
        case = db.session.get_one(Case, case_id)
        return case.state, case.stage


def test_a_step_asks_what_its_definition_declares(app: Flask, client: FlaskClient) -> None:
    case_id = naming(app)
    sign_in(client, make_user(("operator",)))
    page = client.get(f"/staff/cases/{case_id}")
    assert f"/staff/cases/{case_id}/step/register" in page.text
    address = f"/staff/cases/{case_id}/step/register"
    form = client.get(address).text
    with app.app_context():
        case = db.session.get_one(Case, case_id)
        fields = flow.definition_of(case).steps_of("register")[0].form
    assert fields
    for field in fields:
        assert f'name="register-f_{field.name}"' in form
    token = csrf_token(client, address)
    version = form.split('name="register-version"')[1].split('value="')[1].split('"')[0]
    empty = client.post(address, data={"csrf_token": token, "register-version": version})
    assert empty.status_code == 422 and state(app, case_id)[0] == "received"
    filled = {
        f"register-f_{field.name}": {"choice": next(iter(field.choices), ""), "number": "۳"}.get(
            field.kind, "خیابان مهر"
        )
        for field in fields
    }
    data = {"csrf_token": token, "register-version": version, **filled}
    assert client.post(address, data=data).status_code == 303
    assert state(app, case_id) == ("study", "assigned")
    again = client.post(address, data=data)
    assert again.status_code == 409, "the same form once more is told, not taken"
    with app.app_context():
        (event,) = db.session.scalars(select(CaseEvent).where(CaseEvent.kind == "step")).all()
        assert event.data["action"] == "register" and "خیابان مهر" in event.text
        assert set(event.data["values"]) == {field.name for field in fields}


def test_a_step_is_refused_to_other_roles_and_from_other_states(
    app: Flask, client: FlaskClient
) -> None:
    case_id = naming(app)
    sign_in(client, make_user(("operator",)))
    token = csrf_token(client, f"/staff/cases/{case_id}")
    address = f"/staff/cases/{case_id}/step/council_vote"
    assert client.post(address, data={"csrf_token": token}).status_code in {409, 422}
    assert client.get(f"/staff/cases/{case_id}/step/note").status_code == 404
    assert state(app, case_id)[0] == "received"


def test_what_a_step_plans_for_later_has_a_day_that_the_citizen_is_told(
    app: Flask, client: FlaskClient
) -> None:
    with clock.freeze(SATURDAY), app.app_context():
        case = db.session.get_one(Case, make_case(language="en").id)
        flow.bind(case, "public-meeting-request")
        clockwork.begin(case, flow.definition_of(case))
        steps.perform(case.id, "screen", by=None, values={"subject": "services"})
        db.session.commit()
        sign_in(client, make_user(("communications",)))
        address = f"/staff/cases/{case.id}/step/settle"
        version = client.get(address).text.split('name="settle-version"')[1].split('value="')[1]
        data = {
            "csrf_token": csrf_token(client, address),
            "settle-version": version.split('"')[0],
            "settle-f_outcome": "planned",
            "settle-f_text": "The park is in the plan.",
        }
        missing = client.post(address, data=data)
        assert missing.status_code == 422 and "The park is in the plan." in missing.text
        over = client.post(address, data={**data, "settle-f_promised_on": "1404/08/30"})
        assert over.status_code == 422 and "این روز گذشته است" in over.text
        assert case.outcome is None
        data["settle-f_promised_on"] = "1404/12/01"
        assert client.post(address, data=data).status_code == 303
        db.session.expire_all()
        assert case.outcome == "planned"
        assert case.outcome_text == "Promised for 20 February 2026.\nThe park is in the plan."


def test_a_photo_and_a_number_go_with_the_step(app: Flask, client: FlaskClient) -> None:
    case_id = naming(app)
    with app.app_context():
        case = db.session.get_one(Case, case_id)
        case.state, case.stage = "plates", "in_progress"
        db.session.commit()
        fields = flow.definition_of(case).steps_of("plates_up")[0].form
    sign_in(client, make_user(("unit_officer",)))
    address = f"/staff/cases/{case_id}/step/plates_up"
    token = csrf_token(client, address)
    page = client.get(address).text
    version = page.split('name="plates_up-version"')[1].split('value="')[1].split('"')[0]
    drawn = io.BytesIO()
    Image.new("RGB", (60, 40), "teal").save(drawn, "JPEG")
    data: dict[str, object] = {"csrf_token": token, "plates_up-version": version}
    for field in fields:
        name = f"plates_up-f_{field.name}"
        if field.kind == "photo":
            data[name] = (io.BytesIO(drawn.getvalue()), "plate.jpg")
        elif field.kind == "number":
            data[name] = "دو"
        elif field.kind == "choice":
            data[name] = next(iter(field.choices))
        else:
            data[name] = "تابلوها نصب شد"
    refused = client.post(address, data=dict(data))
    assert refused.status_code == 422 and "تابلوها نصب شد" in refused.text
    for field in fields:
        if field.kind == "photo":
            data[f"plates_up-f_{field.name}"] = (io.BytesIO(drawn.getvalue()), "plate.jpg")
        if field.kind == "number":
            data[f"plates_up-f_{field.name}"] = "۱۲"
    assert client.post(address, data=data).status_code == 303
    assert state(app, case_id) == ("feedback", "feedback")
    with app.app_context():
        assert db.session.scalars(select(CasePhoto)).one().case_id == case_id
        case = db.session.get_one(Case, case_id)
        assert case.outcome == "done" and case.outcome_text
        asked = db.session.scalars(select(Message.body).order_by(Message.id.desc())).first()
        assert asked is not None and case.code in asked and "۳۱" in asked


def test_clocks_of_a_definition_start_and_stop_with_its_states(context: Flask) -> None:
    with clock.freeze(SATURDAY):
        case = db.session.get_one(Case, make_case().id)
        for row in db.session.scalars(select(CaseClock)):
            db.session.delete(row)
        flow.bind(case, "client-file")
        definition = flow.definition_of(case)
        clockwork.begin(case, definition)
        wanted = {name for name, rule in definition.clocks.items() if case.state in rule.starts}
        running = set(db.session.scalars(select(CaseClock.kind)))
        assert running == wanted and wanted
        assert case.next_due_at is not None


def test_tasks_are_for_their_role_in_the_unit_of_the_case(context: Flask) -> None:
    top = make_unit()
    district = make_unit(parent_id=top.id)
    other = make_unit(parent_id=top.id)
    case = db.session.get_one(Case, make_case(unit_id=district.id).id)
    texts = {"fa": "نامه به شرکت آب", "ar": "رسالة", "en": "A letter"}
    task = tasks.open_task(
        case, kind="letter", titles=texts, role="unit_officer", action="x", hours=4
    )
    db.session.commit()

    def doer(unit_id: int, role: str = "unit_officer") -> tasks.Doer:
        return tasks.Doer(make_user((role,)).id, frozenset({role}), unit_id)

    here, above, beside = doer(district.id), doer(top.id), doer(other.id)
    assert [tasks.count(one) for one in (here, above, beside)] == [1, 1, 0]
    assert tasks.count(doer(district.id, "operator")) == 0
    for somebody in (doer(district.id, "operator"), beside):
        with pytest.raises(tasks.TaskError):
            tasks.done(task.id, doer=somebody, result="x")
        assert not tasks.is_for(task, somebody, case)
    tasks.done(task.id, doer=here, result="نامه رفت")
    with pytest.raises(tasks.TaskError):
        tasks.done(task.id, doer=above, result="again")
    db.session.commit()
    assert tasks.count(here) == 0
    with pytest.raises(LookupError):
        tasks.done(999_999, doer=here, result="x")


def test_the_list_of_tasks_asks_a_fixed_number_of_times(app: Flask, client: FlaskClient) -> None:
    unit = make_unit()
    sign_in(client, make_user(("unit_officer",), unit_id=unit.id))
    client.get("/staff/cases/tasks")
    counts = []
    for _round in range(2):
        with app.app_context():
            for _n in range(3):
                case = db.session.get_one(Case, make_case(unit_id=unit.id).id)
                tasks.open_task(
                    case, kind="task", titles={"fa": "بازدید"}, role="unit_officer", action="x"
                )
            db.session.commit()
        with count_queries() as seen:
            page = client.get("/staff/cases/tasks")
        assert page.status_code == 200 and "بازدید" in page.text
        counts.append(seen.count)
    assert counts[0] == counts[1] <= 10


@pytest.mark.parametrize("after", ["_99999999999999999999999", ".99999999999999999999999", "x"])
def test_a_wild_address_of_a_page_of_tasks_is_the_first_page(
    client: FlaskClient, after: str
) -> None:
    sign_in(client, make_user(("operator",)))
    assert client.get("/staff/cases/tasks", query_string={"after": after}).status_code == 200
