"""The PDF is tagged, reproducible, and gives its words back; its HTML twin says the same."""

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from portal import clock, glyphs
from portal.db import db
from tests.factories.units import make_unit
from tests.workflows.letters.desk import LETTERS, Desk, make_letter
from tests.workflows.packets.documents import read_pdf
from workflows.letters import pdf
from workflows.letters.models import Letter
from workflows.letters.presenting import digits, plain_text, present
from workflows.packets.folding import fold

needs_pdftotext = pytest.mark.skipif(
    not shutil.which("pdftotext"), reason="SKIPPED LOUDLY: no pdftotext here"
)
LETTER = {
    "fa": {
        "subject": "ترمیم حفاری خیابان 17 شهریور",
        "party_name": "جناب آقای مهندس رضایی",
        "party_position": "مدیرعامل محترم",
        "party_organisation": "شرکت آب و فاضلاب",
        "body": "با سلام و احترام\n\nپیام ویژه‌ای با کد 7K3M9ABCDE دربارهٔ کوچهٔ گل‌محمدی، پلاک 12، "
        "در تاریخ 1405/09/01 رسید.\n\nتلفن 02188776655 و رایانامهٔ info137@city.example است.",
        "copies": ["دفتر شهردار", "عضو شورای اسلامی شهر"],
        "enclosures": ["عکس محل، 3 برگ"],
        "signatory_name": "مریم کاظمی",
        "signatory_position": "معاون خدمات شهری",
    },
    "ar": {
        "subject": "شكوى زائر عراقي",
        "party_organisation": "القنصلية العامة لجمهورية العراق",
        "body": "السلام عليكم\n\nأبلغ مواطن عراقي برقم 7K3M9ABCDE حول شارع 17 شهريور.",
        "signatory_name": "مريم كاظمي",
    },
    "en": {
        "subject": "Complaint of a visitor",
        "party_organisation": "Consulate General of Iraq",
        "body": "Dear Sir or Madam,\n\nA visitor reported a dark street as 7K3M9ABCDE.",
        "copies": ["Archive"],
        "signatory_name": "Maryam Kazemi",
    },
}


@pytest.fixture(autouse=True)
def _still() -> Iterator[None]:
    with clock.freeze("2026-11-28T07:00:00+00:00"):
        yield


@needs_pdftotext
@pytest.mark.parametrize("language", ["fa", "ar", "en"])
def test_every_word_comes_back_and_the_twin_says_the_same(
    app: Flask, language: str, tmp_path: Path
) -> None:
    made = make_letter(make_unit(code="12").id, issue=True, language=language, **LETTER[language])
    desk = Desk(app, "official")
    content = desk.client.get(f"{LETTERS}{made.id}/letter.pdf").data
    found = fold(read_pdf(content, tmp_path))
    with app.app_context():
        letter = db.session.get_one(Letter, made.id)
        document = present(letter)
        assert pdf.render(letter) == content
        text = plain_text(document)
    # Labels come in the order of their own language, whichever that is.
    said = (*document.paragraphs, *document.addressee, *document.signatory, *document.copies)
    lines = (*said, document.subject, document.reference, document.date, document.invocation)
    missing = [line for line in lines if fold(glyphs.drawn(line)) not in found]
    missing += [word for word in fold(glyphs.drawn(text)).split() if word not in found.split()]
    assert missing == []
    assert b"pdfuaid:part" in content
    assert {"fa": b"fa-IR", "ar": b"ar-IQ", "en": b"en-GB"}[language] in content
    twin = desk.get(f"{LETTERS}{made.id}/print")
    assert f'lang="{language}" dir="{"ltr" if language == "en" else "rtl"}"' in twin
    for part in (*document.paragraphs, document.subject, document.date, document.reference):
        assert part in twin


@needs_pdftotext
def test_a_draft_says_that_it_is_one_and_has_no_number(app: Flask, tmp_path: Path) -> None:
    made = make_letter(make_unit(code="d12").id)
    desk = Desk(app, "operator")
    content = desk.client.get(f"{LETTERS}{made.id}/letter.pdf").data
    with app.app_context():
        mark = present(db.session.get_one(Letter, made.id)).draft
    found = fold(read_pdf(content, tmp_path)).split()
    assert set(fold(mark).split()) <= set(found)
    assert "d12" not in read_pdf(content, tmp_path)


