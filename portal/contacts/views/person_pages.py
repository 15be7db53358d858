"""One contact: what is known, what was agreed, what was sent."""

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user

from portal.contacts import audience, bank, consent, history
from portal.contacts.forms import ConsentForm, ContactForm, NewContactForm
from portal.contacts.history import Before
from portal.contacts.models import Contact
from portal.contacts.views.blueprint import blueprint
from portal.db import db
from portal.i18n import _, default_language
from portal.messaging import labels as labels_of
from portal.security import allow, may


def _contact(contact_id: int) -> Contact:
    return db.session.get(Contact, contact_id) or abort(404)


@blueprint.get("/<int:contact_id>")
@allow("contacts.read")
def show(contact_id: int) -> str:
    return _page(_contact(contact_id), ConsentForm(formdata=None))


def _page(contact: Contact, form: ConsentForm) -> str:
    before = Before.read(request.args.get("before"))
    items, older = history.page(contact, before, history.sources(may))
    return render_template(
        "contacts/show.html",
        contact=contact,
        stops=consent.stops(contact.e164),
        history=consent.history(contact.e164),
        items=items,
        older=older,
        is_newest=before.at is None,
        unreachable=labels_of.explain(contact.unreachable_reason),
        form=form,
    )


@blueprint.route("/new", methods=["GET", "POST"])
@allow("contacts.write")
def new() -> ResponseReturnValue:
    form = NewContactForm(language=default_language())
    if form.validate_on_submit():
        try:
            contact_id = bank.create(form.e164, source=_("Added by hand"), **form.values())
        except bank.NumberTakenError as taken:
            db.session.rollback()
            flash(_("This number is in the bank already; here it is."), "info")
            return redirect(url_for("contacts.show", contact_id=taken.contact_id), 303)
        db.session.commit()
        flash(_("The contact is in the bank."), "success")
        return redirect(url_for("contacts.show", contact_id=contact_id), 303)
    page = render_template(
        "contacts/edit.html", form=form, contact=None, choices=audience.choices()
    )
    return page, 422 if request.method == "POST" else 200


@blueprint.route("/<int:contact_id>/edit", methods=["GET", "POST"])
@allow("contacts.write")
def edit(contact_id: int) -> ResponseReturnValue:
    contact = _contact(contact_id)
    form = ContactForm(
        name=contact.name,
        language=contact.language,
        neighbourhood=contact.neighbourhood,
        tags="، ".join(contact.tags),
        version=bank.version_of(contact),
    )
    if form.validate_on_submit():
        try:
            changed = bank.change(contact_id, version=form.version.data, **form.values())
        except bank.ChangedMeanwhileError:
            db.session.rollback()
            form.version.data = bank.version_of(_contact(contact_id))
            form.form_errors.append(
                _(
                    "Somebody else changed this contact meanwhile. Compare, then save again to "
                    "put your version in its place."
                )
            )
        else:
            db.session.commit()
            flash(_("Saved.") if changed else _("Nothing was changed."), "success")
            return redirect(url_for("contacts.show", contact_id=contact_id), 303)
    page = render_template(
        "contacts/edit.html", form=form, contact=contact, choices=audience.choices()
    )
    return page, 422 if request.method == "POST" else 200


@blueprint.post("/<int:contact_id>/opt-out")
@allow("contacts.write")
def opt_out(contact_id: int) -> ResponseReturnValue:
    """Stop all messages, because the person asked an officer to."""
    return _decide(contact_id, stop=True)


@blueprint.post("/<int:contact_id>/rejoin")
@allow("contacts.write")
def rejoin(contact_id: int) -> ResponseReturnValue:
    """Allow messages again, because the person asked an officer to."""
    return _decide(contact_id, stop=False)


def _decide(contact_id: int, *, stop: bool) -> ResponseReturnValue:
    contact = _contact(contact_id)
    form = ConsentForm()
    if not form.validate_on_submit():
        return _page(contact, form), 422
    note = (form.note.data or "").strip()
    call = consent.opt_out if stop else consent.rejoin
    changed = call(contact.e164, line=None, channel="staff", evidence=note, user_id=current_user.id)
    db.session.commit()
    if not changed:
        flash(_("Nothing was changed."), "info")
    elif stop:
        flash(_("This person gets no more messages."), "success")
    else:
        flash(_("This person gets messages again."), "success")
    return redirect(url_for("contacts.show", contact_id=contact_id), 303)
