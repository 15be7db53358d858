import io
import os
import zipfile
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.i18n import use_language
from surveys.questionnaires.schema import Choice, Page, Question, Questionnaire
from surveys.questionnaires.xlsform import read

from .forms import codes, markdown, questionnaire, reading

ROOT = Path(__file__).parents[3]
DEMO = ROOT / "demo" / "forms"
REAL = Path(os.environ.get("REAL_FORMS", ROOT.parent / "shared" / "forms"))


@pytest.fixture(autouse=True)
def in_english():
    with use_language("en"):
        yield


def problem(result, code):
    found = [problem for problem in result.problems if problem.code == code]
    assert len(found) == 1, [(p.code, str(p.message)) for p in result.problems]
    return found[0]


def xlsx(**sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_the_demonstration_poll_is_flawless():
    result = read((DEMO / "i-am-mayor.xlsx").read_bytes(), "i-am-mayor.xlsx")
    assert result.problems == ()
    form = result.questionnaire
    assert form.languages == ("fa", "ar", "en")
    assert form.default_language == "fa"
    assert form.title == {"fa": "من شهردارم", "ar": "أنا رئيس البلدية", "en": "I am Mayor"}
    assert [page.name for page in form.pages] == ["neighbourhood", "services", "about_you"]
    assert form.by_name["priorities"].constraint == "count-selected(.) <= 3"
    assert all(set(question.label) == {"fa", "ar", "en"} for question in form.questions)
    assert Questionnaire.from_json(form.to_json()) == form


def test_every_mistake_of_the_broken_form_is_listed():
    result = read((DEMO / "broken.xlsx").read_bytes(), "broken.xlsx")
    assert result.questionnaire is None
    assert {(p.sheet, p.row, p.code) for p in result.problems} == {
        ("survey", 1, "unknown_column"),
        ("survey", 2, "group_not_closed"),
        ("survey", 4, "duplicate_name"),
        ("survey", 5, "unknown_type"),
        ("survey", 7, "invalid_name"),
        ("survey", 8, "missing_name"),
        ("survey", 9, "missing_list"),
        ("survey", 10, "unknown_reference"),
        ("survey", 10, "missing_translation"),
        ("survey", 11, "expression_syntax"),
        ("survey", 12, "unknown_reference"),
        ("survey", 13, "text_lost"),
        ("survey", 14, "cycle"),
        ("survey", 16, "unknown_column"),
        ("survey", 17, "missing_label"),
        ("survey", 19, "wrong_end"),
        ("choices", 4, "duplicate_choice"),
        ("choices", 5, "invalid_choice_name"),
        ("choices", 6, "missing_choice_name"),
        ("choices", 7, "missing_list_name"),
    }
    duplicate = problem(result, "duplicate_name")
    assert "rows 3 and 4" in str(duplicate.message)
    assert problem(result, "missing_translation").language == "en"
    assert "Did you mean “visited”" in str(
        next(p for p in result.problems if p.code == "unknown_reference").message
    )


@pytest.mark.skipif(not REAL.is_dir(), reason=f"SKIPPED LOUDLY: no real questionnaires in {REAL}")
def test_real_forms_are_imported_or_have_their_problems_listed():
    for path in sorted(REAL.iterdir()):
        result = read(path.read_bytes(), path.name)
        assert result.ok or codes(result), path.name
        assert result.ok == (codes(result) == []), path.name
        assert all(str(problem.message) for problem in result.problems)
    dari = read((REAL / "site-profiling-dari-pashto.xlsx").read_bytes(), "dari.xlsx")
    assert dari.languages == ("en", "fa-AF", "ps")
    assert codes(dari).count("duplicate_name") == 2
    arabic = read((REAL / "household-arabic-survey.csv").read_bytes(), "arabic.csv")
    assert arabic.languages == ("en", "ar")
    assert "encoding_repaired" in codes(arabic, "warning")
    assert read((REAL / "pyxform-table-list.xls").read_bytes(), "x.csv").ok
    twice = read((REAL / "pyxform-duplicate_columns.xlsx").read_bytes(), "twice.xlsx")
    assert "“label” occurs twice" in str(problem(twice, "duplicate_column").message)


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("label::Persian (fa)", "fa"),
        ("label::فارسی", "fa"),
        ("label: Arabic", "ar"),
        ("label::english(en)", "en"),
        ("Label :: en", "en"),
        ("caption::العربية", "ar"),
        ("label::Dari", "fa-AF"),
        ("label::pash", "ps"),
        ("label::Chinese (zh-Hant)", "zh-Hant"),
        ("label::Azerbaijani (az_IR)", "az-IR"),
        ("label::Klingon", "x-klingon"),
    ],
)
def test_languages_of_headers(header, language):
    form = questionnaire(f"type | name | {header}\n text | q | سوال")
    assert form.languages == (language,)
    assert form.questions[0].label == {language: "سوال"}


