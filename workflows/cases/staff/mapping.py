"""Where open cases are: numbers by district, and points gathered into groups on the server."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy import case as when

from portal import clock
from portal.db import db
from portal.i18n import pick
from portal.units.services import Node, subtree, tree
from workflows.cases.models import Case
from workflows.cases.staff import lists

MOST_POINTS = 10_000
"""So many cases, those due first, are drawn."""
CELLS = 24
"""Groups along the longer side of the picture."""
WIDTH = 600.0
"""Width of the picture in its own units; text beside it needs none."""
SHARE = 0.01
"""Of the points at each border are not drawn to scale: a wrong coordinate must not shrink a city
to a dot."""


@dataclass
class District:
    """A unit with everything under it. `unit_id` None: cases without a unit."""

    unit_id: int | None
    name: str
    open: int = 0
    overdue: int = 0
    urgent: int = 0


@dataclass(frozen=True)
class Point:
    """A group of cases near one another; x, y and r in units of the picture."""

    x: float
    y: float
    r: float
    count: int
    overdue: int
    urgent: int
    case_id: int
    """The case, where it is but one."""
    area: str
    """South, west, north, east, as CaseFilter.area takes it."""


@dataclass(frozen=True)
class Picture:
    width: float = WIDTH
    height: float = WIDTH
    points: Sequence[Point] = field(default_factory=list)
    drawn: int = 0
    bounded: bool = False


def by_district(unit_id: int | None = None, urgent_only: bool = False) -> list[District]:
    """Open cases of each district and each organisation, or of the parts of one unit.

    One pass over the index of open cases, and the tree of units.
    """
    conditions = [lists.OPEN, *([Case.urgency.is_not(None)] if urgent_only else [])]
    if unit_id is not None:
        conditions.append(Case.unit_id.in_(subtree(unit_id)))
    counted = {
        row[0]: (int(row[1]), int(row[2]), int(row[3]))
        for row in db.session.execute(
            select(
                Case.unit_id,
                func.count(),
                func.count().filter(Case.next_due_at <= clock.now()),
                func.count().filter(Case.urgency.is_not(None)),
            )
            .where(*conditions)
            .group_by(Case.unit_id)
        )
    }
    found: list[District] = []
    roots = tree()
    if unit_id is not None:
        root = _find(roots, unit_id)
        if root is None:
            return []
        _add(found, District(unit_id, pick(root.unit.names)), [counted.get(unit_id)])
        parts = root.children
    else:
        parts = _divide(roots, found, counted)
    for part in parts:
        _add(
            found,
            District(part.unit.id, pick(part.unit.names)),
            [counted.get(one) for one in _ids(part)],
        )
    if unit_id is None:
        _add(found, District(None, ""), [counted.get(None)])
    return [one for one in found if one.open]


def _divide(
    roots: list[Node], found: list[District], counted: dict[int | None, tuple[int, int, int]]
) -> list[Node]:
    """What the city is divided into: under the city and the deputies, its districts and so on."""
    parts: list[Node] = []
    for node in roots:
        if node.unit.kind in {"city", "deputy"}:
            own = District(node.unit.id, pick(node.unit.names))
            _add(found, own, [counted.get(node.unit.id)])
            parts += _divide(node.children, found, counted)
        else:
            parts.append(node)
    return parts


def _add(
    found: list[District], district: District, numbers: Sequence[tuple[int, int, int] | None]
) -> None:
    for one in numbers:
        if one is not None:
            district.open += one[0]
            district.overdue += one[1]
            district.urgent += one[2]
    found.append(district)


def _ids(node: Node) -> list[int]:
    return [node.unit.id, *(one for child in node.children for one in _ids(child))]


def _find(nodes: Sequence[Node], unit_id: int) -> Node | None:
    for node in nodes:
        if node.unit.id == unit_id:
            return node
        if deeper := _find(node.children, unit_id):
            return deeper
    return None


def points(unit_id: int | None = None, urgent_only: bool = False) -> Picture:
    """At most CELLS² groups of the MOST_POINTS open cases that are due first."""
    conditions: list[Any] = [lists.OPEN, Case.latitude.is_not(None), Case.longitude.is_not(None)]
    if unit_id is not None:
        conditions.append(Case.unit_id.in_(subtree(unit_id)))
    if urgent_only:
        conditions.append(Case.urgency.is_not(None))
    near = (
        select(Case.id, Case.latitude, Case.longitude, Case.urgency, Case.next_due_at)
        .where(*conditions)
        .order_by(Case.next_due_at, Case.id)
        .limit(MOST_POINTS)
        .cte("near")
        .prefix_with("MATERIALIZED")
    )
    borders = select(
        *(
            func.percentile_disc(share).within_group(column).label(name)
            for name, column, share in (
                ("south", near.c.latitude, SHARE),
                ("north", near.c.latitude, 1 - SHARE),
                ("west", near.c.longitude, SHARE),
                ("east", near.c.longitude, 1 - SHARE),
            )
        )
    ).cte("borders")
    row: ColumnElement[int] = func.width_bucket(
        near.c.latitude, borders.c.south, borders.c.north, CELLS
    )
    column: ColumnElement[int] = func.width_bucket(
        near.c.longitude, borders.c.west, borders.c.east, CELLS
    )
    # Two equal borders are an error to width_bucket.
    row = when((borders.c.south < borders.c.north, row), else_=1)
    column = when((borders.c.west < borders.c.east, column), else_=1)
    found = db.session.execute(
        select(
            func.avg(near.c.latitude),
            func.avg(near.c.longitude),
            func.min(near.c.latitude),
            func.min(near.c.longitude),
            func.max(near.c.latitude),
            func.max(near.c.longitude),
            func.count(),
            func.count().filter(near.c.next_due_at <= clock.now()),
            func.count().filter(near.c.urgency.is_not(None)),
            func.min(near.c.id),
            func.min(borders.c.south),
            func.min(borders.c.north),
            func.min(borders.c.west),
            func.min(borders.c.east),
        )
        .select_from(near)
        .join(borders, borders.c.south.is_not(None))
        .group_by(row, column)
    ).all()
    if not found:
        return Picture()
    drawn = sum(one[6] for one in found)
    south, north, west, east = found[0][10:14]
    middle = math.cos(math.radians((south + north) / 2))
    # At least some 200 metres, so that one point alone is a picture too.
    across = max((east - west) * middle, 0.002)
    up = max(north - south, 0.002)
    height = min(max(WIDTH * up / across, WIDTH / 3), WIDTH * 1.5)
    scale = min(WIDTH / across, height / up) * 0.92
    biggest = max(one[6] for one in found)

    def place(latitude: float, longitude: float) -> tuple[float, float]:
        x = WIDTH / 2 + (longitude - (west + east) / 2) * middle * scale
        y = height / 2 - (latitude - (south + north) / 2) * scale
        return min(max(x, 8.0), WIDTH - 8), min(max(y, 8.0), height - 8)

    made = []
    for one in sorted(found, key=lambda each: -each[6]):
        x, y = place(one[0], one[1])
        made.append(
            Point(
                x=round(x, 1),
                y=round(y, 1),
                r=round(5 + 13 * math.sqrt(one[6] / biggest), 1),
                count=one[6],
                overdue=one[7],
                urgent=one[8],
                case_id=one[9],
                area=",".join(
                    _degrees(value, up=place_ > 1) for place_, value in enumerate(one[2:6])
                ),
            )
        )
    return Picture(WIDTH, round(height), made, drawn, drawn >= MOST_POINTS)


def _degrees(value: float, *, up: bool) -> str:
    """Rounded away from the middle, so that the border's own case lies within."""
    factor = 10**5
    return f"{(math.ceil(value * factor) if up else math.floor(value * factor)) / factor:.5f}"
