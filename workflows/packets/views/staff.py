"""Where the office asks for packets and sees what became of each run."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user

from portal.db import db
from portal.i18n import LazyText, _, _l
from portal.security import allow
from workflows.packets import jobs, queries, services
from workflows.packets.forms import PeriodForm

blueprint = Blueprint(
    "packets", __name__, template_folder="../templates", url_prefix="/staff/packets"
)

STATE_NAMES: dict[str, LazyText] = {
    "waiting": _l("Waiting"),
    "running": _l("Being compiled"),
    "ready": _l("Ready"),
    "failed": _l("Failed"),
}


@blueprint.get("/")
@allow("packets.compile")
def index() -> ResponseReturnValue:
    return _page(PeriodForm(formdata=None))


@blueprint.post("/")
@allow("packets.compile")
def compile_() -> ResponseReturnValue:
    """Ask for a packet; a worker compiles it."""
    form = PeriodForm()
    if not form.validate():
        return _page(form), 422
    packet, is_new = services.request(form.first, form.last, by=current_user.id)
    packet_id = packet.id
    db.session.commit()
    jobs.compile_packet.enqueue(packet_id)
    flash(
        _("The packet is being compiled. It appears here when it is ready.")
        if is_new
        else _("A packet of this period is already being compiled."),
        "success",
    )
    return redirect(url_for(".index"), 303)


def _page(form: PeriodForm) -> str:
    before = request.args.get("before", type=int)
    lines, more = queries.page(current_user.id, ready_only=False, before=before)
    return render_template(
        "packets/compile.html",
        form=form,
        lines=lines,
        states=STATE_NAMES,
        older=url_for(".index", before=lines[-1].packet.id) if more else None,
        newest=url_for(".index") if before else None,
    )
