"""Canned replies: written, chosen, put into the answer in the citizen's language."""

import importlib.util
import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.accounts.models import User
from portal.db import db
from portal.text import ascii_digits
from tests.factories.accounts import csrf_token, make_user, sign_in
from tests.factories.cases import make_case, make_category
from tests.factories.units import make_unit
from tests.workflows.cases.test_staff import kinds
from workflows.cases.moves import shortened
from workflows.cases.replies import services
from workflows.cases.replies.models import CannedReply

REPLIES = "/staff/cases/replies"


@pytest.fixture
def operator(client: FlaskClient) -> User:
    user = make_user(("operator",), language="en")
    sign_in(client, user)
    return user


def make_reply(app: Flask, **values: object) -> int:
    with app.app_context():
        reply = services.save(
            None,
            **{
                "name": "Gas",
                "outcome": "not_municipal",
                "category_id": None,
                "texts": {"fa": "{code} · {unit} · {date}", "en": "Call 194, {code}"},
                "active": True,
                **values,
            },  # type: ignore[arg-type]
        )
        db.session.commit()
        return reply.id


def test_a_reply_is_written_and_changed(client: FlaskClient, operator: User, app: Flask) -> None:
    data = {
        "csrf_token": csrf_token(client, REPLIES + "/new"),
        "name": "گاز",
        "outcome": "not_municipal",
        "text_fa": "با ۱۹۴ تماس بگیريد، کد {code}",
        "active": "y",
    }
    refused = client.post(REPLIES + "/new", data={**data, "text_ar": "{phone}"})
    assert refused.status_code == 422
    assert "{phone}" in refused.text
    assert client.post(REPLIES + "/new", data=data).status_code == 303
    with app.app_context():
        reply = db.session.scalars(select(CannedReply)).one()
        assert reply.texts == {"fa": "با ۱۹۴ تماس بگیرید، کد {code}"}
        number = reply.id
    assert "گاز" in client.get(REPLIES).text
    changed = client.post(f"{REPLIES}/{number}", data={**data, "name": "امداد گاز", "active": ""})
    assert changed.status_code == 303
    assert client.get(f"{REPLIES}/99999999").status_code == 404
    assert client.post(REPLIES + "/new", data={**data, "text_fa": ""}).status_code == 422


def test_a_reply_is_used_without_script_and_keeps_what_was_typed(
    client: FlaskClient, operator: User, app: Flask
) -> None:
    unit = make_unit(names={"fa": "ادارهٔ روشنایی", "en": "Lighting"})
    case = make_case(unit_id=unit.id)
    number = make_reply(app)
    page = f"/staff/cases/{case.id}"
    before = kinds(case, app)
    answer = client.post(
        f"{page}/reply",
        data={
            "csrf_token": csrf_token(client, page),
            "reply": str(number),
            "finish-text": "سلام",
        },
    )
    assert answer.status_code == 200
    assert f"سلام\n{case.code} · ادارهٔ روشنایی · " in answer.text
    assert 'value="not_municipal" checked' in answer.text or 'checked id="finish-outcome-1"' in (
        answer.text
    )
    assert kinds(case, app) == before
    assert (
        client.post(
            f"{page}/reply", data={"csrf_token": csrf_token(client, page), "reply": ""}
        ).status_code
        == 422
    )


def test_a_language_that_is_missing_is_said(
    client: FlaskClient, operator: User, app: Flask
) -> None:
    case = make_case(language="ar", text="رائحة غاز")
    number = make_reply(app)
    page = f"/staff/cases/{case.id}"
    answer = client.post(
        f"{page}/reply", data={"csrf_token": csrf_token(client, page), "reply": str(number)}
    )
    assert f"Call 194, {case.code}" in answer.text
    assert 'id="finish-text-error"' in answer.text


def test_a_reply_of_a_category_is_offered_there_alone(
    client: FlaskClient, operator: User, app: Flask
) -> None:
    category = make_category()
    number = make_reply(app, category_id=category.id)
    other = make_reply(app, active=False)
    fits, not_ = make_case(category_id=category.id), make_case()
    option = '<option value="{}">Gas</option>'
    assert option.format(number) in client.get(f"/staff/cases/{fits.id}").text
    assert option.format(other) not in client.get(f"/staff/cases/{fits.id}").text
    assert option.format(number) not in client.get(f"/staff/cases/{not_.id}").text


def test_what_is_shipped_is_in_three_languages_with_known_placeholders() -> None:
    path = Path(__file__).parents[3] / "migrations/versions/0034_lists_rules_replies.py"
    spec = importlib.util.spec_from_file_location("shipped", path)
    assert spec and spec.loader
    shipped = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(shipped)
    for _name, _key, _outcome, texts in shipped.REPLIES:
        assert set(texts) == {"fa", "ar", "en"}
        for text in texts.values():
            assert services.checked(text, "text") == text
            # Whom to call stands in what an SMS carries of it.
            filled = text.replace("{code}", "ABCDE12345")
            for number in re.findall(r"1\d\d", ascii_digits(text)):
                assert number in ascii_digits(shortened(filled))
    every = str(shipped.REPLIES)
    for digits in ("۱۲۲", "۱۲۱", "۱۹۴", "۱۱۰", "١٢٢", "122"):
        assert digits in every
