"""The editor leaves alone what it has no field for, and finds nothing wrong in what the import
lets through."""

from pathlib import Path

from flask import Flask

from surveys.editor import checks, documents
from surveys.editor.question_form import QuestionForm
from surveys.questionnaires.schema import Questionnaire
from surveys.questionnaires.xlsform import read
from tests.factories.surveys import make_survey
from tests.surveys.editor.pages import ALL, begin, definition, send, staff
from tests.surveys.questionnaires.forms import questionnaire

FORM = questionnaire(
    """
    type | name | label | guidance_hint | relevant | choice_filter | repeat_count | parameters
    select_one city | city | City | Where you sleep | | | |
    select_one area | area | Area | | | city = ${city} | |
    rank wish | wish | Order | | | | |
    range | how_far | How far | | | | | start=0 end=10 step=1
    date | born | Born | | | | |
    begin repeat | child | Child | | ${city} = 'qom' | | 2 |
    text | name | Name | | | | |
    integer | age | Age of ${name} | | | | |
    end repeat | | | | | | |
    geopoint | home | Home | | | | |
    """,
    """
    list_name | name | label | city
    city | qom | Qom |
    city | yazd | Yazd |
    area | a | A | qom
    area | b | B | yazd
    wish | park | Park |
    wish | lamp | Lamp |
    """,
)


def test_what_the_import_lets_through_has_no_error_here() -> None:
    assert checks.errors(FORM.to_json()) == []


def test_the_form_with_every_type_has_no_error_either() -> None:
    form = Path(__file__).parents[1] / "questionnaires" / "every_type.md"
    found = read(form.read_bytes(), form.name).questionnaire
    assert found is not None
    assert checks.errors(found.to_json()) == []
    for question in found.to_json()["pages"][0]["questions"]:
        assert QuestionForm.of(question, found.languages).question(question) == question


def test_every_question_survives_its_form_untouched() -> None:
    document = FORM.to_json()
    for page in document["pages"]:
        for question in page["questions"]:
            assert QuestionForm.of(question, FORM.languages).question(question) == question


def test_repeats_and_guidance_have_texts_too() -> None:
    pointers = {row.pointer for row in documents.text_rows(FORM.to_json())}
    assert {"questions/city/guidance", "repeats/child/label"} <= pointers


def test_a_repeat_that_others_count_is_known_and_a_wrong_filter_is_found() -> None:
    broken = FORM.to_json()
    area = documents.find_question(broken, "area")
    assert area is not None
    area["choice_filter"] = "city = ${town}"
    assert [remark.code for remark in checks.errors(broken)] == ["unknown_reference"]


def test_a_draft_with_every_type_is_edited_previewed_and_published(app: Flask) -> None:
    make_survey("TYPES", FORM)
    analyst = staff(app)
    draft = begin(analyst, "TYPES")
    page = FORM.page_of["wish"].name
    answer = send(analyst, f"{draft}/texts?page={page}", **{"t:questions/wish/label:en": "Rank"})
    assert answer.status_code == 303, answer.text
    answer = send(analyst, f"{draft}/questions/area", **{"label-en": "Quarter", "do": "save"})
    assert answer.status_code == 303, answer.text
    found = Questionnaire.from_json(definition(app))
    assert found.by_name["area"].choice_filter == FORM.by_name["area"].choice_filter
    assert found.by_name["area"].label == {"en": "Quarter"}
    assert analyst.get(f"{draft}/preview?show=en").status_code == 200
    assert send(analyst, f"{draft}/publish", f"{draft}/review").status_code == 303
    assert "Quarter" in analyst.get(f"{ALL}/TYPES/changes").text
