"""What only some LimeSurvey questions have: it becomes something here, or is named."""

from typing import Any

import pytest

from portal.i18n import use_language
from surveys.questionnaires.flow import State
from surveys.questionnaires.flow import clean as cleaned
from surveys.questionnaires.schema import Question, Questionnaire
from surveys.questionnaires.xlsform import Reading, read

from .files import G, Q, Sub, lss

SUBS = [Sub("S1", "one"), Sub("S2", "two"), Sub("S3", "three")]
ANSWERS = [("A1", "first"), ("A2", "second")]


@pytest.fixture(autouse=True)
def in_english():
    with use_language("en"):
        yield


def checked(*questions: Q, new: bool = True, **options) -> Reading:
    return read(lss([G("Page", list(questions))], new=new, **options), "x.lss")


def imported(*questions: Q, **options) -> Questionnaire:
    result = checked(*questions, **options)
    assert result.questionnaire is not None, [str(p.message) for p in result.problems]
    return result.questionnaire


def told(result: Reading) -> list[tuple[str, str]]:
    return [(problem.code, str(problem.message)) for problem in result.problems]


def ignored(*questions: Q, **options) -> list[str]:
    """The settings that are named as without effect, with the code of their question."""
    texts = [text for code, text in told(checked(*questions, **options)) if code[:4] == "attr"]
    return [f"{text.partition(':')[0]} {text.split('“')[1].split('”')[0]}" for text in texts]


def wrong(form: Questionnaire, question: Question, raw: list[str], answers: dict[str, Any]) -> bool:
    """Whether an answer is refused."""
    return cleaned(form, question, raw, answers, "en")[1] is not None


def test_an_array_of_two_scales_is_two_tables_with_their_headers() -> None:
    form = imported(
        Q(
            "D", "1", "How?", SUBS[:2], ANSWERS, [("B1", "x"), ("B2", "y")], mandatory="Y",
            attributes={"dualscale_headerA": "Now", "dualscale_headerB": "Then"},
        )
    )  # fmt: skip
    tables = [(x.name, x.matrix, len(x.choices)) for x in form.questions if x.matrix]
    assert tables == [
        ("D_S1_0", "D", 2), ("D_S2_0", "D", 2), ("D_S1_1", "D_1", 2), ("D_S2_1", "D_1", 2),
    ]  # fmt: skip
    assert [x.label["fa"] for x in form.questions if x.type == "note"] == [
        "How?\nNow",
        "How?\nThen",
    ]
    assert form.by_name["D_S2_1"].required is True


def test_several_numbers_have_limits_of_each_and_of_the_sum() -> None:
    settings = {"min_num_value_n": "0", "max_num_value_n": "50", "equals_num_value": "100"}
    form = imported(Q("K", "K", subs=SUBS, mandatory="Y", attributes=settings))
    assert form.by_name["K_S1"].constraint == "((. >= 0) and (. <= 50))"
    third = form.by_name["K_S3"]
    answers = {"K_S1": 50, "K_S2": 20}
    assert not wrong(form, third, ["30"], answers)
    for number in ("31", "80", "-1"):
        assert wrong(form, third, [number], answers), number


@pytest.mark.parametrize(
    ("mandatory", "relevance", "is_told"),
    [("Y", "1", False), ("N", "1", True), ("Y", "b == 'Y'", True)],
)
def test_a_sum_that_may_stay_unchecked_is_named(
    mandatory: str, relevance: str, is_told: bool
) -> None:
    rows = [Sub("S1"), Sub("S2", relevance=relevance)]
    settings = {"equals_num_value": "100"}
    result = checked(Q("b", "Y"), Q("K", "K", subs=rows, mandatory=mandatory, attributes=settings))
    assert result.ok
    assert ("sum_unchecked" in dict(told(result))) == is_told


