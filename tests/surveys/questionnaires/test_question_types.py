"""What each type takes, refuses and stores; filters, order, repeats, tables."""

import datetime as dt
import io
import zipfile

import jdatetime
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.i18n import use_language
from surveys.questionnaires import dateparts, display, flow
from surveys.questionnaires.answers import Upload, convert
from surveys.questionnaires.schema import Questionnaire
from surveys.questionnaires.xlsform import read

from .forms import codes, questionnaire, reading


@pytest.fixture(autouse=True)
def in_english():
    with use_language("en"):
        yield


def one(row, choices="", header="type | name | label | appearance | parameters"):
    return questionnaire(f"{header}\n {row}", choices).questions[0]


DATE = one("date | d | D | |")


@pytest.mark.parametrize(
    ("raw", "lang", "stored"),
    [
        (["۱۲", "persian-05", "۱۴۰۴"], "fa", "2025-08-03"),
        (["12", "persian-05", "1404"], "en", "2025-08-03"),
        (["٣", "gregorian-08", "٢٠٢٥"], "ar", "2025-08-03"),
        (["2025-08-03"], "fa", "2025-08-03"),
        (["1404/05/12"], "fa", "2025-08-03"),
        (["", "", ""], "fa", None),
        ([], "fa", None),
    ],
)
def test_dates_are_stored_in_the_gregorian_calendar(raw, lang, stored):
    assert convert(DATE, raw, lang) == (stored, None)


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        (["31", "persian-12", "1404"], "This month does not have so many days."),
        (["1", "persian-01", "2025"], "The year must be between 1250 and 1500."),
        (["1", "persian-01", "04"], "The year must be between 1250 and 1500."),
        (["1", "", "1404"], "Something is missing: the month."),
        (["", "persian-01", ""], "Something is missing: the day, the year."),
        (["x", "persian-01", "1404"], "Type the day as a number, e.g. 5."),
        (["1", "13", "1404"], "Choose the month from the list."),
    ],
)
def test_dates_that_are_none_are_explained(raw, error):
    assert convert(DATE, raw, "en") == (None, error)


@given(st.dates(dt.date(1900, 1, 1), dt.date(2100, 1, 1)), st.sampled_from(["fa", "ar", "en"]))
def test_a_date_shown_in_parts_is_read_back(day, lang):
    parts = dateparts.wanted("date", frozenset())
    shown = dateparts.split(day.isoformat(), parts, dateparts.calendar_of(lang))
    assert dateparts.join(shown, "date", parts, lang) == day.isoformat()
    if lang == "fa":
        assert int(shown[2]) == jdatetime.date.fromgregorian(date=day).year


@given(st.lists(st.text(max_size=12), max_size=6), st.sampled_from(["fa", "ar", "en", "de"]))
def test_anything_typed_is_a_value_or_a_message(raw, lang):
    for kind in ("date | d | D | |", "dateTime | d | D | month-year |", "time | d | D | |",
                 "geopoint | d | D | |", "range | d | D | | end=5"):  # fmt: skip
        question = one(kind)
        value, error = convert(question, raw, lang)
        assert value is None or error is None
        if value is not None:
            assert convert(question, [str(value)], lang) == (value, None)


def test_a_month_sent_back_in_another_calendar_is_not_moved():
    form = questionnaire("type | name | label | appearance\n date | d | D | month-year")
    page = form.pages[0]
    typed = flow.validate_page(form, page, {"d": ["persian-05", "1404"]}, {}, "fa").values
    assert typed == {"d": "2025-07-23"}
    shown = display.fields(form, page, typed, "en")[0].parts
    assert [part.value for part in shown] == ["gregorian-07", "2025"]
    again = flow.validate_page(form, page, {"d": [p.value for p in shown]}, typed, "en")
    assert again.values == typed


