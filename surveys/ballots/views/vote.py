"""`/b/<token>`: the ballot of one voter. The token is the authority, as on the survey path.

No cookie, no session, no CSRF field; the script only counts along. Marks are kept nowhere before
the last button: they travel from page to page in the form, and the answer to the last one holds
the receipt, once. So there is no redirect after it, and no address that names a receipt.
"""

from typing import Any

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    make_response,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from limits import RateLimitItemPerMinute

from portal import clock
from portal.db import db
from portal.i18n import LANGUAGES, _, current_language, format_number, known_language, use_language
from portal.ratelimit import over_limit
from portal.security import body_limit, csrf, same_site, token_authority
from surveys.ballots import words
from surveys.ballots.services import choices, voting
from surveys.ballots.services.choices import Marked
from surveys.ballots.services.voting import Link

blueprint = Blueprint("ballot_vote", __name__, template_folder="../templates")
csrf.exempt(blueprint)

MISSES = RateLimitItemPerMinute(20)
LARGEST_FORM = 256 * 1024
"""Bytes of one submitted page."""


@blueprint.get("/b/<token>")
@token_authority
def show(token: str) -> ResponseReturnValue:
    """The empty ballot, or why there is none. Changes nothing."""
    link = voting.find(token)
    if link is None:
        return unknown()
    lang = known_language(request.args.get("lang")) or link.voter.language
    if (status := link.status(clock.now())) != "open":
        return _closed(link, status, lang)
    return _ballot(token, link, lang, Marked({}, {}))


@blueprint.post("/b/<token>")
@token_authority
@body_limit(LARGEST_FORM)
def mark(token: str) -> ResponseReturnValue:
    """Check the marks, show them for review, take them."""
    if not _is_ours():
        abort(403)
    form = request.form
    link = voting.find(token)
    if link is None:
        return unknown()
    go = form.get(".go", "review")
    lang = known_language(form.get(".lang")) or link.voter.language
    if go.startswith("lang:"):
        lang = known_language(go.removeprefix("lang:")) or lang
    rows = voting.projects(link.area, link.voter)
    with use_language(lang):
        rules = voting.rules_of(link.scheme, link.area, rows)
        marked = choices.read(rules, form)
    page_key = form.get(".key", "")
    # A vote that was just sent is sent again by a double click: it gets its receipt again.
    if go == "final" and not marked.errors and 20 <= len(page_key) <= 64:
        return _final(token, page_key, marked, lang)
    if (status := link.status(clock.now())) != "open":
        return _closed(link, status, lang)
    if go in {"review", "final"} and not marked.errors:
        return _review(token, link, lang, marked)
    says = go in {"review", "final", "check"}
    return _ballot(token, link, lang, marked, is_checked=go == "check", says=says)


def _final(token: str, page_key: str, marked: Marked, lang: str) -> Response:
    done = voting.cast(token, page_key, marked)
    if done is None:
        return unknown()
    if done.kind == "stopped":
        db.session.rollback()
        link = voting.find(token)
        return _closed(link, link.status(clock.now()), lang) if link else unknown()
    db.session.commit()
    with use_language(lang):
        html = render_template(
            "ballots_vote/receipt.html",
            receipt=voting.shown_receipt(done.receipt),
            scheme=done.link.scheme,
            area=done.link.area,
        )
    return make_response(html)


def _ballot(
    token: str,
    link: Link,
    lang: str,
    marked: Marked,
    *,
    is_checked: bool = False,
    says: bool = False,
) -> Response:
    with use_language(lang):
        rows = voting.projects(link.area, link.voter)
        rules = voting.rules_of(link.scheme, link.area, rows)
        errors = marked.errors if says else ()
        html = render_template(
            "ballots_vote/ballot.html",
            **_context(link, token),
            rows=rows,
            rules=rules,
            typed=marked.typed,
            errors=[
                (choices.field_name(project) if project else "projects", text)
                for project, text in errors
            ],
            wrong={project: text for project, text in errors if project},
            standing=choices.standing(rules, marked),
            is_checked=is_checked,
        )
    response = make_response(html, 422 if errors and not is_checked else 200)
    if request.method == "POST":
        # Not no-store: the back button would meet a form to be sent again instead of this page.
        response.headers["Cache-Control"] = "private, no-cache"
    return response


def _review(token: str, link: Link, lang: str, marked: Marked) -> Response:
    with use_language(lang):
        rows = {row.id: row for row in voting.projects(link.area)}
        rules = voting.rules_of(link.scheme, link.area, list(rows.values()))
        chosen = [(rows[project_id], value) for project_id, value in marked.choices]
        if rules.kind == "points":
            chosen.reverse()
        html = render_template(
            "ballots_vote/review.html",
            **_context(link, token),
            chosen=chosen,
            total=choices.total(rules, marked.values),
            standing=choices.standing(rules, marked),
            rules=rules,
            key=voting.new_page_key(),
        )
    response = make_response(html)
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def _context(link: Link, token: str) -> dict[str, Any]:
    return {
        "scheme": link.scheme,
        "area": link.area,
        "action": url_for(".mark", token=token),
        "choices": LANGUAGES,
        "field_name": choices.field_name,
        "toman": words.toman,
    }


def _is_ours() -> bool:
    return same_site(
        request.headers.get("Origin"),
        request.headers.get("Sec-Fetch-Site"),
        current_app.extensions["pasokh_settings"].public_url,
    )


def message(code: int, heading: str, *texts: str, more: tuple[str, str] | None = None) -> Response:
    """A page that says one thing; `more`: words and address of a link."""
    html = render_template(
        "ballots_vote/message.html", heading=heading, texts=texts, more=more, choices=LANGUAGES
    )
    return make_response(html, code)


def _closed(link: Link, status: voting.Status, lang: str) -> Response:
    with use_language(lang):
        page = url_for(
            "ballots_public.area", lang=lang, code=link.scheme.code.lower(), slug=link.area.slug
        )
        result = (_("The projects of your neighbourhood"), page)
        match status:
            case "voted":
                return message(
                    200,
                    _("You have voted"),
                    _("Your ballot is in the box. Thank you."),
                    _("It is secret and can no longer be changed."),
                    more=result,
                )
            case "paper":
                return message(
                    200,
                    _("You have voted on paper"),
                    _("One person has one ballot, so this link takes no other."),
                    more=result,
                )
            case "counted":
                return message(
                    200,
                    _("The vote is over"),
                    _("The ballots are counted. See which projects won, and how far they are."),
                    more=(_("The result in your neighbourhood"), page),
                )
            case "cancelled":
                return message(
                    410,
                    _("This vote was called off"),
                    _("No ballots are taken. Thank you for wanting to take part."),
                )
            case _:
                return message(
                    410,
                    _("The vote is over"),
                    _("The ballots are being counted. Open this link again later for the result."),
                    more=result,
                )


def unknown() -> Response:
    """The page of a link that nobody was sent."""
    lang = known_language(request.args.get("lang")) or current_language()
    with use_language(lang):
        if over_limit(MISSES, "ballot-link-miss"):
            response = message(
                429,
                _("Too many wrong links"),
                _("Wait a minute, then open the link in your SMS again."),
            )
            response.headers["Retry-After"] = "60"
            return response
        return message(
            404,
            _("We do not know this link"),
            _("A letter may be missing. Open the link directly from the SMS, or copy all of it."),
        )


@blueprint.app_template_filter("toman")
def _toman(rial: int | None) -> str:
    return words.toman(rial) if rial is not None else format_number(None)
