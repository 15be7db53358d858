"""`/<lang>/message` and `/t/<code>`: the citizen's side.

No session and no CSRF field: these forms act in nobody's name. Who sends a message is whoever
types it, and on `/t/` the tracking code is the authority, so another site gains nothing that it
could not do by itself. In-app browsers and careful people refuse cookies, and a token bound to one
would lose their message after they wrote it. Sec-Fetch-Site and Origin are checked when present,
as on the survey path.
"""

from typing import Any

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
    send_file,
    url_for,
)
from flask.typing import ResponseReturnValue
from limits import RateLimitItemPerHour, RateLimitItemPerMinute
from werkzeug.datastructures import CombinedMultiDict

from portal.db import db
from portal.i18n import (
    LANGUAGES,
    _,
    current_language,
    digits,
    known_language,
    use_language,
)
from portal.ratelimit import over_limit
from portal.security import allow, body_limit, csrf, public, same_site, token_authority
from workflows.cases import channels, codes, once, photos
from workflows.cases.photo_fields import FORM_BYTES, MOST_BYTES
from workflows.cases.public import services
from workflows.cases.public.forms import MessageForm, ObjectionForm
from workflows.cases.public.slip import qr_path
from workflows.cases.questions.asking import Questions

blueprint = Blueprint("citizen_cases", __name__, template_folder="templates")
csrf.exempt(blueprint)

MISSES = RateLimitItemPerMinute(20)
"""Wrong codes of one connection. A right one always opens: thousands share one address of a
mobile network."""
SENDING = RateLimitItemPerHour(60)
"""New messages of one connection, for the same reason generous."""

_LANG = f"<any({','.join(LANGUAGES)}):lang>"


@blueprint.after_request
def _keep_codes(response: Response) -> Response:
    # The address holds the code: it must not travel on in a Referer.
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


# Sending


@blueprint.get(f"/{_LANG}/message")
@public
def form(lang: str) -> ResponseReturnValue:  # noqa: ARG001 (read by select_language)
    """An empty form; its hidden key makes two presses of the button one message."""
    filled = _message_form(None)
    filled.category.data = request.args.get("category", "")[:60]
    return _form_page(filled, services.questions(filled.category.data))


@blueprint.get(f"/{_LANG}/message/questions")
@public
def questions(lang: str) -> str:  # noqa: ARG001 (as above)
    """What the category of `?category=` asks, for the form that is open."""
    found = services.questions(request.args.get("category", "")[:60])
    return render_template("cases_staff/_asked.html", questions=found)


@blueprint.post(f"/{_LANG}/message")
@public
@body_limit(FORM_BYTES, MOST_BYTES)
def send(lang: str) -> ResponseReturnValue:
    """Take a message and show its code. With something wrong all that was typed stays."""
    _only_ours()
    filled = _message_form(CombinedMultiDict((request.files, request.form)))
    asked = services.questions(filled.category.data, request.form)
    if request.form.get("do") == "questions":
        return _form_page(filled, asked)
    # Reading a photo is work, so it counts before; a text is counted only when it is right.
    has_photo = any(one.filename for one in request.files.getlist(filled.photo.name))
    too_many = has_photo and over_limit(SENDING, "case-message")
    if not too_many:
        valid = filled.validate()
        if not asked.unseen:
            valid = asked.validate() and valid
        if not valid:
            return _form_page(filled, asked, 422)
        if asked.unseen:
            # The second step: nothing is wrong, but there is more to ask.
            return _form_page(filled, asked)
    if too_many or (not has_photo and over_limit(SENDING, "case-message")):
        filled.form_errors.append(
            _("Too many messages came over this connection. Wait a little, then send once more.")
        )
        page = _form_page(filled, asked, 429)
        page.headers["Retry-After"] = "600"
        return page
    sent = services.send(filled, lang, asked)
    try:
        db.session.commit()
    except BaseException:
        services.discard(sent)
        raise
    return redirect(url_for(".sent", lang=lang, code=sent.code), 303)


@blueprint.get(f"/{_LANG}/message/<code>")
@token_authority
def sent(lang: str, code: str) -> ResponseReturnValue:  # noqa: ARG001 (as above)
    """Thanks, the tracking code in large letters, and a slip to print."""
    found = services.find(code)
    if found is None:
        return _unknown(code)
    address = codes.url(found.code)
    return make_response(
        render_template("cases_public/sent.html", case=found, address=address, qr=qr_path(address))
    )


def _message_form(data: Any) -> MessageForm:
    filled = MessageForm(data)
    filled.category.choices = [("", _("I am not sure"))] + [
        (category.code, category.name) for category in services.categories()
    ]
    filled.district.choices = [("", "—"), *channels.districts()]
    if not filled.key.data:
        filled.key.data = once.new_key()
    return filled


