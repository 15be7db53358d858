"""The printed sheets: every number on every page, every question on the sheet."""

import io
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from PIL import Image

from portal.db import db
from portal.i18n import digits
from surveys.paper import serials, sheet_pdf
from surveys.paper.models import PaperBatch
from surveys.questionnaires import pictures
from tests.factories.surveys import make_campaign, make_survey, question, questionnaire
from tests.surveys.paper.office import Office, Person

FORM = questionnaire(
    [
        question("way", "select_one", "bus walk bicycle"),
        question("why", "select_multiple", "cost time", hint={"en": "Think of this year"}),
        question("clean", "select_one", "good fair bad", matrix="m"),
        question("safe", "select_one", "good fair bad", matrix="m"),
        question("order", "rank", "park light"),
    ],
    [
        question("score", "range", bounds=(0, 10, 1)),
        question("day", "date"),
        question("place", "geopoint"),
        question("age", "integer"),
        question("idea", appearance="multiline"),
        question("said", label={"en": "You said ${way}", "fa": "گفتید ${way}"}),
    ],
)


def pages(pdf: bytes, folder: Path) -> list[str]:
    if not shutil.which("pdftotext"):
        pytest.skip("SKIPPED LOUDLY: pdftotext is not on this machine")
    path = folder / "sheets.pdf"
    path.write_bytes(pdf)
    done = subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, check=True)
    return re.sub("[\u200e\u200f\u2066-\u2069]", "", done.stdout.decode()).split("\f")[:-1]


@pytest.mark.parametrize("language", ["fa", "ar", "en"])
def test_every_sheet_is_whole_and_begins_on_an_odd_page(
    app: Flask, tmp_path: Path, language: str
) -> None:
    office = Office(app)
    campaign = make_campaign(make_survey(form=FORM))
    sheets = office.print(campaign, 3, language)
    with app.app_context():
        batch = db.session.query(PaperBatch).one()
        address = f"/staff/paper/batches/{batch.id}.pdf"
    answer = office.manager.client.get(address)
    assert answer.mimetype == "application/pdf" and answer.data[:5] == b"%PDF-"
    assert answer.data == office.manager.client.get(address).data, "the same bytes again"
    found = pages(answer.data, tmp_path)
    assert len(found) % 2 == 1 and len([text for text in found if text.strip()]) == 3
    for sheet in sheets:
        number = digits(serials.printed(sheet), language)
        on = [n for n, text in enumerate(found) if number in text]
        assert on and on[0] % 2 == 0, (number, on, found)
        assert len(on) == 1
    if language == "en":
        first = "\n".join(found[:2])
        for words in ("bus en", "cost en", "safe en", "park en", "idea en", "You said ………"):
            assert words in first, first
        assert "Several answers are possible" in first and "Think of this year" in first


def test_a_large_batch_comes_in_several_files(app: Flask) -> None:
    office = Office(app)
    campaign = make_campaign(make_survey(form=FORM))
    office.print(campaign, 201)
    with app.app_context():
        batch = db.session.query(PaperBatch).one()
        assert list(sheet_pdf.parts(batch)) == [1, 2, 3]
        address = f"/staff/paper/batches/{batch.id}.pdf"
    assert office.manager.client.get(address, query_string={"part": 3}).status_code == 200
    assert office.manager.client.get(address, query_string={"part": 4}).status_code == 404
    assert Person(app, "operator").client.get(address).status_code == 403


def test_pictures_of_notes_questions_and_choices_are_printed(app: Flask) -> None:
    out = io.BytesIO()
    Image.new("RGB", (300, 150), (200, 10, 10)).save(out, "JPEG")
    red, content = pictures.drawn(out.getvalue())
    lost = f"{'0' * 40}-40x20.jpg"
    way = question("way", "select_one", "bus walk", image={"en": red, "fa": red})
    first = tuple(replace(each, image={"en": red}) for each in way.choices[:1])
    form = questionnaire([
        question("plan", "note", image={"en": red}),
        replace(way, choices=(*first, *way.choices[1:])),
        question("clean", "select_one", "good bad", matrix="m", image={"en": lost}),
    ])  # fmt: skip
    office = Office(app)
    campaign = make_campaign(make_survey(form=form))
    with app.app_context():
        pictures.keep({red: content})
    (sheet,) = office.print(campaign, 1, "en")
    with app.app_context():
        batch = db.session.query(PaperBatch).one()
        with_pictures = sheet_pdf.render(batch, [sheet])
        document = list(sheet_pdf._items(form, "en"))
        pictures.discard(red)
        without = sheet_pdf.render(batch, [sheet])
    assert with_pictures.count(b"/Subtype/Image") > without.count(b"/Subtype/Image") == 0
    _heading, plan, asked, _table = document
    shown = [each["picture"] for each in (plan, asked, *asked["options"])]
    assert [each and round(each["width"]) for each in shown] == [51, 51, 45, None]
