"""Every type of question in the results and in the CSV; photos to look at."""

import csv
import io
import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from surveys.questionnaires.xlsform import read
from surveys.responses import photos
from tests.factories.accounts import csrf_token, make_user, sign_in
from tests.factories.surveys import make_campaign, make_invitation, make_survey
from tests.surveys.analysis.answers import make_answers
from tests.surveys.responses.phone import Phone, stored

SURVEY = """| survey |
| | type | name | label | parameters |
| | rank l | r | Ranking | randomize=true |
| | range | score | Score | |
| | date | born | Born | |
| | geopoint | place | Place | |
| | image | photo | Photo | |
| | acknowledge | ok | Read | |
| | start | start | | |
| | begin repeat | child | Child | |
| | text | name | Name | |
| | integer | age | Age | |
| | select_one l | likes | Likes | |
| | end repeat | | | |
| choices |
| | list_name | name | label |
| | l | a | Apple |
| | l | b | Bread |"""
ANSWERS: list[dict[str, Any]] = [
    {
        "r": ["b", "a"],
        "r_order": ["a", "b"],
        "score": 7,
        "born": "2025-08-03",
        "place": "35.6892 51.389",
        "ok": "OK",
        "child": [{"name": "=Ali", "age": 4, "likes": "a"}, {"name": "Sara", "age": 6}],
    },
    {"r": ["b", "a"], "score": 9, "child": [{"name": "Nima", "age": 5, "likes": "a"}]},
]


@pytest.fixture
def analyst(app: Flask) -> FlaskClient:
    client = app.test_client()
    sign_in(client, make_user(roles=("analyst",)))
    client.get("/en/")
    return client


def version_of() -> Any:
    form = read(SURVEY.encode(), "types.md").questionnaire
    assert form is not None
    return make_survey("TYPES", form=form)


def test_every_type_has_its_columns(app: Flask, analyst: FlaskClient) -> None:
    make_answers(ANSWERS, version_of())
    token = csrf_token(analyst, "/staff/results/TYPES")
    answer = analyst.post("/staff/results/TYPES/export.csv", data={"csrf_token": token})
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    first, second = rows
    assert (first["r"], first["r/a"], first["r/b"], first["r_order"]) == ("b a", "2", "1", "a b")
    assert (first["place/latitude"], first["place/longitude"]) == ("35.6892", "51.389")
    assert (first["born"], first["ok"], first["score"]) == ("2025-08-03", "OK", "7")
    assert (first["child_1_name"], first["child_2_age"]) == ("'=Ali", "6")
    assert (second["child_1_name"], second["child_2_name"]) == ("Nima", "")
    assert "child_3_name" not in first
    assert list(first)[-6:] == [
        *(f"child_1_{name}" for name in ("name", "age", "likes")),
        *(f"child_2_{name}" for name in ("name", "age", "likes")),
    ]


def test_every_type_has_its_results(app: Flask, analyst: FlaskClient) -> None:
    make_answers(ANSWERS, version_of())
    page = analyst.get("/staff/results/TYPES?lang=en").text
    assert "Bread (mean place 1)" in page and "Apple (mean place 2)" in page
    assert "Answers over all rounds: 3." in page
    names = analyst.get("/staff/results/TYPES/texts/name?lang=en").text
    assert "=Ali" in names and "Nima" in names
    dates = analyst.get("/staff/results/TYPES/texts/born?lang=fa").text
    assert "۱۲ مرداد ۱۴۰۴" in dates


def picture() -> tuple[io.BytesIO, str]:
    data = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    Image.new("RGB", (40, 20), "red").save(data, "JPEG", exif=exif)
    data.seek(0)
    return data, "home.jpg"


def test_a_photo_is_drawn_anew_replaced_removed_and_shown_to_staff(
    app: Flask, analyst: FlaskClient
) -> None:
    campaign = make_campaign(version_of())
    phone = Phone(app, make_invitation(campaign, language="en")[1])
    phone.open()
    assert 'enctype="multipart/form-data"' in phone.page.text
    assert "not a photo" in phone.send(photo=(io.BytesIO(b"%PDF"), "a.jpg")).text
    phone.send(photo=picture())
    (response,) = stored(app)
    first = response.answers["photo"]
    with app.app_context():
        path = photos.path_of(first)
        assert path is not None
        assert b"taken at home" not in path.read_bytes()
        assert path.stat().st_mtime % 86_400 == 0
    phone.open("?p=1")
    phone.send()
    assert stored(app)[0].answers["photo"] == first
    phone.open("?p=1")
    phone.send(photo=picture())
    second = stored(app)[0].answers["photo"]
    assert second != first
    assert not path.exists()
    # Nobody claims a file by its name, and strangers see none.
    phone.open("?p=1")
    phone.send(photo=first)
    assert stored(app)[0].answers["photo"] == second
    phone.send()
    address = f"/staff/results/TYPES/photos/photo/{second}"
    with analyst.get(address) as answer:
        assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")
    assert second in analyst.get("/staff/results/TYPES/texts/photo").text
    assert analyst.get(f"/staff/results/TYPES/photos/photo/{'0' * 32}.jpg").status_code == 404
    assert app.test_client().get(address).status_code in {302, 403}


def test_the_order_stays_on_reload_and_is_recorded(app: Flask) -> None:
    campaign = make_campaign(version_of())
    phone = Phone(app, make_invitation(campaign, language="en")[1])

    def order() -> list[str]:
        return re.findall(r'<option value="(\w)=1"', phone.open("?p=1").text)

    shown = order()
    assert sorted(shown) == ["a", "b"]
    assert order() == shown
    phone.open()
    phone.send(r=["a=1", "b=2"])
    assert order() == shown
    assert ".seed" not in stored(app)[0].answers
    phone.send()
    phone.send(name="x")
    (response,) = stored(app)
    assert response.state == "complete"
    assert response.answers["r_order"] == shown
    assert response.answers["r"] == ["a", "b"]
