"""The pages everybody may open: home, accessibility statement, privacy."""

import re
from typing import Any

from flask import (
    Blueprint,
    Response,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
)
from flask.typing import ResponseReturnValue

from portal import links, text
from portal.i18n import LANGUAGE_COOKIE, LANGUAGES, _, current_language
from portal.plugin import active
from portal.security import public, rule_of

blueprint = Blueprint("pages", __name__)

_LANG = f"<any({','.join(LANGUAGES)}):lang>"
_TRACKING = re.compile(r"[0-9A-Za-z-]{4,24}")
_YEAR = 365 * 24 * 3600


@blueprint.get("/", defaults={"lang": None})
@blueprint.get(f"/{_LANG}/")
@public
def home(lang: str | None) -> ResponseReturnValue:
    """What can I do here, in the language of the address or of the browser."""
    return _page("pages/home.html", negotiated=lang is None, **_home())


@blueprint.get("/code", defaults={"lang": None})
@blueprint.get(f"/{_LANG}/code")
@public
def open_code(lang: str | None) -> ResponseReturnValue:
    """From the code box to the page of the code; a code nobody could have received is explained."""
    typed = request.args.get("code", "")[:64]
    if not (prefixes := _code_prefixes()):
        return redirect(f"{request.script_root}/{lang or current_language()}/")
    plain = text.ascii_digits(typed).strip()
    path = None
    if "survey" in prefixes and (token := links.normalise(plain)):
        path = prefixes["survey"] + token
    elif "tracking" in prefixes and _TRACKING.fullmatch(plain):
        path = prefixes["tracking"] + plain.upper()
    if path:
        return redirect(request.script_root + path, 303)
    error = _(
        "That does not look like one of our codes. Copy it exactly as it stands in the letter "
        "or the SMS."
    )
    page = _page("pages/home.html", negotiated=lang is None, **_home(typed, error))
    page.status_code = 422
    return page


@blueprint.get(f"/{_LANG}/accessibility")
@public
def accessibility(lang: str) -> ResponseReturnValue:
    return _page("pages/accessibility.html", lang=lang)


@blueprint.get(f"/{_LANG}/privacy")
@public
def privacy(lang: str) -> ResponseReturnValue:
    return _page("pages/privacy.html", lang=lang)


@blueprint.after_app_request
def remember_language(response: Response) -> Response:
    """Keep an explicit choice of language, on pages of people, never on those of a token."""
    wish = (request.view_args or {}).get("lang") or request.args.get("lang")
    rule = rule_of(request.endpoint) if request.endpoint else None
    if (
        wish in LANGUAGES
        and rule
        and rule.kind in {"public", "signed_in", "permission"}
        and response.mimetype == "text/html"
        and request.cookies.get(LANGUAGE_COOKIE) != wish
    ):
        response.set_cookie(
            LANGUAGE_COOKIE,
            wish,
            max_age=_YEAR,
            path=current_app.config["SESSION_COOKIE_PATH"],
            secure=current_app.config["SESSION_COOKIE_SECURE"],
            httponly=True,
            samesite="Lax",
        )
    return response


def _page(template: str, *, negotiated: bool = False, **values: Any) -> Response:
    response = make_response(render_template(template, **values))
    # Not no-store: the back button of a phone on a bad network should not load the page again.
    response.headers["Cache-Control"] = "private, no-cache"
    if negotiated:
        response.vary.update(["Accept-Language", "Cookie"])
    return response


def _home(typed: str = "", error: str = "") -> dict[str, Any]:
    tiles = sorted((tile for p in active() for tile in p.home_tiles), key=lambda tile: tile.order)
    return {
        "home_tiles": tiles,
        "takes_codes": bool(_code_prefixes()),
        "typed": typed,
        "code_errors": [error] if error else [],
    }


def _code_prefixes() -> dict[str, str]:
    prefixes: dict[str, str] = current_app.extensions.get("pasokh_link_prefixes", {})
    return {key: prefixes[key] for key in ("survey", "tracking") if key in prefixes}
