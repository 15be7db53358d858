"""Categories of cases: adding and changing them. Nothing commits."""

import re
from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from portal import audit
from portal.db import db
from portal.i18n import LazyText, _l, pick
from portal.text import ascii_digits, sort_key
from workflows.cases.models import Category

CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
CHANGEABLE = (
    "names",
    "unit_id",
    "calendar",
    "first_action_hours",
    "resolution_hours",
    "active",
    "asks_feedback",
    "definition",
)


class CategoryError(ValueError):
    """A refused category; `field` names the input, `message` is for people."""

    def __init__(self, field: str, message: LazyText) -> None:
        super().__init__(str(message))
        self.field = field
        self.message = message


def every() -> list[Category]:
    """All of them, those in use first, in Persian order."""
    return list(
        db.session.scalars(
            select(Category).order_by(Category.active.desc(), Category.sort_key, Category.id)
        )
    )


def create(
    code: str,
    *,
    names: Mapping[str, str],
    unit_id: int | None,
    calendar: str,
    first_action_hours: int,
    resolution_hours: int,
    active: bool = True,
    asks_feedback: bool = True,
    definition: str | None = None,
) -> int:
    """A new category; returns its id. Raises CategoryError."""
    code = ascii_digits(code).strip().lower()
    if not CODE.fullmatch(code):
        raise CategoryError(
            "code", _l("Use Latin letters, digits and hyphens, at most 40, like street-lights.")
        )
    texts = _checked(names)
    category_id: int | None = db.session.scalar(
        insert(Category)
        .values(
            code=code,
            names=texts,
            sort_key=sort_key(pick(texts, "fa")),
            unit_id=unit_id,
            calendar=calendar,
            first_action_hours=first_action_hours,
            resolution_hours=resolution_hours,
            active=active,
            asks_feedback=asks_feedback,
            definition=definition,
        )
        .on_conflict_do_nothing(index_elements=["code"])
        .returning(Category.id)
    )
    if category_id is None:
        raise CategoryError("code", _l("Another category has this code."))
    audit.record("case_category.added", "case_category", category_id, code=code, names=texts)
    return category_id


def change(
    category_id: int,
    *,
    names: Mapping[str, str],
    unit_id: int | None,
    calendar: str,
    first_action_hours: int,
    resolution_hours: int,
    active: bool,
    asks_feedback: bool = True,
    definition: str | None = None,
) -> bool:
    """Change a category; says whether anything differs. Running clocks keep their times.

    Raises LookupError, CategoryError.
    """
    category = db.session.get(Category, category_id, with_for_update=True)
    if category is None:
        raise LookupError(f"No category {category_id}")
    before = {name: getattr(category, name) for name in CHANGEABLE}
    category.names = _checked(names)
    category.sort_key = sort_key(pick(category.names, "fa"))
    category.unit_id, category.calendar, category.active = unit_id, calendar, active
    category.first_action_hours = first_action_hours
    category.resolution_hours = resolution_hours
    category.asks_feedback = asks_feedback
    category.definition = definition
    changes = {
        name: [old, getattr(category, name)]
        for name, old in before.items()
        if old != getattr(category, name)
    }
    if changes:
        audit.record("case_category.changed", "case_category", category_id, changes=changes)
    db.session.flush()
    return bool(changes)


def _checked(names: Mapping[str, str]) -> dict[str, str]:
    found = {lang: name for lang, name in names.items() if name}
    if not found:
        raise CategoryError("name_fa", _l("Write the name in at least one language."))
    return found
