"""Staff pages: what goes out, what came in, and the handles to stop it."""

import datetime as dt
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal import clock, phones
from portal.accounts import services as accounts
from portal.contacts import consent
from portal.contacts import labels as contact_words
from portal.db import db
from portal.i18n import _, ngettext
from portal.messaging import (
    account,
    hygiene,
    labels,
    masking,
    overview,
    quiet,
    services,
    spending,
    watching,
)
from portal.messaging.models import MessageBatch
from portal.security import allow

blueprint = Blueprint(
    "messages", __name__, url_prefix="/staff/messages", template_folder="templates"
)


@blueprint.app_template_filter("message_reason")
def message_reason(code: str | None) -> labels.Reason | None:
    return labels.explain(code)


@blueprint.app_template_filter("masked")
def masked(body: str) -> str:
    return masking.masked(body)


@blueprint.get("/")
@allow("messages.read")
def index() -> ResponseReturnValue:
    """Every batch with its progress, and how the gateway stands."""
    rows, after = overview.batches(_before())
    return render_template(
        "messaging/index.html", rows=rows, after=after, gateways=overview.gateways(), labels=labels
    )


@blueprint.get("/batches/<int:batch_id>")
@allow("messages.read")
def batch(batch_id: int) -> ResponseReturnValue:
    """Counts by state, errors by reason with what to do, pause, resume and cancel."""
    row = overview.batch(batch_id) or abort(404)
    ids = {each for each in (row.batch.launched_by, row.batch.approved_by) if each}
    return render_template(
        "messaging/batch.html",
        people=accounts.names(ids),
        spending=spending.of([batch_id]),
        **_live(row),
    )


@blueprint.get("/batches/<int:batch_id>/progress")
@allow("messages.read")
def batch_progress(batch_id: int) -> ResponseReturnValue:
    """The live part of the page alone."""
    row = overview.batch(batch_id) or abort(404)
    return render_template("messaging/_batch_progress.html", **_live(row))


def _live(row: overview.BatchRow) -> dict[str, Any]:
    segments, rial = overview.cost(row.batch.id)
    waits = row.batch.state == "running" and row.batch.respects_quiet_hours
    return {
        "row": row,
        "live": row.state in {"running", "paused"},
        "quiet": quiet.why() if waits and row.counts.get("created") else None,
        "pace": watching.pace([row.batch.id]),
        "reasons": overview.reasons(row.batch.id),
        "segments": segments,
        "toman": rial // 10,
        "gateways": overview.gateways(),
        "labels": labels,
    }


@blueprint.post("/batches/<int:batch_id>/<any(pause,resume,cancel):action>")
@allow("messages.control")
def change(batch_id: int, action: str) -> ResponseReturnValue:
    """Pause, resume or cancel a batch."""
    if db.session.get(MessageBatch, batch_id) is None:
        abort(404)
    try:
        if action == "pause":
            services.pause_batch(batch_id)
            said = _("Paused. What the gateway has already taken is not called back.")
        elif action == "resume":
            services.resume_batch(batch_id)
            said = _("Sending goes on.")
        else:
            count = services.cancel_batch(batch_id)
            said = ngettext(
                "Cancelled. %(num)s message will not be sent.",
                "Cancelled. %(num)s messages will not be sent.",
                count,
            )
    except services.BatchError:
        db.session.rollback()
        flash(_("A cancelled sending cannot be resumed. Launch a new one."), "error")
    else:
        db.session.commit()
        flash(said, "success")
    return redirect(url_for("messages.batch", batch_id=batch_id), 303)


@blueprint.post("/gateways/<name>/resume")
@allow("messages.control")
def resume_gateway(name: str) -> ResponseReturnValue:
    """Call a gateway again after somebody has put it right."""
    found = account.get(name) or abort(404)
    account.resume(found.name)
    db.session.commit()
    flash(_("The gateway is used again."), "success")
    return redirect(url_for("messages.index"), 303)


@blueprint.get("/inbox")
@allow("messages.read")
def inbox() -> ResponseReturnValue:
    """The SMS that arrived, the newest first."""
    open_only = request.args.get("show") == "open"
    rows, after = overview.inbox(_before(), open_only=open_only)
    return render_template(
        "messaging/inbox.html", rows=rows, after=after, open_only=open_only, labels=labels
    )


@blueprint.get("/unreachable")
@allow("messages.read")
def unreachable() -> ResponseReturnValue:
    """Numbers to which messages keep coming back."""
    rows, after = hygiene.page(_before())
    return render_template("messaging/unreachable.html", rows=rows, after=after, labels=labels)


@blueprint.get("/sms/<int:message_id>")
@allow("messages.read")
def message(message_id: int) -> ResponseReturnValue:
    """One message: its words as sent, where they come from, and who let it go."""
    found = overview.message(message_id) or abort(404)
    return render_template("messaging/message.html", found=found, labels=labels)


@blueprint.get("/number")
@allow("messages.read")
def number() -> ResponseReturnValue:
    """Everything sent to and received from one number, and its consent: printable, as a proof."""
    typed = request.args.get("number", "")[:64]
    e164, error = None, None
    if typed:
        try:
            e164 = phones.parse_mobile(typed).e164
        except phones.PhoneError as problem:
            error = str(problem.message)
    return render_template(
        "messaging/number.html",
        typed=typed,
        e164=e164,
        errors=[error] if error else [],
        proof=overview.of_number(e164, _moment()) if e164 else None,
        now=clock.now(),
        words=contact_words,
        stops=consent.stops(e164) if e164 else [],
        labels=labels,
    ), (422 if error else 200)


def _moment() -> dt.datetime | None:
    """`?until=`, where a page of one number begins."""
    try:
        found = dt.datetime.fromisoformat(request.args.get("until", ""))
    except ValueError:
        return None
    return found if found.tzinfo else None


def _before() -> int | None:
    return request.args.get("before", type=int)
