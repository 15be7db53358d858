"""A citizen sends a message: the form, the code, the photo, and what must not happen twice."""

import datetime as dt
import io
import re
import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from portal import clock
from portal.contacts.models import Contact
from portal.db import db
from portal.messaging.models import Message
from tests.factories.accounts import make_user, sign_in
from tests.factories.cases import make_category
from tests.factories.units import make_unit
from workflows.cases import photos
from workflows.cases.models import Case, CaseClock, CaseEvent, CasePhoto

TEXT = "از دیشب لولهٔ آب جلوی پلاک ۱۲ ترکیده است"


@pytest.fixture(autouse=True)
def _units(app: Flask) -> None:
    make_unit(code="city", kind="city")


@pytest.fixture
def visitor(app: Flask) -> FlaskClient:
    """Somebody whose browser takes no cookies."""
    return app.test_client(use_cookies=False)


def key_of(page: str) -> str:
    found = re.search(r'name="key"[^>]*value="([^"]+)"', page)
    assert found
    return found[1]


def send(
    client: FlaskClient, lang: str = "fa", key: str | None = None, **fields: Any
) -> TestResponse:
    """Fill in the form and press the button."""
    headers = fields.pop("headers", {})
    data = {"text": TEXT, "key": key or key_of(client.get(f"/{lang}/message").text), **fields}
    return client.post(f"/{lang}/message", data=data, headers=headers)


def cases(app: Flask) -> list[Case]:
    with app.app_context():
        return list(db.session.scalars(select(Case).order_by(Case.id)))


def count(app: Flask, model: Any) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(model)) or 0


def picture(size: tuple[int, int] = (300, 200), kind: str = "JPEG", **options: Any) -> io.BytesIO:
    target = io.BytesIO()
    Image.new("RGB", size, "teal").save(target, kind, **options)
    target.seek(0)
    return target


@pytest.mark.parametrize(
    ("lang", "direction", "said"),
    [("fa", "rtl", "کد رهگیری"), ("ar", "rtl", "رقم المتابعة"), ("en", "ltr", "Tracking code")],
)
def test_a_message_gets_a_code_that_leads_to_it(
    app: Flask, visitor: FlaskClient, lang: str, direction: str, said: str
) -> None:
    del said  # texts are checked where the catalogs are
    answer = send(visitor, lang, place="خیابان ۱۷ شهریور")
    assert answer.status_code == 303
    (case,) = cases(app)
    assert (case.channel, case.language, case.stage) == ("portal", lang, "assigned")
    assert case.text.startswith("از دیشب") and case.place == "خیابان ۱۷ شهریور"
    assert answer.headers["Location"].endswith(f"/{lang}/message/{case.code}")
    page = visitor.get(answer.headers["Location"])
    assert page.status_code == 200
    assert f'<p class="tracking-code"><span class="ltr">{case.code}</span></p>' in page.text
    assert f"http://localhost/t/{case.code}" in page.text
    assert f'dir="{direction}"' in page.text and "<svg" in page.text
    assert "از دیشب" not in page.text
    assert count(app, CaseClock) >= 1


def test_without_a_number_nothing_is_sent_and_with_one_the_code_is(
    app: Flask, visitor: FlaskClient
) -> None:
    send(visitor)
    assert count(app, Message) == 0
    assert send(visitor, "ar", text="هناك حفرة كبيرة", mobile="۰۹۱۲ ۱۲۳ ۴۵۶۷").status_code == 303
    with app.app_context():
        message = db.session.scalars(select(Message)).one()
        case = db.session.scalars(select(Case).where(Case.e164.is_not(None))).one()
        assert message.e164 == case.e164 == "+989121234567"
        assert message.language == "ar" and f"/t/{case.code}" in message.body
        assert db.session.scalars(select(Contact)).one().id == case.contact_id


def test_what_was_typed_stays_when_something_is_wrong(app: Flask, visitor: FlaskClient) -> None:
    category = make_category(code="water", names={"fa": "آب", "ar": "الماء", "en": "Water"})
    answer = send(
        visitor,
        "en",
        text="<b>Leak</b>",
        mobile="021 8888",
        place="Main St",
        category=category.code,
    )
    assert answer.status_code == 422
    assert "Error:" in answer.text
    assert "&lt;b&gt;Leak&lt;/b&gt;" in answer.text and 'value="021 8888"' in answer.text
    assert 'value="Main St"' in answer.text
    assert '<option selected value="water">Water</option>' in answer.text
    assert cases(app) == []
    again = visitor.post(
        "/en/message",
        data={"text": "Leak", "category": "water", "key": key_of(answer.text), "mobile": ""},
    )
    assert again.status_code == 303
    assert cases(app)[0].category_id == category.id


