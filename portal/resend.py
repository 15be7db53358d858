"""A form of staff that came after the sign-in had ended, or from before a new one: what was typed
comes back on a page, to be looked at and sent again. Works without script."""

from typing import Final
from urllib.parse import urlsplit

from flask import Response, current_app, render_template, request
from flask_security import current_user

from portal.security import rule_of

MOST_FIELDS: Final = 1000
LARGEST: Final = 256 * 1024
"""Characters of all values together; they travel to and fro once more."""
FORMS: Final = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})


def page() -> Response | None:
    """What was sent, for the person to send again: 401 where nobody is signed in, else 400.

    None for what did not come from a page of ours, is no form of staff, or is too large: a form of
    another site must never become one that needs only a press here.
    """
    if not (_is_form_of_staff() and _is_from_our_page()):
        return None
    fields = [(name, value) for name, value in request.form.items(multi=True) if _may_stay(name)]
    files = [(name, file.filename) for name, file in request.files.items(multi=True) if file]
    size = sum(len(name) + len(value) for name, value in fields)
    if len(fields) + len(files) > MOST_FIELDS or size > LARGEST:
        return None
    html = render_template(
        "errors/resend.html",
        address=request.script_root + request.full_path.rstrip("?"),
        fields=fields,
        files=files,
        encoding=request.mimetype,
    )
    return Response(html, 400 if current_user.is_authenticated else 401, mimetype="text/html")


def _is_form_of_staff() -> bool:
    """The forms of Flask-Security hold passwords and codes and are short: they are typed anew."""
    endpoint = request.endpoint or ""
    rule = rule_of(endpoint) if endpoint else None
    types = ["text/html", "application/json"]
    return (
        request.method == "POST"
        and request.mimetype in FORMS
        and rule is not None
        and rule.kind in {"signed_in", "permission"}
        and not endpoint.startswith("security.")
        and "HX-Request" not in request.headers
        and request.accept_mimetypes.best_match(types) != "application/json"
    )


def _is_from_our_page() -> bool:
    """Proven by the browser: unlike `same_site`, what is absent or unknown does not pass."""
    public = urlsplit(current_app.extensions["pasokh_settings"].public_url)
    ours = {f"{public.scheme}://{public.netloc}", request.host_url.rstrip("/")}
    origin, fetched = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site")
    if origin is None and request.referrer:
        referrer = urlsplit(request.referrer)
        origin = f"{referrer.scheme}://{referrer.netloc}"
    if fetched is not None:
        return fetched == "same-origin" and origin in {None, *ours}
    return origin in ours


def _may_stay(name: str) -> bool:
    return not name.endswith("csrf_token") and "password" not in name.lower()
