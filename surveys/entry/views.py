"""Staff pages on which an operator fills in the questionnaire for a citizen on the telephone."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user
from markupsafe import Markup

from portal import clock
from portal.db import db
from portal.i18n import _, current_language, direction, known_language, pick, use_language
from portal.security import allow, body_limit
from portal.text import ascii_digits
from surveys.campaigns import services as campaigns
from surveys.campaigns.errors import CampaignError
from surveys.campaigns.models import Campaign
from surveys.entry import services
from surveys.entry.forms import StartForm
from surveys.entry.models import PhoneEntry
from surveys.questionnaires import display, flow
from surveys.questionnaires.schema import Page, Questionnaire
from surveys.questionnaires.services import load_version
from surveys.responses import services as responses
from surveys.responses.link import Direction
from surveys.responses.views import (
    DIRECTIONS,
    LARGEST_FILES,
    LARGEST_FORM,
    discard_photos,
    receive_photos,
)
from surveys.ways import reading as ways

blueprint = Blueprint("entry", __name__, template_folder="templates", url_prefix="/staff/entry")


@blueprint.get("/")
@allow("entry.phone")
def index() -> ResponseReturnValue:
    return render_template("entry/index.html", campaigns=services.running())


@blueprint.get("/campaigns/<int:campaign_id>")
@allow("entry.phone")
def start(campaign_id: int) -> ResponseReturnValue:
    campaign = campaigns.get(campaign_id) or abort(404)
    return _start_page(campaign, StartForm(data={"language": current_language()}))


@blueprint.post("/campaigns/<int:campaign_id>")
@allow("entry.phone")
def begin(campaign_id: int) -> ResponseReturnValue:
    campaign = campaigns.get(campaign_id) or abort(404)
    form = StartForm()
    if form.check(without_number="walk_in" in request.form):
        try:
            entry = services.begin(
                campaign_id, form.e164, language=form.language.data, user_id=current_user.id
            )
        except CampaignError as error:
            db.session.rollback()
            form.form_errors = [str(message) for message in error.messages]
            campaign = campaigns.get(campaign_id) or abort(404)
        else:
            entry_id = entry.id
            db.session.commit()
            address = url_for(".show", entry_id=entry_id, **{"in": form.language.data})
            return redirect(address, 303)
    return _start_page(campaign, form), 422


@blueprint.get("/<int:entry_id>")
@allow("entry.phone")
def show(entry_id: int) -> ResponseReturnValue:
    entry = _entry(entry_id)
    link = services.link_of(entry) or abort(404)
    if link.status(clock.now()) != "open":
        return _over(entry)
    q = load_version(link.version_id)
    page = responses.page_to_show(q, link, _number() or 1)
    lang = known_language(request.args.get("in")) or link.language
    stored = responses.answers_of(q, link)
    return _page(entry, q, page, stored, lang, version=link.version_number)


@blueprint.post("/<int:entry_id>")
@allow("entry.phone")
@body_limit(LARGEST_FORM, LARGEST_FILES)
def answer(entry_id: int) -> ResponseReturnValue:
    """Store the page and go on; at the last page take the answers as final."""
    entry = _entry(entry_id)
    form = request.form
    shown = form[".shown"].split() if ".shown" in form else None
    raw = {name: form.getlist(name) for name in (form if shown is None else shown)}
    go = form.get(".go", "next")
    lang = known_language(form.get(".lang")) or current_language()
    way: Direction = DIRECTIONS.get(go, "next")
    if go.startswith("lang:"):
        way, lang = "stay", known_language(go.removeprefix("lang:")) or lang
    number = _number() or 1
    with use_language(lang):
        replaced = receive_photos(services.token_of(entry), raw)
        outcome = services.submit(
            entry,
            page_number=number,
            raw=raw,
            shown=shown,
            lang=lang,
            direction=way,
            version=form.get(".version", type=int),
        )
    if outcome is None:
        abort(404)
    campaign_id = entry.campaign_id
    db.session.commit()
    discard_photos(outcome, replaced, raw)
    if outcome.kind in {"done", "stopped", "screened"} or outcome.page is None:
        if outcome.kind == "screened":
            flash(_("Enough people like this person have answered. Thank the citizen."), "info")
            return redirect(url_for(".start", campaign_id=campaign_id), 303)
        if outcome.kind == "done":
            flash(_("The answers have arrived and count. Thank the citizen."), "success")
            return redirect(url_for(".start", campaign_id=campaign_id), 303)
        return redirect(url_for(".show", entry_id=entry_id), 303)
    q = load_version(outcome.link.version_id)
    target = responses.page_number(q, outcome.page)
    if outcome.kind in {"errors", "changed"}:
        typed = raw if target == number and outcome.errors else None
        html = _page(
            _entry(entry_id), q, outcome.page, outcome.link.answers, lang, raw=typed,
            errors=outcome.errors, version=outcome.link.version_number, left=outcome.left,
            is_changed=outcome.kind == "changed",
        )  # fmt: skip
        return html, 409 if outcome.kind == "changed" else 422
    where: dict[str, Any] = {"p": target, "in": lang}
    if outcome.more:
        where["_anchor"] = f"q-{outcome.more}"
    return redirect(url_for(".show", entry_id=entry_id, **where), 303)


def _entry(entry_id: int) -> PhoneEntry:
    return services.of_user(entry_id, current_user.id) or abort(404)


def _number() -> int | None:
    text = ascii_digits(request.args.get("p", ""))
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else None


def _start_page(campaign: Campaign, form: StartForm) -> str:
    return render_template(
        "entry/start.html",
        campaign=campaign,
        form=form,
        takes_others=services.takes_others(campaign.id),
        runs=campaign.state in campaigns.RUNNING,
    )


def _over(entry: PhoneEntry) -> str:
    return render_template("entry/over.html", campaign_id=entry.campaign_id)


def _page(
    entry: PhoneEntry,
    q: Questionnaire,
    page: Page,
    answers: Any,
    lang: str,
    *,
    version: int,
    raw: Any = None,
    errors: Any = None,
    left: Any = (),
    is_changed: bool = False,
) -> str:
    campaign = campaigns.get(entry.campaign_id) or abort(404)
    now = clock.now()
    # The frame in the operator's language, the questions in the citizen's.
    with use_language(lang):
        fields = display.fields(q, page, answers, lang, raw=raw, errors=errors, at=now)
        number, total = flow.progress(q, page, answers, now)
        form = render_template(
            "entry/_form.html",
            fields=fields,
            shown=" ".join(field.name for field in fields),
            heading=display.heading(q, page, answers, lang, now),
            can_add=flow.can_add(q, page, answers, now),
            can_remove=flow.can_remove(q, page, answers),
            version=version,
            left=left,
            is_changed=is_changed,
            number=number,
            total=total,
            choices=display.languages(q, lang),
            action=url_for(".answer", entry_id=entry.id, p=responses.page_number(q, page)),
        )
    return render_template(
        "entry/page.html",
        campaign=campaign,
        title=pick(q.title),
        form=Markup(form),  # noqa: S704 (a template of ours, escaped when it was rendered)
        spoken=lang,
        spoken_direction=direction(lang),
        script=pick(ways.of(campaign.id).call_script, lang) if number == 1 else "",
        has_errors=bool(errors),
    )
