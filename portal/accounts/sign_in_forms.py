"""Flask-Security's forms with our labels, bounds and digits."""

from typing import Any

import flask_security.forms as theirs
from flask import request
from flask_security.recovery_codes import MfRecoveryForm as TheirRecoveryForm
from flask_security.utils import validate_redirect_url
from wtforms import EmailField, Field, PasswordField, RadioField, StringField
from wtforms.validators import InputRequired, Length

from portal import text
from portal.i18n import _l

_BOUND = Length(max=200, message=_l("This is too long."))
_PASSWORD_NEEDED = InputRequired(_l("Write your password."))
_CODE_NEEDED = InputRequired(_l("Write the code."))


def _typed_code(value: str | None) -> str | None:
    return text.ascii_digits(value).replace(" ", "")[:40] if value else value


class LoginForm(theirs.LoginForm):
    """Email and password. No "remember me": desks in a city office are shared."""

    email = EmailField(
        _l("Email address"),
        render_kw={"autocomplete": "username", "autofocus": True},
        validators=[
            InputRequired(_l("Write your email address.")),
            _BOUND,
            theirs.EmailValidation(verify=False),
        ],
    )
    password = PasswordField(_l("Password"), validators=[_PASSWORD_NEEDED, _BOUND])
    remember = None  # type: ignore[assignment]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if request and not validate_redirect_url(self.next.data or ""):
            self.next.data = ""

    def validate_next(self, field: Field) -> None:
        """An address elsewhere is dropped without a word; see __init__."""


class VerifyForm(theirs.VerifyForm):
    password = PasswordField(_l("Password"), validators=[_PASSWORD_NEEDED, _BOUND])

    def validate_next(self, field: Field) -> None:
        if not validate_redirect_url(field.data or ""):
            field.data = ""


class ChangePasswordForm(theirs.ChangePasswordForm):
    password = PasswordField(_l("Present password"), validators=[_PASSWORD_NEEDED, _BOUND])
    new_password = PasswordField(
        _l("New password"),
        description=_l("At least 10 characters; several words in a row are easy to remember."),
        validators=[_PASSWORD_NEEDED, _BOUND],
    )
    new_password_confirm = PasswordField(
        _l("New password once more"),
        validators=[
            _PASSWORD_NEEDED,
            theirs.EqualToLocalize("new_password", message="RETYPE_PASSWORD_MISMATCH"),
        ],
    )


class SetupForm(theirs.TwoFactorSetupForm):
    """Without the ways that write SMS and letters; the page draws the choice as buttons."""

    setup = RadioField(
        _l("Second factor"),
        choices={"authenticator": "authenticator", "disable": "disable"},
        validate_choice=False,
    )


class RescueForm(theirs.TwoFactorRescueForm):
    """Never shown: Flask-Security builds it beside the page that asks for the code."""

    help_setup = RadioField(choices=[])


class CodeForm(theirs.TwoFactorVerifyCodeForm):
    code = StringField(
        _l("Code from the authenticator app"),
        description=_l("Six digits."),
        filters=[_typed_code],
        render_kw={"autocomplete": "one-time-code", "inputmode": "numeric"},
        validators=[_CODE_NEEDED],
    )


class RecoveryForm(TheirRecoveryForm):
    code = StringField(
        _l("Recovery code"),
        filters=[_typed_code],
        render_kw={"autocomplete": "off", "autocapitalize": "none"},
        validators=[_CODE_NEEDED],
    )
