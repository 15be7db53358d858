"""What a page carries for its script: only what its own answers change, and not too much."""

import json

import pytest

from portal.i18n import use_language
from surveys.questionnaires import display
from surveys.questionnaires.in_page import MAX_JSON, page_logic
from tests.factories.surveys import question
from tests.factories.surveys import questionnaire as form

from .forms import questionnaire


def logic(q, page=0, answers=None, lang="en"):
    with use_language(lang):
        return page_logic(q, q.pages[page], answers or {}, lang)


def data(found):
    return json.loads(str(found.json))


def entries(found):
    return {entry["n"]: entry for entry in data(found)["questions"]}


@pytest.mark.parametrize(
    "questions",
    [
        [question("a"), question("b", "integer")],
        [question("a", relevant="today() > '2000-01-01'")],
        [question("a", required="random() > 2", label={"en": "x"})],
        [question("a", "note", relevant="random() > 2")],
    ],
)
def test_a_page_without_logic_of_its_own_has_no_script(questions):
    assert logic(form(questions)) is None


def test_what_other_pages_decide_is_a_constant():
    q = form(
        [question("one"), question("two", relevant="${one} = 'x'")],
        [
            question("three", relevant="${one} = 'x'"),
            question("four", relevant="${three} = ${one}"),
        ],
    )
    found = logic(q, 1, {"one": "x", "three": "x"})
    assert found.hidden == frozenset()
    assert data(found)["values"] == {"one": "x"}
    assert entries(found)["three"]["r"] is True
    assert entries(found)["four"]["r"] == [["chain", ["="], [["$", "three"], ["$", "one"]]]]


def test_calculations_of_other_pages_that_follow_this_one_are_followed():
    q = form(
        [question("many", "integer"), question("herd", "note", relevant="${legs} > 8")],
        [question("legs", "calculate", calculation="${many} * 4")],
    )
    found = logic(q)
    assert found.hidden == {"herd"}
    assert entries(found)["legs"]["v"] == ["chain", ["*"], [["$", "many"], 4]]


def test_what_only_the_server_can_compute_stays_as_it_was():
    q = form(
        [
            question("a"),
            question("b", relevant="regex(${a}, '(?i)x') or ${a} = 'y'"),
            question("c", relevant="regex(${a}, '[a-z]+')"),
            question("d", relevant="${b} = 'x'"),
        ]
    )
    found = logic(q, answers={"a": "X"})
    # Whether b has an answer at all is for the server to say, so d waits for it as well.
    assert found.hidden == {"c"}
    assert "b" not in entries(found)


def test_a_page_that_would_grow_too_large_is_left_to_the_server():
    many = [question("a"), *(question(f"q{n}", relevant="${a} = 'x'") for n in range(600))]
    assert logic(form(many)) is None
    some = logic(form(many[:200]))
    assert len(some.json) <= MAX_JSON


def test_answers_cannot_end_the_data_block():
    q = form(
        [question("b", relevant="${a} = ${c}"), question("c")],
        [question("a")],
    )
    found = logic(q, answers={"a": "</script><script>alert(1)</script>&'"})
    assert "<" not in found.json
    assert data(found)["values"]["a"] == "</script><script>alert(1)</script>&'"


def test_a_text_follows_the_answer_it_quotes_and_stays_escaped(context):
    q = form([question("a"), question("n", "note", label={"en": "<b> ${a}"})])
    with use_language("en"):
        found = page_logic(q, q.pages[0], {"a": "<i>"}, "en")
        label = display.fields(q, q.pages[0], {"a": "<i>"}, "en", logic=found)[1].label.text
    assert label == '&lt;b&gt; <span data-answer="a">\u2066&lt;i&gt;\u2069</span>'


CHILDREN = """
type | name | label | relevant | calculation | constraint
integer | limit | Limit | | |
begin repeat | child | Child | | |
integer | age | Age | | | . < ${limit}
text | school | School of ${age} | ${age} > 5 and position(..) > 1 | |
text | elder | Elder | ${age} > sum(${ages}) | |
text | eldest | Eldest | ${age} >= max(indexed-repeat(${age}, ${child}, 1)) | |
text | only | Only | count(${child}[age > 3]) = 1 | |
end repeat | | | | |
calculate | ages | | | 7 |
"""


def test_a_round_of_a_repeat_has_the_script_for_what_is_its_own():
    q = questionnaire(CHILDREN)
    page = next(page for page in q.pages if page.repeat).in_round(2)
    with use_language("en"):
        found = page_logic(q, page, {"limit": 90, "child": [{"age": 3}, {"age": 9}]}, "en")
    sent = data(found)
    assert (sent["position"], sent["size"]) == (2, 2)
    # What looks at all rounds is the server's to say.
    placed = {entry["n"] for entry in sent["questions"] if "f" not in entry}
    assert placed == {"school", "elder"}
    assert sent["values"]["limit"] == 90
    assert found.quoted == {"age"}


def test_choices_that_a_filter_may_offer_are_sent_along():
    survey = """
type | name | label | choice_filter | parameters | relevant
select_one a | a | A | | |
select_one b | b | B | a = ${a} | |
select_one b | c | C | a = ${a} | randomize=true |
text | d | D | | | ${b} = 'x'
text | e | E | | | ${c} = 'x'
"""
    q = questionnaire(
        survey, "list_name | name | label | a\na | u | U |\na | v | V |\nb | x | X | u"
    )
    found = logic(q)
    assert (found.filtered, found.hidden) == ({"b"}, {"b", "d"})
    entry = entries(found)["b"]
    assert entry["o"] == [["x", {"a": "u", "name": "x"}]]
    assert entry["w"] == ["chain", ["="], [["bare", "a"], ["$", "a"]]]


def test_only_what_the_script_can_write_is_followed_in_a_text():
    q = form(
        [
            question("who"),
            question("born", "date"),
            question("why", label={"en": "Why, ${who}, born ${born}?"}, relevant="${born} != ''"),
        ]
    )
    answers = {"who": "Ali", "born": "1981-03-21"}
    with use_language("en"):
        found = page_logic(q, q.pages[0], answers, "en")
        *_others, why = display.fields(q, q.pages[0], answers, "en", logic=found)
    assert "born" in entries(found), "the script knows the date, but not how a reader writes it"
    assert found.quoted == {"who"}
    assert why.label.text.count("data-answer") == 1
    assert 'data-answer="who"' in why.label.text