@pytest.mark.parametrize(
    ("row", "raw", "value"),
    [
        ("time | t | T | |", ["۷", "۵"], "07:05:00"),
        ("time | t | T | |", ["23:59"], "23:59:00"),
        ("dateTime | t | T | |", ["1", "gregorian-02", "2024", "9", "30"], "2024-02-01T09:30:00"),
        ("date | t | T | year |", ["۱۴۰۴"], "2025-03-21"),
        ("date | t | T | year |", ["2025"], "2025-01-01"),
        ("range | t | T | | start=0 end=1 step=0.1", ["0.3"], 0.3),
        ("range | t | T | | start=0 end=10", ["۷"], 7),
        ("acknowledge | t | T | |", ["OK"], "OK"),
        ("barcode | t | T | |", [" 626 "], "626"),
        ("geopoint | t | T | |", ["۳۵٫۶۸۹۲", "51.389"], "35.6892 51.389"),
        ("geopoint | t | T | |", ["35.6892, 51.389"], "35.6892 51.389"),
        ("image | t | T | |", [Upload("a.jpg")], "a.jpg"),
        ("image | t | T | |", ["a.jpg"], None),
    ],
)
def test_what_is_stored(row, raw, value):
    assert convert(one(row), raw, "fa") == (value, None)


@pytest.mark.parametrize(
    ("row", "raw"),
    [
        ("time | t | T | |", ["24", "0"]),
        ("range | t | T | | start=0 end=10 step=2", ["3"]),
        ("range | t | T | | start=0 end=10", ["11"]),
        ("geopoint | t | T | |", ["91", "0"]),
        ("geopoint | t | T | |", ["35", ""]),
        ("date | t | T | year |", ["1600"]),
    ],
)
def test_what_is_refused(row, raw):
    value, error = convert(one(row), raw, "fa")
    assert value is None and error


LIST = "list_name | name | label\n l | a | A\n l | b | B\n l | c | C"


def test_a_ranking_wants_every_place_once():
    form = questionnaire("type | name | label | required\n rank l | r | R | yes", LIST)
    page = form.pages[0]

    def sent(*raw):
        found = flow.validate_page(form, page, {"r": list(raw)}, {}, "en")
        return found.values.get("r"), found.errors.get("r")

    assert sent("a=2", "b=1", "c=3") == (["b", "a", "c"], None)
    assert sent("c b a") == (["c", "b", "a"], None)
    assert sent("a=2", "b=2", "c=3") == (None, "Two answers have place 2. Change one.")
    assert sent("a=2", "b=1", "") == (None, "Give every answer a place.")
    assert sent("", "", "") == (None, "Give every answer a place.")


CASCADE = questionnaire(
    """type | name | label | required | choice_filter
    select_one p | prov | P | yes |
    select_one c | city | C | yes | province = ${prov}""",
    """list_name | name | label | province | note
    p | isf | Isfahan | |
    p | far | Fars | |
    c | kas | Kashan | isf | x
    c | shi | Shiraz | far | y""",
)


def test_a_cascade_on_one_page_without_script():
    page = CASCADE.pages[0]
    assert [x.name for x in flow.page_questions(CASCADE, page, {})] == ["prov"]
    first = flow.validate_page(CASCADE, page, {"prov": ["isf"]}, {}, "en", shown=["prov"])
    assert (first.errors, first.revealed) == ({}, ("city",))
    (_prov, city) = display.fields(CASCADE, page, first.values, "en")
    assert [option.value for option in city.options] == ["kas"]
    both = {"prov": ["isf"], "city": ["kas"]}
    done = flow.validate_page(CASCADE, page, both, first.values, "en", shown=["prov", "city"])
    assert done.ok
    # Another province: its city has not been seen yet, and the old one is none of it.
    changed = flow.validate_page(
        CASCADE, page, {**both, "prov": ["far"]}, done.values, "en", shown=["prov", "city"]
    )
    assert changed.errors == {"city": "Choose one answer."}
    assert flow.prune(CASCADE, {"prov": "far", "city": "kas"}) == {"prov": "far"}
    # Only the columns that the filter looks at are kept.
    assert CASCADE.by_name["city"].choices[0].columns == {"province": "isf"}


def test_random_order_is_each_ones_own_stays_and_is_recorded():
    names = " ".join("abcdefgh")
    rows = "\n".join(f"l | {name} | {name}" for name in names.split())
    form = questionnaire(
        "type | name | label | parameters\n select_one l or_other | q | Q | randomize=true",
        f"list_name | name | label\n{rows}",
    )

    def order(seed):
        state = flow.State(form, {".seed": seed})
        return [choice.name for choice in state.choices(form.by_name["q"])]

    assert order("x") == order("x")
    assert len({tuple(order(str(seed))) for seed in range(30)}) > 25
    assert all(order(str(seed))[-1] == "other" for seed in range(5))
    final = flow.prune(form, {".seed": "x", "q": "a"})
    assert final == {"q": "a", "q_order": order("x")}
    assert flow.prune(form, final) == final
    # Each choice comes first about as often as any other.
    firsts = [order(str(seed))[0] for seed in range(800)]
    assert all(60 < firsts.count(name) < 145 for name in names.split())


