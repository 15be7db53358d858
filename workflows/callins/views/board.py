"""The live board. Its list refreshes itself; forms stand on pages that nothing replaces."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user

from portal.db import db
from portal.i18n import _
from portal.security import allow, may
from portal.units import services as units
from workflows.callins import board, exchange, figures, known, labels, queries
from workflows.callins.forms import AnswerForm, CallerForm, PromiseForm
from workflows.callins.models import Call
from workflows.callins.services import CallinError
from workflows.cases.models import Case
from workflows.cases.moves import InputRefused

blueprint = Blueprint(
    "callin_board", __name__, template_folder="../templates", url_prefix="/staff/callin-board"
)


@blueprint.context_processor
def _words() -> dict[str, object]:
    return {"kinds": labels.KINDS}


@blueprint.get("/")
@allow("callins.answer")
def index() -> ResponseReturnValue:
    return render_template(
        "callins/boards.html",
        coming=queries.coming(10),
        past=queries.past(10),
        states=labels.SESSION_STATES,
    )


@blueprint.get("/<int:session_id>")
@allow("callins.answer")
def show(session_id: int) -> ResponseReturnValue:
    return _board_page(session_id, CallerForm())


@blueprint.get("/<int:session_id>/queue")
@allow("callins.answer")
def queue(session_id: int) -> ResponseReturnValue:
    """The part of the board that refreshes itself."""
    return render_template("callins/_queue.html", **_board(session_id))


@blueprint.post("/<int:session_id>/open")
@allow("callins.answer")
def open_session(session_id: int) -> ResponseReturnValue:
    _do(board.open_session, session_id)
    return redirect(url_for("callin_board.show", session_id=session_id))


@blueprint.post("/<int:session_id>/close")
@allow("callins.answer")
def close_session(session_id: int) -> ResponseReturnValue:
    if _do(board.close_session, session_id):
        flash(_("The session has ended. The public minutes can be written now."), "success")
    return redirect(url_for("callin_board.show", session_id=session_id))


@blueprint.post("/<int:session_id>/callers")
@allow("callins.answer")
def add_caller(session_id: int) -> ResponseReturnValue:
    form = CallerForm()
    if form.validate_on_submit():
        try:
            board.add_caller(session_id, by=current_user.id, **form.values())
        except LookupError:
            abort(404)
        except CallinError as error:
            db.session.rollback()
            form.refuse(error)
        else:
            db.session.commit()
            flash(_("The caller is in the queue."), "success")
            return redirect(url_for("callin_board.show", session_id=session_id))
    return _board_page(session_id, form), 422


@blueprint.post("/<int:session_id>/next")
@allow("callins.answer")
def take_next(session_id: int) -> ResponseReturnValue:
    taken = _do(board.take_next, session_id, current_user.id)
    if isinstance(taken, Call):
        return redirect(url_for("callin_board.call", call_id=taken.id))
    if taken is not None:
        flash(_("Nobody is waiting in the queue."), "info")
    return redirect(url_for("callin_board.show", session_id=session_id))


@blueprint.get("/calls/<int:call_id>")
@allow("callins.answer")
def call(call_id: int) -> ResponseReturnValue:
    found = _call(call_id)
    return _call_page(found, AnswerForm(), _promise_form(found))


@blueprint.post("/calls/<int:call_id>/take")
@allow("callins.answer")
def take(call_id: int) -> ResponseReturnValue:
    found = _call(call_id)
    session_id = found.session_id
    if _do(board.take, call_id, current_user.id):
        return redirect(url_for("callin_board.call", call_id=call_id))
    return redirect(url_for("callin_board.show", session_id=session_id))


@blueprint.post("/calls/<int:call_id>/renew")
@allow("callins.answer")
def renew(call_id: int) -> ResponseReturnValue:
    """The open page of a call asks every minute; it learns too that a colleague has taken over."""
    call, lost = _call(call_id), ""
    try:
        board.renew(call_id, current_user.id)
    except CallinError as error:
        db.session.rollback()
        lost = str(error.message)
    else:
        db.session.commit()
    return render_template("callins/_lease.html", call=call, lost=lost)


@blueprint.post("/calls/<int:call_id>/put-back")
@allow("callins.answer")
def put_back(call_id: int) -> ResponseReturnValue:
    session_id = _call(call_id).session_id
    _do(board.put_back, call_id, current_user.id)
    return redirect(url_for("callin_board.show", session_id=session_id))


@blueprint.post("/calls/<int:call_id>/no-show")
@allow("callins.answer")
def no_show(call_id: int) -> ResponseReturnValue:
    session_id = _call(call_id).session_id
    _do(board.end, call_id, by=current_user.id, state="no_show")
    return redirect(url_for("callin_board.show", session_id=session_id))


@blueprint.post("/calls/<int:call_id>/end")
@allow("callins.answer")
def end(call_id: int) -> ResponseReturnValue:
    """How the call ended, by the button that was pressed."""
    found = _call(call_id)
    session_id, form = found.session_id, AnswerForm()
    state = request.form.get("state", "")
    if state not in board.ENDINGS:
        abort(400)
    if form.validate_on_submit():
        try:
            board.end(call_id, by=current_user.id, state=state, words=form.said())
        except CallinError as error:
            db.session.rollback()
            form.refuse(error)
        else:
            db.session.commit()
            return redirect(url_for("callin_board.show", session_id=session_id))
    found = _call(call_id)
    return _call_page(found, form, _promise_form(found, empty=True)), 422


@blueprint.post("/calls/<int:call_id>/promise")
@allow("callins.answer")
def promise(call_id: int) -> ResponseReturnValue:
    found = _call(call_id)
    session_id, form = found.session_id, _promise_form(found)
    if form.validate_on_submit():
        try:
            board.promise(call_id, by=current_user.id, **form.values())
        except CallinError as error:
            db.session.rollback()
            form.refuse(error)
        except InputRefused as error:
            db.session.rollback()
            form.form_errors = [str(error.message)]
        else:
            db.session.commit()
            flash(_("The promise was registered as a message with its own clock."), "success")
            return redirect(url_for("callin_board.show", session_id=session_id))
    return _call_page(_call(call_id), AnswerForm(formdata=None), form), 422


def _promise_form(call: Call, *, empty: bool = False) -> PromiseForm:
    data = {"subject": call.subject, "unit_id": call.session.series.unit_id}
    options: dict[str, Any] = {"formdata": None} if empty else {}
    return PromiseForm(units=units.choices(), people=queries.people(), data=data, **options)


def _do(change: Callable[..., Any], *args: Any, **values: Any) -> Any:
    """Make a change and commit; a refusal is shown. None when refused, else what came of it."""
    try:
        result = change(*args, **values)
    except LookupError:
        abort(404)
    except CallinError as error:
        db.session.rollback()
        flash(str(error.message), "error")
        return None
    db.session.commit()
    return True if result is None else result


def _board(session_id: int) -> dict[str, Any]:
    try:
        found = board.read(session_id, current_user.id)
    except LookupError:
        abort(404)
    return {
        "board": found,
        "session": found.session,
        "counts": figures.of_session(session_id),
        "exchange": exchange.of_session(session_id),
        "call_states": labels.CALL_STATES,
        "call_tones": labels.CALL_TONES,
        "can_call_again": board.CAN_CALL_AGAIN,
    }


def _board_page(session_id: int, form: CallerForm) -> str:
    return render_template(
        "callins/board.html", form=form, states=labels.SESSION_STATES, **_board(session_id)
    )


def _call_page(call: Call, answer: AnswerForm, promise_form: PromiseForm) -> str:
    mine = call.state == "in_call" and call.taken_by == current_user.id
    return render_template(
        "callins/call.html",
        call=call,
        session=call.session,
        known=known.about(call.e164, but_call=call.id),
        case=db.session.get(Case, call.case_id) if call.case_id else None,
        case_url=_case_url(call.case_id),
        mine=mine,
        left=board.has_run_out(call),
        answer=answer,
        promise=promise_form,
        call_states=labels.CALL_STATES,
        call_tones=labels.CALL_TONES,
    )


def _case_url(case_id: int | None) -> str | None:
    """The page of a case, for those who may read it."""
    if case_id is None or not may("cases.read"):
        return None
    return url_for("cases.show", case_id=case_id)


def _call(call_id: int) -> Call:
    found = db.session.get(Call, call_id)
    if found is None:
        abort(404)
    return found
