"""Paper: who voted on it, and the sheets, typed twice."""

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user

from portal.db import db
from portal.i18n import _, digits
from portal.security import allow
from surveys.ballots.errors import BallotError
from surveys.ballots.models import BallotArea, BallotSheet
from surveys.ballots.services import choices, closing, paper, voting
from surveys.ballots.services.choices import Marked
from surveys.ballots.staff_forms import PaperVoterForm
from surveys.ballots.views.common import blueprint, find_area, put


@blueprint.get("/areas/<int:area_id>/paper")
@allow("ballots.paper")
def paper_page(area_id: int) -> ResponseReturnValue:
    return _page(_area(area_id), PaperVoterForm())


def _area(area_id: int) -> BallotArea:
    found = find_area(area_id)
    if not found.scheme.takes_paper:
        abort(404)
    return found


def _page(area: BallotArea, form: PaperVoterForm, status: int = 200) -> ResponseReturnValue:
    page = render_template(
        "ballots/paper.html",
        area=area,
        scheme=area.scheme,
        form=form,
        sheets=paper.sheets(area.id),
        turnout=closing.turnout(area.scheme_id).get(area.id, {}),
        open_for_paper=area.scheme.state in paper.STATES,
    )
    return page, status


@blueprint.post("/areas/<int:area_id>/paper")
@allow("ballots.paper")
def mark_voter(area_id: int) -> ResponseReturnValue:
    """Tick a voter off: from now on the link takes no ballot."""
    area = _area(area_id)
    form = PaperVoterForm()
    if not form.validate_on_submit():
        return _page(area, form, 422)
    try:
        paper.mark(area_id, form.e164)
    except BallotError as error:
        db.session.rollback()
        put(form, error)
        return _page(_area(area_id), form, 422)
    db.session.commit()
    flash(_("Marked: this person votes on paper."), "success")
    return redirect(url_for(".paper_page", area_id=area_id), 303)


@blueprint.get("/areas/<int:area_id>/sheets/new")
@allow("ballots.paper")
def new_sheet(area_id: int) -> ResponseReturnValue:
    return _sheet_page(_area(area_id), Marked({}, {}), label=request.args.get("label", "")[:20])


@blueprint.post("/areas/<int:area_id>/sheets/new")
@allow("ballots.paper")
def type_sheet(area_id: int) -> ResponseReturnValue:
    area = _area(area_id)
    marked, label = _marked(area), request.form.get("label", "")[:40]
    if marked.errors:
        return _sheet_page(area, marked, label=label, status=422)
    try:
        sheet = paper.enter(area_id, label, marked.choices, user_id=current_user.id)
    except BallotError as error:
        db.session.rollback()
        return _sheet_page(_area(area_id), marked, label=label, error=error, status=422)
    words = {
        "once": _("Typed once. Somebody else types it the second time."),
        "settled": _("Both entries are the same: the sheet is settled."),
        "differs": _("The two entries differ: a third person decides."),
    }[sheet.state]
    tone = "warning" if sheet.state == "differs" else "success"
    db.session.commit()
    flash(words, tone)
    return redirect(url_for(".paper_page", area_id=area_id), 303)


@blueprint.get("/sheets/<int:sheet_id>")
@allow("ballots.paper")
def sheet(sheet_id: int) -> ResponseReturnValue:
    """The two entries side by side. Nobody who types sees the first entry before."""
    found = _differing(sheet_id)
    return _sheet_page(_area(found.area_id), Marked({}, {}), sheet=found)


@blueprint.post("/sheets/<int:sheet_id>")
@allow("ballots.paper")
def decide_sheet(sheet_id: int) -> ResponseReturnValue:
    found = _differing(sheet_id)
    area = _area(found.area_id)
    marked = _marked(area)
    if marked.errors:
        return _sheet_page(area, marked, sheet=found, status=422)
    try:
        paper.decide(sheet_id, marked.choices, user_id=current_user.id)
    except BallotError as error:
        db.session.rollback()
        found = _differing(sheet_id)
        return _sheet_page(_area(found.area_id), marked, sheet=found, error=error, status=422)
    db.session.commit()
    flash(_("The sheet is settled."), "success")
    return redirect(url_for(".paper_page", area_id=area.id), 303)


def _differing(sheet_id: int) -> BallotSheet:
    found = paper.sheet(sheet_id)
    if found is None or found.state != "differs":
        abort(404)
    return found


def _marked(area: BallotArea) -> Marked:
    rules = voting.rules_of(area.scheme, area, voting.projects(area))
    return choices.read(rules, request.form)


def _sheet_page(
    area: BallotArea,
    marked: Marked,
    *,
    label: str = "",
    sheet: BallotSheet | None = None,
    error: BallotError | None = None,
    status: int = 200,
) -> ResponseReturnValue:
    rows = voting.projects(area)
    rules = voting.rules_of(area.scheme, area, rows)
    problems = [
        (choices.field_name(project) if project else None, text) for project, text in marked.errors
    ]
    if error is not None:
        problems += [(error.field or None, str(message)) for message in error.messages]
    page = render_template(
        "ballots/sheet.html",
        area=area,
        scheme=area.scheme,
        rows=rows,
        rules=rules,
        typed={key: digits(value) for key, value in marked.typed.items()},
        label=label,
        sheet=sheet,
        entries=[dict(sheet.first), dict(sheet.second or [])] if sheet else None,
        problems=problems,
        field_name=choices.field_name,
    )
    return page, status
