"""`/s/<token>`: the survey as a citizen meets it. The token is the authority.

No cookie, no session, no CSRF field, no script. A token is 55 bits of a keyed hash: at a million
open invitations a guess succeeds once in 36 thousand million tries, so the limit on misses only
spares the database; it never stands in the way of a link that is right, for thousands of people
share one address of a mobile network.
"""

import datetime as dt
import logging
from collections.abc import Mapping
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
    url_for,
)
from flask.typing import ResponseReturnValue
from limits import RateLimitItemPerMinute

from portal import clock
from portal.db import db
from portal.i18n import (
    LANGUAGES,
    _,
    current_language,
    format_datetime,
    known_language,
    use_language,
)
from portal.ratelimit import over_limit
from portal.security import body_limit, csrf, same_site, token_authority
from portal.text import ascii_digits
from portal.visitors import is_person
from surveys.questionnaires import answers as conversions
from surveys.questionnaires import display, flow, in_page
from surveys.questionnaires.schema import Page, Questionnaire
from surveys.questionnaires.services import load_version
from surveys.responses import photos, services, travelling
from surveys.responses.link import Direction, Link, Outcome, Status

log = logging.getLogger(__name__)
blueprint = Blueprint("responses", __name__, template_folder="templates")
csrf.exempt(blueprint)

MISSES = RateLimitItemPerMinute(20)
LARGEST_FORM = 1024 * 1024
"""Bytes of one submitted page."""
LARGEST_FILES = 2 * photos.MAX_BYTES
"""Bytes of all photos on one page together."""


DIRECTIONS: dict[str, Direction] = {"back": "back", "add": "add", "remove": "remove"}


@blueprint.get("/s/<token>")
@token_authority
def show(token: str) -> ResponseReturnValue:
    """The page of `?p=`, else the first. Changes nothing but the figure “opened”.

    The bare link never jumps to where the respondent stopped, it offers to: the back button of
    the browser leads to the bare link too, and must show the first page.
    """
    link = services.find(token)
    if link is None:
        return _unknown()
    _note_opened(link)
    lang = known_language(request.args.get("lang")) or link.language
    if (status := link.status(clock.now())) != "open":
        return _closed(status, lang, link.opens_at)
    q = load_version(link.version_id)
    # Of an anonymous survey there is nothing behind the first page without its form.
    number = 1 if link.is_anonymous else _page_number()
    page = services.page_to_show(q, link, number or 1)
    resume = services.page_to_resume(q, link) if number is None else None
    stored = services.answers_of(q, link)
    html = _page(
        token,
        q,
        page,
        stored,
        lang,
        secrecy=link.secrecy,
        resume=resume and url_for(".show", token=token, p=services.page_number(q, resume)),
        is_more="more" in request.args,
        version=link.version_number,
    )
    return make_response(html)


@blueprint.get("/s/<token>/<answer>")
@token_authority
def choose(token: str, answer: str) -> ResponseReturnValue:
    """The first page with the first question's answer chosen; it counts once a person sends it."""
    link = services.find(token)
    if link is None:
        return _unknown()
    _note_opened(link)
    lang = known_language(request.args.get("lang")) or link.language
    if (status := link.status(clock.now())) != "open":
        return _closed(status, lang, link.opens_at)
    q = load_version(link.version_id)
    page = services.page_to_show(q, link, 1)
    stored = services.answers_of(q, link)
    shown = flow.page_questions(q, page, stored)
    question = next((x for x in shown if x.type == "select_one" and not x.read_only), None)
    chosen = ""
    if question is not None:
        value, error = conversions.convert(question, [answer[:200]])
        if error is None and value is not None and (choice := question.choice(value)):
            stored = {**stored, question.name: value}
            chosen = display.text_in(choice.label, lang, q).text or value
    html = _page(
        token,
        q,
        page,
        stored,
        lang,
        secrecy=link.secrecy,
        chosen=chosen,
        version=link.version_number,
    )
    return make_response(html)


