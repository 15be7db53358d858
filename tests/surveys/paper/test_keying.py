"""Entries: read as the form on the web is, compared without what keyboards confuse."""

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from portal import clock
from portal.i18n import use_language
from surveys.paper import blanks, fields, keying
from surveys.questionnaires.schema import Page, Questionnaire, Repeat
from tests.factories.surveys import question, questionnaire, texts

FORM = questionnaire(
    [
        question("way", "select_one", "bus walk", required=True),
        question("stop", relevant="${way} = 'bus'"),
        question("age", "integer", constraint=". < 120", required=True),
        question("double", "calculate", calculation="${age} * 2"),
        question("began", "start"),
    ],
    [question("mixed", "select_multiple", "a b c", randomize=True), question("photo", "image")],
)
HOME = Questionnaire(
    title=texts("Home"),
    languages=("fa", "ar", "en"),
    default_language="fa",
    pages=(
        Page("intro", texts("Intro"), questions=(question("rooms", "integer"),)),
        Page("member", texts("Member"), questions=(question("name"),), repeat="people"),
        Page("end", texts("End"), questions=(question("idea"),)),
    ),
    repeats=(Repeat("people", texts("People")),),
)


def read(q: Questionnaire, **raw: Any) -> keying.Keyed:
    sent = {key.replace("__", "@"): [value] for key, value in raw.items()}
    return keying.read(blanks.of(q), sent, "fa")


def test_the_sheet_asks_everything_whatever_the_logic_but_photos() -> None:
    blank = blanks.of(FORM)
    assert [slot.key for slot in blank.slots()] == ["way", "stop", "age", "mixed"]
    assert [question.name for question in blank.left_out] == ["photo"]


@pytest.mark.parametrize("count", ["", "${rooms}", "12"])
def test_rounds_on_paper_are_numbered_whatever_says_how_many_there_are(
    context: Flask, count: str
) -> None:
    home = replace(HOME, repeats=(Repeat("people", texts("People"), count=count),))
    with use_language("en"):
        headings = [str(part.heading.text) for part in fields.parts(home, "en")]
    rounds = [text.removeprefix("Member en ") for text in headings if "Member" in text]
    assert rounds == [f"({n})" for n in range(1, 11 if count == "12" else 4)]


def test_a_repeat_has_rounds_on_paper(context: Flask) -> None:
    blank = blanks.of(HOME)
    assert [slot.key for slot in blank.slots()] == [
        "rooms", "name@1", "name@2", "name@3", "idea"
    ]  # fmt: skip
    keyed = read(HOME, rooms="۳", name__1="علی", name__2="مریم")
    assert keying.answers(HOME, blank, keyed.entry) == {
        "rooms": 3,
        "people": [{"name": "علی"}, {"name": "مریم"}],
    }
    assert keying.answers(HOME, blank, {})["people"] == [{}]
    skipped = keying.answers(HOME, blank, {"name@3": "رضا"})
    assert skipped["people"] == [{}, {}, {"name": "رضا"}]


def test_letters_for_a_number_are_said_and_nothing_else_is() -> None:
    keyed = read(FORM, age="دوازده", way="bus")
    assert set(keyed.errors) == {"age"} and keyed.entry == {"way": "bus"}


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("كوچه ۱۲", "کوچه 12", True),
        ("علي", "علی", True),
        ("نور  کوچه", " نور کوچه ", True),
        ("می‌روم", "میروم", False),
        ("نور", "نوز", False),
        ("", "نور", False),
    ],
)
def test_what_keyboards_confuse_is_no_difference(first: str, second: str, same: bool) -> None:
    blank = blanks.of(FORM)
    one, two = read(FORM, stop=first).entry, read(FORM, stop=second).entry
    assert (keying.differing(blank, one, two, "fa") == []) is same


entries = st.fixed_dictionaries(
    {},
    optional={
        "way": st.sampled_from(["bus", "walk"]),
        "stop": st.text(alphabet="کكیيا ۱1", min_size=1, max_size=6),
        "age": st.integers(0, 200),
        "mixed": st.lists(st.sampled_from("abc"), min_size=1, unique=True).map(sorted),
    },
)


@given(entries, entries)
def test_comparing_is_fair(first: dict[str, Any], second: dict[str, Any]) -> None:
    blank = blanks.of(FORM)
    assert keying.differing(blank, first, first, "fa") == []
    there = [slot.key for slot in keying.differing(blank, first, second, "fa")]
    assert there == [slot.key for slot in keying.differing(blank, second, first, "fa")]
    assert len(there) <= keying.compared(first, second)


def test_what_is_stored_follows_the_logic_and_knows_no_time_of_typing(context: Flask) -> None:
    entry = {"way": "walk", "stop": "میدان", "age": 40, "mixed": ["b"]}
    kept = keying.answers(FORM, blanks.of(FORM), entry)
    assert keying.final(FORM, kept, clock.now()) == {
        "way": "walk",
        "age": 40,
        "double": 80,
        "mixed": ["b"],
        "mixed_order": ["a", "b", "c"],
    }


def test_a_wrong_answer_is_objected_to_a_missing_one_is_not(context: Flask) -> None:
    blank = blanks.of(FORM)
    assert keying.objections(FORM, blank, {}, "fa", clock.now()) == {}
    assert set(keying.objections(FORM, blank, {"age": 500}, "fa", clock.now())) == {"age"}


def test_a_proposal_is_not_made_for_what_was_left_empty(context: Flask) -> None:
    form = questionnaire([question("a"), question("b", default_expression="concat('x', 'y')")])
    kept = keying.answers(form, blanks.of(form), {"a": "1"})
    assert keying.final(form, kept, clock.now()) == {"a": "1"}
