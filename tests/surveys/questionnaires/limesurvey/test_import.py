"""LimeSurvey files: every question type, both layouts, and what cannot be taken over."""

import pytest

from portal.i18n import use_language
from surveys.questionnaires.limesurvey import convert
from surveys.questionnaires.problems import ProblemList
from surveys.questionnaires.schema import Questionnaire
from surveys.questionnaires.xlsform import Reading, read

from ..forms import codes
from .files import G, Q, Sub, lss


@pytest.fixture(autouse=True)
def in_english():
    with use_language("en"):
        yield


def imported(*questions: Q, **options) -> Questionnaire:
    result = read(lss([G("Page", list(questions))], **options), "x.lss")
    assert result.questionnaire is not None, [str(p.message) for p in result.problems]
    return result.questionnaire


def rows(*questions: Q, **options) -> list[dict[str, str]]:
    """The rows of the survey sheet that the questions become, without empty cells."""
    sheet = convert(lss([G("Page", list(questions))], **options), ProblemList()).sheets["survey"]
    header = sheet.rows[0].cells
    found = [
        {key: cell for key, cell in zip(header, row.cells, strict=True) if cell}
        for row in sheet.rows[1:]
    ]
    return found[1:-1]


def checked(*questions: Q, **options) -> Reading:
    return read(lss([G("Page", list(questions))], **options), "x.lss")


def messages(result: Reading, code: str) -> list[str]:
    return [str(problem.message) for problem in result.problems if problem.code == code]


SUBS = [Sub("SQ1", "one"), Sub("SQ2", "two")]
ANSWERS = [("A1", "first"), ("A2", "second")]


@pytest.mark.parametrize("new", [True, False], ids=["l10ns", "old"])
@pytest.mark.parametrize("name", ["x.lss", "x.xlsx", "survey.csv"])
def test_both_layouts_say_the_same_whatever_the_file_is_called(new: bool, name: str) -> None:
    group = G(
        {"fa": "صفحه", "ar": "صفحة"},
        [
            Q("city", "S", {"fa": "شهر؟", "ar": "المدينة؟"}, help={"fa": "نام", "ar": "الاسم"}),
            Q(
                "how", "L", {"fa": "چطور؟", "ar": "كيف؟"},
                answers=[("A1", {"fa": "خوب", "ar": "جيد"}), ("A2", {"fa": "بد", "ar": "سيئ"})],
                relevance='city.NAOK == "تهران"', default="A1",
            ),
            Q("what", "M", {"fa": "چه؟", "ar": "ما؟"}, subs=[
                Sub("1", {"fa": "الف", "ar": "أ"}), Sub("2", {"fa": "ب", "ar": "ب"}, default="Y"),
            ]),
        ],
        relevance="",
    )  # fmt: skip
    result = read(
        lss([group], new=new, languages=("fa", "ar"), title={"fa": "عنوان", "ar": "العنوان"}), name
    )
    assert result.problems == ()
    form = result.questionnaire
    assert form is not None
    assert form.title == {"fa": "عنوان", "ar": "العنوان"}
    assert (form.languages, form.default_language, form.form_id) == (("fa", "ar"), "fa", "5")
    (page,) = form.pages
    assert page.label == {"fa": "صفحه", "ar": "صفحة"}
    city, how, what = page.questions
    assert (city.type, city.hint) == ("text", {"fa": "نام", "ar": "الاسم"})
    assert how.relevant == "${city} = 'تهران'"
    assert how.choices[0].label == {"fa": "خوب", "ar": "جيد"}
    assert how.default == "A1"
    assert (what.type, what.default) == ("select_multiple", "2")
    assert [choice.name for choice in what.choices] == ["1", "2"]