REPEAT = questionnaire(
    """type | name | label | relevant | calculation | repeat_count | default | constraint
    integer | n | How many | | | | |
    begin repeat | child | Child | | | ${n} | |
    text | name | Name of ${n} | | | | |
    integer | age | Age | | | | 3 | . < 18
    calculate|total||| ${age} + coalesce(indexed-repeat(${total}, ${child}, position(..)-1),0) | | |
    integer | toys | Toys of ${name}? | ${age} > 2 | | | |
    end repeat | | | | | | |
    begin repeat | pet | Pet | ${n} > 0 | | | |
    text | pet_name | Name | | | | |
    end repeat | | | | | | |
    calculate | ages | | | sum(${age}) | | |
    calculate | children | | | count(${child}) | | |
    note | end | ${name}: ${ages} | | | | |"""
)  # fmt: skip


def test_a_repeat_counts_its_rounds_and_every_round_sees_itself():
    answers = {"n": 2, "child": [{"name": "Ali", "age": 2}, {"name": "Sara", "age": 9, "toys": 4}]}
    pages = [page.name for page in flow.visible_pages(REPEAT, answers)]
    assert pages == ["page_1", "child@1", "child@2", "pet@1", "page_4"]
    second = REPEAT.page("child@2")
    shown = {page: [f.name for f in display.fields(REPEAT, REPEAT.page(page), answers, "en")]
             for page in ("child@1", "child@2")}  # fmt: skip
    assert shown == {"child@1": ["name", "age"], "child@2": ["name", "age", "toys"]}
    assert str(display.heading(REPEAT, second, answers, "en").text) == "Child (2 of 2)"
    toys = display.fields(REPEAT, second, answers, "en")[2]
    assert "Sara" in toys.label.text
    final = flow.prune(REPEAT, answers)
    assert [row["total"] for row in final["child"]] == [2, 11]
    assert (final["ages"], final["children"]) == (11, 2)
    assert flow.prune(REPEAT, final) == final
    assert REPEAT.page_at(REPEAT.number_of(second)) == second
    assert Questionnaire.from_json(REPEAT.to_json()) == REPEAT


def test_a_round_is_validated_and_stored_in_its_place():
    second = REPEAT.page("child@2")
    found = flow.validate_page(REPEAT, second, {"name": ["Sara"], "age": ["9"]}, {"n": 2}, "en")
    assert found.values == {"child": [{"age": 3}, {"name": "Sara", "age": 9}]}
    wrong = flow.validate_page(REPEAT, second, {"age": ["20"]}, {"n": 2}, "en")
    assert set(wrong.errors) == {"age"}
    page, errors = flow.unfinished(REPEAT, {"n": 2, "child": [{}, {"age": 30}]}, "en")
    assert (page.name, set(errors)) == ("child@2", {"age"})


def test_rounds_are_added_and_removed():
    answers = {"n": 1, "pet": [{"pet_name": "Tom"}]}
    first = REPEAT.page("pet@1")
    assert flow.can_add(REPEAT, first, answers)
    assert not flow.can_remove(REPEAT, first, answers)
    more, page = flow.add_round(REPEAT, first, answers)
    assert (page.name, len(more["pet"])) == ("pet@2", 2)
    assert not flow.can_add(REPEAT, first, more)
    fewer, page = flow.remove_round(REPEAT, first, more)
    assert (page.name, fewer["pet"]) == ("pet@1", [{}])
    full = {"n": 1, "pet": [{}] * 50}
    assert not flow.can_add(REPEAT, REPEAT.page("pet@50"), full)
    assert not flow.can_add(REPEAT, REPEAT.page("child@1"), answers)


@given(st.integers(-5, 10**9))
def test_no_count_makes_more_than_fifty_rounds(count):
    assert len(flow.visible_pages(REPEAT, {"n": count})) <= 54


