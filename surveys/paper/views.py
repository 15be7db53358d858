"""Staff pages of questionnaires on paper: printing, typing twice, deciding, figures."""

from dataclasses import dataclass
from typing import Any, cast

from flask import (
    Blueprint,
    Response,
    abort,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_security import current_user

from portal.db import db
from portal.i18n import _, digits, direction, isolate, use_language
from portal.security import allow, body_limit, may
from surveys.campaigns import services as campaigns
from surveys.campaigns.errors import CampaignError
from surveys.campaigns.models import Campaign
from surveys.paper import (
    blanks,
    deciding,
    fields,
    keying,
    labels,
    pages,
    reading,
    serials,
    services,
)
from surveys.paper import sheet_pdf as printing
from surveys.paper.forms import BatchForm, FindForm, VoidForm
from surveys.paper.models import COMPLETE, VOID, PaperSheet
from surveys.questionnaires import display
from surveys.questionnaires.schema import Questionnaire
from surveys.questionnaires.services import load_version

blueprint = Blueprint("paper", __name__, template_folder="templates", url_prefix="/staff/paper")
LARGEST_FORM = 2 * 1024 * 1024
"""Bytes of a typed sheet."""


@blueprint.get("/")
@allow("paper.type")
def index() -> ResponseReturnValue:
    return _index(FindForm(formdata=None))


@blueprint.get("/find")
@allow("paper.type")
def find() -> ResponseReturnValue:
    """From the number on a sheet to the page where it is typed."""
    form = FindForm(request.args)
    if not form.validate():
        return _index(form), 422
    sheet = reading.of_sheet(form.sheet_id)
    wrong = (
        services.refusal_to_type(sheet, current_user.id)
        if sheet
        else _("No sheet with this number was printed here.")
    )
    if sheet is None or wrong:
        form.number.errors = [str(wrong)]
        return _index(form), 422
    return redirect(url_for(".show", sheet_id=sheet.id), 303)


def _index(form: FindForm) -> str:
    found = reading.with_paper()
    return render_template(
        "paper/index.html",
        form=form,
        campaigns=found,
        counts=reading.counts([each.id for each in found]),
    )


@blueprint.get("/sheets/<int:sheet_id>")
@allow("paper.type")
def show(sheet_id: int) -> ResponseReturnValue:
    return _typing_page(_sheet(sheet_id))


@blueprint.post("/sheets/<int:sheet_id>")
@allow("paper.type")
@body_limit(LARGEST_FORM)
def enter(sheet_id: int) -> ResponseReturnValue:
    """Take an entry; the second one is compared."""
    sent = _sent(sheet_id)
    keyed = sent.read(sent.raw)
    if keyed.errors:
        return _typing_page(sent.sheet, raw=sent.raw, errors=keyed.errors), 422
    try:
        state = services.enter(sheet_id, keyed.entry, user_id=current_user.id).state
    except CampaignError as error:
        db.session.rollback()
        return _typing_page(_sheet(sheet_id), raw=sent.raw, error=error), 422
    db.session.commit()
    said, tone = {
        "first": (_("Typed once. Somebody else types it the second time."), "success"),
        "complete": (_("Both entries are the same: the sheet counts."), "success"),
        "void": (_("Enough people like this person have answered: the sheet is void."), "info"),
        "second": (
            _("Both entries are the same, but an answer cannot be right: somebody decides."),
            "warning",
        ),
    }.get(state, (_("The two entries differ: a third person decides."), "warning"))
    number = isolate(digits(serials.printed(sheet_id)))
    flash(_("Sheet %(number)s: %(text)s", number=number, text=said), tone)
    if state == COMPLETE and (left_out := pages.left_out(sent.q, keyed.entry, sent.lang)):
        flash(left_out, "warning")
    return redirect(url_for(".index"), 303)


@dataclass(frozen=True)
class _Sent:
    """A sheet and what was sent about it."""

    sheet: PaperSheet
    q: Questionnaire
    raw: dict[str, list[str]]

    @property
    def lang(self) -> str:
        return self.sheet.batch.language

    def read(self, raw: dict[str, list[str]]) -> keying.Keyed:
        with use_language(pages.language_of_errors(self.q, self.lang)):
            return keying.read(blanks.of(self.q), raw, self.lang)


def _sent(sheet_id: int) -> _Sent:
    sheet = _sheet(sheet_id)
    return _Sent(sheet, load_version(sheet.batch.version_id), request.form.to_dict(flat=False))


def _typing_page(
    sheet: PaperSheet, *, raw: Any = None, errors: Any = None, error: Any = None
) -> str:
    """The empty sheet. What somebody else typed before is never in it."""
    q, lang = load_version(sheet.batch.version_id), sheet.batch.language
    refused = services.refusal_to_type(sheet, current_user.id)
    shown = refused is None or raw is not None
    return render_template(
        "paper/sheet.html",
        sheet=sheet,
        campaign=sheet.batch.campaign,
        number=serials.printed(sheet.id),
        refused=refused,
        parts=pages.drawn(q, lang, raw=raw, errors=errors) if shown else [],
        errors=errors or {},
        problems=[(None, str(message)) for message in error.messages] if error else [],
        lang=lang,
        dir=direction(lang),
    )


@blueprint.get("/sheets/<int:sheet_id>/differences")
@allow("paper.decide")
def differences(sheet_id: int) -> ResponseReturnValue:
    return _deciding_page(_sheet(sheet_id))


@blueprint.post("/sheets/<int:sheet_id>/differences")
@allow("paper.decide")
@body_limit(LARGEST_FORM)
def decide(sheet_id: int) -> ResponseReturnValue:
    sent = _sent(sheet_id)
    raw = sent.raw
    known = {slot.key for slot in blanks.of(sent.q).slots()}
    decisions = {
        key: cast(deciding.Decision, raw[f".d:{key}"][0]) for key in known if f".d:{key}" in raw
    }
    wanted = {key: raw.get(key, []) for key, value in decisions.items() if value == "other"}
    keyed = sent.read(wanted)
    errors_in = pages.language_of_errors(sent.q, sent.lang)
    with use_language(errors_in):
        missing = {key: _("Type what the sheet says.") for key in wanted.keys() - keyed.entry}
    if messages := {**missing, **keyed.errors}:
        return _deciding_page(sent.sheet, raw=raw, messages=messages), 422
    told = " ".join(raw.get(".told", [])).split()
    try:
        with use_language(errors_in):
            state = deciding.decide(
                sheet_id, decisions, keyed.entry, user_id=current_user.id, told=told
            ).state
    except deciding.UndecidedError as error:
        db.session.rollback()
        return _deciding_page(_sheet(sheet_id), raw=raw, messages=error.messages), 422
    except deciding.ExcludedError as error:
        db.session.rollback()
        return _deciding_page(_sheet(sheet_id), raw=raw, found=error.found), 422
    except CampaignError as error:
        db.session.rollback()
        return _deciding_page(_sheet(sheet_id), raw=raw, error=error), 422
    db.session.commit()
    if state == VOID:
        flash(_("Enough people like this person have answered: the sheet is void."), "info")
    else:
        flash(_("The sheet is decided and counts."), "success")
    campaign_id = _sheet(sheet_id).campaign_id
    return redirect(url_for(".campaign", campaign_id=campaign_id), 303)


def _deciding_page(
    sheet: PaperSheet,
    *,
    raw: Any = None,
    messages: Any = None,
    found: Any = None,
    error: Any = None,
) -> str:
    """`found`: what would not be stored as it was decided; without, what is certain already."""
    q, lang = load_version(sheet.batch.version_id), sheet.batch.language
    refused = deciding.refusal(sheet, current_user.id)
    rows: list[dict[str, Any]] = []
    left_out: list[dict[str, Any]] = []
    if refused is None:
        with use_language(pages.language_of_errors(q, lang)):
            asked = {each.slot.key: each for each in deciding.questions(sheet)}
        left_out = pages.excluded(q, found or deciding.certainly_excluded(sheet), lang)
        entries = sheet.first or {}, sheet.second or {}
        drawn = pages.drawn(q, lang, raw=raw or {}, errors=messages)
        for row in (each for part in drawn for each in part.rows):
            each = asked.get(row.field.name)
            if each is None and row.field.name not in (messages or {}):
                continue
            name = row.field.name
            rows.append({
                "field": row.field,
                "html": row.html,
                "said": [fields.said(q, name, entry.get(name), lang) for entry in entries],
                "differs": each is not None and each.differs,
                "objection": pages.marked(each.objection if each else "", q, lang),
                "chosen": ((raw or {}).get(f".d:{name}") or [""])[0],
            })  # fmt: skip
    return render_template(
        "paper/differences.html",
        sheet=sheet,
        campaign=sheet.batch.campaign,
        number=serials.printed(sheet.id),
        refused=refused,
        rows=rows,
        left_out=left_out,
        is_new=found is not None,
        problems=[(None, str(message)) for message in error.messages] if error else [],
        lang=lang,
        dir=direction(lang),
    )


@blueprint.get("/campaigns/<int:campaign_id>")
@allow("paper.type")
def campaign(campaign_id: int) -> ResponseReturnValue:
    """`?state=` one state, `?after=` the id of the last sheet of the page before."""
    found = campaigns.get(campaign_id) or abort(404)
    return _campaign_page(found, _batch_form(found, formdata=None))


@blueprint.post("/campaigns/<int:campaign_id>/batches")
@allow("paper.manage")
def print_batch(campaign_id: int) -> ResponseReturnValue:
    found = campaigns.get(campaign_id) or abort(404)
    form = _batch_form(found)
    if not form.validate_on_submit():
        return _campaign_page(found, form), 422
    try:
        services.print_batch(
            campaign_id,
            language=form.language.data,
            sheets=form.number,
            user_id=current_user.id,
        )
    except CampaignError as error:
        db.session.rollback()
        form.form_errors = [str(message) for message in error.messages]
        return _campaign_page(campaigns.get(campaign_id) or abort(404), form), 422
    db.session.commit()
    flash(_("The sheets have their numbers. Download them below and print them."), "success")
    return redirect(url_for(".campaign", campaign_id=campaign_id), 303)


@blueprint.get("/batches/<int:batch_id>.pdf")
@allow("paper.manage")
def download(batch_id: int) -> ResponseReturnValue:
    """`?part=` the number of the file, from 1."""
    batch = reading.batch(batch_id) or abort(404)
    part = request.args.get("part", 1, type=int)
    if part not in printing.parts(batch):
        abort(404)
    start = (part - 1) * printing.PART
    found = services.numbers(batch_id)[start : start + printing.PART]
    if not found:
        abort(404)
    response = Response(printing.render(batch, found), mimetype="application/pdf")
    name = f"sheets-{batch_id}-{part}-{batch.language}.pdf"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@blueprint.get("/sheets/<int:sheet_id>/void")
@allow("paper.manage")
def ask_void(sheet_id: int) -> ResponseReturnValue:
    return _void_page(_sheet(sheet_id), VoidForm(formdata=None))


@blueprint.post("/sheets/<int:sheet_id>/void")
@allow("paper.manage")
def void(sheet_id: int) -> ResponseReturnValue:
    sheet, form = _sheet(sheet_id), VoidForm()
    if not form.validate_on_submit():
        return _void_page(sheet, form), 422
    try:
        campaign_id = services.void(sheet_id, form.reason.data or "").campaign_id
    except CampaignError as error:
        db.session.rollback()
        form.reason.errors = [str(message) for message in error.messages]
        return _void_page(_sheet(sheet_id), form), 422
    db.session.commit()
    flash(_("The sheet is void."), "success")
    return redirect(url_for(".campaign", campaign_id=campaign_id), 303)


def _void_page(sheet: PaperSheet, form: VoidForm) -> str:
    return render_template(
        "paper/void.html",
        sheet=sheet,
        campaign=sheet.batch.campaign,
        number=serials.printed(sheet.id),
        form=form,
    )


def _batch_form(found: Campaign, **kwargs: Any) -> BatchForm:
    q = load_version(found.version_id)
    return BatchForm(display.languages(q, q.default_language), **kwargs)


def _campaign_page(found: Campaign, form: BatchForm) -> str:
    state = request.args.get("state", "")
    state = state if state in labels.STATES else ""
    lines, more = reading.page(found.id, state, request.args.get("after", 0, type=int))
    counts = reading.counts([found.id])[found.id]
    manages = may("paper.manage")
    return render_template(
        "paper/campaign.html",
        campaign=found,
        lines=lines,
        after=lines[-1].sheet.id if more else None,
        state=state,
        counts=counts,
        total=sum(counts.values()),
        states=labels.STATES,
        tones=labels.TONES,
        reasons=labels.REASONS,
        printed=serials.printed,
        form=form if manages and services.refusal(found) is None else None,
        refused=services.refusal(found),
        left_out=blanks.of(load_version(found.version_id)).left_out,
        batches=reading.batches(found.id) if manages else [],
        parts=printing.parts,
        typists=reading.typists(found.id) if manages else [],
    )


def _sheet(sheet_id: int) -> PaperSheet:
    return reading.of_sheet(sheet_id) or abort(404)
