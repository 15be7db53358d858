"""Pages of the work lists, by key. First the keys are found, from indexes alone where nothing is
searched; what a line shows is read for the fifty lines only."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    Subquery,
    UnaryExpression,
    func,
    select,
    true,
    tuple_,
)
from sqlalchemy.orm import aliased
from sqlalchemy.sql import operators

from portal import clock
from portal.accounts.models import User
from portal.db import db
from portal.i18n import pick
from portal.units.models import Unit
from workflows.cases.models import Case, CaseWords, Category
from workflows.cases.staff import lists
from workflows.cases.staff.lists import CaseFilter, Reader, Search

PAGE = 50
PROBED = 4_000
"""So many cases, in the order of the list, are read through for words. Where that gives no whole
page the words are rare, and the trigram index finds the few that there are; for frequent words
that index would fetch half the table before it could be ordered."""
FEW = 500
"""Cases with the words that are looked up one by one, whatever else the list is narrowed to: how
many there are the planner only guesses."""

Key = tuple[int, dt.datetime | None]
Order = list[UnaryExpression[Any]]
Stretch = tuple[list[ColumnElement[bool]], Order]


@dataclass(frozen=True)
class Row:
    """One line of a list, ready to be shown."""

    case: Case
    category: str
    unit: str
    assignee: str
    overdue: bool
    soon: bool


@dataclass(frozen=True)
class Page:
    rows: Sequence[Row]
    before: str | None
    after: str | None


def page(
    wanted: CaseFilter, reader: Reader, *, after: str = "", before: str = "", size: int = PAGE
) -> Page:
    """Cases by next due time (or newest first), beginning behind the key `after`."""
    backwards = bool(before)
    anchor = _anchor(before or after)
    keys = _keys(wanted, reader, anchor, backwards, size + 1)
    more, keys = len(keys) > size, keys[:size]
    if backwards:
        keys.reverse()
    has_before = more if backwards else anchor is not None
    has_after = backwards or more
    return Page(
        rows([case_id for case_id, _due in keys]),
        _mark(keys[0]) if keys and has_before else None,
        _mark(keys[-1]) if keys and has_after else None,
    )


def rows(case_ids: Sequence[int]) -> list[Row]:
    """The lines of these cases in the order given; one query."""
    if not case_ids:
        return []
    assignee = aliased(User)
    found = db.session.execute(
        select(Case, Category.names, Unit.names, assignee.name, assignee.email)
        .outerjoin(Category, Category.id == Case.category_id)
        .outerjoin(Unit, Unit.id == Case.unit_id)
        .outerjoin(assignee, assignee.id == Case.assignee_id)
        .where(Case.id.in_(case_ids))
    )
    now = clock.now()
    made = {
        case.id: Row(
            case=case,
            category=pick(category) if category else "",
            unit=pick(unit) if unit else "",
            assignee=name or email or "",
            overdue=lists.is_overdue(case, now),
            soon=lists.is_soon(case, now),
        )
        for case, category, unit, name, email in found
    }
    # One that was erased in this moment is left out.
    return [made[case_id] for case_id in case_ids if case_id in made]


def _keys(
    wanted: CaseFilter, reader: Reader, anchor: Key | None, backwards: bool, most: int
) -> list[Key]:
    conditions = lists.conditions(wanted, reader)
    found: list[Key] = []
    for stretch, order in _stretches(anchor, wanted.newest_first, backwards):
        base = select(Case.id, Case.next_due_at).where(*conditions, *stretch)
        left = most - len(found)
        if not wanted.q:
            found += _run(base.order_by(*order).limit(left))
        else:
            search = lists.search(wanted.q, reader)
            part, is_all = _probed(base, search, order, left)
            if not is_all:
                ids = search.ids(only_open=lists.only_open(wanted))
                if wanted.newest_first and not lists.narrows(wanted, reader):
                    part = _walked(base, ids.subquery(), anchor, order, left)
                else:
                    part = _joined(base, ids, order, left)
            found += part
        if len(found) == most:
            break
    return found


def _probed(
    base: Select[int, dt.datetime | None], search: Search, order: Order, most: int
) -> tuple[list[Key], bool]:
    """What is found among the first cases of the list, and whether more need not be looked for."""
    read = base.order_by(*order).limit(PROBED).subquery()
    # OFFSET 0: the planner may not hold each of them against all that have the words, of which it
    # expects one.
    words = (
        select(CaseWords.case_id)
        .where(CaseWords.case_id == read.c.id, search.beside(read.c.id))
        .offset(0)
        .lateral()
    )
    probe = select(read.c.id, read.c.next_due_at).select_from(read.join(words, true()))
    found = _run(probe.order_by(*_turned(order, read)).limit(most))
    if len(found) == most:
        return found, True
    number = db.session.scalar(select(func.count()).select_from(read)) or 0
    return found, number < PROBED


def _walked(
    base: Select[int, dt.datetime | None],
    ids: Subquery,
    anchor: Key | None,
    order: Order,
    most: int,
) -> list[Key]:
    """Hits by their ids, which are the order; cases are read until there are enough. Only for a
    list that is not narrowed: else nearly all might be read and thrown away, one by one."""
    ranked = select(ids.c.id)
    if anchor is not None:
        falls = order[-1].modifier is operators.desc_op
        ranked = ranked.where(ids.c.id < anchor[0] if falls else ids.c.id > anchor[0])
    rows = ranked.order_by(*_turned(order, ids)).subquery()
    fits = base.where(Case.id == rows.c.id).offset(0).lateral()
    both = select(fits.c.id, fits.c.next_due_at).select_from(rows.join(fits, true()))
    return _run(both.order_by(*_turned(order, rows)).limit(most))


def _joined(
    base: Select[int, dt.datetime | None], ids: CompoundSelect[int], order: Order, most: int
) -> list[Key]:
    few = db.session.scalars(select(ids.subquery().c.id).limit(FEW + 1)).all()
    if len(few) <= FEW:
        return _run(base.where(Case.id.in_(few)).order_by(*order).limit(most))
    # OFFSET 0: the planner may not walk the order after all and hope to meet the words.
    hits = base.where(Case.id.in_(ids)).offset(0).subquery()
    return _run(select(hits.c.id, hits.c.next_due_at).order_by(*_turned(order, hits)).limit(most))


def _turned(order: Order, rows: Subquery) -> Order:
    """An order of cases as one of a subquery of them."""
    falls = order[-1].modifier is operators.desc_op
    columns = (rows.c.next_due_at, rows.c.id) if len(order) > 1 else (rows.c.id,)
    return [column.desc() if falls else column.asc() for column in columns]


def _run(statement: Select[int, dt.datetime | None]) -> list[Key]:
    return [(row.id, row.next_due_at) for row in db.session.execute(statement)]


def _stretches(anchor: Key | None, newest_first: bool, backwards: bool) -> Iterator[Stretch]:
    """What lies beyond a key, as ranges of an index one behind the other.

    Cases without a due time come last. With them in one condition, by OR, no index would be
    entered at the key: every page would be read from the first on.
    """
    none, some = Case.next_due_at.is_(None), Case.next_due_at.is_not(None)
    rising: Order = [Case.next_due_at.asc(), Case.id.asc()]
    falling: Order = [Case.next_due_at.desc(), Case.id.desc()]
    if newest_first:
        order: Order = [Case.id.asc() if backwards else Case.id.desc()]
        beyond = [] if anchor is None else [_past(anchor[0], up=backwards)]
        yield beyond, order
    elif anchor is None:
        yield [], rising
    elif anchor[1] is None:
        if not backwards:
            yield [none, _past(anchor[0], up=True)], rising[1:]
        else:
            yield [none, _past(anchor[0], up=False)], falling[1:]
            yield [some], falling
    else:
        place, here = tuple_(Case.next_due_at, Case.id), tuple_(anchor[1], anchor[0])
        if backwards:
            yield [place < here], falling
        else:
            yield [place > here], rising
            yield [none], rising[1:]


def _past(case_id: int, *, up: bool) -> ColumnElement[bool]:
    return Case.id > case_id if up else Case.id < case_id


_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def _mark(key: Key) -> str:
    """The place of a case in a list, for an address: microseconds of its due time, its id."""
    case_id, due = key
    mark = "" if due is None else str((due - _EPOCH) // dt.timedelta(microseconds=1))
    return f"{mark}.{case_id}"


def _anchor(mark: str) -> Key | None:
    due, _dot, typed = mark[:40].partition(".")
    case_id = lists.number(typed)
    if case_id is None:
        return None
    if not due:
        return case_id, None
    micros = lists.number(due)
    # Beyond the year 9999 there is no date.
    if micros is None or micros > 250_000_000_000_000_000:
        return None
    return case_id, _EPOCH + dt.timedelta(microseconds=micros)
