"""`/<lang>/ballots`: what everybody may see, and the form for proposals.

No session and no CSRF field: whoever proposes proves a number by a code, so another site gains
nothing that it could not do by itself. Sec-Fetch-Site and Origin are checked when present.
"""

from collections.abc import Iterator
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
from portal.i18n import LANGUAGES, _
from portal.photos import MIMETYPE
from portal.ratelimit import over_limit
from portal.security import csrf, public, same_site, token_authority
from surveys.ballots import words
from surveys.ballots.errors import BallotError
from surveys.ballots.forms import CodeForm, ProposeForm
from surveys.ballots.models import BallotArea, BallotScheme
from surveys.ballots.services import (
    closing,
    counting,
    pictures,
    proposal_pages,
    proposals,
    publishing,
    schemes,
    voting,
)
from surveys.ballots.staff_forms import last_day
from surveys.ballots.views.common import typed_after

blueprint = Blueprint("ballots_public", __name__, template_folder="../templates")
csrf.exempt(blueprint)

SENDING = RateLimitItemPerHour(60)
"""Proposals of one connection; thousands share one address of a mobile network."""
TYPING = RateLimitItemPerMinute(20)
"""Codes typed over one connection."""

_LANG = f"<any({','.join(LANGUAGES)}):lang>"


@blueprint.context_processor
def _words() -> dict[str, Any]:
    return {
        "kinds": words.KINDS,
        "rules": words.RULES,
        "scheme_states": words.SCHEME_STATES,
        "proposal_states": words.PROPOSAL_STATES,
        "reasons": proposals.REASONS,
        "last_day": last_day,
        "takes_proposals": schemes.takes_proposals,
    }


def _scheme(code: str) -> BallotScheme:
    found = schemes.by_code(code)
    if found is None or found.is_test or found.state not in schemes.PUBLIC_STATES:
        abort(404)
    return found


def _area(scheme: BallotScheme, slug: str) -> BallotArea:
    return schemes.area_by_slug(scheme, slug) or abort(404)


@blueprint.get(f"/{_LANG}/ballots")
@public
def index(lang: str) -> ResponseReturnValue:  # noqa: ARG001 (read by select_language)
    return render_template("ballots_public/index.html", rows=schemes.published())


@blueprint.get(f"/{_LANG}/ballots/<code>")
@public
def scheme(lang: str, code: str) -> ResponseReturnValue:  # noqa: ARG001 (as above)
    """Phases, neighbourhoods and budgets."""
    found = _scheme(code)
    return render_template(
        "ballots_public/scheme.html", scheme=found, counts=proposals.counts(found.id)
    )


@blueprint.get(f"/{_LANG}/ballots/<code>/<slug>")
@public
def area(lang: str, code: str, slug: str) -> ResponseReturnValue:  # noqa: ARG001 (as above)
    """Every proposal with its state and reason; after the count the result."""
    found = _scheme(code)
    place = _area(found, slug)
    page = proposal_pages.page(place.id, after=typed_after())
    rows = page.rows
    result = counting.results(found.id).get(place.id) if found.state == "counted" else None
    return render_template(
        "ballots_public/area.html",
        scheme=found,
        area=place,
        rows=rows,
        into=proposal_pages.merged_into(rows),
        winners={row.id: row for row in voting.projects(place)} if result else {},
        page=page,
        result=result,
        turnout=closing.turnout(found.id).get(place.id) if result else None,
    )


@blueprint.get("/ballots/photos/<name>")
@public
def photo(name: str) -> ResponseReturnValue:
    """A photo as it was drawn anew; of an accepted project, or of a running screening for staff
    who opens it by its unguessable name."""
    path = pictures.path_of(name)
    if not name.endswith(".jpg") or not path.is_file():
        abort(404)
    response = send_file(path, mimetype=MIMETYPE, max_age=86400)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "public, max-age=86400"
    return response


# Proposing


@blueprint.get(f"/{_LANG}/ballots/<code>/propose")
@public
def propose(lang: str, code: str) -> ResponseReturnValue:  # noqa: ARG001 (as above)
    found = _scheme(code)
    form = ProposeForm(None, areas=found.areas, data={"area": request.args.get("area", "")})
    return _propose_page(found, form)


@blueprint.post(f"/{_LANG}/ballots/<code>/propose")
@public
def send(lang: str, code: str) -> ResponseReturnValue:
    """Keep a proposal and send the code. With something wrong all that was typed stays."""
    only_ours()
    found = _scheme(code)
    form = ProposeForm(CombinedMultiDict((request.files, request.form)), areas=found.areas)
    if not schemes.takes_proposals(found):
        return _propose_page(found, form, 410)
    if status := check_proposal(form):
        return _propose_page(found, form, status)
    proposal = None
    try:
        proposal, key = proposals.submit(
            _area(found, form.area.data), content_of(form, lang), e164=form.e164
        )
        db.session.commit()
    except BallotError as error:
        db.session.rollback()
        form.mobile.errors = [*form.mobile.errors, *map(str, error.messages)]
        return _propose_page(found, form, 429 if error.code == "codes" else 422)
    except BaseException:
        if proposal is not None:
            pictures.discard(proposal.photo)
        raise
    return redirect(url_for(".enter_code", lang=lang, code=code, key=key), 303)


