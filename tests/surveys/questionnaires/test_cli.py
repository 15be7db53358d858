import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from surveys.questionnaires.cli import check, evaluate_command

DEMO = Path(__file__).parents[3] / "demo" / "forms"


def run(command, *arguments):
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


def test_check_prints_one_json_document():
    result = run(check, DEMO / "i-am-mayor.xlsx", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout) == {
        "ok": True,
        "languages": ["fa", "ar", "en"],
        "questions": 10,
        "problems": [],
    }


def test_check_lists_problems_in_the_language_asked_for():
    result = run(check, DEMO / "broken.xlsx", "--json", "--lang", "en")
    assert result.exit_code == 1
    report = json.loads(result.stdout)
    assert report["ok"] is False
    assert len(report["problems"]) == 20
    assert report["problems"][1] == {
        "sheet": "survey",
        "row": 2,
        "column": "type",
        "language": None,
        "severity": "error",
        "message": "The group “first” is never closed. Add a row of type “end group” after its "
        "last question.",
    }


def test_check_for_people():
    result = run(check, DEMO / "broken.xlsx", "--lang", "en")
    assert result.exit_code == 1
    assert "survey:5:type" in result.stdout
    assert result.stdout.rstrip().endswith("16 errors, 4 warnings")


@pytest.mark.parametrize(
    ("expression", "value", "kind"),
    [
        ("${age} * 2", 84, "number"),
        ("${age} div 4", 10.5, "number"),
        ("0 div 0", "NaN", "number"),
        ("-1 div 0", "-Infinity", "number"),
        ("${age} > 18", True, "boolean"),
        ("concat(${age}, 'x')", "۴۲x", "string"),
        ("${age}", ["۴۲"], "nodeset"),
        ("${absent}", [""], "nodeset"),
        ("selected(${fruit}, 'fig')", True, "boolean"),
        ("string(-0)", "0", "string"),
        (". + 1", 6, "number"),
    ],
)
def test_evaluate(tmp_path, expression, value, kind):
    answers = tmp_path / "answers.json"
    answers.write_text('{"age": "۴۲", "fruit": ["fig", "plum"], ".": 5}', "utf-8")
    result = run(evaluate_command, "--answers", answers, "--json", "--", expression)
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout) == {"value": value, "type": kind}


def test_evaluate_for_people():
    assert run(evaluate_command, "1 + 1").stdout == "2  (number)\n"


def test_evaluate_a_wrong_expression():
    result = run(evaluate_command, "1 +", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["position"] == 3
    assert result.stderr


@pytest.mark.parametrize("content", ["[1]", "{", "\ufeff"])
def test_wrong_usage(tmp_path, content):
    answers = tmp_path / "answers.json"
    answers.write_text(content, "utf-8")
    assert run(evaluate_command, "1", "--answers", answers).exit_code == 2
    assert run(evaluate_command).exit_code == 2
    assert run(check, tmp_path / "absent.xlsx").exit_code == 2
