"""Pictures beside notes, questions and choices: from a .zip to the page, and back."""

import io
import os
import re
import zipfile
from html import unescape
from pathlib import Path

import pytest
from flask import Flask, current_app, url_for
from PIL import Image

from portal import clock
from portal.i18n import use_language
from portal.photos import Photo
from portal.photos import read as draw
from surveys.editor.jobs import forget_pictures
from surveys.questionnaires import display, pictures, services
from surveys.questionnaires.export_package import export_package
from surveys.questionnaires.in_page import page_logic
from surveys.questionnaires.schema import Questionnaire
from surveys.questionnaires.xlsform import Reading, read
from tests.factories.surveys import make_campaign, make_invitation
from tests.surveys.editor.pages import begin, staff
from tests.surveys.responses.phone import Phone

from .forms import codes, markdown

SURVEY = """type | name | label::English (en) | label::Persian (fa) | media::image | media::audio
note | plan | The plan of the park | نقشهٔ پارک | Plan.PNG | plan.mp3
select_one l | tree | Which tree? | کدام درخت؟ | |
text | why | Why? | چرا؟ | jr://images/street.jpg | """
CHOICES = """list_name | name | label::English (en) | label::Persian (fa) | image
l | oak | Oak | بلوط | oak.webp
l | elm | Elm | نارون | lost.png"""


