"""Staff pages for interviewers: the list of campaigns, and the page that works offline.

The worker's scope is `/staff/interviews/`; it serves from its store only the page of a campaign
and what that page is made of, and only when the network is away.
"""

from typing import Any, Final

from flask import (
    Blueprint,
    Response,
    abort,
    jsonify,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_security import current_user
from flask_wtf.csrf import generate_csrf
from limits import RateLimitItemPerMinute

from portal.db import db
from portal.i18n import _, current_language
from portal.offline import worker as worker_script
from portal.ratelimit import over_limit
from portal.security import allow, body_limit
from portal.text import localized_digits
from surveys.campaigns import services as campaigns
from surveys.campaigns.models import Campaign
from surveys.entry.services import running
from surveys.interviews import bundle, forms, offline, services, words
from surveys.questionnaires.services import load_version

blueprint = Blueprint(
    "interviews", __name__, template_folder="templates", url_prefix="/staff/interviews"
)
LARGEST: Final = 512 * 1024
"""Bytes of one interview."""
UPLOADS: Final = RateLimitItemPerMinute(120)
"""Of one person: a day's interviews arrive in a minute."""


@blueprint.get("/")
@allow("interviews.collect")
def index() -> ResponseReturnValue:
    found = running()
    return render_template(
        "interviews/index.html",
        campaigns=found,
        counts=services.counts([each.id for each in found], current_user.id),
    )


@blueprint.get("/campaigns/<int:campaign_id>")
@allow("interviews.collect")
def phone(campaign_id: int) -> ResponseReturnValue:
    """The page that works without a network; where it cannot, why."""
    campaign = _campaign(campaign_id)
    q = load_version(campaign.version_id)
    refused = services.refusal(campaign)
    obstacles = [] if refused else offline.obstacles(q)
    return render_template(
        "interviews/phone.html",
        campaign=campaign,
        refused=refused,
        obstacles=obstacles,
        languages=offline.languages(q),
        language=current_language(),
        texts={**words.texts(), "digits": localized_digits("0123456789", current_language())},
        addresses={
            "worker": url_for(".worker"),
            "bundle": url_for(".questionnaire", campaign_id=campaign_id),
            "session": url_for(".session"),
            "upload": url_for(".receive", campaign_id=campaign_id),
            "signIn": url_for("security.login", next=request.path),
        },
    )


@blueprint.get("/campaigns/<int:campaign_id>/questionnaire.json")
@allow("interviews.collect")
def questionnaire(campaign_id: int) -> ResponseReturnValue:
    """The version that the campaign asks now, for the phone to keep."""
    campaign = _campaign(campaign_id)
    q = load_version(campaign.version_id)
    if services.refusal(campaign) or offline.obstacles(q):
        abort(404)
    return jsonify(bundle.of(q, campaign.version_id))


@blueprint.get("/session.json")
@allow("interviews.collect")
def session() -> ResponseReturnValue:
    """Who is signed in now, and the token for what is sent next."""
    return jsonify(user=current_user.id, token=generate_csrf())


@blueprint.get("/worker.js")
@allow("interviews.collect")
def worker() -> ResponseReturnValue:
    return worker_script("pasokh-interviews")


@blueprint.post("/campaigns/<int:campaign_id>")
@allow("interviews.collect")
@body_limit(LARGEST)
def receive(campaign_id: int) -> ResponseReturnValue:
    """Take one interview. 200: kept, or its group was full; 422: refused, with reasons."""
    if over_limit(UPLOADS, "interviews", str(current_user.id)):
        response = jsonify(text=_("Too many at once. The rest is sent in a minute."))
        response.status_code = 429
        response.headers["Retry-After"] = "60"
        return response
    try:
        upload = forms.upload(campaign_id, request.get_json())
    except ValueError:
        return _answer(services.Receipt(services.REFUSED, _("This is no interview.")))
    receipt = services.receive(upload, current_user.id)
    if receipt.state == services.REFUSED:
        db.session.rollback()
    else:
        db.session.commit()
    return _answer(receipt)


def _answer(receipt: services.Receipt) -> Response:
    reasons: list[dict[str, Any]] = [
        {"name": name, "label": receipt.labels.get(name, name), "text": text}
        for name, text in receipt.errors.items()
    ]
    response = jsonify(state=receipt.state, text=receipt.text, reasons=reasons)
    response.status_code = 422 if receipt.state == services.REFUSED else 200
    return response


def _campaign(campaign_id: int) -> Campaign:
    found = campaigns.get(campaign_id)
    return found if found is not None and found.built_in is None else abort(404)
