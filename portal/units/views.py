"""The tree of units."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.db import db
from portal.i18n import _
from portal.security import allow
from portal.units import services
from portal.units.forms import UnitForm
from portal.units.models import Unit

blueprint = Blueprint("units", __name__, template_folder="templates", url_prefix="/staff/units")


@blueprint.get("/")
@allow("units.read")
def index() -> ResponseReturnValue:
    return render_template("units/index.html", tree=services.tree(), kinds=services.KIND_NAMES)


@blueprint.get("/new")
@allow("units.write")
def new() -> ResponseReturnValue:
    units = services.choices()
    under = request.args.get("under", type=int)
    known = {unit_id for unit_id, _name in units}
    form = UnitForm(units=units, data={"parent_id": under if under in known else None})
    form.active.data = True
    return render_template("units/edit.html", form=form, unit=None)


@blueprint.post("/new")
@allow("units.write")
def create() -> ResponseReturnValue:
    form = UnitForm(units=services.choices(active_only=False))
    if form.validate_on_submit():
        try:
            unit = services.create_unit(**form.values())
        except services.UnitError as error:
            db.session.rollback()
            form.refuse(error)
        else:
            unit_id = unit.id
            db.session.commit()
            flash(_("The unit was saved."), "success")
            return redirect(url_for("units.show", unit_id=unit_id))
    return render_template("units/edit.html", form=form, unit=None), 422


@blueprint.get("/<int:unit_id>")
@allow("units.read")
def show(unit_id: int) -> ResponseReturnValue:
    chain = services.escalation_chain(unit_id)
    return render_template(
        "units/show.html",
        unit=_unit(unit_id),
        chain=chain,
        names=services.names(chain),
        kinds=services.KIND_NAMES,
        staff=services.staff_count(unit_id),
    )


@blueprint.get("/<int:unit_id>/edit")
@allow("units.write")
def edit(unit_id: int) -> ResponseReturnValue:
    unit = _unit(unit_id)
    data = {
        "code": unit.code,
        "kind": unit.kind,
        "parent_id": unit.parent_id,
        "escalates_to_id": unit.escalates_to_id,
        "active": unit.active,
        **{f"name_{lang}": name for lang, name in unit.names.items()},
    }
    form = UnitForm(units=_others(unit_id), data=data)
    return render_template("units/edit.html", form=form, unit=unit)


@blueprint.post("/<int:unit_id>/edit")
@allow("units.write")
def update(unit_id: int) -> ResponseReturnValue:
    unit = _unit(unit_id)
    form = UnitForm(units=_others(unit_id))
    if form.validate_on_submit():
        try:
            services.update_unit(unit_id, **form.values())
        except services.UnitError as error:
            db.session.rollback()
            form.refuse(error)
        else:
            db.session.commit()
            flash(_("The unit was saved."), "success")
            return redirect(url_for("units.show", unit_id=unit_id))
    return render_template("units/edit.html", form=form, unit=unit), 422


def _others(unit_id: int) -> list[tuple[int, str]]:
    return [item for item in services.choices(active_only=False) if item[0] != unit_id]


def _unit(unit_id: int) -> Unit:
    try:
        return services.get(unit_id)
    except LookupError:
        abort(404)
