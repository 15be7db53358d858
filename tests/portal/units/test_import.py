"""`flask units import`."""

import json
from pathlib import Path

from flask import Flask
from flask.testing import FlaskCliRunner

from portal.units import services

DEMO = Path(__file__).parents[3] / "demo" / "units.csv"


def run(runner: FlaskCliRunner, path: Path) -> tuple[int, dict[str, object]]:
    result = runner.invoke(args=["units", "import", str(path), "--json"])
    return result.exit_code, json.loads(result.stdout)


def write(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "units.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_the_demonstration_city(app: Flask, runner: FlaskCliRunner) -> None:
    code, found = run(runner, DEMO)
    assert code == 0, found
    assert found["imported"] == 28
    assert run(runner, DEMO) == (
        0,
        {"imported": 0, "updated": 0, "unchanged": 28, "rejected": []},
    )
    with app.app_context():
        bazaar = services.by_code("d12-bazaar")
        assert bazaar is not None
        chain = services.escalation_chain(bazaar.id)
        codes = [services.get(unit_id).code for unit_id in chain]
    assert codes == ["district-12", "operations-centre", "urban-services", "city"]


def test_bad_rows_are_listed_and_the_good_ones_stored(
    runner: FlaskCliRunner, tmp_path: Path
) -> None:
    path = write(
        tmp_path,
        "code,kind,parent,name_fa,name_en\r\n"
        "child,district,top,منطقه,\r\n"
        "top,city,,شهر,City\r\n"
        "lost,district,nowhere,گم,\r\n"
        "under-lost,district,lost,زیر,\r\n"
        "odd,village,,ده,\r\n"
        "top,city,,دوباره,\r\n"
        "nameless,city,,,\r\n"
        "a,office,b,الف,\r\n"
        "b,office,a,ب,\r\n",
        "utf-8-sig",
    )
    code, found = run(runner, path)
    assert code == 1
    assert found["imported"] == 2
    rejected = found["rejected"]
    assert isinstance(rejected, list)
    assert [item["row"] for item in rejected] == [4, 5, 6, 7, 8, 9, 10]
    assert all(item["reason"] for item in rejected)


def test_a_file_that_is_none_is_refused_whole(runner: FlaskCliRunner, tmp_path: Path) -> None:
    code, found = run(runner, write(tmp_path, "name,parent\nx,y\n"))
    assert code == 1
    assert "code" in str(found["problems"])
    code, found = run(runner, write(tmp_path, "code,kind,parent,name_fa\nا,city,,ا\n", "cp1256"))
    assert code == 1
