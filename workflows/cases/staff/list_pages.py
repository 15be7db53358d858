"""Work lists."""

from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.i18n import _
from portal.security import allow
from portal.units import services as units
from workflows.cases.staff import counting, detail, labels, lists, mapping, paging, tabs
from workflows.cases.staff.blueprint import blueprint


@blueprint.get("/")
@allow("cases.read")
def index() -> ResponseReturnValue:
    saved = tabs.saved()
    if not request.args:
        for one in saved:
            if one.default:
                return redirect(url_for("cases.index", **tabs.arguments(one.wanted), saved=one.id))
    who = tabs.reader()
    wanted = lists.CaseFilter.from_args(request.args, tabs.home_view())
    # Before the page is read: what is committed in between is told once too often.
    since = counting.newest_event()
    page = paging.page(
        wanted,
        who,
        after=request.args.get("after", ""),
        before=request.args.get("before", ""),
    )
    arguments = tabs.arguments(wanted)
    return render_template(
        "cases_staff/index.html",
        wanted=wanted,
        page=page,
        tabs_of=tabs.views(wanted, counting.counts(who)),
        saved_tabs=tabs.saved_tabs(wanted, saved),
        arguments=arguments,
        since=since,
        options=_options(),
        before_url=page.before and url_for("cases.index", before=page.before, **arguments),
        after_url=page.after and url_for("cases.index", after=page.after, **arguments),
    )


@blueprint.get("/overdue")
@allow("cases.read")
def overdue() -> ResponseReturnValue:
    return redirect(url_for("cases.index", view="overdue"))


@blueprint.get("/urgent")
@allow("cases.read")
def urgent() -> ResponseReturnValue:
    return redirect(url_for("cases.index", view="all", urgent="y"))


@blueprint.get("/map")
@allow("cases.read")
def case_map() -> str:
    """Open cases by district, in numbers and as a picture; no tiles, no script."""
    unit_id = lists.number(request.args.get("unit", ""))
    urgent_only = request.args.get("urgent", "") == "y"
    return render_template(
        "cases_lists/map.html",
        unit_id=unit_id,
        urgent=urgent_only,
        heading=lists.unit_name(unit_id) if unit_id else "",
        districts=mapping.by_district(unit_id, urgent_only),
        points=mapping.points(unit_id, urgent_only),
    )


def _options() -> dict[str, list[tuple[Any, Any]]]:
    everything = ("", _("All"))
    return {
        "stage": [
            ("", _("All open")),
            *labels.STAGES.items(),
            ("any", _("Open and closed")),
        ],
        "unit": [everything, *units.choices()],
        "category": [everything, *detail.category_choices(every=True)],
        "channel": [everything, *labels.CHANNELS.items()],
    }
