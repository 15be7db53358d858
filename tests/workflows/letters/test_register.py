"""The register: found by words and numbers, narrowed, paged, exported without formulas."""

import csv
import io
import re
from collections.abc import Iterator

import openpyxl
import pytest
from flask import Flask

from portal import clock
from portal.db import db
from tests.factories.units import make_unit
from tests.queries import count_queries
from tests.workflows.letters.desk import LETTERS, Desk, make_letter
from workflows.letters import register
from workflows.letters.models import Letter


@pytest.fixture(autouse=True)
def _still() -> Iterator[None]:
    with clock.freeze("2026-11-28T07:00:00+00:00"):
        yield


def test_words_and_numbers_find_a_letter_however_they_are_typed(app: Flask) -> None:
    unit, other = make_unit(code="d12"), make_unit(code="d13")
    make_letter(unit.id, issue=True, subject="لولهٔ شکستهٔ کوچهٔ یاس")
    make_letter(other.id, subject="چراغ راهنما", party_organisation="پلیس راهور")
    desk = Desk(app, "operator")
    for typed in ("لوله شكسته", "d12/1405/1", "۱۴۰۵/۱ d12", "یاس"):
        page = desk.get(f"{LETTERS}?q={typed}")
        assert "لولهٔ شکسته" in page, typed
        assert "چراغ راهنما" not in page, typed
    assert "چراغ راهنما" in desk.get(f"{LETTERS}?q=راهور")
    assert "لولهٔ" not in desk.get(f"{LETTERS}?q=%25")
    for narrowed in (f"unit={unit.id}", "year=1405", "state=issued", "state=waiting"):
        page = desk.get(f"{LETTERS}?{narrowed}")
        assert "لولهٔ شکسته" in page, narrowed
        assert "چراغ راهنما" not in page, narrowed
    assert "لولهٔ" not in desk.get(f"{LETTERS}?direction=in")


def test_pages_by_key_and_as_many_queries_for_fifty_as_for_one(app: Flask) -> None:
    unit = make_unit()
    desk = Desk(app, "operator")
    make_letter(unit.id)
    desk.get(LETTERS)
    with count_queries() as few:
        desk.get(LETTERS)
    with app.app_context():
        for number in range(4):
            db.session.add(
                Letter(
                    direction="out",
                    state="draft",
                    unit_id=unit.id,
                    language="fa",
                    subject=f"نامهٔ {number}",
                    search_key="",
                )
            )
        db.session.commit()
        seen: list[int] = []
        older = None
        while True:
            page = register.page(register.RegisterFilter(), 0, older_than=older, size=2)
            seen += [row.letter.id for row in page.rows]
            older = page.older
            if older is None:
                break
        assert seen == sorted(seen, reverse=True)
        assert len(seen) == 5
        back = register.page(register.RegisterFilter(), 0, newer_than=seen[4], size=2)
        assert [row.letter.id for row in back.rows] == seen[2:4]
    with count_queries() as many:
        desk.get(LETTERS)
    assert many.count == few.count


def test_the_export_holds_what_the_filter_shows_and_no_formula(app: Flask) -> None:
    unit = make_unit(code="d12")
    formula = '=HYPERLINK("http://evil.example")'
    make_letter(unit.id, issue=True, subject=formula)
    make_letter(unit.id, subject="پیش‌نویس")
    desk = Desk(app, "communications", language="fa")
    assert desk.client.get(f"{LETTERS}export").status_code in {404, 405}
    answer = desk.post(f"{LETTERS}export", format="csv", state="issued")
    rows = list(csv.DictReader(io.StringIO(answer.get_data(as_text=True).removeprefix("\ufeff"))))
    assert [(row["reference"], row["subject"]) for row in rows] == [("d12/1405/1", "'" + formula)]
    assert (rows[0]["dated_on"], rows[0]["dated_persian"]) == ("2026-11-28", "1405/09/07")
    answer = desk.post(f"{LETTERS}export", format="xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.data)).active
    assert sheet is not None
    assert sheet.max_row == 3
    cell = next(cell for cell in sheet[2] if cell.value == formula)
    assert cell.data_type == "s"
    assert sheet.sheet_view.rightToLeft


def test_the_page_of_a_letter_costs_the_same_with_many_relatives(app: Flask) -> None:
    unit = make_unit()
    desk = Desk(app, "operator")
    first = make_letter(unit.id, issue=True)
    desk.get(f"{LETTERS}{first.id}")
    with count_queries() as few:
        desk.get(f"{LETTERS}{first.id}")
    with app.app_context():
        for _each in range(5):
            db.session.add(
                Letter(
                    direction="out",
                    state="draft",
                    unit_id=unit.id,
                    language="fa",
                    subject="پیرو",
                    refers_to_id=first.id,
                    relation="follow_up",
                    search_key="",
                )
            )
        db.session.commit()
    with count_queries() as many:
        desk.get(f"{LETTERS}{first.id}")
    assert many.count == few.count


def test_calendars_are_chosen_and_told_by_their_titles(app: Flask) -> None:
    desk = Desk(app, "official", language="fa")
    page = desk.get("/staff/letters/new")
    assert ">ساعت اداری تهران</option>" in page and ">tehran-office<" not in page
    unit = make_unit(code="d12")
    letter = make_letter(unit.id, issue=True, calendar="tehran-office")
    page = desk.get(f"{LETTERS}{letter.id}")
    assert "ساعت اداری تهران" in page and "tehran-office" not in page
    page = desk.get(f"{LETTERS}{make_letter(unit.id).id}")
    ids = re.findall(r'\bid="(?!csrf_token)([^"]+)"', page)
    assert len(ids) == len(set(ids)), "a label or a link would lead to something else"
