"""The register of letters: narrowed, searched, paged by key. Reads only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, false, func, or_, select
from sqlalchemy.orm import aliased

from portal import clock
from portal.accounts.models import User
from portal.db import db
from portal.i18n import InputError, parse_int, pick, today
from portal.text import search_key
from portal.units.models import Unit
from portal.units.services import subtree
from workflows.cases.models import Case
from workflows.letters.models import DIRECTIONS, WAITING, Letter, LetterCase
from workflows.letters.numbering import persian_year
from workflows.letters.words import VIEWS

PAGE: Final = 50


@dataclass(frozen=True)
class RegisterFilter:
    """What the register is narrowed to; empty fields narrow nothing."""

    q: str = ""
    unit: int | None = None
    year: int | None = None
    direction: str = ""
    state: str = ""
    """A key of words.VIEWS."""
    mine: bool = False

    @classmethod
    def from_args(cls, args: Mapping[str, str]) -> "RegisterFilter":
        direction, state = args.get("direction", ""), args.get("state", "")
        return cls(
            q=args.get("q", "").strip()[:200],
            unit=_number(args.get("unit", "")),
            year=_number(args.get("year", "")),
            direction=direction if direction in DIRECTIONS else "",
            state=state if state in VIEWS else "",
            mine=args.get("mine", "") == "y",
        )

    def to_args(self) -> dict[str, str]:
        """Arguments of an address; what narrows nothing is left out."""
        found = {name: str(value) for name, value in vars(self).items() if value and name != "mine"}
        return {**found, **({"mine": "y"} if self.mine else {})}

    @property
    def narrowed(self) -> bool:
        return self != RegisterFilter()


@dataclass(frozen=True)
class Row:
    letter: Letter
    unit: str


@dataclass(frozen=True)
class Page:
    rows: Sequence[Row]
    newer: int | None
    older: int | None


def page(
    wanted: RegisterFilter,
    user_id: int,
    *,
    older_than: int | None = None,
    newer_than: int | None = None,
    size: int = PAGE,
) -> Page:
    """Letters, the newest first."""
    backwards = newer_than is not None
    query = (
        select(Letter, Unit.names)
        .join(Unit, Unit.id == Letter.unit_id)
        .where(*conditions(wanted, user_id))
        .order_by(Letter.id.asc() if backwards else Letter.id.desc())
        .limit(size + 1)
    )
    if newer_than is not None:
        query = query.where(Letter.id > newer_than)
    elif older_than is not None:
        query = query.where(Letter.id < older_than)
    found = db.session.execute(query).all()
    more, found = len(found) > size, found[:size]
    if backwards:
        found = found[::-1]
    rows = [Row(letter, pick(names)) for letter, names in found]
    has_newer = more if backwards else older_than is not None
    has_older = backwards or more
    return Page(
        rows,
        rows[0].letter.id if rows and has_newer else None,
        rows[-1].letter.id if rows and has_older else None,
    )


def conditions(wanted: RegisterFilter, user_id: int) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    now = clock.now()
    match wanted.state:
        case "":
            pass
        case "waiting":
            found += [Letter.state.in_(WAITING), Letter.due_at.is_not(None)]
        case "late":
            found += [Letter.state.in_(WAITING), Letter.due_at <= now]
        case "attention":
            found += _attention(user_id)
        case state:
            found.append(Letter.state == state)
    if wanted.unit:
        found.append(Letter.unit_id.in_(subtree(wanted.unit)))
    if wanted.year:
        found.append(Letter.year == wanted.year)
    if wanted.direction:
        found.append(Letter.direction == wanted.direction)
    if wanted.mine:
        found.append(Letter.owner_id == user_id)
    if wanted.q:
        # Of a search key there is nothing left that LIKE would take for a wildcard.
        words = search_key(wanted.q).split()[:10]
        found += [Letter.search_key.like(f"%{word}%") for word in words] or [false()]
    return found


def _attention(user_id: int) -> list[ColumnElement[bool]]:
    """Warned of or late: for the owner, and for the unit that lateness was reported to."""
    unit_id = select(User.unit_id).where(User.id == user_id).scalar_subquery()
    return [
        Letter.state.in_(WAITING),
        Letter.warned_at.is_not(None),
        or_(Letter.owner_id == user_id, Letter.reported_unit_id == unit_id),
    ]


def attention_count() -> int:
    """For the dashboard of whoever is signed in."""
    from flask_security import current_user

    statement = select(func.count()).select_from(Letter)
    return db.session.scalar(statement.where(*_attention(current_user.id))) or 0


def cases_of(letter_id: int) -> list[Case]:
    return list(
        db.session.scalars(
            select(Case)
            .join(LetterCase, LetterCase.case_id == Case.id)
            .where(LetterCase.letter_id == letter_id)
            .order_by(Case.id)
        )
    )


def of_case(case_id: int, limit: int = 20) -> list[Letter]:
    """Letters about a case, the newest first."""
    return list(
        db.session.scalars(
            select(Letter)
            .join(LetterCase, LetterCase.letter_id == Letter.id)
            .where(LetterCase.case_id == case_id)
            .order_by(Letter.id.desc())
            .limit(limit)
        )
    )


def referring_to(letter_id: int) -> list[Letter]:
    """Replies, corrections and further letters, the oldest first."""
    return list(
        db.session.scalars(
            select(Letter).where(Letter.refers_to_id == letter_id).order_by(Letter.id).limit(50)
        )
    )


def people_of(letter: Letter) -> tuple[str, str]:
    """(owner, who issued it); one query."""
    owner, issuer = aliased(User), aliased(User)
    row = db.session.execute(
        select(
            func.coalesce(func.nullif(owner.name, ""), owner.email),
            func.coalesce(func.nullif(issuer.name, ""), issuer.email),
        )
        .select_from(Letter)
        .outerjoin(owner, owner.id == Letter.owner_id)
        .outerjoin(issuer, issuer.id == Letter.issued_by)
        .where(Letter.id == letter.id)
    ).first()
    return (row[0] or "", row[1] or "") if row else ("", "")


def years() -> list[int]:
    """Years of the Persian calendar that the register can be narrowed to, the present one first."""
    this = persian_year(today())
    return list(range(this, this - 15, -1))


def _number(typed: str) -> int | None:
    try:
        return parse_int(typed) if typed else None
    except InputError:
        return None
