"""How many calls, when, by whom, and how many were answered at once."""

import csv
import io
from collections.abc import Iterator

from flask import Response, render_template, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue

from portal.security import allow
from workflows.calls import counting, labels
from workflows.calls.forms import PeriodForm
from workflows.calls.models import RESULTS
from workflows.calls.views.desk import blueprint
from workflows.cases.tables import harmless


@blueprint.get("/figures")
@allow("calls.read")
def figures() -> ResponseReturnValue:
    form = PeriodForm(request.args)
    ok = form.read()
    found = counting.figures(*form.days)
    html = render_template(
        "calls/figures.html",
        form=form,
        found=found,
        results=RESULTS,
        words=labels.RESULTS,
        csv_url=url_for("calls.figures_csv", first=form.first.data, last=form.last.data),
    )
    return html, 200 if ok else 422


@blueprint.get("/figures.csv")
@allow("calls.read")
def figures_csv() -> ResponseReturnValue:
    """A line per day, hour and operator."""
    form = PeriodForm(request.args)
    if not form.read():
        return figures()
    first, last = form.days

    def pieces() -> Iterator[str]:
        yield "\ufeff"
        buffer = io.StringIO()
        out = csv.writer(buffer)
        for cells in counting.lines(first, last):
            out.writerow([harmless(cell) for cell in cells])
            if buffer.tell() > 1 << 14:
                yield buffer.getvalue()
                buffer.seek(0)
                buffer.truncate()
        yield buffer.getvalue()

    name = f"calls-{first.isoformat()}-{last.isoformat()}.csv"
    return Response(
        stream_with_context(pieces()),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
