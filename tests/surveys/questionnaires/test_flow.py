from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.i18n import use_language
from surveys.questionnaires import flow
from surveys.questionnaires.xlsform import read

from .forms import questionnaire

DEMO = Path(__file__).parents[3] / "demo" / "forms" / "i-am-mayor.xlsx"
FORM = questionnaire(
    """type|name|label|required|relevant|constraint|constraint_message|calculation|default|read_only|appearance
    begin group | first | First | | | | | | | | field-list
    integer | age | Your age | yes | | . > 0 and . < 130 | From 1 to 129, not ${age} | | | |
    select_one yes_no | job | A job? | yes | ${age} >= 15 | | | | | |
    text | where | Where, ${name}? | yes | ${job} = 'yes' | | | | | |
    end group | | | | | | | | | |
    begin group | second | Second | | ${job} = 'yes' | | | | | | field-list
    decimal | hours | Hours a day | ${double} > 40 | | . <= 24 | | | | |
    calculate | double | | | | | | ${age} * 2 | | |
    end group | | | | | | | | | |
    begin group | third | Third | | | | | | | | field-list
    select_multiple fruit | fruit | Fruit | | | count-selected(.) <= 2 | | | fig | |
    text | name | Name | | | | | | | |
    text | code | Code | | | | | | A-1 | yes |
    note | thanks | You chose ${fruit} at ${age} | | | | | | | |
    end group | | | | | | | | | |""",
    """list_name | name | label
    yes_no | yes | Yes
    yes_no | no | No
    fruit | fig | Fig
    fruit | plum | Plum
    fruit | ۳ | Three""",
)  # fmt: skip
FIRST, SECOND, THIRD = FORM.pages


@pytest.fixture(autouse=True)
def in_english():
    with use_language("en"):
        yield


def names(questions):
    return [question.name for question in questions]


def clean(name, *raw, answers=None):
    return flow.clean(FORM, FORM.by_name[name], raw, answers or {}, "en")


def test_questions_and_pages_follow_relevance():
    assert names(flow.page_questions(FORM, FIRST, {})) == ["age"]
    assert names(flow.page_questions(FORM, FIRST, {"age": 20})) == ["age", "job"]
    assert names(flow.visible_pages(FORM, {"age": 20})) == ["first", "third"]
    working = {"age": 20, "job": "yes"}
    assert names(flow.visible_pages(FORM, working)) == ["first", "second", "third"]
    # An answer that is no longer asked for counts as none.
    assert names(flow.visible_pages(FORM, {"age": 10, "job": "yes"})) == ["first", "third"]


def test_next_previous_and_progress():
    working, idle = {"age": 20, "job": "yes"}, {"age": 20, "job": "no"}
    assert flow.next_page(FORM, None, idle) is FIRST
    assert flow.next_page(FORM, FIRST, idle) is THIRD
    assert flow.next_page(FORM, FIRST, working) is SECOND
    assert flow.next_page(FORM, THIRD, working) is None
    assert flow.previous_page(FORM, THIRD, idle) is FIRST
    assert flow.previous_page(FORM, FIRST, idle) is None
    assert flow.previous_page(FORM, None, idle) is THIRD
    assert flow.progress(FORM, THIRD, idle) == (2, 2)
    assert flow.progress(FORM, THIRD, working) == (3, 3)
    # Back on a page that an earlier answer has hidden meanwhile.
    assert flow.next_page(FORM, SECOND, idle) is THIRD


