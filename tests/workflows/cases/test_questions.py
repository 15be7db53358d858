"""A category asks its own questions, of citizens and operators; answers are kept as asked."""

import csv
import datetime as dt
import io
import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from portal.audit.models import AuditEntry
from portal.db import db
from portal.text import localized_digits
from tests.factories.accounts import csrf_token, make_user, sign_in
from tests.factories.cases import make_category
from tests.queries import count_queries
from workflows.cases import exporter
from workflows.cases.models import Case, Category
from workflows.cases.moves import InputRefused
from workflows.cases.questions import asking, services
from workflows.cases.questions.models import CaseAnswer, CaseQuestion

TEXT = "چالهٔ بزرگی جلوی مدرسه است"


@pytest.fixture
def category(app: Flask) -> Category:
    """Every kind of question; one is for staff alone."""
    made = make_category(code="holes")
    with app.app_context():
        for key, kind, required, audience in (
            ("depth", "number", True, "everybody"),
            ("where", "choice", True, "everybody"),
            ("signs", "several", False, "everybody"),
            ("danger", "yesno", False, "everybody"),
            ("since", "date", False, "everybody"),
            ("words", "text", False, "everybody"),
            ("team", "text", True, "staff"),
        ):
            services.create(
                made.id,
                key=key,
                kind=kind,
                texts={"fa": f"پرسش {key}", "ar": f"سؤال {key}", "en": f"Question {key}"},
                options={"fa": ["سواره‌رو", "پیاده‌رو"], "en": ["Road", "Pavement"]},
                required=required,
                audience=audience,
            )
        db.session.commit()
    return made


def name(category: Category, key: str) -> str:
    return f"q{category.id}-{key}"


def answers(app: Flask) -> dict[str, Any]:
    with app.app_context():
        rows = db.session.execute(
            select(CaseQuestion.key, CaseAnswer.value).join(
                CaseQuestion, CaseQuestion.id == CaseAnswer.question_id
            )
        )
        return {row.key: row.value for row in rows}


def test_without_script_the_questions_are_the_second_step(app: Flask, category: Category) -> None:
    visitor = app.test_client(use_cookies=False)
    first = {"text": TEXT, "key": "k" * 20, "category": "holes", "asked": ""}
    page = visitor.post("/fa/message", data=first)
    assert page.status_code == 200
    assert TEXT in page.text and 'id="category-questions"' in page.text
    assert "team" not in page.text
    assert answers(app) == {}
    second = {**first, "asked": str(category.id)}
    refused = visitor.post(
        "/fa/message",
        data={**second, name(category, "depth"): "گود", name(category, "words"): "کلمه"},
    )
    assert refused.status_code == 422
    # Both what is wrong and what is missing, each leading to its field; nothing typed is lost.
    for link in (f'href="#{name(category, "depth")}"', f'href="#{name(category, "where")}-0"'):
        assert link in refused.text
    assert 'value="گود"' in refused.text and "کلمه" in refused.text
    good = {
        name(category, "depth"): "۱۲٫۵",
        name(category, "where"): "o2",
        name(category, "signs"): ["o2", "o1"],
        name(category, "danger"): "no",
        name(category, "since"): "۱۴۰۴/۰۵/۱۲",
        name(category, "words"): "شماره‌ام ۰۹۱۲",
    }
    sent = visitor.post("/fa/message", data={**second, **good})
    assert sent.status_code == 303
    assert answers(app) == {
        "depth": 12.5,
        "where": "o2",
        "signs": ["o1", "o2"],
        "danger": False,
        "since": "2025-08-03",
        "words": "شماره‌ام ۰۹۱۲",
    }
    # Twice pressed is one case; another answer is another message.
    again = visitor.post("/fa/message", data={**second, **good})
    other = visitor.post("/fa/message", data={**second, **good, name(category, "depth"): "3"})
    assert again.location == sent.location != other.location
    # The page behind the code shows what was chosen, in the reader's language, and no free words.
    code = sent.location.rsplit("/", 1)[1]
    track = visitor.get(f"/t/{code}?lang=en").text
    assert "Question where" in track and "Pavement" in track and "12.5" in track
    assert "Question words" not in track and "۰۹۱۲" not in track


