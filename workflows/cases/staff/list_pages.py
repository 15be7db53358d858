"""Work lists."""

from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user

from portal.i18n import _
from portal.security import allow, may
from portal.units import services as units
from workflows.cases.staff import counting, detail, labels, lists, paging
from workflows.cases.staff.blueprint import blueprint


def reader() -> lists.Reader:
    return lists.Reader(current_user.id, current_user.unit_id, may("cases.work"))


def _home_view() -> str:
    """Operators look after the whole city, others after their own unit."""
    of_unit = current_user.unit_id is not None and not may("cases.register")
    return "unit" if of_unit and may("cases.work") else "all"


@blueprint.get("/")
@allow("cases.read")
def index() -> str:
    who = reader()
    wanted = lists.CaseFilter.from_args(request.args, _home_view())
    page = paging.page(
        wanted,
        who,
        after=request.args.get("after", ""),
        before=request.args.get("before", ""),
    )
    arguments: dict[str, Any] = wanted.to_args()
    return render_template(
        "cases_staff/index.html",
        wanted=wanted,
        page=page,
        tabs_of=_tabs(wanted, counting.counts(who)),
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


def _tabs(wanted: lists.CaseFilter, counts: dict[str, int]) -> list[dict[str, Any]]:
    views = [
        view
        for view in lists.VIEWS
        if (view != "mine" or may("cases.work"))
        and (view != "unit" or current_user.unit_id is not None)
    ]
    return [
        {
            "label": labels.VIEWS[view],
            "url": url_for("cases.index", view=view),
            "active": view == wanted.view,
            "count": counts[view],
        }
        for view in views
    ]


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
