"""Pages of field supervisors: the page that works without a network, and plain forms beside it.

The worker's scope is `/staff/field/`; it serves from its store only that page, and only when the
network is away.
"""

import uuid
from typing import Any, Final

from flask import (
    Blueprint,
    Response,
    abort,
    flash,
    jsonify,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_security import current_user
from flask_wtf.csrf import generate_csrf
from limits import RateLimitItemPerMinute

from portal import clock, offline
from portal.db import db
from portal.i18n import _, _l, digits, format_datetime
from portal.photos import MAX_BYTES
from portal.ratelimit import over_limit
from portal.security import allow, body_limit
from workflows.cases.moves import InputRefused
from workflows.cases.persons import without_person
from workflows.cases.staff import labels as case_labels
from workflows.operations import field_words, forms, labels, proofs, queries, uploads, visits

blueprint = Blueprint("field", __name__, template_folder="../templates", url_prefix="/staff/field")
FILES: Final = 4 * MAX_BYTES
"""Bytes of all photos of one record; a phone with script shrinks them to a thirtieth."""
UPLOADS: Final = RateLimitItemPerMinute(60)
"""Of one person: a day's records arrive in a minute."""
NOT_YOURS: Final = _l("There is no such visit of yours.")


@blueprint.context_processor
def _words() -> dict[str, object]:
    return {"labels": case_labels, "words": labels}


@blueprint.get("/")
@allow("field.visit")
def index() -> str:
    return render_template(
        "field/index.html",
        errands=queries.errands(current_user.id),
        more=queries.open_visits(current_user.id) > queries.MOST_VISITS,
        form=forms.FindingForm(formdata=None),
        now=clock.now(),
        texts=field_words.texts(),
        most=proofs.MOST,
        addresses={
            "worker": url_for(".worker"),
            "visits": url_for(".visits_json"),
            "session": url_for(".session"),
            "upload": url_for(".receive"),
            "signIn": url_for("security.login", next=url_for(".index")),
        },
    )


@blueprint.get("/visits.json")
@allow("field.visit")
def visits_json() -> ResponseReturnValue:
    """One's open visits, for the phone to keep. Of the citizen neither number nor name, as far as a
    machine sees them in the text too, nor the tracking code, with which anybody could answer in
    the citizen's place: a phone gets lost."""
    found = [_errand(each) for each in queries.errands(current_user.id)]
    return jsonify(user=current_user.id, visits=found)


def _errand(each: queries.Errand) -> dict[str, Any]:
    case, visit = each.case, each.visit
    return {
        "id": visit.id,
        "code": digits(case.id),
        "about": each.category,
        "urgent": case.urgency is not None,
        "address": " · ".join(part for part in (case.place, case.neighbourhood) if part),
        "text": without_person(case.text, case.citizen_name),
        "language": case.language,
        "instructions": visit.instructions,
        "due": format_datetime(visit.due_at, "day"),
        "dueAt": int(visit.due_at.timestamp() * 1000),
        "arrived": visit.arrived_at is not None,
        "latitude": case.latitude,
        "longitude": case.longitude,
        "photos": [url_for("citizen_cases.photo", photo_id=one) for one in each.photo_ids]
        + [url_for("operations.photo", proof_id=one.id) for one in each.proofs],
    }


@blueprint.get("/session.json")
@allow("field.visit")
def session() -> ResponseReturnValue:
    """Who is signed in now, and the token for what is sent next."""
    return jsonify(user=current_user.id, token=generate_csrf())


@blueprint.get("/worker.js")
@allow("field.visit")
def worker() -> ResponseReturnValue:
    return offline.worker("pasokh-field")


@blueprint.post("/records")
@allow("field.visit")
@body_limit(64 * 1024, FILES)
def receive() -> ResponseReturnValue:
    """Take one record. 200: taken, or kept as a note; 422: refused, with the reason."""
    if over_limit(UPLOADS, "field-records", str(current_user.id)):
        response = jsonify(text=_("Too many at once. The rest is sent in a minute."))
        response.status_code = 429
        response.headers["Retry-After"] = "60"
        return response
    try:
        record = uploads.record(
            request.form.get("record", ""),
            request.files.getlist("before"),
            request.files.getlist("after"),
        )
        receipt = _taken(record)
    except InputRefused as error:
        return _refused(str(error.message), error.field)
    except LookupError:
        return _refused(str(NOT_YOURS))
    except (ValueError, TypeError):
        return _refused(_("This is no record of a visit."))
    return jsonify(state=receipt.state, text=receipt.text)


def _refused(text: str, field: str = "") -> Response:
    db.session.rollback()
    response = jsonify(state="refused", text=text, field=field)
    response.status_code = 422
    return response


def _taken(record: visits.Record) -> visits.Receipt:
    """Take and commit; the files go if the commit fails."""
    receipt = visits.take(record, current_user.id)
    try:
        db.session.commit()
    except BaseException:
        proofs.discard(receipt.stored)
        raise
    return receipt


# Without script


@blueprint.get("/visits/<int:visit_id>")
@allow("field.visit")
def show(visit_id: int) -> str:
    return _page(visit_id, forms.FindingForm(formdata=None, uuid=str(uuid.uuid4())))


def _page(visit_id: int, form: forms.FindingForm) -> str:
    found = queries.errands(current_user.id, visit_id)
    if not found:
        abort(404)
    return render_template(
        "field/show.html",
        errand=found[0],
        form=form,
        arrival=forms.ArrivalForm(formdata=None, uuid=str(uuid.uuid4())),
        now=clock.now(),
    )


@blueprint.post("/visits/<int:visit_id>/arrive")
@allow("field.visit")
def arrive(visit_id: int) -> ResponseReturnValue:
    form = forms.ArrivalForm()
    now = clock.now()
    record = visits.Record(
        uuid=forms.key(form), visit_id=visit_id, kind="arrival", at=now, sent=now
    )
    try:
        _taken(record)
    except LookupError:
        abort(404)
    except InputRefused as error:
        db.session.rollback()
        flash(str(error.message), "error")
    else:
        flash(_("Your arrival was recorded."), "success")
    return redirect(url_for(".show", visit_id=visit_id), 303)


@blueprint.post("/visits/<int:visit_id>/finding")
@allow("field.visit")
@body_limit(64 * 1024, FILES)
def finding(visit_id: int) -> ResponseReturnValue:
    form = forms.FindingForm()
    if not form.validate_on_submit():
        return _page(visit_id, form), 422
    now = clock.now()
    record = visits.Record(
        uuid=forms.key(form),
        visit_id=visit_id,
        kind="finding",
        at=now,
        sent=now,
        finding=form.finding.data,
        reason=form.reason.data or "",
        words=form.words.data or "",
        answer=form.answer.data or "",
        before=form.before.drawn,
        after=form.after.drawn,
    )
    try:
        receipt = _taken(record)
    except LookupError:
        abort(404)
    except InputRefused as error:
        db.session.rollback()
        field = form[error.field if error.field in form else "words"]
        field.errors = [*field.errors, str(error.message)]
        return _page(visit_id, form), 422
    if receipt.text:
        flash(receipt.text, "warning")
    else:
        flash(_("The visit was recorded."), "success")
    return redirect(url_for(".index"), 303)
