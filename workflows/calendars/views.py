"""Calendars of the city: hours, closures, holidays, units."""

import datetime as dt
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user
from flask_wtf import FlaskForm

from portal.db import db
from portal.formats import today, tomorrow
from portal.i18n import _
from portal.security import allow
from portal.units import services as units
from workflows.calendars import city, explain, own, queries, services
from workflows.calendars.forms import (
    DAY_NAMES,
    CalendarForm,
    ClosureForm,
    HolidayForm,
    HoursForm,
    UnitForm,
    UploadForm,
    typed_week,
)
from workflows.calendars.nodes import MOST_BYTES
from workflows.calendars.saying import ALWAYS, CityCalendarError
from workflows.calendars.timeline import CalendarError
from workflows.cases.clock_jobs import redate
from workflows.cases.models import Category

blueprint = Blueprint(
    "calendars", __name__, url_prefix="/staff/calendars", template_folder="templates"
)


@blueprint.get("/")
@allow("calendars.close")
def index() -> str:
    page = queries.closures(request.args.get("before", ""))
    return render_template(
        "calendars/index.html",
        entries=services.entries(),
        titles=queries.titles(),
        when_of=explain.closure_words,
        page=page,
        runs=queries.runs_of([row.id for row in page.rows]),
        further=bool(request.args.get("before")),
        form=FlaskForm(),
    )


@blueprint.route("/closures/new", methods=["GET", "POST"])
@allow("calendars.close")
def new_closure() -> ResponseReturnValue:
    form = ClosureForm(calendars=queries.choices(closable=True))
    if request.method == "GET":
        form.calendars.data = queries.with_holidays()
    if form.validate_on_submit():
        try:
            city.announce(**form.values(), by=current_user.id)
        except CityCalendarError as error:
            db.session.rollback()
            form.refuse(error)
        else:
            return _saved(_("The closure was announced; the due times are being computed anew."))
    return render_template("calendars/closure.html", form=form), 422 if form.errors else 200


@blueprint.post("/closures/<int:closure_id>/take-back")
@allow("calendars.close")
def take_back(closure_id: int) -> ResponseReturnValue:
    try:
        city.take_back(closure_id, by=current_user.id)
    except LookupError:
        abort(404)
    except CityCalendarError as error:
        db.session.rollback()
        flash(str(error.message), "error")
        return redirect(url_for("calendars.index"), 303)
    return _saved(_("The closure was taken back; the due times are being computed anew."))


@blueprint.route("/new", methods=["GET", "POST"])
@allow("calendars.edit")
def new() -> ResponseReturnValue:
    form = CalendarForm()
    if form.validate_on_submit():
        try:
            own.create(**form.values(), by=current_user.id)
        except CityCalendarError as error:
            db.session.rollback()
            form.refuse(error)
        else:
            return _saved(_("The calendar was saved."))
    status = 422 if form.errors else 200
    return render_template("calendars/new.html", form=form, days=DAY_NAMES), status


@blueprint.route("/upload", methods=["GET", "POST"])
@allow("calendars.edit")
def upload() -> ResponseReturnValue:
    """A calendar from a file."""
    form = UploadForm()
    problems: tuple[Any, ...] = ()
    if form.validate_on_submit():
        try:
            own.store_document(form.file.data.read(MOST_BYTES + 1), by=current_user.id)
        except CityCalendarError as error:
            db.session.rollback()
            form.refuse(error)
            problems = error.problems
        else:
            return _saved(_("The calendar was saved."))
    status = 422 if form.errors else 200
    return render_template("calendars/upload.html", form=form, problems=problems), status


