"""Excel files of large surveys: made by a job, taken within a day, erased."""

import datetime as dt
import io
import re

import openpyxl
import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal import clock
from portal.audit.models import AuditEntry
from portal.db import db
from surveys.analysis import counting, jobs, waiting, xlsx
from surveys.analysis.models import ExportFile
from surveys.questionnaires.models import Survey
from surveys.retention import services as retention
from surveys.retention.jobs import erase_due
from tests.factories.accounts import csrf_token, make_user, sign_in
from tests.factories.surveys import make_survey
from tests.surveys.analysis.answers import FORM, add, make_answers

CODE = "LARGE-1"
PAGE = f"/staff/results/{CODE}"
ANSWERS = [{"way": "bus", "age": 34}, {"way": "car", "idea": "=1+1"}, {"way": "bus"}]


@pytest.fixture
def large(app: Flask, monkeypatch: pytest.MonkeyPatch) -> int:
    """Three answers are many here; the survey's id."""
    monkeypatch.setattr(counting, "LIVE", 2)
    with app.app_context():
        # The folder outlives the tables of a test.
        for path in waiting.folder().iterdir():
            path.unlink()
    version, _campaign = make_answers(ANSWERS, make_survey(CODE, FORM))
    return version.survey_id


@pytest.fixture
def analyst(app: Flask) -> FlaskClient:
    client = app.test_client()
    sign_in(client, make_user(("analyst",), language="en"))
    client.get("/en/")
    return client


def press(client: FlaskClient, url: str, **data: object):  # type: ignore[no-untyped-def]
    return client.post(url, data={"csrf_token": csrf_token(client, PAGE), **data})


def ask(analyst: FlaskClient) -> str:
    """Ask for the workbook; the page of the file."""
    asked = press(analyst, f"{PAGE}/export.xlsx")
    assert asked.status_code == 303
    return str(asked.headers["Location"])


def exports(app: Flask) -> list[ExportFile]:
    with app.app_context():
        return list(db.session.query(ExportFile).order_by(ExportFile.id))


def files(app: Flask) -> set[str]:
    with app.app_context():
        return {path.name for path in waiting.folder().iterdir()}


def run(app: Flask, job: jobs.jobs.JobFunction, *args: int) -> None:
    with app.app_context():
        job(*args)


def actions(app: Flask) -> list[str]:
    with app.app_context():
        found = db.session.query(AuditEntry.action).order_by(AuditEntry.id)
        return [each for (each,) in found if each.startswith("survey.export")]


def test_a_large_workbook_is_asked_for_made_and_fetched(
    app: Flask, analyst: FlaskClient, large: int
) -> None:
    page = ask(analyst)
    text = analyst.get(page).text
    assert "The Excel file is being made." in text
    assert 'hx-trigger="every 3s"' in text
    assert press(analyst, page).status_code == 303, "nothing to fetch yet"
    (export,) = exports(app)
    run(app, jobs.make_file, export.id)
    text = analyst.get(page).text
    assert "The Excel file is ready." in text
    assert "hx-trigger" not in text
    with press(analyst, page) as fetched:
        assert fetched.status_code == 200
        assert f"filename={CODE}.xlsx" in fetched.headers["Content-Disposition"]
        book = openpyxl.load_workbook(io.BytesIO(fetched.data))
    rows = list(book["answers"].iter_rows(values_only=True))
    assert len(rows) == 4
    assert any("bus en" in map(str, row) for row in rows), "labels in the language of who asked"
    assert actions(app) == ["survey.export_asked", "survey.exported"]


def test_small_surveys_and_csv_come_at_once(app: Flask, analyst: FlaskClient, large: int) -> None:
    assert press(analyst, f"{PAGE}/export.csv").status_code == 200
    assert press(analyst, f"{PAGE}/export.sav").status_code == 200
    assert exports(app) == []
    make_answers([{"way": "bus"}], make_survey("SMALL", FORM))
    small = analyst.post(
        "/staff/results/SMALL/export.xlsx", data={"csrf_token": csrf_token(analyst, PAGE)}
    )
    assert small.status_code == 200
    assert exports(app) == []


def test_asked_twice_is_made_once_and_each_campaign_has_its_own(
    app: Flask, analyst: FlaskClient, large: int
) -> None:
    assert ask(analyst) == ask(analyst)
    with app.app_context():
        campaign = counting.services.campaigns(large)[0]
    other = press(analyst, f"{PAGE}/export.xlsx", campaign=campaign.id)
    assert other.headers["Location"] != ask(analyst)
    first, second = exports(app)
    assert (first.campaign_id, second.campaign_id) == (None, campaign.id)
    add(campaign, [{"way": "walk"}])
    run(app, jobs.make_file, first.id)
    made = {name: exports(app)[0].size for name in files(app)}
    run(app, jobs.make_file, first.id)
    assert {name: exports(app)[0].size for name in files(app)} == made
    assert exports(app)[0].attempts == 1


