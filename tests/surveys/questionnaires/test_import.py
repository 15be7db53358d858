"""Publishing questionnaires: by command, by services and on the staff pages."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from openpyxl import load_workbook
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError

from portal.audit.models import AuditEntry
from portal.db import db
from surveys.questionnaires import services
from surveys.questionnaires.models import Survey, SurveyVersion
from tests.factories.accounts import csrf_token, make_user, sign_in
from tests.factories.surveys import MAYOR, make_survey, mayor, question
from tests.factories.surveys import questionnaire as form
from tests.queries import count_queries
from tests.surveys.responses.phone import row_counts

BROKEN = MAYOR.with_name("broken.xlsx")


def changed() -> bytes:
    """The poll with another word in one label."""
    book = load_workbook(MAYOR)
    sheet = book["choices"]
    sheet.cell(2, 3).value = "بوستان تازه"
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def numbers(app: Flask) -> list[int]:
    with app.app_context():
        return list(db.session.scalars(select(SurveyVersion.number).order_by(SurveyVersion.id)))


def run(runner: FlaskCliRunner, *arguments: str | Path) -> tuple[int, dict[str, object]]:
    result = runner.invoke(args=["surveys", "import", *map(str, arguments), "--json"])
    return result.exit_code, json.loads(result.stdout) if result.stdout else {}


def test_the_command_publishes_a_version_and_says_which(runner: FlaskCliRunner, app: Flask) -> None:
    code, said = run(runner, MAYOR, "--code", "mayor-1405")
    assert code == 0
    assert said == {
        "code": "MAYOR-1405",
        "version": 1,
        "questions": 10,
        "languages": ["fa", "ar", "en"],
        "is_new": True,
        "ok": True,
        "problems": [],
    }


def test_the_same_content_makes_no_new_version(
    runner: FlaskCliRunner, app: Flask, tmp_path: Path
) -> None:
    run(runner, MAYOR, "--code", "MAYOR")
    saved_again = tmp_path / "other name.xlsx"
    book = load_workbook(MAYOR)
    book.save(saved_again)
    assert saved_again.read_bytes() != MAYOR.read_bytes()
    code, said = run(runner, saved_again, "--code", "MAYOR")
    assert (code, said["version"], said["is_new"]) == (0, 1, False)
    saved_again.write_bytes(changed())
    code, said = run(runner, saved_again, "--code", "MAYOR")
    assert (code, said["version"], said["is_new"]) == (0, 2, True)
    code, said = run(runner, MAYOR, "--code", "MAYOR")
    assert (code, said["version"]) == (0, 3)
    assert numbers(app) == [1, 2, 3]


def test_a_broken_form_lists_its_problems_like_check_and_stores_nothing(
    runner: FlaskCliRunner, app: Flask
) -> None:
    before = row_counts(app)
    code, said = run(runner, BROKEN, "--code", "MAYOR", "--lang", "en")
    checked = runner.invoke(args=["surveys", "check", str(BROKEN), "--lang", "en", "--json"])
    assert code == checked.exit_code == 1
    assert said == json.loads(checked.stdout)
    assert said["ok"] is False
    assert row_counts(app) == before


@pytest.mark.parametrize("code", ["", "x", "-A", "A B", "A" * 41, "کد", "A/B"])
def test_a_code_that_cannot_be_one_is_wrong_usage(runner: FlaskCliRunner, code: str) -> None:
    assert run(runner, MAYOR, "--code", code) == (2, {})


def test_a_code_may_be_typed_in_small_letters_and_persian_digits(context: Flask) -> None:
    assert services.normalise_code(" budget-۱۴۰۵ ") == "BUDGET-1405"


@pytest.mark.parametrize("change", [{"number": 9}, {"definition": {}}, {"source_filename": "x"}])
def test_a_published_version_never_changes(app: Flask, change: dict[str, object]) -> None:
    make_survey()
    with app.app_context():
        with pytest.raises(DBAPIError, match="never change"):
            db.session.execute(update(SurveyVersion).values(change))
        db.session.rollback()
        with pytest.raises(DBAPIError, match="never change"):
            db.session.execute(text("DELETE FROM survey_versions"))


def test_importing_at_the_same_time_numbers_the_versions_one_by_one(app: Flask) -> None:
    def publish(n: int) -> int:
        return make_survey("RACE", form([question(f"q{n}")])).number

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(publish, range(8))) == list(range(1, 9))


def test_publishing_is_audited_with_the_digest_of_the_file(app: Flask) -> None:
    with app.app_context():
        services.import_survey("AUD", MAYOR.read_bytes(), MAYOR.name, None)
        services.import_survey("AUD", MAYOR.read_bytes(), MAYOR.name, None)
        db.session.commit()
        (entry,) = db.session.scalars(select(AuditEntry)).all()
        assert entry.action == "survey.version_published"
        assert entry.payload is not None
        assert entry.payload.body["version"] == 1
        assert len(entry.payload.body["sha256"]) == 64


def test_a_version_is_read_back_as_it_was_published(context: Flask) -> None:
    version = make_survey()
    assert services.load_version(version.id) == mayor()
    with count_queries() as queries:
        services.load_version(version.id)
    assert queries.count == 0
    with pytest.raises(LookupError):
        services.load_version(0)


@pytest.fixture
def analyst(client: FlaskClient) -> FlaskClient:
    sign_in(client, make_user(roles=("analyst",), language="en"))
    client.get("/staff/surveys/?lang=en")
    return client


def upload(client: FlaskClient, data: bytes, name: str, code: str = "MAYOR") -> tuple[int, str]:
    token = csrf_token(client, "/staff/surveys/new")
    fields = {"csrf_token": token, "code": code, "file": (BytesIO(data), name)}
    answer = client.post("/staff/surveys/new", data=fields)
    return answer.status_code, answer.text


def test_an_analyst_checks_publishes_and_sees_the_versions(
    app: Flask, analyst: FlaskClient
) -> None:
    assert "There is no survey yet" in analyst.get("/staff/surveys/").text
    before = row_counts(app)
    status, page = upload(analyst, MAYOR.read_bytes(), "poll.xlsx", "mayor")
    assert status == 200
    assert "I am Mayor" in page
    assert "Publish version 1" in page
    assert row_counts(app) == before
    sealed = re.search(r'name="sealed" value="([^"]+)"', page)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert sealed
    assert token
    fields = {"sealed": sealed[1], "csrf_token": token[1]}
    answer = analyst.post("/staff/surveys/publish", data=fields)
    assert answer.headers["Location"] == "/staff/surveys/MAYOR"
    page = analyst.get("/staff/surveys/MAYOR").text
    assert "Version 1 is published." in page
    assert "poll.xlsx" in page
    assert "MAYOR" in analyst.get("/staff/surveys/").text
    assert numbers(app) == [1]
    analyst.get("/fa/")
    analyst.post("/staff/surveys/publish", data=fields)
    page = analyst.get("/staff/surveys/MAYOR").text
    assert "فایل همان" in page
    assert "نسخهٔ 1" not in page
    with app.app_context():
        assert db.session.scalars(select(Survey)).one().titles["en"] == "I am Mayor"


def test_a_broken_form_shows_where_every_problem_is_and_cannot_be_published(
    app: Flask, analyst: FlaskClient
) -> None:
    status, page = upload(analyst, BROKEN.read_bytes(), "broken.xlsx")
    assert status == 422
    assert "16 errors. Nothing was stored." in page
    assert "sweet apple" in page
    assert 'name="sealed"' not in page
    assert page.count('role="row"') == 21
    assert numbers(app) == []


def test_warnings_do_not_block(analyst: FlaskClient) -> None:
    data = "survey\n,type,name,label::Persian (fa),label::English (en)\n,text,a,الف,\n,text,b,ب,B\n"
    status, page = upload(analyst, data.encode(), "form.csv", "W1")
    assert status == 200, page
    assert "look at these remarks first" in page
    assert 'name="sealed"' in page


def test_what_we_did_not_check_is_not_published(app: Flask, analyst: FlaskClient) -> None:
    page = upload(analyst, MAYOR.read_bytes(), "poll.xlsx")[1]
    sealed = re.search(r'name="sealed" value="([^"]+)"', page)
    assert sealed
    other = app.test_client()
    sign_in(other, make_user(roles=("analyst",)))
    for client, text_ in ((analyst, sealed[1][:-2]), (analyst, ""), (other, sealed[1])):
        token = csrf_token(client, "/staff/surveys/new")
        answer = client.post("/staff/surveys/publish", data={"sealed": text_, "csrf_token": token})
        assert answer.headers["Location"] == "/staff/surveys/new"
    assert numbers(app) == []


@pytest.mark.parametrize(("code", "name"), [("", "a.xlsx"), ("bad code", "a.xlsx"), ("OK", "")])
def test_an_upload_without_code_or_file_is_explained(
    analyst: FlaskClient, code: str, name: str
) -> None:
    status, page = upload(analyst, b"", name, code)
    assert status == 422
    assert "error-summary" in page


def test_who_may_do_what(app: Flask) -> None:
    make_survey("MAYOR")
    for role, read, write in (("council_member", 403, 403), ("communications", 200, 200)):
        client = app.test_client()
        sign_in(client, make_user(roles=(role,)))
        assert client.get("/staff/surveys/").status_code == read
        assert client.get("/staff/surveys/MAYOR/versions/1/preview").status_code == read
        assert client.get("/staff/surveys/new").status_code == write
    assert app.test_client().get("/staff/surveys/").status_code == 302


def test_the_list_costs_the_same_for_one_and_for_many(analyst: FlaskClient) -> None:
    make_survey("ONE")
    with count_queries() as one:
        analyst.get("/staff/surveys/")
    for n in range(12):
        make_survey(f"MANY-{n}", form([question("a")]))
        make_survey(f"MANY-{n}", form([question("b")]))
    with count_queries() as many:
        page = analyst.get("/staff/surveys/").text
    assert page.count("MANY-") >= 12
    assert many.count == one.count, many.statements


def test_a_preview_walks_like_a_respondent_and_keeps_one_test_answer(
    app: Flask, analyst: FlaskClient
) -> None:
    make_survey("MAYOR")
    url = "/staff/surveys/MAYOR/versions/1/preview"
    before = row_counts(app)
    page = analyst.get(f"{url}?show=ar")
    assert '<html lang="ar"' in page.text
    assert "أنا رئيس البلدية" in page.text

    def press(go: str, **answers: str) -> int:
        nonlocal page
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
        data = {name: value.replace("&#34;", '"') for name, value in hidden.items()}
        page = analyst.post(url, data={**data, ".go": go, **answers})
        return page.status_code

    assert press("lang:en") == 200
    assert "kept as a test answer and never counted" in page.text
    assert press("next") == 422
    assert press("next", project="other", priorities="safety") == 200
    assert 'id="q-project_other"' in page.text
    assert press("next", project="other", priorities="safety", project_other="x") == 200
    assert press("back") == 200
    assert press("next", project="park", priorities="safety") == 200
    assert press("next", satisfaction="neutral") == 200
    assert press("next", age="30_44", household="3") == 200
    assert "Your test answer is kept." in page.text
    assert row_counts(app) == {**before, "responses": 1}
    assert analyst.get("/staff/surveys/MAYOR/versions/9/preview").status_code == 404
    assert analyst.get("/staff/surveys/NONE").status_code == 404
