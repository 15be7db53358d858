"""The ways of a draft and the script as forms."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, RadioField, TextAreaField
from wtforms.validators import Length

from portal.contacts.models import LANGUAGES
from portal.i18n import LANGUAGES as LANGUAGE_NAMES
from portal.i18n import _l
from surveys.ways.models import UNVERIFIED, VERIFIED, CampaignWays
from surveys.ways.services import MAX_SCRIPT


class WaysForm(FlaskForm):  # type: ignore[misc]
    """Ways of a draft."""

    invites_by_sms = BooleanField(_l("Invite the audience by SMS, each with a personal link"))
    takes_replies = BooleanField(
        _l("Take replies to the SMS as answers"),
        description=_l(
            "For a questionnaire of one question: the text lists the numbered choices where "
            "{choices} stands."
        ),
    )
    open_kind = RadioField(_l("Open link for posters"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.open_kind.choices = [
            ("", _l("No open link")),
            (VERIFIED, _l("With a code by SMS: one number, one answer")),
            (UNVERIFIED, _l("Without any check: unverifiable, and called so beside its results")),
        ]

    @staticmethod
    def data_of(ways: CampaignWays) -> dict[str, Any]:
        return {
            "invites_by_sms": ways.invites_by_sms,
            "takes_replies": ways.takes_replies,
            "open_kind": ways.open_kind or "",
        }


class ScriptForm(FlaskForm):  # type: ignore[misc]
    """What an operator says first."""

    script_fa = TextAreaField(LANGUAGE_NAMES["fa"], validators=[Length(max=MAX_SCRIPT)])
    script_ar = TextAreaField(LANGUAGE_NAMES["ar"], validators=[Length(max=MAX_SCRIPT)])
    script_en = TextAreaField(LANGUAGE_NAMES["en"], validators=[Length(max=MAX_SCRIPT)])

    def script(self) -> dict[str, str]:
        return {code: self[f"script_{code}"].data or "" for code in LANGUAGES}
