"""Categories and cases; a case comes in as any other does, through intake."""

import itertools
from typing import Any

from portal.db import db
from portal.text import sort_key
from tests.factories.contacts import number
from tests.factories.context import application
from workflows.cases import intake
from workflows.cases.models import Case, Category

_numbers = itertools.count(1)


def make_category(**overrides: Any) -> Category:
    """A committed category of office hours; its columns can be read outside the context."""
    n = next(_numbers)
    values: dict[str, Any] = {
        "code": f"category-{n}",
        "names": {"fa": "چاله و آسفالت", "ar": "الحفر والإسفلت", "en": "Potholes and asphalt"},
        **overrides,
    }
    values.setdefault("sort_key", sort_key(values["names"].get("fa", "")))
    with application():
        category = Category(**values)
        db.session.add(category)
        db.session.commit()
        db.session.refresh(category)
        return category


def make_case(**overrides: Any) -> Case:
    """A committed case of a citizen with a number of its own; say e164=None for none.

    Everything else as in workflows.cases.intake.receive.
    """
    values: dict[str, Any] = {
        "channel": "phone",
        "text": "چالهٔ بزرگی جلوی مدرسه است",
        "language": "fa",
        "notify": False,
        **overrides,
    }
    if "e164" not in values:
        values["e164"] = number()
    with application():
        case = intake.receive(**values)
        db.session.commit()
        db.session.refresh(case)
        _ = case.category
        return case