def test_digits_follow_the_letter_but_addresses_and_codes_stay_as_typed() -> None:
    assert digits("پلاک 12، کد 7K3M9 و a1@b2.ir", "fa") == "پلاک ۱۲، کد 7K3M9 و a1@b2.ir"
    assert digits("۱۲", "en") == "12"
    assert pdf.shown("به a1@b.ir بنویسید") == "به \u2066a1@b.ir\u2069 بنویسید"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("با Siemens Energy AG (Tehran) بود", "با <Siemens Energy AG (Tehran)> بود"),
        ("شرکت (ABFA) منطقهٔ ۳", "شرکت (<ABFA>) منطقۀ <۳>"),
        ("به Unit ۱۲, Baker Street رفت", "به <Unit ۱۲, Baker Street> رفت"),
        ("کدهای 7K3M9 و 8J2", "کدهای <7K3M9> و <8J2>"),
        ("در https://a.example/b/12?x=1&y=2#z است", "در <https://a.example/b/12?x=1&y=2#z> است"),
        ("تلفن ۰۹۱۲ ۳۴۵ ۶۷۸۹ و ۱۲ ۳۴", "تلفن <۰۹۱۲ ۳۴۵ ۶۷۸۹> و <۱۲> <۳۴>"),
        ("هاتف +٩٨ ٩١٢ ٣٤٥ ٦٧٨٩", "هاتف <+٩٨ |٩١٢ |٣٤٥ |٦٧٨٩>"),
        ("هاتف ٠٢١-٨٨٧٧٦٦٥٥", "هاتف <٠٢١-|٨٨٧٧٦٦٥٥>"),
    ],
)
def test_what_is_spelt_from_left_to_right_keeps_its_order_among_persian_words(
    text: str, expected: str
) -> None:
    shown = pdf.shown(text).replace("\u2066", "<").replace("\u2069", ">").replace("\u200e", "|")
    assert shown == expected


def test_persian_words_in_an_english_letter_leave_the_english_ones_in_their_order() -> None:
    shown = pdf.shown("about «خیابان ۱۷ شهریور، پلاک 12» and file 12/1405 of it", rtl=False)
    assert "\u2067خیابان" in shown
    outside = re.sub("\u2067[^\u2067]*?12\u2069\u2069", "X", shown)
    # Nothing but the number is taken out of the sentence: the words are strong themselves.
    assert outside == "about «X» and file \u206612/1405\u2069 of it"


def test_a_telephone_number_in_groups_keeps_its_order_on_the_page_too(app: Flask) -> None:
    unit = make_unit()
    for language, shown in (("fa", "۰۹۱۲ ۳۴۵ ۶۷۸۹"), ("ar", "٠٩١٢ \u200e٣٤٥ \u200e٦٧٨٩")):
        made = make_letter(unit.id, language=language, body="تلفن 0912 345 6789 است")
        twin = Desk(app, "operator").get(f"{LETTERS}{made.id}/print")
        assert f"\u2066{shown}\u2069" in twin


@needs_pdftotext
@pytest.mark.parametrize("language", ["fa", "ar", "en"])
def test_however_long_it_is_nothing_is_cut_and_every_sheet_has_its_number(
    app: Flask, language: str, tmp_path: Path
) -> None:
    long = " ".join([LETTER[language]["body"]] * 12)
    more = {
        "subject": (LETTER[language]["subject"] + " ") * 8,
        "body": f"{long}\n\nhttps://city.example/{'a' * 150}?b={'c' * 150}",
        "copies": [f"{LETTER[language]['subject']} " * 7 + str(n) for n in range(28)],
        "enclosures": [f"{LETTER[language]['subject']} {n}" for n in range(12)],
    }
    more = {k: v[:290] if k == "subject" else v for k, v in more.items()}
    values = {**LETTER[language], **more}
    made = make_letter(make_unit(code="12").id, issue=True, language=language, **values)
    content = Desk(app, "official").client.get(f"{LETTERS}{made.id}/letter.pdf").data
    path = tmp_path / "letter.pdf"
    path.write_bytes(content)
    command = ["pdftotext", "-bbox", str(path), "-"]
    boxes = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    pages = boxes.split("<page ")[1:]
    assert len(pages) > 2
    for page in pages:
        width, height = map(float, re.findall(r'(?:width|height)="([\d.]+)"', page)[:2])
        for found in re.findall(r'xMin="(.*?)" yMin="(.*?)" xMax="(.*?)" yMax="(.*?)"', page):
            left, top, right, bottom = map(float, found)
            assert left > 20 and top > 20 and right < width - 20 and bottom < height - 10
    text = read_pdf(content, tmp_path)
    for number in range(1, len(pages) + 1):
        with app.test_request_context(f"/{language}/"):
            said = digits(f"{number} {len(pages)}", language).split()
        sheet = text.split("\f")[number - 1].split("\n")
        assert any(set(said) <= set(fold(line).split()) for line in sheet), number


@pytest.mark.parametrize("text", ["a" * 20_000, "1 " * 10_000, "a1" * 10_000, "a س " * 5_000])
def test_however_odd_a_text_is_it_is_set_at_once(text: str) -> None:
    began = time.perf_counter()
    for rtl in (True, False):
        pdf.shown(text, rtl=rtl)
    assert time.perf_counter() - began < 5
