"""What publishing refuses: each mistake on its own, in a definition that is otherwise good."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from portal.security import ROLES
from workflows.engine import catalogue, checks
from workflows.engine.model import ClockRule, Definition, Effect, FormField, State, Transition

WORLD = checks.World(
    frozenset({"always", "tehran-office"}),
    {"cases.work": frozenset({"operator", "unit_officer", "administrator"})},
)


def texts(word: str) -> dict[str, str]:
    return {"fa": f"{word}۱", "ar": f"{word}٢", "en": word}


def state(name: str, stage: str = "in_progress", **more: Any) -> State:
    return State(name, texts(name), stage, **more)


def step(action: str, sources: str, target: str | None, **more: Any) -> Transition:
    values: dict[str, Any] = {"roles": ("operator",), **more}
    values.setdefault("outcome", "done")
    return Transition(action, texts(action), tuple(sources.split()), target, **values)


def clock(name: str, starts: str, stops: str, **more: Any) -> ClockRule:
    values: dict[str, Any] = {"limit_hours": 8.0, "calendar": "always", **more}
    return ClockRule(
        name, texts(name), starts=tuple(starts.split()), stops=tuple(stops.split()), **values
    )


def small(*more: Any, steps: tuple[Transition, ...] = (), **changes: Any) -> Definition:
    """begun → work ⇄ waits → over; with more states, steps and clocks."""
    states = [state("begun", "received"), state("work"), state("waits"), state("over", "closed")]
    states += [one for one in more if isinstance(one, State)]
    base = (
        step("take", "begun", "work"),
        step("hold", "work", "waits"),
        step("back", "waits", "work"),
        step("finish", "work", "over"),
    )
    found = Definition(
        name="small",
        titles=texts("small"),
        initial="begun",
        states={one.name: one for one in states},
        transitions=(*base, *(one for one in more if isinstance(one, Transition)), *steps),
        clocks={one.name: one for one in more if isinstance(one, ClockRule)},
    )
    return replace(found, **changes)


def found(definition: Definition) -> list[tuple[str | None, str]]:
    problems = checks.check(definition, WORLD)
    assert all(str(problem.message) for problem in problems)
    return [(problem.path, problem.severity) for problem in problems]


NUMBER = FormField("amount", "number", texts("amount"))
PICK = FormField("pick", "choice", texts("pick"), choices={"a": texts("a"), "b": texts("b")})
SAME = FormField("pick", "choice", texts("pick"), choices={"a": texts("a"), "b": texts("a")})


ASKING = (
    state("asked", "feedback"),
    step("answer", "work", "asked", effects=(Effect("ask_feedback"),)),
    step("accept", "asked", "over"),
    step("object", "asked", "work"),
    step("time_out", "asked", "over", roles=()),
)


def test_a_good_one_has_no_problem() -> None:
    assert found(small(*ASKING)) == []
    good = small(
        clock("whole", "begun", "over", then="finish_itself"),
        clock("again", "action:hold", "work over"),
        step("note", "begun work waits over", None),
        step("finish_itself", "begun work waits", "over", roles=()),
        step("ask", "work", "waits", form=(PICK, NUMBER), guard="form.pick == 'a'"),
        step("ask", "work", None, effects=(Effect("notify", {"to": "unit", "texts": texts("x")}),)),
        state("stands", pauses=("whole",)),
        step("stand", "work", "stands"),
        step("go_on", "stands", "work"),
    )
    assert found(good) == []


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        # states
        (small(state("island"), step("leave", "island", "over")), ("states[4]", "error")),
        (small(state("pit"), step("fall", "work", "pit")), ("states[4]", "error")),
        (
            small(
                state("one"), state("two"), step("fall", "work", "one"), step("go", "one", "two"),
                step("come", "two", "one"),
            ),
            ("states[4]", "error"),
        ),
        (small(initial="nowhere"), ("initial", "error")),
        (small(step("again", "over", "begun"), initial="over"), ("initial", "error")),
        (small(state("odd", pauses=("no_clock",)), step("a", "work", "odd"),
               step("b", "odd", "work")), ("states[4].pauses[0]", "error")),
        (small(titles={"fa": "نام", "en": "name"}), ("titles", "error")),
        (small(titles={**texts("x"), "de": "Name"}), ("titles", "warning")),
        # transitions
        (small(step("go", "nowhere", "work")), ("transitions[4].from[0]", "error")),
        (small(step("go", "work", "nowhere")), ("transitions[4].to", "error")),
        (small(step("go", "work", None, roles=("king",))), ("transitions[4].roles[0]", "error")),
        (
            small(step("go", "work", None, roles=("analyst",))),
            ("transitions[4].roles[0]", "warning"),
        ),
        (
            small(step("go", "work", None, permission="cases.rule")),
            ("transitions[4].permission", "error"),
        ),
        (small(step("go", "work", None, roles=(), form=(PICK,))), ("transitions[4].form", "error")),
        (
            small(step("go", "work", None, form=(replace(PICK, choices={}),))),
            ("transitions[4].form[0]", "error"),
        ),
        (
            small(step("go", "work", None, form=(SAME,))),
            ("transitions[4].form[0].choices[1].titles", "error"),
        ),
        (
            small(step("go", "work", None, effects=(Effect("notify", {"to": "unit"}),))),
            ("transitions[4].effects[0]", "error"),
        ),
        (
            small(step("go", "work", None, effects=(Effect(
                "task", {"titles": texts("x"), "role": "king", "hours": 1, "calendar": "always"}
            ),))),
            ("transitions[4].effects[0].role", "error"),
        ),
        (
            small(step("go", "work", None, effects=(
                Effect("notify", {"to": "citizen", "purpose": "cases.answered"}),))),
            ("transitions[4].effects[0].purpose", "warning"),
        ),
        (
            small(step("go", "work", "over", effects=(
                Effect("notify", {"to": "citizen", "purpose": "cases.hello"}),))),
            ("transitions[4].effects[0].purpose", "warning"),
        ),
        (
            small(step("go", "work", "over", effects=(Effect("ask_feedback"),))),
            ("transitions[4].effects[0]", "warning"),
        ),
        # guards and the order of an action's transitions
        (small(step("go", "work", "over", guard="form.a ==")), ("transitions[4].guard", "error")),
        (
            small(step("go", "work", "over", guard="case.nothing"), step("go", "work", "waits")),
            ("transitions[4].guard", "error"),
        ),
        (
            small(step("go", "work", "over", guard="case.urgent")),
            ("transitions[4].guard", "warning"),
        ),
        (
            small(step("go", "work", "over"), step("go", "work", "waits")),
            ("transitions[4].guard", "error"),
        ),
        (
            small(
                step("go", "work", "over", guard="case.urgent"),
                step("go", "work", "waits", roles=("unit_officer",)),
            ),
            ("transitions[5].roles", "error"),
        ),
        (
            small(
                step("go", "work", "over", guard="case.urgent", form=(PICK,)),
                step("go", "work", "waits", form=(SAME,)),
            ),
            ("transitions[5].form", "error"),
        ),
        (small(step("go", "work", None, guard="1 == 2")), ("transitions[4].guard", "error")),
        (
            small(step("go", "work", None, guard="true", form=(PICK,))),
            ("transitions[4].guard", "error"),
        ),
        # steps of the system
        (small(step("lapse", "work", "over", roles=())), ("transitions[4].roles", "error")),
        (
            small(state("pit"), step("fall", "work", "pit"), step("lapse", "pit", "over", roles=()),
                  clock("late", "work", "over", then="note"),
                  step("note", "begun work waits pit", None)),
            ("states[4]", "error"),
        ),
        (
            small(state("pit", pauses=("late",)), step("fall", "work", "pit"),
                  step("lapse", "work waits pit", "over", roles=()),
                  clock("late", "work", "over", then="lapse")),
            ("states[4]", "error"),
        ),
        # where citizens are asked
        (small(*ASKING[:-1]), ("transitions[4].to", "error")),
        (small(*ASKING[:2], *ASKING[3:]), ("transitions[4].to", "error")),
        # clocks
        (small(clock("late", "nowhere", "over")), ("clocks[0].starts[0]", "error")),
        (small(clock("late", "begun", "action:sing")), ("clocks[0].stops[0]", "error")),
        (small(clock("late", "begun", "over", calendar="moon")), ("clocks[0].calendar", "error")),
        (small(clock("late", "begun", "over", then="sing")), ("clocks[0].then", "error")),
        (small(clock("late", "begun", "over", then="back")), ("clocks[0].then", "error")),
        (small(clock("late", "over", "begun")), ("clocks[0].starts", "error")),
        (small(clock("late", "work", "begun over")), ("clocks[0].stops[0]", "warning")),
    ],
)  # fmt: skip
def test_each_mistake_is_told_at_its_place(
    definition: Definition, expected: tuple[str, str]
) -> None:
    assert expected in found(definition)
    assert len(found(definition)) <= 3


def test_a_clock_that_no_way_stops_is_told_with_its_states() -> None:
    """A loop that only its own pair of states knows: nothing in it stops the clock."""
    looping = small(
        clock("late", "work", "action:back"),
        state("one"),
        state("two"),
        step("fall", "work", "one"),
        step("go", "one", "two"),
        step("come", "two", "one"),
    )
    problem = next(one for one in checks.check(looping, WORLD) if one.path == "clocks[0].stops")
    assert problem.severity == "error"
    assert "one, two" in str(problem.message)


def test_the_shipped_ones_are_clean_in_the_portal(
    make_app: Callable[..., Flask], tmp_path: Path
) -> None:
    with make_app(data_dir=tmp_path).app_context():
        world = checks.world()
        assert {"always", "tehran-office"} <= world.calendars
        for definition in catalogue.shipped().values():
            assert checks.check(definition) == []
            for one in definition.transitions:
                assert set(one.roles) <= set(ROLES)
