"""`flask cases import|export` and `flask cases categories import`."""

import csv
import io
import json
import stat
from pathlib import Path

from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import select

from portal.db import db
from portal.messaging.models import Message
from tests.factories.cases import make_case, make_category
from tests.factories.units import make_unit
from workflows.cases import exporter
from workflows.cases.models import Case, Category

ROOT = Path(__file__).parent.parent.parent.parent
HEADER = "channel,text,language,phone,name,category,neighbourhood,place,received_at,urgency\n"


def run(runner: FlaskCliRunner, *arguments: str) -> tuple[int, dict[str, object]]:
    result = runner.invoke(args=["cases", *arguments, "--json"])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    return result.exit_code, json.loads(result.stdout)


def test_good_rows_come_in_and_bad_ones_are_named(
    runner: FlaskCliRunner, context: Flask, tmp_path: Path
) -> None:
    category = make_category(code="pothole")
    file = tmp_path / "cases.csv"
    file.write_text(
        HEADER
        + "studio,چاله جلوی مدرسه,fa,۰۹۱۲۱۱۱۰۰۰۱,زهرا,چاله و آسفالت,بازار,کوچهٔ یکم,"
        + "2025-11-20T10:30,danger\n"
        + "sms,حفرة كبيرة,ar,,,pothole,,,2025-11-20T10:30:00Z,\n"
        + ",A hole,en,,,,,,,\n"
        + "sms,,fa,,,,,,,\n"
        + "sms,x,fa,12,,,,,,\n"
        + "sms,x,fa,,,nothing,,,,\n"
        + "sms,x,fa,,,,,,yesterday,\n"
        + "sms,x,fa,,,,,,2999-01-01,\n"
        + "pigeon,x,fa,,,,,,,\n"
        + "sms,x,tr,,,,,,,\n",
        encoding="utf-8-sig",
    )
    code, result = run(runner, "import", str(file))
    assert code == 1
    assert result["imported"] == 3
    rejected = {item["row"]: item["reason"] for item in result["rejected"]}  # type: ignore[attr-defined]
    assert sorted(rejected) == [5, 6, 7, 8, 9, 10, 11]
    assert rejected[7] == "There is no such category."
    cases = db.session.scalars(select(Case).order_by(Case.id)).all()
    assert [case.channel for case in cases] == ["studio", "sms", "file"]
    first = cases[0]
    assert (first.e164, first.category_id, first.urgency) == (
        "+989121110001",
        category.id,
        "danger",
    )
    assert first.received_at.isoformat() == "2025-11-20T07:00:00+00:00"
    assert db.session.scalars(select(Message)).all() == []


def test_the_same_file_twice_brings_nothing_new(
    runner: FlaskCliRunner, context: Flask, tmp_path: Path
) -> None:
    file = tmp_path / "cases.csv"
    file.write_text("text,received_at\nچاله,2025-11-20T10:30\n")
    assert run(runner, "import", str(file)) == (0, {"imported": 1, "rejected": []})
    code, again = run(runner, "import", str(file))
    assert (code, again["imported"]) == (1, 0)
    assert again["rejected"] == [{"row": 2, "reason": "This message is there already."}]


def test_a_file_that_is_none_is_refused(
    runner: FlaskCliRunner, context: Flask, tmp_path: Path
) -> None:
    file = tmp_path / "cases.csv"
    for content in (b"\xff\xfe\x00", b"", b"a,b\n1,2\n"):
        file.write_bytes(content)
        code, result = run(runner, "import", str(file))
        assert code == 1
        assert [item["row"] for item in result["rejected"]] == [0]  # type: ignore[attr-defined]


def test_the_export_holds_every_case_and_no_formula(
    runner: FlaskCliRunner, context: Flask, tmp_path: Path
) -> None:
    make_case(text='=HYPERLINK("http://x")', citizen_name="@SUM(1)", e164="+989121110001")
    make_case(text="دو سطر\n«نقل»")
    file = tmp_path / "out.csv"
    code, result = run(runner, "export", "-o", str(file))
    assert (code, result) == (0, {"file": str(file)})
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    content = file.read_text(encoding="utf-8")
    assert content.startswith("\ufeff")
    rows = list(csv.DictReader(io.StringIO(content[1:])))
    assert [row["text"] for row in rows] == ['\'=HYPERLINK("http://x")', "دو سطر\n«نقل»"]
    assert rows[0]["name"] == "'@SUM(1)"
    assert rows[0]["phone"] == "989121110001"
    assert tuple(rows[0]) == exporter.COLUMNS


def test_the_default_categories_fit_the_units(
    runner: FlaskCliRunner, context: Flask, tmp_path: Path
) -> None:
    units = runner.invoke(args=["units", "import", str(ROOT / "demo/units.csv"), "--json"])
    assert units.exit_code == 0, units.output
    file = str(ROOT / "demo/categories.csv")
    assert run(runner, "categories", "import", file) == (
        0,
        {"imported": 10, "updated": 0, "rejected": []},
    )
    assert run(runner, "categories", "import", file)[1]["updated"] == 0
    pothole = db.session.scalars(select(Category).where(Category.code == "pothole")).one()
    assert pothole.names == {
        "fa": "چاله و آسفالت",
        "ar": "الحفر والإسفلت",
        "en": "Potholes and asphalt",
    }


def test_bad_categories_are_named(runner: FlaskCliRunner, context: Flask, tmp_path: Path) -> None:
    make_unit(code="d1")
    file = tmp_path / "categories.csv"
    file.write_text(
        "code,name_fa,unit,calendar,first_action_hours\n"
        "a,الف,d1,always,۲\n"
        "b,ب,nowhere,,\n"
        "c,پ,,no-calendar,\n"
        "d,ت,,,-3\n"
        "e,,,,\n"
    )
    code, result = run(runner, "categories", "import", str(file))
    assert (code, result["imported"]) == (1, 1)
    assert [item["row"] for item in result["rejected"]] == [3, 4, 5, 6]  # type: ignore[attr-defined]


def test_rows_that_end_early_are_named_and_do_not_stop_the_file(
    runner: FlaskCliRunner, context: Flask, tmp_path: Path
) -> None:
    file = tmp_path / "cases.csv"
    file.write_bytes("phone,district,text\n09121110001\n,no\0where,چاله\n,,چراغ\n".encode())
    code, result = run(runner, "import", str(file))
    assert (code, result["imported"]) == (1, 1)
    rejected = result["rejected"]
    assert [item["row"] for item in rejected] == [2, 3]  # type: ignore[attr-defined]
