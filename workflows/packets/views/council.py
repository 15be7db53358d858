"""What a council member opens: packets, their files, comments and decisions."""

from typing import Any

from flask import (
    Blueprint,
    Response,
    abort,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_security import current_user

from portal.db import db
from portal.i18n import LANGUAGES, InputError, _, current_language
from portal.security import allow, may
from workflows.cases.moves import InputRefused
from workflows.cases.stages import OUTCOME_NAMES, STAGE_NAMES
from workflows.packets import decisions, queries, services, snapshots
from workflows.packets.forms import CommentForm, DecisionForm
from workflows.packets.models import Packet
from workflows.packets.presenting import present

blueprint = Blueprint("council", __name__, template_folder="../templates", url_prefix="/council")

TYPES = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@blueprint.get("/")
@allow("packets.read")
def index() -> ResponseReturnValue:
    before = request.args.get("before", type=int)
    lines, more = queries.page(current_user.id, ready_only=True, before=before)
    return render_template(
        "packets/council.html",
        lines=lines,
        older=url_for(".index", before=lines[-1].packet.id) if more else None,
        newest=url_for(".index") if before else None,
    )


@blueprint.get("/<int:packet_id>")
@allow("packets.read")
def show(packet_id: int) -> ResponseReturnValue:
    """The packet in the reader's language."""
    return _page(_packet(packet_id))


@blueprint.get("/<int:packet_id>/packet-<any(fa,ar,en):file_language>.<any(pdf,xlsx):kind>")
@allow("packets.read")
def download(packet_id: int, file_language: str, kind: str) -> ResponseReturnValue:
    """The stored file; drawn once, when the packet was compiled."""
    _packet(packet_id)
    found = queries.file(packet_id, file_language, kind) or abort(404)
    response = Response(found.content, mimetype=TYPES[kind])
    name = f"packet-{packet_id}-{file_language}.{kind}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.set_etag(found.digest)
    return response


@blueprint.post("/<int:packet_id>/read")
@allow("packets.read")
def mark_read(packet_id: int) -> ResponseReturnValue:
    _packet(packet_id)
    services.mark_read(packet_id, current_user.id)
    db.session.commit()
    flash(_("Noted: you have read this packet."), "success")
    return redirect(url_for(".show", packet_id=packet_id), 303)


@blueprint.post("/<int:packet_id>/comments")
@allow("packets.decide")
def comment(packet_id: int) -> ResponseReturnValue:
    packet = _packet(packet_id)
    form = CommentForm()
    if not form.validate():
        return _page(packet, comment_form=form), 422
    services.comment(packet_id, form.comment.data or "", user_id=current_user.id, author=_name())
    db.session.commit()
    flash(_("Your comment was added."), "success")
    return redirect(url_for(".show", packet_id=packet_id, _anchor="comments"), 303)


@blueprint.post("/<int:packet_id>/decisions")
@allow("packets.decide")
def decide(packet_id: int) -> ResponseReturnValue:
    """Opens the case of the decision."""
    packet = _packet(packet_id)
    form = DecisionForm()
    if not form.validate():
        return _page(packet, decision_form=form), 422
    try:
        decisions.decide(
            packet_id,
            text=form.text.data or "",
            unit_id=form.unit_id.data,
            due_on=form.due,
            user_id=current_user.id,
            author=_name(),
            language=current_language(),
        )
    except (InputError, InputRefused) as error:
        db.session.rollback()
        form.text.errors = [str(error.message)]
        return _page(_packet(packet_id), decision_form=form), 422
    db.session.commit()
    flash(_("The decision was passed to its owner as a case."), "success")
    return redirect(url_for(".show", packet_id=packet_id, _anchor="decisions"), 303)


def _packet(packet_id: int) -> Packet:
    return queries.ready(packet_id) or abort(404)


def _name() -> str:
    return str(current_user.name or current_user.email)


def _page(packet: Packet, **forms: Any) -> str:
    snapshot = snapshots.read(packet.id)
    if may("packets.decide"):
        forms.setdefault("comment_form", CommentForm(formdata=None))
        forms.setdefault("decision_form", DecisionForm(formdata=None))
    return render_template(
        "packets/show.html",
        packet=packet,
        document=present(snapshot, current_language()),
        comments=queries.comments(packet.id),
        decisions=queries.decisions(packet.id),
        readers=queries.readers(packet.id),
        is_read=queries.is_read(packet.id, current_user.id),
        stages=STAGE_NAMES,
        outcomes=OUTCOME_NAMES,
        file_languages=LANGUAGES,
        **forms,
    )