def test_a_bare_label_takes_the_language_that_is_left():
    result = reading(
        """type | name | label | label::Dari | hint::English | hint::Dari
        text | q | Village | قریه | Ask | بپرسید"""
    )
    assert result.questionnaire.questions[0].label == {"en": "Village", "fa-AF": "قریه"}
    assert codes(result, "warning") == ["language_assumed"]


def test_a_bare_label_takes_the_default_language():
    form = questionnaire(
        "type | name | label | label::Arabic (ar)\n text | q | روستا | قرية",
        settings="default_language | form_title\n Persian (fa) | عنوان",
    )
    assert form.questions[0].label == {"fa": "روستا", "ar": "قرية"}
    assert (form.default_language, form.title) == ("fa", {"fa": "عنوان"})


@pytest.mark.parametrize(
    ("text", "language"), [("What?", "en"), ("چه می‌گویید؟", "fa"), ("ما هذا؟", "ar")]
)
def test_a_form_in_one_language_needs_no_code(text, language):
    assert questionnaire(f"type | name | label\n text | q | {text}").languages == (language,)


def test_header_aliases_and_spelling():
    form = questionnaire(
        """Type|Name|Caption|Relevance|constraining message|Read Only|requiredMsg|Required
        integer | a | A | | | | |
        integer | b | B | ${a} > 1 | Too small | yes | Needed | TRUE""",
    )
    b = form.by_name["b"]
    assert b.relevant == "${a} > 1"
    assert b.constraint_message == {"en": "Too small"}
    assert b.required_message == {"en": "Needed"}
    assert (b.read_only, b.required) == (True, True)


def test_pages_follow_groups():
    form = questionnaire(
        """type | name | label | relevant | appearance
        text | a | A | |
        begin group | g | Group | ${a} = 'x' |
        text | b | B | |
        begin_group | inner | Inner | ${b} = 'y' |
        text | c | C | ../../b != '' |
        end_group | | | |
        begin group | together | Together | ${c} = 'z' | field-list
        text | d | D | |
        end group | | | |
        text | e | E | |
        end group | | | |
        text | f | F | |"""
    )
    assert [(page.name, [q.name for q in page.questions]) for page in form.pages] == [
        ("page_1", ["a"]),
        ("g", ["b", "inner", "c"]),
        ("together", ["d"]),
        ("g_2", ["e"]),
        ("page_5", ["f"]),
    ]
    assert form.pages[2].relevant == "(${a} = 'x') and (${c} = 'z')"
    assert form.by_name["c"].relevant == "(${b} = 'y') and (${b} != '')"
    assert form.by_name["inner"].appearance == "heading"
    assert form.by_name["inner"].relevant == "${b} = 'y'"
    assert Questionnaire.from_json(form.to_json()) == form


def test_or_other_asks_what():
    form = questionnaire(
        "type | name | label::Persian (fa)\n select_one colours or_other | c | رنگ",
        "list name | name | label::Persian (fa)\n colours | red | سرخ",
    )
    assert [choice.name for choice in form.by_name["c"].choices] == ["red", "other"]
    assert form.by_name["c_other"].relevant == "selected(${c}, 'other')"
    assert form.by_name["c_other"].label == {"fa": "لطفاً بنویسید:"}


def test_or_other_under_a_name_that_is_none():
    result = reading(
        "type | name | label\n select_one colours or_other | ${c | C",
        "list name | name | label\n colours | red | Red",
    )
    assert "invalid_name" in codes(result)


@pytest.mark.parametrize("container", ["group", "repeat"])
def test_a_group_whose_condition_looks_inside_it_is_named_where_it_stands(container):
    result = reading(
        f"""type | name | label | relevant
        text | before | B |
        begin {container} | inputs | I | ./source = 'user' and ${{before}} != ''
        hidden | source | |
        begin group | deep | D |
        text | who | W | ${{before}} = 'x'
        end group | | |
        end {container} | | |"""
    )
    assert [(p.code, p.row, p.column) for p in result.problems] == [("cycle", 4, "relevant")]
    message = str(problem(result, "cycle").message)
    assert "“inputs”" in message and "“source”" in message and "before the group" in message


def test_following_the_advice_about_such_a_group_mends_it():
    questionnaire(
        """type | name | label | relevant
        hidden | source | |
        begin group | inputs | I | ${source} = 'user'
        text | who | W |
        end group | | |"""
    )


