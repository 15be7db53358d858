"""Who may call what: one access rule per route, checked before the view, walked by a test.

Also response headers and the limits that protect the portal from a hostile visitor.
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask, Response, abort, current_app, g, redirect, request, url_for
from flask_security import current_user
from flask_wtf.csrf import CSRFProtect

from portal import plugin as plugins

View = TypeVar("View", bound=Callable[..., Any])

csrf = CSRFProtect()

ADMINISTRATOR = "administrator"
ROLES = (
    ADMINISTRATOR,
    "operator",
    "unit_officer",
    "field_supervisor",
    "communications",
    "analyst",
    "evaluator",
    "official",
    "council_member",
)


@dataclass(frozen=True)
class AccessRule:
    """kind: public | token | signed_in | permission | hook | local | demo.

    `permission`: which one; of a hook the setting that holds its secret.
    """

    kind: str
    permission: str = ""


def _rule(rule: AccessRule) -> Callable[[View], View]:
    def mark(view: View) -> View:
        view.access_rule = rule  # type: ignore[attr-defined]
        return view

    return mark


public = _rule(AccessRule("public"))
"""Anybody may call it."""

token_authority = _rule(AccessRule("token"))
"""The unguessable token in the address is the authority; the view looks it up."""

signed_in = _rule(AccessRule("signed_in"))
"""Any member of staff."""

hook = _rule(AccessRule("hook", "sms_hook_secret"))
"""A gateway: `<secret>` in the address must equal SMS_HOOK_SECRET."""


def hook_of(setting: str) -> Callable[[View], View]:
    """Another machine: `<secret>` in the address must equal this setting; empty opens nothing."""
    return _rule(AccessRule("hook", setting))


local_or_bearer = _rule(AccessRule("local"))
"""The machine itself, or the bearer of METRICS_TOKEN."""

demo_only = _rule(AccessRule("demo"))
"""Exists only in demonstration mode; 404 elsewhere."""


def allow(permission: str) -> Callable[[View], View]:
    """Members of staff whose roles hold `permission`."""
    return _rule(AccessRule("permission", permission))


def body_limit(form: int, files: int = 0) -> Callable[[View], View]:
    """Bytes of a request that the view takes, instead of MAX_CONTENT_LENGTH; more is answered 413.

    `files`: so many more where the form is sent with files. Set before anything reads the body;
    inside a view it is too late, for the check of the CSRF token has read the form by then.
    """

    def mark(view: View) -> View:
        view.body_limit = (form, files)  # type: ignore[attr-defined]
        return view

    return mark


OUTSIDE_RULES = {
    "static": AccessRule("public"),
    "security.login": AccessRule("public"),
    "security.logout": AccessRule("signed_in"),
    "security.verify": AccessRule("signed_in"),
    "security.change_password": AccessRule("signed_in"),
    "security.two_factor_setup": AccessRule("public"),
    "security.two_factor_setup_validate": AccessRule("public"),
    "security.two_factor_token_validation": AccessRule("public"),
    "security.two_factor_rescue": AccessRule("public"),
    "security.tf_select": AccessRule("public"),
    "security.mf_recovery": AccessRule("public"),
    "security.mf_recovery_codes": AccessRule("signed_in"),
}
"""Flask's and Flask-Security's own views; the second factor's check their half-open session."""


def rule_of(endpoint: str) -> AccessRule | None:
    """The rule of an endpoint, or None: such a route is a defect and is refused."""
    if endpoint in OUTSIDE_RULES:
        return OUTSIDE_RULES[endpoint]
    view = current_app.view_functions.get(endpoint)
    return getattr(view, "access_rule", None)


def permissions() -> dict[str, frozenset[str]]:
    """permission -> roles, of the host and all plugins; the administrator is in each."""
    table: dict[str, frozenset[str]] = {}
    for plugin in plugins.active():
        for permission, roles in plugin.permissions.items():
            table[permission] = frozenset(roles) | {ADMINISTRATOR}
    return table


def may(permission: str) -> bool:
    """May whoever is signed in do this?"""
    if not current_user.is_authenticated:
        return False
    held = {role.name for role in current_user.roles}
    return bool(held & permissions().get(permission, frozenset({ADMINISTRATOR})))


