"""Flask-Security, set up for staff: password, optional or required second factor."""

import base64
import datetime as dt
import hashlib
from typing import Any

from flask import (
    Flask,
    Response,
    abort,
    after_this_request,
    current_app,
    redirect,
    request,
    session,
    url_for,
)
from flask_security import (
    Security,
    current_user,
    password_changed,
    tf_disabled,
    tf_profile_changed,
    user_authenticated,
)

from portal import audit, clock
from portal.accounts import sign_in_forms
from portal.accounts.datastore import datastore
from portal.accounts.models import User
from portal.accounts.sign_in_words import MESSAGES
from portal.config import Settings
from portal.i18n import CATALOGS, LANGUAGE_COOKIE, LANGUAGES

CHOSE_LANGUAGE = "chose_language"
"""Session key: the language was switched on the way to signing in."""
WITHOUT_SECOND_FACTOR = frozenset(
    {
        "security.logout",
        "security.verify",
        "security.two_factor_setup",
        "security.two_factor_setup_validate",
        "security.two_factor_token_validation",
    }
)
"""What a person may open whose role demands a second factor that is not set up yet."""


def init_app(app: Flask) -> None:
    """Register sign-in under /staff. Flask-Security's forms and messages use our catalog."""
    settings: Settings = app.extensions["pasokh_settings"]
    app.config.update(
        SECURITY_DATETIME_FACTORY=clock.now,
        # None is a directive without a value: "no-store=True" is one that browsers do not know.
        SECURITY_CACHE_CONTROL={"no-store": None},
        SECURITY_I18N_DOMAIN="messages",
        SECURITY_I18N_DIRNAME=[str(CATALOGS)],
        SECURITY_CLI_USERS_NAME=None,
        SECURITY_CLI_ROLES_NAME=None,
        SECURITY_URL_PREFIX="/staff",
        SECURITY_LOGIN_URL="/login",
        # Endpoints, so that they follow the prefix under which the portal is mounted.
        SECURITY_POST_LOGIN_VIEW="dashboard.home",
        SECURITY_POST_LOGOUT_VIEW="pages.home",
        SECURITY_POST_CHANGE_VIEW="accounts.profile",
        SECURITY_POST_VERIFY_VIEW="accounts.profile",
        SECURITY_TWO_FACTOR_POST_SETUP_VIEW="accounts.profile",
        SECURITY_LOGOUT_METHODS=["POST"],
        SECURITY_API_ENABLED_METHODS=["session"],
        SECURITY_PASSWORD_HASH="argon2",  # noqa: S106 (the name of an algorithm)
        SECURITY_PASSWORD_SCHEMES=["argon2"],
        SECURITY_PASSWORD_SINGLE_HASH=["argon2"],
        SECURITY_PASSWORD_SALT="unused-with-argon2",  # noqa: S106 (argon2 salts by itself)
        SECURITY_PASSWORD_LENGTH_MIN=10,
        SECURITY_PASSWORD_CHECK_BREACHED=None,
        SECURITY_TRACKABLE=True,
        SECURITY_REGISTERABLE=False,
        SECURITY_RECOVERABLE=False,
        SECURITY_CHANGEABLE=True,
        SECURITY_SEND_REGISTER_EMAIL=False,
        SECURITY_SEND_PASSWORD_CHANGE_EMAIL=False,
        SECURITY_SEND_PASSWORD_RESET_EMAIL=False,
        SECURITY_FRESHNESS=dt.timedelta(hours=1),
        SECURITY_FRESHNESS_GRACE_PERIOD=dt.timedelta(minutes=15),
        SECURITY_TWO_FACTOR=True,
        SECURITY_TWO_FACTOR_ENABLED_METHODS=["authenticator"],
        SECURITY_TWO_FACTOR_REQUIRED=False,
        SECURITY_TWO_FACTOR_ALWAYS_VALIDATE=True,
        SECURITY_TWO_FACTOR_RESCUE_EMAIL=False,
        SECURITY_MULTI_FACTOR_RECOVERY_CODES=True,
        SECURITY_MULTI_FACTOR_RECOVERY_CODES_N=8,
        SECURITY_MULTI_FACTOR_RECOVERY_CODES_KEYS=[_recovery_key(settings)],
        SECURITY_TOTP_SECRETS={"1": settings.secret_key},
        SECURITY_TOTP_ISSUER="Pasokh",
        SECURITY_RETURN_GENERIC_RESPONSES=True,
        SECURITY_FLASH_MESSAGES=True,
        SECURITY_EMAIL_VALIDATOR_ARGS={"check_deliverability": False, "test_environment": True},
        SECURITY_STATIC_FOLDER=None,
        **{f"SECURITY_MSG_{key}": value for key, value in MESSAGES.items()},
    )
    Security(
        app,
        datastore,
        register_blueprint=True,
        login_form=sign_in_forms.LoginForm,
        verify_form=sign_in_forms.VerifyForm,
        change_password_form=sign_in_forms.ChangePasswordForm,
        two_factor_setup_form=sign_in_forms.SetupForm,
        two_factor_rescue_form=sign_in_forms.RescueForm,
        two_factor_verify_code_form=sign_in_forms.CodeForm,
        mf_recovery_form=sign_in_forms.RecoveryForm,
    )
    # The rescue page writes letters; we have recovery codes and administrators instead.
    app.view_functions["security.two_factor_rescue"] = lambda: abort(404)

    from portal.accounts import limits

    limits.init_app(app)
    app.before_request(_demand_second_factor)
    app.before_request(_note_language)
    _connect(app)


