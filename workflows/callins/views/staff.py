"""For those who arrange call-ins: series, sessions, minutes."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from portal.db import db
from portal.i18n import _
from portal.security import allow
from portal.text import strip_controls
from portal.units import services as units
from workflows.callins import exchange, figures, labels, minutes, promises, queries, registration
from workflows.callins import services as callins
from workflows.callins.forms import SeriesForm, SessionForm
from workflows.callins.models import CallinSeries, CallinSession
from workflows.callins.services import CallinError

blueprint = Blueprint(
    "callins", __name__, template_folder="../templates", url_prefix="/staff/callins"
)


@blueprint.context_processor
def _words() -> dict[str, object]:
    return {"kinds": labels.KINDS}


MOST_MINUTES = 1_000


@blueprint.get("/")
@allow("callins.manage")
def index() -> ResponseReturnValue:
    coming, past = list(queries.coming()), list(queries.past())
    return render_template(
        "callins/index.html",
        series=queries.series(),
        rule_words=labels.rule_words,
        coming=coming,
        past=past,
        on_holiday=queries.on_holiday(coming),
        places=registration.places_of(coming + past),
        states=labels.SESSION_STATES,
    )


@blueprint.get("/series/new")
@allow("callins.manage")
def new_series() -> ResponseReturnValue:
    return _series_page(SeriesForm(units=units.choices(), data=SeriesForm.data_of(None)), None)


@blueprint.post("/series/new")
@allow("callins.manage")
def create_series() -> ResponseReturnValue:
    form = SeriesForm(units=units.choices())
    if form.validate_on_submit():
        callins.create_series(form.values())
        db.session.commit()
        flash(_("The series was saved and its sessions are published."), "success")
        return redirect(url_for("callins.index"))
    return _series_page(form, None), 422


@blueprint.get("/series/<int:series_id>")
@allow("callins.manage")
def edit_series(series_id: int) -> ResponseReturnValue:
    series = _series(series_id)
    return _series_page(SeriesForm(units=units.choices(), data=SeriesForm.data_of(series)), series)


@blueprint.post("/series/<int:series_id>")
@allow("callins.manage")
def update_series(series_id: int) -> ResponseReturnValue:
    series = _series(series_id)
    form = SeriesForm(units=units.choices())
    if form.validate_on_submit():
        callins.update_series(series_id, form.values())
        db.session.commit()
        flash(_("The series was saved."), "success")
        return redirect(url_for("callins.index"))
    return _series_page(form, series), 422


@blueprint.get("/sessions/<int:session_id>")
@allow("callins.manage")
def show(session_id: int) -> ResponseReturnValue:
    session = _session(session_id)
    return _session_page(session, SessionForm(data=SessionForm.data_of(session)))


@blueprint.post("/sessions/<int:session_id>/change")
@allow("callins.manage")
def change(session_id: int) -> ResponseReturnValue:
    session = _session(session_id)
    form = SessionForm()
    if form.validate_on_submit():
        try:
            callins.move_session(session_id, **form.values())
        except CallinError as error:
            db.session.rollback()
            form.refuse(error)
        else:
            db.session.commit()
            flash(_("The session was changed."), "success")
            return redirect(url_for("callins.show", session_id=session_id))
    return _session_page(session, form), 422


@blueprint.post("/sessions/<int:session_id>/cancel")
@allow("callins.manage")
def cancel(session_id: int) -> ResponseReturnValue:
    try:
        callins.cancel_session(session_id)
    except LookupError:
        abort(404)
    except CallinError as error:
        db.session.rollback()
        flash(str(error.message), "error")
    else:
        db.session.commit()
        flash(_("The session was cancelled; who was registered is told by SMS."), "success")
    return redirect(url_for("callins.show", session_id=session_id))


@blueprint.get("/sessions/<int:session_id>/minutes")
@allow("callins.manage")
def edit_minutes(session_id: int) -> ResponseReturnValue:
    return _minutes_page(_session(session_id))


@blueprint.post("/sessions/<int:session_id>/minutes")
@allow("callins.manage")
def save_minutes(session_id: int) -> ResponseReturnValue:
    """Save the wording; with the button `publish` show it to everybody too."""
    session = _session(session_id)
    published = session.minutes_published_at is not None
    texts = {
        call.id: (
            f"public-{call.id}" in request.form,
            _typed(f"subject-{call.id}"),
            _typed(f"text-{call.id}"),
        )
        for call in minutes.lines(session_id, public_only=False)
        if f"text-{call.id}" in request.form
    }
    try:
        minutes.edit(session_id, texts)
        if published or "publish" in request.form:
            minutes.publish(session_id, names_are_none="checked" in request.form)
    except CallinError as error:
        flash(str(error.message), "error")
        if error.field and published:
            # Nobody reads it yet; whoever typed it sees it again with what is wrong.
            page = _minutes_page(session)
            db.session.rollback()
            return page, 422
        if error.field:
            db.session.commit()  # the wording is kept, as a draft
        else:
            db.session.rollback()
    else:
        db.session.commit()
        flash(_("The minutes were saved."), "success")
    return redirect(url_for("callins.edit_minutes", session_id=session_id))


def _typed(name: str) -> str:
    return strip_controls(request.form.get(name, ""))[:MOST_MINUTES].strip()


def _series_page(form: SeriesForm, series: CallinSeries | None) -> str:
    return render_template("callins/series.html", form=form, series=series)


def _session_page(session: CallinSession, form: SessionForm) -> str:
    return render_template(
        "callins/session.html",
        session=session,
        form=form,
        places=registration.places(session),
        counts=figures.of_session(session.id),
        exchange=exchange.of_session(session.id),
        states=labels.SESSION_STATES,
        call_states=labels.CALL_STATES,
    )


def _minutes_page(session: CallinSession) -> str:
    return render_template(
        "callins/minutes.html",
        session=session,
        form=FlaskForm(),
        lines=minutes.lines(session.id, public_only=False),
        promises=promises.of_session(session.id),
        call_states=labels.CALL_STATES,
        call_tones=labels.CALL_TONES,
        promise_states=labels.PROMISE_STATES,
        promise_tones=labels.PROMISE_TONES,
        most=MOST_MINUTES,
        leaks=minutes.leaks(session.id) if session.state == "closed" else [],
    )


def _found(read: Any, wanted: int) -> Any:
    try:
        return read(wanted)
    except LookupError:
        abort(404)


def _series(series_id: int) -> CallinSeries:
    found: CallinSeries = _found(callins.get_series, series_id)
    return found


def _session(session_id: int) -> CallinSession:
    found: CallinSession = _found(callins.get_session, session_id)
    return found