def check_proposal(form: ProposeForm) -> int:
    """0, or the status of the page that says what is wrong with it."""
    # Reading a photo is work, so it counts before; a text is counted only when it is right.
    has_photo = bool(request.files.get(form.photo.name))
    too_many = has_photo and over_limit(SENDING, "ballot-proposal")
    if not too_many and not form.validate():
        return 422
    if too_many or (not has_photo and over_limit(SENDING, "ballot-proposal")):
        form.form_errors.append(
            _("Too many proposals came over this connection. Wait a little, then send once more.")
        )
        return 429
    return 0


def content_of(form: ProposeForm, lang: str) -> proposals.Content:
    return proposals.Content(
        title=form.title.data or "",
        description=form.description.data or "",
        place=form.place.data or "",
        language=lang,
        photo=form.drawn,
    )


@blueprint.get(f"/{_LANG}/ballots/<code>/propose/<key>")
@token_authority
def enter_code(lang: str, code: str, key: str) -> ResponseReturnValue:  # noqa: ARG001 (as above)
    """Where the code of the SMS is typed in; afterwards, thanks."""
    return _code_page(_scheme(code), key, CodeForm(None))


@blueprint.post(f"/{_LANG}/ballots/<code>/propose/<key>")
@token_authority
def confirm(lang: str, code: str, key: str) -> ResponseReturnValue:
    """The number is proven. Twice pressed is proven once."""
    only_ours()
    found = _scheme(code)
    form = CodeForm(request.form)
    if over_limit(TYPING, "ballot-code"):
        form.code.errors = [_("Too many codes. Wait a minute, then try again.")]
        return _code_page(found, key, form, 429)
    if not form.validate():
        return _code_page(found, key, form, 422)
    try:
        if proposals.confirm(key, form.code.data or "") is None:
            abort(404)
    except BallotError as error:
        # Committed: the wrong try counts.
        db.session.commit()
        form.code.errors = list(map(str, error.messages))
        return _code_page(found, key, form, 422)
    db.session.commit()
    return redirect(url_for(".enter_code", lang=lang, code=code, key=key), 303)


def _propose_page(found: BallotScheme, form: ProposeForm, status: int = 200) -> Response:
    html = render_template(
        "ballots_public/propose.html",
        scheme=found,
        form=form,
        photo_again=bool(form.errors and form.drawn),
    )
    response = make_response(html, status)
    if status == 429:
        response.headers["Retry-After"] = "600"
    return response


def _code_page(found: BallotScheme, key: str, form: CodeForm, status: int = 200) -> Response:
    proposal = proposals.of_key(key)
    if proposal is None or proposal.area.scheme_id != found.id:
        abort(404)
    html = render_template(
        "ballots_public/code.html", scheme=found, proposal=proposal, form=form, key=key
    )
    response = make_response(html, status)
    # The address holds the key: it must not travel on in a Referer.
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


# Published ballots


def _counted(code: str, slug: str) -> tuple[BallotScheme, BallotArea]:
    found = _scheme(code)
    if found.state != "counted":
        abort(404)
    return found, _area(found, slug)


@blueprint.get(f"/{_LANG}/ballots/<code>/<slug>/votes")
@public
def votes(lang: str, code: str, slug: str) -> ResponseReturnValue:
    """Every ballot by its receipt; one of them where a receipt is typed."""
    found, place = _counted(code, slug)
    typed = request.args.get("receipt", "")[:40]
    wanted = voting.typed_receipt(typed) if typed.strip() else None
    error, more = "", False
    rows: Any
    if typed.strip():
        vote = publishing.by_receipt(place.id, wanted) if wanted else None
        rows = [vote] if vote else []
        if vote is None:
            error = (
                _("There is no ballot with this receipt here. Compare it letter by letter.")
                if wanted
                else _("A receipt has twelve letters and digits.")
            )
    else:
        found_rows = publishing.page(
            place.id, request.args.get("after", "")[:12], publishing.PAGE + 1
        )
        rows, more = found_rows[: publishing.PAGE], len(found_rows) > publishing.PAGE
    projects = {row.id: row for row in voting.projects(place)}
    page = render_template(
        "ballots_public/votes.html",
        scheme=found,
        area=place,
        rows=rows,
        projects=projects,
        typed=typed,
        error=error,
        shown_receipt=voting.shown_receipt,
        total=publishing.number_of_votes(place.id),
        older=url_for(".votes", lang=lang, code=code, slug=slug, after=rows[-1].receipt)
        if more
        else None,
    )
    return page, 404 if error else 200


@blueprint.get(f"/{_LANG}/ballots/<code>/<slug>/votes.csv")
@public
def votes_csv(lang: str, code: str, slug: str) -> ResponseReturnValue:  # noqa: ARG001 (as above)
    _found, place = _counted(code, slug)
    return _download(publishing.csv_lines(place), "text/csv; charset=utf-8", f"{code}-{slug}.csv")


@blueprint.get(f"/{_LANG}/ballots/<code>/<slug>/votes.pb")
@public
def votes_pb(lang: str, code: str, slug: str) -> ResponseReturnValue:  # noqa: ARG001 (as above)
    found, place = _counted(code, slug)
    return _download(
        publishing.pb_lines(found, place), "text/plain; charset=utf-8", f"{code}-{slug}.pb"
    )


def _download(lines: Iterator[str], mimetype: str, name: str) -> Response:
    response = Response(lines, mimetype=mimetype)
    response.headers["Content-Disposition"] = f'attachment; filename="{name.lower()}"'
    return response


def only_ours() -> None:
    """403 where the form was sent from another site."""
    ours = current_app.extensions["pasokh_settings"].public_url
    if not same_site(request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site"), ours):
        abort(403)
