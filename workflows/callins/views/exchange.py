"""What the telephone exchange calls, and the page where its call records are read from a file."""

import json
import logging
from typing import Any, Final

from flask import Blueprint, abort, flash, render_template, request
from flask.typing import ResponseReturnValue

from portal.db import db
from portal.i18n import _, use_language
from portal.ratelimit import limiter
from portal.security import allow, body_limit, csrf, hook_of
from workflows.callins import cdr, exchange
from workflows.callins.exchange_forms import FileForm

log = logging.getLogger(__name__)

hooks = Blueprint("exchange_hooks", __name__, url_prefix="/hooks/exchange")
csrf.exempt(hooks)
blueprint = Blueprint(
    "exchange", __name__, template_folder="../templates", url_prefix="/staff/callins/exchange"
)
MOST_EVENTS: Final = 500
MOST_BODY: Final = 256 * 1024
MOST_FILE: Final = 16 * 1024 * 1024


@hooks.post("/<secret>")
@limiter.limit("1200 per minute")
@hook_of("exchange_hook_secret")
@body_limit(MOST_BODY)
def receive(secret: str) -> ResponseReturnValue:  # noqa: ARG001 (the rule checks it)
    """Reports of calls; the same report again changes nothing. See docs/call-ins.md."""
    given = _given()
    if given is None or len(given) > MOST_EVENTS:
        abort(400)
    reports, refused = [], []
    with use_language("en"):
        for place, one in enumerate(given):
            try:
                reports.append(exchange.event(one if isinstance(one, dict) else {}))
            except exchange.ReportRefused as error:
                refused.append({"index": place, "reason": str(error.message)})
    new, known = exchange.take(reports, "hook")
    db.session.commit()
    if refused:
        log.warning("The exchange reported what cannot be used", extra={"refused": len(refused)})
    answer = {"new": new, "known": known, "refused": refused}
    return answer, 200 if reports or not refused else 422


def _given() -> list[Any] | None:
    """A list of reports: JSON (one, a list, or {"events": [...]}) or one as form fields."""
    body = request.get_data()
    if request.form:
        return [request.form.to_dict()]
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if isinstance(document, dict) and isinstance(document.get("events"), list):
        return list(document["events"])
    if isinstance(document, dict):
        return [document]
    return document if isinstance(document, list) else None


@blueprint.get("/")
@allow("callins.manage")
def index() -> ResponseReturnValue:
    return _page(FileForm())


@blueprint.post("/")
@allow("callins.manage")
@body_limit(MOST_BODY, MOST_FILE)
def read_file() -> ResponseReturnValue:
    form = FileForm()
    if not form.validate_on_submit():
        return _page(form), 422
    try:
        content = form.file.data.read().decode("utf-8-sig")
        result = cdr.import_text(content, form.columns())
    except (UnicodeDecodeError, cdr.FileRefused) as error:
        db.session.rollback()
        words = getattr(error, "message", None) or _("The file cannot be read as CSV in UTF-8.")
        form.file.errors = [*form.file.errors, str(words)]
        return _page(form), 422
    db.session.commit()
    flash(_("The file was read."), "success")
    return _page(form, result)


def _page(form: FileForm, result: cdr.Result | None = None) -> str:
    return render_template(
        "callins/exchange.html",
        form=form,
        result=result,
        usual={name: ", ".join(names) for name, names in cdr.COLUMNS.items()},
    )
