"""The one blueprint of the letters' pages."""

from typing import Any

from flask import Blueprint

from portal import typesetting
from portal.i18n import current_language
from workflows.letters import register, words
from workflows.letters.presenting import digits

blueprint = Blueprint(
    "letters", __name__, template_folder="../templates", url_prefix="/staff/letters"
)


@blueprint.app_template_filter("letter_number")
def shown_number(reference: str) -> str:
    """The number of a letter in the reader's digits."""
    return digits(reference, current_language())


blueprint.add_app_template_filter(typesetting.telephones)


@blueprint.app_template_global("letters_panel")
def panel(case_id: int) -> dict[str, Any]:
    """What letters/_panel.html shows on the page of a case."""
    return {"letters": register.of_case(case_id), "words": words}
