"""Files that are meant to harm, or that are merely large: told of in a moment, never a crash."""

import time
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories.accounts import csrf_token, make_user, sign_in
from tests.workflows.engine.test_reader import GOOD
from workflows.calendars.nodes import Problem
from workflows.engine import checks, diagram, reader
from workflows.engine.review import review

KNOWN = checks.World(frozenset({"always"}))
SOON = 60.0
"""Seconds; what is guarded against takes many minutes."""


@pytest.fixture(autouse=True)
def _soon() -> Iterator[None]:
    begun = time.monotonic()
    yield
    assert time.monotonic() - begun < SOON


def errors(text: str) -> list[Problem]:
    return [one for one in review(text, KNOWN).problems if one.severity == "error"]


@pytest.mark.parametrize("letter", [r"\0", r"\x07", r"\uD800", r"\uFFFF"])
@pytest.mark.parametrize(
    "place", ["en: Small", "guard: case.reopened < 3", "name: small", "action: finish"]
)
def test_letters_that_nothing_can_keep_or_draw_are_refused(place: str, letter: str) -> None:
    key, _sign, word = place.partition(": ")
    found = errors(GOOD.replace(place, f'{key}: "{word}{letter}"'))
    assert found and any(one.line for one in found)
    for one in found:
        str(one.message).encode()
        (one.path or "").encode()


@pytest.mark.parametrize("text", ['name: "\\UFFFFFFFF"', f"%YAML 1.{'1' * 5000}\n---\nname: x\n"])
def test_numbers_beyond_all_numbers_are_problems(text: str) -> None:
    assert errors(text)


@pytest.mark.parametrize(
    "place",
    ["name: small", "name: begun", "action: finish", "name: whole", "calendar: always"],
)
def test_a_line_break_is_no_part_of_a_name(place: str) -> None:
    key, _sign, word = place.partition(": ")
    assert errors(GOOD.replace(place, f'{key}: "{word}\\n"'))


def test_a_language_with_a_line_break_is_none() -> None:
    assert errors(GOOD.replace("en: Small", 'en: Small, "de\\n": Klein'))


def test_a_long_list_of_odd_things_costs_no_more_than_its_length() -> None:
    odd = ", ".join(f"{{a{number}: }}" for number in range(9000))
    assert errors(GOOD.replace("roles: [operator]", f"roles: [{odd}]"))


def test_a_file_of_too_many_parts_is_refused() -> None:
    (found,) = errors(GOOD + "about: [" + "{}," * 30_000 + "]\n")
    assert "20000" in str(found.message)


def test_as_large_as_it_may_be_it_is_checked_and_drawn() -> None:
    titles = "{fa: a, ar: a, en: a}"
    names = [f"s{number}" for number in range(100)]
    states = "".join(
        f"  - {{name: {name}, titles: {titles}, stage: {stage}}}\n"
        for name, stage in zip(names, [*["received"] * 99, "closed"], strict=True)
    )
    steps = "".join(
        f"  - {{action: a{number}, titles: {titles}, from: [{', '.join(names)}], to: s{number},"
        f" roles: [operator], outcome: done, guard: case.urgent}}\n"
        for number in range(100)
    )
    clocks = "".join(
        f"  - {{name: c{number}, titles: {titles}, calendar: always, starts: [s0], stops: [s99],"
        " then: a99}\n"
        for number in range(20)
    )
    text = (
        f"name: large\ntitles: {titles}\ninitial: s0\nstates:\n{states}transitions:\n{steps}"
        f"clocks:\n{clocks}"
    )
    assert not errors(text)
    definition, _problems = reader.read(text)
    assert definition is not None
    assert diagram.to_svg(definition, "fa")


def test_a_draft_with_such_letters_is_shown_again_with_its_problems(
    app: Flask, client: FlaskClient
) -> None:
    sign_in(client, make_user(("administrator",)))
    address = "/staff/workflows/draft"
    token = csrf_token(client, address)
    for text in (
        GOOD.replace("en: Small", 'en: "Small\\0"'),
        GOOD.replace("en: Small", 'en: "Small\\uD800"'),
        GOOD.replace("name: begun", 'name: "begun\\uD800"'),
        'name: "\\UFFFFFFFF"',
    ):
        answer = client.post(address, data={"csrf_token": token, "source": text})
        assert answer.status_code == 422
