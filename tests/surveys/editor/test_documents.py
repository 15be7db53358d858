"""Pure functions of the editor: merging of texts, edits, differences, checks."""

import copy
import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys.editor import changes, checks, documents
from surveys.editor.question_form import QuestionForm
from surveys.questionnaires.schema import Questionnaire
from tests.factories.surveys import mayor, question, questionnaire, texts

FORM = questionnaire(
    [
        question("way", "select_one", "bus walk car", hint=texts("hint")),
        question("why", relevant="${way} = 'bus'"),
    ],
    [question("age", "integer", constraint=". < 120", constraint_message=texts("less"))],
).to_json()


def pointer(document: dict[str, Any], name: str, key: str = "label") -> str:
    return next(
        row.pointer
        for row in documents.text_rows(document)
        if row.question == name and row.key == key and not row.choice
    )


def test_every_text_of_a_real_poll_has_an_address_of_its_own() -> None:
    form = mayor().to_json()
    rows = documents.text_rows(form)
    assert len({row.pointer for row in rows}) == len(rows)
    words = sum(len(row.texts) for row in rows)
    assert words == str(form).count("'fa':") + str(form).count("'ar':") + str(form).count("'en':")


def test_addresses_stay_when_questions_move_and_names_are_odd() -> None:
    q = questionnaire([question("a/b~c", "select_one", "x x"), question("d")]).to_json()
    pointers = {row.pointer for row in documents.text_rows(q)}
    assert len(pointers) == len(documents.text_rows(q)) == 6
    moved = documents.move_question(q, "d", -1)
    assert {row.pointer for row in documents.text_rows(moved)} == pointers


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)
PLACES = [
    (row.pointer, language) for row in documents.text_rows(FORM) for language in ("fa", "ar", "en")
]
EDITS = st.dictionaries(st.sampled_from(PLACES), TEXT, max_size=6)


def shown(document: dict[str, Any]) -> dict[tuple[str, str], str]:
    """What a form of the whole document sends when nothing is touched."""
    found = {row.pointer: row.texts for row in documents.text_rows(document)}
    return {(at, lang): found.get(at, {}).get(lang, "") for at, lang in PLACES}


@given(EDITS, EDITS)
def test_two_editors_lose_nothing(one: dict[Any, str], two: dict[Any, str]) -> None:
    """Whatever both type over the same state: each text is somebody's, and where both changed it
    differently nothing of the second is kept and it is told."""
    first = documents.merge_texts(FORM, FORM, {**shown(FORM), **one})
    assert first.ok
    second = documents.merge_texts(FORM, first.document, {**shown(FORM), **two})
    before, now = shown(FORM), shown(first.document)
    clash = {
        place
        for place, text in two.items()
        if text != before[place] and now[place] not in (before[place], text)
    }
    assert set(second.conflicts) | set(second.gone) >= clash
    if second.ok:
        merged = shown(second.document)
        for place in PLACES:
            mine, theirs = two.get(place, before[place]), now[place]
            assert merged[place] == (mine if mine != before[place] else theirs)
    for place, text in two.items():
        if text != before[place]:
            assert second.show[place] == text, "what was typed stands in the form again"


def test_a_form_that_was_not_touched_changes_nothing() -> None:
    assert documents.merge_texts(FORM, FORM, shown(FORM)).document == FORM


def test_a_text_of_a_question_that_is_gone_is_told() -> None:
    place = (pointer(FORM, "age"), "fa")
    current = documents.remove_question(FORM, "age")
    merge = documents.merge_texts(FORM, current, {place: "چند سال؟"})
    assert merge.gone == [place]
    assert not merge.ok


def test_edits_never_touch_what_they_are_given() -> None:
    before = copy.deepcopy(FORM)
    documents.move_question(FORM, "way", 1)
    documents.remove_question(FORM, "age")
    documents.put_question(FORM, {"name": "way", "type": "text"}, "p1")
    documents.add_language(FORM, "tr")
    assert before == FORM


def test_a_question_moves_within_its_page_and_stops_at_the_edge() -> None:
    moved = documents.move_question(FORM, "way", 1)
    assert [q["name"] for q in moved["pages"][0]["questions"]] == ["why", "way"]
    assert documents.move_question(moved, "way", 1) == moved
    assert documents.move_question(moved, "way", -1) == FORM


def test_a_page_without_questions_goes() -> None:
    assert [page["name"] for page in documents.remove_question(FORM, "age")["pages"]] == ["p1"]


