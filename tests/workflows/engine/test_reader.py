"""Definitions as text: all problems at once with their lines; to the database and back."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflows.engine import catalogue, reader
from workflows.engine.model import (
    EFFECT_KINDS,
    FIELD_KINDS,
    STAGES,
    ClockRule,
    Definition,
    Effect,
    FormField,
    State,
    Transition,
)

GOOD = """\
name: small
titles: {fa: کوچک, ar: صغير, en: Small}
initial: begun
states:
  - {name: begun, titles: {fa: آغاز, ar: بداية, en: Begun}, stage: received}
  - {name: over, titles: {fa: پایان, ar: نهاية, en: Over}, stage: closed}
transitions:
  - action: finish
    titles: {fa: پایان دادن, ar: إنهاء, en: Finish}
    from: [begun]
    to: over
    roles: [operator]
    guard: case.reopened < 3
clocks:
  - name: whole
    titles: {fa: همه, ar: الكل, en: Whole}
    limit_hours: ۲٫۵
    calendar: always
    starts: [begun]
    stops: [over]
    escalate_every_hours: null
"""


def problems(text: str) -> list[tuple[str | None, int | None]]:
    definition, found = reader.read(text)
    assert definition is None
    assert all(str(problem.message) for problem in found)
    return [(problem.path, problem.line) for problem in found]


def test_a_text_becomes_a_definition() -> None:
    definition, found = reader.read(GOOD)
    assert found == []
    assert definition is not None
    assert list(definition.states) == ["begun", "over"]
    assert definition.states["over"].final
    assert definition.transitions[0].guard == "case.reopened < 3"
    assert definition.transitions[0].permission == "cases.work"
    clock = definition.clocks["whole"]
    assert (clock.limit_hours, clock.escalate_every_hours, clock.warn_at) == (2.5, None, 0.75)


def test_every_problem_has_its_path_and_line() -> None:
    broken = (
        GOOD.replace("name: small", "name: Small One")
        .replace("stage: received", "stage: begun")
        .replace("    to: over\n", "    to: over\n    colour: red\n")
        .replace("۲٫۵", "soon")
        .replace("    roles: [operator]\n", "")
    )
    assert problems(broken) == [
        ("name", 1),
        ("states[0].stage", 5),
        ("transitions[0]", 8),
        ("transitions[0].colour", 12),
        ("clocks[0].limit_hours", 17),
    ]


def test_names_given_twice_are_refused() -> None:
    assert problems(GOOD.replace("name: over", "name: begun")) == [("states[1].name", 6)]
    assert problems(GOOD.replace("name: small", "name: small\nname: small")) == [("name", 2)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "- a list",
        "name: [",
        "a: &x [1]\nb: *x",
        "[" * 200 + "]" * 200,
        "name: \ud800",
        GOOD + "# " + "x" * 256 * 1024,
        GOOD.replace("limit_hours: ۲٫۵", "limit_hours: .inf"),
        GOOD.replace("limit_hours: ۲٫۵", "limit_hours: -1"),
    ],
)
def test_hostile_and_broken_texts_are_problems(text: str) -> None:
    assert problems(text)


names = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
titles = st.fixed_dictionaries(dict.fromkeys(("fa", "ar", "en"), st.text(min_size=1, max_size=9)))
several = st.lists(names, max_size=3, unique=True).map(tuple)
hours = st.integers(1, 900).map(float)
fields = st.builds(
    FormField, names, st.sampled_from(FIELD_KINDS), titles, st.booleans(),
    st.dictionaries(names, titles, max_size=3),
)  # fmt: skip
effects = st.builds(
    Effect, st.sampled_from(EFFECT_KINDS), st.just({"to": "unit", "titles": {"fa": "متن"}})
)
steps = st.builds(
    Transition, names, titles, several, st.none() | names, several,
    st.lists(fields, max_size=2).map(tuple), st.text(max_size=9),
    st.lists(effects, max_size=2).map(tuple), names,
)  # fmt: skip
clocks = st.builds(
    ClockRule, names, titles, st.none() | hours, names, several, several,
    st.floats(0.1, 1), st.none() | hours, st.none() | names,
)  # fmt: skip
states = st.builds(State, names, titles, st.sampled_from(STAGES), several)
definitions = st.builds(
    Definition,
    names,
    titles,
    names,
    st.lists(states, max_size=4).map(lambda some: {one.name: one for one in some}),
    st.lists(steps, max_size=4).map(tuple),
    st.lists(clocks, max_size=3).map(lambda some: {one.name: one for one in some}),
    titles,
)


@given(definitions)
@settings(max_examples=60)
def test_through_json_and_back_nothing_is_lost(definition: Definition) -> None:
    text = json.dumps(reader.to_document(definition), sort_keys=True)
    back = reader.from_document(json.loads(text))
    assert back == definition
    assert list(back.states) == list(definition.states)
    assert list(back.clocks) == list(definition.clocks)


def test_the_shipped_ones_come_back_too_and_are_what_the_product_promises() -> None:
    shipped = catalogue.shipped()
    assert set(shipped) == {
        "follow-up", "urgent", "special", "call-in-promise", "official-letter", "street-naming",
        "public-meeting-request", "media-enquiry", "client-file", "council-decision",
    }  # fmt: skip
    for definition in shipped.values():
        assert reader.from_document(reader.to_document(definition)) == definition
        assert reader.form_problems(reader.to_document(definition)) == []
    assert catalogue.path_of("special") == Path(catalogue.FOLDER, "special.yaml")
    with pytest.raises(LookupError):
        catalogue.path_of("unknown")
