"""One letter: written, shown, printed, issued, followed to its end."""

from collections.abc import Callable
from typing import Any

from flask import Response, abort, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user
from sqlalchemy.exc import IntegrityError

from portal import clock
from portal.db import db
from portal.i18n import LazyText, _, _l
from portal.security import allow, body_limit, may
from workflows.calendars import queries as calendars
from workflows.cases.moves import InputRefused
from workflows.letters import deadlines, files, heads, pdf, register, services, words
from workflows.letters.forms import EndForm, FilesForm, IssueForm, LetterForm, SentForm
from workflows.letters.models import WAITING, Letter, LetterDocument
from workflows.letters.presenting import present
from workflows.letters.views import filling
from workflows.letters.views.blueprint import blueprint

FORM_BYTES = 400_000
FILES_BYTES = files.MOST_FILES * files.MOST_BYTES // 3
"""Of one request with files: forty megabytes."""


def found(letter_id: int) -> Letter:
    return db.session.get(Letter, letter_id) or abort(404)


@blueprint.get("/new")
@allow("letters.write")
def new() -> ResponseReturnValue:
    """An empty letter; `case` fills in a case, `refers_to` another letter."""
    case_id = request.args.get("case", type=int)
    other = _other(request.args.get("refers_to", type=int))
    return _form_page(filling.new_form(case_id, other), None, other)


@blueprint.post("/new")
@allow("letters.write")
@body_limit(FORM_BYTES)
def create() -> ResponseReturnValue:
    other = _other(request.args.get("refers_to", type=int))
    form = filling.letter_form(other=other)
    if form.validate_on_submit():
        try:
            letter = services.write(
                form.draft(filling.case_ids(form)),
                by=current_user.id,
                refers_to_id=other.id if other else None,
                relation=filling.relation(form, other),
            )
        except InputRefused as refused:
            db.session.rollback()
            form.refuse(refused)
        else:
            letter_id = letter.id
            db.session.commit()
            flash(_("The draft was saved."), "success")
            return redirect(url_for(".show", letter_id=letter_id), 303)
    return _form_page(form, None, other), 422


@blueprint.get("/<int:letter_id>/edit")
@allow("letters.write")
def edit(letter_id: int) -> ResponseReturnValue:
    letter = _draft(letter_id)
    return _form_page(filling.form_of(letter), letter, None)


@blueprint.post("/<int:letter_id>/edit")
@allow("letters.write")
@body_limit(FORM_BYTES)
def update(letter_id: int) -> ResponseReturnValue:
    letter = _draft(letter_id)
    form = filling.letter_form()
    if form.validate_on_submit():
        try:
            services.change(letter_id, form.draft(filling.case_ids(form)), by=current_user.id)
        except InputRefused as refused:
            db.session.rollback()
            form.refuse(refused)
        else:
            db.session.commit()
            flash(_("The draft was saved."), "success")
            return redirect(url_for(".show", letter_id=letter_id), 303)
    return _form_page(form, found(letter.id), None), 422


@blueprint.get("/<int:letter_id>")
@allow("letters.read")
def show(letter_id: int) -> ResponseReturnValue:
    return page(found(letter_id))


@blueprint.get("/<int:letter_id>/print")
@allow("letters.read")
def twin(letter_id: int) -> ResponseReturnValue:
    """The HTML twin of the PDF, to be read aloud, copied or printed."""
    letter = found(letter_id)
    if letter.direction != "out":
        abort(404)
    return render_template("letters/print.html", letter=letter, document=present(letter))


@blueprint.get("/<int:letter_id>/letter.pdf")
@allow("letters.read")
def document(letter_id: int) -> ResponseReturnValue:
    """As it was issued; a draft is drawn anew and says that it is one."""
    letter = found(letter_id)
    if letter.direction != "out":
        abort(404)
    stored = db.session.get(LetterDocument, letter_id)
    response = Response(stored.content if stored else pdf.render(letter), mimetype=files.PDF)
    name = (letter.reference or f"draft-{letter_id}").replace("/", "-")
    safe = "".join(char for char in name if char.isascii() and (char.isalnum() or char in "-._"))
    response.headers["Content-Disposition"] = f'inline; filename="letter-{safe or letter_id}.pdf"'
    return response