@pytest.mark.parametrize(
    ("question", "types"),
    [
        (Q("q", "L", answers=ANSWERS), ["select_one q"]),
        (Q("q", "!", answers=ANSWERS), ["select_one q"]),
        (Q("q", "O", answers=ANSWERS), ["select_one q", "text"]),
        (Q("q", "L", answers=ANSWERS, other=True), ["select_one q", "text"]),
        (Q("q", "5"), ["select_one one_to_five"]),
        (Q("q", "Y"), ["select_one yes_no"]),
        (Q("q", "G"), ["select_one gender"]),
        (Q("q", "M", subs=SUBS), ["select_multiple q"]),
        (Q("q", "M", subs=SUBS, other=True), ["select_multiple q", "text"]),
        (Q("q", "P", subs=SUBS), ["select_multiple q", "text", "text"]),
        (Q("q", "S"), ["text"]),
        (Q("q", "T"), ["text"]),
        (Q("q", "U"), ["text"]),
        (Q("q", "S", attributes={"numbers_only": "1"}), ["decimal"]),
        (Q("q", "N"), ["decimal"]),
        (Q("q", "N", attributes={"num_value_int_only": "1"}), ["integer"]),
        (Q("q", "D"), ["date"]),
        (Q("q", "D", attributes={"date_format": "dd/mm/yyyy HH:MM"}), ["dateTime"]),
        (Q("q", "D", attributes={"date_format": "HH:MM"}), ["time"]),
        (Q("q", "X"), ["note"]),
        (Q("q", "*", "{1 + 1}"), ["calculate", "note"]),
        (Q("q", "*", "{1 + 1}", attributes={"hidden": "1"}), ["calculate"]),
        (Q("q", "R", answers=ANSWERS), ["rank q"]),
        (Q("q", "I"), []),
        (Q("q", "|", attributes={"allowed_filetypes": "png, JPG"}), ["image"]),
        (Q("q", "|", attributes={"allowed_filetypes": "png, pdf"}), ["file"]),
        (Q("q", "K", subs=SUBS), ["begin group", "decimal", "decimal", "end group"]),
        (Q("q", "Q", subs=SUBS), ["begin group", "text", "text", "end group"]),
        *(
            (
                Q("q", kind, subs=SUBS, answers=answers),
                ["begin group", f"select_one {name}", f"select_one {name}", "end group"],
            )
            for kind, answers, name in [
                ("A", [], "one_to_five"),
                ("B", [], "one_to_ten"),
                ("C", [], "yes_uncertain_no"),
                ("E", [], "increase_same_decrease"),
                ("F", ANSWERS, "q"),
                ("H", ANSWERS, "q"),
            ]
        ),
        (
            Q("q", "1", subs=SUBS[:1], answers=ANSWERS, second=ANSWERS),
            ["begin group", "select_one q", "end group"] * 2,
        ),
        (
            Q("q", ";", subs=[SUBS[0], Sub("C1", "c", 1), Sub("C2", "d", 1)]),
            ["begin group", "begin group", "text", "text", "end group", "end group"],
        ),
        (
            Q("q", ":", subs=[SUBS[0], Sub("C1", "c", 1)]),
            ["begin group", "begin group", "select_one q_numbers", "end group", "end group"],
        ),
        (
            Q("q", ":", subs=[SUBS[0], Sub("C1", "c", 1)], attributes={"input_boxes": "1"}),
            ["begin group", "begin group", "decimal", "end group", "end group"],
        ),
        (
            Q(
                "q",
                ":",
                subs=[SUBS[0], Sub("C1", "c", 1)],
                attributes={"multiflexible_checkbox": "1"},
            ),
            ["begin group", "select_multiple q", "end group"],
        ),
    ],
    ids=lambda value: value.type if isinstance(value, Q) else "",
)
def test_every_question_type_becomes_rows(question: Q, types: list[str]) -> None:
    found = [row["type"].removesuffix("_1") for row in rows(question)]
    assert found == types


def test_parts_of_questions_keep_the_names_that_limesurvey_gives_them() -> None:
    found = rows(
        Q("a", "F", subs=SUBS, answers=ANSWERS),
        Q("d", "1", subs=SUBS[:1], answers=ANSWERS, second=ANSWERS),
        Q("g", ";", subs=[SUBS[0], Sub("C1", "c", 1)]),
        Q("m", "P", subs=SUBS[:1], other=True),
    )
    names = [row["name"] for row in found if not row["type"].startswith(("begin", "end"))]
    assert names == [
        "a_SQ1", "a_SQ2", "d_SQ1_0", "d_SQ1_1", "g_SQ1_C1", "m", "m_SQ1comment", "m_other",
        "m_othercomment",
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["x", "", "Ω"])
def test_an_unknown_type_is_named(kind: str) -> None:
    result = checked(Q("q", kind))
    assert not result.ok
    (problem,) = [p for p in result.problems if p.code == "unsupported_type"]
    assert (problem.sheet, problem.row, problem.column) == ("questions", 1, "type")
    assert str(problem.message).startswith("q: ")


def test_the_readers_problems_stand_where_limesurvey_has_them() -> None:
    survey = lss(
        [
            G("one", [Q("q0", "S", {"fa": "متن", "ar": "نص"})]),
            G("two", [Q("q1", "L", {"fa": "؟؟"}, answers=[("A1", {"fa": "????", "ar": "x"})])]),
        ],
        languages=("fa", "ar"),
    )
    found = {(p.code, p.sheet, p.row, p.column, p.language) for p in read(survey, "x.lss").problems}
    assert ("missing_translation", "questions", 2, "question", "ar") in found
    assert ("text_lost", "answers", 1, "answer", "fa") in found
    lost = messages(read(survey, "x.lss"), "text_lost")
    assert lost[0].startswith("q1 A1: ")