def test_a_table_and_its_header():
    form = questionnaire(
        """type | name | label | appearance
        begin group | g | Rate | table-list
        select_one l | a | A |
        select_one l | b | B |
        end group | | |
        begin group | h | Two | field-list
        select_one l | top | Header | label
        select_one l | c | C | list-nolabel
        text | t | T |
        select_one l | d | D | list-nolabel
        end group | | |""",
        LIST,
    )
    assert [(x.name, x.type, x.matrix) for x in form.questions] == [
        ("a", "select_one", "g"),
        ("b", "select_one", "g"),
        ("top", "note", ""),
        ("c", "select_one", "top"),
        ("t", "text", ""),
        ("d", "select_one", ""),
    ]
    first, second = display.fields(form, form.pages[0], {}, "en")
    assert (first.kind, first.opens_table, first.closes_table) == ("row", True, False)
    assert (second.opens_table, second.closes_table) == (False, True)


def test_a_calculated_default_is_proposed_and_can_be_taken_out():
    form = questionnaire(
        """type | name | label | default
        integer | age | Age |
        integer | twice | Twice | ${age} * 2"""
    )
    page = form.pages[0]
    assert flow.State(form, {"age": 4}).value("twice") == 8
    found = flow.validate_page(form, page, {"age": ["4"], "twice": [""]}, {}, "en")
    assert flow.prune(form, found.values) == {"age": 4}
    kept = flow.validate_page(form, page, {"age": ["4"], "twice": ["9"]}, {}, "en")
    assert flow.prune(form, kept.values) == {"age": 4, "twice": 9}


def test_when_answering_began_and_ended_and_no_finer_than_told():
    form = questionnaire(
        "type | name | label\n start | s |\n end | e |\n today | d |\n text | q | Q"
    )
    at = dt.datetime(2025, 8, 3, 8, 30, tzinfo=dt.UTC)
    begun = flow.initial_answers(form, at)
    assert begun == {"s": "2025-08-03T12:00:00", "d": "2025-08-03"}
    final = flow.prune(form, begun, at + dt.timedelta(minutes=5))
    assert final == {**begun, "e": "2025-08-03T12:05:00"}
    coarse = flow.prune(form, begun, dt.datetime(2025, 8, 2, 20, 30, tzinfo=dt.UTC))
    assert set(coarse.values()) == {"2025-08-03T00:00:00", "2025-08-03"}


def zipped(**members):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return stream.getvalue()


FROM_FILE = (
    "| survey |\n| | type | name | label | parameters |\n"
    "| | select_one_from_file cities.csv | c | City | value=code label=title |"
)


def test_choices_from_a_file_come_in_one_zip():
    both = zipped(form__md=FROM_FILE, cities__csv="code,title\nkas,Kashan\nshi,Shiraz\n")
    form = read(both, "x.zip").questionnaire
    assert [(x.name, x.label) for x in form.by_name["c"].choices] == [
        ("kas", {"en": "Kashan"}),
        ("shi", {"en": "Shiraz"}),
    ]
    assert codes(read(zipped(form__md=FROM_FILE), "x.zip")) == ["missing_file"]
    spaced = zipped(form__md=FROM_FILE, cities__csv="code,title\nkas an,Kashan\n")
    assert codes(read(spaced, "x.zip")) == ["invalid_choice_name"]
    bomb = zipped(form__md=FROM_FILE, cities__csv="a" * 60_000_000)
    assert codes(read(bomb, "x.zip")) == ["too_large"]


def test_what_is_lost_is_named():
    result = reading(
        """type | name | label | appearance | parameters | media::image | trigger
        text | q | Q | signature | colour=red | a.png | ${q}
        deviceid | d | | | | |"""
    )
    assert result.ok
    assert sorted(codes(result, "warning")) == [
        "missing_picture",
        "not_recorded",
        "unknown_parameter",
        "unsupported_appearance",
        "unsupported_column",
    ]


def test_a_published_form_of_the_first_format_is_still_read():
    old = {
        "format": 1,
        "title": {"en": "T"},
        "languages": ["en"],
        "default_language": "en",
        "pages": [{"name": "p", "questions": [{"name": "q", "type": "text", "required": True}]}],
    }
    form = Questionnaire.from_json(old)
    assert form.by_name["q"].required is True
    assert form.to_json()["format"] == 2
    assert Questionnaire.from_json(form.to_json()) == form
