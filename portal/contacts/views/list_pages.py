"""The list: search, filters, tags for all that is found."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.contacts import audience, bank
from portal.contacts.forms import TagForm
from portal.contacts.views.blueprint import blueprint
from portal.db import db
from portal.i18n import format_number, ngettext
from portal.security import allow


def _number(name: str) -> int | None:
    value = request.args.get(name, "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 18 else None


@blueprint.get("/")
@allow("contacts.read")
def index() -> str:
    return _list(bank.BankFilter.from_args(request.args), TagForm(formdata=None))


@blueprint.post("/tags")
@allow("contacts.write")
def tag_all() -> ResponseReturnValue:
    """Add or remove a tag for everybody in the filtered list."""
    wanted = bank.BankFilter.from_args(request.args)
    form = TagForm()
    if not form.validate_on_submit():
        return _list(wanted, form), 422
    add = request.form.get("action") != "remove"
    changed = bank.tag_all(wanted, form.value(), add=add)
    db.session.commit()
    if add:
        text = ngettext("%(num)s contact got the tag", "%(num)s contacts got the tag", changed)
    else:
        text = ngettext("%(num)s contact lost the tag", "%(num)s contacts lost the tag", changed)
    flash(text, "success" if changed else "info")
    arguments: dict[str, Any] = wanted.to_args()
    return redirect(url_for("contacts.index", **arguments), 303)


def _list(wanted: bank.BankFilter, tag_form: TagForm) -> str:
    page = bank.page(wanted, after=_number("after"), before=_number("before"))
    arguments: dict[str, Any] = wanted.to_args()
    choices = audience.choices()
    return render_template(
        "contacts/index.html",
        page=page,
        total=bank.count(wanted),
        wanted=wanted,
        arguments=arguments,
        choices=choices,
        tag_options=_options(choices.tags, wanted.tag),
        place_options=_options(choices.neighbourhoods, wanted.neighbourhood),
        tag_form=tag_form,
        before_url=page.before and url_for("contacts.index", before=page.before, **arguments),
        after_url=page.after and url_for("contacts.index", after=page.after, **arguments),
    )


def _options(counted: list[tuple[str, int]], chosen: str) -> list[tuple[str, str]]:
    """Options of a filter; what is chosen stays among them though nobody has it any more."""
    options = [(text, f"{text} ({format_number(number)})") for text, number in counted]
    if chosen and chosen not in dict(options):
        options.append((chosen, chosen))
    return options
