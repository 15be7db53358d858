"""Result pages and downloads."""

import datetime as dt
from typing import Any

from flask import (
    Blueprint,
    Response,
    abort,
    redirect,
    render_template,
    request,
    send_file,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_security import current_user

from portal import audit
from portal.db import db
from portal.i18n import _, current_language, format_decimal, format_number, pick
from portal.security import allow
from surveys.analysis import channels, counting, downloads, free_texts, services, waiting
from surveys.analysis.jobs import count, make_file
from surveys.analysis.labels import DISPOSITIONS
from surveys.analysis.rates import DISPOSITIONS as GROUPS
from surveys.analysis.rates import rates
from surveys.analysis.services import Figures, Result
from surveys.analysis.variables import Variable, variables
from surveys.campaigns.models import Campaign
from surveys.questionnaires import dateparts
from surveys.questionnaires.models import Survey
from surveys.responses import photos
from surveys.retention import reading as retention
from surveys.secrecy import services as secrecy
from surveys.secrecy.words import secrecy_label
from surveys.ways.labels import MODES

_READABLE = frozenset({"text", "photo"})
blueprint = Blueprint("results", __name__, template_folder="templates", url_prefix="/staff/results")


@blueprint.get("/")
@allow("results.read")
def index() -> ResponseReturnValue:
    return render_template("results/index.html", lines=services.surveys())


@blueprint.get("/<code>")
@allow("results.read")
def show(code: str) -> ResponseReturnValue:
    survey = _survey(code)
    campaigns = services.campaigns(survey.id)
    campaign = _campaign(campaigns)
    chosen = [campaign] if campaign else list(campaigns)
    campaign_id = campaign.id if campaign else None
    hidden = secrecy.hidden(chosen)
    counted = counting.find(survey.id, campaign_id, chosen)
    if counted.is_old:
        # A hint to the queue; this request writes nothing, and the next look asks again.
        count.enqueue(survey.id, campaign_id)
    dispositions = counted.dispositions
    return render_template(
        "results/show.html",
        secrecies=[secrecy_label(name) for name in sorted({each.secrecy for each in chosen})],
        hidden=hidden,
        minimum=secrecy.minimum(),
        survey=survey,
        campaigns=campaigns,
        campaign=campaign,
        chosen=chosen,
        counted=counted,
        complete=counted.complete,
        results=[]
        if len(hidden) == len(chosen)
        else [_drawn(result) for result in counted.results],
        retention=retention.sentences(survey.id, campaign_id),
        channels=channels.of([each.id for each in chosen]),
        modes=MODES,
        dispositions=[
            (label, GROUPS[name], dispositions.get(name, 0)) for name, label in DISPOSITIONS.items()
        ],
        invited=sum(dispositions.values()),
        rates=rates(dispositions),
        newest=survey.versions[-1].number if survey.versions else 0,
        began=min((each.launched_at for each in chosen if each.launched_at), default=None),
        ended=_end(chosen),
    )


@blueprint.get("/<code>/texts/<path:name>")
@allow("results.read")
def texts(code: str, name: str) -> ResponseReturnValue:
    """Free texts of one question."""
    survey = _survey(code)
    campaign = _campaign(services.campaigns(survey.id))
    variable = _text_question(survey, name)
    search = request.args.get("q", "")[: free_texts.MAX_SEARCH]
    before = request.args.get("before", type=int)
    found, more = free_texts.answers(
        variable, campaign_id=campaign.id if campaign else None, search=search, before=before
    )
    kept: dict[str, Any] = {"code": code, "name": name, "q": search or None}
    if campaign:
        kept["campaign"] = campaign.id
    return render_template(
        "results/texts.html",
        survey=survey,
        campaign=campaign,
        variable=variable,
        answers=[(_readable(variable, row.text), row.submitted_at) for row in found],
        search=search,
        older=url_for(".texts", **kept, before=found[-1].id) if more else None,
        newest=url_for(".texts", **kept) if before else None,
    )


@blueprint.get("/<code>/photos/<path:name>/<file>")
@allow("results.read")
def photo(code: str, name: str, file: str) -> ResponseReturnValue:
    """A photo that somebody gave as an answer."""
    survey = _survey(code)
    path = photos.path_of(file)
    variable = _text_question(survey, name)
    if path is None or not free_texts.has_photo(survey.id, file, variable) or not path.is_file():
        abort(404)
    return send_file(path, mimetype=photos.MIMETYPE, max_age=0)


@blueprint.post("/<code>/export.<any(csv, xlsx, sav, ddi):kind>")
@allow("results.export")
def download(code: str, kind: str) -> ResponseReturnValue:
    """The responses as a file. A POST, for who took a copy is written down."""
    survey = _survey(code)
    campaign = _campaign(services.campaigns(survey.id))
    campaign_id = campaign.id if campaign else None
    wanted = downloads.FORMATS[kind]
    if wanted.is_whole and counting.is_large(survey.id, campaign_id):
        asked = waiting.ask(survey, campaign_id, current_language(), current_user.id)
        export_id = asked.id
        make_file.enqueue(export_id)
        db.session.commit()
        return redirect(url_for(".file", export_id=export_id), 303)
    pieces = wanted.make(survey, campaign_id, current_language())
    audit.record("survey.exported", "survey", survey.id, format=kind, campaign=campaign_id)
    db.session.commit()
    response = Response(pieces, mimetype=wanted.mimetype)
    response.headers["Content-Disposition"] = f'attachment; filename="{code}.{wanted.ending}"'
    return response


@blueprint.get("/files/<int:export_id>")
@allow("results.export")
def file(export_id: int) -> ResponseReturnValue:
    """Says that a large file is being made, and gives it when it is ready."""
    found = waiting.find(export_id) or abort(404)
    return render_template(
        "results/file.html",
        export=found,
        survey=db.session.get_one(Survey, found.survey_id),
        erased_at=waiting.erased_at(found),
        megabytes=max(1, round((found.size or 0) / 1_000_000)),
    )


@blueprint.post("/files/<int:export_id>")
@allow("results.export")
def fetch_file(export_id: int) -> ResponseReturnValue:
    """The file. A POST, for who took a copy is written down."""
    found = waiting.find(export_id) or abort(404)
    path = waiting.path_of(found)
    if found.state != "made" or not path.is_file():
        return redirect(url_for(".file", export_id=export_id), 303)
    survey = db.session.get_one(Survey, found.survey_id)
    audit.record(
        "survey.exported", "survey", survey.id, format="xlsx", campaign=found.campaign_id,
        file=export_id,
    )  # fmt: skip
    mimetype, name = downloads.FORMATS["xlsx"].mimetype, f"{survey.code}.xlsx"
    db.session.commit()
    return send_file(path, mimetype=mimetype, as_attachment=True, download_name=name, max_age=0)


def _survey(code: str) -> Survey:
    return services.find(code) or abort(404)


def _campaign(campaigns: Any) -> Campaign | None:
    """The campaign that the address asks for; 404 for one of another survey."""
    wanted = request.values.get("campaign", type=int)
    if wanted is None:
        return None
    found: Campaign | None = next((each for each in campaigns if each.id == wanted), None)
    return found or abort(404)


def _text_question(survey: Survey, name: str) -> Variable:
    found = [each for each in variables(survey.id) if each.name == name and each.kind in _READABLE]
    return found[0] if found else abort(404)


def _readable(variable: Variable, text: str) -> list[str]:
    """The lines of an answer as the reader sees them: dates in the own calendar."""
    if variable.type not in {"date", "time", "dateTime"}:
        return text.splitlines()
    lang = current_language()
    return [
        dateparts.shown(line, variable.type, variable.looks, lang) for line in text.splitlines()
    ]


def _end(campaigns: list[Campaign]) -> dt.datetime | None:
    """The closing moment of the last one; None while one has none."""
    ends = [campaign.closes_at for campaign in campaigns]
    return max(end for end in ends if end) if ends and all(ends) else None


def _drawn(result: Result) -> dict[str, Any]:
    """What the page shows of one question."""
    variable = result.variable
    labels = {choice.name: pick(choice.label) or choice.name for choice in variable.choices}
    for name, mean in result.places.items():
        # The chart shows how often a choice was put first; its mean place stands beside it.
        labels[name] = _(
            "%(choice)s (mean place %(place)s)",
            choice=labels.get(name, name),
            place=format_decimal(mean),
        )
    rows = [
        {
            "label": labels.get(name, name),
            "value": number,
            "share": number / result.n if result.n else 0,
        }
        for name, number in result.counts.items()
    ]
    if result.figures:
        rows = _histogram(result.figures, result.n)
    return {
        "variable": variable,
        "title": pick(variable.label) or variable.name,
        "n": result.n,
        "rows": rows,
        "figures": result.figures,
    }


def _histogram(found: Figures, n: int) -> list[dict[str, Any]]:
    plan = found.bins
    whole = float(plan.width).is_integer() and float(plan.start).is_integer()

    def bound(value: float) -> str:
        return format_number(value) if whole else format_decimal(value, digits=4)

    rows = []
    for place, number in enumerate(found.counts):
        low = plan.start + place * plan.width
        if plan.single:
            label = bound(low)
        else:
            label = _("%(low)s to under %(high)s", low=bound(low), high=bound(low + plan.width))
        rows.append({"label": label, "value": number, "share": number / n if n else 0})
    return rows