@pytest.mark.parametrize(
    ("name", "raw", "value"),
    [
        ("age", "42", 42),
        ("age", " ۴۲ ", 42),
        ("age", "٤٢", 42),
        ("age", "42.0", 42),
        ("age", "\u200f۴۲\u200e", 42),
        ("age", "+7", 7),
        ("age", "007", 7),
        ("hours", "7.5", 7.5),
        ("hours", "۷٫۵", 7.5),
        ("hours", "7,5", 7.5),
        ("hours", "۷/۵", 7.5),
        ("hours", ".5", 0.5),
        ("job", "yes", "yes"),
        ("fruit", "plum", ["plum"]),
        ("fruit", "plum fig", ["fig", "plum"]),
        ("fruit", "3", ["۳"]),
        ("fruit", "", None),
        ("name", "  می‌نویسم ۱۷ ", "می‌نویسم ۱۷"),
        ("name", "عليّ كريم", "عليّ كريم"),
        ("name", "a\r\nb\x00", "a\nb"),
        ("name", "   ", None),
    ],
)
def test_answers_are_understood(name, raw, value):
    assert clean(name, raw, answers={"age": 10}) == (value, None)


def test_grouped_thousands():
    form = questionnaire("type | name | label\n integer | n | N")
    for raw in ("12,345,678", "۱۲٬۳۴۵٬۶۷۸", "12 345 678"):
        assert flow.clean(form, form.questions[0], [raw], {}, "en") == (12345678, None)


@pytest.mark.parametrize(
    ("name", "raw", "error"),
    [
        ("age", [""], "Type a number."),
        ("age", ["many"], "Type a whole number, e.g. 12."),
        ("age", ["1.5"], "Type a whole number, e.g. 12."),
        ("age", ["1,5"], "Type a whole number, e.g. 12."),
        ("age", ["9" * 16], "This number is too large. Type a smaller one."),
        ("age", ["200"], "From 1 to 129, not 200"),
        ("hours", ["x"], "Type a number, e.g. 12.5."),
        ("hours", ["25"], "This answer does not fit the question. Check it and change it."),
        ("job", [], "Choose one answer."),
        ("job", ["maybe"], "Choose one of the answers shown."),
        ("job", ["yes", "no"], "Choose one of the answers shown."),
        ("where", [" "], "Write your answer."),
        ("fruit", ["apple"], "Choose from the answers shown."),
        ("fruit", ["fig", "plum", "۳"],
         "This answer does not fit the question. Check it and change it."),
        ("name", ["x" * 5_001], "Your answer is too long. Shorten it to 5,000 characters."),
    ],
)  # fmt: skip
def test_errors_say_what_to_do(name, raw, error):
    assert clean(name, *raw, answers={"age": 10})[1] == error


def test_the_form_s_own_messages_win_in_the_reader_s_language():
    form = read(DEMO.read_bytes(), "form.xlsx").questionnaire
    page = form.pages[0]
    raw = {"priorities": ["safety", "green", "access", "children"]}
    persian = flow.validate_page(form, page, raw, {}, "fa")
    assert persian.errors == {
        "project": "یکی از طرح‌ها را انتخاب کنید.",
        "priorities": "حداکثر سه مورد را انتخاب کنید.",
    }
    assert (
        flow.validate_page(form, page, raw, {}, "ar").errors["project"] == "اختاروا أحد المشاريع."
    )


def test_a_required_expression():
    working = {"age": 21, "job": "yes"}
    assert clean("hours", "", answers=working)[1] == "Type a number."
    assert clean("hours", "", answers={**working, "age": 20}) == (None, None)


def test_a_page_is_checked_as_a_whole():
    result = flow.validate_page(FORM, FIRST, {"age": ["20"], "job": ["yes"]}, {}, "en")
    assert result.errors == {"where": "Write your answer."}
    assert result.values == {"age": 20, "job": "yes"}
    # Irrelevant answers of the same page neither count nor hinder.
    young = flow.validate_page(FORM, FIRST, {"age": ["9"], "job": ["?"], "where": [""]}, {}, "en")
    assert (young.ok, young.values) == (True, {"age": 9})


def test_a_question_that_an_answer_reveals_is_shown_without_an_error():
    first = flow.validate_page(FORM, FIRST, {"age": ["20"]}, {}, "en", shown=["age"])
    assert (first.ok, first.errors, first.revealed) == (False, {}, ("job",))
    second = flow.validate_page(
        FORM, FIRST, {"age": ["20"], "job": ["no"]}, first.values, "en", shown=["age", "job"]
    )
    assert second.ok