@blueprint.route("/of/<name>/hours", methods=["GET", "POST"])
@allow("calendars.edit")
def hours(name: str) -> ResponseReturnValue:
    entry = queries.entry(name)
    if entry is None or entry.reading.calendar is None or name == ALWAYS:
        abort(404)
    form = HoursForm()
    if request.method == "GET":
        form = HoursForm(
            formdata=None,
            valid_from=tomorrow(),
            **typed_week(queries.week_on(name, tomorrow())),
        )
    if form.validate_on_submit():
        try:
            city.save_hours(
                name,
                valid_from=form.valid_from.data,
                weekly=form.weekly(),
                by=current_user.id,
            )
        except CityCalendarError as error:
            db.session.rollback()
            form.refuse(error)
        else:
            return _saved(
                _("The hours were saved; the due times are being computed anew."),
                url_for("calendars.hours", name=name),
            )
    return render_template(
        "calendars/hours.html",
        form=form,
        entry=entry,
        days=DAY_NAMES,
        versions=queries.hours_of(name),
    ), 422 if form.errors else 200


@blueprint.post("/hours/<int:hours_id>/withdraw")
@allow("calendars.edit")
def withdraw_hours(hours_id: int) -> ResponseReturnValue:
    try:
        name = city.withdraw_hours(hours_id, by=current_user.id)
    except LookupError:
        abort(404)
    return _saved(
        _("The change was taken back; the due times are being computed anew."),
        url_for("calendars.hours", name=name),
    )


@blueprint.route("/holidays", methods=["GET", "POST"])
@allow("calendars.close")
def holidays() -> ResponseReturnValue:
    form = HolidayForm()
    if form.validate_on_submit():
        day = form.computed() or abort(404)
        try:
            city.shift_holiday(
                "IR", day, form.holiday.data or "", form.kept_on.data, by=current_user.id
            )
        except LookupError:
            abort(404)
        except CityCalendarError as error:
            db.session.rollback()
            form.refuse(error)
        else:
            return _saved(
                _("The day of the holiday was saved; the due times are being computed anew."),
                url_for("calendars.holidays"),
            )
    return render_template(
        "calendars/holidays.html", rows=_rows(form), form=form
    ), 422 if form.errors else 200


def _rows(sent: HolidayForm) -> list[tuple[queries.Holiday, HolidayForm]]:
    """Each holiday with its form; the one that was refused as it was sent."""
    found = []
    for number, one in enumerate(queries.holidays(today() - dt.timedelta(7))):
        form = sent
        if not (sent.errors and sent.day.data == str(one.day) and sent.holiday.data == one.name):
            form = HolidayForm(
                formdata=None, day=str(one.day), holiday=one.name, kept_on=one.kept_on or one.day
            )
        for field in form:
            if field.short_name != "csrf_token":
                field.id = f"{field.short_name}-{number}"
        found.append((one, form))
    return found


@blueprint.route("/units", methods=["GET", "POST"])
@allow("calendars.edit")
def of_units() -> ResponseReturnValue:
    form = UnitForm(units=units.choices(), calendars=queries.choices())
    if form.validate_on_submit():
        try:
            own.set_unit_calendar(form.unit_id.data, form.calendar.data or None, by=current_user.id)
        except (LookupError, CalendarError):
            abort(404)
        return _saved(_("The calendar of the unit was saved."), url_for("calendars.of_units"))
    return render_template(
        "calendars/units.html", form=form, rows=queries.of_units(), titles=queries.titles()
    ), 422 if form.errors else 200


@blueprint.post("/categories/<int:category_id>/apply")
@allow("cases.categories")
def apply_agreement(category_id: int) -> ResponseReturnValue:
    """The open cases of a category go on under its present hours."""
    if db.session.get(Category, category_id) is None:
        abort(404)
    own.apply_agreement(category_id, by=current_user.id)
    return _saved(
        _("The deadlines of its open cases are being computed anew."),
        url_for("cases.edit_category", category_id=category_id),
    )


def _saved(message: str, url: str | None = None) -> ResponseReturnValue:
    redate.enqueue()
    db.session.commit()
    flash(message, "success")
    return redirect(url or url_for("calendars.index"), 303)
