import math
from contextlib import suppress
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys.questionnaires.expressions import (
    Context,
    EvaluationError,
    ExpressionError,
    NodeSet,
    answers_lookup,
    evaluate,
    number_to_string,
    parse,
    to_number,
    to_string,
    truth,
)

from .xpath_cases import CASES, DATA, NOT_FINITE

NOW = datetime(2024, 3, 20, 23, 30)  # noqa: DTZ001 - wall time of the city
LABELS = {("fruit", "fig"): "انجیر", ("fruit", "plum"): "آلو"}
CONTEXT = Context(
    answers_lookup(
        {
            **DATA,
            "fruit": ["fig", "plum"],
            "one": "fig",
            "nothing": None,
            "persian": "۱۲٫۵",
            "born": "2000-01-31",
            "count": 3,
            "rate": 2.5,
            "kids": [{"age_of": 3, "called": "a"}, {"age_of": 5, "called": ""}],
        }
    ),
    current="fig plum",
    now=lambda: NOW,
    random=lambda: 0.25,
    choice_label=lambda question, choice: LABELS.get((question, choice), choice),
)


def value(text, context=CONTEXT):
    result = evaluate(text, context)
    if isinstance(result, float) and not math.isfinite(result):
        return f"number:{number_to_string(result)}"
    return result


@pytest.mark.parametrize(("text", "expected"), CASES, ids=[case[0] for case in CASES])
def test_agrees_with_libxml2(text, expected):
    result = value(text)
    assert result == expected
    assert isinstance(result, bool) == isinstance(expected, bool)
    assert expected in NOT_FINITE or isinstance(result, float) == isinstance(expected, float)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # choices
        ("selected(${fruit}, 'fig')", True),
        ("selected(${fruit}, 'fi')", False),
        ("selected(${nothing}, 'fig')", False),
        ("selected(${nothing}, '')", False),
        ("count-selected(${fruit})", 2.0),
        ("count-selected(${nothing})", 0.0),
        ("count-selected(.) <= 3", True),
        ("selected-at(${fruit}, 1)", "plum"),
        ("selected-at(${fruit}, 5)", ""),
        ("jr:choice-name(${one}, '${fruit}')", "انجیر"),
        ("jr:choice-name(${fruit}, '${fruit}')", "انجیر, آلو"),
        # logic
        ("if(${age} > 18, 'adult', 'child')", "adult"),
        ("if(false(), 1 div 0, 2)", 2.0),
        ("coalesce(${nothing}, 'x')", "x"),
        ("coalesce(${age}, 0)", NodeSet(("42",))),
        ("coalesce('', '', 'z')", "z"),
        ("checklist(1, 2, true(), false(), true())", True),
        ("boolean-from-string('true')", True),
        ("boolean-from-string('yes')", False),
        ("once('new')", NodeSet(("fig plum",))),
        # unanswered
        ("${nothing} = ''", True),
        ("${nothing} > 3", False),
        ("not(${nothing})", True),
        ("string-length(${nothing})", 0.0),
        ("${nothing} + 1", "number:NaN"),
        # digits of the reader
        ("number('۴۲')", 42.0),
        ("number('٤٢')", 42.0),
        ("${persian} * 2", 25.0),
        ("۱۲ + ٣", 15.0),
        ("'۱۲' = '12'", True),
        ("'۱۲' = 12", True),
        ("regex('۰۹۱۲', '[0-9]{4}')", True),
        ("selected('۱ ۲', '2')", True),
        ("concat('۱', 'الف')", "۱الف"),
        # text
        ("regex('ab1', '[a-z]+')", False),
        ("regex('ab1', '[a-z]+[0-9]')", True),
        ("regex('a@b.ir', '[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\\.[A-Za-z]{2,4}')", True),
        ("regex('سلام', '\\p{L}+')", True),
        ("substr('hello', 1, 3)", "el"),
        ("substr('hello', 3)", "lo"),
        ("substr('hello', -2)", "lo"),
        ("join(', ', 'a', 'b')", "a, b"),
        ("join('-', ${age_of})", "3-5"),
        ("ends-with('hello', 'lo')", True),
        ("string-length(uuid())", 36.0),
        ("string-length(uuid(8))", 8.0),
        # numbers
        ("int(7.9)", 7.0),
        ("int(-7.9)", -7.0),
        ("int('x')", "number:NaN"),
        ("round(2.345, 2)", 2.35),
        ("round(1234, -2)", 1200.0),
        ("min(3, 1, 2)", 1.0),
        ("max(${age_of})", 5.0),
        ("max(${nothing})", "number:NaN"),
        ("abs(-2)", 2.0),
        ("pow(2, 10)", 1024.0),
        ("pow(10, 400)", "number:Infinity"),
        ("sqrt(-1)", "number:NaN"),
        ("log10(0)", "number:-Infinity"),
        ("random()", 0.25),
        ("${count} * ${rate}", 7.5),
        # repeats
        ("sum(${age_of})", 8.0),
        ("count(${age_of})", 2.0),
        ("count(${kids})", 2.0),
        ("count-non-empty(${called})", 1.0),
        ("indexed-repeat(${age_of}, ${kids}, 2)", "5"),
        ("position(..)", 1.0),
        # dates
        ("today()", "2024-03-20"),
        ("now()", "2024-03-20T23:30:00.000"),
        ("today() + 1", 19803.0),
        ("date(today() + 1)", "2024-03-21"),
        ("date('2024-02-30')", ""),
        ("'2024-03-20' - '2024-03-01'", 19.0),
        ("${born} < today()", True),
        ("int((today() - ${born}) div 365.25)", 24.0),
        ("format-date(${born}, '%d/%m/%y')", "31/01/00"),
        ("format-date(0, '%Y %b %a')", "1970 Jan Thu"),
        ("format-date('x', '%Y')", ""),
        ("decimal-date-time('1970-01-02T12:00:00Z')", 1.5),
        ("decimal-time('06:00:00')", 0.25),
        ("date-time(0.5)", "1970-01-01T12:00:00+00:00"),
        # paths
        ("../age + 1", 43.0),
        ("./age", NodeSet(("42",))),
        ("current()/../word", NodeSet(("hello",))),
        (". = 'fig plum'", True),
        # what right-to-left keyboards leave between words
        ("${age}\u200f >\u00a018", True),
        ("${ age } = 42", True),
    ],
)
def test_functions_of_odk(text, expected):
    assert value(text) == expected


