"""`/o/<code>`: where a poster leads. No cookie, no session, no script, like the path `/s/`.

The code is public: it stands on walls. What protects the vote is the check of the number, or the
word "unverifiable" wherever the results stand.
"""

from typing import Any, Final

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from limits import RateLimitItemPerHour, RateLimitItemPerMinute

from portal import clock
from portal.db import db
from portal.i18n import LANGUAGES, _, current_language, known_language, use_language
from portal.phones import PhoneError, parse_mobile
from portal.ratelimit import over_limit, subscriber
from portal.security import body_limit, csrf, same_site, token_authority
from surveys.openlinks import services
from surveys.openlinks.models import OpenChallenge
from surveys.openlinks.services import OpenLink, OpenLinkError, Status
from surveys.questionnaires import display
from surveys.questionnaires.services import load_version
from surveys.ways.models import UNVERIFIED, VERIFIED

blueprint = Blueprint("openlinks", __name__, template_folder="templates")
csrf.exempt(blueprint)

# Thousands share one address of a mobile network.
A_MINUTE: Final = RateLimitItemPerMinute(30)
AN_HOUR: Final = RateLimitItemPerHour(400)
GUESSES: Final = RateLimitItemPerMinute(30)
MISSES: Final = RateLimitItemPerMinute(30)
LARGEST_FORM: Final = 16 * 1024


@blueprint.get("/o/<code>")
@token_authority
def show(code: str) -> ResponseReturnValue:
    """The first page: what is asked, and the number or a button. Changes nothing."""
    with use_language(_lang()):
        return _first_page(_open(code))


@blueprint.post("/o/<code>")
@token_authority
@body_limit(LARGEST_FORM)
def number(code: str) -> ResponseReturnValue:
    """Send a code to the number that was typed."""
    with use_language(_lang()):
        link = _posted(code)
        if link.kind != VERIFIED:
            abort(404)
        typed = request.form.get("phone", "")[:64]
        try:
            e164 = parse_mobile(typed).e164
        except PhoneError as error:
            return _first_page(link, 422, typed=typed, error=str(error.message))
        if _floods():
            return _first_page(link, 429, typed=typed, error=_too_fast())
        try:
            ticket = services.ask_for_number(link, e164, current_language())
        except OpenLinkError as error:
            db.session.rollback()
            return _first_page(_open(code), 429, typed=typed, error=str(error.message))
        link_code = link.code
        db.session.commit()
        return redirect(url_for(".code", code=link_code, ticket=ticket, lang=_lang()), 303)


@blueprint.post("/o/<code>/begin")
@token_authority
@body_limit(LARGEST_FORM)
def begin(code: str) -> ResponseReturnValue:
    """An invitation without any proof, where the campaign chose so."""
    with use_language(_lang()):
        link = _posted(code)
        if link.kind != UNVERIFIED:
            abort(404)
        if _floods():
            return _first_page(link, 429, error=_too_fast())
        token = services.begin(
            link,
            language=current_language(),
            address=subscriber(),
            browser=request.headers.get("User-Agent", ""),
        )
        db.session.commit()
        return redirect(url_for("responses.show", token=token, lang=_lang()), 303)


@blueprint.get("/o/<code>/<ticket>")
@token_authority
def code(code: str, ticket: str) -> ResponseReturnValue:
    """Where the code of the SMS is typed."""
    with use_language(_lang()):
        link = _open(code)
        challenge = services.challenge_of(link, ticket)
        if challenge is None:
            return redirect(url_for(".show", code=link.code, lang=_lang()), 303)
        return _code_page(link, challenge)


@blueprint.post("/o/<code>/<ticket>")
@token_authority
@body_limit(LARGEST_FORM)
def prove(code: str, ticket: str) -> ResponseReturnValue:
    """The code that was typed, or the wish for another one."""
    with use_language(_lang()):
        link = _posted(code)
        challenge = services.challenge_of(link, ticket, lock=True)
        if challenge is None:
            return redirect(url_for(".show", code=link.code, lang=_lang()), 303)
        again = "again" in request.form
        if over_limit(GUESSES, "open-link-code") or (again and _floods()):
            return _code_page(link, challenge, 429, error=_too_fast())
        try:
            if again:
                ticket = services.ask_for_number(link, challenge.e164, current_language())
                target = url_for(".code", code=link.code, ticket=ticket, lang=_lang(), again=1)
            else:
                token = services.prove(link, challenge, request.form.get("code", ""))
                target = url_for("responses.show", token=token, lang=_lang())
        except OpenLinkError as error:
            status = 429 if error.code == "too_many" else 422
            page = _code_page(link, challenge, status, error=str(error.message))
            db.session.commit()  # a wrong code is counted
            return page
        db.session.commit()
        return redirect(target, 303)


def _lang() -> str:
    return known_language(request.args.get("lang")) or current_language()


def _open(code: str) -> OpenLink:
    """The link where it takes people; else a kind page that ends the request."""
    link = services.find(code)
    if link is None:
        if over_limit(MISSES, "open-link-miss"):
            abort(_message(429, _("Too many wrong links"), _too_fast()))
        abort(
            _message(
                404,
                _("We do not know this link"),
                _("Scan the code on the poster again, or copy the six letters below it."),
            )
        )
    status = link.status(clock.now())
    if status != "open":
        abort(_closed(status))
    return link


def _closed(status: Status) -> Response:
    match status:
        case "not_begun":
            return _message(
                404,
                _("This survey has not begun yet"),
                _("Open the same link again on the day that the poster names."),
            )
        case "cancelled":
            return _message(
                410,
                _("This survey was called off"),
                _("No more answers are taken. Thank you for wanting to take part."),
            )
        case _:
            return _message(
                410,
                _("This survey is over"),
                _("The time to answer has ended. Thank you for wanting to take part."),
            )


def _posted(code: str) -> OpenLink:
    settings = current_app.extensions["pasokh_settings"]
    fetched = request.headers.get("Sec-Fetch-Site")
    if not same_site(request.headers.get("Origin"), fetched, settings.public_url):
        abort(403)
    return _open(code)


def _floods() -> bool:
    return over_limit(A_MINUTE, "open-link") or over_limit(AN_HOUR, "open-link-hour")


def _too_fast() -> str:
    return _("Too many attempts from your network. Wait a minute, then try again.")


def _page(name: str, link: OpenLink, status: int, **values: Any) -> Response:
    q = load_version(link.campaign.version_id)
    html = render_template(
        f"openlinks/{name}.html",
        link=link,
        title=display.text_in(q.title, current_language(), q),
        minutes=display.minutes(q),
        choices=LANGUAGES,
        **values,
    )
    response = make_response(html, status)
    if status == 429:
        response.headers["Retry-After"] = "60"
    return response


def _first_page(link: OpenLink, status: int = 200, *, typed: str = "", error: str = "") -> Response:
    return _page("first", link, status, typed=typed, error=error)


def _code_page(
    link: OpenLink, challenge: OpenChallenge, status: int = 200, *, error: str = ""
) -> Response:
    return _page(
        "code",
        link,
        status,
        error=error,
        # Enough to see a slip of the finger; the page may be left open in a café.
        ending=challenge.e164[-4:],
        again="again" in request.args,
    )


def _message(code: int, heading: str, *texts: str) -> Response:
    html = render_template(
        "responses/message.html", heading=heading, texts=texts, choices=LANGUAGES, is_done=False
    )
    return make_response(html, code)
