"""One step for many cases: each by itself, with what was not done and why."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.accounts.models import User
from portal.db import db
from tests.factories.accounts import csrf_token, make_user, sign_in
from tests.factories.cases import make_case, make_category
from tests.factories.units import make_unit
from tests.workflows.cases.test_staff import kinds, now_is
from workflows.cases import work
from workflows.cases.models import Case
from workflows.cases.replies.models import CannedReply

LIST = "/staff/cases/"


@pytest.fixture
def operator(client: FlaskClient) -> User:
    user = make_user(("operator",), language="en")
    sign_in(client, user)
    return user


def opened(client: FlaskClient, cases: list[Case]) -> str:
    return client.get(LIST + "bulk", query_string={"ids": [str(case.id) for case in cases]}).text


def send(client: FlaskClient, page: str, step: str, **fields: str) -> tuple[int, str]:
    """The form of a step as the page holds it; (status, page of the result)."""
    form = re.search(rf'<details class="card" id="{step}".*?</form>', page, re.S)
    assert form
    key = re.search(rf'name="{step}-key"[^>]*value="(\w+)"', form[0])
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', form[0])
    assert key and token
    answer = client.post(
        f"{LIST}bulk/{step}",
        data={
            "ids": re.findall(r'name="ids" value="([\d.]+)"', form[0]),
            f"{step}-key": key[1],
            "csrf_token": token[1],
            **{f"{step}-{name}": value for name, value in fields.items()},
        },
    )
    if answer.status_code != 303:
        return answer.status_code, answer.text
    return 303, client.get(answer.location).text


def test_assigning_many_leaves_alone_what_is_closed_or_was_changed(
    client: FlaskClient, operator: User, app: Flask
) -> None:
    cases = [make_case(e164=None) for _n in range(4)]
    unit = make_unit()
    with app.app_context():
        work.finish(cases[1].id, by=None, outcome="irrelevant", text="x")
        db.session.commit()
    page = opened(client, cases)
    with app.app_context():
        work.first_action(cases[2].id, by=None, text="begun by a colleague")
        db.session.commit()
    status, result = send(client, page, "assign", unit_id=str(unit.id), note="together")
    assert status == 303
    assert [now_is(case, app).unit_id == unit.id for case in cases] == [True, False, False, True]
    assert result.count("Not done</span>") == 2
    assert "Somebody else has changed it meanwhile." in result
    assert kinds(cases[0], app)[-1] == "assigned"
    assert kinds(cases[2], app)[-1] == "first_action"


def test_a_form_that_is_sent_twice_is_done_once(
    client: FlaskClient, operator: User, app: Flask
) -> None:
    cases = [make_case(), make_case()]
    page = opened(client, cases)
    for _press in range(2):
        status, result = send(client, page, "note", text="seen on the spot")
        assert status == 303
        assert cases[0].code in result and cases[1].code in result
    assert kinds(cases[0], app).count("note") == 1


def test_many_are_finished_each_in_its_language(
    client: FlaskClient, operator: User, app: Flask
) -> None:
    with app.app_context():
        reply = CannedReply(
            name="Water",
            sort_key="w",
            outcome="not_municipal",
            texts={"fa": "کد {code}: با ۱۲۲ تماس بگیرید", "ar": "الرمز {code}: اتصلوا بـ١٢٢"},
        )
        db.session.add(reply)
        db.session.commit()
        reply_id = reply.id
    cases = [make_case(language="fa"), make_case(language="ar", text="لا يوجد ماء")]
    unspoken = make_case(language="en", text="No water")
    page = opened(client, [*cases, unspoken])
    status, result = send(client, page, "finish", reply=str(reply_id))
    assert status == 303
    # Nobody looks at each: it does not go out in a language that the citizen did not use.
    assert result.count("Not done</span>") == 1
    assert now_is(unspoken, app).outcome is None
    texts = [now_is(case, app).outcome_text for case in cases]
    assert texts == [
        f"کد {cases[0].code}: با ۱۲۲ تماس بگیرید",
        f"الرمز {cases[1].code}: اتصلوا بـ١٢٢",
    ]
    assert {now_is(case, app).outcome for case in cases} == {"not_municipal"}


def test_what_is_planned_for_many_has_a_day(
    client: FlaskClient, operator: User, app: Flask
) -> None:
    with app.app_context():
        reply = CannedReply(name="Plan", sort_key="p", outcome="planned", texts={"en": "{code}"})
        db.session.add(reply)
        db.session.commit()
        reply_id = str(reply.id)
    case = make_case(language="en")
    page = opened(client, [case])
    status, again = send(client, page, "finish", reply=reply_id)
    assert status == 422 and "Write the day for which it is promised." in again
    assert now_is(case, app).outcome is None
    assert send(client, page, "finish", reply=reply_id, promised_on="2090/01/05")[0] == 303
    assert now_is(case, app).outcome_text == f"Promised for 5 January 2090.\n{case.code}"


def test_marking_a_category_keeps_the_promise_of_time(
    client: FlaskClient, operator: User, app: Flask
) -> None:
    case, category = make_case(), make_category(first_action_hours=1, resolution_hours=2)
    due = now_is(case, app).next_due_at
    status, _result = send(client, opened(client, [case]), "categorise", category=str(category.id))
    assert status == 303
    assert (now_is(case, app).category_id, now_is(case, app).next_due_at) == (category.id, due)
    assert kinds(case, app)[-1] == "categorised"


def test_who_may_not_and_nonsense(client: FlaskClient, operator: User, app: Flask) -> None:
    case = make_case()
    page = opened(client, [case])
    assert send(client, page, "assign")[0] == 422
    token = csrf_token(client, LIST)
    for data in ({}, {"ids": "x"}, {"ids": str(case.id), "note-key": "short", "note-text": "a"}):
        answer = client.post(LIST + "bulk/note", data={"csrf_token": token, **data})
        assert answer.status_code == 400
    assert client.post(LIST + "bulk/erase", data={"csrf_token": token}).status_code == 404
    assert client.get(LIST + "bulk").status_code == 302
    reader = app.test_client()
    sign_in(reader, make_user(("evaluator",), language="en"))
    assert 'name="ids"' not in reader.get(LIST).text
    assert reader.get(LIST + f"bulk?ids={case.id}").status_code == 403
    # Results are shown to whoever ran the step.
    stranger = app.test_client()
    sign_in(stranger, make_user(("operator",)))
    client.get(send(client, page, "note", text="a")[1] and LIST)
    with app.app_context():
        from workflows.cases.filters.models import BulkRun

        run = db.session.query(BulkRun).first()
        assert run
        number = run.id
    assert stranger.get(f"{LIST}bulk/{number}").status_code == 404
