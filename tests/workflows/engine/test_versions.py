"""Versions of a workflow: shipped, drafted, published, and never changed again."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from portal.db import db
from tests.factories.accounts import csrf_token, make_user, sign_in
from tests.factories.cases import make_case
from tests.queries import count_queries
from workflows.cases import flow, work
from workflows.engine import catalogue, versions
from workflows.engine.models import WorkflowDefinition

FOLLOW_UP = catalogue.path_of("follow-up").read_text(encoding="utf-8")
CHANGED = FOLLOW_UP.replace("en: Follow-up of a message", "en: Follow-up of a message, once more")


def draft(source: str = CHANGED) -> WorkflowDefinition:
    row, problems = versions.save_draft(source, by=None)
    assert row is not None and not [one for one in problems if one.severity == "error"]
    return row


def test_a_new_case_carries_definition_version_and_state(context: Flask) -> None:
    case = make_case()
    assert case.definition_id is not None
    assert versions.name_and_number(case.definition_id) == ("follow-up", 1)
    assert (case.state, case.stage) == ("assigned", "assigned")
    urgent = make_case(urgency="danger")
    assert urgent.definition_id is not None
    assert versions.name_and_number(urgent.definition_id)[0] == "urgent"


def test_a_published_version_is_for_new_cases_alone(context: Flask) -> None:
    before = make_case()
    row = draft()
    versions.publish("follow-up", upon=row.digest, note="یک واژه", by=None)
    db.session.commit()
    after = make_case()
    assert before.definition_id != after.definition_id
    assert after.definition_id is not None
    assert versions.name_and_number(after.definition_id) == ("follow-up", 2)
    # The old case goes on under what it began with.
    work.first_action(before.id, by=None, text="بازدید شد")
    db.session.commit()
    assert versions.ship() == 9  # the others; the city's own version stays the newest
    assert versions.current("follow-up") == after.definition_id


@pytest.mark.parametrize(
    "change", ["UPDATE workflow_definitions SET note = 'x'", "DELETE FROM workflow_definitions"]
)
def test_the_database_refuses_to_change_a_published_version(context: Flask, change: str) -> None:
    versions.current("follow-up")
    db.session.commit()
    with pytest.raises(DBAPIError, match="never change"):
        db.session.execute(text(change))
    db.session.rollback()


def test_what_has_errors_or_was_changed_meanwhile_is_not_published(context: Flask) -> None:
    row = draft()
    with pytest.raises(versions.PublishError):
        versions.publish("follow-up", upon="another", note="x", by=None)
    with pytest.raises(versions.PublishError):
        versions.publish("follow-up", upon=row.digest, note="  ", by=None)
    broken = CHANGED.replace("roles: [operator]", "roles: [pilot]")
    again, problems = versions.save_draft(broken, by=None)
    assert again is not None and any(one.severity == "error" for one in problems)
    with pytest.raises(versions.PublishError) as refused:
        versions.publish("follow-up", upon=again.digest, note="x", by=None)
    assert refused.value.problems
    assert versions.save_draft("name: [", by=None)[0] is None


def test_a_case_from_before_there_were_definitions_goes_on(context: Flask) -> None:
    case_id = make_case().id
    db.session.execute(
        text("UPDATE cases SET definition_id = NULL WHERE id = :id"), {"id": case_id}
    )
    db.session.commit()
    case = work.first_action(case_id, by=None, text="بازدید شد")
    db.session.commit()
    assert case.definition_id is not None and case.state == "in_progress"
    assert flow.state_title(case, "en") == "In progress"


def test_an_administrator_drafts_and_publishes(app: Flask, client: FlaskClient) -> None:
    sign_in(client, make_user())
    token = csrf_token(client, "/staff/workflows/draft?of=follow-up")
    page = client.post("/staff/workflows/draft", data={"source": "name: [", "csrf_token": token})
    assert page.status_code == 422 and "name: [" in page.text and "None" not in page.text
    answer = client.post("/staff/workflows/draft", data={"source": CHANGED, "csrf_token": token})
    assert answer.status_code == 303
    with app.app_context():
        row = versions.draft_of("follow-up")
    assert row is not None
    assert row.digest in client.get("/staff/workflows/follow-up/draft").text
    answer = client.post(
        "/staff/workflows/follow-up/publish",
        data={"digest": row.digest, "note": "واژهٔ تازه", "csrf_token": token},
    )
    assert answer.status_code == 303
    page = client.get("/staff/workflows/follow-up")
    assert "واژهٔ تازه" in page.text
    again = client.post(
        "/staff/workflows/follow-up/publish",
        data={"digest": row.digest, "note": "واژهٔ تازه", "csrf_token": token},
    )
    assert again.status_code == 303, "pressed twice, it is told, not lost"
    for kind, begins in (
        ("diagram.svg", "<svg"),
        ("machine.scxml", "<"),
        ("definition.yaml", "# Every message"),
    ):
        answer = client.get(f"/staff/workflows/follow-up/{kind}")
        assert answer.status_code == 200 and answer.text.lstrip("﻿").startswith(begins), kind


def test_the_list_of_workflows_asks_a_fixed_number_of_times(
    app: Flask, client: FlaskClient
) -> None:
    sign_in(client, make_user())
    client.get("/staff/workflows/")
    with count_queries() as first:
        client.get("/staff/workflows/")
    with app.app_context():
        versions.ship()
        db.session.commit()
    with count_queries() as second:
        client.get("/staff/workflows/")
    assert second.count <= first.count <= 8, second.statements
