"""Guessing passwords and codes is slow: failures are counted per connection and per account."""

from typing import Any

from flask import Flask, Response, current_app, request, session

from portal.ratelimit import limiter

BY_CONNECTION = "60 per 15 minutes"
"""Many people share the address of an office."""
BY_ACCOUNT = "10 per 15 minutes"


def _failed(response: Response) -> bool:
    return response.status_code != 302


def _account() -> str:
    typed: Any = request.form.get("email")
    if typed is None and request.is_json:
        body = request.get_json(silent=True)
        typed = body.get("email") if isinstance(body, dict) else None
    return "account:" + str(typed or "").strip().lower()[:200]


def _half_signed_in() -> str:
    return "second-factor:" + str(session.get("tf_user_id") or request.remote_addr)


def _present() -> str:
    return "password:" + str(session.get("_user_id") or request.remote_addr)


def _theirs(name: str, **values: str) -> Any:
    return current_app.extensions["pasokh_sign_in_views"][name](**values)


# Once per process: each application that is built puts these in front of Flask-Security's views.


@limiter.limit(BY_CONNECTION, methods=["POST"], deduct_when=_failed)
@limiter.limit(BY_ACCOUNT, methods=["POST"], key_func=_account, deduct_when=_failed)
def login() -> Any:
    return _theirs("security.login")


@limiter.limit(BY_ACCOUNT, methods=["POST"], key_func=_half_signed_in, deduct_when=_failed)
def two_factor_token_validation() -> Any:
    return _theirs("security.two_factor_token_validation")


@limiter.limit(BY_ACCOUNT, methods=["POST"], key_func=_half_signed_in, deduct_when=_failed)
def mf_recovery() -> Any:
    return _theirs("security.mf_recovery")


@limiter.limit(BY_ACCOUNT, methods=["POST"], key_func=_present, deduct_when=_failed)
def verify() -> Any:
    return _theirs("security.verify")


@limiter.limit(BY_ACCOUNT, methods=["POST"], key_func=_present, deduct_when=_failed)
def change_password() -> Any:
    return _theirs("security.change_password")


def init_app(app: Flask) -> None:
    """Put the limits in front of Flask-Security's views."""
    originals = app.extensions["pasokh_sign_in_views"] = {}
    for view in (login, two_factor_token_validation, mf_recovery, verify, change_password):
        endpoint = f"security.{view.__name__}"
        originals[endpoint] = app.view_functions[endpoint]
        app.view_functions[endpoint] = view
