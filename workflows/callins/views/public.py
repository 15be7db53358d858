"""What citizens see: the coming sessions, registration, minutes, the calendar feed.

Registration needs no script, cookie or session: the form's origin is checked, and the code of a
registration is the authority over it.
"""

import uuid
from typing import NoReturn

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
from limits import RateLimitItemPerMinute

from portal.config import Settings
from portal.db import db
from portal.i18n import (
    LANGUAGES,
    _,
    default_language,
    known_language,
    use_language,
)
from portal.ratelimit import limiter, over_limit
from portal.security import csrf, public, same_site, token_authority
from workflows.callins import (
    exchange,
    figures,
    ics,
    labels,
    minutes,
    promises,
    proving,
    queries,
    registration,
)
from workflows.callins import services as callins
from workflows.callins.forms import RegistrationForm
from workflows.callins.models import Call, CallinRequest, CallinSession
from workflows.callins.services import CallinError

blueprint = Blueprint("callin_pages", __name__, template_folder="../templates")
csrf.exempt(blueprint)


@blueprint.context_processor
def _words() -> dict[str, object]:
    return {"kinds": labels.KINDS}


_LANG = f"<any({','.join(LANGUAGES)}):lang>"
MISSES = RateLimitItemPerMinute(20)
"""Codes that do not exist, per address. Good codes are never counted."""
# Thousands share an address of a mobile network.
REGISTRATIONS = "20 per minute;200 per hour"


def _settings() -> Settings:
    settings: Settings = current_app.extensions["pasokh_settings"]
    return settings


@blueprint.get(f"/{_LANG}/callins")
@public
def index(lang: str) -> ResponseReturnValue:
    coming = list(queries.coming())
    return render_template(
        "callins_public/index.html",
        coming=coming,
        places=registration.places_of(coming),
        takes=registration.takes_registrations,
        past=queries.published(),
        states=labels.SESSION_STATES,
        feed=f"{_settings().public_url}/callins.ics?lang={lang}",
    )


@blueprint.get(f"/{_LANG}/callins/<int:session_id>")
@public
def show(lang: str, session_id: int) -> ResponseReturnValue:
    session = _session(session_id)
    data = {"language": lang, "form_key": str(uuid.uuid4()), "seats": 1}
    return _session_page(session, RegistrationForm(kind=session.kind, data=data))


@blueprint.post(f"/{_LANG}/callins/<int:session_id>")
@limiter.limit(REGISTRATIONS, methods=["POST"])
@public
def register(lang: str, session_id: int) -> ResponseReturnValue:
    _must_be_ours()
    session = _session(session_id)
    form = RegistrationForm(kind=session.kind)
    if not form.form_key.data:
        form.form_key.data = str(uuid.uuid4())
    if form.validate():
        try:
            _request, token = proving.begin(session_id, **form.values())
        except CallinError as error:
            db.session.rollback()
            if error.field:
                form.mobile.errors = [*form.mobile.errors, str(error.message)]
            else:
                form.form_errors = [str(error.message)]
            session = _session(session_id)
        else:
            db.session.commit()
            return redirect(url_for("callin_pages.ask_code", lang=lang, token=token), 303)
    return _session_page(session, form), 422


@blueprint.get(f"/{_LANG}/callins/check/<token>")
@token_authority
def ask_code(lang: str, token: str) -> ResponseReturnValue:
    """The page that asks for the code of the SMS."""
    request_ = proving.find(token) or _no_such_code()
    if request_.call_id is not None:
        code = db.session.get_one(Call, request_.call_id).code
        return redirect(url_for("callin_pages.registered", lang=lang, code=code), 303)
    return _code_page(request_, token)


@blueprint.post(f"/{_LANG}/callins/check/<token>")
@limiter.limit(REGISTRATIONS, methods=["POST"])
@token_authority
def prove(lang: str, token: str) -> ResponseReturnValue:
    """The code, or by the other button the wish for another one."""
    _must_be_ours()
    request_ = proving.find(token, lock=True) or _no_such_code()
    try:
        if "again" in request.form:
            token = proving.again(request_)
            db.session.commit()
            return redirect(url_for("callin_pages.ask_code", lang=lang, token=token), 303)
        code = proving.prove(request_, request.form.get("code", "")).code
    except CallinError as error:
        if error.field == "code":
            db.session.commit()  # the wrong code counts
        else:
            db.session.rollback()
        found = proving.find(token) or _no_such_code()
        return _code_page(found, token, str(error.message)), 422
    db.session.commit()
    return redirect(url_for("callin_pages.registered", lang=lang, code=code), 303)


