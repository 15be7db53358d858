"""The tree and its escalation chain."""

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from portal.audit.models import AuditEntry
from portal.db import db
from portal.units import importer, services
from portal.units.models import Unit
from tests.factories.units import make_unit
from tests.queries import count_queries


def change(unit: Unit, **values: object) -> None:
    services.update_unit(
        unit.id,
        **{  # type: ignore[arg-type]
            "code": unit.code,
            "kind": unit.kind,
            "names": unit.names,
            "parent_id": unit.parent_id,
            "escalates_to_id": unit.escalates_to_id,
            "active": unit.active,
            **values,
        },
    )


def test_the_tree_is_read_in_one_query_and_ordered_as_persian_is(context: Flask) -> None:
    city = make_unit(kind="city")
    twelve = make_unit(parent_id=city.id, names={"fa": "منطقهٔ ۱۲"})
    two = make_unit(parent_id=city.id, names={"fa": "منطقهٔ ۲"})
    bazaar = make_unit(parent_id=twelve.id, kind="neighbourhood", names={"fa": "بازار"})
    with count_queries() as queries:
        (root,) = services.tree()
    assert queries.count == 1
    assert root.unit.id == city.id
    assert [node.unit.id for node in root.children] == [two.id, twelve.id]
    assert [node.unit.id for node in root.children[1].children] == [bazaar.id]


def test_escalation_goes_to_the_named_unit_or_else_to_the_parent(context: Flask) -> None:
    city = make_unit(kind="city")
    deputy = make_unit(kind="deputy", parent_id=city.id)
    operations = make_unit(kind="office", parent_id=deputy.id)
    district = make_unit(parent_id=city.id, escalates_to_id=operations.id)
    with count_queries() as queries:
        chain = services.escalation_chain(district.id)
    assert queries.count == 1
    assert chain == [operations.id, deputy.id, city.id]
    assert services.escalation_chain(city.id) == []


def test_inactive_units_are_passed_over(context: Flask) -> None:
    city = make_unit(kind="city")
    closed = make_unit(parent_id=city.id, active=False)
    district = make_unit(parent_id=closed.id)
    assert services.escalation_chain(district.id) == [city.id]


def test_a_unit_cannot_lie_under_what_lies_under_it(context: Flask) -> None:
    top = make_unit()
    middle = make_unit(parent_id=top.id)
    low = make_unit(parent_id=middle.id)
    with pytest.raises(services.UnitError) as refused:
        change(top, parent_id=low.id)
    assert refused.value.field == "parent_id"
    with pytest.raises(services.UnitError):
        change(top, parent_id=top.id)


def test_escalation_cannot_come_back(context: Flask) -> None:
    district = make_unit()
    operations = make_unit(escalates_to_id=district.id)
    with pytest.raises(services.UnitError) as refused:
        change(district, escalates_to_id=operations.id)
    assert refused.value.field == "escalates_to_id"
    # Also through a unit that is out of use today.
    closed = make_unit(escalates_to_id=district.id, active=False)
    with pytest.raises(services.UnitError):
        change(district, escalates_to_id=closed.id)


def test_escalation_may_cross_to_another_branch(context: Flask) -> None:
    city = make_unit(kind="city")
    district = make_unit(parent_id=city.id)
    office = make_unit(parent_id=city.id)
    change(district, escalates_to_id=office.id)
    assert services.escalation_chain(district.id) == [office.id, city.id]


@pytest.mark.parametrize("code", ["", "منطقه", "a b", "-x", "x" * 41, "a/b"])
def test_codes_are_short_and_plain(context: Flask, code: str) -> None:
    with pytest.raises(services.UnitError):
        services.create_unit(code=code, kind="district", names={"fa": "نام"})


def test_a_code_is_taken_once_whatever_its_digits_and_case(context: Flask) -> None:
    make_unit(code="district-12")
    with pytest.raises(services.UnitError):
        services.create_unit(code="District-۱۲", kind="district", names={"fa": "نام"})


def test_changes_are_audited_and_idle_ones_are_not(context: Flask) -> None:
    unit = services.create_unit(code="a", kind="office", names={"fa": "الف"})
    assert not services.update_unit(
        unit.id,
        code="a",
        kind="office",
        names={"fa": "الف"},
        parent_id=None,
        escalates_to_id=None,
        active=True,
    )
    change(unit, names={"fa": "ب"})
    db.session.commit()
    assert list(db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id))) == [
        "unit.created",
        "unit.changed",
    ]


HEADER = "code,kind,parent,name_fa,name_ar,name_en,escalates_to\n"


@given(
    links=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 7), st.integers(0, 7)), max_size=12),
    before=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 7), st.integers(0, 7)), max_size=6),
)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_file_can_close_a_circle(
    context: Flask, links: list[tuple[int, int, int]], before: list[tuple[int, int, int]]
) -> None:
    """Whatever two files say, one after the other: every chain ends and every unit has a root."""

    def content(rows: list[tuple[int, int, int]]) -> bytes:
        def name(n: int) -> str:
            return f"u{n}" if n < 6 else ""

        lines = (f"u{a},office,{name(b)},نام,,,{name(c)}\n" for a, b, c in rows)
        return (HEADER + "".join(lines)).encode()

    for rows in (before, links):
        result = importer.import_units(content(rows))
        done = result.imported + result.updated + result.unchanged
        assert done + len(result.rejected) == len(rows)
    units = {unit.id: unit for unit in db.session.scalars(select(Unit))}
    for step in (
        {u.id: u.parent_id for u in units.values()},
        {u.id: u.escalates_to_id or u.parent_id for u in units.values()},
    ):
        for start in units:
            seen, at = set(), start
            while at is not None:
                assert at not in seen
                seen.add(at)
                at = step[at]
    reachable = []

    def walk(nodes: list[services.Node]) -> None:
        for node in nodes:
            reachable.append(node.unit.id)
            walk(node.children)

    walk(services.tree())
    assert sorted(reachable) == sorted(units)
    db.session.rollback()