@pytest.mark.parametrize(
    ("survey", "code"),
    [
        ("type | name | label\n geotrace | a | A", "unsupported_type"),
        ("type | name | label\n audio | a | A", "unsupported_type"),
        ("type | name | label\n select_one_from_file x.csv | a | A", "missing_file"),
        ("type | name | label | parameters\n range | a | A | start=1 end=x", "invalid_range"),
        (
            "type | name | label | parameters\n range | a | A | start=1 end=2 step=0",
            "invalid_range",
        ),
        ("type | name | label | default\n date | a | A | 31-31-2020", "invalid_default"),
        (
            "type | name | label\n begin repeat | r | R\n begin repeat | s | S\n text | a | A\n"
            " end repeat | |\n end repeat | |",
            "nested_repeat",
        ),
        ("type | name | label | default\n text | a | A | ${b}", "unknown_reference"),
        ("type | name | label\n select_one | a | A", "missing_list"),
        ("type | name | label\n | a | A", "missing_type"),
        ("type | label\n text | A", "missing_column"),
        ("type | name | label\n end group | |", "nothing_to_close"),
        ("type | name | label | default\n integer | a | A | many", "invalid_default"),
        ("type | name | label\n calculate | a | ", "missing_calculation"),
        ("type | name | label | relevant\n text | a | A | ${a} = 1", "cycle"),
        ("type | name | label\n text | a | Dear ${b}", "unknown_reference"),
        ("type | name | label | relevant\n text | a | A | /data/x/b = 1", "unknown_reference"),
        ("type | name | label | label\n text | a | A | B", "duplicate_column"),
        (
            "type | name | label | constraint\n text | a | A | regex(., '(a+)+')",
            "expression_pattern",
        ),
        ("name | label\n a | A", "missing_column"),
    ],
)
def test_one_mistake_one_problem(survey, code):
    result = reading(survey)
    assert result.questionnaire is None
    assert codes(result) == [code]


def test_meta_rows_are_named_and_left_out():
    result = reading("type | name | label | relevant\n deviceid | begun | |\n text | a | A |")
    assert codes(result, "warning") == ["not_recorded"]
    assert [question.name for question in result.questionnaire.questions] == ["a"]
    assert codes(
        reading(
            "type | name | label | relevant\n deviceid | begun | |\n text | a | A | ${begun} = 1"
        )
    ) == ["unknown_reference"]


def test_duplicate_choices_may_be_allowed():
    survey = "type | name | label\n select_one l | q | Q"
    choices = "list_name | name | label\n l | a | A\n l | a | B"
    assert codes(reading(survey, choices)) == ["duplicate_choice"]
    assert reading(survey, choices, "allow_choice_duplicates\n yes").ok


def test_problems_speak_the_language_of_the_reader_and_say_where():
    result = reading("type | name | label::English (en)\n txt | a | A")
    found = problem(result, "unknown_type")
    assert (found.sheet, found.row, found.column) == ("survey", 3, "type")
    assert str(found.message) == "There is no type “txt”. Did you mean “text”?"


ROWS = [["type", "name", "label::Persian (fa)", "required"], ["integer", "q1", "چند نفر؟", True]]


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (xlsx(survey=ROWS), "form.csv"),
        (b"type,name,label::Persian (fa),required\ninteger,q1,\xda\x86\xd9\x86\xd8\xaf \xd9\x86\xd9"
         b"\x81\xd8\xb1\xd8\x9f,yes\n", "form.xls"),
        ("survey,,,,\n,type,name,label::Persian (fa),required\n,integer,q1,چند نفر؟,yes\n"
         "choices\n,list_name,name\n".encode("utf-8-sig"), "form.xlsx"),
        ("type;name;label::Persian (fa);required\ninteger;q1;چند نفر؟;yes".encode("utf-16"), "f"),
        (markdown("type|name|label::Persian (fa)|required\n integer|q1|چند نفر؟|yes"), ""),
        ("type,name,label::Persian (fa),required\ninteger,q1,چند نفر؟,yes".encode("cp1256"), "f"),
    ],
    ids=["xlsx", "csv", "csv-with-sheets", "utf-16", "markdown", "windows-1256"],
)  # fmt: skip
def test_the_content_tells_the_format(data, name):
    result = read(data, name)
    assert codes(result) == []
    (question,) = result.questionnaire.questions
    assert (question.name, question.type, question.required) == ("q1", "integer", True)
    assert question.label == {"fa": "چند نفر؟"}


def test_numbers_and_truths_of_a_spreadsheet():
    form = read(
        xlsx(
            survey=[
                ["type", "name", "label", "relevant", "default"],
                ["select_one l", "q", "Q", False, 1.0],
                ["decimal", "d", "D", None, 2.5],
            ],
            choices=[["list_name", "name", "label"], ["l", 1, 2024.0], ["l", 2.0, "b"]],
        ),
        "x",
    ).questionnaire
    assert form.by_name["q"].choices == (Choice("1", {"en": "2024"}), Choice("2", {"en": "b"}))
    assert (form.by_name["q"].default, form.by_name["q"].relevant) == ("1", "false()")
    assert form.by_name["d"].default == "2.5"


