"""Pictures of definitions: nothing over anything else, nothing cut, nothing from outside."""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.i18n import LANGUAGES
from workflows.engine import catalogue, diagram, diagram_layout
from workflows.engine.model import Definition, State, Transition

SVG = "{http://www.w3.org/2000/svg}"
NUMBERS = re.compile(r"-?\d+(?:\.\d+)?")


@dataclass(frozen=True)
class Area:
    left: float
    top: float
    right: float
    bottom: float
    what: str

    def meets(self, other: "Area") -> bool:
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )


def texts(root: ET.Element) -> list[Area]:
    """Where letters are, by the widths that the layout reckons with."""
    right_to_left = root.get("direction") == "rtl"
    found = []
    for node in root.iter(f"{SVG}text"):
        size, x, y = (
            float(node.get("font-size", 12.5)),
            float(node.get("x", 0)),
            float(node.get("y", 0)),
        )
        width = diagram_layout.text_width(node.text or "", size)
        match node.get("text-anchor"):
            case "middle":
                left = x - width / 2
            case "end":
                left = x if right_to_left else x - width
            case _:
                left = x - width if right_to_left else x
        # Letters stand from the ascent to just below the baseline.
        found.append(Area(left, y - size * 0.8, left + width, y + size * 0.2, node.text or ""))
    return found


def lines(root: ET.Element) -> Iterator[Area]:
    """The straight pieces of what runs between the boxes, marks beside words left out."""
    for node in root.iter(f"{SVG}path"):
        if node.get("stroke-width") == "1.6":
            values = list(map(float, NUMBERS.findall(node.get("d", ""))))
            points = list(zip(values[::2], values[1::2], strict=True))
            for one, other in itertools.pairwise(points):
                xs, ys = sorted((one[0], other[0])), sorted((one[1], other[1]))
                yield Area(xs[0] - 0.5, ys[0] - 0.5, xs[1] + 0.5, ys[1] + 0.5, str(node.attrib))


def look_at(definition: Definition, language: str) -> ET.Element:
    text = diagram.to_svg(definition, language)
    assert text == diagram.to_svg(definition, language)
    root = ET.fromstring(text)
    assert root.get("direction") == ("ltr" if language == "en" else "rtl")
    title = next(node for node in root.iter(f"{SVG}text"))
    top = float(NUMBERS.findall(next(root.iter(f"{SVG}g")).get("transform", ""))[1])
    width, height = map(float, NUMBERS.findall(root.get("viewBox", ""))[2:])
    words = [area for area in texts(root) if area.what != title.text or area.bottom > top]
    for number, area in enumerate(words):
        assert area.left >= 0, area
        assert area.right <= width, area
        assert area.bottom + top <= height, area
        for other in words[number + 1 :]:
            assert not area.meets(other), (area, other)
    for line in lines(root):
        assert line.left >= 0, line
        assert line.right <= width, line
        for area in words:
            assert not area.meets(line), (area, line)
    return root


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", catalogue.shipped())
def test_no_word_is_crossed_or_cut(name: str, language: str) -> None:
    definition = catalogue.shipped()[name]
    root = look_at(definition, language)
    shown = " ".join(node.text or "" for node in root.iter(f"{SVG}text"))
    for state in definition.states.values():
        assert all(word in shown for word in state.titles[language].split())
    for step in definition.transitions:
        assert all(word in shown for word in step.titles[language].split())


def test_a_screen_reader_is_told_all_of_it() -> None:
    definition = catalogue.shipped()["street-naming"]
    root = ET.fromstring(diagram.to_svg(definition, "fa"))
    assert root.get("role") == "img"
    labelled = (root.get("aria-labelledby") or "").split()
    found = {node.get("id"): node.text or "" for node in root if node.get("id")}
    assert next(found[name] for name in labelled) == definition.titles["fa"]
    words = found[labelled[1]]
    assert words.count("\n") == len(definition.states) - 1
    for step in definition.transitions:
        assert step.titles["fa"] in words


def test_it_loads_and_runs_nothing_and_takes_the_colour_of_its_page() -> None:
    for definition in catalogue.shipped().values():
        text = diagram.to_svg(definition, "ar")
        tags = {node.tag.removeprefix(SVG) for node in ET.fromstring(text).iter()}
        assert tags <= {"svg", "title", "desc", "g", "rect", "circle", "path", "polygon", "text"}
        assert 'fill="currentColor"' in text
        assert not re.search(r"style=|href|url\(|@import|\bon\w+=", text)


def test_states_stand_in_the_order_in_which_cases_come_to_them() -> None:
    order = [state.name for state in diagram_layout.ranked(catalogue.shipped()["client-file"])]
    assert order == [
        "received", "expert", "documents", "visit", "fees", "payment", "signature", "ready",
        "feedback", "closed",
    ]  # fmt: skip


@st.composite
def any_definition(draw: st.DrawFn) -> Definition:
    """Wild ones: many ways between the same states, long names, ways back over everything."""
    number = draw(st.integers(1, 6))
    names = [f"s{place}" for place in range(number)]
    word = (
        st.text("abmw ", min_size=1, max_size=40)
        .filter(str.strip)
        .map(lambda text: " ".join(text.split()))
    )
    states = [
        State(name, {"en": draw(word)}, "closed" if name == names[-1] else "in_progress")
        for name in names
    ]
    steps = [
        Transition(
            draw(st.sampled_from(["a", "b", "c"])),
            {"en": draw(word)},
            tuple(draw(st.lists(st.sampled_from(names), min_size=1, max_size=4, unique=True))),
            draw(st.none() | st.sampled_from(names)),
            draw(st.sampled_from([(), ("operator",)])),
            guard=draw(st.sampled_from(["", "case.urgent"])),
        )
        for _place in range(draw(st.integers(0, 9)))
    ]
    return Definition(
        "wild", {"en": "Wild"}, names[0], {one.name: one for one in states}, tuple(steps), {}
    )


@given(any_definition())
@settings(max_examples=40)
def test_wild_definitions_are_as_readable(definition: Definition) -> None:
    look_at(definition, "en")
