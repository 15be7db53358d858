"""The result pages and the download."""

import csv
import io
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.audit.models import AuditEntry
from portal.db import db
from tests.factories.accounts import csrf_token, make_user, sign_in
from tests.factories.surveys import make_campaign, make_survey
from tests.queries import count_queries
from tests.surveys.analysis.answers import FORM, add, make_answers
from tests.surveys.campaigns.test_pages import post, shown

LIST = "/staff/results/"


@pytest.fixture
def reader(app: Flask) -> FlaskClient:
    client = app.test_client()
    sign_in(client, make_user(roles=("council_member",)))
    client.get("/en/")
    return client


def poll() -> str:
    make_answers(
        [
            {"way": "bus", "wishes": ["park", "lamp"], "age": 30, "idea": "<b>more</b> lamps"},
            {"way": "bus", "age": 41, "wishes": ["lamp"]},
            {"way": "walk"},
        ],
        make_survey("CITY-1", FORM),
    )
    return f"{LIST}CITY-1"


def test_results_with_both_numbers(reader: FlaskClient) -> None:
    page = reader.get(poll())
    text = shown(page.text)
    assert "way en People who answered this question: 3." in text
    assert re.search(r"bus en 2 67%", text)
    assert re.search(r"car en 0 0%", text)
    assert re.search(r"lamp en 2 100%", text)
    assert "Median 35.5" in text
    assert "this is a self-selected sample" in text
    assert "Response rate (RR1) 100% 3 of 3" in text
    # The charts need none; the guard of interviewers' phones is on every page of staff.
    assert re.findall(r"<script[^>]*", page.text) == re.findall(
        r"<script[^>]*/device-guard\.js[^>]*", page.text
    )


@pytest.mark.parametrize(("lang", "label"), [("fa", "bus فا"), ("ar", "bus عر"), ("en", "bus en")])
def test_choices_in_the_reader_s_language(reader: FlaskClient, lang: str, label: str) -> None:
    assert label in reader.get(f"{poll()}?lang={lang}").text


def test_one_campaign_alone(reader: FlaskClient) -> None:
    version, first = make_answers([{"way": "bus"}], make_survey("CITY-1", FORM))
    second = make_campaign(version)
    add(second, [{"way": "walk"}, {"way": "walk"}])
    everything = shown(reader.get(f"{LIST}CITY-1").text)
    assert "way en People who answered this question: 3" in everything
    alone = shown(reader.get(f"{LIST}CITY-1?campaign={first.id}").text)
    assert "way en People who answered this question: 1" in alone
    other = make_campaign()
    assert reader.get(f"{LIST}CITY-1?campaign={other.id}").status_code == 404


def test_texts_are_escaped_searched_and_nameless(reader: FlaskClient) -> None:
    page = reader.get(f"{poll()}/texts/idea").text
    assert "&lt;b&gt;more&lt;/b&gt; lamps" in page
    assert "+98" not in page
    assert "lamps" in reader.get(f"{LIST}CITY-1/texts/idea?q=LAMPS").text
    none = reader.get(f"{LIST}CITY-1/texts/idea?q=%00nothing").text
    assert "No text holds these words." in none
    assert reader.get(f"{LIST}CITY-1/texts/way").status_code == 404


def test_who_may_only_read_cannot_take_the_answers_away(reader: FlaskClient) -> None:
    page = poll()
    assert "export.csv" not in reader.get(page).text
    data = {"csrf_token": csrf_token(reader, "/staff/profile")}
    assert reader.post(f"{page}/export.csv", data=data).status_code == 403


def test_the_download_is_the_export_and_is_written_down(app: Flask) -> None:
    page = poll()
    analyst = app.test_client()
    sign_in(analyst, make_user(roles=("analyst",)))
    analyst.get("/en/")
    answer = post(analyst, f"{page}/export.csv", page)
    assert answer.mimetype == "text/csv"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="CITY-1.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))
    assert [row["way"] for row in rows] == ["bus", "bus", "walk"]
    with app.app_context():
        assert db.session.scalar(
            select(AuditEntry.id).where(AuditEntry.action == "survey.exported")
        )


def test_who_may_not_read(app: Flask) -> None:
    url = poll()
    stranger = app.test_client()
    for path in (LIST, url, f"{url}/texts/idea"):
        assert stranger.get(path).status_code == 302
    sign_in(stranger, make_user(roles=("operator",)))
    for path in (LIST, url, f"{url}/texts/idea"):
        assert stranger.get(path).status_code == 403


def test_the_list(reader: FlaskClient) -> None:
    poll()
    make_survey("UNSENT", FORM)
    with count_queries() as few:
        text = shown(reader.get(LIST).text)
    assert "CITY-1 1 3" in text
    assert "UNSENT" not in text
    for _ in range(10):
        make_answers([{}])
    with count_queries() as many:
        reader.get(LIST)
    assert many.count == few.count <= 6, many.statements


def test_a_survey_without_answers_and_one_that_is_not_there(reader: FlaskClient) -> None:
    make_answers([], make_survey("EMPTY", FORM))
    assert "People who answered this question: 0." in shown(reader.get(f"{LIST}EMPTY").text)
    assert reader.get(f"{LIST}NOBODY").status_code == 404
