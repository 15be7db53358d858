"""Categories as services of GeoReport v2."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from portal import audit
from portal.db import db
from portal.i18n import LANGUAGES, pick
from portal.text import strip_controls
from workflows.cases.models import Category
from workflows.cases.staff.categories import CODE
from workflows.open311 import attributes
from workflows.open311.models import Open311Service

MOST_TEXT = 500


@dataclass(frozen=True)
class Shown:
    """A category with how it appears; `public` False where nothing was said."""

    category: Category
    public: bool
    descriptions: Mapping[str, str]
    keywords: str


def every(*, active_only: bool = True) -> Sequence[Shown]:
    """In Persian order; one query."""
    statement = (
        select(Category, Open311Service)
        .outerjoin(Open311Service, Open311Service.category_id == Category.id)
        .order_by(Category.sort_key, Category.id)
    )
    if active_only:
        statement = statement.where(Category.active)
    return [_shown(category, row) for category, row in db.session.execute(statement)]


def find(category_id: int) -> Shown | None:
    category = db.session.get(Category, category_id)
    if category is None:
        return None
    return _shown(category, db.session.get(Open311Service, category_id))


def by_code(code: str) -> Category | None:
    if not CODE.fullmatch(code):
        return None
    return db.session.scalars(
        select(Category).where(Category.code == code, Category.active)
    ).first()


def _shown(category: Category, row: Open311Service | None) -> Shown:
    if row is None:
        return Shown(category, False, {}, "")
    return Shown(category, row.public, row.descriptions, row.keywords)


def services() -> list[dict[str, Any]]:
    """The list of services; two queries."""
    found = every()
    asked = attributes.asked([one.category.id for one in found])
    return [_service(one, asks=one.category.id in asked) for one in found]


def _service(shown: Shown, *, asks: bool) -> dict[str, Any]:
    name = pick(shown.category.names)
    return {
        "service_code": shown.category.code,
        "service_name": name,
        "description": pick(shown.descriptions) or name,
        "metadata": asks,
        "type": "realtime",
        "keywords": shown.keywords or None,
        "group": None,
    }


def set_service(
    category_id: int, *, public: bool, descriptions: Mapping[str, str], keywords: str
) -> None:
    """How a category appears. Raises LookupError."""
    if db.session.get(Category, category_id) is None:
        raise LookupError(f"No category {category_id}")
    row = db.session.get(Open311Service, category_id, with_for_update=True)
    if row is None:
        row = Open311Service(category_id=category_id)
        db.session.add(row)
    row.public = public
    texts = {lang: strip_controls(descriptions.get(lang, "")).strip() for lang in LANGUAGES}
    row.descriptions = {lang: text[:MOST_TEXT] for lang, text in texts.items() if text}
    words = (word.strip() for word in strip_controls(keywords, keep_newlines=False).split(","))
    row.keywords = ",".join(word for word in words if word)[:MOST_TEXT]
    db.session.flush()
    audit.record(
        "open311.service_changed",
        "case_category",
        category_id,
        public=public,
        descriptions=row.descriptions,
        keywords=row.keywords,
    )