@blueprint.get("/<int:letter_id>/files/<int:file_id>")
@allow("letters.read")
def file(letter_id: int, file_id: int) -> ResponseReturnValue:
    """An enclosure or a scan, always as a download and in a sandbox: it came from outside."""
    row = files.find(letter_id, file_id) or abort(404)
    path = files.path_of(row.stored_path)
    if not path.is_file():
        abort(404)
    response = send_file(path, mimetype=row.mimetype, as_attachment=True, download_name=row.name)
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


@blueprint.get("/emblem/<int:unit_id>")
@allow("letters.read")
def emblem(unit_id: int) -> ResponseReturnValue:
    return Response(heads.emblem_of(unit_id) or abort(404), mimetype="image/jpeg")


@blueprint.post("/<int:letter_id>/files")
@allow("letters.write")
@body_limit(FORM_BYTES, FILES_BYTES)
def add_files(letter_id: int) -> ResponseReturnValue:
    letter = found(letter_id)
    form = FilesForm()
    stored: list[str] = []
    if form.validate_on_submit():
        try:
            stored = services.add_files(letter_id, form.sent())
        except InputRefused as refused:
            db.session.rollback()
            form.refuse(refused)
        else:
            filling.commit_with(stored)
            flash(_("The files were added."), "success")
            return redirect(url_for(".show", letter_id=letter_id), 303)
    return page(letter, files_form=form), 422


@blueprint.post("/<int:letter_id>/files/<int:file_id>/remove")
@allow("letters.write")
def remove_file(letter_id: int, file_id: int) -> ResponseReturnValue:
    return _step(
        letter_id,
        lambda: services.remove_file(letter_id, file_id),
        _l("The file was removed."),
    )


@blueprint.post("/<int:letter_id>/issue")
@allow("letters.issue")
def issue(letter_id: int) -> ResponseReturnValue:
    letter = found(letter_id)
    form = IssueForm(secretariat=heads.of(letter.unit_id).numbering == "secretariat")
    return _step(
        letter_id,
        lambda: services.issue(letter_id, by=current_user.id, **form.values()),
        _l("The letter was issued."),
        form,
        "issue_form",
    )


@blueprint.post("/<int:letter_id>/sent")
@allow("letters.write")
def sent(letter_id: int) -> ResponseReturnValue:
    form = SentForm()
    return _step(
        letter_id,
        lambda: services.mark_sent(letter_id, how=form.how.data),
        _l("Noted: the letter was sent."),
        form,
        "sent_form",
    )


@blueprint.post("/<int:letter_id>/close")
@allow("letters.write")
def close(letter_id: int) -> ResponseReturnValue:
    form = EndForm(prefix="close-")
    return _step(
        letter_id,
        lambda: services.close(letter_id, by=current_user.id, why=form.text("why")),
        _l("The letter was closed without a reply."),
        form,
        "close_form",
    )


@blueprint.post("/<int:letter_id>/cancel")
@allow("letters.issue")
def cancel(letter_id: int) -> ResponseReturnValue:
    form = EndForm(prefix="cancel-")
    return _step(
        letter_id,
        lambda: services.cancel(letter_id, by=current_user.id, why=form.text("why")),
        _l("The letter was cancelled; its number stays given."),
        form,
        "cancel_form",
    )


@blueprint.post("/<int:letter_id>/discard")
@allow("letters.write")
def discard(letter_id: int) -> ResponseReturnValue:
    return _step(
        letter_id,
        lambda: services.discard(letter_id),
        _l("The draft was thrown away."),
        next_url=url_for(".index"),
    )


