"""Our engine beside python-statemachine running the exported SCXML, on random events.

`python -m benchmarks.bench_workflows [EVENTS]` prints JSON; exit code 1 at any difference. Each
event is an action of the definition (seldom one it does not have), facts and form values by chance;
compared after each: the state, and which clocks run.
"""

import json
import random
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from statemachine.io.scxml.processor import SCXMLProcessor
from statemachine.model import Model
from statemachine.statemachine import StateChart

from workflows.engine import catalogue, facts, paths, run, scxml
from workflows.engine.model import Definition, FormField

SEED = 137
EVENTS = 200_000
MOST_STEPS = 40
"""Events of one case; then another case begins."""
UNKNOWN = "no_such_action"

_FACTS: Mapping[str, tuple[Any, ...]] = {
    "urgent": (True, False),
    "special": (True, False),
    "has_phone": (True, False),
    "channel": ("portal", "sms", "phone"),
    "category": (None, "lights", "asphalt"),
    "outcome": (None, "done", "duplicate"),
    "language": ("fa", "ar", "en"),
    "reopened": (0, 1, 2),
}


@dataclass
class Figures:
    events: int = 0
    cases: int = 0
    moves: int = 0
    refused: int = 0
    ends: int = 0
    differences: list[str] = field(default_factory=list)
    illegal: int = 0
    """Steps that the definition's table does not have."""
    dead: int = 0
    """States that were come to and lead to no end."""
    steps: set[tuple[str, int]] = field(default_factory=set)
    """The transitions that were taken, by definition and place."""
    ours: float = 0.0
    theirs: float = 0.0


class Ours:
    """A case that our engine runs: the state, and the clocks that run."""

    def __init__(self, definition: Definition) -> None:
        self.definition, self.state = definition, definition.initial
        self.clocks = set(run.start_clocks(definition, None, definition.initial, None))

    def send(self, action: str, case: dict[str, Any], form: dict[str, Any]) -> int | None:
        """The place of the transition that was taken."""
        step = run.choose(self.definition, self.state, action, case, form)
        if step is None:
            return None
        target = run.next_state(self.state, step)
        self.clocks -= set(run.stop_clocks(self.definition, self.state, target, action))
        self.clocks |= set(run.start_clocks(self.definition, self.state, target, action))
        self.state = target
        return self.definition.transitions.index(step)


class Theirs:
    """The same case run by python-statemachine from the export alone."""

    def __init__(self, definition: Definition) -> None:
        self.processor = SCXMLProcessor()
        self.processor.parse_scxml(definition.name, scxml.to_scxml(definition))
        self.names = list(definition.clocks)
        # Only the first machine of a class is given the document's data.
        self.data = dict(vars(self.processor.start().model))  # type: ignore[no-untyped-call]

    def start(self) -> Any:
        self.processor.sessions.clear()
        model = Model()  # type: ignore[no-untyped-call]
        vars(model).update(self.data)
        return self.processor.root_cls(model)

    def clocks(self, machine: Any) -> set[str]:
        return {name for name in self.names if getattr(machine.model, scxml.datum(name))}


def _value(chance: random.Random, asked: FormField) -> Any:
    match asked.kind:
        case "choice":
            return chance.choice([*asked.choices, None])
        case "yesno":
            return chance.choice([True, False, None])
        case "number":
            return chance.choice([None, 0, 1, 2.5, 1_000])
    return chance.choice([None, "", "متن"])


class Chance:
    """Events of a definition: mostly what is possible in the state, sometimes what is not."""

    def __init__(self, definition: Definition, seed: str) -> None:
        self.random, self.definition = random.Random(seed), definition
        self.actions = sorted({step.action for step in definition.transitions})
        self.possible = {
            state: sorted({step.action for step in definition.steps(state)})
            for state in definition.states
        }
        self.fields: dict[str, dict[str, FormField]] = {action: {} for action in self.actions}
        for step in definition.transitions:
            self.fields[step.action].update({asked.name: asked for asked in step.form})

    def event(self, state: str) -> tuple[str, dict[str, Any], dict[str, Any]]:
        chance, kind = self.random, self.random.random()
        if kind < 0.01:
            action = UNKNOWN
        elif kind < 0.2 or not self.possible[state]:
            action = chance.choice(self.actions)
        else:
            action = chance.choice(self.possible[state])
        case = {name: chance.choice(values) for name, values in _FACTS.items()}
        fields = self.fields.get(action, {})
        return action, case, {name: _value(chance, asked) for name, asked in fields.items()}


def compare(number: int, seed: int = SEED) -> Figures:
    """At least `number` events in all, the same share for each shipped definition."""
    assert set(_FACTS) == set(facts.FACTS)
    found = Figures()
    definitions = catalogue.shipped()
    share = -(-number // len(definitions))
    for name, definition in definitions.items():
        theirs, chance = Theirs(definition), Chance(definition, f"{seed}:{name}")
        alive = paths.leading_to(
            definition, [state.name for state in definition.states.values() if state.final]
        )
        done = 0
        while done < share:
            length = min(chance.random.randint(1, MOST_STEPS), share - done)
            _one_case(definition, theirs, chance=chance, length=length, alive=alive, found=found)
            done += length
    return found


def _one_case(
    definition: Definition,
    theirs: Theirs,
    *,
    chance: Chance,
    length: int,
    alive: set[str],
    found: Figures,
) -> None:
    ours, machine = Ours(definition), theirs.start()
    found.cases += 1
    for _number in range(length):
        action, case, form = chance.event(ours.state)
        before = ours.state
        began = time.perf_counter()
        taken = ours.send(action, case, form)
        middle = time.perf_counter()
        # An action may have a name that the machine's own methods have.
        StateChart.send(machine, action, **scxml.payload(case, form))
        found.theirs += time.perf_counter() - middle
        found.ours += middle - began
        found.events += 1
        if taken is None:
            found.refused += 1
        else:
            step = definition.transitions[taken]
            found.moves += ours.state != before
            found.illegal += before not in step.sources or ours.state != (step.target or before)
            found.steps.add((definition.name, taken))
        found.ends += definition.states[ours.state].final
        found.dead += ours.state not in alive
        their_state = next(iter(machine.configuration)).id
        if (ours.state, ours.clocks) != (their_state, theirs.clocks(machine)):
            found.differences.append(
                f"{definition.name}: {before} {action} {case} {form}: "
                f"{ours.state} {sorted(ours.clocks)}, not "
                f"{their_state} {sorted(theirs.clocks(machine))}"
            )
            return


def main(number: int = EVENTS) -> None:
    found = compare(number)
    total = sum(len(one.transitions) for one in catalogue.shipped().values())
    print(
        json.dumps(
            {
                "seed": SEED,
                "definitions": len(catalogue.shipped()),
                "events": found.events,
                "cases": found.cases,
                "moves": found.moves,
                "not_possible": found.refused,
                "in_an_end": found.ends,
                "transitions_taken": f"{len(found.steps)} of {total}",
                "differences": len(found.differences),
                "illegal": found.illegal,
                "dead": found.dead,
                "ours_per_second": round(found.events / found.ours),
                "python_statemachine_per_second": round(found.events / found.theirs),
                "first_differences": found.differences[:5],
            },
            ensure_ascii=False,
        )
    )
    if found.differences or found.illegal or found.dead:
        raise SystemExit(1)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS)
