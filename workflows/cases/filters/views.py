"""Saved lists, the numbers on their tabs, and what has changed since a list was opened."""

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user

from portal.db import db
from portal.i18n import _
from portal.security import allow
from workflows.cases import moves
from workflows.cases.filters import mentions, services
from workflows.cases.staff import counting, lists, tabs
from workflows.cases.staff.blueprint import blueprint
from workflows.cases.staff.lists import CaseFilter


@blueprint.get("/filters")
@allow("cases.read")
def filter_list() -> str:
    return render_template(
        "cases_lists/filters.html", rows=services.visible(current_user.id, current_user.unit_id)
    )


@blueprint.get("/filters/counts")
@allow("cases.read")
def filter_counts() -> str:
    """The tabs again, with numbers: fetched by the page once it stands."""
    wanted = CaseFilter.from_args(request.args, tabs.home_view())
    saved = tabs.saved()
    named = {f"s{one.id}": one.wanted for one in saved}
    return render_template(
        "cases_lists/_saved_tabs.html",
        saved_tabs=tabs.saved_tabs(wanted, saved, counting.of_filters(named, tabs.reader())),
    )


@blueprint.post("/filters")
@allow("cases.read")
def save_filter() -> ResponseReturnValue:
    wanted = CaseFilter.from_args(request.form, "all")
    try:
        services.save(
            current_user.id,
            current_user.unit_id,
            request.form.get("name", ""),
            wanted,
            share=request.form.get("share") == "y",
        )
    except moves.InputRefused as error:
        db.session.rollback()
        flash(str(error.message), "error")
        return redirect(url_for("cases.index", **tabs.arguments(wanted)), 303)
    db.session.commit()
    flash(_("The list was saved."), "success")
    return redirect(url_for("cases.index", **tabs.arguments(wanted)), 303)


@blueprint.post("/filters/<int:filter_id>/delete")
@allow("cases.read")
def delete_filter(filter_id: int) -> ResponseReturnValue:
    if not services.remove(filter_id, current_user.id):
        abort(404)
    db.session.commit()
    flash(_("The list was deleted."), "success")
    return redirect(url_for("cases.filter_list"), 303)


@blueprint.post("/filters/default")
@allow("cases.read")
def default_filter() -> ResponseReturnValue:
    chosen = lists.number(request.form.get("filter", ""))
    if not services.set_default(chosen, current_user.id, current_user.unit_id):
        abort(404)
    db.session.commit()
    flash(_("From now on you begin with this list."), "success")
    return redirect(url_for("cases.filter_list"), 303)


@blueprint.get("/changes")
@allow("cases.read")
def changes() -> str:
    """How many cases of the list others have changed since; a line that the page fetches."""
    wanted = CaseFilter.from_args(request.args, tabs.home_view())
    since = lists.number(request.args.get("since", ""))
    if since is None:
        abort(404)
    shown = [lists.number(one) or 0 for one in request.args.get("shown", "").split(",")[:100]]
    number, more = counting.changed(wanted, tabs.reader(), since, shown)
    return render_template(
        "cases_lists/_changes.html",
        number=number,
        more=more,
        url=url_for("cases.index", **tabs.arguments(wanted)),
    )


@blueprint.get("/mentions")
@allow("cases.work")
def mention_list() -> str:
    return render_template("cases_lists/mentions.html", rows=mentions.unseen(current_user.id))


@blueprint.post("/mentions/seen")
@allow("cases.work")
def mentions_seen() -> ResponseReturnValue:
    mentions.seen(current_user.id, lists.number(request.form.get("up_to", "")) or 0)
    db.session.commit()
    return redirect(url_for("cases.mention_list"), 303)