def test_columns_of_a_choice():
    context = Context(answers_lookup({"province": "kabul"}), columns={"province": "kabul"})
    assert evaluate("province = ${province}", context) is True


@pytest.mark.parametrize(
    ("text", "kind", "position"),
    [
        ("", "syntax", 0),
        ("1 +", "syntax", 3),
        ("(1", "syntax", 2),
        ("1)", "syntax", 1),
        ("1 1", "syntax", 2),
        ("${age} and and ${b}", "syntax", 11),
        ("'abc", "syntax", 0),
        ("“abc”", "syntax", 0),
        ("$age", "syntax", 0),
        ("${}", "syntax", 0),
        ("a && b", "syntax", 2),
        ("if(1, 2)", "function", 0),
        ("selcted(., 'a')", "function", 0),
        ("hash('a')", "unsupported", 0),
        ("concat('a', 'b')[1]", "unsupported", 16),
        ("${a}[1]/b/c", "unsupported", 9),
        ("${a}[../b = 1]", "unsupported", 5),
        ("${a}[b = ${c}[d = ${e}[1]]]", "too_long", 22),
        ("instance(${a})/root/item", "function", 0),
        ("instance('a')/root", "syntax", 18),
        ("//a", "unsupported", 0),
        ("${last-saved#a}", "unsupported", 0),
        ("regex(., '(')", "pattern", 0),
        ("regex(., '(a+)+')", "pattern", 0),
        ("(" * 200 + "1" + ")" * 200, "too_long", 120),
        ("1" * 20_000, "too_long", 10_000),
    ],
)
def test_mistakes_have_a_place_and_a_sentence(text, kind, position):
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert (caught.value.kind, caught.value.position) == (kind, position)
    assert str(caught.value).endswith((".", "…", ":"))


@pytest.mark.parametrize("count", [2, 500, 1_500])
def test_long_chains_do_not_recurse(count):
    assert value("+".join(["1"] * count)) == float(count)
    assert value(" and ".join(["1"] * count)) is True


