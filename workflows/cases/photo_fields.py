"""The field for photos of every form that takes some."""

import hashlib
from typing import Any, Final

from flask_wtf import FlaskForm
from flask_wtf.file import MultipleFileField
from wtforms.validators import ValidationError

from portal.i18n import _, _l, digits
from workflows.cases import photos

MOST: Final = 4
"""Photos of one message."""
MOST_BYTES: Final = MOST * photos.MAX_BYTES
"""For `body_limit` of the routes."""
FORM_BYTES: Final = 1 << 20

ERRORS: Final = {
    "too_large": _l("This photo is too large; choose one of at most 12 megabytes."),
    "too_many_pixels": _l("This picture is too large to be a photo."),
    "not_a_photo": _l("We cannot read this file. Choose a photo in JPEG, PNG or WebP format."),
}


class PhotoFields(FlaskForm):  # type: ignore[misc]
    """Some photos; `drawn` are they as they will be kept, once the form is valid."""

    photo = MultipleFileField(
        _l("Photos"),
        description=_l("At most four. Place and device stored in a photo are removed."),
        render_kw={"accept": "image/jpeg,image/png,image/webp"},
    )

    drawn: list[photos.Photo]
    photo_digest: bytes = b""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.drawn = []
        super().__init__(*args, **kwargs)

    def validate_photo(self, field: Any) -> None:
        self.drawn, digest = [], hashlib.sha256()
        sent = [one for one in field.data or [] if one and one.filename]
        if len(sent) > MOST:
            raise ValidationError(_("At most %(n)s photos.", n=digits(MOST)))
        for one in sent:
            data = one.stream.read(photos.MAX_BYTES + 1)
            try:
                self.drawn.append(photos.read(data))
            except photos.PhotoError as error:
                raise ValidationError(str(ERRORS[error.code])) from None
            digest.update(data)
        self.photo_digest = digest.digest() if sent else b""
