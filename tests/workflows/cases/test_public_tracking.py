"""Following a message by its code, and saying whether it is settled."""

import datetime as dt
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal import clock, links
from portal.db import db
from portal.i18n import use_language
from tests.factories.accounts import make_user, sign_in
from tests.factories.cases import make_case, make_category
from tests.factories.units import make_unit
from tests.queries import count_queries
from workflows.cases import silence, work
from workflows.cases.explain import explain
from workflows.cases.models import Case, CaseEvent, FeedbackQuestion

ANSWER = "چاله پر شد؛ متشکریم"


@pytest.fixture(autouse=True)
def _units(app: Flask) -> None:
    root = make_unit(code="city", kind="city")
    make_unit(
        code="centre-137",
        parent_id=root.id,
        names={"fa": "مرکز ۱۳۷", "ar": "مركز ١٣٧", "en": "137 centre"},
    )


@pytest.fixture
def visitor(app: Flask) -> FlaskClient:
    return app.test_client(use_cookies=False)


def finished(language: str = "fa", text: str = ANSWER) -> Case:
    """A case that the unit has answered and whose citizen is asked."""
    case = make_case(language=language, citizen_name="نسرین رازدار", text="متن محرمانهٔ من")
    work.finish(case.id, by=None, outcome="done", text=text)
    db.session.commit()
    db.session.refresh(case)
    return case


def fresh(app: Flask, case: Case) -> Case:
    with app.app_context():
        return db.session.get_one(Case, case.id)


@pytest.mark.parametrize("language", ["fa", "ar", "en"])
def test_the_page_says_stage_and_clock_in_words(
    app: Flask, visitor: FlaskClient, language: str
) -> None:
    with clock.freeze("2026-05-04T08:00+00:00"):
        category = make_category()
        case = make_case(language=language, category_id=category.id, urgency="danger")
        page = visitor.get(f"/t/{case.code}")
        with app.app_context(), use_language(language):
            sentence = explain(fresh(app, case), language)
    assert page.status_code == 200 and f'lang="{language}"' in page.text
    assert sentence in page.text and category.names[language] in page.text
    assert case.code in page.text
    assert {"fa": "مرکز ۱۳۷", "ar": "مركز ١٣٧", "en": "137 centre"}[language] in page.text
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in page.headers


def test_the_officer_reads_the_same_sentence(app: Flask, visitor: FlaskClient) -> None:
    with clock.freeze("2026-05-04T08:00+00:00"):
        case = make_case(urgency="danger")
        operator = app.test_client()
        sign_in(operator, make_user(("operator",)))
        with app.app_context():
            sentence = explain(fresh(app, case), "fa")
        assert sentence in visitor.get(f"/t/{case.code}").text


def test_nothing_says_who_wrote_or_what(app: Flask, visitor: FlaskClient) -> None:
    with app.app_context():
        case = finished()
        colleague = make_user(("operator",), name="کارمند نمونه").id
        work.note(case.id, by=colleague, text="راز ما")
        other = make_case(text="چالهٔ کوچه")
        other_code = other.code
        work.assign(
            other.id, unit_id=make_unit().id, assignee_id=None, by=colleague, note="یادداشت درونی"
        )
        db.session.commit()
        db.session.refresh(case)
    number = case.e164 or ""
    for url in (f"/t/{case.code}", f"/t/{case.code}/accept", f"/fa/message/{case.code}"):
        page = visitor.get(url).text
        for secret in ("نسرین", "محرمانه", number, number[3:], "کارمند نمونه", "راز ما"):
            assert secret not in page, (url, secret)
    assert ANSWER in visitor.get(f"/t/{case.code}").text
    assert "یادداشت درونی" not in visitor.get(f"/t/{other_code}").text


@pytest.mark.parametrize(
    "typed",
    [str.lower, lambda code: f" {code[:5]}-{code[5:]} ", lambda code: code.replace("0", "o")],
)
def test_a_code_is_read_however_it_is_typed(
    app: Flask, visitor: FlaskClient, typed: Callable[[str], str]
) -> None:
    case = make_case()
    answer = visitor.get("/t/", query_string={"code": typed(case.code), "lang": "ar"})
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/t/{case.code}?lang=ar"
    assert visitor.get(answer.headers["Location"]).status_code == 200
    home = visitor.get("/en/code", query_string={"code": case.code})
    assert visitor.get(home.headers["Location"]).status_code == 200