def test_numbers_in_a_grid_of_texts() -> None:
    subs = [Sub("S1"), Sub("C1", scale=1)]
    assert imported(Q("g", ";", subs=subs)).by_name["g_S1_C1"].type == "text"
    numbers = imported(Q("g", ";", subs=subs, attributes={"numbers_only": "1"}))
    assert numbers.by_name["g_S1_C1"].type == "decimal"


def test_ranking() -> None:
    form = imported(Q("R", "R", answers=ANSWERS, mandatory="Y", attributes={"random_order": "1"}))
    question = form.by_name["R"]
    assert (question.type, question.randomize, question.required) == ("rank", True, True)
    settings = {"max_answers": "2", "min_answers": "1", "array_filter": "m", "em_validation_q": "1"}
    found = ignored(Q("m", "M", subs=SUBS), Q("R", "R", answers=ANSWERS, attributes=settings))
    assert sorted(found) == [
        "R array_filter", "R em_validation_q", "R max_answers", "R min_answers",
    ]  # fmt: skip


def test_equations_count_and_show() -> None:
    form = imported(
        Q("n", "N"),
        Q("twice", "*", "{n * 2}"),
        Q("said", "*", "You say {twice}", attributes={"equation": "{if(n > 3, 'x', 'y')}"}),
        Q("quiet", "*", "{n + 1}", attributes={"hidden": "1"}),
    )
    state = State(form, {"n": 4})
    assert [state.value(name) for name in ("twice", "said", "quiet")] == [8, "x", 5]
    assert [x.name for x in form.questions if x.type == "note"] == ["twice_text", "said_text"]
    assert "expression_not_translated" in dict(told(checked(Q("e", "*", "{rand(1, 3)}"))))


def test_a_list_with_a_comment() -> None:
    form = imported(Q("O", "O", answers=ANSWERS, mandatory="Y", relevance="1"))
    assert [(x.name, x.type) for x in form.questions] == [
        ("O", "select_one"), ("O_comment", "text"),
    ]  # fmt: skip
    assert not form.by_name["O_comment"].required


@pytest.mark.parametrize("new", [True, False])
def test_several_answers_with_comments_and_another(new: bool) -> None:
    form = imported(Q("P", "P", subs=SUBS[:2], other=True), Q("t", "S", "Why: {P_othercomment}"))
    names = [x.name for x in form.questions]
    assert names[:5] == ["P", "P_S1comment", "P_S2comment", "P_other", "P_othercomment"]
    shown = State(form, {"P": ["S2", "other"]})
    asked = [x.name for x in form.questions if shown.relevant(x)]
    assert asked == ["P", "P_S2comment", "P_other", "P_othercomment", "t"]
    assert ignored(Q("P", "P", subs=SUBS, attributes={"commented_checkbox": "always"})) == [
        "P commented_checkbox"
    ]


def test_another_answer() -> None:
    settings = {
        "other_replace_text": "Else", "other_comment_mandatory": "1", "other_numbers_only": "1",
    }  # fmt: skip
    form = imported(Q("L", "L", answers=ANSWERS, other=True, default="-oth-", attributes=settings))
    assert form.by_name["L"].choices[-1].label["fa"] == "Else"
    assert form.by_name["L"].default == "other"
    other = form.by_name["L_other"]
    assert (other.type, other.required) == ("decimal", True)


@pytest.mark.parametrize("kind", ["S", "M", "F", "K", "1", "R"])
def test_soft_mandatory_is_named(kind: str) -> None:
    result = checked(Q("q", kind, subs=SUBS, answers=ANSWERS, second=ANSWERS, mandatory="S"))
    assert "soft_mandatory" in dict(told(result))
    assert result.questionnaire is not None
    assert not any(question.required for question in result.questionnaire.questions)


