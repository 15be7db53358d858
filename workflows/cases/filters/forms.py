"""What is chosen for many cases at once."""

import re
from collections.abc import Sequence

from wtforms import HiddenField, SelectField
from wtforms.validators import InputRequired

from portal.i18n import _l
from workflows.cases.staff.forms import ActionForm, AssignForm, NoteForm
from workflows.cases.staff.promise_fields import PromiseField, promised_on_field

_CHOSEN = re.compile(r"(\d{1,17})(?:\.(\d{1,17}))?")
KEY = re.compile(r"[0-9a-f]{32}")


def chosen(typed: Sequence[str], most: int) -> dict[int, int | None]:
    """{case: last event seen} of values like «12.345», at most `most`, each once."""
    found: dict[int, int | None] = {}
    for value in typed:
        if len(found) >= most:
            break
        if value.isascii() and (match := _CHOSEN.fullmatch(value)):
            found.setdefault(int(match[1]), int(match[2]) if match[2] else None)
    return found


class _Bulk(ActionForm):
    key = HiddenField()


class BulkAssignForm(AssignForm):
    key = HiddenField()


class BulkNoteForm(NoteForm):
    key = HiddenField()


class BulkFinishForm(PromiseField, _Bulk):
    action = "finish"
    reply = SelectField(_l("Canned reply"), validators=[InputRequired(_l("Choose a reply"))])
    promised_on = promised_on_field()

    def __init__(
        self,
        *args: object,
        replies: Sequence[tuple[int, str]],
        planned: Sequence[int],
        **kwargs: object,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.planned = {str(key) for key in planned}
        self.reply.choices = [("", "—"), *((str(key), name) for key, name in replies)]

    def _is_planned(self) -> bool:
        return self.reply.data in self.planned


class BulkCategoryForm(_Bulk):
    action = "categorise"
    category = SelectField(_l("Category"), validators=[InputRequired(_l("Choose a category"))])

    def __init__(
        self, *args: object, categories: Sequence[tuple[int, str]], **kwargs: object
    ) -> None:
        super().__init__(*args, **kwargs)
        self.category.choices = [("", "—"), *((str(key), name) for key, name in categories)]