def test_codes_that_are_none_are_explained(app: Flask, visitor: FlaskClient) -> None:
    assert visitor.get("/t/?lang=en").status_code == 200
    bad = visitor.get("/t/", query_string={"lang": "en", "code": "<b>12"})
    assert bad.status_code in {303, 422} and "<b>12" not in bad.text
    for code in ("0000000000", "nonsense", "0" * 400, "%00", "۱۲۳"):
        for url in (f"/t/{code}?lang=en", f"/t/{code}/object?lang=en", f"/en/message/{code}"):
            answer = visitor.get(url)
            assert answer.status_code == 404, url
            assert "We do not know this code" in answer.text
    assert visitor.post("/t/0000000000/accept").status_code == 404


def test_guessing_is_slowed_down_but_right_codes_still_open(
    app: Flask, visitor: FlaskClient
) -> None:
    case = make_case()
    codes = [
        visitor.get(f"/t/{''.join(secrets.choice(links.ALPHABET) for _ in range(10))}")
        for _ in range(25)
    ]
    assert [answer.status_code for answer in codes] == [404] * 20 + [429] * 5
    assert codes[-1].headers["Retry-After"] == "60"
    assert visitor.get(f"/t/{case.code}").status_code == 200


def test_the_page_costs_few_queries(app: Flask, visitor: FlaskClient) -> None:
    with app.app_context():
        case = finished()
        for number in range(10):
            work.note(case.id, by=None, text=f"گزارش {number}", public=True)
        db.session.commit()
        db.session.refresh(case)
    with count_queries() as queries:
        visitor.get(f"/t/{case.code}")
    assert queries.count <= 11, queries.statements


# The citizen's word


def test_accepting_by_link_closes_after_confirmation(app: Flask, visitor: FlaskClient) -> None:
    with app.app_context():
        case = finished()
    page = visitor.get(f"/t/{case.code}")
    assert f"/t/{case.code}/accept" in page.text and f"/t/{case.code}/object" in page.text
    assert visitor.get(f"/t/{case.code}/accept").status_code == 200
    assert fresh(app, case).stage == "feedback", "opening a link changes nothing"
    first = visitor.post(f"/t/{case.code}/accept")
    again = visitor.post(f"/t/{case.code}/accept")
    assert first.status_code == again.status_code == 303
    found = fresh(app, case)
    assert (found.stage, found.confirmation) == ("closed", "accepted")
    with app.app_context():
        question = db.session.scalars(select(FeedbackQuestion)).one()
        assert (question.state, question.channel) == ("accepted", "link")
        kinds = list(db.session.scalars(select(CaseEvent.kind)))
    assert kinds.count("accepted") == 1
    thanks = visitor.get(first.headers["Location"])
    assert thanks.status_code == 200 and "flash--success" in thanks.text
    assert f"/t/{case.code}/object" not in thanks.text


def test_who_is_told_of_a_plan_is_not_asked_whether_it_is_settled(
    app: Flask, visitor: FlaskClient
) -> None:
    case = make_case(language="en")
    day = dt.date(2090, 1, 5)
    with app.app_context():
        work.finish(case.id, by=None, outcome="planned", text="A new lamp", promised_on=day)
        db.session.commit()
    page = visitor.get(f"/t/{case.code}?lang=en").text
    assert "Promised for 5 January 2090." in page
    assert "Do you agree with the answer?" in page and "Yes, I agree" in page
    assert "settled for you" not in page and "Yes, it is settled" not in page
    assert "Yes, I agree" in visitor.get(f"/t/{case.code}/accept?lang=en").text


