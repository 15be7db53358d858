"""What is provably wrong in an expression is said when the form is read."""

import pytest

from surveys.questionnaires import flow
from surveys.questionnaires.expressions import Subject, check_types, parse

from .forms import codes, questionnaire, reading

SUBJECTS = {
    "age": Subject("number"),
    "why": Subject("text"),
    "pet": Subject("one", frozenset({"cat", "dog"})),
    "score": Subject("one", frozenset({"1", "2"})),
    "many": Subject("many", frozenset({"a", "b"})),
}


def found(text, current=None):
    return [
        (problem.severity, problem.code)
        for problem in check_types(parse(text), SUBJECTS.get, current)
    ]


@pytest.mark.parametrize(
    ("text", "severity", "code"),
    [
        ("1 + 'abc'", "error", "type_number"),
        ("-'x'", "error", "type_number"),
        ("round('ten')", "error", "type_number"),
        ("'' * 2", "error", "type_number"),
        ("count('a')", "error", "type_nodes"),
        ("count(1 + 2)", "error", "type_nodes"),
        ("'a' | ${age}", "error", "type_nodes"),
        ("date('1403-13-45')", "error", "type_date"),
        ("format-date(today(), 'Y-m')", "warning", "type_date_pattern"),
        ("format-date(today(), '%Q')", "warning", "type_date_pattern"),
        ("${age} = 'old'", "warning", "type_never"),
        ("${age} > 'old'", "warning", "type_never"),
        ("${pet} = 'horse'", "warning", "type_unknown_choice"),
        ("'horse' != ${pet}", "warning", "type_unknown_choice"),
        ("../pet = 'horse'", "warning", "type_unknown_choice"),
        ("selected(${many}, 'c')", "warning", "type_unknown_choice"),
        ("selected(${age}, '3')", "warning", "type_no_choices"),
        ("${pet} + 1", "warning", "type_choice_number"),
        ("selected(${many}, 'a') = 'true'", "warning", "type_boolean"),
        ("(${age} > 3) = 'false'", "warning", "type_boolean"),
    ],
)
def test_what_cannot_be_meant(text, severity, code):
    assert found(text) == [(severity, code)]


@pytest.mark.parametrize(
    "text",
    [
        "1 + '2'", "1 + '۲'", "'2024-03-20' - 1", "${why} + 1", "${score} + 1", "${pet} = 'cat'",
        "${pet} = ''", "selected(${many}, 'a')", "count(${age})", "count(if(1, ${age}, ${why}))",
        "${age} > '18'", "today() > '2024-01-01'", "format-date(today(), '%Y-%m')", "date(1)",
        "${unknown} = 'x'", "${why} = 'true'", "selected(${why}, 'x')", "number('x')",
        "concat('a', 1)", "${age} = '۱۸'", "(${age} > 3) = true()",
    ],
)  # fmt: skip
def test_what_may_be_meant(text):
    assert found(text) == []


def test_the_question_itself():
    assert found(". = 'horse'", SUBJECTS["pet"]) == [("warning", "type_unknown_choice")]
    assert found(". = 'cat'", SUBJECTS["pet"]) == []


CHOICES = """list_name | name | label | price
l | a | A | 3
l | b | B | 4
other | c | C | 5"""


def test_a_form_lists_them_by_row_and_column():
    read = reading(
        """type | name | label | relevant | calculation
        integer | n | N | |
        select_one l | q | Q | ${n} + 'x' > 2 |
        note | w | W | ${q} = 'zzz' |
        calculate | c | | | pulldata('nowhere', 'a', 'b', ${q})""",
        CHOICES,
    )
    assert codes(read) == ["type_number", "unknown_list"]
    assert codes(read, "warning") == ["type_unknown_choice"]
    assert [(p.row, p.column) for p in read.problems] == [
        (4, "relevant"),
        (5, "relevant"),
        (6, "calculation"),
    ]


def test_lists_that_are_looked_into_travel_with_the_form():
    form = questionnaire(
        """type | name | label | calculation
        select_one l | q | Q |
        calculate | c | | instance('l')/root/item[name = ${q}]/price
        calculate | d | | pulldata('other', 'price', 'name', 'c')""",
        CHOICES,
    )
    assert form.tables == {
        "l": ({"name": "a", "label": "A", "price": "3"}, {"name": "b", "label": "B", "price": "4"}),
        "other": ({"name": "c", "label": "C", "price": "5"},),
    }
    assert type(form).from_json(form.to_json()) == form
    assert flow.calculate(form, {"q": "b"}) == {"c": "4", "d": "5"}


def test_evaluate_takes_tables_from_the_answers(runner, tmp_path):
    file = tmp_path / "a.json"
    file.write_text('{"l": [{"name": "a", "price": 3}], "q": "a"}', "utf-8")
    command = ["surveys", "evaluate", "instance('l')/root/item[name = ${q}]/price + 1"]
    done = runner.invoke(args=[*command, "--answers", str(file), "--json"])
    assert done.stdout == '{"value": 4, "type": "number"}\n'
    failed = runner.invoke(args=["surveys", "evaluate", "instance('x')/root/item", "--json"])
    assert failed.exit_code == 1
