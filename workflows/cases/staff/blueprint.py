"""The blueprint that all staff pages of cases hang on."""

from flask import Blueprint

from portal.audit import words
from workflows.cases.staff import labels

blueprint = Blueprint("cases", __name__, url_prefix="/staff/cases", template_folder="templates")

words.describe(labels.AUDIT_ACTIONS, labels.AUDIT_THINGS)


@blueprint.context_processor
def _words() -> dict[str, object]:
    return {"labels": labels}