def test_an_objection_needs_words_and_opens_it_again(app: Flask, visitor: FlaskClient) -> None:
    with app.app_context():
        case = finished("en", "We filled the hole")
    empty = visitor.post(f"/t/{case.code}/object", data={"words": "  "})
    assert empty.status_code == 422 and 'id="words-error"' in empty.text
    assert fresh(app, case).stage == "feedback"
    long = visitor.post(f"/t/{case.code}/object", data={"words": "x" * 1001})
    assert long.status_code == 422 and "x" * 1001 in long.text
    for _ in range(2):
        answer = visitor.post(f"/t/{case.code}/object", data={"words": "It is still there\x00"})
        assert answer.status_code == 303
    found = fresh(app, case)
    assert (found.stage, found.reopened) == ("assigned", 1)
    with app.app_context():
        question = db.session.scalars(select(FeedbackQuestion)).one()
        assert (question.state, question.words) == ("objected", "It is still there")
    page = visitor.get(answer.headers["Location"]).text
    assert "flash--success" in page and "It is still there" not in page


@pytest.fixture
def timed_out(app: Flask) -> Iterator[Case]:
    """Answered, and closed because nobody said anything for three days."""
    with clock.freeze("2026-05-04T08:00+00:00"), app.app_context():
        case = finished()
        clock.shift(hours=73)
        (question_id,) = silence.unanswered()
        silence.time_out(question_id)
        db.session.commit()
        yield case


def test_words_that_come_after_the_end_are_not_dropped_silently(
    visitor: FlaskClient, timed_out: Case
) -> None:
    answer = visitor.post(f"/t/{timed_out.code}/object?lang=fa", data={"words": "هنوز خراب است"})
    assert answer.status_code == 409
    assert "هنوز خراب است</textarea>" in answer.text and "پیام شما در این میان بسته" in answer.text


def test_a_yes_that_comes_after_the_end_is_not_thanked_as_if_it_counted(
    visitor: FlaskClient, timed_out: Case
) -> None:
    answer = visitor.post(f"/t/{timed_out.code}/accept?lang=en")
    page = visitor.get(answer.headers["Location"]).text
    assert "Thank you" not in page and "Closed" in page


def test_nobody_is_asked_before_the_answer(app: Flask, visitor: FlaskClient) -> None:
    case = make_case()
    assert "/accept" not in visitor.get(f"/t/{case.code}").text
    assert visitor.get(f"/t/{case.code}/accept").status_code == 303
    assert visitor.post(f"/t/{case.code}/object", data={"words": "no"}).status_code == 303
    assert fresh(app, case).stage == "assigned"


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}]
)
def test_another_site_cannot_answer(
    app: Flask, visitor: FlaskClient, headers: dict[str, str]
) -> None:
    with app.app_context():
        case = finished()
    assert visitor.post(f"/t/{case.code}/accept", headers=headers).status_code == 403
    assert fresh(app, case).stage == "feedback"


# Alone and mounted


def test_the_citizens_side_works_without_surveys(
    make_app: Callable[..., Flask], app: Flask, tmp_path: Path
) -> None:
    alone = make_app(plugins=("workflows",), data_dir=tmp_path)
    client = alone.test_client(use_cookies=False)
    home = client.get("/en/")
    assert "/en/message" in home.text and "/t/?lang=en" in home.text
    sent = client.post("/en/message", data={"text": "A lamp is out", "mobile": "09121234567"})
    code = sent.headers["Location"].rsplit("/", 1)[1]
    assert client.get(f"/t/{code}").status_code == 200
    with alone.app_context():
        case = db.session.scalars(select(Case)).one()
        work.finish(case.id, by=None, outcome="done", text="It shines again")
        db.session.commit()
    assert client.post(f"/t/{code}/accept").status_code == 303
    with alone.app_context():
        case = db.session.scalars(select(Case)).one()
        assert case.stage == "closed"
        assert db.session.execute(db.text("SELECT count(*) FROM invitations")).scalar() == 0


@pytest.mark.surveys
def test_with_surveys_the_confirmed_end_brings_one_question(
    app: Flask, visitor: FlaskClient
) -> None:
    with app.app_context():
        case = finished("ar", "تم ردم الحفرة")
    visitor.post(f"/t/{case.code}/accept")
    with app.app_context():
        found = db.session.execute(
            db.text("SELECT contact_id, language, occasion FROM invitations")
        ).one()
        assert tuple(found) == (case.contact_id, "ar", case.id)
        body = db.session.execute(
            db.text("SELECT body FROM messages WHERE link_purpose = 'survey'")
        ).scalar_one()
    assert "{link}" in body and "رضاكم" in body
