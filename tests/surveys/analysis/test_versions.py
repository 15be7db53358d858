"""Results and exports over several versions of one survey."""

import csv
import io
from typing import Any

from flask import Flask

from surveys.analysis import export, services
from surveys.analysis.variables import Variable, variables
from surveys.questionnaires.models import SurveyVersion
from surveys.questionnaires.schema import Question
from tests.factories.surveys import make_survey, question, texts
from tests.factories.surveys import questionnaire as form
from tests.surveys.analysis.answers import make_answers

CODE = "YEARLY"


def publish(*questions: Question, answers: list[dict[str, Any]]) -> SurveyVersion:
    return make_answers(answers, make_survey(CODE, form(list(questions))))[0]


def found(app: Flask, version: SurveyVersion) -> dict[tuple[str, str], Variable]:
    with app.app_context():
        return {(each.name, each.kind): each for each in variables(version.survey_id)}


def rows(app: Flask, version: SurveyVersion) -> list[dict[str, str]]:
    with app.app_context():
        text = "".join(export.lines(version.survey_id, export.table(version.survey_id)))
    return list(csv.DictReader(io.StringIO(text, newline="")))


def counts(app: Flask, version: SurveyVersion) -> dict[tuple[str, str], Any]:
    with app.app_context():
        return {
            (each.variable.name, each.variable.kind): (each.n, each.counts)
            for each in services.results(version.survey_id)
        }


def test_a_new_wording_is_the_same_question_under_the_newest_label(app: Flask) -> None:
    publish(question("way", "select_one", "bus"), answers=[{"way": "bus"}])
    renamed = texts("How do you travel")
    new = publish(question("way", "select_one", "bus", label=renamed), answers=[{"way": "bus"}])
    (variable,) = found(app, new).values()
    assert variable.label == renamed
    assert variable.numbers == [2, 1]
    assert counts(app, new) == {("way", "one"): (2, {"bus": 2})}
    assert [(row["version"], row["way"]) for row in rows(app, new)] == [("1", "bus"), ("2", "bus")]


def test_choices_that_came_and_went_are_all_counted(app: Flask) -> None:
    publish(
        question("way", "select_one", "tram bus"),
        question("wishes", "select_multiple", "park lamp"),
        answers=[{"way": "tram", "wishes": ["park"]}, {"way": "bus", "wishes": ["park", "lamp"]}],
    )
    new = publish(
        question("way", "select_one", "bus bike"),
        question("wishes", "select_multiple", "lamp bench"),
        answers=[{"way": "bike", "wishes": ["bench"]}],
    )
    assert counts(app, new) == {
        ("way", "one"): (3, {"bus": 1, "bike": 1, "tram": 1}),
        ("wishes", "multiple"): (3, {"lamp": 1, "bench": 1, "park": 2}),
    }
    assert list(counts(app, new)["way", "one"][1]) == ["bus", "bike", "tram"], "the newest first"
    table = rows(app, new)
    assert [row["wishes/park"] for row in table] == ["1", "1", "0"]
    assert [row["wishes/bench"] for row in table] == ["0", "0", "1"]


def test_a_question_that_came_or_went_has_its_column(app: Flask) -> None:
    publish(question("a"), question("b"), answers=[{"a": "1", "b": "2"}])
    new = publish(question("b"), question("c"), answers=[{"b": "3", "c": "4"}])
    assert [(row["a"], row["b"], row["c"]) for row in rows(app, new)] == [
        ("1", "2", ""),
        ("", "3", "4"),
    ]


def test_a_whole_number_that_became_a_decimal_is_one_number(app: Flask) -> None:
    publish(question("area", "integer"), answers=[{"area": 80}])
    new = publish(question("area", "decimal"), answers=[{"area": 80.5}])
    assert list(found(app, new)) == [("area", "number")]
    assert found(app, new)["area", "number"].type == "decimal"
    assert [row["area"] for row in rows(app, new)] == ["80", "80.5"]


def test_the_same_name_with_another_kind_of_answer_is_two_questions(app: Flask) -> None:
    publish(question("age", "integer"), answers=[{"age": 30}, {"age": 40}])
    new = publish(question("age", "select_one", "young old"), answers=[{"age": "old"}])
    assert counts(app, new) == {
        ("age", "one"): (1, {"young": 0, "old": 1}),
        ("age", "number"): (2, {}),
    }
    assert [(row["version"], row["age"]) for row in rows(app, new)] == [
        ("1", "30"),
        ("1", "40"),
        ("2", "old"),
    ]


def test_one_choice_that_became_several_is_counted_apart(app: Flask) -> None:
    publish(question("way", "select_one", "bus walk"), answers=[{"way": "bus"}])
    new = publish(
        question("way", "select_multiple", "bus walk"), answers=[{"way": ["bus", "walk"]}]
    )
    assert counts(app, new) == {
        ("way", "multiple"): (1, {"bus": 1, "walk": 1}),
        ("way", "one"): (1, {"bus": 1, "walk": 0}),
    }
    assert [(row["way"], row["way/walk"]) for row in rows(app, new)] == [
        ("bus", ""),
        ("bus walk", "1"),
    ]