def test_fields_this_editor_knows_nothing_of_stay() -> None:
    odd = copy.deepcopy(FORM)
    odd["pages"][0]["questions"][0]["randomize"] = {"seed": 7}
    odd["pages"][0]["questions"][0]["choices"][0]["media"] = {"fa": "a.png"}
    found = documents.find_question(odd, "way")
    assert found
    assert QuestionForm.of(found, ["fa", "ar", "en"]).question(found) == found


# Differences


def differences(old: dict[str, Any], new: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    return [(c.kind, c.subject, c.name, c.what) for c in changes.changes(old, new)]


def test_no_change_no_difference() -> None:
    assert changes.changes(FORM, copy.deepcopy(FORM)) == []


def test_each_kind_of_change_is_named() -> None:
    new = copy.deepcopy(FORM)
    way, why = new["pages"][0]["questions"]
    way["label"]["fa"] = "چگونه می‌روید؟"
    way["choices"] = [
        way["choices"][1],
        way["choices"][0],
        {"name": "bike", "label": {"fa": "دوچرخه"}},
    ]
    why["relevant"] = "${way} = 'bike'"
    why["required"] = True
    new["pages"][1]["questions"] = [{"name": "home", "type": "text", "label": {"fa": "خانه"}}]
    assert differences(FORM, new) == [
        ("changed", "question", "way", "label"),
        ("added", "choice", "bike", ""),
        ("removed", "choice", "car", ""),
        ("moved", "choice", "walk", ""),
        ("changed", "question", "why", "relevant"),
        ("changed", "question", "why", "required"),
        ("added", "question", "home", ""),
        ("removed", "question", "age", ""),
    ]


def test_a_type_that_changes_and_a_question_on_another_page() -> None:
    new = copy.deepcopy(FORM)
    age = new["pages"][1]["questions"].pop()
    age["type"] = "decimal"
    new["pages"][0]["questions"].append(age)
    found = differences(FORM, new)
    assert ("moved", "question", "age", "page") in found
    assert ("changed", "question", "age", "type") in found


def test_as_few_as_possible_are_called_moved() -> None:
    names = ["a", "b", "c", "d", "e"]
    old = questionnaire([question(name) for name in names]).to_json()
    for order in itertools.permutations(names):
        new = questionnaire([question(name) for name in order]).to_json()
        moved = {c.name for c in changes.changes(old, new) if c.kind == "moved"}
        stay = [name for name in order if name not in moved]
        assert stay == sorted(stay)
        longest = max(
            n
            for n in range(6)
            if any(list(c) == sorted(c) for c in itertools.combinations(order, n))
        )
        assert len(stay) == longest


# Checks


def codes(document: dict[str, Any]) -> list[str]:
    return [remark.code for remark in checks.check(document)]


def test_a_sound_questionnaire_has_no_error() -> None:
    assert checks.errors(FORM) == []
    assert checks.errors(mayor().to_json()) == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"relevant": "${nobody} = 1"}, "unknown_reference"),
        ({"relevant": "${way} = "}, "expression_syntax"),
        ({"relevant": "way = 'bus'"}, "unknown_reference"),
        ({"label": {}}, "missing_label"),
        ({"label": {"fa": "به ${nobody}"}}, "unknown_reference"),
        ({"type": "select_one"}, "missing_list"),
        ({"type": "integer", "default": "many"}, "invalid_default"),
        ({"label": {"fa": "????"}}, "text_lost"),
        ({"label": {"fa": "تنها فارسی"}}, "missing_translation"),
        ({"relevant": "${way} = 'boat'"}, "unknown_choice"),
        ({"relevant": "selected(${way}, 'boat')"}, "unknown_choice"),
        ({"type": "calculate"}, "missing_calculation"),
        ({"label": {"fa": "x" * 6000}}, "text_long"),
        ({"name": "1 2"}, "invalid_name"),
        ({"name": "way"}, "duplicate_name"),
    ],
)
def test_what_is_wrong_is_found(change: dict[str, Any], code: str) -> None:
    broken = copy.deepcopy(FORM)
    broken["pages"][0]["questions"][1].update(change)
    assert code in codes(broken)
    assert code not in codes(FORM)


def test_circles_are_found() -> None:
    broken = copy.deepcopy(FORM)
    broken["pages"][0]["questions"][0]["relevant"] = "${why} != ''"
    assert "cycle" in codes(broken)


def test_who_depends_on_a_question_is_known() -> None:
    document = questionnaire(
        [question("a"), question("b", relevant="${a} = 1"), question("c", label={"fa": "${a}؟"})]
    ).to_json()
    assert checks.referrers(document, "a") == ["b", "c"]
    assert checks.referrers(document, "c") == []


def test_what_is_counted_is_what_the_import_counts() -> None:
    assert checks.visible_count(FORM) == 3
    assert Questionnaire.from_json(FORM).to_json() == FORM
