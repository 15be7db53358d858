"""What comes with a message beyond its words: its channel, a point, photos, rows of a file."""

import io
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from sqlalchemy import func, select

from portal import places
from portal.db import db
from portal.formats import InputError
from portal.text import localized_digits
from tests.factories.accounts import csrf_token, make_user, sign_in
from tests.factories.cases import make_case, make_category
from tests.factories.units import make_unit
from workflows.cases import photos
from workflows.cases.models import Case, CaseEvent, CasePhoto
from workflows.cases.questions import services
from workflows.cases.questions.models import CaseAnswer

NEW = "/staff/cases/new"


@pytest.fixture
def operator(client: FlaskClient) -> None:
    sign_in(client, make_user(("operator",), language="fa"))


def register(client: FlaskClient, **fields: Any) -> tuple[int, str]:
    data = {"channel": "phone", "language": "fa", "urgency": "", "text": "چراغ خاموش است"}
    data |= {"do": "register", "csrf_token": csrf_token(client, NEW), **fields}
    answer = client.post(NEW, data=data)
    return answer.status_code, answer.text


def the_case(app: Flask) -> Case:
    with app.app_context():
        found = db.session.scalars(select(Case)).one()
        db.session.expunge(found)
        return found


def picture(colour: str = "teal") -> io.BytesIO:
    target = io.BytesIO()
    Image.new("RGB", (60, 40), colour).save(target, "JPEG")
    target.seek(0)
    return target


# Channels


def test_social_media_and_the_studio_say_where_it_was_seen(
    app: Flask, client: FlaskClient, operator: None
) -> None:
    make_unit(code="d12", kind="district", names={"fa": "منطقهٔ ۱۲"})
    status, _page = register(
        client,
        channel="social",
        network="eitaa",
        link="https://eitaa.example/p/1",
        reach="۱۲٬۵۰۰",
        author="شهروند",
        district="d12",
        programme="نادیده",
    )
    assert status == 303
    case = the_case(app)
    assert case.details == {
        "network": "eitaa",
        "link": "https://eitaa.example/p/1",
        "reach": 12_500,
        "author": "شهروند",
        "district": "d12",
    }
    shown = client.get(f"/staff/cases/{case.id}").text
    for words in ('href="https://eitaa.example/p/1"', "۱۲٬۵۰۰", "منطقهٔ ۱۲"):
        assert words in shown


def test_the_air_time_is_read_in_the_readers_calendar(
    app: Flask, client: FlaskClient, operator: None
) -> None:
    fields = {"programme": "تبریزیم", "aired_on": "۱۴۰۴/۰۵/۱۲", "aired_time": "۲۰:۳۰"}
    assert register(client, channel="studio", **fields)[0] == 303
    assert the_case(app).details == {
        "programme": "تبریزیم",
        "aired_at": "2025-08-03T17:00:00+00:00",
    }


@pytest.mark.parametrize(
    "wrong",
    [
        {"channel": "social"},
        {"channel": "social", "network": "nowhere"},
        {"channel": "social", "network": "x", "link": "javascript:alert(1)"},
        {"channel": "social", "network": "x", "reach": "many"},
        {"channel": "studio"},
        {"channel": "studio", "programme": "تبریزیم", "aired_on": "soon"},
        {
            "channel": "studio",
            "programme": "تبریزیم",
            "aired_on": "1404/05/12",
            "aired_time": "25:00",
        },
        {"district": "d99"},
        {"latitude": "35.7"},
        {"latitude": "95", "longitude": "51"},
    ],
)
def test_details_that_are_not_right_are_explained(
    app: Flask, client: FlaskClient, operator: None, wrong: dict[str, str]
) -> None:
    status, page = register(client, **wrong)
    assert status == 422
    assert 'id="error-summary"' in page
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Case)) == 0


# Places


@settings(max_examples=60)
@given(st.floats(-90, 90), st.sampled_from(["fa", "ar", "en"]), st.booleans())
def test_degrees_are_read_in_every_script(value: float, lang: str, letter: bool) -> None:
    plain = f"{abs(value) if letter else value:.6f}"
    typed = localized_digits(plain, lang).replace(".", "٫" if lang != "en" else ".")
    if letter:
        typed += "° S" if value < 0 else " N"
    assert places.parse_coordinate(typed, 90) == pytest.approx(value, abs=1e-6)


@pytest.mark.parametrize("typed", ["", "x", "91", "35.7 E", "-35.7 S", "1e3", "35.7.1", "٣٥ ٣٦"])
def test_what_is_no_latitude_is_refused(typed: str) -> None:
    with pytest.raises(InputError):
        places.parse_coordinate(typed, 90)


def test_a_citizen_types_a_point_and_staff_corrects_it(
    app: Flask, client: FlaskClient, operator: None
) -> None:
    visitor = app.test_client(use_cookies=False)
    data = {"text": "چراغ خاموش", "key": "k" * 20, "latitude": "۳۵٫۶۸۹۲", "longitude": "۵۱٫۳۸۹"}
    assert visitor.post("/fa/message", data=data).status_code == 303
    case = the_case(app)
    assert (case.latitude, case.longitude) == (35.6892, 51.389)
    url = f"/staff/cases/{case.id}"
    fields = {"csrf_token": csrf_token(client, url), "place": "خیابان ۱۷ شهریور"}
    assert client.post(f"{url}/place", data={**fields, "latitude": "35"}).status_code == 422
    point = {"latitude": "38.08", "longitude": "46.29"}
    assert client.post(f"{url}/place", data={**fields, **point}).status_code == 303
    case = the_case(app)
    assert (case.latitude, case.longitude, case.place) == (38.08, 46.29, "خیابان ۱۷ شهریور")
    with app.app_context():
        assert "place" in set(db.session.scalars(select(CaseEvent.kind)))


