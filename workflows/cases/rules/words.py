"""Why a case went where it went, in the reader's words."""

from collections.abc import Mapping
from typing import Any

from portal.i18n import LazyText, _, _l, current_language

PART_NAMES: dict[str, LazyText] = {
    "categories": _l("category"),
    "district": _l("district"),
    "neighbourhoods": _l("neighbourhood"),
    "channels": _l("channel"),
    "urgency": _l("urgency"),
    "languages": _l("language"),
    "words": _l("words"),
    "hours": _l("hours"),
    "days": _l("day of the week"),
}
WAY_NAMES: dict[str, LazyText] = {
    "unit": _l("The unit; it decides who"),
    "person": _l("A person"),
    "fewest": _l("Whoever of the unit has the fewest open cases"),
}
DAY_NAMES: dict[int, LazyText] = {
    5: _l("Saturday"),
    6: _l("Sunday"),
    0: _l("Monday"),
    1: _l("Tuesday"),
    2: _l("Wednesday"),
    3: _l("Thursday"),
    4: _l("Friday"),
}


def reasons(data: Mapping[str, Any]) -> list[str]:
    """Lines about an `assigned` event."""
    lines = []
    if rule := data.get("rule"):
        held = joined(
            str(PART_NAMES[part]) for part in data.get("because", ()) if part in PART_NAMES
        )
        if held:
            lines.append(_("By rule “%(rule)s” (%(because)s)", rule=rule, because=held))
        else:
            lines.append(_("By rule “%(rule)s”", rule=rule))
    if person := data.get("stands_in_for"):
        lines.append(_("Stands in for %(person)s", person=person))
    return lines


def joined(names: Any) -> str:
    return (", " if current_language() == "en" else "، ").join(names)
