"""`flask contacts import`, as the public contract writes it."""

import io
import json
from pathlib import Path

from flask import Flask
from flask.testing import FlaskCliRunner
from openpyxl import Workbook
from sqlalchemy import select

from portal.contacts import uploads
from portal.contacts.models import Contact
from portal.db import db


def run(runner: FlaskCliRunner, path: Path, *more: str) -> tuple[int, dict[str, object]]:
    result = runner.invoke(args=["contacts", "import", str(path), "--json", *more])
    assert result.stdout.count("\n") == 1, result.output
    return result.exit_code, json.loads(result.stdout)


def test_every_row_is_imported_updated_or_rejected(runner: FlaskCliRunner, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text(
        "موبایل,نام\n۰۹۱۲۳۴۵۶۷۸۹,زهرا\n+98 935 000 0000,علی\n"
        "09123456789,دوباره\n02112345678,ثابت\n",
        encoding="utf-8-sig",
    )
    code, found = run(runner, file, "--source", "دیدار")
    assert found == {
        "imported": 2,
        "updated": 0,
        "rejected": [
            {"row": 4, "reason": "duplicate of row 2"},
            {"row": 5, "reason": "This is a landline; only mobile numbers can receive an SMS"},
        ],
    }
    assert code == 1
    with runner.app.app_context():
        assert set(db.session.scalars(select(Contact.source))) == {"دیدار"}
        assert not list(uploads.folder().iterdir())
    assert file.exists()
    code, found = run(runner, file)
    assert (code, found["imported"], found["updated"]) == (1, 0, 2)


def test_a_clean_workbook_ends_with_zero(runner: FlaskCliRunner, tmp_path: Path) -> None:
    book, data = Workbook(), io.BytesIO()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Mobile", "Name"])
    sheet.append([9123456789, "Sara"])
    book.save(data)
    file = tmp_path / "people.xlsx"
    file.write_bytes(data.getvalue())
    assert run(runner, file) == (0, {"imported": 1, "updated": 0, "rejected": []})


def test_an_unreadable_file_is_one_rejection(runner: FlaskCliRunner, tmp_path: Path) -> None:
    file = tmp_path / "people.xlsx"
    file.write_bytes(b"PK\x03\x04 nothing")
    assert run(runner, file) == (
        1,
        {
            "imported": 0,
            "updated": 0,
            "rejected": [{"row": 0, "reason": "The workbook is damaged or is not an XLSX file"}],
        },
    )


def test_a_file_that_is_not_there_is_a_wrong_use(runner: FlaskCliRunner, tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        result = runner.invoke(args=["contacts", "import", str(path), "--json"])
        assert result.exit_code == 2
        assert result.stdout == ""


def test_without_json_people_read_it(app: Flask, runner: FlaskCliRunner, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("mobile\n09123456789\n12\n")
    result = runner.invoke(args=["contacts", "import", str(file)])
    assert result.exit_code == 1
    assert "1 imported, 0 updated\n  row 3: " in result.stdout