def test_a_wrong_number_does_not_use_the_old_one():
    result = flow.validate_page(FORM, FIRST, {"age": ["x"]}, {"age": 20, "job": "yes"}, "en")
    assert result.errors == {"age": "Type a whole number, e.g. 12."}


def test_read_only_answers_cannot_be_changed():
    answers = flow.initial_answers(FORM)
    assert answers == {"fruit": ["fig"], "code": "A-1"}
    assert clean("code", "forged", answers=answers) == ("A-1", None)
    page = flow.validate_page(FORM, THIRD, {"code": ["forged"]}, answers, "en")
    assert page.values == {"fruit": None, "name": None}


def test_calculations_and_pruning():
    answers = {"age": 20, "job": "yes", "where": "x", "fruit": ["fig"], "stranger": 1}
    assert flow.calculate(FORM, answers) == {"double": 40}
    assert flow.calculate(FORM, {"age": 20}) == {"double": None}
    assert flow.prune(FORM, answers) == {
        "age": 20, "job": "yes", "where": "x", "double": 40, "fruit": ["fig"],
    }  # fmt: skip
    assert flow.prune(FORM, {**answers, "age": 9}) == {"age": 9, "fruit": ["fig"]}


def test_what_is_still_missing_at_the_end():
    page, errors = flow.unfinished(FORM, {"age": 20, "job": "yes"}, "en")
    assert (page.name, errors) == ("first", {"where": "Write your answer."})
    assert flow.unfinished(FORM, {"age": 20, "job": "no"}, "en") is None


def test_labels_take_answers_in():
    state = flow.State(FORM, {"age": 20, "fruit": ["fig", "plum"]}, lang="en")
    label = FORM.by_name["thanks"].label["en"]
    assert flow.fill(label, state, "en") == "You chose Fig, Plum at 20"
    assert (
        flow.fill(label, state, "fa", lambda text: f"[{text}]") == "You chose [Fig، Plum] at [20]"
    )


def test_today_is_the_city_s_day():
    form = questionnaire("type | name | calculation\n calculate | day | today()")
    at = datetime(2024, 3, 19, 21, 0, tzinfo=UTC)  # half past midnight in Tehran
    assert flow.calculate(form, {}, at) == {"day": "2024-03-20"}


def test_thousands_of_calculations_in_a_row():
    rows = "\n".join(
        f"calculate | c{n} | | ${{c{n + 1}}} + 1" if n < 2_999 else f"integer | c{n} | Last |"
        for n in range(3_000)
    )
    form = questionnaire(f"type | name | label | calculation\n{rows}")
    assert flow.calculate(form, {"c2999": 1})["c0"] == 3_000


RAW = st.dictionaries(
    st.sampled_from([question.name for question in FORM.questions]),
    st.lists(st.one_of(st.text(max_size=12), st.sampled_from(["yes", "fig", "20"])), max_size=3),
)


@given(RAW, st.sampled_from(FORM.pages), st.sampled_from(["fa", "ar", "en", "de"]))
def test_any_submission_is_stored_or_explained(raw, page, lang):
    result = flow.validate_page(FORM, page, raw, {}, lang)
    assert not set(result.values) & set(result.errors)
    assert all(result.errors.values())
    if not result.errors:
        typed = {
            name: value if isinstance(value, list) else [str(value)]
            for name, value in result.values.items()
            if value is not None
        }
        assert flow.validate_page(FORM, page, typed, {}, lang) == result


@given(RAW)
def test_walking_to_the_end_always_ends(raw):
    answers, page, steps = {}, flow.next_page(FORM, None, {}), 0
    while page is not None:
        answers |= flow.validate_page(FORM, page, raw, answers, "en").values
        page = flow.next_page(FORM, page, answers)
        steps += 1
    assert steps <= len(FORM.pages)
    pruned = flow.prune(FORM, answers)
    assert flow.prune(FORM, pruned) == pruned
