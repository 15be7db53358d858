"""ExpressionScript and its XPath mean the same: proven on generated expressions by an
interpreter of ExpressionScript that knows nothing of XPath."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys.questionnaires.expressions import Context, answers_lookup, evaluate
from surveys.questionnaires.expressions.values import to_boolean
from surveys.questionnaires.limesurvey.codes import CodeBook
from surveys.questionnaires.limesurvey.document import Answer, Place, Question, Subquestion
from surveys.questionnaires.limesurvey.expression_script import ScriptError, parse
from surveys.questionnaires.limesurvey.php_patterns import whole_pattern
from surveys.questionnaires.limesurvey.plain_text import plain_text
from surveys.questionnaires.limesurvey.translation import condition, quoted, value

HERE = Place("questions", 1)


def question(code: str, kind: str, number: int, **fields) -> Question:
    return Question(str(number), "1", code, kind, HERE, **fields)


def subs(*codes: str) -> list[Subquestion]:
    return [Subquestion(f"9{n}", code, 0, HERE) for n, code in enumerate(codes)]


QUESTIONS = [
    question("t", "S", 11),
    question("u", "S", 12, relevance='t == "go"'),
    question("n", "N", 13),
    question("k", "N", 14),
    question("l", "L", 15, other=True, answers=[Answer("A1", 0, HERE), Answer("A2", 0, HERE)]),
    question("m", "M", 16, subquestions=subs("a", "b", "2c"), other=True),
    question("f", "F", 17, subquestions=subs("r1", "r2")),
    question("p", "K", 18, subquestions=subs("x", "y")),
    question("r", "R", 19, answers=[Answer("A1", 0, HERE), Answer("A2", 0, HERE)]),
]


def book() -> CodeBook:
    def asked(found: Question) -> str:
        return condition(found.relevance, names)

    names = CodeBook(QUESTIONS, asked)
    return names


NAMES = book()


def holds(text: str, answers: dict[str, object]) -> bool:
    translated = condition(text, NAMES)
    if not translated:
        return True
    return to_boolean(evaluate(translated, Context(answers_lookup(answers))))


@pytest.mark.parametrize(
    ("script", "xpath"),
    [
        ("1", ""),
        ("0", "false()"),
        ('t == "x"', "${t} = 'x'"),
        ("t eq 'x' and n gt 3", "${t} = 'x' and ${n} > 3"),
        ("n.NAOK >= 3 || !is_empty(k.NAOK)", "${n} >= 3 or not(${k} = '')"),
        ('11X1X13.NAOK == 5', "${n} = 5"),
        ('5X1X16a.NAOK == "Y"', "selected(${m}, 'a')"),
        ('5X1X162c.NAOK == "Y"', "selected(${m}, '2c')"),
        ('INSERTANS:5X1X17r1 == "1"', "${f_r1} = '1'"),
        ('m_a != "Y"', "not(selected(${m}, 'a'))"),
        ("is_empty(m_b)", "not(selected(${m}, 'b'))"),
        ("count(that.m) > 1", "count-selected(${m}) > 1"),
        ("count(that.f.NAOK) == 2", "(number(${f_r1} != '') + number(${f_r2} != '')) = 2"),
        ('l == "-oth-"', "${l} = 'other'"),
        ('l.shown == "x"', "jr:choice-name(${l}, '${l}') = 'x'"),
        ("r_1 == 'A2'", "selected-at(${r}, 0) = 'A2'"),
        ("(n == 1 or n == 2) and k", "(${n} = 1 or ${n} = 2) and (${k} != '' and ${k} != '0')"),
        ("n * (k + 1) / 2 > 3", "((${n} * (${k} + 1)) div 2) > 3"),
        ('regexMatch("/^[0-9]{2}$/", t)', "regex(${t}, '[0-9]{2}')"),
        ("strlen(t) < 5", "string-length(${t}) < 5"),
        ("if(n > 1, 'a', 'b') == 'a'", "if(${n} > 1, 'a', 'b') = 'a'"),
        ("t == \"it's\"", '${t} = "it\'s"'),
    ],
)  # fmt: skip
def test_translations(script: str, xpath: str) -> None:
    assert condition(script, NAMES) == xpath


def test_a_question_not_asked_makes_a_negation_false_unless_naok_says_so() -> None:
    assert condition('u != "x"', NAMES) == "(${t} = 'go') and (${u} != 'x')"
    assert condition('u.NAOK != "x"', NAMES) == "${u} != 'x'"
    assert not holds('u != "x"', {"t": "", "u": ""})
    assert holds('u != "x"', {"t": "go", "u": ""})
    assert holds('u.NAOK != "x"', {"t": "", "u": ""})


# An interpreter of the tree, with LimeSurvey's own rules.


def run(node, answers):
    kind = type(node).__name__
    match kind:
        case "Number":
            return float(node.text)
        case "Text":
            return node.value
        case "Variable":
            return variable(node.name, answers)
        case "Not":
            return not true(run(node.operand, answers))
        case "Call":
            return call(node.name, node.arguments, answers)
    left, right = run(node.left, answers), run(node.right, answers)
    match node.operator:
        case "and":
            return true(left) and true(right)
        case "or":
            return true(left) or true(right)
        case "==":
            return equal(left, right)
        case "!=":
            return not equal(left, right)
    one, two = number(left), number(right)
    match node.operator:
        case "<":
            return one < two
        case "<=":
            return one <= two
        case ">":
            return one > two
        case ">=":
            return one >= two
        case "+":
            return one + two
        case "-":
            return one - two
        case "*":
            return one * two
    raise AssertionError(node)


def variable(name, answers):
    if name.startswith("m_") and name != "m_other":
        return "Y" if name[2:] in answers["m"].split() else ""
    text = answers[name]
    return "-oth-" if name == "l" and text == "other" else text


def call(name, arguments, answers):
    values = [run(argument, answers) for argument in arguments]
    match name:
        case "is_empty":
            return values[0] == ""
        case "strlen":
            return float(len(values[0]))
        case "count":
            return float(sum(value != "" for value in values))
        case "sum":
            return sum(number(value) if value != "" else 0.0 for value in values)
        case "if":
            return values[1] if true(values[0]) else values[2]
    raise AssertionError(name)


def number(value):
    try:
        return float(value)
    except ValueError:
        return math.nan


def true(value):
    return value not in {"", "0"} if isinstance(value, str) else bool(value) and value == value


def equal(left, right):
    one, two = number(left), number(right)
    if one == one and two == two:
        return one == two
    return left == right if isinstance(left, str) and isinstance(right, str) else False


WORDS = st.sampled_from(["x", "Tehran", "تهران", "it's", ""])
NUMBERS = st.sampled_from(["0", "1", "3", "7.5", "12"])
TEXTS = st.sampled_from(["t", "t.NAOK", "l_other"])
QUANTITIES = st.sampled_from(["n", "k.NAOK", "p_x"])
MARKS = st.sampled_from(["m_a", "m_b.NAOK", "m_2c"])


def quote(word: str) -> str:
    return '"' + word + '"'


SUMS = st.recursive(
    QUANTITIES | NUMBERS,
    lambda inner: st.builds("({} {} {})".format, inner, st.sampled_from("+-*"), inner),
    max_leaves=4,
)
ORDER = st.sampled_from(["<", "<=", ">", ">=", "lt", "le", "gt", "ge"])
SAME = st.sampled_from(["==", "!=", "eq", "ne"])
ATOMS = st.one_of(
    st.builds("{} {} {}".format, TEXTS, SAME, WORDS.map(quote)),
    st.builds("{} {} {}".format, QUANTITIES, SAME, NUMBERS | QUANTITIES),
    st.builds("{} {} {}".format, MARKS, SAME, st.sampled_from(['"Y"', '""', '"N"'])),
    st.builds("l {} {}".format, SAME, st.sampled_from(['"A1"', '"A2"', '"-oth-"', '""', "'zz'"])),
    st.builds("{} {} {}".format, SUMS, ORDER, SUMS),
    st.builds("is_empty({})".format, TEXTS | QUANTITIES | MARKS | st.just("f_r1")),
    st.builds("strlen({}) {} {}".format, TEXTS, ORDER, NUMBERS),
    st.builds("count({}, {}) {} {}".format, TEXTS | MARKS, QUANTITIES | MARKS, SAME, NUMBERS),
    st.builds("sum({}, {}) {} {}".format, QUANTITIES, QUANTITIES, ORDER, NUMBERS),
    TEXTS | QUANTITIES | MARKS,
)
CONDITIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(["and", "or", "&&", "||"]), inner),
        st.builds("{} {} {}".format, inner, st.sampled_from(["and", "or", "&&", "||"]), inner),
        st.builds("!({})".format, inner),
        st.builds("if({}, {}, {})".format, inner, inner, inner),
    ),
    max_leaves=6,
)
QUANTITY = st.sampled_from(["", "0", "1", "3", "7.5"])
ANSWERS = st.fixed_dictionaries(
    {
        "t": WORDS, "l_other": WORDS, "n": QUANTITY, "k": QUANTITY, "p_x": QUANTITY,
        "l": st.sampled_from(["", "A1", "A2", "other"]), "f_r1": st.sampled_from(["", "1"]),
        "m": st.lists(st.sampled_from(["a", "b", "2c", "other"]), unique=True).map(" ".join),
    }
)  # fmt: skip


@given(CONDITIONS, ANSWERS)
def test_translated_conditions_agree_with_limesurveys_rules(script: str, answers) -> None:
    assert holds(script, answers) == true(run(parse(script), answers)), condition(script, NAMES)


@given(st.text(max_size=60) | st.text(alphabet="tnm_a.()!=<>&|\"'+-*/ 0123,{}X", max_size=60))
def test_any_text_is_translated_or_refused(text: str) -> None:
    for translate in (condition, value):
        try:
            translate(text, NAMES)
        except ScriptError as error:
            assert isinstance(error.reason, str)


def test_deep_and_long_expressions_are_refused() -> None:
    for text in ("(" * 500 + "t" + ")" * 500, "!" * 500 + "t", "t + " * 3000 + "t"):
        with pytest.raises(ScriptError):
            condition(text, NAMES)


@given(st.text(alphabet="ab'\"x", max_size=12))
def test_any_text_is_quoted(text: str) -> None:
    assert evaluate(quoted(text), Context(answers_lookup({}))) == text


@pytest.mark.parametrize(
    ("php", "yes", "no"),
    [
        ("/^[0-9]{3}$/", ["123"], ["1234", "a123"]),
        ("/[0-9]/", ["123", "a1b"], ["abc", ""]),
        ("/^ab|cd$/", ["abx", "xcd"], ["xab", "cdx"]),
        ("/^(ab|cd)$/", ["ab", "cd"], ["abcd"]),
        ("/^[a-c]x\\/$/i", ["aX/", "Bx/"], ["dx/"]),
        ("#^\\d+$#", ["12"], ["x"]),
        ("abc", ["xabcx"], ["ab"]),
        ("/^(?:a|b)c$/i", ["Ac", "bC"], ["cc"]),
    ],
)
def test_patterns(php: str, yes: list[str], no: list[str]) -> None:
    pattern = re.compile(whole_pattern(php))
    assert all(pattern.fullmatch(text) for text in yes)
    assert not any(pattern.fullmatch(text) for text in no)


@given(st.text(max_size=200) | st.text(alphabet="<>/ &;apbril=\"'!-", max_size=80))
def test_any_html_becomes_text(html: str) -> None:
    text, _media, _script = plain_text(html)
    assert text == text.strip()
    assert "\n\n\n" not in text