def picture(form: str, colour: tuple[int, int, int], side: int = 40, **options: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (side, side // 2), colour).save(out, form, **options)
    return out.getvalue()


def package(survey: str = SURVEY, **more: bytes) -> bytes:
    exif = Image.Exif()
    exif[0x010E] = "secret place"
    files = {
        "form.md": markdown(survey, CHOICES),
        "images/plan.png": picture("PNG", (200, 10, 10)),
        "oak.webp": picture("WEBP", (10, 200, 10)),
        "street.jpg": picture("JPEG", (10, 10, 200), 3_000, exif=exif),
        **more,
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def form_of(reading: Reading) -> Questionnaire:
    assert reading.questionnaire is not None, [str(p.message) for p in reading.problems]
    return reading.questionnaire


@pytest.fixture(autouse=True)
def in_english():
    with use_language("en"):
        yield


def test_they_are_drawn_anew_and_named_by_their_content() -> None:
    reading = read(package(), "form.zip")
    form = form_of(reading)
    assert form.languages == ("en", "fa")
    plan, street = form.by_name["plan"].image["en"], form.by_name["why"].image["en"]
    assert pictures.size_of(plan) == (40, 20)
    assert pictures.size_of(street) == (960, 480)
    assert b"secret place" not in reading.pictures[street]
    assert form.by_name["tree"].by_choice["oak"].image.keys() == {"en"}
    assert set(reading.pictures) == set(pictures.names_in(form))
    assert Image.open(io.BytesIO(reading.pictures[plan])).format == "JPEG"
    assert form_of(read(package(), "form.zip")) == form


def test_what_is_missing_unused_or_no_picture_is_told_of_where_it_stands() -> None:
    reading = read(
        package(SURVEY + "\ntext | last | Last | آخر | evil.jpg |", **{
            "evil.jpg": b"\xff\xd8<script>", "other.png": picture("PNG", (1, 1, 1)),
        }),
        "form.zip",
    )  # fmt: skip
    found = {(p.code, p.sheet, p.row) for p in reading.problems}
    assert {
        ("missing_picture", "choices", 10),
        ("missing_picture", "survey", 6),
        ("file_unused", None, None),
        ("unsupported_column", "survey", 2),
    } <= found, found
    (unused,) = [str(p.message) for p in reading.problems if p.code == "file_unused"]
    assert "other.png" in unused
    assert codes(reading) == []
    form = form_of(reading)
    assert form.by_name["last"].image == {}
    assert form.by_name["tree"].by_choice["elm"].image == {}


def test_one_picture_for_all_languages_adds_no_language() -> None:
    survey = SURVEY.replace("(en)", "(ar)").replace("English", "Arabic")
    form = form_of(read(package(survey), "form.zip"))
    assert form.languages == ("ar", "fa", "en")
    assert set(form.by_name["plan"].image) == {"ar"}


def test_a_table_or_a_list_of_choices_with_pictures() -> None:
    survey = """type | name | label | appearance
    begin group | g | G | table-list
    select_one l | a | A |
    select_one l | b | B |
    end group | | |
    rank l | r | R |"""
    reading = read(package(survey), "form.zip")
    assert "unsupported_picture" in codes(reading, "warning")
    # A table has no room for pictures: its rows are questions of their own.
    assert [question.matrix for question in form_of(reading).questions] == ["", "", ""]


def test_the_export_brings_them_back_unchanged(app: Flask) -> None:
    with app.app_context():
        done = services.import_survey("TREES", package(), "form.zip", None)
        assert done.version is not None
        form = services.load_version(done.version.id)
        out = export_package(form, "TREES-1")
        assert out.suffix == ".zip"
        again = read(out.data, "TREES-1.zip")
        assert form_of(again).to_json() == form.to_json()
        for name, data in again.pictures.items():
            path = pictures.path_of(name)
            assert path is not None
            assert path.read_bytes() == data


@pytest.mark.parametrize("tail", [b"<script>", b"\xff\xd8\xff\xd9"], ids=["script", "second"])
def test_a_picture_with_something_behind_it_is_drawn_anew(tail: bytes) -> None:
    _name, clean = pictures.drawn(picture("PNG", (9, 9, 9)))
    assert pictures.drawn(clean)[1] == clean
    assert tail not in pictures.drawn(clean + tail)[1][-12:]
    comment = clean[:2] + b"\xff\xfe\x00\x0asecret!!" + clean[2:]
    assert b"secret" not in pictures.drawn(comment)[1]


def test_citizens_and_editors_see_them(app: Flask) -> None:
    with app.app_context():
        done = services.import_survey("TREES", package(), "form.zip", None)
        version = done.version
        assert version is not None
        services.db.session.commit()
        version_id = version.id
        form = services.load_version(version_id)
    _invitation, token = make_invitation(make_campaign(version), language="fa")
    phone = Phone(app, token)
    page = phone.open("?lang=fa").text
    tags = re.findall(r'<img class="picture"[^>]*>', page)
    assert len(tags) == 3
    assert 'alt="نقشهٔ پارک"' in tags[0]
    assert 'width="40" height="20"' in tags[0]
    assert all('loading="lazy"' in tag for tag in tags)
    address = re.search(r'src="([^"]+)"', tags[0])[1]
    shown = phone.client.get(address)
    assert (shown.status_code, shown.mimetype) == (200, "image/jpeg")
    assert "immutable" in shown.headers["Cache-Control"]
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    for wrong in ("..%2f..%2fx", "a" * 40 + "-1x1.jpg", f"{address[-20:]}"):
        assert phone.client.get(f"/survey-pictures/{wrong}").status_code == 404
    client = staff(app)
    draft = begin(client, "TREES")
    assert f'src="{address}"' in client.get(f"{draft}/preview?show=fa").text
    found = client.get("/staff/surveys/TREES/versions/1/xlsform")
    assert found.headers["Content-Disposition"].endswith('"TREES-1.zip"')
    assert form_of(read(found.data, "x.zip")).questions == form.questions


def test_the_command_writes_a_zip_and_says_so(app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        services.import_survey("TREES", package(), "form.zip", None)
        services.db.session.commit()
    command = ["surveys", "export", "TREES", "--format", "xlsform", "-o"]
    runner = app.test_cli_runner()
    refused = runner.invoke(args=[*command, str(tmp_path / "x.xlsx")])
    assert (refused.exit_code, list(tmp_path.iterdir())) == (2, [])
    assert "name the file .zip" in refused.output
    assert runner.invoke(args=[*command, str(tmp_path / "x.zip")]).exit_code == 0
    assert len(read((tmp_path / "x.zip").read_bytes(), "x.zip").pictures) == 3


def test_the_check_page_keeps_them_until_nobody_can_publish(app: Flask) -> None:
    with app.app_context():
        services.import_survey("TREES", package(), "form.zip", None)
        services.db.session.commit()
        wanted = set(files())
        stray = read(package(SURVEY, **{"images/plan.png": picture("PNG", (0, 0, 0))}), "x.zip")
        pictures.keep(stray.pictures)
        assert len(set(files()) - wanted) == 1
        forget_pictures()
        assert len(set(files()) - wanted) == 1
        long_ago = clock.now().timestamp() - 3 * 86400
        for path in files().values():
            os.utime(path, (long_ago, long_ago))
        forget_pictures()
        assert set(files()) == wanted


def files() -> dict[str, Path]:
    return {path.name: path for path in pictures.folder().iterdir()}


def test_the_text_alternative_is_plain_where_the_script_writes_answers_into_the_text(
    app: Flask,
) -> None:
    survey = """type | name | label | image | relevant
text | who | Who are you? | | |
text | why | Why <b>, ${who}? | plan.png | |
text | more | More | | ${who} != ''"""
    form = form_of(read(package(survey), "form.zip"))
    with app.test_request_context("/"):
        answers = {"who": 'A"<i>'}
        logic = page_logic(form, form.pages[0], answers, "en")
        found = display.fields(form, form.pages[0], answers, "en", logic=logic)
        macros = current_app.jinja_env.get_template("questionnaires/_fields.html")
        html = macros.make_module({"url_for": url_for}).all(found)
    assert 'data-answer="who"' in html, "the script follows the answer in the label"
    (alt,) = re.findall(r'<img [^>]*alt="([^"]*)" loading="lazy"', html)
    assert unescape(alt) == 'Why <b>, \u2066A"<i>\u2069?'


def test_two_pictures_of_one_name_are_named_and_not_mixed_up() -> None:
    same, other = picture("PNG", (200, 10, 10)), picture("PNG", (0, 0, 0))
    assert read(package(**{"other/PLAN.png": same}), "form.zip").ok, "one picture twice is one"
    assert "two_pictures" in codes(read(package(**{"other/PLAN.png": other}), "form.zip"))


def test_a_picture_wanted_again_meanwhile_stays(app: Flask) -> None:
    name, content = pictures.drawn(picture("PNG", (1, 2, 3)))
    with app.app_context():
        pictures.keep({name: content})
        path = pictures.path_of(name)
        assert path is not None
        moment = path.stat().st_mtime
        pictures.discard(name, moment)
        assert path.read_bytes() == content, "stored since then"
        pictures.discard(name, moment + 1)
        assert not path.exists()
        pictures.discard(name, moment + 1)
        pictures.keep({name: content})
        assert path.read_bytes() == content
        pictures.discard(name)


def drawings(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What is drawn from now on, as it was sent."""
    seen: list[bytes] = []

    def drawing(data: bytes, side: int) -> Photo:
        seen.append(data)
        return draw(data, side)

    monkeypatch.setattr(pictures, "read", drawing)
    return seen


def test_pictures_too_large_together_are_not_drawn_while_somebody_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = "".join(f"note | n{n} | N | N | big{n}.png | \n" for n in range(5))
    survey = f"type | name | label::English (en) | label::Persian (fa) | image | relevant\n{rows}"
    big = {f"big{n}.png": picture("PNG", (50 * n, 0, 0), 100) for n in range(5)}
    monkeypatch.setattr(pictures, "MAX_PIXELS_TOGETHER", 3 * 100 * 50)
    seen = drawings(monkeypatch)
    reading = read(package(survey, **big), "form.zip")
    assert len(seen) == 3
    assert len(reading.pictures) == 3
    told = [p for p in reading.problems if p.code == "missing_picture" and p.sheet == "survey"]
    assert [problem.row for problem in told] == [6, 7]
    assert "too large together" in str(told[0].message) and "“big3.png”" in str(told[0].message)
    assert len(pictures.names_in(form_of(reading))) == 3


def test_a_picture_spelled_in_many_ways_is_drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = "".join(f"note | n{n} | N | N | {'x/' * n}Plan.PNG | \n" for n in range(9))
    survey = f"type | name | label::English (en) | label::Persian (fa) | image | relevant\n{rows}"
    seen = drawings(monkeypatch)
    form = form_of(read(package(survey), "form.zip"))
    assert len(seen) == 2, "and the one of a choice"
    assert all(question.image for question in form.questions)