def test_the_fragment_and_a_category_without_questions(app: Flask, category: Category) -> None:
    visitor = app.test_client(use_cookies=False)
    make_category(code="plain")
    fragment = visitor.get("/en/message/questions?category=holes").text
    assert "Question depth" in fragment and "<html" not in fragment
    assert "Question" not in visitor.get("/en/message/questions?category=nothing").text
    sent = visitor.post("/en/message", data={"text": TEXT, "key": "k" * 20, "category": "plain"})
    assert sent.status_code == 303
    assert "Question depth" in visitor.get("/en/message?category=holes").text


def test_an_operator_is_asked_what_citizens_are_not(
    app: Flask, client: FlaskClient, category: Category
) -> None:
    sign_in(client, make_user(("operator",), language="en"))
    url = "/staff/cases/new"
    data = {
        "csrf_token": csrf_token(client, url),
        "do": "register",
        "channel": "phone",
        "language": "fa",
        "urgency": "",
        "text": TEXT,
        "category_id": str(category.id),
    }
    page = client.post(url, data=data)
    assert page.status_code == 200 and "Question team" in page.text and TEXT in page.text
    data |= {
        "asked": str(category.id),
        name(category, "depth"): "7",
        name(category, "where"): "o1",
    }
    assert client.post(url, data=data).status_code == 422
    data[name(category, "team")] = "اکیپ ۳"
    answer = client.post(url, data=data)
    assert answer.status_code == 303
    assert answers(app) == {"depth": 7, "where": "o1", "team": "اکیپ ۳"}
    with app.app_context():
        case = db.session.scalars(select(Case)).one()
        assert "case.answers_given" in set(db.session.scalars(select(AuditEntry.action)))
        services.change(
            services.current(category.id)[0].id,
            kind="number",
            texts={"en": "How deep in centimetres?"},
            required=True,
        )
        db.session.commit()
        rows = list(csv.DictReader(io.StringIO("".join(exporter.export()).removeprefix("\ufeff"))))
    shown = client.get(f"/staff/cases/{case.id}").text
    # The answer keeps the words it was given to.
    assert "Question depth" in shown and "How deep" not in shown and "اکیپ ۳" in shown
    assert '"depth": 7' in rows[0]["answers"] and rows[0]["code"] == case.code
    fragment = client.get(f"/staff/cases/questions?category={category.id}").text
    assert "How deep" in fragment and "Question team" in fragment


QUESTION = {
    "text_fa": "عمق چاله؟",
    "kind": "choice",
    "options_fa": "کم\nزیاد",
    "options_en": "shallow\ndeep",
    "audience": "everybody",
}


def save(client: FlaskClient, url: str, **fields: str) -> tuple[int, str]:
    data = {**QUESTION, **fields, "csrf_token": csrf_token(client, url)}
    answer = client.post(url, data=data)
    return answer.status_code, answer.text


def current(app: Flask, category_id: int) -> list[CaseQuestion]:
    with app.app_context():
        return list(services.current(category_id))


