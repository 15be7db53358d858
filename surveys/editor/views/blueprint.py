"""The blueprint, and what its pages share."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, request, url_for

from portal.db import db
from portal.i18n import _, direction
from surveys.editor import labels, services
from surveys.editor.models import SurveyDraft
from surveys.editor.services import DraftError
from surveys.questionnaires import services as questionnaires

blueprint = Blueprint(
    "editor", "surveys.editor", template_folder="templates", url_prefix="/staff/surveys"
)


@blueprint.context_processor
def _words() -> dict[str, Any]:
    return {
        "part": labels.part,
        "type_name": labels.type_name,
        "place_of": labels.place,
        "subjects": labels.SUBJECTS,
        "kinds": labels.KINDS,
        "tones": labels.TONES,
        "text_direction": lambda language: direction(language.split("-")[0]),
    }


def find_draft(code: str) -> SurveyDraft:
    """The open draft; where there is none any more, the survey's page says so."""
    draft = services.find(code)
    if draft is None:
        if questionnaires.find_survey(code) is None:
            abort(404)
        flash(_("There is no open draft of this survey."), "info")
        abort(redirect(url_for("questionnaires.survey", code=code), 303))
    return draft


def say(error: DraftError) -> None:
    """Undo, and tell why."""
    db.session.rollback()
    for message in error.messages[:20]:
        flash(str(getattr(message, "message", message)), "error")


def revision() -> int:
    """Which state of the draft the form was made from."""
    found = request.form.get("revision", type=int)
    return found if found is not None else abort(400)
