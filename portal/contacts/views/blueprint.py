"""The blueprint that all pages of the bank hang on."""

from flask import Blueprint

from portal.contacts import labels

blueprint = Blueprint(
    "contacts", __name__, url_prefix="/staff/contacts", template_folder="../templates"
)


@blueprint.context_processor
def words() -> dict[str, object]:
    return {"labels": labels}
