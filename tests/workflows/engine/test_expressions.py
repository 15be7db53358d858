"""The language of conditions: what it says, what it refuses, and what it must never do."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflows.engine import expressions as ex
from workflows.engine import facts
from workflows.engine.guard_checks import Types
from workflows.engine.model import FormField
from workflows.engine.scxml import condition, payload

CASE = {"has_phone": True, "urgent": False, "reopened": 2, "channel": "sms", "category": None}
FORM = {"outcome": "done", "amount": 2.5, "text": 'گفت "باشد"'}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("case.has_phone", True),
        ("not case.has_phone", False),
        ("not not case.has_phone", True),
        ('form.outcome not in ["duplicate", "irrelevant"]', True),
        ("form.outcome in ['done']", True),
        ("case.has_phone and case.urgent or case.reopened >= 2", True),
        ("case.has_phone and (case.urgent or case.reopened > 2)", False),
        ("not case.urgent and case.channel == 'sms'", True),
        ("form.amount < 3 and form.amount > -1", True),
        (r'form.text == "گفت \"باشد\""', True),
        ("case.category == 'x'", False),
        ("case.category != 'x'", True),
        ("form.missing", False),
        ("not form.missing", True),
        ("form.missing < 3", False),
        ("form.missing >= 3", False),
        ("form.missing == form.other", True),
        ("case.reopened == true", False),
        ("form.amount", False),
        ("true", True),
        ("false or false", False),
        ("form.outcome in []", False),
    ],
)
def test_values(text: str, expected: bool) -> None:
    assert ex.evaluate(ex.parse(text), CASE, FORM) is expected


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("", 1),
        ("case", 1),
        ("case.", 1),
        ("case.a.b", 1),
        ("case.__class__", 1),
        ("os.system", 1),
        ("print(1)", 1),
        ("case.urgent = true", 13),
        ("case.urgent and", 16),
        ("(case.urgent", 13),
        ("case.urgent)", 12),
        ("1 < 2 < 3", 7),
        ("case.reopened + 1 == 2", 15),
        ("form.a in form.b", 11),
        ('"open', 1),
        ("form.x == 'a' 'b'", 15),
        ("case.urgent\x00", 12),
        ("form.x == -'a'", 12),
        ("(" * 50 + "true" + ")" * 50, 20),
        ("not " * 50 + "true", 81),
        ("true and " * 200 + "true", 1000),
        ("form.x in [" + ", ".join(["1"] * 200) + "]", 312),
    ],
)
def test_anything_else_is_refused_with_its_place(text: str, position: int) -> None:
    with pytest.raises(ex.ExpressionError) as caught:
        ex.parse(text)
    assert caught.value.position == position
    assert str(caught.value.message)


@given(st.text(max_size=80) | st.text("cas.form ()[]'\"<>=!,notadirue01", max_size=60))
@settings(max_examples=300)
def test_whatever_is_typed_is_read_or_refused(text: str) -> None:
    try:
        tree = ex.parse(text)
    except ex.ExpressionError as error:
        assert 1 <= error.position <= len(text) + 1
    else:
        assert ex.evaluate(tree, CASE, FORM) in {True, False}


name_of = st.sampled_from(["case.urgent", "case.has_phone", "form.a", "form.b", "form.c"])
literal = (
    st.builds(ex.Literal, st.booleans())
    | st.builds(ex.Literal, st.integers(-(10**14), 10**14))
    | st.builds(ex.Literal, st.sampled_from([0.5, -2.25, 1000.125]))
    | st.builds(ex.Literal, st.text(max_size=6))
    | st.sampled_from([ex.Literal(word) for word in ("true", "a && b", "x'\\", 'q"', "v", "&lt;")])
)
leaf = literal | name_of.map(lambda text: ex.Name(*text.split(".")))
tree_of = st.recursive(
    leaf,
    lambda below: (
        st.builds(ex.Not, below)
        | st.builds(
            ex.Joined,
            st.sampled_from(["and", "or"]),
            st.lists(below, min_size=2, max_size=3).map(tuple),
        )
        | st.builds(ex.Compared, st.sampled_from(ex.COMPARISONS), below, below)
        | st.builds(ex.Among, below, st.lists(literal, max_size=3).map(tuple))
    ),
    max_leaves=8,
)


@given(tree_of)
@settings(max_examples=200)
def test_what_is_written_out_is_read_back(tree: ex.Tree) -> None:
    text = ex.to_text(tree)
    back = ex.parse(text)
    assert ex.to_text(back) == text
    assert back == tree


class Bare:
    """`_event.data` of another machine: the fields, None for those that are missing."""

    def __init__(self, values: dict[str, object]) -> None:
        self.data = self
        self.values = values

    def __getattr__(self, name: str) -> object:
        return self.values.get(name)


values = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", "true", "ب"])


@given(
    tree_of,
    st.fixed_dictionaries({"urgent": st.booleans(), "has_phone": st.booleans()}),
    st.dictionaries(st.sampled_from("abc"), values),
)
@settings(max_examples=300)
def test_the_exported_condition_means_the_same(
    tree: ex.Tree, case: dict[str, bool], form: dict[str, object]
) -> None:
    """Of well-typed conditions, that is of those that may be published."""
    fields = tuple(
        FormField(name, {bool: "yesno", int: "number", str: "text"}[type(value)], {})
        for name, value in form.items()
        if value is not None
    )
    if Types(fields).problems(tree):
        return
    exported = eval(condition(tree), {"_event": Bare(payload(case, form))})
    assert bool(exported) is ex.evaluate(tree, case, form)


FIELDS = (
    FormField("outcome", "choice", {}, choices={"done": {}, "planned": {}}),
    FormField("amount", "number", {}),
    FormField("photo", "photo", {}),
    FormField("agreed", "yesno", {}),
)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("case.has_phone and form.agreed", 0),
        ("form.outcome == 'done' and form.amount > 3", 0),
        ("case.language in ['fa', 'ar']", 0),
        ("case.nobody", 1),
        ("form.nothing == 1 or form.nothing == 2", 2),
        ("form.photo", 1),
        ("form.amount", 1),
        ("case.channel", 1),
        ("not form.amount", 1),
        ("form.amount == 'three'", 1),
        ("case.urgent < true", 1),
        ("case.urgent == 1", 1),
        ("form.outcome == 'dnoe'", 1),
        ("form.outcome in ['done', 'dnoe', 1]", 2),
        ("form.outcome in []", 1),
        ("form.amount in []", 1),
    ],
)
def test_types_are_told_before_anything_runs(text: str, wrong: int) -> None:
    assert len(Types(FIELDS).problems(ex.parse(text))) == wrong


def test_names_are_told_apart() -> None:
    tree = ex.parse("case.urgent or form.urgent and form.urgent in [true]")
    assert sorted(map(str, ex.names(tree))) == ["case.urgent", "form.urgent"]
    assert set(facts.fact_types()) == {
        "urgent", "channel", "category", "outcome", "has_phone", "reopened", "special", "language",
    }  # fmt: skip
