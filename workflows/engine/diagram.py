"""A definition as a picture: SVG in a reader's language, mirrored for those from the right.

No script, no style, no font or anything else from outside; colours of the text are the page's own
(currentColor), so it reads in the light and in the dark. What it shows is also said in words for a
screen reader. The same definition gives the same text each time.
"""

from collections.abc import Iterable
from typing import Final
from xml.etree import ElementTree as ET

from portal.formats import format_decimal
from portal.i18n import RIGHT_TO_LEFT, _, ngettext, use_language

from .diagram_layout import (
    BOX,
    LABEL,
    LINE,
    MARGIN,
    MARK,
    PAD,
    TITLE,
    TITLE_LINE,
    Box,
    Drop,
    Label,
    Lane,
    Layout,
    arrange,
    text_width,
)
from .model import ClockRule, Definition
from .run import next_state

COLOURS: Final = {
    "received": "#4878c0",
    "assigned": "#8a64c8",
    "in_progress": "#b06d0f",
    "feedback": "#0f8585",
    "closed": "#4d8030",
}
"""Of a stage; each has three to one against white and against a dark page."""
FONT: Final = "'IBM Plex Sans Arabic','Noto Sans Arabic','Segoe UI',Tahoma,sans-serif"
_HEAD: Final = 20
_ROUND: Final = 7
_ARROW: Final = 7


def to_svg(definition: Definition, language: str) -> str:
    """The picture of a definition that `checks.check` finds no error in."""
    with use_language(language):
        clocks = {rule.name: _clock(rule, language) for rule in definition.clocks.values()}
        layout = arrange(definition, language, clocks)
        return _Drawing(definition, language, layout).text()


def _clock(rule: ClockRule, language: str) -> str:
    title = rule.titles.get(language, rule.name)
    if rule.limit_hours is None:
        return title
    count, number = round(rule.limit_hours), format_decimal(rule.limit_hours)
    if rule.calendar == "always":
        limit = ngettext("%(num)s hour", "%(num)s hours", count, num=number)
    else:
        limit = ngettext("%(num)s open hour", "%(num)s open hours", count, num=number)
    # Number and unit stay on one line.
    return _("%(title)s: %(limit)s", title=title, limit=limit.replace(" ", "\N{NO-BREAK SPACE}"))


