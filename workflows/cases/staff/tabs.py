"""Who reads the lists, and the tabs above them."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import request, url_for
from flask_security import current_user

from portal.security import may
from workflows.cases.filters import services as filters
from workflows.cases.staff import counting, labels, lists
from workflows.cases.staff.lists import CaseFilter, Reader


def reader() -> Reader:
    return Reader(current_user.id, current_user.unit_id, may("cases.work"))


def home_view() -> str:
    """Operators look after the whole city, others after their own unit."""
    of_unit = current_user.unit_id is not None and not may("cases.register")
    return "unit" if of_unit and may("cases.work") else "all"


def arguments(wanted: CaseFilter) -> dict[str, Any]:
    return dict(wanted.to_args())


def views(wanted: CaseFilter, counts: Mapping[str, int]) -> list[dict[str, Any]]:
    shown = [
        view
        for view in lists.VIEWS
        if (view != "mine" or may("cases.work"))
        and (view != "unit" or current_user.unit_id is not None)
    ]
    saved = request.args.get("saved", "")
    return [
        _tab(
            labels.VIEWS[view],
            url_for("cases.index", view=view),
            view == wanted.view and not saved,
            counts[view],
        )
        for view in shown
    ]


def saved() -> list[filters.Listed]:
    return filters.visible(current_user.id, current_user.unit_id)


def saved_tabs(
    wanted: CaseFilter, found: Sequence[filters.Listed], counts: Mapping[str, int] | None = None
) -> list[dict[str, Any]]:
    """Tabs of saved lists; their numbers come later, for a slow one must not hold up the page."""
    return [
        _tab(
            one.name,
            url_for("cases.index", **arguments(one.wanted), saved=one.id),
            one.wanted == wanted,
            counts.get(f"s{one.id}") if counts else None,
        )
        for one in found
    ]


def _tab(label: object, url: str, active: bool, count: int | None) -> dict[str, Any]:
    more = count is not None and count > counting.MOST
    return {
        "label": label,
        "url": url,
        "active": active,
        "count": counting.MOST if more else count,
        "more": more,
    }