def test_only_a_page_with_a_map_may_load_its_pictures(make_app: Any) -> None:
    tiles = "https://{s}.tiles.example/{z}/{x}/{y}.png"
    with_map = make_app(map_tiles_url=tiles).test_client(use_cookies=False)
    without = make_app().test_client(use_cookies=False)
    page = with_map.get("/fa/message")
    assert "img-src https://*.tiles.example 'self'" in page.headers["Content-Security-Policy"]
    assert f'data-tiles="{tiles}"' in page.text
    assert "tiles.example" not in with_map.get("/fa/").headers["Content-Security-Policy"]
    plain = without.get("/fa/message")
    assert "data-tiles" not in plain.text and 'name="latitude"' in plain.text
    assert "tiles.example" not in plain.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"map_tiles_url": "https://tiles.example/"},
        {"map_tiles_url": "https://a b/{z}/{x}/{y}"},
        {"map_tiles_url": "https://{x}.example/{z}/{y}/{x}"},
        {"map_tiles_url": "https://t.example; script-src *//{z}/{x}/{y}"},
        {"map_centre": "Tehran"},
        {"map_centre": "95,10"},
    ],
)
def test_a_tile_server_that_cannot_be_is_refused_at_the_start(wrong: dict[str, str]) -> None:
    from portal.config import ConfigurationError
    from tests.conftest import make_settings

    with pytest.raises(ConfigurationError):
        make_settings(**wrong)


# Photos


def test_several_photos_of_a_citizen_and_more_of_staff(
    app: Flask, client: FlaskClient, operator: None
) -> None:
    visitor = app.test_client(use_cookies=False)
    data = {"text": "چراغ خاموش", "key": "k" * 20}
    five = [(picture(), f"{n}.jpg") for n in range(5)]
    assert visitor.post("/fa/message", data={**data, "photo": five}).status_code == 422
    two = [(picture(), "a.jpg"), (picture("red"), "b.jpg")]
    assert visitor.post("/fa/message", data={**data, "photo": two}).status_code == 303
    url = f"/staff/cases/{the_case(app).id}"
    fields = {"csrf_token": csrf_token(client, url)}
    assert client.post(f"{url}/photos", data=fields).status_code == 422
    bad = {**fields, "photo": (io.BytesIO(b"<svg/>"), "a.jpg")}
    assert client.post(f"{url}/photos", data=bad).status_code == 422
    good = {**fields, "photo": [(picture("blue"), "c.jpg")]}
    assert client.post(f"{url}/photos", data=good).status_code == 303
    status, _page = register(client, photo=[(picture(), "d.jpg")])
    assert status == 303
    with app.app_context():
        stored = list(db.session.scalars(select(CasePhoto.stored_path).order_by(CasePhoto.id)))
        assert len(stored) == 4
        assert "photo" in set(db.session.scalars(select(CaseEvent.kind)))
        for one in stored:
            photos.discard(one)


def test_who_may_not_work_on_cases_adds_nothing(app: Flask) -> None:
    case = make_case()
    official = app.test_client()
    sign_in(official, make_user(("official",)))
    page = official.get(f"/staff/cases/{case.id}").text
    assert "photos-step" not in page and "place-step" not in page


# Files


def test_rows_with_answers_points_and_details_are_imported_or_explained(
    app: Flask, runner: FlaskCliRunner, tmp_path: Path
) -> None:
    category = make_category(code="holes")
    make_unit(code="d12", kind="district")
    with app.app_context():
        for key, kind, required in (("depth", "number", True), ("where", "several", False)):
            services.create(
                category.id,
                key=key,
                kind=kind,
                texts={"fa": key},
                options={"fa": ["سواره‌رو", "پیاده‌رو"]},
                required=required,
            )
        db.session.commit()
    header = (
        "channel,text,category,latitude,longitude,district,network,link,programme,aired_at,"
        "answer:depth,answer:where\n"
    )
    rows = [
        "social,یک,holes,۳۵٫۷,51.4,d12,x,https://x.example/1,,,۱۲,پیاده‌رو|o1",
        "studio,دو,holes,,,,,,تبریزیم,2025-08-03T20:30:00+03:30,3,",
        "phone,سه,holes,,,,,,,,,سواره‌رو",
        "phone,چهار,holes,,,,,,,,ژرف,",
        "phone,پنج,holes,35,,,,,,,1,",
        "phone,شش,,,,,,,,,4,",
        "phone,هفت,holes,,,d77,,,,,1,",
        "social,هشت,holes,,,,x,ftp://x,,,1,",
        "phone,نه,holes,,,,,,,,2,هوا",
        "radio,ده,holes,,,,,,,,1,",
    ]
    file = tmp_path / "cases.csv"
    file.write_text(header + "\n".join(rows), "utf-8")
    result = runner.invoke(args=["cases", "import", str(file), "--json"])
    assert result.exit_code == 1, result.output
    import json

    document = json.loads(result.stdout)
    assert document["imported"] == 2
    assert [one["row"] for one in document["rejected"]] == [4, 5, 6, 7, 8, 9, 10, 11]
    with app.app_context():
        first, second = db.session.scalars(select(Case).order_by(Case.id))
        assert (first.latitude, first.longitude, first.details["district"]) == (35.7, 51.4, "d12")
        assert second.details["aired_at"] == "2025-08-03T17:00:00+00:00"
        values = list(db.session.scalars(select(CaseAnswer.value).order_by(CaseAnswer.id)))
    assert values == [12, ["o1", "o2"], 3]
