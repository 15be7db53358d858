"""A message that an operator writes down for somebody on the telephone or at the counter."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user
from sqlalchemy import select

from portal.contacts.models import Contact
from portal.db import db
from portal.i18n import _, current_language, default_language
from portal.security import allow, body_limit
from workflows.calls import registering
from workflows.cases import clocks, codes, intake, moves, once
from workflows.cases.matter import joins
from workflows.cases.photo_fields import FORM_BYTES, MOST_BYTES
from workflows.cases.public.slip import qr_path
from workflows.cases.questions import asking
from workflows.cases.staff import detail
from workflows.cases.staff.blueprint import blueprint
from workflows.cases.staff.case_pages import found
from workflows.cases.staff.detail_pages import commit, keep
from workflows.cases.staff.forms import RegisterForm

FIELDS = {"category": "category_id"}


@blueprint.get("/new")
@allow("cases.register")
def new() -> str:
    """Empty, or filled in with what a call brought along."""
    source = registering.source(request.args.get("call"), request.args.get("callback"))
    form = _form(**{"language": default_language(), **source.data})
    form.call.data = str(source.call_id or "")
    form.callback.data = str(source.callback_id or "")
    form.know_number()
    return _page(form, looked_up=form.e164 is not None)


@blueprint.post("/new")
@allow("cases.register")
@body_limit(FORM_BYTES, MOST_BYTES)
def register() -> ResponseReturnValue:
    form = _form()
    questions = asking.of_form(form.category_id.data, request.form, staff=True)
    match request.form.get("do"):
        case "look":
            return _looked_up(form, questions)
        case "questions":
            return _page(form, questions)
    valid = form.validate_on_submit()
    valid = form.read_details(form.channel.data) and valid
    if not questions.unseen:
        valid = questions.validate() and valid
    if not valid:
        return _page(form, questions), 422
    if questions.unseen:
        # The second step: nothing is wrong, but there is more to ask.
        return _page(form, questions)
    key = form.form_key(current_user.id, questions.digest().hex())
    if (known := once.case_of(key)) is not None:
        return redirect(url_for("cases.registered", case_id=known.id), 303)
    try:
        source = registering.source(form.call.data, form.callback.data)
        case = intake.receive(registered_by=current_user.id, **source.origin, **form.values())
        case.form_key = key
        asking.store(case.id, asking.values(questions), by=current_user.id)
        registering.finished(source, case, by=current_user.id)
        if (same_as := request.form.get("same_as", "")).isdecimal():
            joins.join(case.id, int(same_as[:17]), by=current_user.id)
    except (joins.JoinRefused, LookupError) as error:
        db.session.rollback()
        why = error.message if isinstance(error, joins.JoinRefused) else _("There is no such case.")
        form.text.errors = [*form.text.errors, str(why)]
        return _page(form, questions), 422
    except moves.InputRefused as error:
        db.session.rollback()
        name = FIELDS.get(error.field, error.field)
        field = form[name if name in form else "text"]
        field.errors = [*field.errors, str(error.message)]
        return _page(form, questions), 422
    case_id = case.id
    commit(keep(case_id, form.drawn))
    return redirect(url_for("cases.registered", case_id=case_id), 303)


@blueprint.get("/<int:case_id>/registered")
@allow("cases.register")
def registered(case_id: int) -> str:
    """The code in large letters, the words to read out, a slip to print."""
    case = found(case_id)
    address = codes.url(case.code)
    return render_template(
        "cases_staff/registered.html",
        case=case,
        spelled=" ".join(case.code[at : at + 2] for at in range(0, len(case.code), 2)),
        sentence=clocks.explain(case, current_language()),
        slip_sentence=clocks.explain(case, case.language),
        address=address,
        qr=qr_path(address),
    )


def _form(**arguments: object) -> RegisterForm:
    return RegisterForm(categories=detail.category_choices(), **arguments)


def _looked_up(form: RegisterForm, questions: asking.Questions) -> ResponseReturnValue:
    """Who rings? Nothing is stored; what was typed so far stays."""
    if not form.phone.validate(form, [RegisterForm.validate_phone]) or not form.e164:
        form.phone.errors = form.phone.errors or [_("Write the number first.")]
        return _page(form, questions), 422
    contact = _contact(form.e164)
    if contact is not None:
        form.name.data = form.name.data or contact.name
        form.neighbourhood.data = form.neighbourhood.data or contact.neighbourhood
        form.language.data = contact.language
    return _page(form, questions, looked_up=True)


def _contact(e164: str) -> Contact | None:
    return db.session.scalars(select(Contact).where(Contact.e164 == e164)).first()


def _page(
    form: RegisterForm, questions: asking.Questions | None = None, *, looked_up: bool = False
) -> str:
    if questions is None:
        questions = asking.of_form(form.category_id.data, staff=True)
    known = detail.of_number(form.e164)
    return render_template(
        "cases_staff/register.html",
        form=form,
        questions=questions,
        photo_again=bool(form.drawn),
        looked_up=looked_up,
        known=known,
        contact=_contact(form.e164) if form.e164 else None,
        open_known=sum(1 for one in known if one.case.stage != "closed"),
    )
