"""The register, and what can be taken from it."""

from typing import Any

from flask import Response, render_template, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user
from flask_wtf import FlaskForm

from portal import clock
from portal.db import db
from portal.i18n import _, digits
from portal.security import allow
from portal.units import services as units
from workflows.letters import deadlines, exporting, register, words
from workflows.letters.register import RegisterFilter
from workflows.letters.views.blueprint import blueprint

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@blueprint.get("/")
@allow("letters.read")
def index() -> ResponseReturnValue:
    wanted = RegisterFilter.from_args(request.args)
    page = register.page(
        wanted,
        current_user.id,
        older_than=request.args.get("older", type=int),
        newer_than=request.args.get("newer", type=int),
    )
    arguments: dict[str, Any] = wanted.to_args()
    return render_template(
        "letters/index.html",
        wanted=wanted,
        arguments=arguments,
        page=page,
        form=FlaskForm(),
        words=words,
        now=clock.now(),
        is_late=deadlines.is_late,
        options=_options(),
        newer_url=page.newer and url_for(".index", newer=page.newer, **arguments),
        older_url=page.older and url_for(".index", older=page.older, **arguments),
    )


@blueprint.get("/attention")
@allow("letters.read")
def attention() -> ResponseReturnValue:
    """Where the card of the dashboard leads."""
    from flask import redirect

    return redirect(url_for(".index", state="attention"))


@blueprint.post("/export")
@allow("letters.read")
def export() -> ResponseReturnValue:
    """The letters that the form's filter shows, as CSV or as a workbook."""
    wanted = RegisterFilter.from_args(request.form)
    kind = "xlsx" if request.form.get("format") == "xlsx" else "csv"
    exporting.record(wanted, kind)
    db.session.commit()
    user_id = current_user.id
    if kind == "xlsx":
        response = Response(exporting.as_workbook(wanted, user_id), content_type=WORKBOOK)
    else:
        response = Response(
            stream_with_context(exporting.as_csv(wanted, user_id)),
            content_type="text/csv; charset=utf-8",
        )
    response.headers["Content-Disposition"] = f'attachment; filename="letters.{kind}"'
    return response


def _options() -> dict[str, list[tuple[Any, Any]]]:
    everything = ("", _("All"))
    return {
        "unit": [everything, *units.choices(active_only=False)],
        "year": [everything, *((year, digits(year)) for year in register.years())],
        "direction": [everything, *words.DIRECTIONS.items()],
        "state": list(words.VIEWS.items()),
    }
