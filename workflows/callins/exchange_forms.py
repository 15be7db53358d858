"""The form for a file of call records."""

from typing import Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import StringField
from wtforms.validators import Length

from portal.i18n import LazyText, _l
from workflows.callins import cdr


def _column(label: LazyText, name: str) -> Any:
    return StringField(
        label,
        description=_l(
            "Found by itself if it is called: %(names)s", names=", ".join(cdr.COLUMNS[name])
        ),
        validators=[Length(max=100)],
        render_kw={"autocomplete": "off"},
    )


class FileForm(FlaskForm):  # type: ignore[misc]
    """A CSV file, and the names of its columns where they are unusual."""

    file = FileField(_l("File"), validators=[FileRequired(_l("Choose a file."))])
    call_id = _column(_l("Column with the call's id"), "call_id")
    offered = _column(_l("Column with the time it began to ring"), "offered")
    answered = _column(_l("Column with the time of the answer"), "answered")
    ended = _column(_l("Column with the time of the end"), "ended")
    wait = _column(_l("Column with the seconds of waiting"), "wait")
    duration = _column(_l("Column with the seconds of the whole call"), "duration")
    talk = _column(_l("Column with the seconds of talking"), "talk")
    number = _column(_l("Column with the caller's number"), "number")
    line = _column(_l("Column with the number that was called"), "line")

    def columns(self) -> dict[str, str]:
        """What was typed: field -> name of its column."""
        return {name: self[name].data for name in cdr.COLUMNS if (self[name].data or "").strip()}