def _limit_body() -> None:
    view = current_app.view_functions.get(request.endpoint or "")
    if limit := getattr(view, "body_limit", None):
        form, files = limit
        has_files = request.mimetype == "multipart/form-data"
        request.max_content_length = form + files * has_files


def _enforce() -> Any:
    endpoint = request.endpoint
    if endpoint is None:
        return None
    rule = rule_of(endpoint)
    settings = current_app.extensions["pasokh_settings"]
    if rule is None:
        current_app.logger.error(
            "Route without an access rule refused", extra={"endpoint": endpoint}
        )
        abort(403)
    match rule.kind:
        case "public" | "token":
            return None
        case "demo":
            return None if settings.is_demo else abort(404)
        case "hook":
            given = str((request.view_args or {}).get("secret", ""))
            known = str(getattr(settings, rule.permission))
            if not known or not hmac.compare_digest(given.encode(), known.encode()):
                abort(404)
            return None
        case "local":
            bearer = f"Bearer {settings.metrics_token}"
            given = request.headers.get("Authorization", "")
            if settings.metrics_token:
                ok = hmac.compare_digest(given.encode(), bearer.encode())
            else:
                # Behind a proxy on this machine everybody comes from 127.0.0.1.
                forwarded = "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
                ok = request.remote_addr in {"127.0.0.1", "::1"} and not forwarded
            return None if ok else abort(403)
        case _:
            if not current_user.is_authenticated:
                if request.method in {"GET", "HEAD"}:
                    asked = request.script_root + request.full_path.rstrip("?")
                    return redirect(url_for("security.login", next=asked))
                abort(401)
            if rule.kind == "permission" and not may(rule.permission):
                abort(403)
            return None


CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; manifest-src 'self'"
)
SURVEY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def frameable(response: Response) -> Response:
    """A survey page that our own pages may show in a frame, such as a preview."""
    response.headers["Content-Security-Policy"] = SURVEY_POLICY.replace(
        "frame-ancestors 'none'", "frame-ancestors 'self'"
    )
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


def framing(response: Response) -> Response:
    """A page that shows pages of ours in a frame."""
    response.headers["Content-Security-Policy"] = f"{CONTENT_POLICY}; frame-src 'self'"
    return response


OWN_WORLDS = ("/s/", "/b/", "/p/", "/o/")
"""Paths where the token is the authority: no cookie, no session, no other host."""


def in_own_world(path: str) -> bool:
    return path.startswith(OWN_WORLDS)


def _content_policy() -> str:
    """A page that asked for the map (portal.places.tiles) may load its pictures, no other page."""
    host = getattr(g, "map_host", None)
    return CONTENT_POLICY.replace("img-src", f"img-src {host}") if host else CONTENT_POLICY


def _headers(response: Response) -> Response:
    own_world = in_own_world(request.path)
    response.headers.setdefault(
        "Content-Security-Policy", SURVEY_POLICY if own_world else _content_policy()
    )
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("X-Frame-Options", "DENY")
    response.headers.setdefault(
        "Referrer-Policy", "no-referrer" if own_world else "strict-origin-when-cross-origin"
    )
    response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    response.headers.setdefault(
        "Permissions-Policy", "camera=(), microphone=(), geolocation=(self), browsing-topics=()"
    )
    if request.endpoint != "static" and (own_world or getattr(g, "private", True)):
        response.headers.setdefault("Cache-Control", "no-store")
    settings = current_app.extensions["pasokh_settings"]
    if settings.public_url.startswith("https://"):
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    return response


def same_site(origin: str | None, fetch_site: str | None, public_url: str) -> bool:
    """For pages without a session: was the form sent from our own page?

    Headers that are absent (old phones, proxies that drop them) prove nothing and pass; a header
    that is present and names another site fails. `Origin: null` passes: `no-referrer` pages of
    some browsers send it for their own forms. `public_url` may have a path, an Origin never has.
    """
    site = urlsplit(public_url)
    if fetch_site is not None and fetch_site not in {"same-origin", "none"}:
        return False
    return origin in {None, "null", f"{site.scheme}://{site.netloc}", request.host_url.rstrip("/")}


def init_app(app: Flask) -> None:
    # Before the check of the CSRF token, which reads the body.
    app.before_request(_limit_body)
    csrf.init_app(app)
    app.before_request(_enforce)
    app.after_request(_headers)
    app.jinja_env.globals["may"] = may