@pytest.mark.parametrize(
    "fields",
    [
        {"text": ""},
        {"text": "  \u200f\u200c "},
        {"text": "x" * 4001},
        {"place": "x" * 121},
        {"neighbourhood": "x" * 121},
        {"citizen_name": "x" * 101},
        {"category": "no-such"},
        {"mobile": "1" * 80},
    ],
)
def test_nothing_absurd_is_taken(app: Flask, visitor: FlaskClient, fields: dict[str, str]) -> None:
    assert send(visitor, **fields).status_code == 422
    assert cases(app) == []


def test_controls_and_half_characters_do_no_harm(app: Flask, visitor: FlaskClient) -> None:
    raw = "سلام\x00\u202e دنیا".encode() + b"\xed\xa0\xbd"
    data = {"text": raw, "key": b"\xff" * 100, "category": ""}
    assert visitor.post("/fa/message", data=data).status_code == 303
    assert "\x00" not in cases(app)[0].text and "\u202e" not in cases(app)[0].text


def test_the_same_form_twice_is_one_case(app: Flask, visitor: FlaskClient) -> None:
    key = key_of(visitor.get("/fa/message").text)
    first = send(visitor, key=key, photo=(picture(), "a.jpg"))
    second = send(visitor, key=key, photo=(picture(), "a.jpg"))
    assert first.headers["Location"] == second.headers["Location"]
    assert len(cases(app)) == 1 and count(app, CasePhoto) == 1
    send(visitor, key=key, text="چراغ کوچه هم خاموش است")
    assert len(cases(app)) == 2, "who goes back and writes something else loses nothing"


def test_two_presses_at_once_are_one_case(app: Flask, visitor: FlaskClient) -> None:
    key = key_of(visitor.get("/fa/message").text)
    answers: list[str] = []

    def press() -> None:
        client = app.test_client(use_cookies=False)
        answers.append(send(client, key=key, mobile="09121234567").headers["Location"])

    threads = [threading.Thread(target=press) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(cases(app)) == 1 and len(set(answers)) == 1 and len(answers) == 4
    assert count(app, Message) == 1


def test_a_machine_that_fills_in_everything_is_asked_again(
    app: Flask, visitor: FlaskClient
) -> None:
    answer = send(visitor, "en", website="https://spam.example")
    assert answer.status_code == 422 and cases(app) == []
    assert "spam.example" not in answer.text
    assert send(visitor, "en", key=key_of(answer.text)).status_code == 303


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}],
)
def test_a_form_of_another_site_is_refused(
    app: Flask, visitor: FlaskClient, headers: dict[str, str]
) -> None:
    assert send(visitor, headers=headers).status_code == 403
    assert cases(app) == []


def test_a_flood_is_slowed_and_keeps_its_words(app: Flask, visitor: FlaskClient) -> None:
    from limits import RateLimitItemPerHour

    from workflows.cases.public import views

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(views, "SENDING", RateLimitItemPerHour(2))
        answers = [send(visitor, "en", text=f"message {n}") for n in range(3)]
    assert [answer.status_code for answer in answers] == [303, 303, 429]
    assert "message 2" in answers[2].text and answers[2].headers["Retry-After"]
    assert len(cases(app)) == 2


def test_one_number_gets_few_codes_a_day_but_every_message_is_taken(
    app: Flask, visitor: FlaskClient
) -> None:
    for n in range(7):
        assert send(visitor, text=f"پیام شمارهٔ {n}", mobile="09121234567").status_code == 303
    assert len(cases(app)) == 7
    assert count(app, Message) == 5


def test_the_pages_need_no_cookie_and_give_no_referrer(app: Flask, visitor: FlaskClient) -> None:
    page = visitor.get("/fa/message")
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert "csrf" not in page.text.lower()
    # Scripts only help; each is a file of ours.
    assert all(
        src.startswith("/static/") for src in re.findall(r'<script src="([^"]+)"', page.text)
    )
    assert page.text.count("<script") == len(re.findall(r'<script src="', page.text))
    assert "pasokh" not in page.headers.get("Set-Cookie", "")


# Photos


def with_photo(visitor: FlaskClient, data: io.BytesIO, name: str = "a.jpg") -> TestResponse:
    return send(visitor, "en", photo=(data, name))


def test_a_photo_loses_its_metadata_and_is_turned_upright(app: Flask, visitor: FlaskClient) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    exif[0x010F] = "SecretCamera"
    exif.get_ifd(0x8825)[1] = "N"
    data = picture((3000, 1500), exif=exif, comment=b"<script>alert(1)</script>")
    assert b"SecretCamera" in data.getvalue()
    assert with_photo(visitor, data).status_code == 303
    with app.app_context():
        row = db.session.scalars(select(CasePhoto)).one()
        path = photos.path_of(row.stored_path)
        kept = path.read_bytes()
        assert path.stat().st_mode & 0o777 == 0o600
    assert (row.width, row.height) == (1024, 2048)
    for secret in (b"SecretCamera", b"Exif", b"script"):
        assert secret not in kept
    with Image.open(io.BytesIO(kept)) as again:
        assert again.format == "JPEG" and again.size == (1024, 2048) and not again.getexif()
    path.unlink()


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "JPEG"])
def test_photos_of_phones_are_read(app: Flask, visitor: FlaskClient, kind: str) -> None:
    assert with_photo(visitor, picture(kind=kind), f"a.{kind.lower()}").status_code == 303
    assert count(app, CasePhoto) == 1


