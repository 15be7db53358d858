"""`/p/<token>`: the form for a proposal of somebody invited. The token is the authority.

No cookie, no session, no CSRF field, no script. The SMS with the link reached the number, so no
code is asked for: what is sent here is public at once.
"""

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import CombinedMultiDict

from portal import clock
from portal.db import db
from portal.i18n import LANGUAGES, _, format_date, known_language, pick, use_language
from portal.security import csrf, token_authority
from surveys.ballots.errors import BallotError
from surveys.ballots.forms import InvitedForm
from surveys.ballots.services import invited, pictures
from surveys.ballots.services.invited import Link
from surveys.ballots.views.public import check_proposal, content_of, only_ours
from surveys.ballots.views.vote import message, unknown

blueprint = Blueprint("ballot_invited", __name__, template_folder="../templates")
csrf.exempt(blueprint)


@blueprint.get("/p/<token>")
@token_authority
def show(token: str) -> ResponseReturnValue:
    """The form, or why there is none. Changes nothing."""
    link = invited.find(token)
    if link is None:
        return unknown()
    lang = known_language(request.args.get("lang")) or link.proposer.language
    with use_language(lang):
        return _page(token, link, lang, InvitedForm(None))


@blueprint.post("/p/<token>")
@token_authority
def send(token: str) -> ResponseReturnValue:
    """Keep the proposal. With something wrong, or in another language, what was typed stays."""
    only_ours()
    link = invited.find(token)
    if link is None:
        return unknown()
    go = request.form.get(".go", "send")
    lang = known_language(request.form.get(".lang")) or link.proposer.language
    if go.startswith("lang:"):
        lang = known_language(go.removeprefix("lang:")) or lang
    with use_language(lang):
        form = InvitedForm(CombinedMultiDict((request.files, request.form)))
        if go != "send":
            return _page(token, link, lang, form)
        return _send(token, link, lang, form)


def _send(token: str, link: Link, lang: str, form: InvitedForm) -> ResponseReturnValue:
    if link.status(clock.now()) == "open" and (status := check_proposal(form)):
        return _page(token, link, lang, form, status)
    done = None
    try:
        done = invited.propose(token, request.form.get(".key", ""), content_of(form, lang))
        db.session.commit()
    except BallotError as error:
        db.session.rollback()
        form.form_errors.extend(map(str, error.messages))
        return _page(token, invited.find(token), lang, form, 429)
    except BaseException:
        if done is not None and done.is_new:
            pictures.discard(done.proposal.photo)
        raise
    if done is None:
        return unknown()
    return redirect(
        url_for(
            "ballots_public.enter_code", lang=lang, code=link.scheme.code.lower(), key=done.key
        ),
        303,
    )


def _page(
    token: str, link: Link | None, lang: str, form: InvitedForm, status: int = 200
) -> Response:
    if link is None:
        return unknown()
    if link.status(clock.now()) != "open":
        return _closed(link, lang)
    html = render_template(
        "ballots_vote/propose.html",
        scheme=link.scheme,
        area=link.area,
        form=form,
        key=request.form.get(".key") or invited.new_page_key(),
        action=url_for(".send", token=token),
        choices=LANGUAGES,
        photo_again=bool(request.files.get(form.photo.name)),
    )
    response = make_response(html, status)
    if status == 429:
        response.headers["Retry-After"] = "600"
    if request.method == "POST":
        # Not no-store: the back button would meet a form to be sent again instead of this page.
        response.headers["Cache-Control"] = "private, no-cache"
    return response


def _closed(link: Link, lang: str) -> Response:
    scheme, area = link.scheme, link.area
    page = url_for("ballots_public.area", lang=lang, code=scheme.code.lower(), slug=area.slug)
    more = (_("What your neighbours proposed"), page)
    match link.status(clock.now()):
        case "cancelled":
            return message(
                410,
                _("“%(name)s” was called off", name=pick(scheme.names)),
                _("No proposals are taken. Thank you for wanting to take part."),
            )
        case "early":
            return message(
                200,
                _("Proposals are not taken yet"),
                _("Open this link again from %(day)s.", day=format_date(scheme.proposals_from)),
                more=more,
            )
        case _:
            texts = [_("Thank you for wanting to take part. What was proposed is public.")]
            if scheme.state == "voting":
                texts.append(_("The vote is running. The link to your ballot came to you by SMS."))
            return message(410, _("The days for proposals are over"), *texts, more=more)