def _form_page(filled: MessageForm, asked: Questions, status: int = 200) -> Response:
    html = render_template(
        "cases_public/form.html",
        form=filled,
        questions=asked,
        photo_again=bool(filled.drawn),
    )
    return make_response(html, status)


# Following


@blueprint.get("/t/")
@public
def enter() -> ResponseReturnValue:
    """Where a code is typed in."""
    typed = request.args.get("code", "")[:64]
    if not typed.strip():
        return _entry_page()
    code = codes.normalise(typed)
    if code is None:
        error = _("That does not look like a tracking code: it has ten letters and digits.")
        return _entry_page(typed, error, 422)
    return redirect(url_for(".track", code=code, lang=request.args.get("lang")), 303)


@blueprint.get("/t/<code>")
@token_authority
def track(code: str) -> ResponseReturnValue:
    """How far it is, in words; nothing that says who the citizen is."""
    language = services.language_of(code)
    with use_language(_wished() or language or current_language()):
        found = services.find(code) if language else None
        if found is None:
            return _unknown(code)
        return make_response(
            render_template(
                "cases_public/track.html", case=found, told=request.args.get("told", "")[:10]
            )
        )


@blueprint.get("/t/<code>/<any(accept,object):answer>")
@token_authority
def confirm(code: str, answer: str) -> ResponseReturnValue:
    """Ask once more before it counts: phones and mail programs open links by themselves."""
    language = services.language_of(code)
    with use_language(_wished() or language or current_language()):
        found = services.find(code) if language else None
        if found is None:
            return _unknown(code)
        if not found.is_asked:
            return redirect(url_for(".track", code=found.code, lang=_wished()), 303)
        return _confirm_page(found, answer, ObjectionForm(None))


@blueprint.post("/t/<code>/<any(accept,object):answer>")
@token_authority
def answer(code: str, answer: str) -> ResponseReturnValue:
    """The citizen's word on the end of it. Twice pressed is said once."""
    _only_ours()
    language = services.language_of(code)
    with use_language(_wished() or language or current_language()):
        found = services.find(code) if language else None
        if found is None:
            return _unknown(code)
        filled = ObjectionForm(request.form)
        words = ""
        if answer == "object":
            if found.is_asked and not filled.validate():
                return _confirm_page(found, answer, filled, 422)
            words = filled.words.data or ""
        if services.say(found.code, accepted=answer == "accept", words=words):
            db.session.commit()
        elif answer == "object":
            db.session.rollback()
            now = services.find(found.code)
            if now is not None and now.is_closed:
                # Closed while the words were written: they are not dropped without a word.
                phone = digits(current_app.config["CITY_PHONE"])
                why = _(
                    "Your message was closed meanwhile, so this was not recorded. Call %(number)s "
                    "and say it there; your words are still below.",
                    number=phone,
                )
                filled.words.errors = [why]
                return _confirm_page(now, answer, filled, 409)
    told = "thanks" if answer == "accept" else "reopened"
    return redirect(url_for(".track", code=found.code, lang=_wished(), told=told), 303)


def _confirm_page(
    found: services.Tracking, answer: str, filled: ObjectionForm, status: int = 200
) -> Response:
    html = render_template(
        "cases_public/confirm.html", case=found, accepts=answer == "accept", form=filled
    )
    return make_response(html, status)


def _entry_page(typed: str = "", error: str = "", status: int = 200) -> Response:
    return make_response(
        render_template("cases_public/enter.html", typed=typed, errors=[error] if error else []),
        status,
    )


def _unknown(code: str) -> Response:
    with use_language(_wished() or current_language()):
        if over_limit(MISSES, "tracking-miss"):
            error = _("Too many wrong codes. Wait a minute, then try again.")
            page = _entry_page(code[:40], error, 429)
            page.headers["Retry-After"] = "60"
            return page
        error = _("We do not know this code. Compare it letter by letter with the SMS or slip.")
        return _entry_page(code[:40], error, 404)


# For staff


@blueprint.get("/staff/cases/photos/<int:photo_id>")
@allow("cases.read")
def photo(photo_id: int) -> ResponseReturnValue:
    """A photo as it was drawn anew; only staff sees it."""
    found = photos.find(photo_id)
    if found is None or not (path := photos.path_of(found.stored_path)).is_file():
        abort(404)
    response = send_file(path, mimetype=photos.MIMETYPE, max_age=0)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def _wished() -> str | None:
    return known_language(request.args.get("lang"))


def _only_ours() -> None:
    ours = current_app.extensions["pasokh_settings"].public_url
    if not same_site(request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site"), ours):
        abort(403)