def _no_such_code() -> NoReturn:
    if over_limit(MISSES, "callin-code-miss"):
        abort(429)
    abort(404)


def _code_page(request_: CallinRequest, token: str, error: str = "") -> Response:
    response = make_response(
        render_template(
            "callins_public/code.html",
            session=_session(request_.session_id),
            token=token,
            ending=request_.e164[-3:],
            minutes=int(proving.LIFE.total_seconds()) // 60,
            error=error,
        )
    )
    # The address holds the token.
    response.headers["Referrer-Policy"] = "same-origin"
    return response


@blueprint.get("/c/<code>")
@token_authority
def short(code: str) -> ResponseReturnValue:
    """The address in the SMS: in the language of the registration."""
    call = _registration(code)
    lang = known_language(request.args.get("lang")) or call.language
    return redirect(url_for("callin_pages.registered", lang=lang, code=call.code))


@blueprint.get(f"/{_LANG}/callins/code")
@public
def open_code(lang: str) -> ResponseReturnValue:
    """From the code box."""
    typed = request.args.get("code", "")[:64]
    code = registration.normalise(typed)
    if code is None:
        return redirect(url_for("callin_pages.index", lang=lang))
    return redirect(url_for("callin_pages.registered", lang=lang, code=code), 303)


@blueprint.get(f"/{_LANG}/callins/registrations/<code>")
@token_authority
def registered(lang: str, code: str) -> ResponseReturnValue:  # noqa: ARG001 (read by i18n)
    return _registration_page(_registration(code))


@blueprint.post(f"/{_LANG}/callins/registrations/<code>/cancel")
@token_authority
def cancel(lang: str, code: str) -> ResponseReturnValue:
    _must_be_ours()
    call = _registration(code)
    try:
        registration.cancel(call.code)
    except CallinError as error:
        db.session.rollback()
        return _registration_page(_registration(code), str(error.message)), 409
    code = call.code
    db.session.commit()
    return redirect(url_for("callin_pages.registered", lang=lang, code=code), 303)


@blueprint.get("/callins.ics")
@public
def feed() -> ResponseReturnValue:
    """The sessions as a calendar, in `?lang=` or the city's language."""
    lang = known_language(request.args.get("lang")) or default_language()
    with use_language(lang):
        body = ics.calendar(
            _("Mayor call-ins"), lang, queries.events(f"{_settings().public_url}/{lang}/callins/")
        )
    response = Response(body, mimetype="text/calendar")
    response.headers["Content-Disposition"] = f'inline; filename="callins-{lang}.ics"'
    response.headers["Cache-Control"] = "public, max-age=900"
    return response


def _session_page(session: CallinSession, form: RegistrationForm) -> str:
    shown = session.minutes_published_at is not None
    return render_template(
        "callins_public/session.html",
        session=session,
        form=form,
        places=registration.places(session),
        takes=registration.takes_registrations(session),
        states=labels.SESSION_STATES,
        lines=minutes.lines(session.id, public_only=True) if shown else [],
        counts=figures.of_session(session.id) if shown else {},
        exchange=exchange.of_session(session.id) if shown else exchange.Figures(),
        promises=promises.of_session(session.id) if shown else {},
        promise_states=labels.PROMISE_STATES,
        promise_tones=labels.PROMISE_TONES,
        call_states=labels.CALL_STATES,
        call_tones=labels.CALL_TONES,
    )


def _registration_page(call: Call, error: str = "") -> Response:
    live = call.state in {"waiting", "queued"}
    response = make_response(
        render_template(
            "callins_public/registration.html",
            call=call,
            session=call.session,
            position=registration.place_in_queue(call) if live else None,
            live=live,
            states=labels.CALL_STATES,
            tones=labels.CALL_TONES,
            error=error,
        )
    )
    # The address holds the code.
    response.headers["Referrer-Policy"] = "same-origin"
    return response


def _session(session_id: int) -> CallinSession:
    try:
        return callins.get_session(session_id)
    except LookupError:
        abort(404)


def _registration(code: str) -> Call:
    call = registration.by_code(code)
    # Only pre-registrations have a page; a walk-in never got a code.
    if call is None or call.walk_in:
        _no_such_code()
    return call


def _must_be_ours() -> None:
    fetched = request.headers.get("Sec-Fetch-Site")
    if not same_site(request.headers.get("Origin"), fetched, _settings().public_url):
        abort(400)