def test_orders_of_chance() -> None:
    form = imported(
        Q("a", "L", answers=ANSWERS, attributes={"random_order": "1"}),
        Q("b", "M", subs=SUBS, attributes={"random_order": "1"}),
        Q("c", "L", answers=ANSWERS, attributes={"answer_order": "random"}),
        Q("d", "M", subs=SUBS, attributes={"subquestion_order": "random"}),
    )
    assert all(question.randomize for question in form.questions)
    array = Q("f", "F", subs=SUBS, answers=ANSWERS, attributes={"random_order": "1"})
    assert ignored(array) == ["f random_order"]


def test_an_answer_that_excludes_the_others() -> None:
    form = imported(Q("m", "M", subs=SUBS, attributes={"exclude_all_others": "S2;S3"}))
    question = form.by_name["m"]
    assert not wrong(form, question, ["S3"], {})
    assert wrong(form, question, ["S1", "S3"], {})
    assert wrong(form, question, ["S2", "S3"], {})
    assert ignored(Q("m", "M", subs=SUBS, attributes={"exclude_all_others": "S3;S9"})) == [
        "m exclude_all_others"
    ]


def test_how_many_answers() -> None:
    form = imported(Q("m", "M", subs=SUBS, attributes={"min_answers": "2", "max_answers": "2"}))
    errors = [
        wrong(form, form.by_name["m"], found, {})
        for found in (["S1"], ["S1", "S2"], ["S1", "S2", "S3"])
    ]
    assert errors == [True, False, True]
    array = Q("f", "F", subs=SUBS, answers=ANSWERS, attributes={"min_answers": "2"})
    assert ignored(array) == ["f min_answers"]


@pytest.mark.parametrize("kind", ["F", "1", "K", "R", ":"])
def test_a_validation_of_the_whole_of_several_is_named_once(kind: str) -> None:
    subs = [*SUBS, Sub("C1", scale=1)] if kind == ":" else SUBS
    question = Q("q", kind, subs=subs, answers=ANSWERS, second=ANSWERS)
    question.attributes = {"em_validation_q": "count(that) > 1"}
    assert ignored(question) == ["q em_validation_q"]


def test_a_filter_by_a_question_that_is_not_there_hides_nothing() -> None:
    question = Q("f", "F", subs=SUBS, answers=ANSWERS, attributes={"array_filter": "gone"})
    assert ignored(question) == ["f array_filter"]
    assert not any(x.relevant for x in imported(question).questions)


def test_hidden_questions() -> None:
    fixed = imported(Q("t", "S", default="web", attributes={"hidden": "1"})).by_name["t"]
    assert (fixed.type, fixed.default) == ("hidden", "web")
    several = Q("m", "M", subs=[Sub("S1", default="Y")], attributes={"hidden": "1"})
    found = told(checked(several))
    assert "its answer stays empty" in dict(found)["hidden_question"]
    assert ignored(several) == ["m default"]


@pytest.mark.parametrize("new", [True, False])
def test_default_answers(new: bool) -> None:
    form = imported(
        Q("t", "S", default="Ali"),
        Q("l", "L", answers=ANSWERS, default="A2"),
        Q("m", "M", subs=[Sub("S1", default="Y"), Sub("S2")]),
        Q("y", "Y", default="N"),
        Q("d", "D", default="2024-01-31"),
        Q("q", "Q", subs=[Sub("S1", default="one"), Sub("S2")]),
        new=new,
    )
    names = ("t", "l", "m", "y", "d", "q_S1", "q_S2")
    assert [form.by_name[name].default for name in names] == [
        "Ali", "A2", "S1", "N", "2024-01-31", "one", "",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "question",
    [
        Q("q", "F", subs=[Sub("S1", default="A1")], answers=ANSWERS),
        Q("q", "R", answers=ANSWERS, default="A1"),
        Q("q", "N", default="{1 + 2}"),
        Q("q", "S", default="{TOKEN:FIRSTNAME}"),
    ],
    ids=lambda question: question.type,
)
def test_a_default_that_is_lost_is_named(question: Q) -> None:
    assert ignored(question) == ["q default"]


