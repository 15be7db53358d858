"""The form of the rule, and what readers of results are told."""

import datetime as dt
import io
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import openpyxl
import pyreadstat
import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal import clock
from portal.audit.models import AuditEntry
from portal.db import db
from surveys.questionnaires.models import SurveyVersion
from surveys.responses.models import Response
from surveys.retention import services
from surveys.retention.jobs import erase_due
from surveys.retention.services import Days
from tests.factories.accounts import make_user, sign_in
from tests.factories.surveys import make_survey
from tests.surveys.analysis.answers import FORM, make_answers
from tests.surveys.campaigns.test_pages import post, shown

PAGE = "/staff/surveys/CITY-1/retention"
RESULTS = "/staff/results/CITY-1"
START = dt.datetime(2026, 3, 1, 9, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _march(app: Flask) -> Iterator[None]:
    with clock.freeze(START):
        yield


@pytest.fixture
def admin(app: Flask) -> FlaskClient:
    client = app.test_client()
    sign_in(client, make_user(("administrator",)))
    client.get("/en/")
    return client


@pytest.fixture
def survey(app: Flask) -> SurveyVersion:
    version, _campaign = make_answers(
        [{"way": "bus", "idea": "lamps"}, {"way": "walk"}], make_survey("CITY-1", FORM)
    )
    return version


def rule(app: Flask, survey: SurveyVersion) -> Days:
    with app.app_context():
        return services.of(survey.survey_id)


@pytest.mark.parametrize(
    ("texts", "responses", "expected"),
    [
        ("90", "365", Days(90, 365)),
        ("۹۰", "۳۶۵", Days(90, 365)),
        ("٩٠", "", Days(90, None)),
        ("", " ۱٬۰۹۵ ", Days(None, 1095)),
        ("30", "30", Days(30, 30)),
        ("", "", Days()),
    ],
)
def test_days_in_any_script(
    app: Flask,
    admin: FlaskClient,
    survey: SurveyVersion,
    texts: str,
    responses: str,
    expected: Days,
) -> None:
    answer = post(admin, PAGE, PAGE, texts_days=texts, responses_days=responses)
    assert answer.status_code == 303, answer.text
    assert rule(app, survey) == expected
    page = admin.get(PAGE).text
    assert "The retention rule was saved." in page
    for days in (expected.texts, expected.responses):
        assert days is None or f'value="{days:,}"' in page
    # What the form itself wrote is understood when it is sent again.
    shown_again = {
        "texts_days": f"{expected.texts:,}" if expected.texts else "",
        "responses_days": f"{expected.responses:,}" if expected.responses else "",
    }
    assert post(admin, PAGE, PAGE, **shown_again).status_code == 303
    assert rule(app, survey) == expected


@pytest.mark.parametrize(
    ("texts", "responses", "said"),
    [
        ("90", "۸۹", "Whole responses cannot go before their texts: write at least 90 days."),
        ("0", "", "Write a whole number of days from 1 to 36,500, or leave the field empty."),
        ("-5", "", "Write a whole number of days from 1 to 36,500"),
        ("", "36501", "Write a whole number of days from 1 to 36,500"),
        ("soon", "10", "Write a whole number of days from 1 to 36,500"),
        ("1.5", "", "Write a whole number of days from 1 to 36,500"),
    ],
)
def test_what_makes_no_rule(
    app: Flask, admin: FlaskClient, survey: SurveyVersion, texts: str, responses: str, said: str
) -> None:
    answer = post(admin, PAGE, PAGE, texts_days=texts, responses_days=responses)
    assert answer.status_code == 422
    assert said in shown(answer.text)
    assert not texts or f'value="{texts}"' in answer.text, "what was typed stays"
    assert rule(app, survey) == Days()


def test_what_erases_at_once_is_asked_first(
    app: Flask, admin: FlaskClient, survey: SurveyVersion
) -> None:
    clock.shift(days=10)
    asked = post(admin, PAGE, PAGE, texts_days="10", responses_days="30")
    assert asked.status_code == 422
    assert "Answers that are already older: 2." in shown(asked.text)
    assert 'name="confirm"' in asked.text
    assert rule(app, survey) == Days()
    sure = post(admin, PAGE, PAGE, texts_days="10", responses_days="30", confirm="y")
    assert sure.status_code == 303
    assert rule(app, survey) == Days(10, 30)
    same = post(admin, PAGE, PAGE, texts_days="10", responses_days="30")
    assert same.status_code == 303, "the rule that holds already needs no confirmation"
    with app.app_context():
        entries = db.session.query(AuditEntry).filter_by(action="survey.retention_changed").all()
        (entry,) = entries
        assert entry.payload.body["texts_days"] == 10


def test_whose_page_it_is(app: Flask, admin: FlaskClient, survey: SurveyVersion) -> None:
    assert PAGE in admin.get("/staff/surveys/CITY-1").text
    assert admin.get("/staff/surveys/NOBODY/retention").status_code == 404
    for role in ("analyst", "communications"):
        client = app.test_client()
        sign_in(client, make_user((role,)))
        client.get("/en/")
        assert client.get(PAGE).status_code == 403
        assert PAGE not in client.get("/staff/surveys/CITY-1").text
        page = "/staff/profile"
        assert post(client, PAGE, page, texts_days="1", responses_days="").status_code == 403
    assert rule(app, survey) == Days()


def erased(app: Flask, admin: FlaskClient) -> None:
    post(admin, PAGE, PAGE, texts_days="10", responses_days="30")
    clock.shift(days=10)
    with app.app_context():
        erase_due()


def test_the_results_say_what_was_erased_and_what_comes(
    app: Flask, admin: FlaskClient, survey: SurveyVersion
) -> None:
    assert "erasure" not in shown(admin.get(RESULTS).text)
    erased(app, admin)
    text = shown(admin.get(RESULTS).text)
    assert "photos were erased under the retention rule: 2." in text
    assert "Next erasure in this survey: 31 March 2026." in text
    assert "Whole responses erased" not in text
    assert "bus en 1 50%" in text, "closed questions keep their figures"
    clock.shift(days=20)
    with app.app_context():
        erase_due()
        assert db.session.query(Response).count() == 0
    text = shown(admin.get(RESULTS).text)
    assert "Whole responses erased under the retention rule: 2." in text
    assert "Response rate (RR1) 100% 2 of 2" in text, "rates rest on invitations"
    assert "Next erasure" not in text
    persian = shown(admin.get(f"{RESULTS}?lang=fa").text)
    assert "۲" in persian
    assert "retention" not in persian


def test_the_files_say_it_too(
    app: Flask, admin: FlaskClient, survey: SurveyVersion, tmp_path: Path
) -> None:
    erased(app, admin)
    said = "photos were erased under the retention rule: 2."
    book = openpyxl.load_workbook(
        io.BytesIO(post(admin, f"{RESULTS}/export.xlsx", RESULTS).data), read_only=True
    )
    assert said in str(list(book["notes"].iter_rows(values_only=True)))
    book.close()
    path = tmp_path / "answers.sav"
    path.write_bytes(post(admin, f"{RESULTS}/export.sav", RESULTS).data)
    _data, meta = pyreadstat.read_sav(str(path), output_format="dict")
    # Lines of 80 bytes, as the format has them.
    assert said in "".join(meta.notes)
    tree = ElementTree.fromstring(post(admin, f"{RESULTS}/export.ddi", RESULTS).data)
    notes = tree.findall(".//{ddi:codebook:2_5}dataAccs/{ddi:codebook:2_5}notes")
    assert any(said in (note.text or "") for note in notes)