def test_what_has_no_equivalent_is_named() -> None:
    result = checked(
        Q("i", "I"),
        Q("s", "S", mandatory="S", attributes={"time_limit": "30", "page_break": "1"}),
        Q("k", "K", subs=SUBS, attributes={"random_order": "1"}),
        quotas=[{"id": 1, "name": "زنان", "qlimit": 25}],
        settings={"format": "S"},
        language_settings={"surveyls_endtext": "bye"},
    )
    assert result.ok
    assert sorted(codes(result, "warning")) == [
        "attribute_ignored", "attribute_ignored", "end_text", "language_question", "layout",
        "quota", "soft_mandatory",
    ]  # fmt: skip
    assert "“زنان” (25 answers)" in messages(result, "quota")[0]
    assert {"time_limit", "random_order"} == {
        name
        for name in ("time_limit", "random_order", "page_break")
        if any(f"“{name}”" in text for text in messages(result, "attribute_ignored"))
    }


def test_settings_become_constraints() -> None:
    found = imported(
        Q("n", "N", attributes={"min_num_value_n": "5", "max_num_value_n": "age * 2"}),
        Q("age", "N", mandatory="Y"),
        Q("s", "S", preg="/^[a-c]+$/i", attributes={"maximum_chars": "9"}),
        Q("m", "M", subs=SUBS, attributes={"max_answers": "2", "exclude_all_others": "SQ2"}),
        Q("k", "K", subs=SUBS, attributes={"equals_num_value": "100"}),
        Q("e", "S", attributes={"em_validation_q": "strlen(this) > 2"}),
        Q("o", "L", answers=ANSWERS, other=True, attributes={"other_comment_mandatory": "1"}),
        Q("h", "S", default="web", attributes={"hidden": "1"}),
        Q("u", "N", attributes={"prefix": "از", "suffix": "تومان"}),
    ).by_name
    assert found["n"].constraint == "(. >= 5) and (. <= (${age} * 2))"
    assert found["age"].required is True
    assert found["s"].constraint == "(string-length(.) <= 9) and (regex(., '[a-cA-C]+'))"
    assert found["m"].constraint == (
        "(count-selected(.) <= 2) and (not(selected(., 'SQ2')) or count-selected(.) = 1)"
    )
    assert found["k_SQ2"].constraint == "(number(coalesce(${k_SQ1}, 0)) + . = 100)"
    assert found["e"].constraint == "string-length(.) > 2"
    assert found["o_other"].required is True
    assert found["o_other"].relevant == "selected(${o}, 'other')"
    assert (found["h"].type, found["h"].default) == ("hidden", "web")
    assert found["u"].hint == {"fa": "از … تومان"}


def test_array_filter_hides_rows_that_were_not_chosen() -> None:
    found = imported(
        Q("m", "M", subs=SUBS),
        Q("a", "C", subs=[*SUBS, Sub("SQ9")], attributes={"array_filter": "m"}),
        Q("x", "C", subs=SUBS[:1], attributes={"array_filter_exclude": "m"}),
    ).by_name
    assert found["a_SQ1"].relevant == "selected(${m}, 'SQ1')"
    assert found["a_SQ9"].relevant == "false()"
    assert found["x_SQ1"].relevant == "not(selected(${m}, 'SQ1'))"
    (row,) = [
        row
        for row in rows(
            Q("m", "M", subs=SUBS),
            Q("b", "M", subs=SUBS, other=True, attributes={"array_filter": "m"}),
        )
        if "choice_filter" in row
    ]
    assert row["choice_filter"] == "name = 'other' or (selected(${m}, name))"


def test_texts_lose_their_html_and_keep_answers_woven_into_them() -> None:
    form = imported(
        Q("name", "S"),
        Q("how", "L", answers=ANSWERS),
        Q(
            "x", "X",
            "<p>Hi <b>{name}</b>&nbsp;&amp; all</p><ul><li>{how.shown}</li></ul>"
            "<a href='https://example.org/a'>here</a> {if(is_empty(name), 'you', name)}",
        ),
        language_settings={"surveyls_welcometext": "<h1>Welcome</h1>"},
    )  # fmt: skip
    assert form.by_name["x"].label["fa"] == (
        "Hi ${name} & all\n\n• ${how}\n\nhere (https://example.org/a) ${x_value}"
    )
    assert form.by_name["x_value"].calculation == "if(${name} = '', 'you', ${name})"
    assert form.pages[0].questions[0].label == {"fa": "Welcome"}


