import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys.questionnaires.expressions import (
    Context,
    EvaluationError,
    ExpressionError,
    answers_lookup,
    evaluate,
    number_to_string,
    parse,
    to_number,
    to_string,
    truth,
)

from .world import CONTEXT


def value(text, context=CONTEXT):
    result = evaluate(text, context)
    if isinstance(result, float) and not math.isfinite(result):
        return f"number:{number_to_string(result)}"
    return result


def test_identifiers_and_chance():
    assert value("random()") == 0.25
    assert value("string-length(uuid())") == 36.0
    assert value("string-length(uuid(8))") == 8.0


def test_what_right_to_left_keyboards_leave_between_words():
    assert value("${age}\u200f >\u00a018") is True
    assert value("${ age } = 42") is True


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
