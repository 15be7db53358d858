"""No photo outlives the answer that names it, and none is lost in the preview."""

import io
import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

from portal import clock
from portal.db import db
from surveys.analysis import free_texts
from surveys.analysis.services import results
from surveys.campaigns.models import Campaign
from surveys.editor import trials
from surveys.questionnaires.models import Survey
from surveys.quotas import services as quotas
from surveys.responses import photos
from surveys.responses.jobs import forget_trial_photos
from tests.factories.surveys import make_campaign, make_invitation, make_survey, question
from tests.factories.surveys import questionnaire as form
from tests.surveys.editor.pages import ALL, attribute, begin, press, staff
from tests.surveys.responses.phone import Phone, stored

CODE = "PHOTO-1"
SHOWN = question("photo", "image", relevant="${way} = 'bus'")
FORM = form(
    [question("way", "select_one", "bus walk", required=True)],
    [SHOWN, question("again", "text")],
    [question("who", "select_one", "man woman")],
)


def picture() -> tuple[io.BytesIO, str]:
    data = io.BytesIO()
    Image.new("RGB", (40, 20), "red").save(data, "JPEG")
    data.seek(0)
    return data, "home.jpg"


def files(app: Flask, name: str = "answers") -> set[str]:
    with app.app_context():
        return {path.name for path in photos.folder(name).iterdir()}


@pytest.fixture(autouse=True)
def _no_photos(app: Flask) -> None:
    with app.app_context():
        for name in ("answers", photos.TRIALS):
            for path in photos.folder(name).iterdir():
                path.unlink()


def walk(client: FlaskClient, url: str, *steps: dict[str, Any]) -> TestResponse:
    """Fill in one page after the other, as a browser that sends files; the last answer."""
    page = client.get(f"{url}?show=en")
    for step in steps:
        data = {
            name: attribute(tag, "value")
            for tag in re.findall(r'<input type="hidden"[^>]*>', page.text)
            if (name := attribute(tag, "name"))
        }
        page = client.post(
            url, data={**data, ".go": "next", **step}, content_type="multipart/form-data"
        )
    return page


def steps() -> list[dict[str, Any]]:
    return [{"way": "bus"}, {"photo": picture()}, {"who": "man"}]


def test_a_test_answer_takes_its_photo_along(app: Flask) -> None:
    version = make_survey(CODE, FORM)
    analyst = staff(app)
    url = f"{ALL}/{CODE}/versions/1/preview"
    assert "Your test answer is kept." in walk(analyst, url, *steps()).text
    (trial,) = stored(app)
    name = trial.answers["photo"]
    assert files(app) == {name}
    assert files(app, photos.TRIALS) == set()
    with app.app_context():
        (variable,) = [r.variable for r in results(version.survey_id) if r.variable.name == "photo"]
        path = photos.path_of(name)
        assert path is not None
        assert path.stat().st_mtime % 86_400 == 0
        assert not free_texts.has_photo(version.survey_id, name, variable), "a test is no answer"
    assert analyst.get(f"/staff/results/{CODE}/photos/photo/{name}").status_code == 404
    page = f"{ALL}/{CODE}/tests"
    press(analyst, f"{page}/delete", page)
    assert files(app) == set()


def test_a_deletion_that_rolls_back_leaves_the_photo(app: Flask) -> None:
    version = make_survey(CODE, FORM)
    walk(staff(app), f"{ALL}/{CODE}/versions/1/preview", *steps())
    with app.app_context():
        assert trials.remove(db.session.get_one(Survey, version.survey_id)) == 1
        db.session.rollback()
    assert len(files(app)) == 1


def test_a_preview_cannot_claim_the_photo_of_a_citizen(app: Flask) -> None:
    campaign = make_campaign(make_survey(CODE, FORM))
    phone = Phone(app, make_invitation(campaign)[1])
    phone.open()
    phone.send(way="bus")
    phone.send(photo=picture())
    (name,) = files(app)
    analyst = staff(app)
    claim = {"way": "bus"}, {".answers": f'{{"way": "bus", "photo": "{name}"}}'}, {"who": "man"}
    walk(analyst, f"{ALL}/{CODE}/versions/1/preview", *claim)
    (trial,) = [each for each in stored(app) if each.is_test]
    assert "photo" not in trial.answers
    page = f"{ALL}/{CODE}/tests"
    press(analyst, f"{page}/delete", page)
    assert files(app) == {name}


@pytest.mark.parametrize("what", ["draft", "version"])
def test_a_draft_keeps_no_photo_and_takes_a_required_one(app: Flask, what: str) -> None:
    needed = form([question("photo", "image", required=True)])
    make_survey(CODE, needed)
    writer = staff(app)
    client, url = writer, f"{ALL}/{CODE}/versions/1/preview"
    if what == "draft":
        url = f"{begin(writer, CODE)}/preview"
    assert walk(client, url, {}).status_code == 422
    assert walk(client, url, {"photo": (io.BytesIO(b"%PDF"), "a.jpg")}).status_code == 422
    end = walk(client, url, {"photo": picture()})
    assert end.status_code == 200
    assert ("Here the answers would be sent." in end.text) == (what == "draft")
    assert files(app, photos.TRIALS) == set()
    assert len(files(app)) == (what != "draft")


def test_a_preview_that_was_left_is_forgotten_after_a_day(app: Flask) -> None:
    make_survey(CODE, FORM)
    url = f"{ALL}/{CODE}/versions/1/preview"
    walk(staff(app), url, {"way": "bus"}, {"photo": picture()})
    assert len(files(app, photos.TRIALS)) == 1
    with app.app_context(), clock.freeze():
        clock.shift(hours=23)
        forget_trial_photos()
        assert len(files(app, photos.TRIALS)) == 1
        clock.shift(hours=2)
        forget_trial_photos()
    assert files(app, photos.TRIALS) == set()
    assert files(app) == set()


def test_whoever_is_turned_away_leaves_no_photo_of_an_earlier_page(app: Flask) -> None:
    made = make_campaign(make_survey(CODE, FORM), state="draft")
    with app.app_context():
        campaign = db.session.get_one(Campaign, made.id)
        quotas.replace(campaign, [quotas.Wish("men", "${who} = 'man'", 1)])
        campaign.state, campaign.launched_at = "launched", campaign.created_at
        db.session.commit()
    first, second = (Phone(app, make_invitation(made, language="en")[1]) for _ in range(2))
    for phone in (first, second):
        phone.open()
        phone.send(way="bus")
        phone.send(photo=picture())
    assert len(files(app)) == 2
    first.send(who="man")
    second.send(who="man")
    assert "Enough people like you" in second.page.text
    (response,) = stored(app)
    assert files(app) == {response.answers["photo"]}


def test_a_photo_that_became_irrelevant_goes_at_the_end(app: Flask) -> None:
    phone = Phone(app, make_invitation(make_campaign(make_survey(CODE, FORM)))[1])
    phone.open()
    phone.send(way="bus")
    phone.send(photo=picture())
    assert len(files(app)) == 1
    phone.open("?p=1")
    phone.send(way="walk")
    while 'id="survey"' in phone.page.text:
        phone.send()
    (response,) = stored(app)
    assert response.state == "complete"
    assert "photo" not in response.answers
    assert files(app) == set()
