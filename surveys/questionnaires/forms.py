"""The upload of a questionnaire, and what was read of it on the way to being published."""

import hashlib
from dataclasses import dataclass
from typing import Any

from flask import current_app
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from itsdangerous import BadData, URLSafeTimedSerializer
from wtforms import StringField, ValidationError
from wtforms.validators import InputRequired

from portal.i18n import _, _l
from surveys.questionnaires import services
from surveys.questionnaires.schema import Questionnaire
from surveys.questionnaires.xlsform import Reading

KEEP_SECONDS = 24 * 3600
"""How long a checked questionnaire can wait on the screen before it is published."""


class UploadForm(FlaskForm):  # type: ignore[misc]
    """A spreadsheet and the survey it belongs to."""

    code = StringField(
        _l("Code of the survey"),
        description=_l("Letters A–Z, digits, - and _, e.g. BUDGET-1405. It never changes."),
        validators=[InputRequired(_l("Write a code."))],
    )
    file = FileField(
        _l("Questionnaire"),
        description=_l(
            "An XLSForm spreadsheet (.xlsx, .xls, .csv, .md; with its lists in one .zip) or a "
            "LimeSurvey survey (.lss)"
        ),
        validators=[FileRequired(_l("Choose a file."))],
    )

    def validate_code(self, field: StringField) -> None:
        try:
            field.data = services.normalise_code(field.data or "")
        except services.CodeError:
            raise ValidationError(
                _("A code has 2 to 40 letters A–Z, digits, - and _, e.g. BUDGET-1405.")
            ) from None


@dataclass(frozen=True)
class Checked:
    """A questionnaire that was read and waits for the person to publish it."""

    code: str
    questionnaire: Questionnaire
    question_count: int
    filename: str
    source_digest: bytes


def seal(code: str, reading: Reading, data: bytes, filename: str, user_id: int) -> str:
    """What was read, signed for the page: what is published is what was looked at, and nothing
    lies on the server for those who walk away."""
    if reading.questionnaire is None:
        raise ValueError("Only a questionnaire without errors can be published")
    sealed: str = _serializer(user_id).dumps(
        {
            "code": code,
            "definition": reading.questionnaire.to_json(),
            "count": reading.question_count,
            "filename": filename[:255],
            "digest": hashlib.sha256(data).hexdigest(),
        }
    )
    return sealed


def unseal(sealed: str, user_id: int) -> Checked | None:
    """The inverse; None for what we did not sign for this person, or too long ago."""
    try:
        found: dict[str, Any] = _serializer(user_id).loads(sealed, max_age=KEEP_SECONDS)
    except BadData:
        return None
    return Checked(
        code=found["code"],
        questionnaire=Questionnaire.from_json(found["definition"]),
        question_count=found["count"],
        filename=found["filename"],
        source_digest=bytes.fromhex(found["digest"]),
    )


def _serializer(user_id: int) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(
        current_app.config["SECRET_KEY"], salt=f"checked questionnaire of {user_id}"
    )