def _recovery_key(settings: Settings) -> bytes:
    digest = hashlib.sha256(b"pasokh recovery codes" + settings.secret_key.encode()).digest()
    return base64.urlsafe_b64encode(digest)


def _demand_second_factor() -> Any:
    """Who got a demanding role while signed in sets the second factor up before anything else."""
    endpoint = request.endpoint or ""
    if endpoint in WITHOUT_SECOND_FACTOR or endpoint == "static":
        return None
    if not endpoint.startswith("security."):
        rule = getattr(current_app.view_functions.get(endpoint), "access_rule", None)
        if rule is None or rule.kind not in {"signed_in", "permission"}:
            return None
    if not current_user.is_authenticated:
        return None
    if current_user.needs_second_factor and not current_user.has_second_factor:
        return redirect(url_for("security.two_factor_setup"))
    return None


def _note_language() -> None:
    if request.blueprint == "security" and request.args.get("lang") in LANGUAGES:
        session[CHOSE_LANGUAGE] = request.args["lang"]


def _signed_in(_app: Flask, user: User, **_rest: Any) -> None:
    """The person's own language from here on, unless another was just chosen by hand."""
    session.permanent = True
    if session.get("tf_state") == "validating_profile":
        # The setup that a demanding role forced ends with this sign-in.
        audit.record("account.second_factor_set", "account", user.id)
    chosen = session.pop(CHOSE_LANGUAGE, None)
    language = chosen if chosen in LANGUAGES else user.language

    def remember(response: Response) -> Response:
        response.set_cookie(
            LANGUAGE_COOKIE,
            language,
            max_age=365 * 24 * 3600,
            path=current_app.config["SESSION_COOKIE_PATH"],
            secure=current_app.config["SESSION_COOKIE_SECURE"],
            httponly=True,
            samesite="Lax",
        )
        return response

    after_this_request(remember)


def _password_changed(_app: Flask, user: User, **_rest: Any) -> None:
    audit.record("account.password_changed", "account", user.id)


def _second_factor_set(_app: Flask, user: User, **_rest: Any) -> None:
    audit.record("account.second_factor_set", "account", user.id)


def _second_factor_off(_app: Flask, user: User, **_rest: Any) -> None:
    audit.record("account.second_factor_switched_off", "account", user.id)


def _connect(app: Flask) -> None:
    user_authenticated.connect(_signed_in, app)
    password_changed.connect(_password_changed, app)
    tf_profile_changed.connect(_second_factor_set, app)
    tf_disabled.connect(_second_factor_off, app)


__all__ = ["datastore", "init_app"]