def zipped(**members):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/"), content)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty_file"),
        (b" \n\n", "empty_file"),
        (b"%PDF-1.7 ...", "not_spreadsheet"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "not_spreadsheet"),
        (b"Dear all,\nplease find attached", "not_spreadsheet"),
        (b"PK\x03\x04 nonsense", "damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 nonsense", "damaged"),
        (zipped(**{"word__document.xml": "<w/>"}), "not_spreadsheet"),
        (zipped(**{"xl__workbook.xml": "<!DOCTYPE x [<!ENTITY a 'b'>]><x/>"}), "damaged"),
        (zipped(**{"xl__workbook.xml": "<x/>"}), "damaged"),
        (zipped(**{"xl__workbook.xml": " " * 5_000_000}), "too_large"),
        (xlsx(notes=[["hello"]]), "missing_sheet"),
        (xlsx(survey=[["type", "name", "label"]]), "no_questions"),
    ],
)
def test_unusable_files(data, code):
    result = read(data, "file.xlsx")
    assert (result.questionnaire, codes(result)) == (None, [code])


def test_a_million_problems_are_bounded():
    rows = "\n".join(f"txt | q{n} | L" for n in range(2_500))
    result = reading(f"type | name | label\n{rows}")
    assert len(result.problems) == 2_001
    assert str(result.problems[-1].message).startswith("500 more")


def test_a_form_of_five_thousand_rows():
    rows = "\n".join(
        f"calculate | c{n} | | ${{c{n - 1}}} + 1" if n else "integer | c0 | First |"
        for n in range(5_000)
    )
    form = questionnaire(f"type | name | label | calculation\n{rows}")
    assert len(form.questions) == 5_000


@settings(max_examples=60)
@given(st.binary(max_size=300))
def test_any_bytes_have_an_answer(data):
    result = read(data, "anything")
    assert result.ok or codes(result)


CELLS = st.sampled_from(
    ["", "text", "begin group", "end group", "select_one l", "a", "b", "${a}", "${b} + 1", ".",
     "yes", "calculate", "note", "begin repeat", "سلام", "label", "1", "???", "if(", "field-list"]
)  # fmt: skip


@settings(max_examples=150)
@given(st.lists(st.lists(CELLS, min_size=6, max_size=6), max_size=8))
def test_any_rows_have_an_answer(rows):
    header = "type | name | label | relevant | calculation | appearance"
    result = reading("\n".join([header, *(" | ".join(row) for row in rows)]))
    assert result.ok or codes(result)
    if result.questionnaire:
        assert Questionnaire.from_json(result.questionnaire.to_json()) == result.questionnaire


TEXTS = st.dictionaries(st.sampled_from(["fa", "ar", "en"]), st.text(min_size=1, max_size=8))
NAMES = st.text("abcdef_", min_size=1, max_size=6)
QUESTIONS = st.builds(
    Question,
    name=NAMES,
    type=st.sampled_from(["text", "integer", "select_one", "note", "calculate"]),
    label=TEXTS,
    hint=TEXTS,
    required=st.sampled_from([True, False, "${a} = 1"]),
    relevant=st.sampled_from(["", "${a} = 1"]),
    choices=st.lists(st.builds(Choice, NAMES, TEXTS), max_size=3).map(tuple),
    read_only=st.booleans(),
    default=st.text(max_size=4),
)


@given(
    st.builds(
        Questionnaire,
        title=TEXTS,
        languages=st.just(("fa", "en")),
        default_language=st.just("fa"),
        pages=st.lists(
            st.builds(Page, NAMES, TEXTS, st.just(""), st.lists(QUESTIONS, max_size=3).map(tuple)),
            max_size=3,
        ).map(tuple),
    )
)
def test_json_keeps_everything(form):
    assert Questionnaire.from_json(form.to_json()) == form


@pytest.mark.parametrize("data", [{}, {"format": 9}, {"format": 1, "title": 3}, {"format": 1}])
def test_foreign_json_is_refused(data):
    with pytest.raises(ValueError):
        Questionnaire.from_json(data)


def test_a_misspelt_column_is_named_with_what_was_probably_meant():
    result = reading("type | name | label | relevent_ | constrant\ntext | a | A | | . > 1")
    assert "Did you mean “constraint”?" in str(problem(result, "unknown_column").message)


def test_a_reference_typed_as_it_looks_from_right_to_left_is_noticed():
    result = reading("type | name | label::fa\ntext | a | نام\nnote | b | سلام {a}$")
    assert "${a}" in str(problem(result, "reference_turned").message)
    assert problem(result, "reference_turned").language == "fa"
    result = reading("type | name | label::fa\ntext | a | نام\nnote | b | سلام ${a}$")
    assert result.problems == ()
