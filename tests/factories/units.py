"""Units of the city."""

import itertools
from typing import Any

from portal.db import db
from portal.text import sort_key
from portal.units.models import Unit
from tests.factories.context import application

_numbers = itertools.count(1)


def make_unit(**overrides: Any) -> Unit:
    """A committed unit; its columns can be read outside the context."""
    number = next(_numbers)
    values: dict[str, Any] = {
        "code": f"unit-{number}",
        "kind": "district",
        "names": {"fa": f"واحد {number}", "ar": f"وحدة {number}", "en": f"Unit {number}"},
        **overrides,
    }
    values.setdefault("sort_key", sort_key(values["names"].get("fa", "")))
    with application():
        unit = Unit(**values)
        db.session.add(unit)
        db.session.commit()
        db.session.refresh(unit)
        return unit
