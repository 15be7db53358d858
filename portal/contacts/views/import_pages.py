"""Files on their way into the bank."""

import csv
import io
from collections.abc import Iterator

from flask import (
    Response,
    abort,
    current_app,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    stream_with_context,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_security import current_user

from portal.contacts import imports, jobs, labels, uploads
from portal.contacts.forms import UploadForm
from portal.contacts.models import ContactImport
from portal.contacts.views.blueprint import blueprint
from portal.db import db
from portal.i18n import _
from portal.security import allow

REFRESH_SECONDS = 3
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")


def _import(import_id: int) -> ContactImport:
    return db.session.get(ContactImport, import_id) or abort(404)


@blueprint.route("/imports/new", methods=["GET", "POST"])
@allow("contacts.write")
def upload() -> ResponseReturnValue:
    form = UploadForm()
    if form.validate_on_submit():
        sent = form.file.data
        stored = uploads.keep(sent.stream)
        import_id = imports.start_import(
            sent.filename or "", stored, form.source.data or "", current_user.id
        )
        jobs.read_import.enqueue(import_id)
        db.session.commit()
        return redirect(url_for("contacts.show_import", import_id=import_id), 303)
    page = render_template(
        "contacts/upload.html",
        form=form,
        recent=imports.recent(),
        limit_mb=current_app.extensions["pasokh_settings"].upload_limit_mb,
    )
    return page, 422 if request.method == "POST" else 200


@blueprint.get("/imports/<int:import_id>")
@allow("contacts.write")
def show_import(import_id: int) -> Response:
    record = _import(import_id)
    busy = record.state in {"reading", "committing"}
    found = imports.preview(import_id) if record.state == "preview" else None
    reasons = found.reasons if found else imports.reasons(import_id)
    page = make_response(
        render_template(
            "contacts/import.html", record=record, busy=busy, found=found, reasons=reasons
        )
    )
    if busy:
        # Works without script; and unlike its twin in the page, no browser blocks the header.
        page.headers["Refresh"] = str(REFRESH_SECONDS)
    return page


@blueprint.post("/imports/<int:import_id>/commit")
@allow("contacts.write")
def commit_import(import_id: int) -> ResponseReturnValue:
    _import(import_id)
    if imports.request_commit(import_id, current_user.id):
        jobs.commit_import.enqueue(import_id)
    db.session.commit()
    return redirect(url_for("contacts.show_import", import_id=import_id), 303)


@blueprint.post("/imports/<int:import_id>/abandon")
@allow("contacts.write")
def abandon_import(import_id: int) -> ResponseReturnValue:
    stored = _import(import_id).stored_path
    abandoned = imports.abandon(import_id)
    db.session.commit()
    if abandoned:
        uploads.discard(stored)
        flash(_("The file was put aside. Nothing of it is in the bank."), "success")
        return redirect(url_for("contacts.upload"), 303)
    return redirect(url_for("contacts.show_import", import_id=import_id), 303)


@blueprint.get("/imports/<int:import_id>/rejected.csv")
@allow("contacts.write")
def rejected_rows(import_id: int) -> Response:
    """The rows that were not used, as they were, with the reason in the reader's language."""
    _import(import_id)
    response = Response(
        stream_with_context(_csv(import_id)), content_type="text/csv; charset=utf-8"
    )
    response.headers["Content-Disposition"] = f'attachment; filename="rejected-{import_id}.csv"'
    return response


def _csv(import_id: int) -> Iterator[str]:
    names = imports.cell_names(import_id)
    columns = [name for name in labels.COLUMNS if name in names]
    columns += sorted(set(names) - set(columns))
    buffer = io.StringIO()
    out = csv.writer(buffer)
    # Spreadsheets take a file for UTF-8 only with this mark.
    buffer.write("\ufeff")
    headings = [str(labels.COLUMNS.get(name, name)) for name in columns]
    out.writerow(map(_harmless, [_("Row"), _("Reason"), *headings]))
    for row in imports.unused(import_id):
        cells = [str(row.cells.get(name, "")) for name in columns]
        out.writerow(map(_harmless, [str(row.row_number), labels.reason_text(row), *cells]))
        if buffer.tell() > 1 << 15:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def _harmless(cell: str) -> str:
    """Not a formula, whatever a citizen's name begins with (OWASP: CSV injection)."""
    return f"'{cell}" if cell.lstrip(" ").startswith(_FORMULA) else cell