def test_questions_are_written_changed_moved_and_ended(app: Flask, client: FlaskClient) -> None:
    sign_in(client, make_user(("administrator",), language="en"))
    category = make_category()
    new = f"/staff/cases/categories/{category.id}/questions/new"
    assert save(client, new)[0] == 303
    assert save(client, new, text_fa="از کی؟", kind="date", key="since")[0] == 303
    first, second = current(app, category.id)
    assert [o["value"] for o in first.options] == ["o1", "o2"] and second.options == []
    page = client.get(f"/staff/cases/categories/{category.id}").text
    assert "عمق چاله؟" in page and "از کی؟" in page
    # An answer keeps its value through a new order and new neighbours.
    edit = f"/staff/cases/questions/{first.id}"
    assert save(client, edit)[0] == 303
    assert current(app, category.id)[0].version == 1
    assert save(client, edit, options_fa="خیلی زیاد\nزیاد\nکم", options_en="")[0] == 303
    changed = current(app, category.id)[0]
    assert (changed.version, changed.key) == (2, first.key)
    assert [(o["value"], o["texts"]["fa"]) for o in changed.options] == [
        ("o3", "خیلی زیاد"),
        ("o2", "زیاد"),
        ("o1", "کم"),
    ]
    assert client.get(edit).status_code == 404
    token = csrf_token(client, new)
    client.post(f"/staff/cases/questions/{second.id}/up", data={"csrf_token": token})
    assert [one.key for one in current(app, category.id)] == ["since", first.key]
    client.post(f"/staff/cases/questions/{second.id}/retire", data={"csrf_token": token})
    assert [one.key for one in current(app, category.id)] == [first.key]
    # A name that was used before goes on counting its versions.
    assert save(client, new, kind="date", key="since")[0] == 303
    assert {one.key: one.version for one in current(app, category.id)} == {
        first.key: 2,
        "since": 2,
    }
    with app.app_context():
        actions = set(db.session.scalars(select(AuditEntry.action)))
    assert {f"case_question.{what}" for what in ("added", "changed", "retired", "moved")} <= actions


@pytest.mark.parametrize(
    "wrong",
    [
        {"text_fa": ""},
        {"kind": "essay"},
        {"audience": "nobody"},
        {"options_fa": "یکی", "options_en": ""},
        {"options_fa": "", "options_en": ""},
        {"options_en": "only one"},
        {"options_fa": "کم\nکم"},
        {"key": "Ärger"},
    ],
)
def test_a_question_that_is_not_right_is_refused(
    app: Flask, client: FlaskClient, wrong: dict[str, str]
) -> None:
    sign_in(client, make_user(("administrator",)))
    category = make_category()
    new = f"/staff/cases/categories/{category.id}/questions/new"
    status, page = save(client, new, **wrong)
    assert status == 422
    assert 'id="error-summary"' in page
    assert current(app, category.id) == []


def test_more_questions_and_answers_ask_the_database_no_more(
    app: Flask, client: FlaskClient, category: Category
) -> None:
    sign_in(client, make_user(("administrator",)))
    other = make_category()
    with count_queries() as few:
        client.get(f"/staff/cases/categories/{other.id}")
    with count_queries() as many:
        client.get(f"/staff/cases/categories/{category.id}")
    assert few.count == many.count, many.statements


def question(kind: str, *, required: bool = False) -> CaseQuestion:
    options = [{"value": f"o{n}", "texts": {"fa": f"پاسخ {n}"}} for n in range(1, 4)]
    return CaseQuestion(key="k", kind=kind, options=options, required=required)


@settings(max_examples=60)
@given(st.decimals(-999_999, 999_999, places=3), st.sampled_from(["fa", "ar", "en"]))
def test_numbers_are_read_in_every_script(value: Any, lang: str) -> None:
    typed = localized_digits(f"{value:,}", lang)
    if lang != "en":
        typed = typed.replace(",", "٬").replace(".", "٫")
    assert asking.read(question("number"), [typed]) == pytest.approx(float(value))


@settings(max_examples=80)
@given(
    kind=st.sampled_from(["choice", "several", "number", "yesno", "date", "text"]),
    typed=st.lists(st.text(max_size=30), max_size=3),
)
def test_nothing_typed_is_more_than_refused(
    _shared_app: Flask, kind: str, typed: list[str]
) -> None:
    """Whatever comes, the value is one that its kind can have, or it is refused."""
    with _shared_app.app_context():
        try:
            value = asking.read(question(kind), typed)
        except InputRefused:
            return
    if value is None:
        return
    match kind:
        case "choice":
            assert value in {"o1", "o2", "o3"}
        case "several":
            assert set(value) <= {"o1", "o2", "o3"}
        case "number":
            assert isinstance(value, int | float)
        case "yesno":
            assert isinstance(value, bool)
        case "date":
            assert dt.date.fromisoformat(value)
        case _:
            assert value == value.strip() and not re.search("[\x00-\x08]", value)
