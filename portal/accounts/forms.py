"""Forms of accounts; the rules are in services."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, EmailField, SelectField, SelectMultipleField, StringField
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from portal.accounts.services import ROLE_NAMES, AccountError
from portal.i18n import LANGUAGES, _, _l

_NAME = [InputRequired(_l("Write the person's name.")), Length(max=120)]


class _Checkboxes(SelectMultipleField):
    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class ProfileForm(FlaskForm):  # type: ignore[misc]
    name = StringField(_l("Name"), validators=_NAME)
    language = SelectField(_l("Language"), choices=LANGUAGES)


class AccountForm(ProfileForm):
    """Changing an account."""

    roles = _Checkboxes(
        _l("Roles"), choices=lambda: {role: str(name) for role, name in ROLE_NAMES.items()}
    )
    unit_id = SelectField(
        _l("Unit"), coerce=lambda value: int(value) if value not in {"", None} else None
    )
    active = BooleanField(_l("May sign in"))

    def __init__(self, *args: Any, units: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.unit_id.choices = {"": _("No unit"), **{str(i): name for i, name in units}}

    def refuse(self, error: AccountError) -> None:
        """Show a refusal of the services beside its field."""
        field = getattr(self, error.field, None) or self.name
        field.errors = [*field.errors, str(error.message)]


class NewAccountForm(AccountForm):
    email = EmailField(
        _l("Email address"),
        validators=[InputRequired(_l("Write an email address, like name@city.example."))],
        render_kw={"autocomplete": "off"},
    )
    active = None  # type: ignore[assignment]
