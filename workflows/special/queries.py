"""What the pages of special messages show; a fixed number of statements each."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, func, or_, select

from portal import clock
from portal.accounts.models import User
from portal.db import db
from portal.i18n import pick
from portal.units import services as units
from workflows.cases.models import Case, Category
from workflows.special.models import Referral, SpecialCase, SpecialWay

PAGE = 50


@dataclass(frozen=True)
class Step:
    """A way or a referral with its owner's name."""

    row: SpecialWay | Referral
    owner: str
    late: bool


@dataclass
class Line:
    """A special message with all that pursues it."""

    special: SpecialCase
    case: Case
    category: str
    ways: list[Step] = field(default_factory=list)
    referrals: list[Step] = field(default_factory=list)

    @property
    def late(self) -> bool:
        return any(step.late for step in (*self.ways, *self.referrals))


def page(
    state: str, after: tuple[dt.datetime | None, int] | None = None
) -> tuple[list[Line], bool]:
    """Special messages in a state beyond a key, and whether more follow: open ones by due time,
    those that are done the newest first."""
    query = (
        select(SpecialCase, Case, Category.names)
        .join(Case, Case.id == SpecialCase.case_id)
        .outerjoin(Category, Category.id == Case.category_id)
        .where(SpecialCase.state == state)
        .limit(PAGE + 1)
    )
    if state == "open":
        query = query.order_by(SpecialCase.next_due_at.asc().nulls_last(), SpecialCase.id)
    else:
        query = query.order_by(SpecialCase.id.desc())
    if after is not None:
        query = query.where(_beyond(state, *after))
    rows = db.session.execute(query).all()
    lines = [Line(row[0], row[1], pick(row[2]) if row[2] else "") for row in rows[:PAGE]]
    _fill(lines)
    return lines, len(rows) > PAGE


def _beyond(state: str, due: dt.datetime | None, special_id: int) -> ColumnElement[bool]:
    if state != "open":
        return SpecialCase.id < special_id
    if due is None:
        return SpecialCase.next_due_at.is_(None) & (SpecialCase.id > special_id)
    same = (SpecialCase.next_due_at == due) & (SpecialCase.id > special_id)
    return or_(SpecialCase.next_due_at > due, SpecialCase.next_due_at.is_(None), same)


def one(special_id: int) -> Line | None:
    return _line(SpecialCase.id == special_id)


def of_case(case_id: int) -> Line | None:
    return _line(SpecialCase.case_id == case_id)


def _line(condition: ColumnElement[bool]) -> Line | None:
    row = db.session.execute(
        select(SpecialCase, Case, Category.names)
        .join(Case, Case.id == SpecialCase.case_id)
        .outerjoin(Category, Category.id == Case.category_id)
        .where(condition)
    ).first()
    if row is None:
        return None
    line = Line(row[0], row[1], pick(row[2]) if row[2] else "")
    _fill([line])
    return line


def _fill(lines: Sequence[Line]) -> None:
    by_id = {line.special.id: line for line in lines}
    now = clock.now()
    ways = db.session.scalars(
        select(SpecialWay).where(SpecialWay.special_id.in_(by_id)).order_by(SpecialWay.id)
    ).all()
    referrals = db.session.scalars(
        select(Referral).where(Referral.special_id.in_(by_id)).order_by(Referral.id)
    ).all()
    unit_names = units.names(sorted({way.unit_id for way in ways if way.unit_id}))
    people = _people(
        {way.owner_id for way in ways if way.owner_id} | {each.member_id for each in referrals}
    )
    for way in ways:
        names = (unit_names.get(way.unit_id or 0, ""), people.get(way.owner_id or 0, ""))
        step = Step(
            way,
            " · ".join(name for name in names if name),
            way.state == "open" and way.due_at <= now,
        )
        by_id[way.special_id].ways.append(step)
    for each in referrals:
        late = each.state == "open" and each.due_at <= now
        by_id[each.special_id].referrals.append(Step(each, people.get(each.member_id, ""), late))


def _people(user_ids: set[int]) -> dict[int, str]:
    rows = db.session.execute(
        select(User.id, User.name, User.email).where(User.id.in_(sorted(user_ids)))
    )
    return {row.id: row.name or row.email for row in rows}


def open_count() -> int:
    statement = select(func.count()).select_from(SpecialCase).where(SpecialCase.state == "open")
    return db.session.scalar(statement) or 0


def counts() -> dict[str, int]:
    rows = db.session.execute(select(SpecialCase.state, func.count()).group_by(SpecialCase.state))
    return {"open": 0, "done": 0, **{row[0]: row[1] for row in rows}}


# What a council member has before them.


@dataclass(frozen=True)
class Asked:
    referral: Referral
    case: Case
    category: str
    unit: str
    late: bool


def asked(
    member_id: int, *, is_open: bool, after: int | None = None, referral_id: int | None = None
) -> tuple[list[Asked], bool]:
    """Referrals to a member, the newest first, beyond a key; and whether more follow."""
    query = (
        select(Referral, Case, Category.names)
        .join(SpecialCase, SpecialCase.id == Referral.special_id)
        .join(Case, Case.id == SpecialCase.case_id)
        .outerjoin(Category, Category.id == Case.category_id)
        .where(Referral.member_id == member_id)
        .order_by(Referral.id.desc())
        .limit(PAGE + 1)
    )
    if referral_id is not None:
        query = query.where(Referral.id == referral_id)
    else:
        condition = Referral.state == "open" if is_open else Referral.state != "open"
        query = query.where(condition)
    if after is not None:
        query = query.where(Referral.id < after)
    rows = db.session.execute(query).all()
    names = units.names(sorted({row[1].unit_id for row in rows if row[1].unit_id}))
    now = clock.now()
    return [
        Asked(
            referral,
            case,
            pick(category) if category else "",
            names.get(case.unit_id or 0, ""),
            referral.state == "open" and referral.due_at <= now,
        )
        for referral, case, category in rows[:PAGE]
    ], len(rows) > PAGE


def waiting(member_id: int) -> int:
    statement = select(func.count()).select_from(Referral)
    return (
        db.session.scalar(
            statement.where(Referral.member_id == member_id, Referral.state == "open")
        )
        or 0
    )
