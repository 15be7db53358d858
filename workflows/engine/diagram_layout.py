"""Where everything of a diagram stands, in numbers; workflows.engine.diagram draws it.

States are boxes in one column, ranked by their distance from the beginning. A step to the next box
is an arrow between the two. Every other step runs in a lane beside the column, forward steps on the
far side, steps back on the near side; a step from several states is one lane with a branch from
each. What a lane is called stands at its arrow, in a strip between boxes and lanes that only
horizontal lines cross, each at a height of its own: so no line ever runs through a word.

Numbers are pixels, left to right; right-to-left languages are mirrored when drawn.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from .model import Definition, State, Transition
from .run import ACTION, next_state

BOX: Final = 236
PAD: Final = 12
LABEL: Final = 12.5
TITLE: Final = 15
BOLD: Final = 1.1
LINE: Final = 17
TITLE_LINE: Final = 21
LABEL_WIDTH: Final = 172
"""Widest line of a label; longer ones are broken."""
MARK: Final = 16
LANE: Final = 13
OUT: Final = 13
GAP: Final = 30
MARGIN: Final = 18


@dataclass(frozen=True)
class Label:
    """What a step is called, in lines. `system`: nobody takes it; `condition`: it has a guard."""

    lines: tuple[str, ...]
    system: bool
    condition: bool

    @property
    def width(self) -> float:
        return max(text_width(line, LABEL) for line in self.lines) + MARK * (
            self.system + self.condition
        )


@dataclass
class Box:
    state: State
    title: tuple[str, ...]
    clocks: tuple[tuple[str, ...], ...]
    """Clocks that begin here, each in lines."""
    stays: tuple[Label, ...]
    """Steps that stay here."""
    y: float = 0
    height: float = 0

    @property
    def content(self) -> float:
        below = sum(map(len, self.clocks)) + sum(len(stay.lines) for stay in self.stays)
        gap = 6 if below else 0
        return PAD * 2 + len(self.title) * TITLE_LINE + gap + below * LINE - 4


@dataclass
class Lane:
    """A step beside the column. `forward`: downwards. y values are set by `_ports`."""

    label: Label
    sources: tuple[str, ...]
    target: str
    forward: bool
    number: int = 0
    outs: dict[str, float] = field(default_factory=dict)
    into: float = 0


@dataclass(frozen=True)
class Drop:
    """The arrow from a box to the next one, and all the steps that take it."""

    source: str
    target: str
    labels: tuple[Label, ...]

    @property
    def height(self) -> float:
        return sum(len(label.lines) for label in self.labels) * LINE + GAP


@dataclass
class Layout:
    boxes: dict[str, Box]
    lanes: list[Lane]
    drops: dict[str, Drop]
    """By source."""
    everywhere: tuple[str, ...]
    """Actions that stay and can be taken in every state."""
    near: float = 0
    """Width of labels on the side of the steps back; `far` likewise."""
    far: float = 0
    left: float = 0
    """x of the boxes."""
    width: float = 0
    height: float = 0

    def lane_x(self, lane: Lane) -> float:
        shift = PAD + LANE * (lane.number + 1)
        if lane.forward:
            return self.left + BOX + self.far + shift
        return self.left - self.near - shift


def text_width(text: str, size: float) -> float:
    """At least what a line takes in the usual sans-serif fonts."""
    return sum(map(_letter, text)) * size


def _letter(letter: str) -> float:
    if letter in "\u200c\u200d\u200e\u200f" or "\u064b" <= letter <= "\u0652":
        return 0
    if letter in " \N{NO-BREAK SPACE}.,;:'|!iljtfrI()[]":
        return 0.34
    if "\u0600" <= letter <= "\u06ff":
        return 0.55
    return 0.72 if letter.isupper() or letter in "mwMW" else 0.56


def broken(text: str, width: float, size: float) -> tuple[str, ...]:
    """The text in lines of at most a width; a single longer word has its own line."""
    lines: list[str] = []
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, size) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return tuple(lines) or ("",)


def ranked(definition: Definition) -> list[State]:
    """The states from the beginning on: by the longest way that never goes back; ends last.

    A way back is one to a state that is on the way already, the steps followed in their order.
    """
    ways: dict[str, list[str]] = {name: [] for name in definition.states}
    for step in definition.transitions:
        for source in step.sources:
            target = next_state(source, step)
            if source in ways and target in ways and target not in {source, *ways[source]}:
                ways[source].append(target)
    order = {name: number for number, name in enumerate(definition.states)}
    finished = list(_finished(ways, definition.initial))
    place = {name: number for number, name in enumerate(finished)}
    rank = {name: 0 if name in place else len(order) for name in order}
    for name in reversed(finished):
        for target in ways[name]:
            # Finished later than where it comes from: that was a way back.
            if place[target] < place[name]:
                rank[target] = max(rank[target], rank[name] + 1)
    return sorted(
        definition.states.values(),
        key=lambda state: (state.final, rank[state.name], order[state.name]),
    )


def _finished(ways: dict[str, list[str]], initial: str) -> Iterator[str]:
    """The states in the order in which a search in depth is done with them."""
    seen, path = {initial}, [(initial, iter(ways.get(initial, ())))]
    while path:
        name, rest = path[-1]
        for target in rest:
            if target not in seen:
                seen.add(target)
                path.append((target, iter(ways[target])))
                break
        else:
            path.pop()
            yield name


def arrange(definition: Definition, language: str, clock_texts: dict[str, str]) -> Layout:
    """`clock_texts`: what stands in the box where a clock begins."""
    order = ranked(definition)
    row = {state.name: number for number, state in enumerate(order)}
    everywhere = _everywhere(definition)
    boxes = {state.name: _box(definition, state, language, clock_texts, everywhere)
             for state in order}  # fmt: skip
    drops: dict[str, list[Label]] = {}
    lanes: list[Lane] = []
    for step in definition.transitions:
        if step.target is None:
            continue
        label = _label(step, language)
        above = [name for name in step.sources if row[name] < row[step.target]]
        below = [name for name in step.sources if row[name] > row[step.target]]
        for name in above:
            if row[name] + 1 == row[step.target]:
                drops.setdefault(name, []).append(label)
        above = [name for name in above if row[name] + 1 != row[step.target]]
        for forward, sources in ((True, above), (False, below)):
            if sources:
                _join(lanes, Lane(label, tuple(sources), step.target, forward))
    names = [state.name for state in order]
    found = Layout(
        boxes,
        lanes,
        {name: Drop(name, names[row[name] + 1], _unique(labels)) for name, labels in drops.items()},
        everywhere,
    )
    _number(found, row)
    _place(found, names)
    return found


def _unique(labels: Iterable[Label]) -> tuple[Label, ...]:
    return tuple(dict.fromkeys(labels))


def _join(lanes: list[Lane], new: Lane) -> None:
    """Two transitions of the same name, kind and way are one line."""
    for lane in lanes:
        if (lane.label, lane.target, lane.forward) == (new.label, new.target, new.forward):
            lane.sources = tuple(dict.fromkeys((*lane.sources, *new.sources)))
            return
    lanes.append(new)


def _label(step: Transition, language: str) -> Label:
    marks = MARK * (bool(step.guard) + (not step.roles))
    lines = broken(step.titles.get(language, step.action), LABEL_WIDTH - marks, LABEL)
    return Label(lines, not step.roles, bool(step.guard))


def _everywhere(definition: Definition) -> tuple[str, ...]:
    staying: dict[str, set[str]] = {}
    for step in definition.transitions:
        if step.target is None:
            staying.setdefault(step.action, set()).update(step.sources)
    return tuple(name for name, states in staying.items() if states >= set(definition.states))


def _box(
    definition: Definition,
    state: State,
    language: str,
    clock_texts: dict[str, str],
    everywhere: tuple[str, ...],
) -> Box:
    inner = BOX - PAD * 2 - 6
    clocks = tuple(
        broken(clock_texts[rule.name], inner - MARK, LABEL)
        for rule in definition.clocks.values()
        if state.name in rule.starts or _brought(definition, state.name, rule.starts)
    )
    stays = _unique(
        Label(
            broken(step.titles.get(language, step.action), inner - MARK * 2, LABEL),
            not step.roles,
            bool(step.guard),
        )
        for step in definition.steps(state.name)
        if next_state(state.name, step) == state.name and step.action not in everywhere
    )
    title = broken(state.titles.get(language, state.name), inner, TITLE * BOLD)
    return Box(state, title, clocks, stays)


def _brought(definition: Definition, state: str, marks: tuple[str, ...]) -> bool:
    """Whether an action among the marks leads to the state."""
    return any(
        next_state(source, step) == state
        for step in definition.transitions
        if ACTION + step.action in marks
        for source in step.sources
    )


def _number(layout: Layout, row: dict[str, int]) -> None:
    """Short lanes inside; two share a number where they do not meet."""
    for forward in (True, False):
        taken: list[list[tuple[int, int]]] = []
        lanes = [lane for lane in layout.lanes if lane.forward == forward]
        for lane in sorted(lanes, key=lambda one: _span(one, row)[1] - _span(one, row)[0]):
            first, last = _span(lane, row)
            number = next(
                (
                    place
                    for place, spans in enumerate(taken)
                    if all(last < begin or first > end for begin, end in spans)
                ),
                len(taken),
            )
            if number == len(taken):
                taken.append([])
            taken[number].append((first, last))
            lane.number = number
        widest = max((lane.label.width for lane in lanes), default=0)
        if forward:
            layout.far = widest + PAD * 2 if lanes else PAD
        else:
            layout.near = widest + PAD * 2 if lanes else PAD
        side = (layout.far if forward else layout.near) + PAD + LANE * (len(taken) + 1)
        if not forward:
            layout.left = side + MARGIN
        layout.width += side
    labels = [label for drop in layout.drops.values() for label in drop.labels]
    reach = max((label.width for label in labels), default=0) + PAD * 2 - BOX / 2
    layout.width += BOX + MARGIN * 2
    # What an arrow between two boxes is called may be wider than the half of a box.
    if reach > layout.far:
        layout.width += reach - layout.far
        layout.far = reach


def _span(lane: Lane, row: dict[str, int]) -> tuple[int, int]:
    rows = [row[name] for name in (*lane.sources, lane.target)]
    return min(rows), max(rows)


def _place(layout: Layout, names: list[str]) -> None:
    y: float = MARGIN + 20
    for name in names:
        box = layout.boxes[name]
        box.y = y
        ports = max(_ports(layout, name, True, y), _ports(layout, name, False, y))
        box.height = max(box.content, ports)
        y += box.height
        if name != names[-1]:
            y += layout.drops[name].height if name in layout.drops else GAP
    layout.height = y + MARGIN


def _ports(layout: Layout, name: str, forward: bool, y: float) -> float:
    """Heights at which lanes meet a side of a box, set in the lanes; how much of it they need.

    Forward lanes come in from above, so at the top, and leave at the bottom; ways back the other
    way round. Lanes further in come first where lines come in, last where they leave: these do not
    cross.
    """
    lanes = [lane for lane in layout.lanes if lane.forward == forward]
    into = sorted((lane for lane in lanes if lane.target == name), key=lambda one: one.number)
    outs = sorted((lane for lane in lanes if name in lane.sources), key=lambda one: -one.number)
    at = y + PAD / 2
    if forward:
        at = _enter(into, at)
        at = _leave(outs, name, at)
    else:
        at = _leave(list(reversed(outs)), name, at)
        at = _enter(list(reversed(into)), at)
    return at - y + PAD / 2


def _enter(lanes: list[Lane], at: float) -> float:
    for lane in lanes:
        at += len(lane.label.lines) * LINE + 6
        lane.into = at
        at += 6
    return at


def _leave(lanes: list[Lane], name: str, at: float) -> float:
    for lane in lanes:
        at += OUT / 2
        lane.outs[name] = at
        at += OUT / 2
    return at
