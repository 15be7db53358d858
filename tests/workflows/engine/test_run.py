"""What shipped definitions mean, and that another machine running the export agrees."""

from xml.etree import ElementTree as ET

import pytest

from benchmarks import bench_workflows
from workflows.cases import models
from workflows.engine import catalogue, run, scxml
from workflows.engine.model import STAGES, Definition

LIKE_MESSAGES = ("follow-up", "urgent", "special", "call-in-promise", "council-decision")
CASE = {"has_phone": True}
WORKING = frozenset({"received", "assigned", "in_progress"})
STEPS: dict[str, tuple[frozenset[str], set[str | None], str]] = {
    "assign": (WORKING, {"assigned", None}, "cases.work"),
    "first_action": (frozenset({"received", "assigned"}), {"in_progress"}, "cases.work"),
    "mark_urgent": (frozenset({"received", "assigned"}), {None}, "cases.work"),
    "note": (frozenset(STAGES), {None}, "cases.work"),
    "finish": (WORKING, {"feedback", "closed"}, "cases.work"),
    "reopen": (frozenset({"feedback", "closed"}), {"assigned"}, "cases.work"),
    "accept": (frozenset({"feedback"}), {"closed"}, "cases.feedback"),
    "object": (frozenset({"feedback"}), {"assigned"}, "cases.feedback"),
}
"""What the services take by these names: from which stages, where to, with which permission."""


@pytest.mark.parametrize("name", LIKE_MESSAGES)
def test_messages_keep_the_steps_that_their_services_take(name: str) -> None:
    """By stage: a definition may have more states than stages."""
    definition = catalogue.shipped()[name]
    assert set(STAGES) <= set(definition.states)
    for action, (known, targets, permission) in STEPS.items():
        steps = [one for one in definition.transitions if one.action == action]
        sources = {source for one in steps for source in one.sources}
        assert {definition.states[source].stage for source in sources} == known, action
        assert sources >= known, action
        assert {one.target for one in steps} == targets, action
        assert {one.permission for one in steps} == {permission}, action
        assert all(one.roles for one in steps), action
    (time_out,) = [one for one in definition.transitions if one.action == "time_out"]
    assert (time_out.sources, time_out.target, time_out.roles) == (("feedback",), "closed", ())
    outcome = run.form_of(definition, "assigned", "finish")[0]
    assert (outcome.name, tuple(outcome.choices)) == ("outcome", models.OUTCOMES)


@pytest.mark.parametrize("name", LIKE_MESSAGES)
@pytest.mark.parametrize("outcome", models.OUTCOMES)
@pytest.mark.parametrize("has_phone", [True, False])
def test_who_can_be_asked_is_asked(name: str, outcome: str, has_phone: bool) -> None:
    definition = catalogue.shipped()[name]
    step = run.choose(
        definition, "in_progress", "finish", {"has_phone": has_phone}, {"outcome": outcome}
    )
    asked = has_phone and outcome not in {"duplicate", "irrelevant"}
    assert step is not None
    assert step.target == ("feedback" if asked else "closed")


def test_the_clocks_of_a_message_go_with_its_steps() -> None:
    follow_up = catalogue.shipped()["follow-up"]
    assert run.start_clocks(follow_up, None, "received", None) == ["first_action", "resolution"]
    assert run.stop_clocks(follow_up, "received", "assigned", "assign") == []
    assert run.stop_clocks(follow_up, "assigned", "in_progress", "first_action") == ["first_action"]
    assert set(run.stop_clocks(follow_up, "assigned", "feedback", "finish")) == {
        "first_action", "resolution", "objection",
    }  # fmt: skip
    assert run.start_clocks(follow_up, "assigned", "feedback", "finish") == ["feedback"]
    assert run.start_clocks(follow_up, "feedback", "assigned", "object") == ["objection"]
    assert run.stop_clocks(follow_up, "feedback", "assigned", "object") == ["feedback"]
    assert set(run.stop_clocks(follow_up, "feedback", "closed", "accept")) == set(follow_up.clocks)
    limits = {
        name: {rule.name: (rule.limit_hours, rule.calendar) for rule in one.clocks.values()}
        for name, one in catalogue.shipped().items()
    }
    assert limits["follow-up"] == {
        "first_action": (None, "category"),
        "resolution": (None, "category"),
        "feedback": (24, "always"),
        "objection": (16, "category"),
    }
    assert limits["urgent"]["first_action"] == (2, "always")
    assert limits["urgent"]["objection"] == (2, "always")
    file = catalogue.shipped()["client-file"]
    assert run.paused_clocks(file, "payment") == ("handling",)


def test_each_sees_the_steps_of_the_own_roles_once() -> None:
    letter = catalogue.shipped()["official-letter"]

    def actions(state: str, roles: list[str] | None) -> list[str]:
        return [step.action for step in run.possible(letter, state, roles)]

    assert actions("signed", ["unit_officer"]) == ["send_out", "cancel", "note"]
    assert actions("signature", ["official"]) == ["sign", "return_draft", "note"]
    assert actions("signature", ["analyst"]) == []
    assert actions("feedback", ["administrator"]) == ["note", "accept", "object"]
    assert "time_out" in actions("feedback", None)
    assert run.choose(letter, "signature", "send_out", CASE, {}) is None


def test_another_machine_running_the_export_agrees() -> None:
    found = bench_workflows.compare(2_000, seed=6)
    assert found.differences == []
    assert (found.illegal, found.dead) == (0, 0)
    assert found.events >= 2_000
    assert len({name for name, _place in found.steps}) == len(catalogue.shipped())


@pytest.mark.parametrize("definition", catalogue.shipped().values(), ids=lambda one: one.name)
def test_the_export_is_scxml_and_the_same_each_time(definition: Definition) -> None:
    text = scxml.to_scxml(definition)
    assert text == scxml.to_scxml(definition)
    root = ET.fromstring(text.split("?>", 1)[1])
    assert root.tag == f"{{{scxml.NAMESPACE}}}scxml"
    ids = {node.get("id") for node in root if not node.tag.endswith("datamodel")}
    assert ids == set(definition.states)
    steps = root.findall(f".//{{{scxml.NAMESPACE}}}transition")
    assert len(steps) == sum(len(one.sources) for one in definition.transitions)
