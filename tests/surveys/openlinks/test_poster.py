"""The poster: the right page, words that come back, and a code that says the address."""

import io
import shutil
import subprocess
from pathlib import Path

import pytest
import qrcode
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from qrcode.constants import ERROR_CORRECT_Q

from surveys.campaigns.models import Campaign
from surveys.openlinks import poster
from tests.factories.accounts import make_user, sign_in
from tests.factories.surveys import make_campaign, make_survey, make_ways

pytestmark = pytest.mark.usefixtures("app")
needs_poppler = pytest.mark.skipif(
    not shutil.which("pdftoppm"), reason="SKIPPED LOUDLY: no pdftoppm; the poster was not looked at"
)


@pytest.fixture
def campaign(app: Flask) -> Campaign:
    return make_campaign(make_survey(), state="draft")


def download(client: FlaskClient, campaign: Campaign, size: str, languages: str) -> bytes:
    answer = client.get(
        f"/staff/campaigns/{campaign.id}/poster.pdf?size={size}&languages={languages}"
    )
    assert answer.status_code == 200
    assert answer.mimetype == "application/pdf"
    return answer.data


def drawn(pdf: bytes, dpi: float, folder: Path) -> Image.Image:
    source = folder / "poster.pdf"
    source.write_bytes(pdf)
    made = subprocess.run(
        ["pdftoppm", "-r", str(dpi), "-gray", str(source)], capture_output=True, check=True
    )
    return Image.open(io.BytesIO(made.stdout)).convert("L")


def modules_in(picture: Image.Image, count: int) -> list[list[bool]]:
    """Read the code off the picture: it is the only pure black below the crop marks' stroke."""
    # Crop marks lie in the outer 10 mm; the code's finder patterns are its bounds.
    black = picture.point(lambda value: 255 if value < 12 else 0)
    margin = round(picture.width * 0.06)
    inner = black.crop((margin, margin, picture.width - margin, picture.height - margin))
    box = inner.getbbox()
    assert box is not None
    left, top, right, bottom = box
    assert abs((right - left) - (bottom - top)) <= 3, "the code is square"
    step = (right - left) / count
    return [
        [
            inner.getpixel((int(left + (x + 0.5) * step), int(top + (y + 0.5) * step))) == 255
            for x in range(count)
        ]
        for y in range(count)
    ]


@needs_poppler
@pytest.mark.parametrize(
    ("size", "languages", "dpi"),
    [("a4", "fa", 150), ("a3", "all", 100), ("billboard", "ar", 8), ("a4", "en", 150)],
)
def test_the_code_on_the_sheet_says_the_address(
    client: FlaskClient, campaign: Campaign, tmp_path: Path, size: str, languages: str, dpi: float
) -> None:
    """What is printed, module by module, is what an encoder makes of the address."""
    ways = make_ways(campaign, open_kind="verified")
    sign_in(client, make_user(("communications",)))
    picture = drawn(download(client, campaign, size, languages), dpi, tmp_path)
    first = "fa" if languages == "all" else languages
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_Q, border=0)
    code.add_data(f"http://localhost/o/{ways.open_code}?lang={first}")
    code.make(fit=True)
    expected = [[bool(each) for each in row] for row in code.get_matrix()]
    assert modules_in(picture, len(expected)) == expected


@pytest.mark.parametrize(
    ("size", "millimetres"), [("a4", (210, 297)), ("a3", (297, 420)), ("billboard", (4000, 3000))]
)
@needs_poppler
def test_the_page_has_room_for_bleed_and_marks(
    client: FlaskClient, campaign: Campaign, tmp_path: Path, size: str, millimetres: tuple[int, int]
) -> None:
    make_ways(campaign, open_kind="unverified")
    sign_in(client, make_user(("communications",)))
    dpi = 5 if size == "billboard" else 25.4
    picture = drawn(download(client, campaign, size, "fa"), dpi, tmp_path)
    scale = dpi / 25.4
    edge = 2 * (poster.BLEED_MM + poster.SLUG_MM)
    assert picture.width == pytest.approx((millimetres[0] + edge) * scale, abs=2)
    assert picture.height == pytest.approx((millimetres[1] + edge) * scale, abs=2)


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="SKIPPED LOUDLY: no pdftotext")
def test_the_words_come_back(client: FlaskClient, campaign: Campaign, tmp_path: Path) -> None:
    ways = make_ways(campaign, open_kind="unverified")
    sign_in(client, make_user(("communications",)))
    file = tmp_path / "poster.pdf"
    file.write_bytes(download(client, campaign, "a4", "all"))
    text = subprocess.run(
        ["pdftotext", str(file), "-"], capture_output=True, check=True, text=True
    ).stdout
    assert f"localhost/o/{ways.open_code}" in text
    assert "I am Mayor" in text and "Unverifiable" in text
    assert "من شهردارم" in text


def test_the_same_poster_has_the_same_bytes(client: FlaskClient, campaign: Campaign) -> None:
    make_ways(campaign, open_kind="verified")
    sign_in(client, make_user(("communications",)))
    assert download(client, campaign, "a4", "fa") == download(client, campaign, "a4", "fa")


@pytest.mark.parametrize("query", ["size=b0", "languages=de", "size=a4&languages=fa,ar"])
def test_what_does_not_exist_is_not_found(
    client: FlaskClient, campaign: Campaign, query: str
) -> None:
    make_ways(campaign, open_kind="verified")
    sign_in(client, make_user(("communications",)))
    assert client.get(f"/staff/campaigns/{campaign.id}/poster.pdf?{query}").status_code == 404


def test_without_an_open_link_there_is_no_poster(client: FlaskClient, campaign: Campaign) -> None:
    sign_in(client, make_user(("communications",)))
    assert client.get(f"/staff/campaigns/{campaign.id}/poster.pdf").status_code == 404
