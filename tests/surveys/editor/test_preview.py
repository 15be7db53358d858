"""The preview in a frame, and test answers that stay apart from those of citizens."""

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.audit.models import AuditEntry
from portal.db import db
from surveys.analysis import export, free_texts, services
from surveys.editor import trials
from surveys.responses.models import Response
from tests.factories.surveys import make_survey, question
from tests.factories.surveys import questionnaire as form
from tests.queries import count_queries
from tests.surveys.analysis.answers import make_answers
from tests.surveys.campaigns.test_pages import shown
from tests.surveys.editor.pages import ALL, attribute, begin, press, send, staff

CODE = "CITY-9"
FORM = form(
    [question("way", "select_one", "bus walk", required=True)],
    [question("why", relevant="${way} = 'bus'")],
    [question("age", "integer")],
)


def walk(client: FlaskClient, url: str, *steps: dict[str, Any]) -> TestResponse:
    """Fill in one page after the other; the last answer."""
    page = client.get(f"{url}?show=en")
    for step in steps:
        data = {
            name: attribute(tag, "value")
            for tag in re.findall(r'<input type="hidden"[^>]*>', page.text)
            if (name := attribute(tag, "name"))
        }
        page = client.post(url, data={**data, ".go": "next", **step})
    return page


def stored(app: Flask) -> list[Response]:
    with app.app_context():
        return list(db.session.query(Response).order_by(Response.id))


def test_a_version_is_walked_to_the_end_and_kept_as_a_test(app: Flask) -> None:
    version = make_survey(CODE, FORM)
    analyst = staff(app)
    url = f"{ALL}/{CODE}/versions/1/preview"
    end = walk(analyst, url, {"way": "walk"}, {"age": "۳۰"})
    assert "Your test answer is kept." in end.text
    (trial,) = stored(app)
    assert trial.is_test
    assert (trial.campaign_id, trial.invitation_id, trial.version_id) == (None, None, version.id)
    assert trial.answers == {"way": "walk", "age": 30}
    page = shown(analyst.get(f"{ALL}/{CODE}/tests").text)
    assert "age 30 · way walk" in page


def test_a_mistake_is_shown_as_a_citizen_sees_it(app: Flask) -> None:
    make_survey(CODE, FORM)
    page = walk(staff(app), f"{ALL}/{CODE}/versions/1/preview", {})
    assert page.status_code == 422
    assert 'id="error-summary"' in page.text
    assert stored(app) == []


def test_back_and_another_language_keep_the_answers(app: Flask) -> None:
    make_survey(CODE, FORM)
    analyst, url = staff(app), f"{ALL}/{CODE}/versions/1/preview"
    back = walk(analyst, url, {"way": "bus"}, {"why": "rain", ".go": "back"})
    assert re.search(r'value="bus" checked', back.text)
    other = walk(analyst, url, {"way": "bus"}, {"why": "rain", ".go": "lang:ar"})
    assert '<html lang="ar" dir="rtl">' in other.text
    assert 'value="rain"' in other.text


def test_a_draft_is_walked_and_nothing_is_stored(app: Flask) -> None:
    make_survey(CODE, FORM)
    analyst = staff(app)
    draft = begin(analyst, CODE)
    send(analyst, f"{draft}/texts?page=p1", **{"t:questions/way/label:en": "How do you go?"})
    assert "How do you go?" in analyst.get(f"{draft}/preview?show=en").text
    end = walk(analyst, f"{draft}/preview", {"way": "walk"}, {"age": "30"})
    assert "Here the answers would be sent." in end.text
    assert stored(app) == []


@pytest.mark.parametrize("what", ["versions/1", "draft"])
def test_only_our_own_pages_may_frame_a_preview_and_nothing_else_is_framed(
    app: Flask, what: str
) -> None:
    make_survey(CODE, FORM)
    analyst = staff(app)
    begin(analyst, CODE)
    inner = analyst.get(f"{ALL}/{CODE}/{what}/preview")
    assert "frame-ancestors 'self'" in inner.headers["Content-Security-Policy"]
    assert inner.headers["X-Frame-Options"] == "SAMEORIGIN"
    outer = analyst.get(f"{ALL}/{CODE}/{what}/frame?device=tablet&show=ar")
    assert "frame-src 'self'" in outer.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in outer.headers["Content-Security-Policy"]
    assert 'class="device device--tablet"' in outer.text
    assert re.search(r'<iframe[^>]* src="[^"]*/preview\?show=ar"', outer.text)
    for path in (f"{ALL}/{CODE}", f"{ALL}/{CODE}/draft", f"{ALL}/{CODE}/tests"):
        policy = analyst.get(path).headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy
        assert "frame-src" not in policy


def test_tests_are_never_counted_nor_exported(app: Flask) -> None:
    version, _campaign = make_answers([{"way": "bus", "age": 3}], make_survey(CODE, FORM))
    analyst = staff(app)
    url = f"{ALL}/{CODE}/versions/1/preview"
    walk(analyst, url, {"way": "walk"}, {"age": "30"})
    walk(analyst, url, {"way": "bus"}, {"why": "test of staff"}, {"age": "40"})
    with app.app_context():
        survey = version.survey_id
        assert services.complete_count(survey) == 1
        assert [line.complete for line in services.surveys()] == [1]
        results = {each.variable.name: each for each in services.results(survey)}
        assert results["way"].counts == {"bus": 1, "walk": 0}
        assert results["age"].figures is not None
        assert results["age"].figures.greatest == 3
        assert results["why"].n == 0
        assert free_texts.answers(results["why"].variable) == ([], False)
        exported = "".join(export.lines(survey, export.table(survey)))
    assert "test of staff" not in exported
    assert exported.count("\n") == 2


def test_tests_are_deleted_and_citizens_answers_are_not(app: Flask) -> None:
    make_answers([{"way": "bus"}], make_survey(CODE, FORM))
    analyst = staff(app)
    for _ in range(3):
        walk(analyst, f"{ALL}/{CODE}/versions/1/preview", {"way": "walk"}, {"age": "30"})
    real, first, *_rest = stored(app)
    page = f"{ALL}/{CODE}/tests"
    press(analyst, f"{page}/delete", page, id=str(first.id))
    assert len(stored(app)) == 3
    press(analyst, f"{page}/delete", page, id=str(real.id))
    assert len(stored(app)) == 3, "an answer of a citizen is no test"
    press(analyst, f"{page}/delete", page)
    assert [each.id for each in stored(app)] == [real.id]
    with app.app_context():
        deleted = db.session.query(AuditEntry).filter_by(action="survey.tests_deleted").all()
        assert [entry.payload.body["count"] for entry in deleted] == [1, 2]


def test_the_list_of_tests_comes_in_pages(app: Flask) -> None:
    version = make_survey(CODE, FORM)
    analyst = staff(app)
    with app.app_context():
        trials.keep(db.session.merge(version), {"age": 1}, "en")
        db.session.commit()
    with count_queries() as few:
        analyst.get(f"{ALL}/{CODE}/tests")
    with app.app_context():
        for number in range(trials.PAGE + 5):
            trials.keep(db.session.merge(version), {"age": number}, "fa")
        db.session.commit()
    with count_queries() as many:
        page = analyst.get(f"{ALL}/{CODE}/tests").text
    assert many.count == few.count
    (older,) = set(re.findall(r'rel="next" href="([^"]+)"', page))
    assert "age 1" in shown(analyst.get(older).text)