def _step(
    letter_id: int,
    step: Callable[[], object],
    done: LazyText,
    form: Any = None,
    name: str = "",
    *,
    next_url: str | None = None,
) -> ResponseReturnValue:
    """Checked, done, committed, and the page again."""
    letter = found(letter_id)
    if form is not None and not form.validate_on_submit():
        return page(letter, **{name: form}), 422
    try:
        step()
        db.session.commit()
    except LookupError:
        db.session.rollback()
        abort(404)
    except IntegrityError:
        # The number was taken between the look and the write.
        db.session.rollback()
        flash(_("Another letter has this number."), "error")
        return _typed(found(letter_id), name, form), 409
    except InputRefused as refused:
        db.session.rollback()
        letter = found(letter_id)
        if form is None or refused.field not in form:
            flash(str(refused.message), "error")
            return _typed(letter, name, form), 409
        form.refuse(refused)
        return page(letter, **{name: form}), 422
    flash(done, "success")
    return redirect(next_url or url_for(".show", letter_id=letter_id), 303)


def _typed(letter: Letter, name: str, form: Any) -> str:
    """The page with what was typed, where that step is still possible."""
    possible = {"issue_form": ("draft",), "sent_form": ("issued",)}.get(name, WAITING)
    keeps = form is not None and letter.state in possible
    return page(letter, **({name: form} if keeps else {}))


def page(letter: Letter, **forms: Any) -> str:
    """One letter; a form that was sent is shown again with what was typed."""
    if letter.state == "draft" and may("letters.write"):
        forms.setdefault("files_form", FilesForm(formdata=None))
    if letter.state == "draft" and may("letters.issue"):
        secretariat = heads.of(letter.unit_id).numbering == "secretariat"
        forms.setdefault("issue_form", IssueForm(formdata=None, secretariat=secretariat))
    if letter.state == "issued" and may("letters.write"):
        forms.setdefault("sent_form", SentForm(formdata=None))
    if letter.state in WAITING and may("letters.write"):
        forms.setdefault("close_form", EndForm(formdata=None, prefix="close-"))
    if letter.state in WAITING and may("letters.issue"):
        forms.setdefault("cancel_form", EndForm(formdata=None, prefix="cancel-"))
    owner, issuer = register.people_of(letter)
    return render_template(
        "letters/show.html",
        letter=letter,
        unit=heads.unit_name(letter.unit_id),
        owner=owner,
        issuer=issuer,
        words=words,
        late=deadlines.is_late(letter, clock.now()),
        skipped=_skipped(letter),
        calendar=calendars.titles().get(letter.calendar or "", letter.calendar),
        cases=register.cases_of(letter.id),
        enclosed=files.of_letter(letter.id),
        other=db.session.get(Letter, letter.refers_to_id) if letter.refers_to_id else None,
        following=register.referring_to(letter.id),
        forms_of=forms,
    )


def _skipped(letter: Letter) -> tuple[Any, ...]:
    """The closed days that were not counted, for the explanation of the due time."""
    if not (letter.due_at and letter.calendar and letter.reply_days and letter.dated_on):
        return ()
    try:
        return deadlines.count(letter.calendar, letter.dated_on, letter.reply_days).skipped
    except InputRefused:
        return ()


def _draft(letter_id: int) -> Letter:
    letter = found(letter_id)
    if letter.state != "draft":
        flash(_("An issued letter never changes; write a correction that refers to it."), "error")
        abort(redirect(url_for(".show", letter_id=letter_id), 303))
    return letter


def _other(letter_id: int | None) -> Letter | None:
    if letter_id is None:
        return None
    other = found(letter_id)
    return other if other.state != "draft" else abort(404)


def _form_page(form: LetterForm, letter: Letter | None, other: Letter | None) -> str:
    return render_template("letters/form.html", form=form, letter=letter, other=other)