def test_a_job_that_died_is_found_by_the_sweep_and_given_up_after_three(
    app: Flask, analyst: FlaskClient, large: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = ask(analyst)
    (export,) = exports(app)
    with clock.freeze():
        with app.app_context():
            assert waiting.claim(export.id) is not None
            db.session.commit()
            assert waiting.claim(export.id) is None, "somebody is at it"
            assert waiting.due() == []
            db.session.rollback()
        clock.shift(waiting.LEASE + dt.timedelta(seconds=1))
        with app.app_context():
            assert waiting.due() == [export.id]

        def full(*_args: object, **_fields: object) -> int:
            raise OSError("No space left on device")

        with monkeypatch.context() as broken:
            broken.setattr(xlsx, "write", full)
            for _ in range(2):
                with pytest.raises(OSError, match="No space"):
                    run(app, jobs.make_file, export.id)
        assert files(app) == set(), "no half of a file stays"
        run(app, jobs.make_file, export.id)
        run(app, jobs.make_files_due)
    assert [each.state for each in exports(app)] == ["failed"]
    assert "could not be made" in analyst.get(page).text


def test_after_a_day_file_and_page_are_gone(app: Flask, analyst: FlaskClient, large: int) -> None:
    with clock.freeze():
        page = ask(analyst)
        (export,) = exports(app)
        run(app, jobs.make_file, export.id)
        with app.app_context():
            (waiting.folder() / "leftover.part").touch()
        clock.shift(hours=23)
        run(app, jobs.make_files_due)
        assert files(app) == {export.name}
        clock.shift(hours=1)
        assert analyst.get(page).status_code == 404
        run(app, jobs.make_files_due)
    assert files(app) == set()
    assert exports(app) == []


def test_only_who_may_download_may_see_the_page_and_the_file(
    app: Flask, analyst: FlaskClient, large: int
) -> None:
    page = ask(analyst)
    for role in ("council_member", "operator", "official"):
        other = app.test_client()
        sign_in(other, make_user((role,)))
        assert other.get(page).status_code == 403
        assert other.post(page).status_code in {400, 403}
    assert re.fullmatch(r"/staff/results/files/\d+", page)
    with app.app_context():
        assert db.session.get_one(Survey, large).code == CODE


def test_the_sweep_queues_what_waits(app: Flask, analyst: FlaskClient, large: int) -> None:
    ask(analyst)
    from portal import jobs as queue

    with app.app_context():
        queue.connection().flushdb()
        jobs.make_files_due()
        assert [job.args[0] for job in queue._queue("bulk").jobs] == [jobs.make_file.name]


def sheets_of(analyst: FlaskClient, page: str) -> str:
    with press(analyst, page) as fetched:
        assert fetched.status_code == 200
        book = openpyxl.load_workbook(io.BytesIO(fetched.data))
    return str([[*sheet.iter_rows(values_only=True)] for sheet in book])


def keep_texts(app: Flask, survey_id: int, days: int) -> None:
    with app.app_context():
        survey = db.session.get_one(Survey, survey_id)
        retention.change(survey, retention.Days(texts=days), None)
        db.session.commit()


def test_files_with_erased_answers_go_and_are_made_anew(
    app: Flask, analyst: FlaskClient, large: int
) -> None:
    with app.app_context():
        campaign = counting.services.campaigns(large)[0].id
    with clock.freeze():
        keep_texts(app, large, 1)
        clock.shift(hours=23)
        page = ask(analyst)
        press(analyst, f"{PAGE}/export.xlsx", campaign=campaign)
        made, running = exports(app)
        run(app, jobs.make_file, made.id)
        run(app, erase_due)
        assert "=1+1" in sheets_of(analyst, page), "nothing is old enough"
        with app.app_context():
            begun = waiting.claim(running.id)
            db.session.commit()
            assert begun is not None
            size = waiting.write(begun)
        clock.shift(hours=1)
        run(app, erase_due)
        with app.app_context():
            waiting.finish(running.id, begun, size)
            db.session.commit()
        assert [each.state for each in exports(app)] == ["waiting", "waiting"]
        assert "The Excel file is being made." in analyst.get(page).text
        run(app, jobs.make_files_due)
        assert files(app) == set(), "what holds erased answers is gone"
        run(app, jobs.make_file, made.id)
        found = sheets_of(analyst, page)
    assert "=1+1" not in found
    assert "free texts, places and photos were erased" in found