def test_references():
    expression = parse(
        "if(${a} = 1, ../g/b, jr:choice-name(${c}, '${d}')) and selected(., 'x') or '${not}' = e"
    )
    assert expression.references() == {"a", "b", "c", "d", "e"}
    assert expression.uses_current()
    assert [path.bare for path in expression.paths()] == [False, True]
    assert parse("../b + b").rewritten(lambda path: path.steps[-1]) == "${b} + ${b}"


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+",
        "(a*)*b",
        "([a-z]+ *)+",
        "(a|a)*",
        "(a|ab?)+",
        "((a+)b?)*",
        "([a-z.]+\\.)+",
        "(a)(\\1)*",
        "(a{1,9}){9}b",
        "([0-9]{1,10}){1,10}",
        "a?a?a?a?a?a?a?a?a?a?a?a?a?a?aaaaaaaaaaaaaa",
        "(a?){22}",
        "(a{1,3})*b",
        "(a?a)+b",
    ],
)
def test_patterns_that_may_run_for_ever_are_refused(pattern):
    with pytest.raises(ExpressionError):
        parse(f"regex(., '{pattern}')")


@pytest.mark.parametrize(
    "pattern",
    [
        "[a-z]+@([a-z]+\\.)+[a-z]{2,4}",
        "(09|\\+98)[0-9]{9}",
        "[0-9]{1,3}(,[0-9]{3})*",
        "(a|b)+",
        ".*",
        "([0-9]{1,3}\\.){3}[0-9]{1,3}",
        "([0-9]{3}-?)+",
        "([a-z]{1,9} ){1,9}",
        "(13|14)[0-9]{2}/(0?[1-9]|1[0-2])/(0?[1-9]|[12][0-9]|3[01])",
    ],
)
def test_usual_patterns_are_accepted(pattern):
    assert parse(f"regex(., '{pattern}')")


def test_too_long_a_subject_does_not_match():
    assert evaluate("regex(., '.*')", Context(lambda _: None, current="a" * 2_000)) is True
    assert evaluate("regex(., '.*')", Context(lambda _: None, current="a" * 2_001)) is False


@pytest.mark.parametrize(("repeats", "longest"), [(2, 2_000), (3, 300), (4, 120), (7, 32)])
def test_the_more_repetitions_the_shorter_the_subject(repeats, longest):
    text = f"regex(., '{'a*b?' * repeats}')"
    assert evaluate(text, Context(lambda _: None, current="a" * longest)) is True
    assert evaluate(text, Context(lambda _: None, current="a" * (longest + 1))) is False


def test_a_pattern_with_a_dozen_repetitions_is_refused():
    with pytest.raises(ExpressionError):
        parse(f"regex(., '{'a*b' * 12}')")


def test_absurdly_long_text_is_stopped():
    context = Context(answers_lookup({"a": "x" * 60_000}))
    with pytest.raises(EvaluationError):
        evaluate("concat(${a}, ${a})", context)
    assert truth("concat(${a}, ${a}) = 'x'", context) is False


@given(st.text(max_size=60))
def test_parser_raises_nothing_else(text):
    try:
        expression = parse(text)
    except ExpressionError as error:
        assert 0 <= error.position <= max(len(text), 1)
    else:
        evaluate(expression, CONTEXT)


PIECES = [
    "${age}", "${nothing}", ".", "..", "/", "1", "2.5", "'x'", "(", ")", ",", "+", "-", "*", "div",
    "mod", "and", "or", "=", "!=", "<", "|", "if(", "selected(", "regex(", "round(", "substr(",
    "sum(", "not(", "today()", "coalesce(", "age", "substring(", "format-date(", "pow(", "'%Y'",
]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=14))
def test_parser_and_evaluator_survive_likely_texts(pieces):
    with suppress(ExpressionError, EvaluationError):
        evaluate(parse(" ".join(pieces)), CONTEXT)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_survives_its_text(number):
    text = number_to_string(number)
    assert "e" not in text.lower()
    assert to_number(text) == number


@given(st.floats())
def test_string_of_number_is_idempotent(number):
    text = to_string(number)
    if math.isfinite(number):
        assert to_string(to_number(text)) == text
    else:
        assert text in {"NaN", "Infinity", "-Infinity"}


@given(st.integers(-(10**6), 10**6), st.integers(-1000, 1000).filter(bool))
def test_division_and_remainder_agree(one, other):
    assert value(f"({one} - {one} mod {other}) div {other}") == int(one / other)


@given(st.text(max_size=30).filter(lambda text: "'" not in text))
def test_literals_are_taken_as_they_stand(text):
    assert value(f"'{text}'") == text
    assert value(f"string-length('{text}')") == len(text)
