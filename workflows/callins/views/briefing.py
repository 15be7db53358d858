"""The briefing before a session: a page, and the same as one printed sheet."""

from flask import Blueprint, Response, abort, render_template
from flask.typing import ResponseReturnValue

from portal.security import allow
from workflows.callins import briefing, labels

blueprint = Blueprint(
    "callin_briefing",
    __name__,
    template_folder="../templates",
    url_prefix="/staff/callin-briefings",
)


@blueprint.get("/<int:session_id>")
@allow("callins.brief")
def show(session_id: int) -> ResponseReturnValue:
    found = _read(session_id)
    return render_template(
        "callins/briefing.html",
        found=found,
        session=found.session,
        promise_states=labels.PROMISE_STATES,
        promise_tones=labels.PROMISE_TONES,
    )


@blueprint.get("/<int:session_id>/briefing.pdf")
@allow("callins.brief")
def file(session_id: int) -> ResponseReturnValue:
    response = Response(briefing.pdf(_read(session_id)), mimetype="application/pdf")
    name = f"briefing-{session_id}.pdf"
    response.headers["Content-Disposition"] = f'inline; filename="{name}"'
    return response


def _read(session_id: int) -> briefing.Briefing:
    try:
        return briefing.read(session_id)
    except LookupError:
        abort(404)
