"""The rates: for staff with every breakdown, for everybody by district."""

import datetime as dt
from typing import Final

import jdatetime
from flask import Blueprint, Response, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.i18n import LANGUAGES, _, today
from portal.packet import Period
from portal.ratelimit import limiter
from portal.security import allow, public
from portal.units import services as units
from workflows.callins.labels import PROMISE_STATES
from workflows.cases.staff import detail
from workflows.cases.stages import CHANNEL_NAMES
from workflows.rates import counting, csv_file, forms, pages
from workflows.rates.small import LEAST

blueprint = Blueprint("rates", __name__, url_prefix="/staff/rates", template_folder="templates")
public_figures = Blueprint("public_figures", __name__, template_folder="templates")

_LANG = f"<any({','.join(LANGUAGES)}):lang>"
MONTHS: Final = 12
"""So many months back everybody can look."""


@blueprint.get("/")
@allow("rates.read")
def index() -> ResponseReturnValue:
    tree = counting.read_units()
    asked = forms.read(request.args, tree)
    return render_template(
        "rates/index.html",
        asked=asked,
        found=pages.report(asked.wanted, tree),
        way_names=pages.WAY_NAMES,
        promise_states=PROMISE_STATES,
        file_url=url_for("rates.file", **asked.to_args()),
        options={
            "unit": [("", _("All")), *((str(key), name) for key, name in units.choices())],
            "category": [
                ("", _("All")),
                *((str(key), name) for key, name in detail.category_choices(every=True)),
            ],
            "urgent": [("", _("All")), ("yes", _("Urgent")), ("no", _("Not urgent"))],
            "channel": [
                ("", _("All")),
                *(
                    (key, str(name))
                    for key, name in CHANNEL_NAMES.items()
                    if key not in counting.NOT_FROM_CITIZENS
                ),
            ],
        },
    )


@blueprint.get("/rates.csv")
@allow("rates.read")
def file() -> ResponseReturnValue:
    tree = counting.read_units()
    asked = forms.read(request.args, tree)
    body = csv_file.write(pages.report(asked.wanted, tree), asked.wanted)
    response = Response(body, mimetype="text/csv")
    days = asked.wanted.period
    name = f"rates-{days.first.isoformat()}-{days.last.isoformat()}.csv"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@public_figures.get(f"/{_LANG}/figures")
@limiter.limit("60 per minute")
@public
def show(lang: str) -> ResponseReturnValue:  # noqa: ARG001 (read by i18n)
    months = _months()
    chosen = request.args.get("month", "")
    # The last whole month: in the present one most messages are still within their time.
    period = months.get(chosen) or list(months.values())[1]
    response = make_response(
        render_template(
            "rates/public.html",
            period=period,
            found=pages.public_report(period),
            months=months,
            least=LEAST,
        )
    )
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def _months() -> dict[str, Period]:
    """The present Persian month and those before it, the present one first: "1405-07" -> days."""
    now = jdatetime.date.fromgregorian(date=today())
    year, month = now.year, now.month
    found: dict[str, Period] = {}
    until: dt.date = today() + dt.timedelta(days=1)
    for _each in range(MONTHS + 1):
        first: dt.date = jdatetime.date(year, month, 1).togregorian()
        found[f"{year}-{month:02d}"] = Period(first, until - dt.timedelta(days=1))
        until = first
        year, month = (year, month - 1) if month > 1 else (year - 1, 12)
    return found