def test_lost_media_and_scripts_are_told_once_per_language() -> None:
    picture = {"fa": "<img src='a.png'>الف<script>x()</script>", "ar": "أ<video></video>"}
    result = checked(Q("a", "S", picture), Q("b", "S", picture), languages=("fa", "ar"))
    found = [(p.code, p.language) for p in result.problems]
    assert found.count(("media_lost", "fa")) == found.count(("media_lost", "ar")) == 1
    assert found.count(("script_lost", "fa")) == 1
    assert result.questionnaire is not None
    assert result.questionnaire.by_name["a"].label["fa"] == "الف"


def test_fields_of_limesurvey_in_texts_are_named() -> None:
    result = checked(Q("a", "S", "Dear {TOKEN:FIRSTNAME}, pick {2,3}"))
    assert "{TOKEN:FIRSTNAME}" in messages(result, "text_expression_lost")[0]
    assert result.questionnaire is not None
    assert result.questionnaire.by_name["a"].label["fa"] == "Dear , pick {2,3}"


@pytest.mark.parametrize(
    ("relevance", "piece"),
    [
        ('a = "1"', "write =="),
        ('nobody == "1"', "“nobody”"),
        ("strtoupper(a) == 'X'", "“strtoupper()”"),
        ("a == ", "“==”"),
        ("((a", "cannot be translated"),
        ("a.question == 'x'", "“a.question”"),
    ],
)
def test_an_expression_that_cannot_be_translated_is_an_error(relevance: str, piece: str) -> None:
    result = checked(Q("a", "S"), Q("b", "S", relevance=relevance))
    assert not result.ok
    (problem,) = [p for p in result.problems if p.severity == "error"]
    assert (problem.sheet, problem.row, problem.column) == ("questions", 2, "relevance")
    assert piece in str(problem.message)
    assert str(problem.message).startswith("b: ")


CONDITION = {"qid": 104, "scenario": 1, "method": "=="}


@pytest.mark.parametrize("new", [True, False])
def test_the_table_of_conditions_of_the_oldest_files(new: bool) -> None:
    form = imported(
        Q("a", "L", answers=ANSWERS),  # 101
        Q("m", "M", subs=SUBS[:1]),  # 102, its option 103
        Q("b", "S", relevance=""),  # 104
        new=new,
        conditions=[
            {**CONDITION, "cqid": 101, "cfieldname": "5X1X101", "value": "A1"},
            {**CONDITION, "cqid": 101, "cfieldname": "5X1X101", "value": "A2"},
            {**CONDITION, "cqid": 102, "cfieldname": "5X1X102", "value": "SQ1"},
            {**CONDITION, "cqid": 102, "cfieldname": "+5X1X102SQ1", "value": "Y", "scenario": 2},
        ],
    )
    assert form.by_name["b"].relevant == (
        "((${a} = 'A1' or ${a} = 'A2') and selected(${m}, 'SQ1')) or selected(${m}, 'SQ1')"
    )


def test_a_condition_on_the_participant_is_an_error() -> None:
    result = checked(
        Q("a", "S"),
        conditions=[
            {**CONDITION, "qid": 101, "cqid": 0, "cfieldname": "{TOKEN:AGE}", "value": "3"}
        ],
    )
    (problem,) = [p for p in result.problems if p.severity == "error"]
    assert (problem.code, problem.sheet, problem.row) == (
        "condition_not_translated", "conditions", 1,
    )  # fmt: skip


def test_the_groups_condition_goes_to_the_page() -> None:
    survey = lss([G("a", [Q("a", "Y")]), G("b", [Q("b", "S")], relevance='a == "Y"')])
    form = read(survey, "x").questionnaire
    assert form is not None
    assert form.pages[1].relevant == "${a} = 'Y'"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"<?xml version='1.0'?><document><LimeSurveyDocType>Survey</Lime", "damaged"),
        (
            b"<?xml version='1.0'?><!DOCTYPE d [<!ENTITY a 'b'>]><document>"
            b"<LimeSurveyDocType>Survey</LimeSurveyDocType></document>",
            "damaged",
        ),
        (
            b"<document><LimeSurveyDocType>Group</LimeSurveyDocType></document>",
            "not_a_survey",
        ),
        (
            b"<document><LimeSurveyDocType>Survey</LimeSurveyDocType></document>",
            "no_questions",
        ),
    ],
)
def test_files_that_hold_no_survey(data: bytes, code: str) -> None:
    result = read(data, "x.lss")
    assert code in codes(result)
    assert not result.ok


def test_duplicate_and_strange_codes_become_names() -> None:
    result = checked(Q("1st", "S"), Q("q x", "S"), Q("a", "S"), Q("a", "S"))
    assert result.questionnaire is not None
    assert list(result.questionnaire.by_name) == ["q1st", "q_x", "a", "a_2"]
    assert [(p.code, p.row) for p in result.problems] == [
        ("renamed", 1),
        ("renamed", 2),
        ("renamed", 4),
    ]