class _Drawing:
    def __init__(self, definition: Definition, language: str, layout: Layout) -> None:
        self.definition, self.language, self.layout = definition, language, layout
        self.mirrored = language in RIGHT_TO_LEFT
        self.legend = self._legend()
        wide = max(
            text_width(definition.titles[language], _HEAD) + MARGIN * 2,
            *(text_width(text, LABEL) + MARK + MARGIN * 2 + 5 for _kind, text in self.legend),
            360,
        )
        self.width = max(layout.width, wide)
        self.shift = (self.width - layout.width) / 2
        self.top = 14 + _HEAD
        self.height = self.top + layout.height + len(self.legend) * (LINE + 3) + MARGIN
        name = f"workflow-{definition.name}-{language}"
        self.root = ET.Element(
            "svg",
            {
                "xmlns": "http://www.w3.org/2000/svg",
                "viewBox": f"0 0 {_n(self.width)} {_n(self.height)}",
                "width": _n(self.width),
                "height": _n(self.height),
                "role": "img",
                "aria-labelledby": f"{name}-title {name}-desc",
                "lang": language,
                "direction": "rtl" if self.mirrored else "ltr",
                "font-family": FONT,
                "font-size": _n(LABEL),
                "fill": "currentColor",
            },
        )
        self._add(self.root, "title", {"id": f"{name}-title"}).text = definition.titles[language]
        self._add(self.root, "desc", {"id": f"{name}-desc"}).text = self._words()

    # Primitives: x is mirrored here and nowhere else.

    def _x(self, x: float) -> float:
        x += self.shift
        return self.width - x if self.mirrored else x

    def _add(self, parent: ET.Element, tag: str, attributes: dict[str, str]) -> ET.Element:
        return ET.SubElement(parent, tag, attributes)

    def _rect(
        self, parent: ET.Element, x: float, y: float, size: tuple[float, float], **more: str
    ) -> None:
        left = self._x(x + size[0]) if self.mirrored else self._x(x)
        self._add(
            parent,
            "rect",
            {
                "x": _n(left),
                "y": _n(y),
                "width": _n(size[0]),
                "height": _n(size[1]),
                **{key.replace("_", "-"): value for key, value in more.items()},
            },
        )

    def _write(
        self,
        parent: ET.Element,
        x: float,
        y: float,
        text: str,
        *,
        middle: bool = False,
        **more: str,
    ) -> None:
        attributes = {"x": _n(self._x(x)), "y": _n(y)}
        if middle:
            attributes["text-anchor"] = "middle"
        attributes |= {key.replace("_", "-"): value for key, value in more.items()}
        self._add(parent, "text", attributes).text = text

    def _path(self, parent: ET.Element, points: list[tuple[float, float]], **more: str) -> None:
        """A line through points with rounded corners."""
        at = [(self._x(x), y) for x, y in points]
        parts = [f"M{_n(at[0][0])} {_n(at[0][1])}"]
        for before, corner, after in zip(at, at[1:], at[2:], strict=False):
            one, other = _towards(corner, before), _towards(corner, after)
            parts.append(f"L{one}Q{_n(corner[0])} {_n(corner[1])} {other}")
        parts.append(f"L{_n(at[-1][0])} {_n(at[-1][1])}")
        attributes = {"d": "".join(parts), "fill": "none", "stroke-width": "1.6"}
        attributes |= {key.replace("_", "-"): value for key, value in more.items()}
        self._add(parent, "path", attributes)

    def _polygon(
        self, parent: ET.Element, points: Iterable[tuple[float, float]], fill: str
    ) -> None:
        text = " ".join(f"{_n(self._x(x))},{_n(y)}" for x, y in points)
        self._add(parent, "polygon", {"points": text, "fill": fill})

    # The parts of the picture

    def text(self) -> str:
        self._write(
            self.root,
            self.layout.width / 2,
            16 + _HEAD / 2,
            self.definition.titles[self.language],
            middle=True,
            font_size=_n(_HEAD),
            font_weight="bold",
        )
        moved = f"translate(0 {_n(self.top)})"
        # Hidden, as the description says it in better order.
        body = self._add(self.root, "g", {"transform": moved, "aria-hidden": "true"})
        self._begin(body)
        for lane in sorted(self.layout.lanes, key=lambda one: -one.number):
            self._lane(body, lane)
        for drop in self.layout.drops.values():
            self._drop(body, drop)
        for box in self.layout.boxes.values():
            self._box(body, box)
        self._foot(body)
        ET.indent(self.root, " ")
        return ET.tostring(self.root, encoding="unicode") + "\n"

    def _begin(self, body: ET.Element) -> None:
        box = self.layout.boxes[self.definition.initial]
        x = self.layout.left + BOX / 2
        self._add(body, "circle", {"cx": _n(self._x(x)), "cy": _n(box.y - 22), "r": "5"})
        self._path(body, [(x, box.y - 17), (x, box.y - _ARROW)], stroke="currentColor")
        self._arrow_down(body, x, box.y, "currentColor")

    def _colour(self, state: str) -> str:
        return COLOURS[self.definition.states[state].stage]

    def _box(self, body: ET.Element, box: Box) -> None:
        left, colour = self.layout.left, self._colour(box.state.name)
        size = (BOX, box.height)
        line = {"fill": "currentColor", "fill_opacity": "0.05", "stroke": colour, "rx": "8"}
        self._rect(body, left, box.y, size, **line, stroke_width="1.6")
        if box.state.final:
            inner = (BOX - 8, box.height - 8)
            frame = {"fill": "none", "stroke": colour, "rx": "5"}
            self._rect(body, left + 4, box.y + 4, inner, **frame, stroke_width="1.2")
        bar = {"fill": colour, "rx": "2.5"}
        self._rect(body, left + PAD - 3, box.y + PAD, (5, len(box.title) * TITLE_LINE - 4), **bar)
        x = left + PAD + 8
        y = box.y + PAD + TITLE
        for part in box.title:
            self._write(body, x, y, part, font_size=_n(TITLE), font_weight="bold")
            y += TITLE_LINE
        y += 3
        for clock in box.clocks:
            self._clock_mark(body, x + 5, y - 4.5)
            for part in clock:
                self._write(body, x + MARK, y, part)
                y += LINE
        for stay in box.stays:
            self._add(body, "circle", {"cx": _n(self._x(x + 5)), "cy": _n(y - 4.5), "r": "2"})
            y = self._label(body, stay, x + MARK, y)

    def _label(self, body: ET.Element, label: Label, x: float, y: float) -> float:
        """Lines from a first baseline down; the baseline of what comes next."""
        if label.system:
            self._clock_mark(body, x + 5, y - 4.5)
            x += MARK
        if label.condition:
            self._condition_mark(body, x + 5, y - 4.5)
            x += MARK
        for part in label.lines:
            self._write(body, x, y, part)
            y += LINE
        return y

    def _clock_mark(self, body: ET.Element, x: float, y: float) -> None:
        at = self._x(x)
        line = {"fill": "none", "stroke": "currentColor", "stroke-width": "1.2"}
        self._add(body, "circle", {"cx": _n(at), "cy": _n(y), "r": "5", **line})
        hands = f"M{_n(at)} {_n(y - 3)}V{_n(y)}L{_n(at + 2.4)} {_n(y + 1.4)}"
        self._add(body, "path", {"d": hands, **line})

    def _condition_mark(self, body: ET.Element, x: float, y: float) -> None:
        corners = [(x, y - 5.0), (x + 5, y), (x, y + 5), (x - 5, y)]
        text = " ".join(f"{_n(self._x(one))},{_n(other)}" for one, other in corners)
        line = {"fill": "none", "stroke": "currentColor", "stroke-width": "1.2"}
        self._add(body, "polygon", {"points": text, **line})

    def _arrow_down(self, body: ET.Element, x: float, y: float, fill: str) -> None:
        self._polygon(body, [(x, y), (x - 4.5, y - _ARROW - 2), (x + 4.5, y - _ARROW - 2)], fill)

    def _drop(self, body: ET.Element, drop: Drop) -> None:
        above, below = self.layout.boxes[drop.source], self.layout.boxes[drop.target]
        x, colour = self.layout.left + BOX / 2, self._colour(drop.target)
        top = above.y + above.height
        dashes = {"stroke_dasharray": "5 4"} if all(one.system for one in drop.labels) else {}
        self._path(body, [(x, top), (x, below.y - _ARROW)], stroke=colour, **dashes)
        self._arrow_down(body, x, below.y, colour)
        lines = sum(len(label.lines) for label in drop.labels)
        y = (top + below.y - lines * LINE) / 2 + LABEL - 1
        for label in drop.labels:
            y = self._label(body, label, x + PAD, y)

    def _lane(self, body: ET.Element, lane: Lane) -> None:
        side, way = (self.layout.left + BOX, 1) if lane.forward else (self.layout.left, -1)
        x, colour = self.layout.lane_x(lane), self._colour(lane.target)
        dashes = {"stroke_dasharray": "5 4"} if lane.label.system else {}
        # One trunk from the farthest state; the others join it, or dashes would fill each other.
        down = 1 if lane.forward else -1
        first = min(lane.outs.values(), key=lambda y: y * down)
        for y in lane.outs.values():
            points = [(side, y), (x, y), (x, y + down * _ROUND * 2)]
            if y == first:
                points[2:] = [(x, lane.into), (side + way * _ARROW, lane.into)]
            self._path(body, points, stroke=colour, **dashes)
            dot = {"cx": _n(self._x(side)), "cy": _n(y), "r": "2.6", "fill": colour}
            self._add(body, "circle", dot)
        tip, back = (side, lane.into), side + way * (_ARROW + 2)
        self._polygon(body, [tip, (back, lane.into - 4.5), (back, lane.into + 4.5)], colour)
        top = lane.into - 7 - (len(lane.label.lines) - 1) * LINE
        if lane.forward:
            self._label(body, lane.label, side + PAD + 2, top)
        elif lane.label.system or lane.label.condition:
            self._label(body, lane.label, side - PAD - 2 - lane.label.width, top)
        else:
            for number, part in enumerate(lane.label.lines):
                y = top + number * LINE
                self._write(body, side - PAD - 2, y, part, text_anchor="end")

    # The foot and the words

    def _legend(self) -> list[tuple[str, str]]:
        found = []
        labels = [lane.label for lane in self.layout.lanes]
        labels += [one for drop in self.layout.drops.values() for one in drop.labels]
        labels += [one for box in self.layout.boxes.values() for one in box.stays]
        if any(label.condition for label in labels):
            found.append(("condition", _("only under a condition")))
        if any(label.system for label in labels):
            found.append(("system", _("by itself, when time has run out or the citizen answers")))
        titles = {step.action: step.titles[self.language] for step in self.definition.transitions}
        for action in self.layout.everywhere:
            found.append(("stay", _("possible in every state: %(step)s", step=titles[action])))
        return found

    def _foot(self, body: ET.Element) -> None:
        y, x = self.layout.height + LABEL, MARGIN + 5.0 - self.shift
        for kind, text in self.legend:
            match kind:
                case "condition":
                    self._condition_mark(body, x, y - 4.5)
                case "system":
                    self._clock_mark(body, x, y - 4.5)
                case _:
                    self._add(body, "circle", {"cx": _n(self._x(x)), "cy": _n(y - 4.5), "r": "2"})
            self._write(body, x + MARK - 3, y, text)
            y += LINE + 3

    def _words(self) -> str:
        """The whole definition in sentences, state by state."""
        states, language = self.definition.states, self.language
        found = []
        for name, box in self.layout.boxes.items():
            steps = []
            for step in self.definition.steps(name):
                target = next_state(name, step)
                title = step.titles[language]
                if target == name:
                    steps.append(title)
                else:
                    steps.append(
                        _("%(step)s → %(state)s", step=title, state=states[target].titles[language])
                    )
            line = " | ".join(dict.fromkeys(steps))
            found.append(f"{box.state.titles[language]}: {line}")
        return "\n".join(found)


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")


def _towards(corner: tuple[float, float], other: tuple[float, float]) -> str:
    """The point where the rounding of a corner begins on its way to another point."""
    across, down = other[0] - corner[0], other[1] - corner[1]
    length = abs(across) + abs(down)
    part = min(_ROUND, length / 2) / length if length else 0
    return f"{_n(corner[0] + across * part)} {_n(corner[1] + down * part)}"