def test_transparency_becomes_paper(context: Flask) -> None:
    target = io.BytesIO()
    Image.new("RGBA", (10, 10), (0, 0, 0, 0)).save(target, "PNG")
    with Image.open(io.BytesIO(photos.read(target.getvalue()).data)) as made:
        assert min(made.convert("L").tobytes()) > 250


def bomb() -> io.BytesIO:
    """A few kilobytes that unpack to 100 million pixels."""
    target = io.BytesIO()
    Image.new("1", (10_000, 10_000)).save(target, "PNG")
    return io.BytesIO(target.getvalue())


def test_only_a_jpeg_may_have_the_pixels_of_the_largest_phones(context: Flask) -> None:
    """A PNG unpacks whole: a few kilobytes would take a gigabyte of memory."""
    photos.read(picture((5_000, 5_000)).getvalue())
    for kind in ("PNG", "WEBP"):
        with pytest.raises(photos.PhotoError) as refused:
            photos.read(picture((5_000, 5_000), kind).getvalue())
        assert refused.value.code == "too_many_pixels"


def test_photos_are_counted_before_they_are_unpacked(app: Flask, visitor: FlaskClient) -> None:
    from limits import RateLimitItemPerHour

    from workflows.cases.public import views

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(views, "SENDING", RateLimitItemPerHour(2))
        answers = [
            send(visitor, "en", text="", photo=(io.BytesIO(b"no photo"), "a.jpg")) for _ in range(3)
        ]
    assert [answer.status_code for answer in answers] == [422, 422, 429]


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (lambda: io.BytesIO(b"<svg xmlns='http://www.w3.org/2000/svg' onload='x'/>"), "a.jpg"),
        (lambda: io.BytesIO(b"GIF89a" + b"\0" * 50), "a.gif"),
        (lambda: io.BytesIO(picture().getvalue()[:200]), "cut.jpg"),
        (lambda: picture(kind="PPM"), "a.jpg"),
        (bomb, "bomb.png"),
        (lambda: io.BytesIO(picture().getvalue() + b"\0" * 200_000), "large.jpg"),
    ],
)
def test_what_is_no_photo_is_explained(
    app: Flask,
    visitor: FlaskClient,
    monkeypatch: pytest.MonkeyPatch,
    data: Callable[[], io.BytesIO],
    name: str,
) -> None:
    monkeypatch.setattr("portal.photos.MAX_BYTES", 100_000)
    answer = with_photo(visitor, data(), name)
    assert answer.status_code == 422
    assert 'id="photo-error"' in answer.text and TEXT[:10] in answer.text
    assert cases(app) == [] and count(app, CasePhoto) == 0


def test_a_photo_is_for_staff_alone(app: Flask, visitor: FlaskClient) -> None:
    with_photo(visitor, picture())
    with app.app_context():
        photo_id = db.session.scalars(select(CasePhoto.id)).one()
    url = f"/staff/cases/photos/{photo_id}"
    assert visitor.get(url).status_code == 302
    operator, analyst = app.test_client(), app.test_client()
    sign_in(analyst, make_user(("analyst",)))
    assert analyst.get(url).status_code == 403
    sign_in(operator, make_user(("operator",)))
    with operator.get(url) as answer:
        assert answer.status_code == 200 and answer.mimetype == "image/jpeg"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.data.startswith(b"\xff\xd8")
    assert operator.get("/staff/cases/photos/999999999").status_code == 404


def test_a_failed_change_leaves_no_photo_behind(
    app: Flask, visitor: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context():
        before = set(photos.folder().iterdir())

    def fail() -> None:
        raise RuntimeError("the database went away")

    app.testing, app.config["PROPAGATE_EXCEPTIONS"] = app.testing, False
    with monkeypatch.context() as patch:
        patch.setattr(db.session, "commit", fail)
        assert with_photo(visitor, picture()).status_code == 500
    app.config["PROPAGATE_EXCEPTIONS"] = None
    with app.app_context():
        assert set(photos.folder().iterdir()) == before
    assert cases(app) == []


def test_the_history_begins_with_the_message(app: Flask, visitor: FlaskClient) -> None:
    moment = dt.datetime(2026, 5, 4, 8, 0, tzinfo=dt.UTC)
    with clock.freeze(moment):
        send(visitor)
    with app.app_context():
        kinds = db.session.scalars(select(CaseEvent.kind).order_by(CaseEvent.id)).all()
    assert list(kinds)[:2] == ["received", "assigned"]
