"""The form of a unit; the rules are in services."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectField, StringField
from wtforms.validators import InputRequired, Length

from portal.i18n import _l
from portal.units.services import KIND_NAMES, UnitError


def _unit_id(value: Any) -> int | None:
    return int(value) if value not in {"", None} else None


class UnitForm(FlaskForm):  # type: ignore[misc]
    code = StringField(
        _l("Code"),
        description=_l("A short name for files and addresses, like district-12."),
        validators=[InputRequired(_l("Write a code.")), Length(max=40)],
    )
    kind = SelectField(_l("Kind"), choices=lambda: {k: str(name) for k, name in KIND_NAMES.items()})
    name_fa = StringField(_l("Name in Persian"), validators=[Length(max=120)])
    name_ar = StringField(_l("Name in Arabic"), validators=[Length(max=120)])
    name_en = StringField(_l("Name in English"), validators=[Length(max=120)])
    parent_id = SelectField(_l("Belongs to"), coerce=_unit_id)
    escalates_to_id = SelectField(
        _l("Escalates to"),
        description=_l("Who hears of it when this unit is late. Empty: the unit it belongs to."),
        coerce=_unit_id,
    )
    active = BooleanField(_l("In use"), default=True)

    def __init__(self, *args: Any, units: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = {"": "—", **{str(unit_id): name for unit_id, name in units}}
        self.parent_id.choices = choices
        self.escalates_to_id.choices = choices

    def values(self) -> dict[str, Any]:
        """The arguments of services.create_unit and update_unit."""
        return {
            "code": self.code.data,
            "kind": self.kind.data,
            "names": {
                "fa": self.name_fa.data or "",
                "ar": self.name_ar.data or "",
                "en": self.name_en.data or "",
            },
            "parent_id": self.parent_id.data,
            "escalates_to_id": self.escalates_to_id.data,
            "active": self.active.data,
        }

    def refuse(self, error: UnitError) -> None:
        """Show a refusal of the services beside its field."""
        field = getattr(self, error.field, None) or self.code
        field.errors = [*field.errors, str(error.message)]