@blueprint.post("/s/<token>")
@token_authority
@body_limit(LARGEST_FORM, LARGEST_FILES)
def answer(token: str) -> ResponseReturnValue:
    """Store the page and go on; at the last page take the answers as final."""
    if not _is_ours():
        abort(403)
    form = request.form
    shown = form[".shown"].split() if ".shown" in form else None
    # With every name that stood on the page: a box that was unticked is not sent at all.
    raw = {name: form.getlist(name) for name in (form if shown is None else shown)}
    go = form.get(".go", "next")
    lang = known_language(form.get(".lang")) or current_language()
    direction: Direction = DIRECTIONS.get(go, "next")
    if go.startswith("lang:"):
        direction, lang = "stay", known_language(go.removeprefix("lang:")) or lang
    number = _page_number() or 1
    with use_language(lang):
        replaced = receive_photos(token, raw)
        outcome = services.submit(
            token,
            page_number=number,
            raw=raw,
            shown=shown,
            lang=lang,
            direction=direction,
            version=form.get(".version", type=int),
            luggage=form.get(travelling.FIELD, ""),
        )
        if outcome is None:
            return _unknown()
        db.session.commit()
    discard_photos(outcome, replaced, raw)
    if outcome.kind in {"done", "stopped", "screened"} or outcome.page is None:
        # Twice pressed is answered once: the second press sees the same thanks.
        is_done = outcome.kind == "done" or outcome.is_repeated
        if outcome.kind == "screened" and outcome.link.is_anonymous:
            return _closed("screened", lang)
        return redirect(url_for(".show", token=token, lang=lang, done=is_done or None), 303)
    q = load_version(outcome.link.version_id)
    target = services.page_number(q, outcome.page)
    if outcome.kind in {"errors", "changed"} or outcome.link.is_anonymous:
        # An anonymous survey shows its next page at once: no address leads to what is not stored.
        html = _page(
            token,
            q,
            outcome.page,
            outcome.link.answers,
            lang,
            raw=raw if target == number and (outcome.errors or direction == "stay") else None,
            errors=outcome.errors,
            version=outcome.link.version_number,
            secrecy=outcome.link.secrecy,
            luggage=outcome.luggage,
            is_lost=outcome.is_lost,
            is_more=bool(outcome.more),
            is_changed=outcome.kind == "changed",
            left=outcome.left,
        )
        code = 409 if outcome.kind == "changed" else 422 if outcome.errors else 200
        response = make_response(html, code)
        # Not no-store: the back button would meet a form to be sent again instead of this page.
        response.headers["Cache-Control"] = "private, no-cache"
        return response
    if outcome.more:
        anchor = f"q-{outcome.more}"
        return redirect(url_for(".show", token=token, p=target, more=1, _anchor=anchor), 303)
    return redirect(url_for(".show", token=token, p=target), 303)


def receive_photos(token: str, raw: dict[str, list[str]]) -> set[str]:
    """Keep the photos sent with a page, their names in `raw`; the names kept before."""
    sent = {name: file for name, file in request.files.items() if file.filename and name in raw}
    removed = [name for name, values in raw.items() if photos.REMOVE in values]
    link = services.find(token) if sent or removed else None
    if link is None or link.status(clock.now()) != "open":
        return set()
    q = load_version(link.version_id)
    for name, file in sent.items():
        question = q.by_name.get(name)
        if question is not None and question.type == "image":
            raw[name] = [photos.received(file.read(photos.MAX_BYTES + 1))]
        else:  # its question stands in another version: name it when it is given back
            raw[name] = [str(file.filename)]
    return set(photos.names_in(link.answers))