@pytest.mark.parametrize("layout", ["new", "old"])
def test_a_default_of_another_language_is_named(layout: str) -> None:
    data = lss(
        [G("Page", [Q("t", "S", default="سلام")])], new=layout == "new", languages=("fa", "en")
    )
    if layout == "new":
        more = b"<row><dvid>1010</dvid><language>en</language><defaultvalue>Hi</defaultvalue></row>"
        table = b"<defaultvalue_l10ns><rows>"
    else:
        more = (
            b"<row><qid>101</qid><sqid>0</sqid><scale_id>0</scale_id><specialtype></specialtype>"
            b"<language>en</language><defaultvalue>Hi</defaultvalue></row>"
        )
        table = b"<defaultvalues><rows>"
    assert data.count(table) == 1
    result = read(data.replace(table, table + more), "x.lss")
    assert result.questionnaire is not None
    assert result.questionnaire.by_name["t"].default == "سلام"
    ((_code, text),) = [each for each in told(result) if each[0] == "attribute_ignored"]
    assert "“default” (Hi)" in text


def test_relevance_of_rows_and_of_what_cannot_have_one() -> None:
    row = Sub("S1", relevance="b == 'Y'")
    form = imported(
        Q("b", "Y"),
        Q("f", "F", subs=[row, Sub("S2")], answers=ANSWERS),
        Q("k", "K", subs=[row, Sub("S2")]),
        Q("g", ";", subs=[row, Sub("C1", scale=1)]),
    )
    for name in ("f_S1", "k_S1", "g_S1_C1"):
        assert form.by_name[name].relevant == "${b} = 'Y'", name
    assert not form.by_name["f_S2"].relevant
    column = Sub("C1", scale=1, relevance="b == 'Y'")
    found = ignored(Q("b", "Y"), Q("m", "M", subs=[row]), Q("g", ";", subs=[Sub("S1"), column]))
    assert found == ["m relevance (S1)", "g relevance (C1)"]


def test_conditions_as_expressions_and_in_the_old_table() -> None:
    form = imported(Q("n", "N"), Q("t", "S", relevance="n.NAOK > 3 and !is_empty(n)"))
    for number, asked in ((4, True), (3, False)):
        assert State(form, {"n": number}).relevant(form.by_name["t"]) == asked
    old = {
        "cid": 1, "qid": 102, "cqid": 101, "cfieldname": "5X1X101", "method": "==", "value": "A1",
        "scenario": 1,
    }  # fmt: skip
    form = imported(Q("l", "L", answers=ANSWERS), Q("t", "S"), new=False, conditions=[old])
    assert State(form, {"l": "A1"}).relevant(form.by_name["t"])
    assert not State(form, {"l": "A2"}).relevant(form.by_name["t"])
    unknown = {**old, "method": "?"}
    result = checked(Q("l", "L", answers=ANSWERS), Q("t", "S"), new=False, conditions=[unknown])
    assert "Write it as a relevance equation" in dict(told(result))["condition_not_translated"]


def test_quotas_and_assessments_are_named() -> None:
    quota = {"id": 1, "name": "men", "qlimit": 25}
    result = checked(Q("t", "S"), quotas=[quota], settings={"assessments": "Y"})
    found = dict(told(result))
    assert "Set it up again in the campaign" in found["quota"]
    assert "points for answers" in found["assessments"]
    assert told(checked(Q("t", "S"), settings={"assessments": "N"})) == []


def test_texts_of_a_second_language_come_along_and_gaps_are_named() -> None:
    question = Q("l", "L", {"fa": "کدام؟", "en": "Which?"})
    question.answers = [("A1", {"fa": "یک", "en": "One"}), ("A2", {"fa": "دو"})]
    result = checked(question, languages=("fa", "en"))
    assert result.languages == ("fa", "en")
    (problem,) = result.problems
    assert (problem.code, problem.sheet, problem.language) == (
        "missing_translation", "answers", "en",
    )  # fmt: skip