def discard_photos(outcome: Outcome, replaced: set[str], raw: Mapping[str, list[str]]) -> None:
    """Delete what `receive_photos` kept or found and no answer holds. After the commit."""
    sent: set[str] = {
        value
        for values in raw.values()
        for value in values
        if isinstance(value, conversions.Upload)
    }
    if outcome.kind in {"screened", "stopped"}:
        photos.discard(sent)
    else:
        photos.discard((replaced | sent) - set(photos.names_in(outcome.link.answers)))


def _page(
    token: str,
    q: Questionnaire,
    page: Page,
    answers: Any,
    lang: str,
    *,
    raw: Any = None,
    errors: Any = None,
    **notes: Any,
) -> str:
    with use_language(lang):
        now = clock.now()
        logic = in_page.page_logic(q, page, answers, lang, now)
        fields = display.fields(q, page, answers, lang, raw=raw, errors=errors, at=now, logic=logic)
        number, total = flow.progress(q, page, answers, now)
        return render_template(
            "responses/page.html",
            title=display.text_in(q.title, lang, q),
            heading=display.heading(q, page, answers, lang, now),
            fields=fields,
            has_errors=bool(errors),
            shown=" ".join(field.name for field in fields if not field.is_hidden),
            logic=logic,
            number=number,
            total=total,
            minutes=display.minutes(q),
            choices=display.languages(q, lang),
            can_add=flow.can_add(q, page, answers, now),
            can_remove=flow.can_remove(q, page, answers),
            action=url_for(".answer", token=token, p=services.page_number(q, page)),
            **notes,
        )


def _note_opened(link: Link) -> None:
    if not link.is_opened and is_person(
        request.method, request.headers, is_secure=request.is_secure
    ):
        services.note_opened(link)
        db.session.commit()


def _page_number() -> int | None:
    text = ascii_digits(request.args.get("p", ""))
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else None


def _is_ours() -> bool:
    return same_site(
        request.headers.get("Origin"),
        request.headers.get("Sec-Fetch-Site"),
        current_app.extensions["pasokh_settings"].public_url,
    )


def _message(code: int, heading: str, *texts: str, is_done: bool = False) -> Response:
    html = render_template(
        "responses/message.html", heading=heading, texts=texts, choices=LANGUAGES, is_done=is_done
    )
    return make_response(html, code)


def _closed(status: Status, lang: str, opens_at: dt.datetime | None = None) -> Response:
    with use_language(lang):
        match status:
            case "answered" if "done" in request.args:
                return _message(
                    200,
                    _("Thank you"),
                    _("Your answers have arrived."),
                    _("You have nothing more to do and can close this page."),
                    is_done=True,
                )
            case "answered":
                return _message(
                    200,
                    _("You have already answered"),
                    _("Your answers have arrived and count. Thank you."),
                    _("They can no longer be changed, and you get no reminder."),
                )
            case "screened":
                return _message(
                    200,
                    _("Enough people like you have answered"),
                    _("Thank you. This survey asks a fixed number of people of each group."),
                    _("The places of your group are taken. Nothing of your answers was kept."),
                    _("You have nothing more to do and get no reminder."),
                )
            case "not_open":
                return _message(
                    404,
                    _("This survey opens on %(date)s", date=format_datetime(opens_at)),
                    _("Open the same link again then. Nothing is lost if you wait."),
                )
            case "not_begun":
                return _message(
                    404,
                    _("This survey has not begun yet"),
                    _("Open the same link again when you have got our SMS."),
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
                    _("The next survey comes to you by SMS again."),
                )


def _unknown() -> Response:
    lang = known_language(request.args.get("lang")) or current_language()
    with use_language(lang):
        if over_limit(MISSES, "survey-link-miss"):
            response = _message(
                429,
                _("Too many wrong links"),
                _("Wait a minute, then open the link in your SMS again."),
            )
            response.headers["Retry-After"] = "60"
            return response
        return _message(
            404,
            _("We do not know this link"),
            _("A letter may be missing. Open the link directly from the SMS, or copy all of it."),
            _("If it still does not open, call the municipal service centre."),
        )
